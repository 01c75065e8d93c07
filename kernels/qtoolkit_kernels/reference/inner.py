"""Twins of the inner products."""

import numpy as np

from qtoolkit_kernels._types import Complex, Integers
from qtoolkit_kernels.reference._indices import controlled_indices, groups, sub_indices

__all__ = ["vdot", "distance_squared", "diagonal_inner", "dense_inner"]


def vdot(bra: Complex, ket: Complex) -> complex:
    """Return ⟨bra|ket⟩ in double precision."""
    return complex(np.vdot(bra.astype(np.complex128), ket.astype(np.complex128)))


def distance_squared(left: Complex, right: Complex, factor: float) -> float:
    """Return ‖left - factor · right‖² in double precision."""
    return float(np.linalg.norm(left.astype(np.complex128) - factor * right.astype(np.complex128)) ** 2)


def diagonal_inner(
    bra: Complex, ket: Complex, targets: Integers, entries: Complex, control_mask: int, control_value: int
) -> complex:
    """Return ⟨bra| Π D |ket⟩ for the diagonal `entries` (shape (2^k,)) on `targets`."""
    indices = controlled_indices(ket.size, control_mask, control_value)
    factors = entries[sub_indices(indices, targets)].astype(np.complex128)
    return complex(np.vdot(bra[indices].astype(np.complex128), factors * ket[indices]))


def dense_inner(
    bra: Complex, ket: Complex, targets: Integers, matrix: Complex, control_mask: int, control_value: int
) -> complex:
    """Return ⟨bra| Π ⊗ M |ket⟩ for a flat row-major matrix (shape (4^k,)) on `targets`."""
    dimension = 1 << targets.size
    coupled = groups(ket.size, targets, control_mask, control_value)
    image = matrix.reshape(dimension, dimension).astype(np.complex128) @ ket[coupled]
    return complex(np.vdot(bra[coupled].astype(np.complex128), image))
