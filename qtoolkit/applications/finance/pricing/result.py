"""What a pricing found, with all that is needed to judge it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from qtoolkit.algorithms.amplitude import AmplitudeEstimate, ErrorBudget
from qtoolkit.applications.finance._classical import MonteCarlo

__all__ = ["PriceResult"]


@dataclass(frozen=True, eq=False, repr=False)
class PriceResult:
    """The price of a contract: of the continuous model, not of the grid. All prices are as of today unless told.

    Attributes:
        estimate: the price.
        interval: covers the price of the continuous model in at least the share `confidence` of all runs: the interval
            of the amplitude estimation, widened by the other parts of the budget; options are worth at least 0.
        confidence: promised coverage.
        budget: error by cause. ``sampling`` is of the amplitude estimation; ``discretisation``, ``truncation`` and
            ``payoff`` are proven bounds, see `price`.
        closed_form: the exact price where there is a formula, else None.
        formula: its name, or why there is none.
        monte_carlo: the classical estimate from as many samples of the continuous model as there were queries.
        grid_price: the mean on the grid, computed directly: what the amplitude estimation would find with infinitely
            many queries, but for the approximation of the payoff.
        discount_factor: from payment to today; 1 where the rates are what is random.
        payoff: ``"exact"`` or ``"linear"``, see `price`.
        num_qubits: of the preparation: the grid's, the objective qubit and ancillas.
        num_grid_qubits: of the grid, by factor that is divided.
        refinement: qubits' worth of smaller cells that each cell's bounds come from.
        num_queries: applications of the preparation and its inverse, over all shots.
        depth: of the deepest circuit.
        estimation: of the amplitude, undiscounted, in units of the payoff.
        seed: reproduces the run; None if a generator was given.
        contract_fingerprint: of the payoff and the law of its prices.
        version: of the toolkit.
        wall_time: seconds.
    """

    estimate: float
    interval: tuple[float, float]
    confidence: float
    budget: ErrorBudget
    closed_form: float | None
    formula: str
    monte_carlo: MonteCarlo
    grid_price: float
    discount_factor: float
    payoff: Literal["exact", "linear"]
    num_qubits: int
    num_grid_qubits: tuple[int, ...]
    refinement: int
    num_queries: int
    depth: int
    estimation: AmplitudeEstimate
    seed: int | None
    contract_fingerprint: str
    version: str
    wall_time: float = field(compare=False)

    @property
    def undiscounted_estimate(self) -> float:
        """The mean payoff at the time of payment."""
        return self.estimate / self.discount_factor

    @property
    def undiscounted_interval(self) -> tuple[float, float]:
        """`interval` at the time of payment."""
        return self.interval[0] / self.discount_factor, self.interval[1] / self.discount_factor

    @property
    def undiscounted_closed_form(self) -> float | None:
        """`closed_form` at the time of payment."""
        return None if self.closed_form is None else self.closed_form / self.discount_factor

    @property
    def gap(self) -> float | None:
        """`estimate` less the closed form; None where there is none."""
        return None if self.closed_form is None else self.estimate - self.closed_form

    @property
    def converged(self) -> bool:
        """Whether the amplitude estimation reached its precision."""
        return self.estimation.converged

    def __repr__(self) -> str:
        low, high = self.interval
        exact = f", {self.formula} {self.closed_form:.6g}" if self.closed_form is not None else ""
        cost = self.budget.discretisation + self.budget.truncation
        flag = "" if self.converged else ", not converged"
        return (
            f"PriceResult({self.estimate:.6g} in [{low:.6g}, {high:.6g}] at {self.confidence:.4g}{exact}, "
            f"grid of {sum(self.num_grid_qubits)} qubits costs {cost:.2g}, "
            f"{self.num_queries} queries, seed {self.seed}{flag})"
        )
