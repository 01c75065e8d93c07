"""Probabilities of measurement outcomes, and what a measurement does to the state. Sums run in double precision."""

import numpy as np

from qtoolkit_kernels._amplitudes import abs_squared
from qtoolkit_kernels._bits import (
    SHORT_RUN,
    as_index,
    gather_bits,
    lowest_bit,
    non_negative,
    scatter_bits,
    start_beyond,
)
from qtoolkit_kernels._jit import njit, reduction_njit
from qtoolkit_kernels._types import Complex, Floats, Integers

__all__ = ["norm_squared", "probabilities", "probability_of_one", "marginal_probabilities", "collapse", "reset_to_zero"]

_BLOCK = 256


@reduction_njit
def _norm_squared_run(state: Complex, first: int, length: int) -> float:
    """Return the sum of |amplitude|² over a contiguous stretch."""
    total = 0.0
    for i in range(length):
        total += abs_squared(state[as_index(first + i)])
    return total


@reduction_njit
def norm_squared(state: Complex) -> float:
    """Return ⟨ψ|ψ⟩."""
    return _norm_squared_run(state, 0, state.size)


@njit
def probabilities(state: Complex, out: Floats) -> None:
    """Write |ψ_j|² into `out` (float64, the state's shape)."""
    for i in range(state.size):
        out[as_index(i)] = abs_squared(state[as_index(i)])


@reduction_njit
def probability_of_one(state: Complex, qubit: int) -> float:
    """Return the weight of the amplitudes whose bit `qubit` is set."""
    bit = 1 << qubit
    total = 0.0
    if bit < SHORT_RUN:
        for i in range(state.size):
            total += ((i >> qubit) & 1) * abs_squared(state[as_index(i)])
        return total
    for first in range(bit, state.size, 2 * bit):
        total += _norm_squared_run(state, first, bit)
    return total


@njit
def marginal_probabilities(state: Complex, qubits: Integers, out: Floats) -> None:
    """Write the distribution of the outcomes of `qubits` (int64[m], m <= n) into `out` (float64[2^m]).

    Bit j of an outcome is the value of `qubits[j]`.
    """
    out[:] = 0.0
    mask = scatter_bits(out.size - 1, qubits)
    run = lowest_bit(mask, state.size)
    if run >= SHORT_RUN:
        for first in range(0, state.size, run):
            out[gather_bits(first, qubits)] += _norm_squared_run(state, first, run)
        return

    block = min(state.size, _BLOCK)
    low_part = np.empty(block, np.int64)
    for i in range(block):
        low_part[i] = gather_bits(i, qubits)
    for first in range(0, state.size, block):
        high_part = gather_bits(first, qubits)
        for i in range(block):
            out[as_index(high_part | low_part[as_index(i)])] += abs_squared(state[as_index(first + i)])


@njit
def collapse(state: Complex, qubit: int, outcome: int, scale: float) -> None:
    """Project `qubit` onto `outcome` (0 or 1) in place: scale that half by the real `scale`, zero the other."""
    factor = state.dtype.type(scale).real
    bit = 1 << qubit
    kept = bit if outcome else 0
    for first in range(0, state.size, 2 * bit):
        for i in range(bit):
            state[as_index(first + kept + i)] *= factor
        for i in range(bit):
            state[as_index(first + (bit - kept) + i)] = 0


@njit
def reset_to_zero(state: Complex, qubit: int) -> None:
    """Bring a collapsed `qubit` to |0⟩ in place, whichever outcome it collapsed to."""
    length = non_negative(1 << qubit)
    for zero in range(0, state.size, 2 * length):
        one = start_beyond(zero, length, length)
        for i in range(length):
            # One of the two is exactly zero after a collapse, so that the sum is a move.
            state[as_index(zero + i)] += state[as_index(one + i)]
        for i in range(length):
            state[as_index(one + i)] = 0
