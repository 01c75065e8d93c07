"""Inner products and distances of whole states, shared by threads in blocks.

Costs: each state is read once, 32 bytes (complex128) for 8 flops of an inner product and 6 of a distance, so memory or
the cache sets the pace. Numbers in single precision are widened as they are loaded.
"""

import numpy as np

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers
from qtoolkit_kernels.threads import add_to_counter, wait_for_counter
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.pauli.registers import register_length, sum_distances, sum_products

__all__ = ["BLOCK", "distances", "products", "share_distances", "share_products"]

BLOCK = 1 << 14
"""Amplitudes of one share."""


@njit
def products(bra: Complex, ket: Complex, lanes: Lanes, first: int, stop: int) -> tuple[float, float]:
    """Return the real and imaginary part of Σ conj(bra) ket over some amplitudes."""
    whole = first + (stop - first) // register_length(lanes) * register_length(lanes)
    real, imag = sum_products(bra, lanes, ket, 2 * first, 2 * whole)
    for i in range(whole, stop):
        a, b = np.complex128(bra[i]), np.complex128(ket[i])
        real += a.real * b.real + a.imag * b.imag
        imag += a.real * b.imag - a.imag * b.real
    return real, imag


@njit
def distances(left: Complex, right: Complex, factor: float, lanes: Lanes, first: int, stop: int) -> float:
    """Return Σ |left - factor · right|² over some amplitudes."""
    whole = first + (stop - first) // register_length(lanes) * register_length(lanes)
    total: float = sum_distances(left, lanes, right, 2 * first, 2 * whole, factor)
    for i in range(whole, stop):
        difference = np.complex128(left[i]) - factor * np.complex128(right[i])
        total += difference.real * difference.real + difference.imag * difference.imag
    return total


@njit
def share_products(bra: Complex, ket: Complex, lanes: Lanes, sums: Floats, turns: Integers, _thread: int) -> None:
    """Write the real and imaginary parts of ⟨bra|ket⟩ over each block into `sums` (float64[blocks, 2]); for a team.

    `turns` are two shared counters at zero.
    """
    blocks = sums.shape[0]
    mine = add_to_counter(turns, 0, 1)
    while mine < blocks:
        first = mine * BLOCK
        sums[mine, 0], sums[mine, 1] = products(bra, ket, lanes, first, min(first + BLOCK, bra.size))
        add_to_counter(turns, 1, 1)
        mine = add_to_counter(turns, 0, 1)
    wait_for_counter(turns, 1, blocks)


@njit
def share_distances(
    left: Complex, right: Complex, factor: float, lanes: Lanes, sums: Floats, turns: Integers, _thread: int
) -> None:
    """Write ‖left - factor · right‖² over each block into `sums` (float64[blocks, 1]); for a team.

    `turns` are two shared counters at zero.
    """
    blocks = sums.shape[0]
    mine = add_to_counter(turns, 0, 1)
    while mine < blocks:
        first = mine * BLOCK
        sums[mine, 0] = distances(left, right, factor, lanes, first, min(first + BLOCK, left.size))
        add_to_counter(turns, 1, 1)
        mine = add_to_counter(turns, 0, 1)
    wait_for_counter(turns, 1, blocks)
