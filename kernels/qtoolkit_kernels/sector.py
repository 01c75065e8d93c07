"""Programs on the states of one Hamming weight: pairs of amplitudes that exchange, phases, and reflections.

Basis states of the weight are numbered in ascending order of their bit patterns. An amplitude is a row of two real
numbers, or of four when a second vector (the bra of a gradient) travels along: (ket re, ket im, bra re, bra im).

A program is a list of operations, each with eight weights, float64[8]:

| kind | item | weights | what it does |
|---|---|---|---|
| PAIRS | pattern | 2x2 matrix, row by row, (re, im) | the matrix on the amplitudes (a, b) of each pair of a pattern |
| PHASES | layer | | amplitude j times exp(i Σ_e scales[e] f_e(j)) over the layer's entries e |
| REFLECTION | direction | re, im of w | 1 + w |s⟩⟨s| |
| TURNS | list | 0, 1 or -1 | real rotations of listed pairs, or what undoes them |

Cost per pair: 16 multiply-adds for each vector, two rows read and written. Phases: one row read and written, 8 bytes
for each of the layer's vectors, some 40 operations for sine and cosine, 15 for each term.

Threads enter the kernels together (`threads.Team`) and share the blocks of an operation through two counters for each
of its two phases, or not at all if `progress` is empty. Sums land in `sums` by operation and block.
"""

from typing import NamedTuple

import numpy as np

from qtoolkit_kernels._angles import sines_and_cosines
from qtoolkit_kernels._bits import as_index, parity
from qtoolkit_kernels._jit import njit, reduction_njit
from qtoolkit_kernels._rows import (
    multiply_rows,
    rotate_listed,
    rotate_listed_back,
    turn_pairs,
    turn_pairs_summing,
    turn_runs,
    turn_runs_summing,
)
from qtoolkit_kernels._types import Floats, Integers, Reals, ShortIntegers
from qtoolkit_kernels.threads import add_to_counter, wait_for_counter
from qtoolkit_kernels.vector.lanes import Lanes

__all__ = [
    "BLOCK", "PAIRS", "PHASES", "REFLECTION", "TURNS", "Layers", "Operations", "Pairs", "Turns", "add_phase_terms",
    "run_sector",
]  # fmt: skip

PAIRS, PHASES, REFLECTION, TURNS = range(4)

KET, BRA = 0, 2
"""Columns of a row where the real parts of the two vectors stand."""

BLOCK = 1024
"""Amplitudes in a block of phases or of a reflection: angles, sines and cosines stay in the first cache."""


class Pairs(NamedTuple):
    """Patterns of pairs that exchange; no two pairs of a pattern share an amplitude.

    Attributes:
        pattern_start: int64[patterns + 1], the first block of each.
        block_rows: int64[blocks + 1], the first row of each.
        rows: int64[:, 5], (base_a, base_b, first, count, sign): base_a + low_pairs[t, 0] pairs with base_b +
            low_pairs[t, 1] for first <= t < first + count, or, if first is -1, base_a + t with base_b + t for
            t < count; the matrix's off-diagonal entries take the sign.
        low_pairs: int32[:, 2].
    """

    pattern_start: Integers
    block_rows: Integers
    rows: Integers
    low_pairs: ShortIntegers


class Layers(NamedTuple):
    """Phases that are applied together.

    Attributes:
        layer_start: int64[layers + 1], the first entry e of each.
        entry_vector: int64[entries], f_e as a row of `vectors`, or -1.
        entry_term: int64[entries, 3], f_e as (match mask, match value, parity mask) where there is no vector:
            (-1)^{|bits & parity mask|} on the basis states with `bits & match mask == match value`, else 0.
        vectors: float64[:, size].
        bits: int64[size], the bit pattern of each basis state; nothing if there are vectors only.
    """

    layer_start: Integers
    entry_vector: Integers
    entry_term: Integers
    vectors: Floats
    bits: Integers


