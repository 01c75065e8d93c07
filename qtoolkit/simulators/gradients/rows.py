"""Gradients at many parameter values: of small circuits in one call, of others row by row on several threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from itertools import count

import numpy as np
from numpy.typing import NDArray

from qtoolkit.compiler import ExecutionPlan
from qtoolkit.simulators.engine import Engine
from qtoolkit.simulators.gradients.adjoint import Gradients
from qtoolkit.simulators.observables import Observable
from qtoolkit.simulators.small.program import quick_gradients

__all__ = ["gradients_of_rows"]

FloatArray = NDArray[np.float64]


def gradients_of_rows(
    engine: Engine, plan: ExecutionPlan, values: FloatArray, observables: Sequence[Observable]
) -> tuple[FloatArray, FloatArray]:
    """Expectation values and derivatives, shapes ``(batch, k)`` and ``(batch, k, num_parameters)``.

    Args:
        engine: runs the gates.
        plan: prepares ``|ψ⟩``.
        values: parameter values, shape ``(batch, num_parameters)``.
        observables: that were checked.

    Raises:
        CircuitError, InsufficientMemoryError: as for one vector of values.
    """
    found = quick_gradients(engine, plan, observables, values)
    if found is not None:
        return found
    batch, num_parameters = values.shape
    levels, slopes = np.empty((batch, len(observables))), np.empty((batch, len(observables), num_parameters))
    if not batch:
        return levels, slopes
    gradients = Gradients(engine, plan, num_runs=batch)

    def run(row: int) -> None:
        levels[row], slopes[row] = gradients(values[row], observables)

    run(0)  # plans, and says what is wrong
    _run_all(run, range(1, batch), engine.num_threads if gradients.use_one_thread else 1)
    return levels, slopes


def _run_all(run: Callable[[int], None], rows: range, num_threads: int) -> None:
    """Run all rows, on the calling thread and others; if one fails, or a signal ends it, the others end their rows."""
    turns, errors = count(), list[BaseException]()

    def work() -> None:
        try:
            while not errors and (turn := next(turns)) < len(rows):
                run(rows[turn])
        except BaseException as error:
            errors.append(error)

    helpers = [threading.Thread(target=work, daemon=True) for _ in range(min(num_threads, len(rows)) - 1)]
    try:
        for helper in helpers:
            helper.start()
        work()
        for helper in helpers:
            helper.join()
    except BaseException as error:
        errors.append(error)
    if errors:
        raise errors[0]
