"""`PortfolioAnswer`: a portfolio with all that its tables, its data and its page say about it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from qtoolkit.algorithms.quadratic import Enumeration, enumerate_choices
from qtoolkit.applications.finance import Moments, PortfolioProblem, PortfolioResult, Weighing, require_result
from qtoolkit.report.model import Unit
from qtoolkit.report.portfolios.numbers import common_unit, period_of

__all__ = ["Evidence", "PortfolioAnswer"]

_LISTED = 1 << 20
"""Choices whose objectives are listed for a figure: some milliseconds."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """Where the numbers of a problem come from.

    Attributes:
        source: of the prices.
        moments: that they gave.
        sectors: of assets, by name; empty where they are not known.
    """

    source: str
    moments: Moments
    sectors: Mapping[str, str] = field(default_factory=dict)

    @property
    def period(self) -> str:
        """``"day"`` for daily returns, and so on."""
        return period_of(self.moments)

    @property
    def span(self) -> str:
        """How many returns of which days."""
        found = self.moments
        if found.span is None:
            return self.source
        return f"{found.num_periods:,} {found.return_kind} returns, {found.span[0]} to {found.span[1]}"


@dataclass(frozen=True, eq=False)
class PortfolioAnswer:
    """A portfolio and what it comes from.

    Attributes:
        problem: that was solved.
        result: its answer.
        evidence: where its numbers come from.

    Raises:
        InputError: if the result is one of another problem.
    """

    problem: PortfolioProblem
    result: PortfolioResult
    evidence: Evidence

    def __post_init__(self) -> None:
        require_result(self.result, self.problem)

    @property
    def word(self) -> str:
        """What a weight is called."""
        return "position" if self.problem.objective == "positions" else "weight"

    @property
    def optimum(self) -> Weighing | None:
        """The best choice and weights, where that is proved."""
        exact = self.result.exact
        return exact if exact is not None and exact.status == "optimal" else None

    @property
    def optimal_weights(self) -> dict[str, float] | None:
        """Of the best portfolio known, by name; None where none was asked for."""
        exact = self.result.exact
        if exact is None:
            return None
        return dict(zip(self.problem.asset_names, map(float, exact.weights), strict=True))

    @property
    def assets(self) -> list[str]:
        """Those that are held here or in the best portfolio known, heaviest first."""
        ours, best = self.result.weights, self.optimal_weights or {}
        shown = [name for name in self.problem.asset_names if name in ours or round(best.get(name, 0.0), 4)]
        return sorted(shown, key=lambda name: (-abs(ours.get(name, 0.0)), name not in ours, -abs(best.get(name, 0.0))))

    @property
    def is_measured(self) -> bool:
        """Whether the solver's answer is one of many outcomes, whose mean is known too."""
        return self.result.selection.feasible_probability is not None

    @property
    def draws(self) -> str:
        """What luck is given as many of: ``"4,096 shots"``, or queries of Grover's oracle; empty for neither."""
        solution = self.result.selection
        if solution.num_queries is not None:
            return f"{solution.num_queries:,} {'query' if solution.num_queries == 1 else 'queries'}"
        if solution.shots is None:
            return ""
        return f"{solution.shots:,} {'shot' if solution.shots == 1 else 'shots'}"

    @property
    def parts(self) -> list[tuple[str, float, float | None]]:
        """What the objective is made of: what it is, ours, and the optimum's; empty without a portfolio."""
        result, best = self.result, self.optimum
        if result.expected_return is None or result.risk is None or result.cost is None:
            return []
        found = [
            ("expected return", result.expected_return, None if best is None else best.expected_return),
            (f"risk: {self.risk}", result.risk, None if best is None else best.risk),
            ("cost of trading", result.cost, None if best is None else best.cost),
        ]
        return found if self.problem.program.is_traded else found[:2]

    @property
    def unit(self) -> Unit:
        """Of all objectives and their parts."""
        result = self.result
        values = (result.objective, result.bound, result.selection_value, result.selection_bound)
        return common_unit(value for value in values if value is not None and math.isfinite(value))

    @property
    def number(self) -> str:
        """How many assets are held, in words."""
        fewest, most = self.problem.cardinality
        if (fewest, most) == (1, self.problem.num_assets):
            return "any number"
        return f"{most}" if fewest == most else f"{fewest} to {most}"

    @property
    def formula(self) -> str:
        """What is minimised, in a few words."""
        cost = " + cost" if self.problem.program.is_traded else ""
        return f"objective: {self.problem.risk_aversion:g} × risk − return{cost}"

    @property
    def weighty(self) -> list[str]:
        """Those of `assets` that weigh something here or in the best portfolio known."""
        ours, best = self.result.weights, self.optimal_weights or {}
        return [name for name in self.assets if any(round(each.get(name, 0.0), 4) for each in (ours, best))]

    @property
    def risk(self) -> str:
        """What the risk is."""
        tail = self.problem.tail
        return "variance" if tail is None else f"CVaR at {tail.level:g}"

    @cached_property
    def enumeration(self) -> Enumeration | None:
        """Of the selection; None where its choices are too many, or some were excluded."""
        selection = self.result.selection
        if selection.approximation_ratio is None and selection.luck is None:
            return None
        for number in self.problem.numbers:
            form = self.problem.selection(number)
            if form.fingerprint == selection.problem_fingerprint:
                count = form.constraints.count()
                return None if count is None or count > _LISTED else enumerate_choices(form)
        return None
