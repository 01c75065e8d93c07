"""Portfolios in a terminal: assets, objectives beside their optimum, shots beside luck, constraints, evidence."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from qtoolkit.algorithms.outcomes import approximation_ratio
from qtoolkit.algorithms.quadratic import ConstraintCheck
from qtoolkit.applications.finance import PortfolioResult
from qtoolkit.report.model import Unit
from qtoolkit.report.portfolios.answer import PortfolioAnswer
from qtoolkit.report.portfolios.numbers import GAP_DASH, WEIGHT, gap_unit, plain, share
from qtoolkit.report.tables import number_table

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["evidence_facts", "limits_text", "portfolio_tables"]

_ROUNDING = 1e-12
"""Share of an objective that is none of a gap."""

_BAR = 20
_FEW = 3
"""Up to so many assets that are held and weigh nothing are named."""

_ASSETWISE = {"bounds": "bounds of each asset", "minimum if held": "minimum if held", "lots": "whole lots"}
"""Constraints of one row for each asset, of which the worst is kept: its numbers say little."""


def portfolio_tables(answer: PortfolioAnswer, width: int = 80) -> list[Table]:
    """What a terminal shows of a portfolio.

    Args:
        answer: the portfolio.
        width: columns of the terminal.
    """
    tables = [] if answer.result.assets is None else [_assets(answer, width)]
    tables.append(_objectives(answer, width))
    if answer.result.luck is not None:
        tables.append(_shots(answer, width))
    if answer.result.feasibility:
        tables.append(_constraints(answer.result, width))
    return tables


def evidence_facts(answer: PortfolioAnswer) -> list[str]:
    """Who found it, how, when, and from what."""
    solution = answer.result.selection
    facts = [solution.solver if not solution.setting else f"{solution.solver}: {solution.setting}"]
    if solution.backend_name:
        facts.append(f"backend {solution.backend_name}")
    if solution.depth is not None:
        facts.append(f"depth {solution.depth:,}")
    if solution.two_qubit_count is not None:
        facts.append(f"{solution.two_qubit_count:,} two-qubit gates")
    if answer.draws:
        facts.append(answer.draws)
    if solution.seed is not None:
        facts.append(f"seed {solution.seed}")
    return [*facts, f"{answer.result.wall_time:.2g} s", answer.evidence.span, f"problem {answer.problem.fingerprint}"]


def limits_text(check: ConstraintCheck) -> tuple[str, str, str]:
    """A constraint's value and limits; none where it stands for a row for each asset."""
    if check.name in _ASSETWISE:
        return "", "", ""
    return plain(check.value), plain(check.lower), plain(check.upper)


def _assets(answer: PortfolioAnswer, width: int) -> Table:
    sectors, best = answer.evidence.sectors, answer.optimal_weights
    headings = ["asset", *(["sector"] if sectors else []), answer.word]
    headings += [] if best is None else ["optimum" if answer.optimum else "best known"]
    ours = answer.result.weights
    largest = max(map(abs, ours.values()), default=0.0) or 1.0
    rows = []
    without = len(answer.assets) - len(answer.weighty)
    for name in answer.assets if without <= _FEW else answer.weighty:
        row = [name, *([sectors[name]] if sectors else [])]
        row.append(WEIGHT.text(ours[name]) if name in ours else GAP_DASH)
        row += [] if best is None else [WEIGHT.text(best[name])]
        rows.append([*row, "█" * round(_BAR * abs(ours.get(name, 0.0)) / largest)])
    if without > _FEW:
        nothing = [WEIGHT.text(0.0)] * (1 if best is None else 2)
        rows.append([f"{without} more held", *([""] if sectors else []), *nothing, ""])
    table = number_table([*headings, ""], rows)
    table.columns[-1].justify = "left"
    if sectors:
        table.columns[1].justify = "left"
        table.columns[1].no_wrap = False
        table.columns[1].max_width = width // 3
    table.columns[0].max_width = width // 3
    return table


