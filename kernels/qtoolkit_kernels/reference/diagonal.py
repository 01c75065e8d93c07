"""Twin of the diagonal gate."""

from qtoolkit_kernels._types import Complex, Integers
from qtoolkit_kernels.reference._indices import controlled_indices, sub_indices

__all__ = ["apply_diagonal"]


def apply_diagonal(state: Complex, targets: Integers, entries: Complex, control_mask: int, control_value: int) -> None:
    """Multiply every controlled amplitude by the entry (shape (2^k,)) that its bits on `targets` select."""
    indices = controlled_indices(state.size, control_mask, control_value)
    state[indices] *= entries[sub_indices(indices, targets)]
