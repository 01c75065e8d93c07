"""Twins of the inner products and distances, over stretches and block by block."""

import numpy as np

from qtoolkit_kernels._types import Complex, Floats, Integers
from qtoolkit_kernels.vector.overlaps import BLOCK

__all__ = ["distances", "products", "share_distances", "share_products"]


def products(bra: Complex, ket: Complex, first: int, stop: int) -> tuple[float, float]:
    """Return the real and imaginary part of Σ conj(bra) ket over some amplitudes, in double precision."""
    value = np.vdot(bra[first:stop].astype(np.complex128), ket[first:stop].astype(np.complex128))
    return float(value.real), float(value.imag)


def distances(left: Complex, right: Complex, factor: float, first: int, stop: int) -> float:
    """Return Σ |left - factor · right|² over some amplitudes, in double precision."""
    difference = left[first:stop].astype(np.complex128) - factor * right[first:stop].astype(np.complex128)
    return float(np.sum(np.abs(difference) ** 2))


def share_products(bra: Complex, ket: Complex, sums: Floats, _turns: Integers, _thread: int) -> None:
    """Write the inner product of each block into `sums` (float64[blocks, 2])."""
    for block, row in enumerate(sums):
        row[:] = products(bra, ket, block * BLOCK, (block + 1) * BLOCK)


def share_distances(left: Complex, right: Complex, factor: float, sums: Floats, _turns: Integers, _thread: int) -> None:
    """Write the squared distance of each block into `sums` (float64[blocks, 1])."""
    for block, row in enumerate(sums):
        row[:] = distances(left, right, factor, block * BLOCK, (block + 1) * BLOCK)
