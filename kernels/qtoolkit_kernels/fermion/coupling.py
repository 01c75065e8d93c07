"""The repulsion between electrons of opposite spins, on states as in `tiles`.

Σ V_kr A_k B_r, with A_k and B_r the symmetric moves of an electron between two orbitals, of alpha and of beta. For each
alpha string, rows of the state that A_k brings there are combined by one small matrix product, whose columns r are then
moved by B_r. Moves that V connects, directly or through others, form groups: products run over one group at a time.
P. Knowles and N. Handy, Chem. Phys. Lett. 111, 315 (1984), with the moves that a string allows in place of all.
"""

from typing import NamedTuple

import numpy as np

from qtoolkit_kernels._bits import as_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Floats, Integers, ShortIntegers
from qtoolkit_kernels.fermion._row_code import combine_rows_1, combine_rows_2, combine_rows_3
from qtoolkit_kernels.threads import claim_block, finish_block, wait_for_blocks
from qtoolkit_kernels.vector.lanes import Lanes

__all__ = ["Coupling", "add_coupling"]


class Coupling(NamedTuple):
    """The matrix V and the moves of both spins.

    Attributes:
        values: float64[alpha moves, width], V by rows; columns come by groups, each filled up with zeros to whole
            registers of 8.
        columns: int64[groups + 1], where the columns of each group begin.
        occupied_moves: int64[n], the row of V of A = n_p for each orbital p, or -1; they are of group 0.
        source_start: int64[alpha strings, groups + 1], the first entry for each group and the end.
        sources: int32[:, 2], (string, move) with move + 1, or its negative where the sign is −.
        target_start: int64[beta strings, 3], the first entry with sign +, the first with sign −, and the end.
        targets: int32[:, 2], (string, column): where a beta string goes.
        alpha_strings: int64[:], occupied orbitals as bits.
    """

    values: Floats
    columns: Integers
    occupied_moves: Integers
    source_start: Integers
    sources: ShortIntegers
    target_start: Integers
    targets: ShortIntegers
    alpha_strings: Integers


@njit
def _fill_panel(coupling: Coupling, string: int, columns: int, panel: Floats, rows: Integers, ends: Integers) -> None:
    """Coefficients of the rows that come to an alpha string, and where these begin, group by group."""
    values, starts, occupied_moves, source_start, sources = coupling[:5]
    bits = coupling.alpha_strings[string]
    place = 0
    for group in range(starts.size - 1):
        first, last = starts[group], starts[group + 1]
        if group == 0:
            for r in range(first, last):
                panel[as_index(0), as_index(r)] = 0.0
            for p in range(occupied_moves.size):
                move = occupied_moves[p]
                if bits >> p & 1 and move >= 0:
                    for r in range(first, last):
                        panel[as_index(0), as_index(r)] += values[as_index(move), as_index(r)]
            rows[0], place = string * columns, 1
        for entry in range(source_start[string, group], source_start[string, group + 1]):
            signed = sources[entry, 1]
            move, sign = abs(signed) - 1, 1.0 if signed > 0 else -1.0
            for r in range(first, last):
                panel[as_index(place), as_index(r)] = sign * values[as_index(move), as_index(r)]
            rows[place] = sources[entry, 0] * columns
            place += 1
        ends[group] = place


@njit
def _combine(
    out: Floats,
    lanes: Lanes,
    state: Floats,
    panel: Floats,
    rows: Integers,
    ends: Integers,
    starts: Integers,
    register: int,
    base: int,
    count: int,
) -> None:
    """All groups' matrix products, for `count` columns of the state from `base` on."""
    stride, first = panel.shape[1], 0
    for group in range(starts.size - 1):
        column, last = starts[group], ends[group]
        while column < starts[group + 1]:
            left = (starts[group + 1] - column) // register
            if left >= 3:
                combine_rows_3(out, lanes, state, rows, first, last, panel, count, (stride, column, base))
                column += 3 * register
            elif left == 2:
                combine_rows_2(out, lanes, state, rows, first, last, panel, count, (stride, column, base))
                column += 2 * register
            else:
                combine_rows_1(out, lanes, state, rows, first, last, panel, count, (stride, column, base))
                column += register
        first = last


@njit
def _move(images: Floats, coupling: Coupling, parts: int, first: int, count: int, out: Floats) -> None:
    """Add what B makes of beta strings to a row of the state."""
    target_start, targets = coupling.target_start, coupling.targets
    for k in range(count):
        begin, split, end = target_start[first + k, 0], target_start[first + k, 1], target_start[first + k, 2]
        for part in range(parts):
            image = images[parts * k + part]
            for entry in range(begin, split):
                target, column = targets[as_index(entry), 0], targets[as_index(entry), 1]
                out[as_index(parts * target + part)] += image[as_index(column)]
            for entry in range(split, end):
                target, column = targets[as_index(entry), 0], targets[as_index(entry), 1]
                out[as_index(parts * target + part)] -= image[as_index(column)]


@njit
def add_coupling(
    out: Floats,
    state: Floats,
    lanes: Lanes,
    register: int,
    parts: int,
    coupling: Coupling,
    strings_per_block: int,
    images: Floats,
    panels: Floats,
    progress: Integers,
    thread: int,
) -> None:
    """Add V on the state to `out`; a block is some alpha strings.

    Args:
        out, state: float64[alpha strings, beta strings * parts].
        lanes: width of registers.
        register: numbers in one.
        parts: 2 for complex amplitudes, 1 for real ones.
        coupling: V.
        strings_per_block: of alpha.
        images: float64[threads, columns at a time, width], a multiple of `parts`.
        panels: float64[threads, most rows, width].
        progress: two counters.
        thread: number of this thread.
    """
    image, panel = images[thread], panels[thread]
    starts = coupling.columns
    rows, ends = np.empty(panel.shape[0], np.int64), np.empty(starts.size, np.int64)
    strings, columns = state.shape
    blocks = (strings + strings_per_block - 1) // strings_per_block
    block = claim_block(progress)
    while block < blocks:
        for string in range(block * strings_per_block, min(strings, (block + 1) * strings_per_block)):
            _fill_panel(coupling, string, columns, panel, rows, ends)
            for base in range(0, columns, image.shape[0]):
                count = min(image.shape[0], columns - base)
                _combine(image, lanes, state, panel, rows, ends, starts, register, base, count)
                _move(image, coupling, parts, base // parts, count // parts, out[string])
        finish_block(progress)
        block = claim_block(progress)
    wait_for_blocks(progress, blocks)