class Turns(NamedTuple):
    """Lists of pairs that turn by angles of their own. Pairs of one row may share amplitudes, and come in order.

    Attributes:
        list_start: int64[lists + 1], the first block of each.
        block_rows: int64[blocks + 1], the first row of each.
        rows: int64[:, 3], (base, first, count): entries first <= t < first + count, of amplitudes counted from base.
        entries: int32[:, 3], (a, b, angle): a becomes cos a + sin b, and b becomes cos b - sin a.
        angles: float64[:, 2], cosines and sines.
    """

    list_start: Integers
    block_rows: Integers
    rows: Integers
    entries: ShortIntegers
    angles: Floats


class Operations(NamedTuple):
    """A program, apart from its weights and scales.

    Attributes:
        kinds, items: int64[operations], see above.
        wanted: int64[operations], whether derivatives need sums.
        sum_start: int64[operations + 1], where they go.
        pairs, layers, turns: the patterns, layers and lists.
        directions: float64[:, 2 * size], the |s⟩ of reflections, (re, im).
    """

    kinds: Integers
    items: Integers
    wanted: Integers
    sum_start: Integers
    pairs: Pairs
    layers: Layers
    turns: Turns
    directions: Floats


@njit
def add_phase_terms(bits: Integers, terms: Integers, coefficients: Floats, out: Floats) -> None:
    """Add Σ_t coefficients[t] f_t to `out` (float64, as long as `bits`); `terms` is int64[:, 3] as in layers."""
    for first in range(0, bits.size, BLOCK):
        for t in range(terms.shape[0]):
            _add_term(bits, first, min(BLOCK, bits.size - first), terms[t], coefficients[t], out[first:])


@njit
def _add_term(bits: Integers, first: int, count: int, term: Integers, coefficient: float, out: Floats) -> None:
    mask, value, parity_mask = term[0], term[1], term[2]
    if mask == 0:
        for j in range(count):
            out[as_index(j)] += coefficient * (1 - 2 * parity(bits[as_index(first + j)] & parity_mask))
        return
    for j in range(count):
        pattern = bits[as_index(first + j)]
        sign = 1 - 2 * parity(pattern & parity_mask)
        out[as_index(j)] += coefficient * sign if pattern & mask == value else 0.0


@reduction_njit
def _term_sum(bits: Integers, first: int, count: int, term: Integers, values: Floats) -> float:
    mask, value, parity_mask = term[0], term[1], term[2]
    total = 0.0
    for j in range(count):
        pattern = bits[as_index(first + j)]
        sign = 1 - 2 * parity(pattern & parity_mask)
        total += values[as_index(j)] * sign if pattern & mask == value else 0.0
    return total


@reduction_njit
def _vector_sum(vector: Floats, first: int, count: int, values: Floats) -> float:
    total = 0.0
    for j in range(count):
        total += vector[as_index(first + j)] * values[as_index(j)]
    return total


@njit
def _turn_block(
    state: Reals,
    lanes: Lanes,
    rows: Integers,
    first_row: int,
    last_row: int,
    low_pairs: ShortIntegers,
    weights: Floats,
    summing: bool,
    sums: Floats,
    place: int,
) -> None:
    """A 2x2 matrix on the pairs of some rows; with `summing`, add their two sums at `place`, before the change."""
    none = np.int64(0)
    parts = np.zeros(2)
    for row in range(first_row, last_row):
        base_a, base_b, first, count = rows[row, 0], rows[row, 1], rows[row, 2], rows[row, 3]
        sign = np.float64(rows[row, 4])
        matrix = (
            weights[0],
            weights[1],
            sign * weights[2],
            sign * weights[3],
            sign * weights[4],
            sign * weights[5],
            weights[6],
            weights[7],
        )
        if not summing:
            if first < 0:
                turn_runs(state, lanes, base_a, base_b, low_pairs, none, count, matrix, parts, none)
            else:
                turn_pairs(state, lanes, base_a, base_b, low_pairs, first, first + count, matrix, parts, none)
            continue
        parts[:] = 0.0
        if first < 0:
            turn_runs_summing(state, lanes, base_a, base_b, low_pairs, none, count, matrix, parts, none)
        else:
            turn_pairs_summing(state, lanes, base_a, base_b, low_pairs, first, first + count, matrix, parts, none)
        sums[place] += sign * parts[0]
        sums[place + 1] += sign * parts[1]


