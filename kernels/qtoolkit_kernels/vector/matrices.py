"""Matrices, diagonals and permutations of any qubits, with any controls.

A matrix on several positions first copies the tiles that it mixes to spare memory: 2^k of them, those that differ in
bits inside the register as exchanged copies. Each output then is a sum over all copies, kept in registers.

Cost, for each amplitude that the controls let through: 4 · 2^k FMA of a matrix, 4 of a diagonal, none of an exchange;
one pass over the block, and as much again through spare memory, which stays in the first-level cache.
"""

from qtoolkit_kernels._bits import count_bits, next_subset, next_without
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Reals
from qtoolkit_kernels.vector import matrix_tiles as tiles
from qtoolkit_kernels.vector.adjoint.tiles import no_sum
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.skew import skewed
from qtoolkit_kernels.vector.tiles import copy_tile, multiply_tiles, swap_tiles

__all__ = ["MOST_TARGETS", "apply_matrix", "apply_table", "exchange_values"]

MOST_TARGETS = 5
"""Of a matrix."""


@njit
def mirror(array: Reals, lanes: Lanes, bit: int, place: int, source: int) -> None:
    """Copy a tile, exchanging the lanes that differ in one bit."""
    if bit == 1:
        tiles.mirror_0(array, lanes, place, source)
    elif bit == 2:
        tiles.mirror_1(array, lanes, place, source)
    elif bit == 4:
        tiles.mirror_2(array, lanes, place, source)
    else:
        tiles.mirror_3(array, lanes, place, source)


@njit
def gather_inputs(
    block: Reals, lanes: Lanes, tile: int, skew: int, base: int, x_tile: int, x_lanes: int, spare: Reals
) -> int:
    """Copy what a matrix mixes to the beginning of `spare`; return how many elements that is."""
    place = subset = 0
    while True:
        first = place
        copy_tile(spare, lanes, place, block, skewed(base | subset, skew) * tile)
        place += tile
        rest = x_lanes
        while rest:
            bit = rest & -rest
            for source in range(first, place, tile):
                mirror(spare, lanes, bit, place + source - first, source)
            place += place - first
            rest ^= bit
        subset = next_subset(subset, x_tile)
        if subset == 0:
            return place


@njit
def apply_matrix(
    block: Reals,
    lanes: Lanes,
    num_tiles: int,
    tile: int,
    skew: int,
    fixed: int,
    value: int,
    x_tile: int,
    x_lanes: int,
    by_lane: bool,
    coefficients: Reals,
    start: int,
    spare: Reals,
) -> None:
    """Apply a matrix.

    Args:
        block, lanes, num_tiles, tile, skew: what stands where.
        fixed, value: controls among tiles.
        x_tile, x_lanes: masks of its positions among tiles and inside the register.
        by_lane: whether coefficients are registers; those inside the register and controls there demand it.
        coefficients, start: as `matrix_numbers.write_matrix` lays them out.
        spare: 2^k tiles, aligned, overwritten.
    """
    num_outputs = 1 << count_bits(x_tile)
    none = no_sum(block, lanes)
    j = 0
    if num_outputs == 1 and x_lanes & (x_lanes - 1) == 0:
        while j < num_tiles:
            tiles.multiply_lanes(block, lanes, skewed(j | value, skew) * tile, x_lanes, coefficients, start)
            j = next_without(j, fixed)
        return
    if num_outputs == 2 and x_lanes == 0:
        step = skewed(x_tile, skew) * tile
        while j < num_tiles:
            o = skewed(j | value, skew) * tile
            if by_lane:
                tiles.multiply_pair_lanes(block, lanes, o, o + step, coefficients, start)
            else:
                tiles.multiply_pair(block, lanes, o, o + step, coefficients, start)
            j = next_without(j, fixed | x_tile)
        return
    while j < num_tiles:
        base = j | value
        size = gather_inputs(block, lanes, tile, skew, base, x_tile, x_lanes, spare)
        c = start
        output = 0
        if num_outputs >= 4:
            for _ in range(num_outputs >> 2):
                four = (none, none, none, none, none, none, none, none)
                if by_lane:
                    for k in range(0, size, tile):
                        four = tiles.add_input_lanes_4(spare, lanes, k, coefficients, c, four)
                        c += 4 * tile
                else:
                    for k in range(0, size, tile):
                        four = tiles.add_input_4(spare, lanes, k, coefficients, c, four)
                        c += 8
                tiles.store_tile(block, lanes, skewed(base | output, skew) * tile, four[0], four[1])
                output = next_subset(output, x_tile)
                tiles.store_tile(block, lanes, skewed(base | output, skew) * tile, four[2], four[3])
                output = next_subset(output, x_tile)
                tiles.store_tile(block, lanes, skewed(base | output, skew) * tile, four[4], four[5])
                output = next_subset(output, x_tile)
                tiles.store_tile(block, lanes, skewed(base | output, skew) * tile, four[6], four[7])
                output = next_subset(output, x_tile)
        elif num_outputs == 2:
            two = (none, none, none, none)
            for k in range(0, size, tile):
                if by_lane:
                    two = tiles.add_input_lanes_2(spare, lanes, k, coefficients, c, two)
                    c += 2 * tile
                else:
                    two = tiles.add_input_2(spare, lanes, k, coefficients, c, two)
                    c += 4
            tiles.store_tile(block, lanes, skewed(base, skew) * tile, two[0], two[1])
            tiles.store_tile(block, lanes, skewed(base | x_tile, skew) * tile, two[2], two[3])
        else:
            # An addition waits for the one before it, so two sums take turns.
            even = odd = (none, none)
            for k in range(0, size, 2 * tile):
                even = tiles.add_input_lanes_1(spare, lanes, k, coefficients, c, even)
                odd = tiles.add_input_lanes_1(spare, lanes, k + tile, coefficients, c + tile, odd)
                c += 2 * tile
            tiles.store_sum(block, lanes, skewed(base, skew) * tile, even, odd)
        j = next_without(j, fixed | x_tile)


