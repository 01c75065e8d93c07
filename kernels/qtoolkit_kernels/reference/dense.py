"""Twins of the dense gates: gather the groups, multiply by the matrix, scatter."""

import numpy as np

from qtoolkit_kernels._types import Complex, Integers
from qtoolkit_kernels.reference._indices import groups

__all__ = ["apply_1q", "apply_2q", "apply_kq"]


def apply_1q(state: Complex, matrix: Complex, target: int, control_mask: int, control_value: int) -> None:
    """Apply a one-qubit matrix (shape (4,)) to qubit `target` in place."""
    apply_kq(state, matrix, np.array([target]), control_mask, control_value)


def apply_2q(
    state: Complex, matrix: Complex, target0: int, target1: int, control_mask: int, control_value: int
) -> None:
    """Apply a two-qubit matrix (shape (16,)) in place; `target0` is the low bit of the matrix index."""
    apply_kq(state, matrix, np.array([target0, target1]), control_mask, control_value)


def apply_kq(state: Complex, matrix: Complex, targets: Integers, control_mask: int, control_value: int) -> None:
    """Apply a k-qubit matrix (shape (4^k,), row-major) to `targets` in place."""
    dimension = 1 << targets.size
    coupled = groups(state.size, targets, control_mask, control_value)
    state[coupled] = matrix.reshape(dimension, dimension) @ state[coupled]
