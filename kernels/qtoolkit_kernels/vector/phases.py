"""Phases quadratic in the bits of the index: a whole layer of RZ, CZ, CP and RZZ as one pass over a block.

The factor of amplitude x is ``c · Π_i l_i^{x_i} · Π_{i<j} p_ij^{x_i x_j}``. Bits outside the block turn into factors
of c and l. Inside, the index is split into `low_bits` low bits, whose factors are a table, and the rest, whose factors
are another. Where pairs join the two parts, the high part is walked in Gray code order, and the low table multiplied by
one more table for each bit that turns; bits in such pairs turn last.
Cost: 8 FMA an amplitude, and up to 6 more for pairs that join the parts; no sine or cosine.
"""

import numpy as np

from qtoolkit_kernels._jit import apart_njit, njit
from qtoolkit_kernels._types import Complex, Integers, Reals
from qtoolkit_kernels.vector import tiles
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.skew import skewed

__all__ = ["apply_phases", "begin_walk", "next_step", "prepare_phases", "tables_size"]


@njit
def tables_size(block_bits: int, low_bits: int) -> int:
    """Elements that `prepare_phases` writes: for the low pairs, each high bit, and the high pairs; whole tiles."""
    num_high = block_bits - low_bits
    return (2 << low_bits) * (1 + num_high) + (2 << max(num_high, tiles.MAX_LANE_BITS))


@njit
def write_products(table: Reals, lanes: Lanes, place: int, low_bits: int, factors: Complex) -> None:
    """Write ``Π_i factors[i]^{x_i}`` for all x below 2^low_bits, as tiles from `place` on."""
    count = tiles.lanes_of(table, lanes)
    tile = 2 * count
    table[place] = 1.0
    table[place + count] = 0.0
    bit = 0
    while 1 << bit < count:
        re, im = factors[bit].real, factors[bit].imag
        size = 1 << bit
        for x in range(place, place + size):
            a, b = table[x], table[x + count]
            table[x + size] = a * re - b * im
            table[x + size + count] = a * im + b * re
        bit += 1
    for k in range(bit, low_bits):
        re, im = table.dtype.type(factors[k].real), table.dtype.type(factors[k].imag)
        span = 2 << k
        for j in range(place, place + span, tile):
            tiles.write_scaled(table, lanes, j + span, j, re, im)


@njit
def prepare_phases(
    table: Reals, lanes: Lanes, place: int, block_bits: int, low_bits: int, bits: Integers, pairs: Complex
) -> int:
    """Write the tables that every block of a sweep shares.

    At `place`: the pairs within the low bits, then for each high bit its pairs with the low bits, then the pairs within
    the high bits, by number. Return the end.
    """
    count = tiles.lanes_of(table, lanes)
    tile = 2 * count
    size = 2 << low_bits
    factors = np.ones(low_bits, np.complex128)
    write_products(table, lanes, place, low_bits, factors)
    for high in range(low_bits, block_bits):
        for i in range(low_bits):
            factors[i] = pairs[bits[high], bits[i]]
        write_products(table, lanes, place + size * (1 + high - low_bits), low_bits, factors)
    # Bit by bit: where it is 1, the pairs with the bits below it.
    lane_bits = tiles.lane_bits_of(table, lanes)
    for i in range(1, min(lane_bits, low_bits)):
        for x in range(1 << i):
            factor = 1.0 + 0.0j
            for j in range(i):
                if x >> j & 1:
                    factor *= pairs[bits[i], bits[j]]
            a, b = table[place + x], table[place + count + x]
            table[place + (x | 1 << i)] = a * factor.real - b * factor.imag
            table[place + count + (x | 1 << i)] = a * factor.imag + b * factor.real
    for i in range(lane_bits, low_bits):
        for j in range(i):
            factors[j] = pairs[bits[i], bits[j]]
        half = 2 << i
        write_products(table, lanes, place + half, i, factors)
        for j in range(place, place + half, tile):
            tiles.multiply_tiles(table, lanes, j + half, table, j + half, table, j)
    end = place + size * (1 + block_bits - low_bits)
    num_high = block_bits - low_bits
    values = np.ones(1 << num_high, np.complex128)
    for i in range(num_high):
        for x in range(1 << i):
            factor = values[x]
            for j in range(i):
                if x >> j & 1:
                    factor *= pairs[bits[low_bits + i], bits[low_bits + j]]
            values[x | 1 << i] = factor
    for x in range(1 << num_high):
        table[end + 2 * x], table[end + 2 * x + 1] = values[x].real, values[x].imag
    return end + (2 << max(num_high, tiles.MAX_LANE_BITS))


