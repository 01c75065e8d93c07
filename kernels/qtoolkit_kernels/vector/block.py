"""Operations on one block: amplitudes that fit half of the second-level cache, held as tiles.

Costs are per amplitude, in fused multiply-adds (FMA) and in bytes moved between the cache and the registers
(a pass that reads and writes everything moves 32 bytes in double precision):

| opcode | FMA | passes | what |
|---|---|---|---|
| ROTATE | 2 for each bit | 1 for up to four bits | real rotations on tile bits, cosines left out |
| ROTATE_LANES | 4 for each bit | 1 for all | real gates on the bits inside a register |
| DENSE | 16 | 1 | a complex 4x4 matrix |
| EXCHANGE | 0 | 1/2 | controlled X |
| SWAP | 0 | 1/2 | exchange of two bits |
| PHASE | 8 / 2^controls | 1 / 2^controls | one phase on the amplitudes where all controls are set |
| DIAGONAL | 8 or 12 | 1 to 2 | any phase quadratic in the bits of the whole index |

Rows of `operations` are int64 [opcode, p0, p1, p2, p3, count, steep, start, mask, outer]; positions count the bits of
the block, the lowest are the lanes.
"""

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Integers, Reals
from qtoolkit_kernels.vector import tiles
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.phases import apply_phases

__all__ = ["DENSE", "DIAGONAL", "EXCHANGE", "PHASE", "ROTATE", "ROTATE_LANES", "ROW", "SWAP", "run_block"]

ROTATE, ROTATE_LANES, DENSE, EXCHANGE, SWAP, PHASE, DIAGONAL = range(7)
ROW = 10


@njit
def rotate(
    block: Reals, lanes: Lanes, num_tiles: int, tile: int, lane_bits: int, row: Integers, coefficients: Reals
) -> None:
    """Rotate up to four tile bits in one pass, all with |cos| >= |sin| or, steep, all with |cos| < |sin|."""
    count, steep, start = row[5], row[6], row[7]
    s0 = 1 << (row[1] - lane_bits)
    s1 = 1 << (row[2] - lane_bits) if count > 1 else 0
    s2 = 1 << (row[3] - lane_bits) if count > 2 else 0
    s3 = 1 << (row[4] - lane_bits) if count > 3 else 0
    mask = s0 | s1 | s2 | s3
    t0, t1, t2, t3 = s0 * tile, s1 * tile, s2 * tile, s3 * tile
    j = 0
    if count == 1 and steep == 0:
        for _ in range(num_tiles >> 1):
            tiles.rotate_1(block, lanes, j * tile, (t0,), coefficients, start)
            j = ((j | mask) + 1) & ~mask
    elif count == 2 and steep == 0:
        for _ in range(num_tiles >> 2):
            tiles.rotate_2(block, lanes, j * tile, (t0, t1), coefficients, start)
            j = ((j | mask) + 1) & ~mask
    elif count == 3 and steep == 0:
        for _ in range(num_tiles >> 3):
            tiles.rotate_3(block, lanes, j * tile, (t0, t1, t2), coefficients, start)
            j = ((j | mask) + 1) & ~mask
    elif count == 4 and steep == 0:
        for _ in range(num_tiles >> 4):
            tiles.rotate_4(block, lanes, j * tile, (t0, t1, t2, t3), coefficients, start)
            j = ((j | mask) + 1) & ~mask
    elif count == 1 and steep == 1:
        for _ in range(num_tiles >> 1):
            tiles.steep_1(block, lanes, j * tile, (t0,), coefficients, start)
            j = ((j | mask) + 1) & ~mask
    elif count == 2 and steep == 1:
        for _ in range(num_tiles >> 2):
            tiles.steep_2(block, lanes, j * tile, (t0, t1), coefficients, start)
            j = ((j | mask) + 1) & ~mask
    elif count == 3 and steep == 1:
        for _ in range(num_tiles >> 3):
            tiles.steep_3(block, lanes, j * tile, (t0, t1, t2), coefficients, start)
            j = ((j | mask) + 1) & ~mask
    else:
        for _ in range(num_tiles >> 4):
            tiles.steep_4(block, lanes, j * tile, (t0, t1, t2, t3), coefficients, start)
            j = ((j | mask) + 1) & ~mask


