"""Operations on the states of L members of a batch at once: the block program with all qubits among the tiles.

Costs are per amplitude and member, in fused multiply-adds (FMA) and in passes over the block. Members differ in every
coefficient, so each is a register that is loaded once or, of a matrix, for every four tiles:

| opcode | FMA | passes | what |
|---|---|---|---|
| ROTATE | 2 for each bit, and 2 | 1 for up to four bits | real rotations |
| DENSE | 16 | 1 | a complex 4x4 matrix |
| EXCHANGE | 0 | 2^-controls | X, with any controls |
| SWAP | 0 | 1/2 | exchange of two bits |
| PHASE | 4 · 2^-controls | 2^-controls | one phase where all controls have their value |
| PAULI | 4 · 2^-controls | 2^-controls | rotation by a Pauli string |
| DIAGONAL | 8 to 12 | 2 to 3 | any phase quadratic in the bits |
| PERMUTE | 0 | 1 | any number of EXCHANGE, SWAP and TRANSPOSE |
| MATRIX | 4 · 2^(targets-controls) | 2^-controls | a complex matrix on up to five bits, with any controls |
| TRANSPOSE | 0 | 2^(1-bits), 1 at most | two values of some bits exchanged |

An operation is a row of 16 int64; opcodes are those of `isa`, the constants below name its columns. The tile of
amplitude x stands at `skewed(x)`.
"""

from qtoolkit_kernels._bits import highest_bit, next_without
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Integers, Reals
from qtoolkit_kernels.vector import isa
from qtoolkit_kernels.vector.batch import tiles
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.matrices import apply_matrix
from qtoolkit_kernels.vector.skew import skewed
from qtoolkit_kernels.vector.string_tiles import tile_weights
from qtoolkit_kernels.vector.strings import turn_string
from qtoolkit_kernels.vector.tiles import copy_tile, dense_by_lane, multiply_tiles

__all__ = ["PERMUTE", "ROW", "run_batch_block"]

PERMUTE = -1
"""The one opcode that only batches have."""

ROW = 16
OPCODE, POSITIONS, COUNT, REAL, START, MASK, VALUE, X, Z, SOURCE = 0, 1, 5, 6, 7, 8, 9, 10, 11, 12
"""Columns.

POSITIONS: up to four qubits.
COUNT: how many.
REAL: whether a string's factor is real.
START: the first register.
MASK, VALUE: controls.
X, Z: masks of a Pauli string; of MATRIX and TRANSPOSE, X are the targets and the flips.
SOURCE: where the numbers come from, see `batch.numbers`, up to four; of DIAGONAL the polynomial, of PERMUTE the
    permutation.
"""


@njit
def rotate(
    block: Reals, lanes: Lanes, num_tiles: int, tile: int, skew: int, row: Integers, registers: Reals, start: int
) -> None:
    """Rotate up to four bits in one pass."""
    count = row[COUNT]
    s0 = 1 << row[POSITIONS]
    s1 = 1 << row[POSITIONS + 1] if count > 1 else 0
    s2 = 1 << row[POSITIONS + 2] if count > 2 else 0
    s3 = 1 << row[POSITIONS + 3] if count > 3 else 0
    mask = s0 | s1 | s2 | s3
    t0, t1 = skewed(s0, skew) * tile, skewed(s1, skew) * tile
    t2, t3 = skewed(s2, skew) * tile, skewed(s3, skew) * tile
    j = 0
    if count == 1:
        for _ in range(num_tiles >> 1):
            tiles.rotate_1(block, lanes, skewed(j, skew) * tile, (t0,), registers, start)
            j = next_without(j, mask)
    elif count == 2:
        for _ in range(num_tiles >> 2):
            tiles.rotate_2(block, lanes, skewed(j, skew) * tile, (t0, t1), registers, start)
            j = next_without(j, mask)
    elif count == 3:
        for _ in range(num_tiles >> 3):
            tiles.rotate_3(block, lanes, skewed(j, skew) * tile, (t0, t1, t2), registers, start)
            j = next_without(j, mask)
    else:
        for _ in range(num_tiles >> 4):
            tiles.rotate_4(block, lanes, skewed(j, skew) * tile, (t0, t1, t2, t3), registers, start)
            j = next_without(j, mask)


@njit
def exchange(block: Reals, lanes: Lanes, num_tiles: int, tile: int, skew: int, row: Integers) -> None:
    """X where the controls have their values, or the exchange of two bits, or of two values of some bits."""
    first, second, fixed = 1 << row[POSITIONS], 0, row[MASK]
    if row[OPCODE] == isa.TRANSPOSE:
        first = row[X]
    elif row[OPCODE] == isa.SWAP:
        second = 1 << row[POSITIONS + 1]
        fixed |= first | second
    else:
        fixed |= first
    j = 0
    while j < num_tiles:
        here = j | row[VALUE]
        o0, o1 = skewed(here ^ first, skew) * tile, skewed(here ^ second, skew) * tile
        tiles.exchange_tiles(block, lanes, o0, o1)
        j = next_without(j, fixed)


