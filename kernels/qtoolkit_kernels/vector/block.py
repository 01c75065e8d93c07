"""Operations on one block: amplitudes that fit half of the second-level cache, held as tiles.

An operation is a row of the instruction set, `isa`. Positions count the bits of the block, the lowest are the lanes,
masks of tiles count from the first bit above them. Tiles stand where `skew.skewed` says.
"""

from qtoolkit_kernels._bits import highest_bit, next_without
from qtoolkit_kernels._jit import apart_njit, njit
from qtoolkit_kernels._types import Integers, Reals
from qtoolkit_kernels.vector import isa, string_tiles, tiles
from qtoolkit_kernels.vector.butterflies import apply_butterflies
from qtoolkit_kernels.vector.cartan import apply_cartan
from qtoolkit_kernels.vector.cut import Cut
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.matrices import apply_matrix, apply_table, exchange_values
from qtoolkit_kernels.vector.pauli.registers import odd_bits
from qtoolkit_kernels.vector.phases import apply_phases
from qtoolkit_kernels.vector.plan import Numbers
from qtoolkit_kernels.vector.reorder import reorder
from qtoolkit_kernels.vector.skew import skew_of, skewed
from qtoolkit_kernels.vector.strings import turn_string
from qtoolkit_kernels.vector.walsh import apply_strings

__all__ = ["run_block"]


@apart_njit
def rotate(
    block: Reals,
    lanes: Lanes,
    num_tiles: int,
    tile: int,
    skew: int,
    lane_bits: int,
    row: Integers,
    coefficients: Reals,
) -> None:
    """Rotate up to four tile bits in one pass, all with |cos| >= |sin| or, steep, all with |cos| < |sin|."""
    count, steep, start = row[isa.ROTATE_COUNT], row[isa.ROTATE_STEEP], row[isa.START]
    s0 = 1 << (row[isa.POSITIONS] - lane_bits)
    s1 = 1 << (row[isa.POSITIONS + 1] - lane_bits) if count > 1 else 0
    s2 = 1 << (row[isa.POSITIONS + 2] - lane_bits) if count > 2 else 0
    s3 = 1 << (row[isa.POSITIONS + 3] - lane_bits) if count > 3 else 0
    mask = s0 | s1 | s2 | s3
    t0, t1 = skewed(s0, skew) * tile, skewed(s1, skew) * tile
    t2, t3 = skewed(s2, skew) * tile, skewed(s3, skew) * tile
    j = 0
    if count == 1 and steep == 0:
        for _ in range(num_tiles >> 1):
            tiles.rotate_1(block, lanes, skewed(j, skew) * tile, (t0,), coefficients, start)
            j = next_without(j, mask)
    elif count == 2 and steep == 0:
        for _ in range(num_tiles >> 2):
            tiles.rotate_2(block, lanes, skewed(j, skew) * tile, (t0, t1), coefficients, start)
            j = next_without(j, mask)
    elif count == 3 and steep == 0:
        for _ in range(num_tiles >> 3):
            tiles.rotate_3(block, lanes, skewed(j, skew) * tile, (t0, t1, t2), coefficients, start)
            j = next_without(j, mask)
    elif count == 4 and steep == 0:
        for _ in range(num_tiles >> 4):
            tiles.rotate_4(block, lanes, skewed(j, skew) * tile, (t0, t1, t2, t3), coefficients, start)
            j = next_without(j, mask)
    elif count == 1 and steep == 1:
        for _ in range(num_tiles >> 1):
            tiles.steep_1(block, lanes, skewed(j, skew) * tile, (t0,), coefficients, start)
            j = next_without(j, mask)
    elif count == 2 and steep == 1:
        for _ in range(num_tiles >> 2):
            tiles.steep_2(block, lanes, skewed(j, skew) * tile, (t0, t1), coefficients, start)
            j = next_without(j, mask)
    elif count == 3 and steep == 1:
        for _ in range(num_tiles >> 3):
            tiles.steep_3(block, lanes, skewed(j, skew) * tile, (t0, t1, t2), coefficients, start)
            j = next_without(j, mask)
    elif count == 4:
        for _ in range(num_tiles >> 4):
            tiles.steep_4(block, lanes, skewed(j, skew) * tile, (t0, t1, t2, t3), coefficients, start)
            j = next_without(j, mask)


