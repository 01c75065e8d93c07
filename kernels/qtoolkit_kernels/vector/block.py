"""Operations on one block: amplitudes that fit half of the second-level cache, held as tiles.

Costs are per amplitude, in fused multiply-adds (FMA) and in passes over the block (one that reads and writes
everything moves 32 bytes in double precision between the cache and the registers):

| opcode | FMA | passes | what |
|---|---|---|---|
| ROTATE | 2 for each bit | 1 for up to four bits | real rotations on tile bits, cosines left out |
| ROTATE_LANES | 4 for each bit | 1 for all | real rotations on one or all bits inside a register |
| DENSE | 16 | 1 | a complex 4x4 matrix |
| EXCHANGE | 0 | 2^-controls | X, with any controls |
| SWAP | 0 | 1/2 | exchange of two bits |
| PHASE | 8 · 2^-controls | 2^-controls | one phase where all controls have their value |
| PAULI | 4 · 2^-controls | 2^-controls | rotation by a Pauli string |
| DIAGONAL | 8 or 12 | 1 to 2 | any phase quadratic in the bits of the whole index |
| STRINGS | 24 + block_bits | 4 to 5 | any number of rotations by strings of Z |
| BUTTERFLIES | 17 | 1 | two stages of a Fourier transform, each a rotation and phases where its bit is 1 |
| REORDER | 0 | up to 1 | any number of EXCHANGE, with one control, and SWAP of tile bits |
| MATRIX | 4 · 2^(targets-controls) | 2^-controls | a complex matrix on up to five bits, with any controls |
| TABLE | 4 · 2^-controls | 2^-controls | any diagonal, with any controls |
| TRANSPOSE | 0 | 2^(1-bits), 1 at most | two values of some bits exchanged |
| CARTAN | 9 or 11.5 | 1 | a 4x4 matrix that keeps the parity of its bits, then a real rotation of each |

An operation is a row of 17 int64; the constants below name its columns. Positions count the bits of the block, the
lowest are the lanes, masks of tiles count from the first bit above them. Controls inside a register are in the
coefficients. Tiles stand where `skew.skewed` says. Rows that leave out amplitudes known to be zero cost a half, a
quarter, … of the table. `adjoint_block` undoes the same rows: a new opcode goes there too.
"""

from qtoolkit_kernels._bits import highest_bit, next_without, parity
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers, Reals
from qtoolkit_kernels.vector import string_tiles, tiles
from qtoolkit_kernels.vector.butterflies import apply_butterflies
from qtoolkit_kernels.vector.cartan import apply_cartan
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.matrices import apply_matrix, apply_table, exchange_values
from qtoolkit_kernels.vector.phases import apply_phases
from qtoolkit_kernels.vector.reorder import reorder
from qtoolkit_kernels.vector.skew import skew_of, skewed
from qtoolkit_kernels.vector.walsh import apply_strings

__all__ = ["OPCODES", "ROW", "run_block"]

OPCODES = (
    "ROTATE", "ROTATE_LANES", "DENSE", "EXCHANGE", "SWAP", "PHASE", "PAULI", "DIAGONAL", "STRINGS", "BUTTERFLIES",
    "REORDER", "MATRIX", "TABLE", "TRANSPOSE", "CARTAN",
)  # fmt: skip
"""Names of the opcodes in the order of their numbers."""

(
    ROTATE, ROTATE_LANES, DENSE, EXCHANGE, SWAP, PHASE, PAULI, DIAGONAL, STRINGS, BUTTERFLIES, REORDER,
    MATRIX, TABLE, TRANSPOSE, CARTAN,
) = range(len(OPCODES))  # fmt: skip

