"""The efficient frontier: the least risk for each return, with any number of assets or only so many."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_callable
from qtoolkit._checks import require_integer, require_number
from qtoolkit._version import __version__
from qtoolkit.applications.finance.portfolio.problem import PortfolioProblem, require_problem
from qtoolkit.applications.finance.portfolio.program import WeightProgram
from qtoolkit.applications.finance.portfolio.weights import Weighing, choose_in_part, weigh

__all__ = ["EfficientFrontier", "FrontierPoint", "efficient_frontier"]

FloatArray = NDArray[np.float64]

_SECONDS = 60.0
_MOST_POINTS = 100_000
_NEAR = 1e-6
"""Share of the frontier's range by which its last point may fall short of the greatest return there is."""


@dataclass(frozen=True)
class FrontierPoint:
    """A portfolio of least risk for its return.

    Attributes:
        expected_return: per period, less the cost of trading.
        risk: variance, or conditional value at risk.
        weights: by name, of assets that are held.
        bound: that no risk falls below at this return.
        is_optimal: whether that is proved to the solver's tolerance.
    """

    expected_return: float
    risk: float
    weights: Mapping[str, float]
    bound: float
    is_optimal: bool

    @property
    def gap(self) -> float:
        """``risk − bound``."""
        return self.risk - self.bound


@dataclass(frozen=True, eq=False, repr=False)
class EfficientFrontier:
    """Points of least risk, by ascending return.

    Attributes:
        points: the first has the least risk of all, the last the greatest return.
        is_convex: whether any choice of assets was allowed; the risk is then a convex function of the return.
        risk_measure: ``"variance"`` or ``"conditional value at risk"``.
        problem_fingerprint: see `PortfolioProblem.fingerprint`.
        version: of the toolkit.
        wall_time: seconds.
    """

    points: tuple[FrontierPoint, ...]
    is_convex: bool
    risk_measure: str
    problem_fingerprint: str
    version: str = __version__
    wall_time: float = field(default=0.0, compare=False)

    @property
    def expected_returns(self) -> FloatArray:
        """Ascending, shape ``(num_points,)``."""
        return np.array([point.expected_return for point in self.points])

    @property
    def risks(self) -> FloatArray:
        """Of the points, shape ``(num_points,)``."""
        return np.array([point.risk for point in self.points])

    def __repr__(self) -> str:
        first, last = self.points[0], self.points[-1]
        proved = sum(point.is_optimal for point in self.points)
        return (
            f"EfficientFrontier({len(self.points)} points, {proved} proved, return {first.expected_return:.4g} to "
            f"{last.expected_return:.4g}, {self.risk_measure} {first.risk:.4g} to {last.risk:.4g})"
        )


def efficient_frontier(
    problem: PortfolioProblem,
    num_points: int = 20,
    *,
    time_limit: float = _SECONDS,
    progress: Callable[[int, int], None] | None = None,
) -> EfficientFrontier:
    """The least risk at evenly spaced returns, from the return of the least risk to the greatest return there is.

    Where nothing is counted HiGHS finds it, else SCIP. The problem's risk aversion does not matter. With a number of
    assets the frontier may have gaps, in which a return is only met by a greater one; source: Chang, Meade, Beasley and
    Sharaiha, Comput. Oper. Res. 27, 1271 (2000).

    Args:
        problem: whose limits are obeyed.
        num_points: 2 to 100,000.
        time_limit: seconds for each point.
        progress: called with the points done and their number.

    Raises:
        InputError: if no portfolio obeys the constraints, or an argument breaks its rule.
        ConvergenceError: if the time runs out before a portfolio is found.
        MissingExtraError: if HiGHS or SCIP is not installed.
        KeyboardInterrupt: at Ctrl-C, in the search for a point as well.
    """
    started = time.perf_counter()
    program = require_problem(problem).program
    number = require_integer("num_points", num_points, 2, _MOST_POINTS)
    limit = require_number("time_limit", time_limit, 0)
    if progress is not None:
        check_callable(progress, "progress")

    def least(other: WeightProgram) -> Weighing:
        return weigh(other, time_limit=limit) if program.is_convex else choose_in_part(other, time_limit=limit)

    points = [_point(program, least(program.least_risk()))]
    greatest = least(problem.replace(risk_aversion=0.0).program)
    low, high = points[0].expected_return, -greatest.objective
    targets = np.linspace(low, high, number)[1:]
    targets[-1] -= _NEAR * (high - low)
    for place, target in enumerate(targets):
        if progress is not None:
            progress(place + 1, number)
        # a return that is beaten for the same risk has its point already
        found = points[-1] if target <= points[-1].expected_return else None
        points.append(found or _point(program, least(program.least_risk(float(target)))))
    if progress is not None:
        progress(number, number)
    return EfficientFrontier(
        points=tuple(points),
        is_convex=program.is_convex,
        risk_measure="variance" if problem.tail is None else "conditional value at risk",
        problem_fingerprint=problem.fingerprint,
        wall_time=time.perf_counter() - started,
    )


def _point(program: WeightProgram, found: Weighing) -> FrontierPoint:
    weights = found.weights
    return FrontierPoint(
        expected_return=float(program.expected_returns @ weights) - program.cost_of(weights),
        risk=found.risk,
        weights={program.names[k]: float(weights[k]) for k in np.flatnonzero(weights)},
        bound=found.bound,
        is_optimal=found.status == "optimal",
    )