@apart_njit
def rotate_lanes(
    block: Reals, lanes: Lanes, num_tiles: int, tile: int, skew: int, row: Integers, coefficients: Reals
) -> None:
    """Rotate the bits inside a register: all, or the one that the row names."""
    alone, start = row[isa.POSITIONS] if row[isa.ROTATE_LANES_ALONE] == 1 else -1, row[isa.START]
    for j in range(0, num_tiles, 2):
        o = skewed(j, skew) * tile
        if alone < 0:
            tiles.rotate_lanes(block, lanes, o, coefficients, start)
        elif alone == 0:
            tiles.rotate_lane_0(block, lanes, o, coefficients, start)
        elif alone == 1:
            tiles.rotate_lane_1(block, lanes, o, coefficients, start)
        elif alone == 2:
            tiles.rotate_lane_2(block, lanes, o, coefficients, start)
        else:
            tiles.rotate_lane_3(block, lanes, o, coefficients, start)


@apart_njit
def dense(
    block: Reals,
    lanes: Lanes,
    num_tiles: int,
    tile: int,
    skew: int,
    lane_bits: int,
    low: int,
    high: int,
    coefficients: Reals,
    start: int,
) -> None:
    """Apply a 4x4 matrix to positions `low` < `high`."""
    if low >= lane_bits:
        s0, s1 = 1 << (low - lane_bits), 1 << (high - lane_bits)
        t0, t1 = skewed(s0, skew) * tile, skewed(s1, skew) * tile
        mask = s0 | s1
        j = 0
        if s0 > 1:
            for _ in range(num_tiles >> 3):
                o = skewed(j, skew) * tile
                tiles.dense_high_pair(block, lanes, o, o + t0, o + t1, o + t0 + t1, coefficients, start)
                j = ((j | mask) + 2) & ~mask
        else:
            for _ in range(num_tiles >> 2):
                o = skewed(j, skew) * tile
                tiles.dense_high(block, lanes, o, o + t0, o + t1, o + t0 + t1, coefficients, start)
                j = next_without(j, mask)
    elif high >= lane_bits:
        mask = 1 << (high - lane_bits)
        step = skewed(mask, skew) * tile
        j = 0
        for _ in range(num_tiles >> 1):
            o = skewed(j, skew) * tile
            if low == 0:
                tiles.dense_mixed_0(block, lanes, o, o + step, coefficients, start)
            elif low == 1:
                tiles.dense_mixed_1(block, lanes, o, o + step, coefficients, start)
            elif low == 2:
                tiles.dense_mixed_2(block, lanes, o, o + step, coefficients, start)
            else:
                tiles.dense_mixed_3(block, lanes, o, o + step, coefficients, start)
            j = next_without(j, mask)
    else:
        pair = low + (high - 1) * high // 2
        for j in range(num_tiles):
            o = skewed(j, skew) * tile
            if pair == 0:
                tiles.dense_lanes_01(block, lanes, o, coefficients, start)
            elif pair == 1:
                tiles.dense_lanes_02(block, lanes, o, coefficients, start)
            elif pair == 2:
                tiles.dense_lanes_12(block, lanes, o, coefficients, start)
            elif pair == 3:
                tiles.dense_lanes_03(block, lanes, o, coefficients, start)
            elif pair == 4:
                tiles.dense_lanes_13(block, lanes, o, coefficients, start)
            else:
                tiles.dense_lanes_23(block, lanes, o, coefficients, start)


@apart_njit
def exchange(
    block: Reals,
    lanes: Lanes,
    num_tiles: int,
    tile: int,
    skew: int,
    lane_bits: int,
    row: Integers,
    coefficients: Reals,
) -> None:
    """X where the controls have their values; the register at `START` names the lanes."""
    target, start = row[isa.POSITIONS], row[isa.START]
    fixed, value = row[isa.TILE_MASK], row[isa.TILE_VALUE]
    j = 0
    if target >= lane_bits:
        step = 1 << (target - lane_bits)
        fixed |= step
        far = skewed(step, skew) * tile
        while j < num_tiles:
            o = skewed(j | value, skew) * tile
            tiles.swap_tiles(block, lanes, o, o + far, coefficients, start)
            j = next_without(j, fixed)
        return
    while j < num_tiles:
        o = skewed(j | value, skew) * tile
        if target == 0:
            tiles.flip_lanes_0(block, lanes, o, coefficients, start)
        elif target == 1:
            tiles.flip_lanes_1(block, lanes, o, coefficients, start)
        elif target == 2:
            tiles.flip_lanes_2(block, lanes, o, coefficients, start)
        else:
            tiles.flip_lanes_3(block, lanes, o, coefficients, start)
        j = next_without(j, fixed)