@njit
def _phase_block(
    state: Reals,
    lanes: Lanes,
    first: int,
    count: int,
    layers: Layers,
    item: int,
    scales: Floats,
    scratch: Floats,
    summing: bool,
    sums: Floats,
    place: int,
) -> None:
    """The phases of a layer on some amplitudes; with `summing`, Σ_j f_e(j) Im(λ_j* ψ_j) for each entry at `place`."""
    layer_start, entry_vector, entry_term, vectors, bits = layers
    first_entry, last_entry = layer_start[item], layer_start[item + 1]
    angles, sines, cosines, currents = scratch[0], scratch[1], scratch[2], scratch[3]
    angles[:count] = 0.0
    for entry in range(first_entry, last_entry):
        scale = scales[entry]
        if entry_vector[entry] < 0:
            _add_term(bits, first, count, entry_term[entry], scale, angles)
            continue
        vector = vectors[entry_vector[entry]]
        for j in range(count):
            angles[as_index(j)] += scale * vector[as_index(first + j)]
    if summing:
        for j in range(count):
            row = as_index(first + j)
            ket_real, ket_imaginary = np.float64(state[row, KET]), np.float64(state[row, KET + 1])
            bra_real, bra_imaginary = np.float64(state[row, BRA]), np.float64(state[row, BRA + 1])
            currents[as_index(j)] = bra_real * ket_imaginary - bra_imaginary * ket_real
        for entry in range(first_entry, last_entry):
            if entry_vector[entry] < 0:
                total = _term_sum(bits, first, count, entry_term[entry], currents)
            else:
                total = _vector_sum(vectors[entry_vector[entry]], first, count, currents)
            sums[place + entry - first_entry] = total
    sines_and_cosines(angles, count, sines, cosines)
    multiply_rows(state, lanes, first, count, cosines, sines)


@reduction_njit
def _overlap_block(state: Reals, direction: Floats, first: int, count: int, sums: Floats, place: int) -> None:
    """Write the block's part of ⟨s|v⟩, (re, im), for each vector that a row holds."""
    for column in range(0, state.shape[1], 2):
        real, imaginary = 0.0, 0.0
        for j in range(first, first + count):
            s_real, s_imaginary = direction[as_index(2 * j)], direction[as_index(2 * j + 1)]
            v_real, v_imaginary = np.float64(state[as_index(j), column]), np.float64(state[as_index(j), column + 1])
            real += s_real * v_real + s_imaginary * v_imaginary
            imaginary += s_real * v_imaginary - s_imaginary * v_real
        sums[place + column] = real
        sums[place + column + 1] = imaginary


@njit
def _reflect_block(
    state: Reals, direction: Floats, first: int, count: int, weight: Floats, sums: Floats, start: int, blocks: int
) -> None:
    """Add w ⟨s|v⟩ s to each vector, from the overlaps of all blocks."""
    for column in range(0, state.shape[1], 2):
        real, imaginary = 0.0, 0.0
        for block in range(blocks):
            real += sums[start + 4 * block + column]
            imaginary += sums[start + 4 * block + column + 1]
        factor_real = weight[0] * real - weight[1] * imaginary
        factor_imaginary = weight[0] * imaginary + weight[1] * real
        for j in range(first, first + count):
            s_real, s_imaginary = direction[as_index(2 * j)], direction[as_index(2 * j + 1)]
            state[as_index(j), column] += factor_real * s_real - factor_imaginary * s_imaginary
            state[as_index(j), column + 1] += factor_real * s_imaginary + factor_imaginary * s_real


