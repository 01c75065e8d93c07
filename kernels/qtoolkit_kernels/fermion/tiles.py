"""What acts on the strings of one spin alone, tile by tile: orbital rotations, one-spin Hamiltonians, and densities.

A state is a matrix of alpha strings by beta strings, seen as real: float64[rows, columns * parts], with parts = 2 for
complex amplitudes, (re, im), else 1. A tile has all strings of one spin as rows and `WIDTH` real numbers beside each
other, of as many determinants of the other spin as that makes: a stretch of the columns where the strings are alpha's,
some rows turned about where they are beta's. It is copied to memory of its own, worked on there, and copied back.

Threads enter the kernels together (`team.Team`) and share tiles, or blocks of them, through two counters.
"""

from typing import NamedTuple

from qtoolkit_kernels._bits import as_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Floats, Integers, ShortIntegers
from qtoolkit_kernels.fermion._row_code import WIDTH, add_listed_rows, dot_rows, turn_rows
from qtoolkit_kernels.threads import claim_block, finish_block, wait_for_blocks
from qtoolkit_kernels.vector.lanes import Lanes

__all__ = ["WIDTH", "Pairs", "Side", "SparseRows", "Turns", "apply_one_spin", "sum_pairs", "turn_orbitals"]


class Side(NamedTuple):
    """Which strings the rows of tiles are.

    Attributes:
        is_beta: 1 for beta strings, 0 for alpha strings.
        parts: 2 for complex amplitudes, 1 for real ones.
    """

    is_beta: int
    parts: int


class Pairs(NamedTuple):
    """Strings that differ by one electron's orbital.

    Attributes:
        pairs: int32[:, 2], (a, b): string a has orbital p where b has orbital q.
        start: int64[orbital pairs, 3], for each p > q the first entry with sign +, the first with sign −, and the end.
    """

    pairs: ShortIntegers
    start: Integers


class Turns(NamedTuple):
    """Plane rotations of pairs of orbitals, applied in order after the phases.

    Attributes:
        stretches: int64[turns, 2], the first entry of `Pairs.pairs` and the end, for each.
        angles: float64[turns, 3], cosine, and real and imaginary part of the sine, see `_row_code.turn_rows`.
        phases: float64[strings, 2], what multiplies each string, (re, im).
    """

    stretches: Integers
    angles: Floats
    phases: Floats


class SparseRows(NamedTuple):
    """A real symmetric matrix on the strings of one spin, row by row.

    Attributes:
        start: int64[rows + 1].
        columns: int32[:].
        values: float64[:].
    """

    start: Integers
    columns: ShortIntegers
    values: Floats


