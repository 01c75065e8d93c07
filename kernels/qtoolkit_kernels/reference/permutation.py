"""Twin of the permutation gate."""

from qtoolkit_kernels._types import Complex, Integers
from qtoolkit_kernels.reference._indices import groups

__all__ = ["apply_permutation"]


def apply_permutation(
    state: Complex, targets: Integers, table: Integers, control_mask: int, control_value: int
) -> None:
    """Move the amplitude of sub-index j on `targets` to sub-index `table[j]` (int64[2^k])."""
    coupled = groups(state.size, targets, control_mask, control_value)
    state[coupled[table]] = state[coupled]
