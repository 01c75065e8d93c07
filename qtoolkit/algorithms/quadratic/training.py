"""Angles for QAOA: a grid of ramps, layers added one by one, and descent by exact gradients."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit.algorithms.descent import Landscape, descend
from qtoolkit.algorithms.optimizers import LBFGSB, Evaluation
from qtoolkit.algorithms.quadratic.solver import Progress
from qtoolkit.algorithms.schedules import Schedule

__all__ = ["Clock", "Trained", "best_ramp", "trained", "trained_by_layers"]

FloatArray = NDArray[np.float64]

MOST_EVALUATIONS = 2000
"""Of one search; those of the defaults end long before."""

MOST_LAYERS, MOST_STEPS = 1000, 1 << 40
"""Layers that a circuit may have; steps, shots or starts that anybody may ask for."""

_EARLY = LBFGSB(max_evaluations=300, gradient_tolerance=1e-3, value_tolerance=1e-6)
"""For fewer layers than the last: they are a start for more."""

_LAST = LBFGSB(max_evaluations=MOST_EVALUATIONS, gradient_tolerance=1e-5, value_tolerance=1e-9)
"""The last digits of an angle change no sample that anybody draws."""


@dataclass(frozen=True, eq=False)
class Trained:
    """Parameters and how they were found; fields as in `Run`."""

    parameters: FloatArray
    value: float
    num_evaluations: int
    converged: bool
    message: str


class Clock:
    """What a search has used of its time, and whom it tells.

    Args:
        time_limit: seconds; None for no limit.
        progress: called with the work done and its total, the total at most.
        total: work there can be.
    """

    def __init__(self, time_limit: float | None, progress: Progress | None, total: int) -> None:
        self.started = time.perf_counter()
        self._end = math.inf if time_limit is None else self.started + time_limit
        self._progress = progress
        self._total = max(total, 1)
        self.done = 0

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return time.perf_counter() > self._end

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.perf_counter() - self.started

    def tick(self, evaluation: Evaluation | None = None) -> bool:
        """One more piece of work is done; returns whether the time is up. It serves as a `Callback`."""
        self.done += 1
        if self._progress is not None:
            self._progress(min(self.done, self._total), self._total)
        return self.is_over

    def expect(self, total: int) -> None:
        """Set the total, where it is learned on the way."""
        self._total = max(total, 1)

    def advance(self, steps: int) -> None:
        """So much more work is done."""
        self.done += steps - 1
        self.tick()

    def finish(self) -> None:
        """Tell that all is done."""
        if self._progress is not None:
            self._progress(self._total, self._total)


def best_ramp(
    landscape: Landscape, num_layers: int, steps: Iterable[tuple[float, float]], clock: Clock
) -> tuple[Schedule, float, int]:
    """Of ramps with these steps of γ and β the one of lowest value, the value, and how many were looked at."""
    found: tuple[Schedule, float] | None = None
    number = 0
    for gamma, beta in steps:
        schedule = Schedule.ramp(num_layers, gamma, beta)
        value = landscape.value(schedule.to_parameters())
        number += 1
        if found is None or value < found[1]:
            found = (schedule, value)
        if clock.tick():
            break
    assert found is not None
    return (*found, number)


def trained(landscape: Landscape, start: FloatArray, clock: Clock, rng: np.random.Generator) -> Trained:
    """Descend from a start by L-BFGS-B, maxima and saddle points left; see `descend`."""
    found = descend(landscape, _LAST, start, callback=clock.tick, rng=rng)
    message = "the time ran out" if clock.is_over and not found.converged else found.message
    return Trained(found.parameters, found.value, found.num_evaluations, found.converged, message)


def trained_by_layers(
    landscape: Callable[[int], Landscape],
    last: Landscape,
    num_layers: int,
    steps: Iterable[tuple[float, float]],
    clock: Clock,
    rng: np.random.Generator,
) -> Trained:
    """Train one layer, then add layers one by one, each from the interpolated angles of the one before.

    Source: Zhou, Wang, Choi, Pichler and Lukin, Phys. Rev. X 10, 021067 (2020), appendix B.1 (INTERP).

    Args:
        landscape: of fewer layers, by their number.
        last: of all layers.
        num_layers: at the end.
        steps: of the ramps of one layer that the search begins with.
        clock: that may end it: the angles are then the interpolated ones of the layers that were trained.
        rng: see `trained`.
    """
    schedule, _, number = best_ramp(landscape(1) if num_layers > 1 else last, 1, steps, clock)
    for layers in range(1, num_layers):
        if not clock.is_over:
            part = landscape(layers)
            found = _EARLY.minimize(
                part.value, schedule.to_parameters(), value_and_gradient=part.value_and_gradient, callback=clock.tick
            )
            number += found.num_evaluations
            schedule = Schedule.from_parameters(found.parameters)
        schedule = schedule.interpolated()
    if clock.is_over:
        parameters = schedule.to_parameters()
        return Trained(parameters, last.value(parameters), number + 1, False, "the time ran out")
    end = trained(last, schedule.to_parameters(), clock, rng)
    return Trained(end.parameters, end.value, number + end.num_evaluations, end.converged, end.message)
