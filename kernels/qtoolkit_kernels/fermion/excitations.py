"""Exact excitations on matrices of alpha by beta strings: plane rotations of pairs of amplitudes, many in one call.

An excitation connects strings of one spin or of both. Where it moves electrons of one spin, its list names the strings
before and after, and each pair of them rotates in all columns (alpha) or in all rows (beta). Where it moves both, each
pair of rows rotates in each pair of columns. The sign of a pair turns its angle round.

A program is a list of *groups* of rotations that follow each other, each of one kind:

| kind | its rotations | lanes of a line | work items |
|---|---|---|---|
| ALPHA | move alpha electrons | eight numbers of a row | lines of a row |
| BETA | move beta electrons | rows | lines of rows |
| SAME_ALPHA | move both, with one list of alpha strings | pairs of rows | lines of pairs |
| SAME_BETA | move both, with one list of beta strings | pairs of columns | lines of pairs |
| ALPHA_ALONE | one, as ALPHA | | pairs of rows |
| BETA_ALONE | one, as BETA | | rows |
| BOTH_ALONE | one, of both | | pairs of rows |

The first four fill lines of eight numbers (`_lines`), one for each string or two for each where pairs are rows or
columns, rotate them for all of the group's excitations while they lie in the cache, and write them back. The others
rotate amplitudes where they are. In all of them each amplitude sees the rotations in their order.

Cost for each pair of real amplitudes: 4 multiply-adds, or 10 for two vectors and the derivative's sum.

Threads enter the kernels together (`threads.Team`) and share the tasks of a group, which are fixed ranges of its items,
through two counters for each group, or not at all if `progress` is empty.
"""

from typing import NamedTuple

import numpy as np

from qtoolkit_kernels._bits import as_index
from qtoolkit_kernels._jit import njit, reduction_njit
from qtoolkit_kernels._types import Floats, Integers, ShortIntegers
from qtoolkit_kernels.fermion._lines import (
    LINE,
    load_complex,
    load_real,
    load_strided,
    store_complex,
    store_real,
    store_strided,
    turn_lines,
    turn_lines_back,
    turn_runs,
    turn_runs_back,
)
from qtoolkit_kernels.threads import add_to_counter, is_stopped, wait_for_counter

__all__ = [
    "ALPHA", "ALPHA_ALONE", "BETA", "BETA_ALONE", "BOTH_ALONE", "SAME_ALPHA", "SAME_BETA", "Excitations",
    "turn", "turn_back",
]  # fmt: skip

ALPHA, BETA, SAME_ALPHA, SAME_BETA, ALPHA_ALONE, BETA_ALONE, BOTH_ALONE = range(7)


class Excitations(NamedTuple):
    """A program, apart from its angles.

    Attributes:
        groups: int64[:, 3], (kind, first rotation, last rotation).
        lists_of: int64[rotations, 2], the lists of alpha and of beta strings; -1 for a spin that is not touched.
        lists: int64[:, 3], (first, first of negative sign, last) entry of each list.
        pairs: int32[:, 2], strings before and after; no string occurs twice in a list.
    """

    groups: Integers
    lists_of: Integers
    lists: Integers
    pairs: ShortIntegers


