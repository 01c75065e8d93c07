"""What an amplitude estimation found, with all that is needed to judge it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Literal

from qtoolkit._checks import require_number
from qtoolkit._intervals import binomial_interval
from qtoolkit.errors import InputError

__all__ = ["AmplitudeEstimate", "ErrorBudget", "MeasuredPower"]


@dataclass(frozen=True)
class ErrorBudget:
    """How far an estimate may be off, by cause, in units of the estimate.

    Attributes:
        sampling: the larger distance from the estimate to an end of its interval.
        truncation: of a distribution that was cut off.
        discretisation: of a distribution that was put on a grid.
        payoff: of a function that was approximated.
    """

    sampling: float
    truncation: float = 0.0
    discretisation: float = 0.0
    payoff: float = 0.0

    @property
    def total(self) -> float:
        """The sum: a bound wherever each part is one."""
        return self.sampling + self.truncation + self.discretisation + self.payoff


@dataclass(frozen=True)
class MeasuredPower:
    """Outcomes after one number of Grover iterations.

    Attributes:
        num_iterations: Grover operators between preparation and measurement.
        shots: runs.
        good: those that ended in a good state.
    """

    num_iterations: int
    shots: int
    good: int


@dataclass(frozen=True)
class AmplitudeEstimate:
    """An amplitude, or an affine function of one, with an interval for it.

    Attributes:
        estimate: ``scale * a + offset``; the amplitude a itself unless `transformed`.
        interval: covers the true value in at least the share `confidence` of all runs, whatever it is.
        confidence: promised coverage.
        budget: error by cause; its part `sampling` is this estimation's.
        precision: half width of the interval that was asked for, in units of the amplitude.
        converged: whether the interval is no wider than that.
        message: why it ended.
        num_queries: applications of A and of A†, over all shots: 2k + 1 for a shot with k Grover iterations.
        num_grover_iterations: k over all shots.
        shots: runs of circuits.
        depth: of the deepest circuit, see `EstimationProblem.depth`.
        history: outcomes by number of Grover iterations, in order; empty for canonical estimation.
        method: of estimation and of its interval.
        evidence: ``"samples"`` where circuits were run; ``"state vector"`` where the amplitude was read from the state
            once, and outcomes were drawn from the exact law that they follow; ``"known amplitude"`` where it was
            given, and they were drawn likewise.
        backend_name: where circuits were run.
        seed: reproduces the run where the backend honours seeds; None if a generator was given.
        problem_fingerprint: see `EstimationProblem.fingerprint`.
        version: of the toolkit.
        wall_time: seconds.
        scale: of the affine map.
        offset: of the affine map.
    """

    estimate: float
    interval: tuple[float, float]
    confidence: float
    budget: ErrorBudget
    precision: float
    converged: bool
    message: str
    num_queries: int
    num_grover_iterations: int
    shots: int
    depth: int
    history: tuple[MeasuredPower, ...]
    method: str
    evidence: Literal["state vector", "known amplitude", "samples"]
    backend_name: str
    seed: int | None
    problem_fingerprint: str
    version: str
    wall_time: float = field(compare=False)
    scale: float = 1.0
    offset: float = 0.0

    @property
    def half_width(self) -> float:
        """Half the interval's width."""
        return (self.interval[1] - self.interval[0]) / 2

    @property
    def classical_standard_error(self) -> float:
        """Standard error of a Monte Carlo mean of `num_queries` samples, were the amplitude as estimated.

        That is ``|scale| √(a(1-a)/num_queries)``, and 0 at a = 0 and 1: compare `classical_half_width` there.
        """
        a = self._amplitude
        return abs(self.scale) * math.sqrt(a * (1.0 - a) / max(self.num_queries, 1))

    @property
    def classical_half_width(self) -> float:
        """Half width of the Clopper–Pearson interval, at the same confidence, of `num_queries` classical samples."""
        shots = max(self.num_queries, 1)
        low, high = binomial_interval("clopper-pearson", round(self._amplitude * shots), shots, 1.0 - self.confidence)
        return abs(self.scale) * (high - low) / 2

    @property
    def _amplitude(self) -> float:
        return min(max((self.estimate - self.offset) / self.scale, 0.0), 1.0)

    def transformed(self, scale: float, offset: float = 0.0) -> AmplitudeEstimate:
        """The estimate of ``scale * x + offset`` for the x estimated here, as a price is of an amplitude.

        Interval, budget and the classical errors go along; `precision` stays that of the amplitude.

        Raises:
            InputError: if a number is not finite or the scale is 0.
        """
        scale, offset = require_number("scale", scale), require_number("offset", offset)
        if scale == 0.0:
            raise InputError("scale must be other than 0, got 0: every amplitude would have the same value")
        ends = sorted(scale * end + offset for end in self.interval)
        budget = self.budget
        return replace(
            self,
            estimate=scale * self.estimate + offset,
            interval=(ends[0], ends[1]),
            budget=ErrorBudget(
                abs(scale) * budget.sampling,
                abs(scale) * budget.truncation,
                abs(scale) * budget.discretisation,
                abs(scale) * budget.payoff,
            ),
            scale=scale * self.scale,
            offset=scale * self.offset + offset,
        )

    def __repr__(self) -> str:
        low, high = self.interval
        flag = "" if self.converged else ", not converged"
        return (
            f"AmplitudeEstimate({self.estimate:.6g} in [{low:.6g}, {high:.6g}] at {self.confidence:.4g}, "
            f"{self.num_queries} queries, {self.method}, {self.evidence}{flag})"
        )
