"""Two stages of a Fourier transform in one pass over a block.

A stage is a real rotation of one bit and then a product of phases ``c · Π_i l_i^{x_i}`` where that bit is 1: a
butterfly with twiddle factors (J. W. Cooley and J. W. Tukey, Math. Comp. 19, 297 (1965)). Of the first stage's phases
only the factor by the second's bit must stay between the two rotations; the rest moves behind them, so that four
amplitudes need three complex factors, and a constant between.

Cost: 17 FMA an amplitude, 1 pass; the two rotations and two polynomials alone would take 4 + 12 FMA and 3 passes.
"""

from typing import Any

import numpy as np

from qtoolkit_kernels._jit import apart_njit, njit
from qtoolkit_kernels._types import Complex, Integers, Reals
from qtoolkit_kernels.vector import tiles
from qtoolkit_kernels.vector.lanes import Emitter, Lanes, vector_code
from qtoolkit_kernels.vector.phases import write_products
from qtoolkit_kernels.vector.skew import skewed

__all__ = ["apply_butterflies"]


@vector_code
def two_stages(
    e: Emitter, data: Any, base: Any, strides: Any, weights: Any, start: Any, table: Any, places: Any, factors: Any
) -> None:
    """Rotate by `strides[0]`, then by `strides[1]`, then turn phases.

    Corner k = 1, 2, 3 of the four (its bits say which strides it is away) gets the phases of the register pair at
    ``places[k - 1]`` in `tables`, times the complex number ``factors[2k - 2], factors[2k - 1]``; between the rotations
    the last corner gets ``factors[6], factors[7]``.
    """
    offsets = tiles.corners(e, base, strides)
    numbers = [e.splat(factor) for factor in factors]
    values = [e.load_tile(data, offset) for offset in offsets]
    for k in range(2):
        tangent = e.broadcast(weights, start, k)
        for corner in range(4):
            if not corner >> k & 1:
                p, q = values[corner], values[corner | 1 << k]
                values[corner] = e.fnma(tangent, q[0], p[0]), e.fnma(tangent, q[1], p[1])
                values[corner | 1 << k] = e.fma(tangent, p[0], q[0]), e.fma(tangent, p[1], q[1])
        if k == 0:
            values[3] = e.complex_mul(*values[3], numbers[6], numbers[7])
    for corner in range(1, 4):
        phase = e.complex_mul(*e.load_tile(table, places[corner - 1]), numbers[2 * corner - 2], numbers[2 * corner - 1])
        values[corner] = e.complex_mul(*values[corner], *phase)
    for offset, tile in zip(offsets, values, strict=True):
        e.store_tile(tile, data, offset)


@njit
def write_factors(
    factors: Complex, block_bits: int, bits: Integers, outer: int, constant: complex, linear: Complex
) -> complex:
    """Write a polynomial's factors by position in the block; return the one of the bits outside."""
    for k in range(block_bits):
        factors[k] = linear[bits[k]]
    for k in range(block_bits, bits.size):
        if outer >> bits[k] & 1:
            constant *= linear[bits[k]]
    return constant


@apart_njit
def apply_butterflies(
    block: Reals,
    lanes: Lanes,
    block_bits: int,
    low_bits: int,
    skew: int,
    bits: Integers,
    outer: int,
    first: int,
    second: int,
    coefficients: Reals,
    start: int,
    constants: Complex,
    linear: Complex,
    unreached: int,
    tables: Reals,
) -> None:
    """Run two stages on a block.

    Args:
        block: tiles of 2^block_bits amplitudes.
        lanes: marker of the vector width.
        block_bits, low_bits: sizes.
        skew: see `skewed`.
        bits: int64[n], the index bit of every position: the block's first, then those outside.
        outer: the bits of the index outside the block.
        first, second: positions of the two bits, above the lanes.
        coefficients, start: where the tangents of the rotations stand.
        constants, linear: c and l of the two stages' phases, complex128[2] and [2, n]; l is 1 for a stage's own bit.
        unreached: how many of the highest positions are left out, where the block is zero if one of them is 1.
        tables: scratch for three tables of the low bits, which take no more than 4 KiB each.
    """
    count = tiles.lanes_of(block, lanes)
    tile = 2 * count
    lane_bits = tiles.lane_bits_of(block, lanes)
    size = 2 << low_bits
    num_high = block_bits - low_bits
    factors = np.empty((2, block_bits), np.complex128)
    values = np.empty((3, 1 << num_high), np.complex128)
    for stage in range(2):
        values[stage, 0] = write_factors(factors[stage], block_bits, bits, outer, constants[stage], linear[stage])
    # What one stage's phases have by the other's bit: of the first it comes before the second rotation, of the second
    # after both.
    between, together = factors[0, second], factors[1, first]
    for stage in range(2):
        factors[stage, first] = 1.0
        factors[stage, second] = 1.0
        write_products(tables[stage * size :], lanes, 0, low_bits, factors[stage])
        for i in range(num_high):
            for x in range(1 << i):
                values[stage, x | 1 << i] = values[stage, x] * factors[stage, low_bits + i]
    for j in range(0, size, tile):
        tiles.copy_tile(tables, lanes, 2 * size + j, tables, j)
        tiles.multiply_tiles(tables, lanes, 2 * size + j, tables, 2 * size + j, tables, size + j)

    s0, s1 = 1 << (first - lane_bits), 1 << (second - lane_bits)
    strides = skewed(s0, skew) * tile, skewed(s1, skew) * tile
    low_tiles = (1 << low_bits) // count
    apart = s0 | s1
    for high in range(1 << num_high - unreached):
        if high * low_tiles & apart:
            continue
        offset = skewed(high * low_tiles, skew) * tile
        u, v = values[0, high], values[1, high]
        w = u * v * together
        numbers = u.real, u.imag, v.real, v.imag, w.real, w.imag, between.real, between.imag
        j = 0
        while j < low_tiles:
            places = j * tile, size + j * tile, 2 * size + j * tile
            two_stages(block, lanes, offset + j * tile, strides, coefficients, start, tables, places, numbers)
            j = ((j | apart) + 1) & ~apart
