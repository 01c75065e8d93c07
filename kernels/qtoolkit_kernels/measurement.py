"""Probabilities of measurement outcomes, and what a measurement does to the state. Sums run in double precision.

States come as real numbers: `reals` holds the 2^n amplitudes as float64 or float32 of shape (2^(n+1),), real and
imaginary parts in turn. Where squares are added up that order does not matter, and loops over reals fill the vector
registers. Every kernel with `turns` may be entered by several threads at once (see `threads`); blocks have fixed
sizes and sums of blocks are kept apart, so that no result depends on the number of threads.

Per amplitude: sums and marginals read it once (16 bytes in double precision) for 4 flops, `probabilities` also writes
8 bytes, `project` reads half of the amplitudes and writes all of them.
"""

import numpy as np

from qtoolkit_kernels._bits import (
    SHORT_RUN,
    as_index,
    count_bits,
    deposit,
    gather_bits,
    next_subset,
    non_negative,
    scatter_bits,
)
from qtoolkit_kernels._jit import njit, reduction_njit
from qtoolkit_kernels._types import Floats, Integers, Real, Reals
from qtoolkit_kernels.threads import claim_block, finish_block, wait_for_blocks

__all__ = [
    "BLOCK",
    "MARGINAL_BLOCK",
    "norm_squared",
    "block_weights",
    "probabilities",
    "marginal_probabilities",
    "project",
]

BLOCK = 1 << 14
"""Amplitudes that a thread takes at a time."""

MARGINAL_BLOCK = 1 << 10
"""Amplitudes whose marginals are formed together; their squares fit twice into the smallest cache."""

_MOST_TURNS = 256
"""A thread takes more than one item at a time where there are more."""


@reduction_njit
def _sum_of_squares(reals: Reals, first: int, length: int) -> float:
    """Return the sum of the squares of a contiguous stretch."""
    total = 0.0
    for i in range(length):
        value = np.float64(reals[as_index(first + i)])
        total += value * value
    return total


@njit
def norm_squared(reals: Reals) -> float:
    """Return ⟨ψ|ψ⟩ on one thread."""
    return _sum_of_squares(reals, 0, reals.size)


@njit
def block_weights(reals: Reals, out: Floats, turns: Integers, _thread: int) -> None:
    """Write the weight of each of `out.size` equal blocks of amplitudes (float64; a power of two)."""
    length = reals.size // out.size
    block = claim_block(turns)
    while block < out.size:
        out[block] = _sum_of_squares(reals, block * length, length)
        finish_block(turns)
        block = claim_block(turns)
    wait_for_blocks(turns, out.size)


@njit
def _squares(reals: Reals, first: int, out: Floats) -> None:
    """Write |amplitude|² of the stretch that begins at the real `first`."""
    for i in range(out.size):
        real = np.float64(reals[as_index(first + 2 * i)])
        imag = np.float64(reals[as_index(first + 2 * i + 1)])
        out[as_index(i)] = real * real + imag * imag


@njit
def probabilities(reals: Reals, out: Floats, turns: Integers, _thread: int) -> None:
    """Write |ψ_j|² into `out` (float64, 2^n)."""
    length = min(BLOCK, out.size)
    count = out.size // length
    block = claim_block(turns)
    while block < count:
        first = block * length
        _squares(reals, 2 * first, out[first : first + length])
        finish_block(turns)
        block = claim_block(turns)
    wait_for_blocks(turns, count)