@njit
def _turn_listed(state: Reals, lanes: Lanes, turns: Turns, block: int, back: bool) -> None:
    """The rotations of a block of rows, or what undoes them."""
    _, block_rows, rows, entries, angles = turns
    first_row, last_row = block_rows[block], block_rows[block + 1]
    for k in range(last_row - first_row):
        row = last_row - 1 - k if back else first_row + k
        base, first, last = rows[row, 0], rows[row, 1], rows[row, 1] + rows[row, 2]
        if back:
            rotate_listed_back(state, lanes, base, entries, first, last, angles)
        else:
            rotate_listed(state, lanes, base, entries, first, last, angles)


@njit
def run_sector(
    state: Reals,
    lanes: Lanes,
    operations: Operations,
    weights: Floats,
    scales: Floats,
    sums: Floats,
    first_operation: int,
    last_operation: int,
    backward: bool,
    progress: Integers,
    thread: int,
) -> None:
    """Run operations `first_operation <= i < last_operation` on `state`, float[size, 2 or 4], in place.

    `lanes` is a register of one row, `weights` float64[operations, 8], `scales` float64[entries]. With `backward` the
    last operation comes first; for the inverse, both must be those of the inverse operations. On rows (ket, bra), the
    sums that its derivative needs are taken before each operation that is wanted, block by block: for PAIRS
    Im(λ_b* ψ_a + λ_a* ψ_b) and Re(λ_b* ψ_a - λ_a* ψ_b) with the sign of each row, for PHASES Σ_j f_e(j) Im(λ_j* ψ_j)
    for each entry. A REFLECTION always leaves (⟨s|ψ⟩, ⟨s|λ⟩), re and im; nothing is taken before TURNS.
    """
    kinds, items, wanted, sum_start, pairs, layers, turns, directions = operations
    pattern_start, block_rows, rows, low_pairs = pairs
    scratch = np.empty((4, BLOCK))
    shared = progress.shape[0] > 0
    size = state.shape[0]
    for step in range(last_operation - first_operation):
        operation = last_operation - 1 - step if backward else first_operation + step
        kind, item, start = kinds[operation], items[operation], sum_start[operation]
        summing = wanted[operation] != 0 and state.shape[1] == 4
        blocks = (size + BLOCK - 1) // BLOCK
        if kind == PAIRS:
            blocks = pattern_start[item + 1] - pattern_start[item]
        elif kind == TURNS:
            blocks = turns.list_start[item + 1] - turns.list_start[item]
        for phase in range(2 if kind == REFLECTION else 1):
            counter = 4 * step + 2 * phase
            block = add_to_counter(progress, counter, 1) if shared else 0
            while block < blocks:
                first = block * BLOCK
                count = min(BLOCK, size - first)
                if kind == PAIRS:
                    row = block_rows[pattern_start[item] + block]
                    last_row = block_rows[pattern_start[item] + block + 1]
                    place = start + 2 * block
                    _turn_block(state, lanes, rows, row, last_row, low_pairs, weights[operation], summing, sums, place)
                elif kind == PHASES:
                    entries = layers.layer_start[item + 1] - layers.layer_start[item]
                    place = start + entries * block
                    _phase_block(state, lanes, first, count, layers, item, scales, scratch, summing, sums, place)
                elif kind == TURNS:
                    _turn_listed(state, lanes, turns, turns.list_start[item] + block, weights[operation, 1] < 0.0)
                elif phase == 0:
                    _overlap_block(state, directions[item], first, count, sums, start + 4 * block)
                else:
                    _reflect_block(state, directions[item], first, count, weights[operation], sums, start, blocks)
                if shared:
                    add_to_counter(progress, counter + 1, 1)
                    block = add_to_counter(progress, counter, 1)
                else:
                    block += 1
            if shared:
                wait_for_counter(progress, counter + 1, blocks)