@njit
def apply_phases(
    block: Reals,
    lanes: Lanes,
    num_bits: int,
    tile: int,
    skew: int,
    partners: Integers,
    registers: Reals,
    start: int,
    table: Reals,
) -> None:
    """Multiply amplitude x by ``c · Π_i l_i^{x_i} · Π_{i<j} p_ij^{x_i x_j}``.

    The factors of all x below 2^i are a table that bit i doubles: its new half is the old one times what bit i adds,
    which depends on the lower bits that a pair joins with it. The last doubling is left to the block itself.

    Args:
        block, lanes, num_bits, tile, skew: L states.
        partners: int64[num_bits], the lower bits that each bit forms pairs with.
        registers: c, then all l, then for every bit the p of its pairs, lowest partner first.
        start: where they begin.
        table: scratch, 2^num_bits tiles.
    """
    half = tile << (num_bits - 1)
    pair = start + tile * (1 + num_bits)
    for k in range(tile):
        table[k] = registers[start + k]
    for i in range(num_bits):
        joined = partners[i]
        linear = start + tile * (1 + i)
        for k in range(tile):
            table[half + k] = registers[linear + k]
        bits = joined
        while bits:
            low = bits & -bits
            x = 0
            while x < low:
                multiply_tiles(table, lanes, half + (x | low) * tile, table, half + x * tile, registers, pair)
                x = ((x | ~joined) + 1) & joined
            pair += tile
            bits ^= low
        top = 1 << i
        if i < num_bits - 1:
            for x in range(top):
                added = half + (x & joined) * tile
                multiply_tiles(table, lanes, (x | top) * tile, table, x * tile, table, added)
            continue
        for x in range(top):
            o = skewed(x | top, skew) * tile
            multiply_tiles(block, lanes, o, block, o, table, half + (x & joined) * tile)
            multiply_tiles(block, lanes, o, block, o, table, x * tile)
            o = skewed(x, skew) * tile
            multiply_tiles(block, lanes, o, block, o, table, x * tile)


@njit
def run_batch_block(
    block: Reals,
    lanes: Lanes,
    num_bits: int,
    tile: int,
    skew: int,
    operations: Integers,
    partners: Integers,
    permutations: Integers,
    registers: Reals,
    spare: Reals,
    matrices: bool | None,
) -> Reals:
    """Run operations on L states.

    Args:
        block: their tiles; overwritten.
        lanes: marker of the vector width.
        num_bits: qubits.
        tile: elements of a tile, 2 L.
        skew: see `skewed`.
        operations: int64[:, 16].
        partners: int64[polynomials, num_bits], see `apply_phases`.
        permutations: int64[:, 2^num_bits], where each amplitude comes from.
        registers: aligned.
        spare: memory like the block's, overwritten.
        matrices: None if there are no MATRIX rows.

    Returns:
        The block or the spare one, whichever holds the states in the end.
    """
    num_tiles = 1 << num_bits
    for i in range(operations.shape[0]):
        row = operations[i]
        opcode = row[OPCODE]
        start = row[START] * (tile >> 1)
        if matrices is not None and opcode == isa.MATRIX:
            apply_matrix(
                block, lanes, num_tiles, tile, skew, row[MASK], row[VALUE], row[X], 0, True, registers, start, spare
            )
            continue
        if opcode == isa.ROTATE:
            rotate(block, lanes, num_tiles, tile, skew, row, registers, start)
        elif opcode == isa.DENSE:
            s0, s1 = 1 << row[POSITIONS], 1 << row[POSITIONS + 1]
            t0, t1 = skewed(s0, skew) * tile, skewed(s1, skew) * tile
            j = 0
            for _ in range(num_tiles >> 2):
                o = skewed(j, skew) * tile
                dense_by_lane(block, lanes, o, o + t0, o + t1, o + t0 + t1, registers, start)
                j = next_without(j, s0 | s1)
        elif opcode in (isa.EXCHANGE, isa.SWAP, isa.TRANSPOSE):
            exchange(block, lanes, num_tiles, tile, skew, row)
        elif opcode == isa.PHASE:
            j = 0
            while j < num_tiles:
                o = skewed(j | row[VALUE], skew) * tile
                multiply_tiles(block, lanes, o, block, o, registers, start)
                j = next_without(j, row[MASK])
        elif opcode == isa.PAULI:
            masks = row[X], 0, row[Z], row[MASK] | highest_bit(row[X]), row[VALUE]
            weights = tile_weights(registers, lanes, start)
            turn_string(block, lanes, num_tiles, skew, masks, 0, 1 - row[REAL], weights)
        elif opcode == isa.DIAGONAL:
            apply_phases(block, lanes, num_bits, tile, skew, partners[row[SOURCE]], registers, start, spare)
        else:
            source = permutations[row[SOURCE]]
            for x in range(num_tiles):
                copy_tile(spare, lanes, skewed(x, skew) * tile, block, skewed(source[x], skew) * tile)
            block, spare = spare, block
    return block