@njit
def apply_table(
    block: Reals,
    lanes: Lanes,
    num_tiles: int,
    tile: int,
    skew: int,
    fixed: int,
    value: int,
    z_tile: int,
    z_outer: int,
    outer: int,
    coefficients: Reals,
    start: int,
) -> None:
    """Apply a diagonal: multiply each tile by the complex register that its bits choose.

    Args:
        block, lanes, num_tiles, tile, skew, fixed, value: as for `apply_matrix`.
        z_tile, z_outer: masks of the bits that choose, among tiles and among index bits outside the block.
        outer: the latter's values.
        coefficients, start: a pair of registers for each choice; the bits of its number are first those of tiles.
    """
    place = start
    step = tile << count_bits(z_tile)
    rest = z_outer
    while rest:
        bit = rest & -rest
        if outer & bit:
            place += step
        step *= 2
        rest ^= bit
    subset = 0
    while True:
        j = 0
        while j < num_tiles:
            o = skewed(j | value | subset, skew) * tile
            multiply_tiles(block, lanes, o, block, o, coefficients, place)
            j = next_without(j, fixed | z_tile)
        place += tile
        subset = next_subset(subset, z_tile)
        if subset == 0:
            return


@njit
def exchange_values(
    block: Reals,
    lanes: Lanes,
    num_tiles: int,
    tile: int,
    skew: int,
    fixed: int,
    value: int,
    x_tile: int,
    x_lanes: int,
    coefficients: Reals,
    start: int,
) -> None:
    """Exchange the amplitudes x and ``x ^ flips`` where x has given bits.

    Args:
        block, lanes, num_tiles, tile, skew: as for `apply_matrix`.
        x_tile, x_lanes: the flips among tiles and inside the register.
        fixed, value: the bits of x among tiles; if any of those flips, one that does is among them.
        coefficients, start: a register that chooses the lanes of x, and one that chooses those of its partner; one that
            chooses both if nothing flips among tiles.
    """
    j = 0
    while j < num_tiles:
        here = j | value
        o0, o1 = skewed(here, skew) * tile, skewed(here ^ x_tile, skew) * tile
        if x_tile == 0:
            tiles.flip_tile(block, lanes, o0, x_lanes, coefficients, start)
        elif x_lanes:
            tiles.exchange_flipped(block, lanes, o0, o1, x_lanes, coefficients, start)
        else:
            swap_tiles(block, lanes, o0, o1, coefficients, start)
        j = next_without(j, fixed)