@apart_njit
def swap(
    block: Reals,
    lanes: Lanes,
    num_tiles: int,
    tile: int,
    skew: int,
    lane_bits: int,
    row: Integers,
    coefficients: Reals,
) -> None:
    """Exchange two tile bits."""
    s0, s1 = 1 << (row[isa.POSITIONS] - lane_bits), 1 << (row[isa.POSITIONS + 1] - lane_bits)
    j = 0
    for _ in range(num_tiles >> 2):
        first, second = skewed(j | s0, skew) * tile, skewed(j | s1, skew) * tile
        tiles.swap_tiles(block, lanes, first, second, coefficients, row[isa.START])
        j = next_without(j, s0 | s1)


@apart_njit
def phase(block: Reals, lanes: Lanes, num_tiles: int, tile: int, skew: int, row: Integers, coefficients: Reals) -> None:
    """Multiply the tiles whose bits have the controls' values by the complex register at `START`."""
    one, none = block.dtype.type(1), block.dtype.type(0)
    j = 0
    while j < num_tiles:
        o = skewed(j | row[isa.TILE_VALUE], skew) * tile
        tiles.multiply_by_table(block, lanes, o, coefficients, row[isa.START], one, none)
        j = next_without(j, row[isa.TILE_MASK])


@apart_njit
def rotate_string(
    block: Reals, lanes: Lanes, num_tiles: int, skew: int, row: Integers, coefficients: Reals, outer: int
) -> None:
    """Rotate by a Pauli string where the controls have their values."""
    x = row[isa.PAULI_X_TILE]
    fixed = row[isa.TILE_MASK] | highest_bit(x)
    masks = x, row[isa.PAULI_X_LANES], row[isa.PAULI_Z_TILE], fixed, row[isa.TILE_VALUE]
    weights = string_tiles.tile_weights(coefficients, lanes, row[isa.START])
    turn_string(
        block, lanes, num_tiles, skew, masks, odd_bits(outer & row[isa.PAULI_Z_OUTER]), 1 - row[isa.PAULI_REAL], weights
    )


@apart_njit
def run_rare(
    block: Reals,
    lanes: Lanes,
    num_tiles: int,
    tile: int,
    skew: int,
    row: Integers,
    coefficients: Reals,
    outer: int,
    spare: Reals,
) -> None:
    """Run a MATRIX, TABLE or TRANSPOSE row."""
    fixed, value, start = row[isa.TILE_MASK], row[isa.TILE_VALUE], row[isa.START]
    if row[isa.OPCODE] == isa.MATRIX:
        apply_matrix(
            block, lanes, num_tiles, tile, skew, fixed, value, row[isa.MATRIX_TILES], row[isa.MATRIX_LANES],
            row[isa.MATRIX_BY_LANE] == 1, coefficients, start, spare,
        )  # fmt: skip
    elif row[isa.OPCODE] == isa.TABLE:
        apply_table(
            block, lanes, num_tiles, tile, skew, fixed, value, row[isa.TABLE_TILES], row[isa.TABLE_OUTER], outer,
            coefficients, start,
        )  # fmt: skip
    else:
        exchange_values(
            block, lanes, num_tiles, tile, skew, fixed, value, row[isa.TRANSPOSE_TILES], row[isa.TRANSPOSE_LANES],
            coefficients, start,
        )  # fmt: skip