@njit
def marginal_probabilities(reals: Reals, qubits: Integers, partial: Floats, turns: Integers, _thread: int) -> None:
    """Write the distribution of the outcomes of `qubits` (int64[m], m <= n) as a sum of slices.

    Bit j of an outcome is the value of `qubits[j]`. The rows of `partial` (float64, shape (slices, 2^m)) add up to
    the distribution; `slices` is a power of two and at most the number of values of the unmeasured qubits above
    the lowest log2(`MARGINAL_BLOCK`).
    """
    slices = partial.shape[0]
    size = reals.size >> 1
    block = min(MARGINAL_BLOCK, size)
    measured = scatter_bits(partial.shape[1] - 1, qubits)
    low, high = measured & (block - 1), measured & ~(block - 1)
    free = (size - 1) & ~(block - 1) & ~high
    repeats = (1 << count_bits(free)) // slices

    outcomes = np.zeros(1 << count_bits(low), np.int64)
    filled = 1
    while filled < outcomes.size:
        part = gather_bits(deposit(filled, low), qubits)
        for i in range(filled):
            outcomes[filled + i] = outcomes[i] | part
        filled *= 2

    squares = np.empty(2 * block, np.float64)
    weights, scratch = np.empty(block, np.float64), np.empty(block, np.float64)
    items = slices << count_bits(high)
    count = min(items, _MOST_TURNS)
    block_items = items // count
    turn = claim_block(turns)
    while turn < count:
        for item in range(turn * block_items, (turn + 1) * block_items):
            part = item % slices
            group = deposit(item // slices, high)
            inner = deposit(part * repeats, free)
            if repeats == 1:
                _squares(reals, 2 * (group | inner), weights)
            else:
                squares[:] = 0.0
                for _ in range(repeats):
                    _add_squares(reals, 2 * (group | inner), squares)
                    inner = next_subset(inner, free)
                for i in range(block):
                    weights[as_index(i)] = squares[as_index(2 * i)] + squares[as_index(2 * i + 1)]
            sums = _sum_over_bits(weights, scratch, block, (block - 1) & ~low)
            row, offset = partial[part], gather_bits(group, qubits)
            for i in range(outcomes.size):
                row[as_index(offset | outcomes[as_index(i)])] = sums[as_index(i)]
        finish_block(turns)
        turn = claim_block(turns)
    wait_for_blocks(turns, count)


@njit
def _add_squares(reals: Reals, first: int, sums: Floats) -> None:
    """Add the squares of a stretch to `sums`, place by place."""
    for i in range(sums.size):
        value = np.float64(reals[as_index(first + i)])
        sums[as_index(i)] += value * value


@njit
def _sum_over_bits(values: Floats, scratch: Floats, size: int, mask: int) -> Floats:
    """Sum over the index bits in `mask` and return what remains, in the front of one of the two arrays.

    Bits go from the highest, so that an array never has to be walked at the strides of bits that are gone.
    """
    source, target = values, scratch
    bit = size >> 1
    while bit:
        if mask & bit:
            size >>= 1
            if bit == 1:
                for i in range(size):
                    target[as_index(i)] = source[as_index(2 * i)] + source[as_index(2 * i + 1)]
            elif bit < SHORT_RUN:
                for i in range(size):
                    place = ((i & -bit) << 1) | (i & (bit - 1))
                    target[as_index(i)] = source[as_index(place)] + source[as_index(place | bit)]
            else:
                length = non_negative(bit)
                for first in range(0, size, length):
                    for i in range(length):
                        value = source[as_index(2 * first + i)] + source[as_index(2 * first + length + i)]
                        target[as_index(first + i)] = value
            source, target = target, source
        bit >>= 1
    return source


@njit
def project(
    reals: Reals,
    out: Reals,
    qubit: int,
    outcome: int,
    final: int,
    scale: Real,
    turns: Integers,
    _thread: int,
) -> None:
    """Write a measured state: the half where `qubit` is `outcome` goes, times `scale`, where it is `final`.

    The other half becomes zero. `out` may be `reals` itself. A measurement has `final == outcome`, a reset 0.
    """
    factor = reals.dtype.type(scale)
    pairs = reals.size >> 2
    length = min(BLOCK, pairs)
    count = pairs // length
    step = 1 << qubit
    source, target, other = outcome * step, final * step, (1 - final) * step
    run = min(step, length)
    block = claim_block(turns)
    while block < count:
        if run >= SHORT_RUN:
            for first in range(block * length, (block + 1) * length, run):
                place = ((first & -step) << 1) | (first & (step - 1))
                for i in range(2 * run):
                    out[as_index(2 * (place | target) + i)] = factor * reals[as_index(2 * (place | source) + i)]
                for i in range(2 * run):
                    out[as_index(2 * (place | other) + i)] = 0
        else:
            for pair in range(block * length, (block + 1) * length):
                place = ((pair & -step) << 1) | (pair & (step - 1))
                for i in range(2):
                    out[as_index(2 * (place | target) + i)] = factor * reals[as_index(2 * (place | source) + i)]
                    out[as_index(2 * (place | other) + i)] = 0
        finish_block(turns)
        block = claim_block(turns)
    wait_for_blocks(turns, count)