@njit
def dense(
    block: Reals,
    lanes: Lanes,
    num_tiles: int,
    tile: int,
    lane_bits: int,
    low: int,
    high: int,
    coefficients: Reals,
    start: int,
) -> None:
    """Apply a 4x4 matrix to positions `low` < `high`."""
    if low >= lane_bits:
        s0, s1 = 1 << (low - lane_bits), 1 << (high - lane_bits)
        mask = s0 | s1
        j = 0
        if s0 > 1:
            for _ in range(num_tiles >> 3):
                o = j * tile
                tiles.dense_high_pair(
                    block, lanes, o, o + s0 * tile, o + s1 * tile, o + mask * tile, coefficients, start
                )
                j = ((j | mask) + 2) & ~mask
        else:
            for _ in range(num_tiles >> 2):
                o = j * tile
                tiles.dense_high(block, lanes, o, o + s0 * tile, o + s1 * tile, o + mask * tile, coefficients, start)
                j = ((j | mask) + 1) & ~mask
    elif high >= lane_bits:
        mask = 1 << (high - lane_bits)
        j = 0
        for _ in range(num_tiles >> 1):
            o0 = j * tile
            o1 = o0 + mask * tile
            if low == 0:
                tiles.dense_mixed_0(block, lanes, o0, o1, coefficients, start)
            elif low == 1:
                tiles.dense_mixed_1(block, lanes, o0, o1, coefficients, start)
            elif low == 2:
                tiles.dense_mixed_2(block, lanes, o0, o1, coefficients, start)
            else:
                tiles.dense_mixed_3(block, lanes, o0, o1, coefficients, start)
            j = ((j | mask) + 1) & ~mask
    else:
        pair = low + (high - 1) * high // 2
        for j in range(num_tiles):
            o = j * tile
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


@njit
def exchange(
    block: Reals,
    lanes: Lanes,
    num_tiles: int,
    tile: int,
    lane_bits: int,
    target: int,
    control_mask: int,
    coefficients: Reals,
    start: int,
) -> None:
    """X on `target` where the tile bits `control_mask` are set, in the lanes that the register at `start` names."""
    if target >= lane_bits:
        step = 1 << (target - lane_bits)
        fixed = step | control_mask
        j = 0
        while j < num_tiles:
            o = (j | control_mask) * tile
            tiles.swap_tiles(block, lanes, o, o + step * tile, coefficients, start)
            j = ((j | fixed) + 1) & ~fixed
        return
    j = 0
    while j < num_tiles:
        o = (j | control_mask) * tile
        if target == 0:
            tiles.flip_lanes_0(block, lanes, o, coefficients, start)
        elif target == 1:
            tiles.flip_lanes_1(block, lanes, o, coefficients, start)
        elif target == 2:
            tiles.flip_lanes_2(block, lanes, o, coefficients, start)
        else:
            tiles.flip_lanes_3(block, lanes, o, coefficients, start)
        j = ((j | control_mask) + 1) & ~control_mask


@njit
def swap(
    block: Reals,
    lanes: Lanes,
    num_tiles: int,
    tile: int,
    lane_bits: int,
    low: int,
    high: int,
    coefficients: Reals,
    start: int,
) -> None:
    """Exchange two tile bits."""
    s0, s1 = 1 << (low - lane_bits), 1 << (high - lane_bits)
    mask = s0 | s1
    j = 0
    for _ in range(num_tiles >> 2):
        tiles.swap_tiles(block, lanes, (j | s0) * tile, (j | s1) * tile, coefficients, start)
        j = ((j | mask) + 1) & ~mask


@njit
def phase(
    block: Reals, lanes: Lanes, num_tiles: int, tile: int, control_mask: int, coefficients: Reals, start: int
) -> None:
    """Multiply the tiles whose bits `control_mask` are set by the complex register at `start`."""
    one, none = block.dtype.type(1), block.dtype.type(0)
    j = 0
    while j < num_tiles:
        tiles.multiply_by_table(block, lanes, (j | control_mask) * tile, coefficients, start, one, none)
        j = ((j | control_mask) + 1) & ~control_mask


@njit
def run_block(
    block: Reals,
    lanes: Lanes,
    block_bits: int,
    low_bits: int,
    operations: Integers,
    coefficients: Reals,
    bits: Integers,
    outer: int,
    tables: Reals,
    first_table: Integers,
    constants: Complex,
    linear: Complex,
    pairs: Complex,
    controls: Integers,
) -> None:
    """Run the operations of one sweep on one block; `outer` holds the bits of the index outside the block."""
    count = tiles.lanes_of(block, lanes)
    tile = 2 * count
    lane_bits = 0
    while 1 << lane_bits < count:
        lane_bits += 1
    num_tiles = (1 << block_bits) // count
    diagonals = 0
    for i in range(operations.shape[0]):
        row = operations[i]
        opcode = row[0]
        if opcode == DIAGONAL:
            d = row[7]
            apply_phases(
                block, lanes, block_bits, low_bits, bits, outer, tables, first_table[diagonals], constants[d],
                linear[d], pairs[d], controls[d],
            )  # fmt: skip
            diagonals += 1
            continue
        if outer & row[9] != row[9]:
            continue
        if opcode == ROTATE:
            rotate(block, lanes, num_tiles, tile, lane_bits, row, coefficients)
        elif opcode == ROTATE_LANES:
            for j in range(num_tiles):
                tiles.rotate_lanes(block, lanes, j * tile, coefficients, row[7])
        elif opcode == DENSE:
            dense(block, lanes, num_tiles, tile, lane_bits, row[1], row[2], coefficients, row[7])
        elif opcode == EXCHANGE:
            exchange(block, lanes, num_tiles, tile, lane_bits, row[1], row[8], coefficients, row[7])
        elif opcode == SWAP:
            swap(block, lanes, num_tiles, tile, lane_bits, row[1], row[2], coefficients, row[7])
        else:
            phase(block, lanes, num_tiles, tile, row[8], coefficients, row[7])
