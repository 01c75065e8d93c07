"""Phases quadratic in the bits of the index: a whole layer of RZ, CZ, CP and RZZ as one pass over a block.

The factor of amplitude x is ``c · Π_i l_i^{x_i} · Π_{i<j} p_ij^{x_i x_j}``. Bits outside the block turn into factors
of c and l. Inside, the index is split into `low_bits` low bits and the rest; the low part's factor is a table, and
walking the high part in Gray code order multiplies it by one table for each bit that turns.
Cost: 8 FMA an amplitude when no pair joins the two parts, else 12; no sine or cosine.
"""

import numpy as np

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Integers, Reals
from qtoolkit_kernels.vector import tiles
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.skew import skewed

__all__ = ["apply_phases", "prepare_phases"]


@njit
def write_entry(table: Reals, place: int, lanes_count: int, x: int, value: complex) -> None:
    """Entry x of a table of tiles that starts at `place`."""
    tile, lane = x // lanes_count, x % lanes_count
    table[place + 2 * lanes_count * tile + lane] = value.real
    table[place + 2 * lanes_count * tile + lanes_count + lane] = value.imag


@njit
def prepare_phases(
    table: Reals, lanes: Lanes, place: int, block_bits: int, low_bits: int, bits: Integers, pairs: Complex
) -> int:
    """Write the tables that every block of a sweep shares.

    At `place`: the pairs within the low bits, then for each high bit its pairs with the low bits. Return the end.
    """
    count = tiles.lanes_of(table, lanes)
    size = 1 << low_bits
    values = np.empty(size, np.complex128)
    values[0] = 1.0
    for i in range(low_bits):
        for x in range(1 << i):
            factor = values[x]
            for j in range(i):
                if x >> j & 1:
                    factor *= pairs[bits[i], bits[j]]
            values[x | 1 << i] = factor
    for x in range(size):
        write_entry(table, place, count, x, values[x])
    place += 2 * size
    for high in range(low_bits, block_bits):
        values[0] = 1.0
        for i in range(low_bits):
            factor = pairs[bits[high], bits[i]]
            for x in range(1 << i):
                values[x | 1 << i] = values[x] * factor
        for x in range(size):
            write_entry(table, place, count, x, values[x])
        place += 2 * size
    return place


@njit
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
) -> None:
    """Multiply a block by its phases.

    Args:
        block: tiles of 2^block_bits amplitudes.
        lanes: marker of the vector width.
        block_bits, low_bits: sizes.
        skew: see `skewed`.
        bits: int64[n], the index bit of every position: the block's first, then those outside.
        outer: the bits of the index outside the block.
        tables: scratch; the first table is overwritten for the block, the others start at `place`.
        place: where `prepare_phases` put this operation's tables.
        constant, linear, pairs: c, l and p by index bit, complex128.
        control: an index bit that must be set for the phases to apply, or -1. Not one of the low positions.
    """
    count = tiles.lanes_of(block, lanes)
    tile = 2 * count
    size = 1 << low_bits
    num_bits = bits.size
    if control >= 0 and not outer >> control & 1:
        inside = False
        for k in range(block_bits):
            inside |= bits[k] == control
        if not inside:
            return

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

    low = np.empty(size, np.complex128)
    low[0] = 1.0
    for i in range(low_bits):
        for x in range(1 << i):
            low[x | 1 << i] = low[x] * factors[i]
    for x in range(size):
        write_entry(tables, 0, count, x, low[x])
    for j in range(0, 2 * size, tile):
        tiles.multiply_tables(tables, lanes, j, tables, place + j)

    high_bits = np.empty(block_bits, np.int64)
    num_high = 0
    base = 0
    coupled = np.zeros(block_bits, np.bool_)
    for k in range(low_bits, block_bits):
        if bits[k] == control:
            base = 1 << k
            continue
        high_bits[num_high] = k
        num_high += 1
        for i in range(low_bits):
            coupled[k] |= pairs[bits[k], bits[i]] != 1.0

    chosen = base
    for step in range(1 << num_high):
        if step:
            turn = 0
            while not step >> turn & 1:
                turn += 1
            k = high_bits[turn]
            factor = factors[k]
            for j in range(num_high):
                other = high_bits[j]
                if other != k and chosen >> other & 1:
                    factor *= pairs[bits[k], bits[other]]
            chosen ^= 1 << k
            on = chosen >> k & 1 == 1
            scalar *= factor if on else factor.conjugate()
            if coupled[k]:
                start = place + 2 * size * (1 + k - low_bits)
                for j in range(0, 2 * size, tile):
                    if on:
                        tiles.multiply_tables(tables, lanes, j, tables, start + j)
                    else:
                        tiles.multiply_tables_conjugate(tables, lanes, j, tables, start + j)
        real, imag = block.dtype.type(scalar.real), block.dtype.type(scalar.imag)
        first = chosen // count
        offset = skewed(first, skew) * tile
        for j in range(0, 2 * size, tile):
            tiles.multiply_by_table(block, lanes, offset + j, tables, j, real, imag)
