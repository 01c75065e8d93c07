"""What a risk measure came to, with all that is needed to judge it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from qtoolkit.algorithms.amplitude import AmplitudeEstimate, ErrorBudget
from qtoolkit.applications.finance._classical import MonteCarlo

__all__ = ["Measure", "RiskResult", "RiskStep"]

Measure: TypeAlias = Literal["expected loss", "value at risk", "conditional value at risk"]


@dataclass(frozen=True, eq=False)
class RiskStep:
    """One amplitude estimation on the way.

    Attributes:
        threshold: a loss.
        quantity: ``"P(L <= threshold)"``, ``"E[(L - threshold)+]"`` or ``"E[L]"``.
        estimation: of it, on the grid.
        grid_error: how far that is from the continuous quantity, as evaluated with the continuous model.
    """

    threshold: float
    quantity: str
    estimation: AmplitudeEstimate
    grid_error: float


@dataclass(frozen=True, eq=False, repr=False)
class RiskResult:
    """A risk measure of the continuous model, not of the grid.

    Attributes:
        measure: which.
        level: of value at risk and its conditional mean; None for expected loss.
        estimate: the measure.
        interval: covers that of the continuous model in at least the share `confidence` of all runs.
        confidence: promised coverage, of all steps together.
        budget: error by cause, as far as they add up to the larger distance to an end of the interval.
            ``discretisation`` is what the grid costs: of the common factor or of the losses, and rounding to units.
        exact: of the continuous model; of a book whose losses were rounded, that of the rounded ones.
        exact_method: how it was found.
        grid_value: the measure on the grid itself, by direct sums: what amplitude estimation would find with infinitely
            many queries.
        monte_carlo: the classical estimate from as many samples of the continuous model as there were queries. Of value
            at risk the interval is that of order statistics, and the standard error half of what lies within one
            standard deviation of their number.
        steps: the amplitude estimations.
        num_qubits: of the largest circuit.
        num_queries: applications of the preparations and their inverses, over all steps.
        depth: of the deepest circuit.
        seed: reproduces the run; None if a generator was given.
        losses_fingerprint: of the book or portfolio.
        version: of the toolkit.
        wall_time: seconds.
    """

    measure: Measure
    level: float | None
    estimate: float
    interval: tuple[float, float]
    confidence: float
    budget: ErrorBudget
    exact: float
    exact_method: str
    grid_value: float
    monte_carlo: MonteCarlo
    steps: tuple[RiskStep, ...]
    num_qubits: int
    num_queries: int
    depth: int
    seed: int | None
    losses_fingerprint: str
    version: str
    wall_time: float = field(compare=False)

    @property
    def gap(self) -> float:
        """`estimate` less the exact measure."""
        return self.estimate - self.exact

    @property
    def converged(self) -> bool:
        """Whether each amplitude estimation reached its precision."""
        return all(step.estimation.converged for step in self.steps)

    def __repr__(self) -> str:
        low, high = self.interval
        level = "" if self.level is None else f" at level {self.level:g}"
        flag = "" if self.converged else ", not converged"
        return (
            f"RiskResult({self.measure}{level}: {self.estimate:.6g} in [{low:.6g}, {high:.6g}] at "
            f"{self.confidence:.4g}, exact {self.exact:.6g}, {self.num_queries} queries, seed {self.seed}{flag})"
        )
