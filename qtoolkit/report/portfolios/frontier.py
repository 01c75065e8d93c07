"""Efficient frontiers: in a terminal, as data, and as a page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from qtoolkit.applications.finance import EfficientFrontier, FrontierPoint, PortfolioProblem
from qtoolkit.report.environment import environment
from qtoolkit.report.model import Figure, Report, Row, Section, Unit
from qtoolkit.report.portfolios import figures
from qtoolkit.report.portfolios.answer import Evidence
from qtoolkit.report.portfolios.data import evidence_data, finite, problem_data
from qtoolkit.report.portfolios.entries import NO_ADVICE, input_entries
from qtoolkit.report.portfolios.numbers import gap_unit
from qtoolkit.report.tables import number_table

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["FrontierAnswer", "frontier_data", "frontier_facts", "frontier_page", "frontier_tables"]

_PERCENT = Unit("%", 100.0, 4)
_NAMED = 36
"""Letters of the assets that a row names."""


@dataclass(frozen=True, eq=False)
class FrontierAnswer:
    """Frontiers and what they come from.

    Attributes:
        problem: whose limits are obeyed.
        limited: the frontier under them; None where there are none.
        unlimited: of long-only, fully invested portfolios.
        evidence: where the numbers come from.
    """

    problem: PortfolioProblem
    limited: EfficientFrontier | None
    unlimited: EfficientFrontier
    evidence: Evidence

    @property
    def frontiers(self) -> dict[str, EfficientFrontier]:
        """By what they obey."""
        found = {} if self.limited is None else {"with limits": self.limited}
        return found | {"without limits": self.unlimited}

    @property
    def is_variance(self) -> bool:
        """Whether the risk is a variance, which is shown as its root."""
        return self.problem.tail is None

    @property
    def measure(self) -> str:
        """What stands for the risk."""
        tail = self.problem.tail
        return "standard deviation" if tail is None else f"CVaR at {tail.level:g}"

    def shown(self, risk: float) -> float:
        """The risk in the units of returns."""
        return math.sqrt(max(risk, 0.0)) if self.is_variance else risk


def frontier_tables(answer: FrontierAnswer, width: int = 80) -> list[Table]:
    """What a terminal shows of frontiers.

    Args:
        answer: the frontiers.
        width: columns of the terminal.
    """
    rows: list[tuple[str, ...]] = []
    for label, frontier in answer.frontiers.items():
        rows.append((label.capitalize(),))
        rows += [
            (
                f"  {_held(point)}",
                _PERCENT.text(point.expected_return),
                _PERCENT.text(answer.shown(point.risk)),
                "proved" if point.is_optimal else _gap(answer, point),
            )
            for point in frontier.points
        ]
    period = answer.evidence.period
    headings = (
        "heaviest first",
        f"return per {period}",
        "std. deviation" if answer.is_variance else answer.measure,
        "gap",
    )
    return [number_table(headings, rows, width)]


def frontier_facts(answer: FrontierAnswer) -> list[str]:
    """How many points of which problem, and from what."""
    parts = []
    for label, frontier in answer.frontiers.items():
        proved = sum(point.is_optimal for point in frontier.points)
        parts.append(f"{label}: {len(frontier.points)} points, {proved} proved, {frontier.wall_time:.2g} s")
    return [*parts, answer.evidence.span, f"problem {answer.problem.fingerprint}"]


def frontier_data(answer: FrontierAnswer) -> dict[str, Any]:
    """Frontiers as JSON types, in base units."""
    return {
        "problem": problem_data(answer.problem),
        "data": evidence_data(answer.evidence),
        "with_limits": None if answer.limited is None else _data(answer.limited),
        "without_limits": _data(answer.unlimited),
    }


def frontier_page(answer: FrontierAnswer) -> Report:
    """The page.

    Raises:
        MissingExtraError: if Matplotlib is not installed.
    """
    period, measure = answer.evidence.period, answer.measure
    rows = []
    for label, frontier in answer.frontiers.items():
        for place, point in enumerate(frontier.points, 1):
            risk = answer.shown(point.risk)
            # what is optimal to the tolerance of solvers may fall short of its bound
            gap = max(risk - answer.shown(point.bound), 0.0) if point.is_optimal else None
            known = "proved" if gap is not None else _bound(answer, point)
            rows.append(
                Row(
                    f"{label.capitalize()}, {place}: {_PERCENT.text(point.expected_return)}",
                    risk,
                    None if gap is None else risk - gap,
                    _PERCENT,
                    gap_unit(gap, _PERCENT),
                    f"{known}; {_held(point)}",
                )
            )
    inputs = input_entries(answer.evidence, answer.problem.fingerprint)
    section = Section(
        name="frontier",
        title="Efficient frontier",
        units=f"{measure} per {period}",
        question=(
            f"How little risk has a portfolio of each return? Each row has a return per {period}, the {measure} of the "
            "portfolio found, and that below which none of at least this return falls."
        ),
        rows=tuple(rows),
        findings=_findings(answer),
        limits=(NO_ADVICE,),
        figures=(_plane(answer), *_compositions(answer)),
        evidence={"Frontiers": "; ".join(frontier_facts(answer)), **inputs},
        wall_time=sum(frontier.wall_time for frontier in answer.frontiers.values()),
    )
    return Report(
        title=f"Efficient frontier of {answer.problem.num_assets} assets",
        summary="The least risk for each return"
        + (", under limits and without them." if answer.limited else ", of long-only, fully invested portfolios."),
        sections=(section,),
        seed=None,
        environment=environment(),
    )


def _held(point: FrontierPoint) -> str:
    """The assets of a point, heaviest first, as many as fit."""
    held = sorted(
        (name for name, weight in point.weights.items() if round(weight, 4)), key=lambda name: -point.weights[name]
    )
    if len(text := " ".join(held)) <= _NAMED or len(held) == 1:
        return text
    kept = 1
    while len(" ".join(held[: kept + 1])) <= _NAMED - len(" and 100 more"):
        kept += 1
    return f"{' '.join(held[:kept])} and {len(held) - kept} more"


def _gap(answer: FrontierAnswer, point: FrontierPoint) -> str:
    gap = answer.shown(point.risk) - answer.shown(point.bound)
    return _PERCENT.text(max(gap, 0.0), signed=True) if math.isfinite(gap) else "unknown"


def _bound(answer: FrontierAnswer, point: FrontierPoint) -> str:
    """What is known of a point that is not proved."""
    if not math.isfinite(point.bound):
        return "not proved"
    return f"not proved, at least {_PERCENT.text(answer.shown(point.bound))}"


def _data(frontier: EfficientFrontier) -> dict[str, Any]:
    return {
        "risk": frontier.risk_measure,
        "problem_fingerprint": frontier.problem_fingerprint,
        "wall_time": frontier.wall_time,
        "points": [
            {
                "expected_return": point.expected_return,
                "risk": point.risk,
                "bound": finite(point.bound),
                "is_optimal": point.is_optimal,
                "weights": dict(point.weights),
            }
            for point in frontier.points
        ],
    }


def _findings(answer: FrontierAnswer) -> tuple[str, ...]:
    found = []
    for label, frontier in answer.frontiers.items():
        first, last = frontier.points[0], frontier.points[-1]
        least, greatest = (_PERCENT.text(answer.shown(point.risk)) for point in (first, last))
        low, high = (_PERCENT.text(point.expected_return) for point in (first, last))
        found.append(
            f"{label.capitalize()} the least {answer.measure} is {least} at a return of {low}, and the greatest return "
            f"{high} at {greatest}."
        )
    return tuple(found)


def _plane(answer: FrontierAnswer) -> Figure:
    moments, period = answer.evidence.moments, answer.evidence.period
    tail = answer.problem.tail
    risks = np.sqrt(np.diag(moments.covariance))
    if tail is not None:
        risks = np.array([tail.value(unit) for unit in np.eye(len(moments.asset_names))])
    curves = {
        label: (
            [100.0 * answer.shown(point.risk) for point in frontier.points],
            [100.0 * point.expected_return for point in frontier.points],
        )
        for label, frontier in answer.frontiers.items()
    }
    return Figure(
        figures.risks_and_returns(
            (moments.asset_names, 100.0 * risks, 100.0 * moments.expected_returns),
            curves,
            {},
            (f"{answer.measure} (% per {period})", f"expected return (% per {period})"),
        ),
        "Each point of a line is a portfolio of least risk for its return; grey points are single assets. Between the "
        "points a line is a guess: with a number of assets the frontier may have gaps.",
        "Line plot: risk rises with return, and limits move the line to the right.",
    )


def _compositions(answer: FrontierAnswer) -> tuple[Figure, ...]:
    """What the portfolios along each frontier hold, each asset in one colour."""
    total: dict[str, float] = {}
    for frontier in answer.frontiers.values():
        for point in frontier.points:
            for name, weight in point.weights.items():
                total[name] = total.get(name, 0.0) + abs(weight)
    names = sorted(total, key=lambda name: -total[name])
    return tuple(
        Figure(
            figures.composition(
                [100.0 * point.expected_return for point in frontier.points],
                [point.weights for point in frontier.points],
                names,
                f"expected return (% per {answer.evidence.period})",
            ),
            f"Weights along the frontier {label}.",
            f"Stacked bars: the weights of each portfolio of the frontier {label}.",
        )
        for label, frontier in answer.frontiers.items()
    )
