"""Expectation values of Pauli sums and H|ψ⟩, block by block.

The state is cut into *superblocks* that stay in the second-level cache and these into *blocks* that stay in the first.
A superblock runs all passes that lead into one partner superblock, block by block, before it turns to the next
partner. Which thread takes a superblock is settled by a shared counter and leaves no trace in the sums.

Costs, for N amplitudes in registers of L real numbers: a pass of an expectation value visits N/L registers and half as
many again for each parity it knows, at two loads and one fused multiply-add (with a table three loads and a product
more). So it runs at the rate of loads, 128 bytes from the first-level cache for 2 L flops, and memory sees the state
once and, for each x mask that leads out of a superblock, at most half of it again. A double excitation of Hartree-Fock
orbitals, four strings of one x mask, costs N/4 flops and two loads of N/8 amplitudes. H|ψ⟩ visits both indices of a
pair and also writes.
"""

import numpy as np

from qtoolkit_kernels._bits import as_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers
from qtoolkit_kernels.threads import add_to_counter, wait_for_counter
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.pauli.program import (
    COEFFICIENTS,
    CONSTRAINT,
    CONSTRAINTS,
    EXCHANGE,
    FIRST,
    FORM,
    HEADER,
    OWNER,
    PARTNER,
    SECTION,
    SIGN,
    STEPS,
    TABLE,
    TABLE_MASK,
    TABLE_PLACE,
    TERMS,
    TRANSFORM,
    WEIGHTS,
)
from qtoolkit_kernels.vector.pauli.registers import add_table_walk, add_walk, odd_bits, sum_table_walk, sum_walk

__all__ = ["program_image", "program_value", "program_values", "superblock_image", "superblock_sums"]


@njit
def _transformed(z_masks: Integers, coefficients: Floats, base: int, scratch: Floats) -> int:
    """Write Σ_t c_t (-1)^{|j & z_t|} for the indices j of the block at `base` into a half of `scratch`; return where.

    A Walsh-Hadamard transform whose stages all have one geometry (M. C. Pease, J. ACM 15, 252 (1968)), so that each
    of them runs in vector lanes.
    """
    length = scratch.size >> 1
    half = length >> 1
    source, target = scratch[:length], scratch[length:]
    source[:] = 0.0
    for t in range(z_masks.size):
        value = coefficients[t]
        source[z_masks[t] & (length - 1)] += -value if odd_bits(z_masks[t] & base) else value
    begin, stages = 0, length
    while stages > 1:
        for i in range(half):
            even, odd = source[as_index(2 * i)], source[as_index(2 * i + 1)]
            target[as_index(i)] = even + odd
            target[as_index(half + i)] = even - odd
        source, target = target, source
        begin = length - begin
        stages >>= 1
    return begin


@njit
def _start(ints: Integers, place: int, count: int, base: int) -> int:
    """Return where the walk of a pass begins in the block at amplitude `base`, or -1 if it has nothing there."""
    start = base
    for _ in range(count):
        if odd_bits(ints[as_index(place)] & base) != ints[as_index(place + 1)]:
            pivot = ints[as_index(place + 2)]
            if pivot == 0:
                return -1
            start ^= pivot
        place += CONSTRAINT
    return start


@njit
def _pass(ints: Integers, head: int, base: int) -> tuple[int, tuple[int, int, int, int, int], int, int]:
    """What a pass does in the block at amplitude `base`: its start as `_start` tells it, its walk, and where its terms
    and its directions stand."""
    constraints = ints[as_index(head + CONSTRAINTS)]
    start = _start(ints, head + HEADER, constraints, base)
    terms = head + HEADER + CONSTRAINT * constraints
    directions = terms + ints[as_index(head + TERMS)]
    partner, exchange = ints[as_index(head + PARTNER)], ints[as_index(head + EXCHANGE)]
    return start, (2 * start, partner, exchange, directions, ints[as_index(head + STEPS)]), terms, directions


@njit
def _weight(ints: Integers, floats: Floats, terms: int, stop: int, coefficients: int, start: int) -> float:
    """Return Σ_t c_t (-1)^{|start & z_t|}."""
    weight = 0.0
    for t in range(stop - terms):
        value = floats[as_index(coefficients + t)]
        weight += -value if odd_bits(ints[as_index(terms + t)] & start) else value
    return weight