ROW = 17
OPCODE, POSITIONS = 0, 1
"""Up to four positions; of STRINGS the first string and the one past the last."""
COUNT, STEEP = 5, 6
"""How many positions, of ROTATE_LANES 1 if there is only one; whether a rotation's sines are larger than its cosines,
whether a string's factor is real, whether a matrix's coefficients differ between lanes, whether a CARTAN is given by
tangents.
"""
START = 7
"""First coefficient; of DIAGONAL the number of its polynomial."""
TILE_MASK, TILE_VALUE, OUTER_MASK, OUTER_VALUE = 8, 9, 10, 11
"""Controls among tile bits and among index bits outside the block."""
X_TILE, X_LANES, Z_TILE, Z_OUTER = 12, 13, 14, 15
"""Masks of a Pauli string; of BUTTERFLIES the number of the first polynomial; of REORDER the images of bits, the offset
being in START; of MATRIX and TRANSPOSE the masks of targets and flips, of TABLE those of bits that choose; of CARTAN by
tangents which of its bits are taken the other way round.
"""
UNREACHED = 16
"""How many of the block's highest bits are left out: the row works where they are 0, all else being zero. None of its
targets, and at most the block's bits above `low_bits`; STRINGS leave out none, CARTAN not the three lowest tile bits.
"""


@njit
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
    count, steep, start = row[COUNT], row[STEEP], row[START]
    s0 = 1 << (row[POSITIONS] - lane_bits)
    s1 = 1 << (row[POSITIONS + 1] - lane_bits) if count > 1 else 0
    s2 = 1 << (row[POSITIONS + 2] - lane_bits) if count > 2 else 0
    s3 = 1 << (row[POSITIONS + 3] - lane_bits) if count > 3 else 0
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


@njit
def rotate_lanes(
    block: Reals, lanes: Lanes, num_tiles: int, tile: int, skew: int, row: Integers, coefficients: Reals
) -> None:
    """Rotate the bits inside a register: all, or the one that the row names."""
    alone, start = row[POSITIONS] if row[COUNT] == 1 else -1, row[START]
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


@njit
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


@njit
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
    target, start = row[POSITIONS], row[START]
    fixed, value = row[TILE_MASK], row[TILE_VALUE]
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


@njit
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
    s0, s1 = 1 << (row[POSITIONS] - lane_bits), 1 << (row[POSITIONS + 1] - lane_bits)
    j = 0
    for _ in range(num_tiles >> 2):
        first, second = skewed(j | s0, skew) * tile, skewed(j | s1, skew) * tile
        tiles.swap_tiles(block, lanes, first, second, coefficients, row[START])
        j = next_without(j, s0 | s1)


@njit
def phase(block: Reals, lanes: Lanes, num_tiles: int, tile: int, skew: int, row: Integers, coefficients: Reals) -> None:
    """Multiply the tiles whose bits have the controls' values by the complex register at `START`."""
    one, none = block.dtype.type(1), block.dtype.type(0)
    j = 0
    while j < num_tiles:
        o = skewed(j | row[TILE_VALUE], skew) * tile
        tiles.multiply_by_table(block, lanes, o, coefficients, row[START], one, none)
        j = next_without(j, row[TILE_MASK])


@njit
def rotate_string(
    block: Reals,
    lanes: Lanes,
    num_tiles: int,
    tile: int,
    skew: int,
    row: Integers,
    coefficients: Reals,
    outer: int,
) -> None:
    """Rotate by a Pauli string where the controls have their values."""
    one = block.dtype.type(1)
    x, z, flips, start = row[X_TILE], row[Z_TILE], row[X_LANES], row[START]
    fixed, value = row[TILE_MASK] | highest_bit(x), row[TILE_VALUE]
    outside, across = parity(outer & row[Z_OUTER]), parity(x & z)
    j = 0
    while j < num_tiles:
        here = j | value
        negative = parity(here & z) != outside
        o0, o1 = skewed(here, skew) * tile, skewed(here ^ x, skew) * tile
        s0 = -one if negative else one
        s1 = -s0 if across else s0
        if flips == 0 and row[STEEP] == 0:
            string_tiles.rotate_string_imag(block, lanes, o0, o1, s0, s1, flips, coefficients, start)
        elif flips == 0:
            string_tiles.rotate_string_real(block, lanes, o0, o1, s0, s1, flips, coefficients, start)
        elif row[STEEP] == 0:
            string_tiles.flip_string_imag(block, lanes, o0, o1, s0, s1, flips, coefficients, start)
        else:
            string_tiles.flip_string_real(block, lanes, o0, o1, s0, s1, flips, coefficients, start)
        j = next_without(j, fixed)