def _objectives(answer: PortfolioAnswer, width: int) -> Table:
    result = answer.result
    unit = answer.unit
    exact = result.exact
    rows: list[tuple[str, ...]] = []
    name = f"{answer.word.capitalize()}s"
    if result.assets is None:
        rows.append((f"{name}: no feasible choice",))
    elif result.weighed == "convex":
        rows.append((f"{name}, by convex programme",))
    else:
        rows.append((f"{name}, all alike",))
    if result.assets is not None or exact is not None:
        rows.append((f"  {answer.formula}", *_beside(result.objective, result.bound, answer.optimum is not None, unit)))
    if exact is not None and answer.optimum is None:
        rows.append(("  the best known portfolio", unit.text(exact.objective), "", ""))
    for label, ours, theirs in answer.parts:
        rows.append((f"  {label}", unit.text(ours), "" if theirs is None else unit.text(theirs), ""))
    rows += _selection_rows(answer)
    has_bound = any(row[2:3] and row[2].startswith("≥") for row in rows)
    heading = "optimum or bound ≥" if has_bound else "optimum"
    return number_table([f"per {answer.evidence.period}", "this portfolio", heading, "gap"], rows, width)


def _selection_rows(answer: PortfolioAnswer) -> Iterator[tuple[str, ...]]:
    """The quadratic problem of bits that the solver had."""
    solution = answer.result.selection
    of = "" if solution.bits is None else f" of {sum(solution.bits)}"
    yield (f"Selection{of}, all alike, by {solution.solver}",)
    what = "" if answer.problem.tail is None else " of normal returns"
    best = f", best of {answer.draws}" if answer.draws else ""
    is_optimal = solution.bound.kind == "optimal"
    yield (f"  objective{what}{best}", *_beside(solution.value, solution.bound.value, is_optimal, answer.unit))
    if not answer.is_measured and solution.approximation_ratio is not None:
        yield ("  approximation ratio", f"{solution.approximation_ratio:.4f}", "1", "")


def _beside(value: float | None, bound: float | None, is_optimal: bool, unit: Unit) -> tuple[str, str, str]:
    """A value, its optimum or bound, and the gap."""
    ours = GAP_DASH if value is None else unit.text(value)
    if bound is None or math.isinf(bound):
        return ours, GAP_DASH, GAP_DASH
    gap = None if value is None else max(value - bound, 0.0)
    if gap is not None and gap <= _ROUNDING * abs(bound):
        gap = 0.0
    sign = "" if is_optimal else "≥ "
    return ours, f"{sign}{unit.text(bound)}", GAP_DASH if gap is None else gap_unit(gap).text(gap, signed=True)


def _shots(answer: PortfolioAnswer, width: int) -> Table:
    """What was measured, beside as many uniform draws of feasible choices."""
    solution, luck = answer.result.selection, answer.result.luck
    assert luck is not None
    unit = answer.unit
    enumeration = answer.enumeration
    blind = None
    if enumeration is not None:
        blind = approximation_ratio(enumeration.mean_value, enumeration.value, enumeration.worst_value)

    def number(value: float | None) -> str:
        return GAP_DASH if value is None else unit.text(value)

    ratio = solution.approximation_ratio if answer.is_measured else None
    rows = [
        (
            "probability of the optimum, one shot",
            share(solution.probability_of_optimum),
            share(luck.probability_of_optimum),
        ),
        (f"chance that {answer.draws} hold it", share(solution.chance_of_optimum), share(luck.chance_of_optimum)),
        ("shots that are feasible", share(solution.feasible_probability), share(1.0)),
        (
            "mean objective of the feasible",
            number(solution.expected_value if answer.is_measured else None),
            number(luck.mean_value),
        ),
        ("best objective (blindly: expected)", number(solution.value), number(luck.best_value_expected)),
        ("approximation ratio of the mean", *(GAP_DASH if x is None else f"{x:.4f}" for x in (ratio, blind))),
    ]
    headings = (answer.draws, solution.solver, "as many drawn blindly")
    return number_table(headings, [row for row in rows if set(row[1:]) != {GAP_DASH}], width)


def _constraints(result: PortfolioResult, width: int) -> Table:
    rows = [
        (_ASSETWISE.get(check.name, check.name), *limits_text(check), "holds" if check.satisfied else "BROKEN")
        for check in result.feasibility
    ]
    return number_table(("constraint", "value", "least", "most", ""), rows, width)