@njit
def superblock_sums(
    state: Complex, lanes: Lanes, ints: Integers, floats: Floats, scratch: Floats, base: int, sums: Floats
) -> None:
    """Write the share of one superblock in every expectation value."""
    block, superblock, end, place = ints[0], ints[1], ints[2], FIRST
    sums[:] = 0.0
    while place < end:
        first, stop, ruled_out = place + SECTION, ints[place], base & ints[place + 1]
        place = stop
        if ruled_out:
            continue
        for here in range(base, base + superblock, block):
            at = first
            while at < stop:
                head = at
                start, walk, terms, directions = _pass(ints, head, here)
                at += ints[as_index(head)]
                if start < 0:
                    continue
                form = ints[as_index(head + FORM)]
                weights, coefficients = ints[as_index(head + WEIGHTS)], ints[as_index(head + COEFFICIENTS)]
                if form == TRANSFORM:
                    first_entry = _transformed(ints[terms:directions], floats[coefficients:], here, scratch)
                    value = sum_table_walk(state, lanes, walk, ints, scratch, first_entry, block - 1, floats, weights)
                else:
                    value = _weight(ints, floats, terms, directions, coefficients, start)
                    if form == TABLE:
                        value *= sum_table_walk(
                            state, lanes, walk, ints, floats, ints[head + TABLE_PLACE], ints[head + TABLE_MASK],
                            floats, weights,
                        )  # fmt: skip
                    else:
                        value *= sum_walk(state, lanes, walk, ints, float(ints[as_index(head + SIGN)]), floats, weights)
                sums[as_index(ints[as_index(head + OWNER)])] += value


@njit
def program_value(lanes: Lanes, ints: Integers, floats: Floats, state: Complex) -> float:
    """Return the expectation value that a program of one observable describes."""
    scratch = np.empty(2 * ints[0] if ints[4] else 0, np.float64)
    sums = np.empty(ints[3], np.float64)
    total = 0.0
    for base in range(0, state.size, ints[1]):
        superblock_sums(state, lanes, ints, floats, scratch, base, sums)
        total += sums[0]
    return total


@njit
def program_values(
    state: Complex, lanes: Lanes, ints: Integers, floats: Floats, sums: Floats, turns: Integers, _thread: int
) -> None:
    """Write the share of every superblock into `sums` (float64[superblocks, observables]); for a team.

    `turns` are two shared counters at zero.
    """
    scratch = np.empty(2 * ints[0] if ints[4] else 0, np.float64)
    blocks = sums.shape[0]
    mine = add_to_counter(turns, 0, 1)
    while mine < blocks:
        superblock_sums(state, lanes, ints, floats, scratch, mine * ints[1], sums[mine])
        add_to_counter(turns, 1, 1)
        mine = add_to_counter(turns, 0, 1)
    wait_for_counter(turns, 1, blocks)


@njit
def superblock_image(
    state: Complex, lanes: Lanes, out: Complex, ints: Integers, floats: Floats, scratch: Floats, base: int
) -> None:
    """Write H|ψ⟩ on one superblock."""
    block, superblock, end, place = ints[0], ints[1], ints[2], FIRST
    out[base : base + superblock] = 0
    while place < end:
        first, stop = place + SECTION, ints[place]
        place = stop
        for here in range(base, base + superblock, block):
            at = first
            while at < stop:
                head = at
                start, walk, terms, directions = _pass(ints, head, here)
                at += ints[as_index(head)]
                if start < 0:
                    continue
                form = ints[as_index(head + FORM)]
                weights, coefficients = ints[as_index(head + WEIGHTS)], ints[as_index(head + COEFFICIENTS)]
                if form == TRANSFORM:
                    first_entry = _transformed(ints[terms:directions], floats[coefficients:], here, scratch)
                    add_table_walk(out, lanes, state, walk, ints, scratch, first_entry, block - 1, floats, weights, 1.0)
                    continue
                factor = _weight(ints, floats, terms, directions, coefficients, start)
                if form == TABLE:
                    add_table_walk(
                        out, lanes, state, walk, ints, floats, ints[head + TABLE_PLACE], ints[head + TABLE_MASK],
                        floats, weights, factor,
                    )  # fmt: skip
                else:
                    add_walk(out, lanes, state, walk, ints, float(ints[as_index(head + SIGN)]), floats, weights, factor)


@njit
def program_image(
    state: Complex, lanes: Lanes, out: Complex, ints: Integers, floats: Floats, turns: Integers, _thread: int
) -> None:
    """Write H|ψ⟩ into `out`, another array; for a team, with two shared counters at zero as `turns`."""
    scratch = np.empty(2 * ints[0] if ints[4] else 0, np.float64)
    blocks = state.size // ints[1]
    mine = add_to_counter(turns, 0, 1)
    while mine < blocks:
        superblock_image(state, lanes, out, ints, floats, scratch, mine * ints[1])
        add_to_counter(turns, 1, 1)
        mine = add_to_counter(turns, 0, 1)
    wait_for_counter(turns, 1, blocks)
