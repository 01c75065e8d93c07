"""Excitations that follow each other in a program, run by one kernel."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.simulators.fermion.excitation_tables import ListKey, Tables, bytes_of_lists, tables_of
from qtoolkit.simulators.fermion.operations import ExcitationRotation
from qtoolkit.simulators.fermion.sector import FermionSector
from qtoolkit.simulators.memory import ThreadArrays
from qtoolkit_kernels._jit import compile_ahead
from qtoolkit_kernels.fermion import excitations as kernels
from qtoolkit_kernels.fermion._lines import LINE
from qtoolkit_kernels.team import Team
from qtoolkit_kernels.threads import counters

__all__ = ["ExcitationRun", "compile_backward_ahead", "excitation_runs"]

FloatArray = NDArray[np.float64]
State = NDArray[Any]

PARALLEL_PAIRS = 1 << 14
"""Pairs of amplitudes in a group, on average, below which waiting for threads costs more than they save."""

WAKING_GROUPS = 16
"""As much as so many groups of that size must be there for threads to be woken."""

LONG_PAIRS = 1 << 24
"""Pairs of amplitudes for each thread from which a signal must be able to end a run."""

MOST_TASKS = 64
"""Into how many tasks the work of a group is divided: sums are kept for each."""

RUN_BYTES = 1 << 25
"""Of pair lists in one run; a longer program becomes several."""

RUN_LENGTH = 1 << 15
"""Rotations in one run, each of which has `MOST_TASKS` sums in a gradient."""

KEPT_BYTES = 1 << 26
"""Of pair lists that the runs of a program keep; those of the others are made for each use."""

_own = ThreadArrays()


class ExcitationRun:
    """Rotations by excitations, each with its angle, as one action.

    Args:
        sector: of the states.
        operations: in the order in which they act.
        team: runs the kernels.
        keeps: whether the pair lists stay in memory between uses.
    """

    def __init__(
        self, sector: FermionSector, operations: Sequence[ExcitationRotation], team: Team, keeps: bool = True
    ) -> None:
        self._sector, self._operations, self._team = sector, operations, team
        tables = tables_of(sector, operations)
        self._tables = tables if keeps else None
        angles = [operations[number].angle for number in tables.order]
        self._constants = np.array([angle.constant for angle in angles])
        self._rotations = np.repeat(np.arange(len(angles)), [len(angle.indices) for angle in angles])
        self._indices = np.array([index for angle in angles for index in angle.indices], np.int64)
        self._coefficients = np.array([value for angle in angles for value in angle.coefficients])

    @property
    def nbytes(self) -> int:
        """Bytes that stay in memory, without the operations themselves."""
        own = self._constants.nbytes + self._rotations.nbytes + self._indices.nbytes + self._coefficients.nbytes
        return own + (self._tables.nbytes if self._tables is not None else 0)

    def forward(self, parameters: FloatArray, state: State) -> None:
        """Act on a state of the sector's shape, float64 or complex128 in C order, in place."""
        tables = self._made()
        if not len(tables.program.groups):
            return
        width, angles = state.itemsize // 8, self._angles(tables, parameters)
        arguments = (self._numbers(state), width, tables.program, angles, MOST_TASKS)
        self._run(kernels.turn, arguments, tables, 1, width)

    def backward(self, parameters: FloatArray, ket: State, bra: State, gradient: FloatArray) -> None:
        """Undo the rotations on |ψ⟩ and on |λ⟩ = H|ψ⟩, and add the derivatives of ⟨ψ|H|ψ⟩ by their parameters.

        Both have the same dtype.
        """
        tables = self._made()
        if not len(tables.program.groups):
            return
        width, angles = ket.itemsize // 8, self._angles(tables, parameters)
        sums = np.zeros((len(angles), self._num_tasks(width)))
        arguments = (self._numbers(ket), self._numbers(bra), width, tables.program, angles, sums)
        self._run(kernels.turn_back, arguments, tables, 2, width)
        if len(self._indices):
            slopes = 2.0 * tables.signs * sums.sum(axis=1)
            weights = self._coefficients * slopes[self._rotations]
            gradient += np.bincount(self._indices, weights, len(gradient))

    def _made(self) -> Tables:
        return tables_of(self._sector, self._operations) if self._tables is None else self._tables

    def _num_tasks(self, width: int) -> int:
        """As many as there are of the group with the most items, at most `MOST_TASKS`."""
        rows, columns = self._sector.shape
        return min(MOST_TASKS, max(rows, (columns * width + LINE - 1) // LINE))

    def _angles(self, tables: Tables, parameters: FloatArray) -> FloatArray:
        """Cosines and sines, shape (rotations, 2)."""
        angles = self._constants
        if len(self._indices):
            terms = self._coefficients * parameters[self._indices]
            angles = angles + np.bincount(self._rotations, terms, len(angles))
        found = np.empty((len(angles), 2))
        np.cos(angles, out=found[:, 0])
        np.multiply(np.sin(angles), tables.signs, out=found[:, 1])
        return found

    def _numbers(self, state: State) -> FloatArray:
        """A state as real numbers, shape (alpha strings, beta strings * width)."""
        numbers: FloatArray = state.view(np.float64)
        return numbers

    def _run(self, kernel: Any, arguments: tuple[Any, ...], tables: Tables, vectors: int, width: int) -> None:
        work = tables.num_pairs * width * vectors
        worth_waking = PARALLEL_PAIRS * max(WAKING_GROUPS, len(tables.program.groups))
        num_threads = self._team.num_threads if work >= worth_waking else 1
        long = work >= LONG_PAIRS * num_threads
        scratch = (ThreadArrays() if long else _own).rows(num_threads, vectors * tables.num_lines * LINE, np.float64)
        if num_threads == 1 and not long:
            kernel(*arguments, scratch, counters(0), 0)
        else:
            progress = counters(2 * len(tables.program.groups))
            self._team.run(kernel, *arguments, scratch, progress, num_threads=num_threads, long=long)


def excitation_runs(sector: FermionSector, operations: Sequence[ExcitationRotation], team: Team) -> list[ExcitationRun]:
    """Excitations that follow each other as few actions, whose tables are bounded."""
    runs, kept = [], 0
    for part, nbytes in _parts(sector, operations):
        keeps = kept + nbytes <= KEPT_BYTES
        kept += nbytes if keeps else 0
        runs.append(ExcitationRun(sector, part, team, keeps))
    return runs


def _parts(
    sector: FermionSector, operations: Sequence[ExcitationRotation]
) -> Iterator[tuple[Sequence[ExcitationRotation], int]]:
    """At most `RUN_LENGTH` operations whose lists have at most `RUN_BYTES`, or a single one, and the lists' bytes."""
    begin, seen, filled = 0, set[ListKey](), 0
    for place, operation in enumerate(operations):
        needed = bytes_of_lists(sector, operation)
        new = sum(nbytes for key, nbytes in needed.items() if key not in seen)
        if place > begin and (filled + new > RUN_BYTES or place - begin == RUN_LENGTH):
            yield operations[begin:place], filled
            begin, seen, filled = place, set(), 0
            new = sum(needed.values())
        seen |= needed.keys()
        filled += new
    yield operations[begin:], filled


@functools.cache
def compile_backward_ahead() -> None:
    """Have the kernel that takes gradients compiled by another process, if it must be, while this one goes forward."""
    state, whole, bounds = np.zeros((1, 1)), np.zeros((0, 2), np.int64), np.zeros((0, 3), np.int64)
    program = kernels.Excitations(bounds, whole, bounds, np.zeros((0, 2), np.int32))
    compile_ahead(kernels.turn_back, state, state, 1, program, state, state, state, counters(0), 0)
