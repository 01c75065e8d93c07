"""Phases that depend on the occupations of orbitals, on states of complex amplitudes, and what derivatives need.

The amplitude of alpha string I and beta string K is multiplied by e^{i f_I} e^{i g_K} Π_{q in K} u_q(I). A beta string
is cut into high and low orbitals: strings with the same high part stand side by side, and their low parts are all
patterns of one weight. So for each alpha string, the product is one of two numbers from short tables.

Threads enter the kernels together and share blocks of alpha strings through two counters.
"""

from typing import NamedTuple

from qtoolkit_kernels._bits import as_index, lowest_index
from qtoolkit_kernels._jit import njit, reduction_njit
from qtoolkit_kernels._types import Floats, Integers
from qtoolkit_kernels.threads import claim_block, finish_block, wait_for_blocks

__all__ = ["Cut", "Phases", "turn_phases", "turn_phases_back"]


class Cut(NamedTuple):
    """Beta strings, cut into high and low orbitals.

    Attributes:
        parts: int64[high parts + low parts, 2], (pattern, predecessor): the occupied orbitals as bits, and where the
            pattern without its lowest orbital stands, which is before, or −1 for nowhere.
        runs: int64[high parts, 3], (first beta string, number of strings, place of the first low part).
        bits: float64[n, high parts + low parts], 1 where a pattern has an orbital.
    """

    parts: Integers
    runs: Integers
    bits: Floats


class Phases(NamedTuple):
    """What multiplies amplitudes, as (re, im) one after another.

    Attributes:
        rows: float64[alpha strings * 2], e^{i f_I}.
        columns: float64[beta strings * 2], e^{i g_K}.
        units: float64[alpha strings, n * 2], u_q(I).
    """

    rows: Floats
    columns: Floats
    units: Floats


@njit
def _fill(table: Floats, cut: Cut, phases: Phases, row: int) -> None:
    """The products of each part; those of the high parts times the row's phase."""
    parts, units = cut.parts, phases.units
    for k in range(parts.shape[0]):
        pattern, place = parts[k, 0], parts[k, 1]
        real, imaginary = 1.0, 0.0
        if place >= 0:
            real, imaginary = table[2 * place], table[2 * place + 1]
        while pattern:
            q = lowest_index(pattern)
            x, y = units[row, 2 * q], units[row, 2 * q + 1]
            real, imaginary = real * x - imaginary * y, real * y + imaginary * x
            pattern = 0 if place >= 0 else pattern & (pattern - 1)
        table[2 * k], table[2 * k + 1] = real, imaginary
    x, y = phases.rows[2 * row], phases.rows[2 * row + 1]
    for k in range(cut.runs.shape[0]):
        real, imaginary = table[2 * k], table[2 * k + 1]
        table[2 * k], table[2 * k + 1] = real * x - imaginary * y, real * y + imaginary * x


@njit
def _turn_run(amplitudes: Floats, low: Floats, columns: Floats, count: int, x: float, y: float) -> None:
    """Multiply amplitudes by low parts, by phases of columns and by one number; all as (re, im) one after another."""
    for j in range(count):
        at, next_to = as_index(2 * j), as_index(2 * j + 1)
        a, b = low[at], low[next_to]
        c, d = columns[at], columns[next_to]
        e, f = a * c - b * d, a * d + b * c
        a, b = e * x - f * y, e * y + f * x
        c, d = amplitudes[at], amplitudes[next_to]
        amplitudes[at] = a * c - b * d
        amplitudes[next_to] = a * d + b * c


@reduction_njit
def _currents(bra: Floats, ket: Floats, count: int, low: Floats, columns: Floats) -> float:
    """Add Im(λ* ψ) to the sums of low parts and of columns, and return their sum."""
    total = 0.0
    for j in range(count):
        at, next_to = as_index(2 * j), as_index(2 * j + 1)
        current = bra[at] * ket[next_to] - bra[next_to] * ket[at]
        low[as_index(j)] += current
        columns[as_index(j)] += current
        total += current
    return total


@reduction_njit
def _dot(a: Floats, b: Floats) -> float:
    total = 0.0
    for k in range(a.size):
        total += a[as_index(k)] * b[as_index(k)]
    return total


@njit
def turn_phases(
    state: Floats, cut: Cut, phases: Phases, blocks: int, tables: Floats, progress: Integers, thread: int
) -> None:
    """Multiply a state by phases, in place.

    Args:
        state: float64[alpha strings, beta strings * 2].
        cut, phases: see there.
        blocks: of alpha strings.
        tables: float64[threads, 2 * parts].
        progress: two counters.
        thread: number of this thread.
    """
    table, strings, runs, columns = tables[thread], state.shape[0], cut.runs, phases.columns
    block = claim_block(progress)
    while block < blocks:
        for row in range(block * strings // blocks, (block + 1) * strings // blocks):
            _fill(table, cut, phases, row)
            for k in range(runs.shape[0]):
                first, count, low = runs[k, 0], runs[k, 1], runs[k, 2]
                x, y = table[2 * k], table[2 * k + 1]
                _turn_run(state[row, 2 * first :], table[2 * low :], columns[2 * first :], count, x, y)
        finish_block(progress)
        block = claim_block(progress)
    wait_for_blocks(progress, blocks)


@njit
def turn_phases_back(
    ket: Floats,
    bra: Floats,
    cut: Cut,
    phases: Phases,
    by_row: Floats,
    by_column: Floats,
    tables: Floats,
    progress: Integers,
    thread: int,
) -> None:
    """Multiply two states by phases, in place, and sum Im(λ* ψ), which stays the same.

    Args:
        ket, bra: ψ and λ, float64[alpha strings, beta strings * 2].
        cut, phases: see there.
        by_row: float64[alpha strings, n + 1]; for each orbital q, the sum over the beta strings that have it, and last
            that over all.
        by_column: float64[blocks, beta strings], sums over the alpha strings of each block; zeros before.
        tables: float64[threads, 3 * parts].
        progress: two counters.
        thread: number of this thread.
    """
    size, strings, runs = cut.parts.shape[0], ket.shape[0], cut.runs
    table, sums, columns = tables[thread, : 2 * size], tables[thread, 2 * size :], phases.columns
    blocks, norb = by_column.shape[0], cut.bits.shape[0]
    block = claim_block(progress)
    while block < blocks:
        column_sums = by_column[block]
        for row in range(block * strings // blocks, (block + 1) * strings // blocks):
            _fill(table, cut, phases, row)
            for k in range(size):
                sums[k] = 0.0
            total = 0.0
            for k in range(runs.shape[0]):
                first, count, low = runs[k, 0], runs[k, 1], runs[k, 2]
                left, right = bra[row, 2 * first :], ket[row, 2 * first :]
                sums[k] = _currents(left, right, count, sums[low:], column_sums[first:])
                total += sums[k]
                x, y = table[2 * k], table[2 * k + 1]
                _turn_run(left, table[2 * low :], columns[2 * first :], count, x, y)
                _turn_run(right, table[2 * low :], columns[2 * first :], count, x, y)
            for q in range(norb):
                by_row[row, q] = _dot(cut.bits[q], sums)
            by_row[row, norb] = total
        finish_block(progress)
        block = claim_block(progress)
    wait_for_blocks(progress, blocks)