@njit
def _num_items(group: int, program: Excitations, rows: int, numbers: int, width: int) -> int:
    """Work items of a group, on states of so many rows of so many numbers, `width` of them for each amplitude."""
    groups, lists_of, lists, _ = program
    kind, rotation = groups[group, 0], groups[group, 1]
    lanes = LINE // width
    if kind == ALPHA:
        return int((numbers + LINE - 1) // LINE)
    if kind == BETA:
        return int((rows + lanes - 1) // lanes)
    if kind == BETA_ALONE:
        return int(rows)
    held = lists_of[rotation, 1 if kind == SAME_BETA else 0]
    count = lists[held, 2] - lists[held, 0]
    return int((count + lanes - 1) // lanes if kind in (SAME_ALPHA, SAME_BETA) else count)


@njit
def _load_rows(state: Floats, width: int, chosen: Integers, signs: Floats, lines: Floats, at: int) -> None:
    """Fill a line for each column, from number `at` on, with so many chosen rows, times a sign for each lane."""
    count, numbers = LINE // width, state.shape[1]
    columns = numbers // width
    starts = chosen * numbers
    whole = columns // count * count
    if width == 1:
        load_real(state, starts, np.int64(0), whole, lines, at, signs)
    else:
        load_complex(state, starts, np.int64(0), whole, lines, at, signs)
    for column in range(whole, columns):
        for lane in range(LINE):
            value = state[chosen[lane // width], column * width + lane % width]
            lines[as_index((at + column) * LINE + lane)] = signs[lane] * value


@njit
def _store_rows(state: Floats, width: int, chosen: Integers, signs: Floats, lines: Floats, at: int) -> None:
    """Undo `_load_rows`."""
    count, numbers = LINE // width, state.shape[1]
    columns = numbers // width
    starts = chosen * numbers
    whole = columns // count * count
    if width == 1:
        store_real(state, starts, np.int64(0), whole, lines, at, signs)
    else:
        store_complex(state, starts, np.int64(0), whole, lines, at, signs)
    for column in range(whole, columns):
        for k in range(LINE):
            lane = LINE - 1 - k
            value = lines[as_index((at + column) * LINE + lane)]
            state[chosen[lane // width], column * width + lane % width] = signs[lane] * value


@njit
def _load_numbers(state: Floats, chosen: Integers, signs: Floats, lines: Floats, at: int) -> None:
    """Fill a line for each row, from number `at` on, with chosen numbers of the row, times a sign for each lane."""
    for row in range(state.shape[0]):
        start = (at + row) * LINE
        for lane in range(LINE):
            lines[as_index(start + lane)] = signs[lane] * state[row, as_index(chosen[lane])]


@njit
def _store_numbers(state: Floats, chosen: Integers, signs: Floats, lines: Floats, at: int) -> None:
    """Undo `_load_numbers`."""
    for row in range(state.shape[0]):
        start = (at + row) * LINE
        for k in range(LINE):
            lane = LINE - 1 - k
            state[row, as_index(chosen[lane])] = signs[lane] * lines[as_index(start + lane)]


@njit
def _choose(
    group: int, item: int, program: Excitations, rows: int, numbers: int, width: int, chosen: Integers, signs: Floats
) -> None:
    """Which rows or numbers an item's lanes hold before (`chosen[0]`) and after (`chosen[1]`), and their signs.

    Lanes without any hold those of lane 0, times zero.
    """
    groups, lists_of, lists, pairs = program
    kind, rotation = groups[group, 0], groups[group, 1]
    signs[1, :] = 1.0
    if kind == ALPHA:
        for lane in range(LINE):
            number = item * LINE + lane
            chosen[0, lane] = number if number < numbers else item * LINE
            signs[0, lane] = 1.0 if number < numbers else 0.0
        return
    lanes = LINE // width
    if kind == BETA:
        for k in range(lanes):
            row = item * lanes + k
            chosen[0, k] = row if row < rows else item * lanes
            for lane in range(k * width, (k + 1) * width):
                signs[0, lane] = 1.0 if row < rows else 0.0
        return
    held = lists_of[rotation, 1 if kind == SAME_BETA else 0]
    first, negative, last = lists[held, 0], lists[held, 1], lists[held, 2]
    for k in range(lanes):
        entry = first + item * lanes + k
        there = entry < last
        entry = entry if there else first + item * lanes
        for lane in range(k * width, (k + 1) * width):
            signs[0, lane] = (-1.0 if entry >= negative else 1.0) if there else 0.0
            signs[1, lane] = 1.0 if there else 0.0
        for side in range(2):
            if kind == SAME_ALPHA:
                chosen[side, k] = pairs[entry, side]
            else:
                for lane in range(width):
                    chosen[side, k * width + lane] = pairs[entry, side] * width + lane


@njit
def _load(kind: int, state: Floats, width: int, chosen: Integers, signs: Floats, lines: Floats) -> None:
    """Fill the lines of an item."""
    rows, numbers = state.shape
    for side in range(1 if kind in (ALPHA, BETA) else 2):
        if kind in (BETA, SAME_ALPHA):
            _load_rows(state, width, chosen[side], signs[side], lines, side * (numbers // width))
        elif kind == ALPHA and signs[0, LINE - 1] != 0.0:
            load_strided(state, chosen[0, 0], numbers, rows, lines)
        else:
            _load_numbers(state, chosen[side], signs[side], lines, side * rows)


@njit
def _store(kind: int, state: Floats, width: int, chosen: Integers, signs: Floats, lines: Floats) -> None:
    """Write the lines of an item back."""
    rows, numbers = state.shape
    for side in range(1 if kind in (ALPHA, BETA) else 2):
        if kind in (BETA, SAME_ALPHA):
            _store_rows(state, width, chosen[side], signs[side], lines, side * (numbers // width))
        elif kind == ALPHA and signs[0, LINE - 1] != 0.0:
            store_strided(state, chosen[0, 0], numbers, rows, lines)
        else:
            _store_numbers(state, chosen[side], signs[side], lines, side * rows)


@njit
def _running_list(kind: int, rotation: int, lists_of: Integers) -> int:
    """The list of what differs between lines."""
    return int(lists_of[rotation, 0 if kind in (ALPHA, SAME_BETA) else 1])


@njit
def _shift(kind: int, rows: int, columns: int) -> int:
    """How many lines lie between those of a string before and after."""
    if kind == SAME_ALPHA:
        return columns
    return rows if kind == SAME_BETA else 0


@njit
def _turn_rows(state: Floats, source: int, target: int, cosine: float, sine: float) -> None:
    """Rotate two rows."""
    numbers = state.shape[1]
    whole = numbers // LINE * LINE
    turn_runs(state, source * numbers, target * numbers, whole, cosine, sine)
    for k in range(whole, numbers):
        a, b = state[source, as_index(k)], state[target, as_index(k)]
        state[source, as_index(k)] = cosine * a - sine * b
        state[target, as_index(k)] = cosine * b + sine * a


@njit
def _turn_rows_back(ket: Floats, bra: Floats, source: int, target: int, cosine: float, sine: float) -> float:
    """Undo `_turn_rows` on two vectors, and return the sum of bra_t ket_s - bra_s ket_t before that."""
    numbers = ket.shape[1]
    whole = numbers // LINE * LINE
    slope: float = turn_runs_back(ket, bra, source * numbers, target * numbers, whole, cosine, sine)
    for k in range(whole, numbers):
        ket_a, ket_b = ket[source, as_index(k)], ket[target, as_index(k)]
        bra_a, bra_b = bra[source, as_index(k)], bra[target, as_index(k)]
        slope += bra_b * ket_a - bra_a * ket_b
        ket[source, as_index(k)], ket[target, as_index(k)] = (
            cosine * ket_a + sine * ket_b,
            cosine * ket_b - sine * ket_a,
        )
        bra[source, as_index(k)], bra[target, as_index(k)] = (
            cosine * bra_a + sine * bra_b,
            cosine * bra_b - sine * bra_a,
        )
    return slope


@njit
def _number(pairs: ShortIntegers, entry: int, side: int) -> int:
    """A string of an entry."""
    return int(np.int64(pairs[as_index(entry), side]))


@njit
def _turn_entries(
    state: Floats,
    source: int,
    target: int,
    pairs: ShortIntegers,
    first: int,
    last: int,
    width: int,
    cosine: float,
    sine: float,
) -> None:
    """Rotate the pairs of columns of some entries, in one row or two."""
    for entry in range(first, last):
        left, right = _number(pairs, entry, 0) * width, _number(pairs, entry, 1) * width
        for k in range(width):
            a, b = state[source, as_index(left + k)], state[target, as_index(right + k)]
            state[source, as_index(left + k)] = cosine * a - sine * b
            state[target, as_index(right + k)] = cosine * b + sine * a


@reduction_njit
def _turn_entries_back(
    ket: Floats,
    bra: Floats,
    source: int,
    target: int,
    pairs: ShortIntegers,
    first: int,
    last: int,
    width: int,
    cosine: float,
    sine: float,
) -> float:
    """Undo `_turn_entries` on two vectors, and return the sum of bra_t ket_s - bra_s ket_t before that."""
    slope = 0.0
    for entry in range(first, last):
        left, right = _number(pairs, entry, 0) * width, _number(pairs, entry, 1) * width
        for k in range(width):
            a, b = as_index(left + k), as_index(right + k)
            ket_a, ket_b, bra_a, bra_b = ket[source, a], ket[target, b], bra[source, a], bra[target, b]
            slope += bra_b * ket_a - bra_a * ket_b
            ket[source, a], ket[target, b] = cosine * ket_a + sine * ket_b, cosine * ket_b - sine * ket_a
            bra[source, a], bra[target, b] = cosine * bra_a + sine * bra_b, cosine * bra_b - sine * bra_a
    return slope


@njit
def _places(kind: int, rotation: int, item: int, program: Excitations) -> tuple[int, int, float, int, int, int]:
    """The rows before and after of an item of a rotation alone, their sign, and the list of its columns."""
    _, lists_of, lists, pairs = program
    source, target, sign = item, item, 1.0
    if kind != BETA_ALONE:
        held = lists_of[rotation, 0]
        entry = lists[held, 0] + item
        source, target = _number(pairs, entry, 0), _number(pairs, entry, 1)
        sign = -1.0 if entry >= lists[held, 1] else 1.0
    if kind == ALPHA_ALONE:
        return source, target, sign, 0, 0, 0
    held = lists_of[rotation, 1]
    return source, target, sign, lists[held, 0], lists[held, 1], lists[held, 2]


@njit
def _turn_alone(
    kind: int, rotation: int, item: int, state: Floats, width: int, program: Excitations, cosine: float, sine: float
) -> None:
    source, target, sign, first, negative, last = _places(kind, rotation, item, program)
    sine *= sign
    if kind == ALPHA_ALONE:
        _turn_rows(state, source, target, cosine, sine)
        return
    _turn_entries(state, source, target, program.pairs, first, negative, width, cosine, sine)
    _turn_entries(state, source, target, program.pairs, negative, last, width, cosine, -sine)


@njit
def _turn_alone_back(
    kind: int,
    rotation: int,
    item: int,
    ket: Floats,
    bra: Floats,
    width: int,
    program: Excitations,
    cosine: float,
    sine: float,
) -> float:
    source, target, sign, first, negative, last = _places(kind, rotation, item, program)
    pairs = program.pairs
    sine *= sign
    if kind == ALPHA_ALONE:
        return sign * _turn_rows_back(ket, bra, source, target, cosine, sine)
    slope = _turn_entries_back(ket, bra, source, target, pairs, first, negative, width, cosine, sine)
    slope -= _turn_entries_back(ket, bra, source, target, pairs, negative, last, width, cosine, -sine)
    return sign * slope


@njit
def turn(
    state: Floats,
    width: int,
    program: Excitations,
    angles: Floats,
    num_tasks: int,
    scratch: Floats,
    progress: Integers,
    thread: int,
) -> None:
    """Rotate by all excitations of a program, in place.

    Args:
        state: float64[alpha strings, beta strings * width].
        width: 1, or 2 for complex states.
        program: what rotates.
        angles: float64[rotations, 2], cosines and sines.
        num_tasks: into how many tasks the items of a group are divided, at most.
        scratch: float64[threads, :], with room for the lines of an item in each row.
        progress, thread: see `threads`.
    """
    groups, lists_of, lists, pairs = program
    rows, numbers = state.shape
    chosen, signs = np.zeros((2, LINE), np.int64), np.zeros((2, LINE))
    shared = progress.shape[0] > 0
    for group in range(groups.shape[0]):
        kind, first, last = groups[group, 0], groups[group, 1], groups[group, 2]
        items = _num_items(group, program, rows, numbers, width)
        tasks = min(items, num_tasks)
        shift = _shift(kind, rows, numbers // width)
        task = add_to_counter(progress, 2 * group, 1) if shared else 0
        while task < tasks:
            for item in range(task * items // tasks, (task + 1) * items // tasks):
                if shared and is_stopped(progress, 2 * group):
                    break
                if kind >= ALPHA_ALONE:
                    _turn_alone(kind, first, item, state, width, program, angles[first, 0], angles[first, 1])
                    continue
                _choose(group, item, program, rows, numbers, width, chosen, signs)
                lines = scratch[thread]
                _load(kind, state, width, chosen, signs, lines)
                for rotation in range(first, last):
                    held = _running_list(kind, rotation, lists_of)
                    cosine, sine = angles[rotation, 0], angles[rotation, 1]
                    turn_lines(lines, pairs, lists[held, 0], lists[held, 1], shift, cosine, sine)
                    turn_lines(lines, pairs, lists[held, 1], lists[held, 2], shift, cosine, -sine)
                _store(kind, state, width, chosen, signs, lines)
            if shared:
                add_to_counter(progress, 2 * group + 1, 1)
                task = add_to_counter(progress, 2 * group, 1)
            else:
                task += 1
        if shared:
            wait_for_counter(progress, 2 * group + 1, tasks)


@njit
def turn_back(
    ket: Floats,
    bra: Floats,
    width: int,
    program: Excitations,
    angles: Floats,
    sums: Floats,
    scratch: Floats,
    progress: Integers,
    thread: int,
) -> None:
    """Undo `turn` on two vectors, the last excitation first, and sum what derivatives need.

    With a = ±1 the sign of a pair of amplitudes (s, t), what is added to `sums` is Σ a Re(λ_t* ψ_s - λ_s* ψ_t), half
    the derivative of ⟨λ|ψ⟩ + c.c. by the angle.

    Args:
        ket, bra: ψ and λ, float64[alpha strings, beta strings * width].
        width, program, angles: as of `turn`.
        sums: float64[rotations, tasks], zeros.
        scratch: float64[threads, :], with room for twice the lines of an item in each row.
        progress, thread: see `threads`.
    """
    groups, lists_of, lists, pairs = program
    rows, numbers = ket.shape
    chosen, signs = np.zeros((2, LINE), np.int64), np.zeros((2, LINE))
    half = scratch.shape[1] // 2
    shared = progress.shape[0] > 0
    for step in range(groups.shape[0]):
        group = groups.shape[0] - 1 - step
        kind, first, last = groups[group, 0], groups[group, 1], groups[group, 2]
        items = _num_items(group, program, rows, numbers, width)
        tasks = min(items, sums.shape[1])
        shift = _shift(kind, rows, numbers // width)
        task = add_to_counter(progress, 2 * step, 1) if shared else 0
        while task < tasks:
            for item in range(task * items // tasks, (task + 1) * items // tasks):
                if shared and is_stopped(progress, 2 * step):
                    break
                if kind >= ALPHA_ALONE:
                    cosine, sine = angles[first, 0], angles[first, 1]
                    sums[first, task] += _turn_alone_back(kind, first, item, ket, bra, width, program, cosine, sine)
                    continue
                _choose(group, item, program, rows, numbers, width, chosen, signs)
                ket_lines, bra_lines = scratch[thread, :half], scratch[thread, half:]
                _load(kind, ket, width, chosen, signs, ket_lines)
                _load(kind, bra, width, chosen, signs, bra_lines)
                for k in range(last - first):
                    rotation = last - 1 - k
                    held = _running_list(kind, rotation, lists_of)
                    begin, negative, end = lists[held, 0], lists[held, 1], lists[held, 2]
                    cosine, sine = angles[rotation, 0], angles[rotation, 1]
                    slope = turn_lines_back(ket_lines, bra_lines, pairs, begin, negative, shift, cosine, sine)
                    slope -= turn_lines_back(ket_lines, bra_lines, pairs, negative, end, shift, cosine, -sine)
                    sums[rotation, task] += slope
                _store(kind, ket, width, chosen, signs, ket_lines)
                _store(kind, bra, width, chosen, signs, bra_lines)
            if shared:
                add_to_counter(progress, 2 * step + 1, 1)
                task = add_to_counter(progress, 2 * step, 1)
            else:
                task += 1
        if shared:
            wait_for_counter(progress, 2 * step + 1, tasks)
