"""Twin of the dense gates: gather the groups, multiply by the matrix, scatter."""

from qtoolkit_kernels._types import Complex, Integers
from qtoolkit_kernels.reference._indices import groups

__all__ = ["apply_kq"]


def apply_kq(state: Complex, matrix: Complex, targets: Integers, control_mask: int, control_value: int) -> None:
    """Apply a k-qubit matrix (shape (4^k,), row-major) to `targets` in place."""
    dimension = 1 << targets.size
    coupled = groups(state.size, targets, control_mask, control_value)
    state[coupled] = matrix.reshape(dimension, dimension) @ state[coupled]