@njit
def _load(state: Floats, side: Side, number: int, tile: Floats) -> None:
    is_beta, parts = side
    if is_beta == 0:
        first = number * WIDTH
        count = min(WIDTH, state.shape[1] - first)
        for row in range(state.shape[0]):
            for k in range(count):
                tile[as_index(row), as_index(k)] = state[as_index(row), as_index(first + k)]
            for k in range(count, WIDTH):
                tile[as_index(row), as_index(k)] = 0.0
        return
    held = WIDTH // parts
    first = number * held
    count = min(held, state.shape[0] - first)
    for column in range(state.shape[1] // parts):
        for k in range(count):
            for part in range(parts):
                tile[as_index(column), as_index(parts * k + part)] = state[
                    as_index(first + k), as_index(parts * column + part)
                ]
        for k in range(count * parts, WIDTH):
            tile[as_index(column), as_index(k)] = 0.0


@njit
def _store(state: Floats, side: Side, number: int, tile: Floats, first_string: int, strings: int, adding: bool) -> None:
    """Write, or add, a tile's rows to as many strings of the state from one on."""
    is_beta, parts = side
    if is_beta == 0:
        first = number * WIDTH
        count = min(WIDTH, state.shape[1] - first)
        for row in range(strings):
            line = state[first_string + row]
            for k in range(count):
                value = tile[as_index(row), as_index(k)]
                if adding:
                    value += line[as_index(first + k)]
                line[as_index(first + k)] = value
        return
    held = WIDTH // parts
    first = number * held
    count = min(held, state.shape[0] - first)
    for column in range(strings):
        for k in range(count):
            line = state[first + k]
            for part in range(parts):
                value = tile[as_index(column), as_index(parts * k + part)]
                if adding:
                    value += line[as_index(parts * (first_string + column) + part)]
                line[as_index(parts * (first_string + column) + part)] = value


@njit
def _num_tiles(state: Floats, side: Side) -> int:
    is_beta, parts = side
    held = WIDTH // parts
    across, each = (state.shape[0], held) if is_beta else (state.shape[1], WIDTH)
    return (int(across) + each - 1) // each


@njit
def _multiply_strings(tile: Floats, phases: Floats, parts: int) -> None:
    for row in range(phases.shape[0]):
        real, imaginary = phases[row, 0], phases[row, 1]
        if parts == 1:
            for k in range(WIDTH):
                tile[as_index(row), as_index(k)] *= real
            continue
        for k in range(WIDTH // 2):
            x, y = tile[as_index(row), as_index(2 * k)], tile[as_index(row), as_index(2 * k + 1)]
            tile[as_index(row), as_index(2 * k)] = real * x - imaginary * y
            tile[as_index(row), as_index(2 * k + 1)] = real * y + imaginary * x


@njit
def turn_orbitals(
    state: Floats,
    lanes: Lanes,
    side: Side,
    pairs: Pairs,
    turns: Turns,
    scratch: Floats,
    progress: Integers,
    thread: int,
) -> None:
    """Multiply strings by phases and turn orbitals one after another, in place; each tile is a block.

    Args:
        state, side: see above.
        lanes: width of registers.
        pairs, turns: what to do.
        scratch: float64[threads, strings, WIDTH].
        progress: two counters.
        thread: number of this thread.
    """
    tile = scratch[thread]
    stretches, angles, phases = turns
    listed = pairs.pairs
    number, count = claim_block(progress), _num_tiles(state, side)
    while number < count:
        _load(state, side, number, tile)
        _multiply_strings(tile, phases, side.parts)
        for turn in range(stretches.shape[0]):
            cosine, sine, skew = angles[turn, 0], angles[turn, 1], angles[turn, 2]
            turn_rows(tile, lanes, listed, stretches[turn, 0], stretches[turn, 1], cosine, sine, skew)
        _store(state, side, number, tile, 0, tile.shape[0], False)
        finish_block(progress)
        number = claim_block(progress)
    wait_for_blocks(progress, count)


@njit
def apply_one_spin(
    out: Floats,
    state: Floats,
    lanes: Lanes,
    side: Side,
    rows: SparseRows,
    first: int,
    adding: bool,
    scratch: Floats,
    progress: Integers,
    thread: int,
) -> None:
    """Write a matrix on the strings of one spin, times the state, to `out`, or add it; each tile is a block.

    Args:
        out, state, side: see above.
        lanes: width of registers.
        rows: the matrix, or some consecutive rows of it.
        first: number of the first of these; other strings of `out` are not touched.
        adding: whether to add.
        scratch: float64[threads, strings + rows, WIDTH].
        progress: two counters.
        thread: number of this thread.
    """
    start, columns, values = rows
    count_rows = start.size - 1
    strings = scratch.shape[1] - count_rows
    tile, image = scratch[thread, :strings], scratch[thread, strings:]
    number, count = claim_block(progress), _num_tiles(state, side)
    while number < count:
        _load(state, side, number, tile)
        for row in range(count_rows):
            add_listed_rows(image, lanes, row, tile, columns, values, start[row], start[row + 1])
        _store(out, side, number, image, first, count_rows, adding)
        finish_block(progress)
        number = claim_block(progress)
    wait_for_blocks(progress, count)


@njit
def sum_pairs(
    bra: Floats,
    ket: Floats,
    lanes: Lanes,
    side: Side,
    pairs: Pairs,
    sums: Floats,
    norms: Floats,
    scratch: Floats,
    progress: Integers,
    thread: int,
) -> None:
    """Scalar products of the rows of tiles that pairs connect, summed over each block's tiles.

    Args:
        bra, ket, side: see above.
        lanes: width of registers.
        pairs: of strings.
        sums: float64[blocks, orbital pairs, 4], real parts of ⟨bra|a†_p a_q|ket⟩ and ⟨bra|a†_q a_p|ket⟩ for each p > q,
            then both imaginary parts; zeros before.
        norms: float64[blocks, strings, 2], real and imaginary parts of the products of equal rows; zeros before.
        scratch: float64[threads, 2 * strings, WIDTH].
        progress: two counters.
        thread: number of this thread.
    """
    listed, start = pairs
    strings = norms.shape[1]
    left, right = scratch[thread, :strings], scratch[thread, strings:]
    tiles, blocks = _num_tiles(ket, side), sums.shape[0]
    block = claim_block(progress)
    while block < blocks:
        for number in range(block * tiles // blocks, (block + 1) * tiles // blocks):
            _load(bra, side, number, left)
            _load(ket, side, number, right)
            for pair in range(start.shape[0]):
                plus = dot_rows(left, lanes, right, listed, start[pair, 0], start[pair, 1], (0.0, 0.0, 0.0, 0.0))
                minus = dot_rows(left, lanes, right, listed, start[pair, 1], start[pair, 2], (0.0, 0.0, 0.0, 0.0))
                for k in range(4):
                    sums[block, pair, k] += plus[k] - minus[k]
            for row in range(strings):
                real, imaginary = 0.0, 0.0
                for k in range(WIDTH // 2):
                    a, b = left[as_index(row), as_index(2 * k)], left[as_index(row), as_index(2 * k + 1)]
                    x, y = right[as_index(row), as_index(2 * k)], right[as_index(row), as_index(2 * k + 1)]
                    real += a * x + b * y
                    imaginary += a * y - b * x
                norms[block, row, 0] += real
                norms[block, row, 1] += imaginary
        finish_block(progress)
        block = claim_block(progress)
    wait_for_blocks(progress, blocks)