@njit
def begin_walk(
    tables: Reals,
    lanes: Lanes,
    place: int,
    block_bits: int,
    low_bits: int,
    bits: Integers,
    outer: int,
    constant: complex,
    linear: Complex,
    pairs: Complex,
    control: int,
    unreached: int,
    values: Complex,
    turning: Integers,
) -> tuple[int, int, int]:
    """Write a block's first table, and find the order in which its high bits turn.

    Args:
        tables, lanes, place, block_bits, low_bits, bits, outer, constant, linear, pairs, control, unreached: see
            `apply_phases`.
        values: receives the factors of the high bits by number, apart from their pairs.
        turning: receives the positions of the high bits in order; those that no pair joins with the low part first.

    Returns:
        How many bits turn, how many of them are free of such pairs, and the high positions that are set all along; -1
        of the last if the phases don't apply to this block.
    """
    tile = 2 * tiles.lanes_of(tables, lanes)
    size = 2 << low_bits
    num_bits = bits.size
    control_position = -1
    if control >= 0 and not outer >> control & 1:
        for k in range(low_bits, block_bits - unreached):
            if bits[k] == control:
                control_position = k
        if control_position < 0:
            return 0, 0, -1

    factors = np.empty(block_bits, np.complex128)
    for k in range(block_bits):
        factors[k] = linear[bits[k]]
    scalar = constant
    for k in range(block_bits, num_bits):
        if outer >> bits[k] & 1:
            scalar *= linear[bits[k]]
            for j in range(k + 1, num_bits):
                if outer >> bits[j] & 1:
                    scalar *= pairs[bits[k], bits[j]]
            for j in range(block_bits):
                factors[j] *= pairs[bits[j], bits[k]]

    write_products(tables, lanes, 0, low_bits, factors)
    for j in range(0, size, tile):
        tiles.multiply_tiles(tables, lanes, j, tables, j, tables, place + j)

    num_high = block_bits - low_bits
    values[0] = scalar
    for i in range(num_high):
        for x in range(1 << i):
            values[x | 1 << i] = values[x] * factors[low_bits + i]

    num_free, num_turning = 0, 0
    for coupled in range(2):
        for k in range(low_bits, block_bits - unreached):
            if k == control_position:
                continue
            joined = False
            for i in range(low_bits):
                joined |= pairs[bits[k], bits[i]] != 1.0
            if joined == (coupled == 1):
                turning[num_turning] = k
                num_turning += 1
        if coupled == 0:
            num_free = num_turning
    return num_turning, num_free, 0 if control_position < 0 else 1 << control_position


@njit
def next_step(
    tables: Reals,
    lanes: Lanes,
    place: int,
    low_bits: int,
    step: int,
    num_free: int,
    turning: Integers,
    chosen: int,
) -> int:
    """Turn the bit of a step of the walk and return the high positions that are set then; the first table follows."""
    if step == 0:
        return chosen
    tile = 2 * tiles.lanes_of(tables, lanes)
    size = 2 << low_bits
    turn = 0
    while not step >> turn & 1:
        turn += 1
    k = turning[turn]
    chosen ^= 1 << k
    if turn >= num_free:
        start = place + size * (1 + k - low_bits)
        for j in range(0, size, tile):
            if chosen >> k & 1:
                tiles.multiply_tiles(tables, lanes, j, tables, j, tables, start + j)
            else:
                tiles.multiply_tiles_conjugate(tables, lanes, j, tables, j, tables, start + j)
    return chosen


@apart_njit
def apply_phases(
    block: Reals,
    lanes: Lanes,
    block_bits: int,
    low_bits: int,
    skew: int,
    bits: Integers,
    outer: int,
    tables: Reals,
    place: int,
    constant: complex,
    linear: Complex,
    pairs: Complex,
    control: int,
    unreached: int,
) -> None:
    """Multiply a block by its phases.

    Args:
        block: tiles of 2^block_bits amplitudes.
        lanes: marker of the vector width.
        block_bits, low_bits: sizes; the low part takes no more than 4 KiB, within which `skewed` leaves no gap.
        skew: see `skewed`.
        bits: int64[n], the index bit of every position: the block's first, then those outside.
        outer: the bits of the index outside the block.
        tables: scratch; the first table is overwritten for the block, the others start at `place`.
        place: where `prepare_phases` put this operation's tables.
        constant, linear, pairs: c, l and p by index bit, complex128.
        control: an index bit that must be set for the phases to apply, or -1. Not one of the low positions, and in no
            pair: the factors of the control's pairs belong to l.
        unreached: how many of the highest positions are left out, where the block is zero if one of them is 1.
    """
    tile = 2 * tiles.lanes_of(block, lanes)
    size = 2 << low_bits
    num_high = block_bits - low_bits
    high_pairs = place + size * (1 + num_high)
    values, turning = np.empty(1 << num_high, np.complex128), np.empty(num_high, np.int64)
    num_turning, num_free, chosen = begin_walk(
        tables, lanes, place, block_bits, low_bits, bits, outer, constant, linear, pairs, control, unreached, values,
        turning,
    )  # fmt: skip
    if chosen < 0:
        return
    for step in range(1 << num_turning):
        chosen = next_step(tables, lanes, place, low_bits, step, num_free, turning, chosen)
        high = chosen >> low_bits
        value = values[high] * complex(tables[high_pairs + 2 * high], tables[high_pairs + 2 * high + 1])
        real, imag = block.dtype.type(value.real), block.dtype.type(value.imag)
        offset = skewed(2 * chosen // tile, skew) * tile
        for j in range(0, size, tile):
            tiles.multiply_by_table(block, lanes, offset + j, tables, j, real, imag)
