"""`PortfolioResult`: a portfolio and the evidence for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from qtoolkit._arguments import check_instance
from qtoolkit._version import __version__
from qtoolkit.algorithms.quadratic import ConstraintCheck, Luck, Solution
from qtoolkit.applications.finance.portfolio.problem import PortfolioProblem, require_problem
from qtoolkit.applications.finance.portfolio.weights import Weighing
from qtoolkit.errors import InputError

__all__ = ["PortfolioResult", "require_result"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PortfolioResult:
    """Chosen assets, their weights, and how far both are from the best there are.

    Two problems are told apart. The *selection* is the quadratic function of bits that a solver minimised, in which all
    chosen assets weigh the same. The *weights* are those of the chosen assets, by a convex programme; the best choice
    of assets for them is another problem, which SCIP bounds.

    Attributes:
        assets: names of the chosen assets; None where the solver found no feasible choice, and all else is then None.
        weights: of the chosen assets, by name, in units of the problem's objective.
        objective: of these weights.
        expected_return, risk, cost: its parts: ``μᵀw``, the variance or conditional value at risk, and that of trading.
        feasibility: what the weights do to each constraint.
        weighed: ``"convex"`` for the best weights of these assets, ``"equal"`` where they were not asked for, or not
            found in time.
        weighing: the best weights of these assets, with their bound; None likewise.
        exact: the best choice of assets and weights that is known, with SCIP's bound; None where it was not asked for,
            or SCIP found none in time.
        selection: the solver's answer, with the optimum of the selection or its bound, luck, shots and circuit.
        selections: the answers for each number of assets that was tried, `selection` among them.
        num_unweighable: feasible selections that have no weights, and were excluded.
        problem_fingerprint: of the problem, see `PortfolioProblem.fingerprint`.
        version: of the toolkit.
        wall_time: seconds, of everything.
    """

    assets: tuple[str, ...] | None
    weights: Mapping[str, float]
    objective: float | None
    expected_return: float | None
    risk: float | None
    cost: float | None
    feasibility: tuple[ConstraintCheck, ...]
    weighed: Literal["convex", "equal"]
    weighing: Weighing | None
    exact: Weighing | None
    selection: Solution
    selections: tuple[Solution, ...]
    num_unweighable: int
    problem_fingerprint: str
    version: str = __version__
    wall_time: float = field(compare=False)

    @property
    def bound(self) -> float | None:
        """That no portfolio's objective falls below; None where it is unknown."""
        return None if self.exact is None else self.exact.bound

    @property
    def gap(self) -> float | None:
        """`objective` less its bound; None where either is unknown."""
        if self.objective is None or self.bound is None:
            return None
        # of weights that are optimal to the tolerance of two solvers, either may be the lower
        return max(self.objective - self.bound, 0.0)

    @property
    def is_feasible(self) -> bool:
        """Whether there are weights and they obey every constraint."""
        return self.assets is not None and all(check.satisfied for check in self.feasibility)

    @property
    def selection_value(self) -> float | None:
        """Objective of the selection: of equal weights."""
        return self.selection.value

    @property
    def selection_bound(self) -> float | None:
        """That no selection of this number of assets falls below; its optimum where `selection.bound.kind` says so."""
        return self.selection.bound.value

    @property
    def selection_gap(self) -> float | None:
        """`selection_value` less its bound; None where either is unknown."""
        return self.selection.gap

    @property
    def approximation_ratio(self) -> float | None:
        """Of the selection, see `Solution`."""
        return self.selection.approximation_ratio

    @property
    def probability_of_optimum(self) -> float | None:
        """To measure the best selection in one shot; None where it is unknown or nothing is measured."""
        return self.selection.probability_of_optimum

    @property
    def luck(self) -> Luck | None:
        """What as many uniformly drawn feasible selections do; None where nothing is drawn."""
        return self.selection.luck

    @property
    def seed(self) -> int | None:
        """Of the solver."""
        return self.selection.seed

    @property
    def shots(self) -> int | None:
        """Of the solver; None where nothing is drawn."""
        return self.selection.shots

    @property
    def depth(self) -> int | None:
        """Of the circuit that machines run, see `Solution`; None where there is none."""
        return self.selection.depth

    @property
    def two_qubit_count(self) -> int | None:
        """Of the circuit that machines run, see `Solution`; None where there is none."""
        return self.selection.two_qubit_count

    @property
    def setting(self) -> str:
        """What the solver settled on, in words: mixer or form, layers, start; empty where there is nothing to say."""
        return self.selection.setting

    @property
    def solver(self) -> str:
        """That selected."""
        return self.selection.solver

    def __repr__(self) -> str:
        objective, bound, gap = (None if x is None else f"{x:.8g}" for x in (self.objective, self.bound, self.gap))
        chosen = "nothing feasible" if self.assets is None else f"{len(self.assets)} assets"
        return (
            f"PortfolioResult({chosen}, objective={objective}, bound={bound}, gap={gap}, "
            f"selection_gap={None if self.selection_gap is None else f'{self.selection_gap:.3g}'}, "
            f"solver={self.solver[:40]!r})"
        )


def require_result(result: object, problem: PortfolioProblem) -> PortfolioResult:
    """The result, if it is one of this problem.

    Raises:
        InputError: if it is none, or one of another problem.
    """
    found = check_instance(result, PortfolioResult, "the result must be a PortfolioResult")
    if found.problem_fingerprint != require_problem(problem).fingerprint:
        raise InputError(
            f"the result must be one of this problem ({problem.fingerprint}), got one of "
            f"{found.problem_fingerprint}; solve this problem"
        )
    return found
