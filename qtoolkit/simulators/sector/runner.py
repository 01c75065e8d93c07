"""Runs sector programs on arrays: the one place that calls their kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.simulators.sector.program import SectorProgram
from qtoolkit_kernels import sector as kernels
from qtoolkit_kernels.team import Team
from qtoolkit_kernels.threads import counters
from qtoolkit_kernels.vector.lanes import Lanes

__all__ = ["SectorRunner"]

FloatArray = NDArray[np.float64]

PARALLEL_SIZE = 1 << 14
"""Below so many amplitudes, waking threads costs more than they save."""

LONG_WORK = 1 << 26
"""Amplitudes times operations for each thread, from which a signal must be able to end a run."""

MAX_SPARE = 1 << 25
"""Bytes of a working array that is kept."""


class SectorRunner:
    """Runs programs with a number of threads."""

    def __init__(self, num_threads: int) -> None:
        self.num_threads = num_threads
        self._team = Team(num_threads)
        self._spare: list[NDArray[np.floating[Any]]] = []

    def borrow(self, size: int, width: int, dtype: np.dtype[Any]) -> NDArray[np.floating[Any]]:
        """Rows to work on, shape ``(size, width)``, with anything in them; `give_back` takes them for the next call.

        Fresh memory costs more than many gates: the system clears every page of it.
        """
        for _ in range(len(self._spare)):
            rows = self._spare.pop(0)
            if rows.shape == (size, width) and rows.dtype == dtype:
                return rows
        return np.empty((size, width), dtype)

    def give_back(self, rows: NDArray[np.floating[Any]]) -> None:
        """Keep borrowed rows, if they are not large."""
        if rows.nbytes <= MAX_SPARE and len(self._spare) < 2:
            self._spare.append(rows)

    def forward(
        self,
        program: SectorProgram,
        values: FloatArray,
        state: NDArray[np.complexfloating[Any, Any]],
        first: int,
        last: int | None = None,
    ) -> None:
        """Run operations ``first <= i < last`` on a contiguous state, in place."""
        stop = program.num_operations if last is None else last
        if stop <= first:
            return
        weights, scales = program.bind(values)
        rows = state.view(state.real.dtype).reshape(-1, 2)
        self._run(program, weights, scales, rows, np.zeros(program.num_sums), first, stop, False)

    def adjoint(self, program: SectorProgram, values: FloatArray, rows: NDArray[np.floating[Any]]) -> FloatArray:
        """Derivatives of ``⟨ψ|H|ψ⟩`` by the parameters, shape ``(num_parameters,)``.

        The adjoint method (T. Jones and J. Gacon, arXiv:2009.02823): both vectors are taken back through the program.

        Args:
            program: prepared ``|ψ⟩``.
            values: parameter values.
            rows: ``|ψ⟩`` and ``H|ψ⟩``, real and imaginary parts, shape ``(size, 4)``; used up.
        """
        first, sums = program.first_wanted, np.zeros(program.num_sums)
        if first < program.num_operations:
            weights, scales = program.bind(values, inverse=True)
            self._run(program, weights, scales, rows, sums, first, program.num_operations, True)
        return program.gradient(sums, values.size)

    def _run(
        self,
        program: SectorProgram,
        weights: FloatArray,
        scales: FloatArray,
        rows: NDArray[np.floating[Any]],
        sums: FloatArray,
        first: int,
        last: int,
        backward: bool,
    ) -> None:
        lanes = Lanes(rows.shape[1] * rows.itemsize)
        arguments = (rows, lanes, program.operations, weights, scales, sums, first, last, backward)
        num_threads = self.num_threads if program.size >= PARALLEL_SIZE else 1
        long = program.size * (last - first) >= LONG_WORK * num_threads
        if num_threads == 1 and not long:
            kernels.run_sector(*arguments, counters(0), 0)
        else:
            progress = counters(4 * program.num_operations)
            self._team.run(kernels.run_sector, *arguments, progress, num_threads=num_threads, long=long)
