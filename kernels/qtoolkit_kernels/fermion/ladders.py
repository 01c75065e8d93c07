"""Sums of products of one ladder operator for each spin: S₊ and S₋ on states as in `tiles`."""

from typing import NamedTuple

from qtoolkit_kernels._bits import as_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Floats, Integers, ShortIntegers
from qtoolkit_kernels.threads import claim_block, finish_block, wait_for_blocks

__all__ = ["Ladders", "apply_ladders"]


class Ladders(NamedTuple):
    """Strings before and after a ladder operator of each orbital.

    Attributes:
        row_start: int64[alpha strings after + 1].
        rows: int32[:, 3], (alpha string before, orbital, sign) for each string after, by string.
        column_start: int64[n, 3], for each orbital the first entry with sign +, the first with sign −, and the end.
        columns: int32[:, 2], (beta string before, after).
    """

    row_start: Integers
    rows: ShortIntegers
    column_start: Integers
    columns: ShortIntegers


@njit
def _add_columns(
    out: Floats, state: Floats, columns: ShortIntegers, first: int, last: int, parts: int, sign: float
) -> None:
    for t in range(first, last):
        source, target = columns[as_index(t), 0], columns[as_index(t), 1]
        for part in range(parts):
            out[as_index(parts * target + part)] += sign * state[as_index(parts * source + part)]


@njit
def apply_ladders(
    out: Floats, state: Floats, parts: int, ladders: Ladders, blocks: int, progress: Integers, thread: int
) -> None:
    """Write Σ_p A_p B_p on a state to `out`, with ladder operators A_p of alpha and B_p of beta electrons.

    Args:
        out: float64[alpha strings after, beta strings after * parts].
        state: float64[alpha strings before, beta strings before * parts].
        parts: 2 for complex amplitudes, 1 for real ones.
        ladders: A and B.
        blocks: of rows of `out`.
        progress: two counters.
        thread: number of this thread.
    """
    row_start, rows, column_start, columns = ladders
    strings = out.shape[0]
    block = claim_block(progress)
    while block < blocks:
        for row in range(block * strings // blocks, (block + 1) * strings // blocks):
            image = out[row]
            for k in range(image.size):
                image[as_index(k)] = 0.0
            for entry in range(row_start[row], row_start[row + 1]):
                source, p, sign = rows[entry, 0], rows[entry, 1], float(rows[entry, 2])
                begin, split, end = column_start[p, 0], column_start[p, 1], column_start[p, 2]
                _add_columns(image, state[source], columns, begin, split, parts, sign)
                _add_columns(image, state[source], columns, split, end, parts, -sign)
        finish_block(progress)
        block = claim_block(progress)
    wait_for_blocks(progress, blocks)