@njit
def run_block(
    block: Reals,
    cut: Cut,
    operations: Integers,
    numbers: Numbers,
    bits: Integers,
    outer: int,
    tables: Reals,
    first_table: Integers,
    string_scratch: Reals,
    scratch: Reals,
    seldom: bool | None,
    spare: int | None,
) -> None:
    """Run the operations of one sweep on one block.

    Args:
        block: its tiles.
        cut: of the state.
        operations: those of `numbers` that are the sweep's.
        numbers: what they refer to.
        bits: int64[num_bits], the index bit of every position: the block's first, then those outside.
        outer: the bits of the index outside the block.
        tables: the sweep's tables of phases, behind the one that every block overwrites.
        first_table: where the tables of each polynomial begin.
        string_scratch: room for 2^block_bits numbers, aligned.
        scratch: ends with spare memory.
        seldom: None, if there are no rows of `isa.SELDOM`, leaves out their code.
        spare: elements of spare memory; None, if there are no rows from FIRST_RARE on, leaves out their code.
    """
    lanes, block_bits, _, low_bits = cut
    _, coefficients, constants, linear, pairs, controls, strings, string_angles, _ = numbers
    count = tiles.lanes_of(block, lanes)
    tile = 2 * count
    skew = skew_of(tile * block.itemsize)
    lane_bits = tiles.lane_bits_of(block, lanes)
    diagonals = 0
    for i in range(operations.shape[0]):
        row = operations[i]
        opcode = row[isa.OPCODE]
        num_tiles = (1 << block_bits - row[isa.UNREACHED]) // count
        if opcode == isa.DIAGONAL:
            d = row[isa.DIAGONAL_POLYNOMIAL]
            apply_phases(
                block, lanes, block_bits, low_bits, skew, bits, outer, tables, first_table[diagonals], constants[d],
                linear[d], pairs[d], controls[d], row[isa.UNREACHED],
            )  # fmt: skip
            diagonals += 1
            continue
        if seldom is not None and opcode == isa.STRINGS:
            first, last = row[isa.STRINGS_FIRST], row[isa.STRINGS_END]
            apply_strings(
                block, lanes, block_bits, skew, outer, strings[first:last], string_angles[first:last], string_scratch
            )
            continue
        if seldom is not None and opcode == isa.BUTTERFLIES:
            d = row[isa.BUTTERFLIES_POLYNOMIALS]
            apply_butterflies(
                block, lanes, block_bits, low_bits, skew, bits, outer, row[isa.POSITIONS], row[isa.POSITIONS + 1],
                coefficients, row[isa.START], constants[d : d + 2], linear[d : d + 2], row[isa.UNREACHED],
                string_scratch,
            )  # fmt: skip
            continue
        if outer & row[isa.OUTER_MASK] != row[isa.OUTER_VALUE]:
            continue
        if spare is not None and opcode == isa.CARTAN:
            low, high = row[isa.POSITIONS], row[isa.POSITIONS + 1]
            apply_cartan(
                block, lanes, num_tiles, tile, skew, lane_bits, low, high, row[isa.CARTAN_TANGENTS],
                row[isa.CARTAN_FLIPS], coefficients, row[isa.START],
            )  # fmt: skip
            continue
        if spare is not None and opcode >= isa.FIRST_RARE:
            end = scratch[scratch.size - spare :]
            run_rare(block, lanes, num_tiles, tile, skew, row, coefficients, outer, end)
            continue
        if seldom is not None and opcode == isa.REORDER:
            images, offset = row[isa.REORDER_IMAGES : isa.UNREACHED], row[isa.REORDER_OFFSET]
            reorder(block, lanes, num_tiles, tile, skew, images, offset, string_scratch)
            continue
        if seldom is not None and opcode == isa.PAULI:
            rotate_string(block, lanes, num_tiles, skew, row, coefficients, outer)
            continue
        if opcode == isa.ROTATE:
            rotate(block, lanes, num_tiles, tile, skew, lane_bits, row, coefficients)
        elif opcode == isa.ROTATE_LANES:
            rotate_lanes(block, lanes, num_tiles, tile, skew, row, coefficients)
        elif opcode == isa.DENSE:
            low, high = row[isa.POSITIONS], row[isa.POSITIONS + 1]
            dense(block, lanes, num_tiles, tile, skew, lane_bits, low, high, coefficients, row[isa.START])
        elif opcode == isa.EXCHANGE:
            exchange(block, lanes, num_tiles, tile, skew, lane_bits, row, coefficients)
        elif opcode == isa.SWAP:
            swap(block, lanes, num_tiles, tile, skew, lane_bits, row, coefficients)
        else:
            phase(block, lanes, num_tiles, tile, skew, row, coefficients)