@njit
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
    fixed, value, x_tile, x_lanes, start = row[TILE_MASK], row[TILE_VALUE], row[X_TILE], row[X_LANES], row[START]
    if row[OPCODE] == MATRIX:
        apply_matrix(
            block, lanes, num_tiles, tile, skew, fixed, value, x_tile, x_lanes, row[STEEP] == 1, coefficients, start,
            spare,
        )  # fmt: skip
    elif row[OPCODE] == TABLE:
        apply_table(block, lanes, num_tiles, tile, skew, fixed, value, x_tile, row[Z_OUTER], outer, coefficients, start)
    else:
        exchange_values(block, lanes, num_tiles, tile, skew, fixed, value, x_tile, x_lanes, coefficients, start)


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
    strings: Integers,
    string_angles: Floats,
    string_scratch: Reals,
    scratch: Reals,
    spare: int | None,
) -> None:
    """Run the operations of one sweep on one block; `outer` holds the bits of the index outside the block.

    The end of `scratch` is spare memory of so many elements; where it has none, there are no rows from MATRIX on, and
    their code is left out.
    """
    count = tiles.lanes_of(block, lanes)
    tile = 2 * count
    skew = skew_of(tile * block.itemsize)
    lane_bits = tiles.lane_bits_of(block, lanes)
    diagonals = 0
    for i in range(operations.shape[0]):
        row = operations[i]
        opcode = row[OPCODE]
        num_tiles = (1 << block_bits - row[UNREACHED]) // count
        if opcode == DIAGONAL:
            d = row[START]
            apply_phases(
                block, lanes, block_bits, low_bits, skew, bits, outer, tables, first_table[diagonals], constants[d],
                linear[d], pairs[d], controls[d], row[UNREACHED],
            )  # fmt: skip
            diagonals += 1
            continue
        if opcode == STRINGS:
            first, last = row[POSITIONS], row[POSITIONS + 1]
            apply_strings(
                block, lanes, block_bits, skew, outer, strings[first:last], string_angles[first:last], string_scratch
            )
            continue
        if opcode == BUTTERFLIES:
            d = row[X_TILE]
            apply_butterflies(
                block, lanes, block_bits, low_bits, skew, bits, outer, row[POSITIONS], row[POSITIONS + 1],
                coefficients, row[START], constants[d : d + 2], linear[d : d + 2], row[UNREACHED], string_scratch,
            )  # fmt: skip
            continue
        if outer & row[OUTER_MASK] != row[OUTER_VALUE]:
            continue
        if spare is not None and opcode == CARTAN:
            low, high = row[POSITIONS], row[POSITIONS + 1]
            apply_cartan(
                block, lanes, num_tiles, tile, skew, lane_bits, low, high, row[STEEP], row[X_TILE], coefficients,
                row[START],
            )  # fmt: skip
            continue
        if spare is not None and opcode >= MATRIX:
            end = scratch[scratch.size - spare :]
            run_rare(block, lanes, num_tiles, tile, skew, row, coefficients, outer, end)
            continue
        if opcode == ROTATE:
            rotate(block, lanes, num_tiles, tile, skew, lane_bits, row, coefficients)
        elif opcode == ROTATE_LANES:
            rotate_lanes(block, lanes, num_tiles, tile, skew, row, coefficients)
        elif opcode == DENSE:
            low, high = row[POSITIONS], row[POSITIONS + 1]
            dense(block, lanes, num_tiles, tile, skew, lane_bits, low, high, coefficients, row[START])
        elif opcode == EXCHANGE:
            exchange(block, lanes, num_tiles, tile, skew, lane_bits, row, coefficients)
        elif opcode == SWAP:
            swap(block, lanes, num_tiles, tile, skew, lane_bits, row, coefficients)
        elif opcode == REORDER:
            reorder(block, lanes, num_tiles, tile, skew, row[X_TILE : Z_OUTER + 1], row[START], string_scratch)
        elif opcode == PHASE:
            phase(block, lanes, num_tiles, tile, skew, row, coefficients)
        else:
            rotate_string(block, lanes, num_tiles, tile, skew, row, coefficients, outer)
