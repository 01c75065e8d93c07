"""Which assets to hold, each with the same weight: a quadratic function of bits, and rows that let picks be weighed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qtoolkit._checks import require_integer
from qtoolkit.algorithms.quadratic import BinaryQuadratic, Constraints, LinearRow, QuadraticProblem
from qtoolkit.applications.finance.data.assets import indices_of
from qtoolkit.applications.finance.portfolio.program import WeightProgram
from qtoolkit.errors import InputError

if TYPE_CHECKING:
    from qtoolkit.applications.finance.portfolio.problem import PortfolioProblem

__all__ = ["Reach", "in_whole_units", "picks_form", "pick_rows", "selection_of"]

FloatArray = NDArray[np.float64]

_ROUNDING = 1e-9
"""Of the sum of a row's coefficients: what rounding may have added to it."""

_LARGEST_COUNT = 4
"""Greatest coefficient of a row that is stated in integers: penalties take slack bits for them, and with many of these
feasible picks get rare; solvers list the feasible picks of other rows."""


def selection_of(problem: PortfolioProblem, number: int | None) -> QuadraticProblem:
    """See `PortfolioProblem.selection`.

    Raises:
        InputError: for a number that the problem does not allow, or weights that equal picks cannot have.
    """
    fewest, most = problem.cardinality
    if number is None and (problem.objective == "positions" or fewest == most):
        number = most
        range_of = (fewest, most)
    elif number is None:
        raise InputError(
            f"equal weights are another function for each number of assets, {fewest} to {most}: pass one of "
            "problem.numbers"
        )
    else:
        number = require_integer("number", number, fewest, most)
        range_of = (number, number)
    if not problem.pick_weight(number) > 0.0:
        raise InputError(
            f"a selection spends a positive budget, got at most {problem.budget[1]:g}; call choose_and_weigh(program)"
        )
    rows = pick_rows(problem.program, range_of)
    constraints = Constraints(problem.asset_names, cardinality=range_of, rows=rows)
    return QuadraticProblem(picks_form(problem, number), constraints)


def picks_form(problem: PortfolioProblem, number: int) -> BinaryQuadratic:
    """The objective of so many picks of one weight; exact for the variance, and trading costs included.

    For a `Tail` at level α it is that of normal returns, ``−μᵀw + k σ`` with ``k = φ(Φ⁻¹(α)) / (1 − α)``, with σ in
    place of its root: ``(σ² + s²) / 2s``, which touches it at the mean variance s² of so many picks.
    """
    program = problem.program
    weight = problem.pick_weight(number)
    means, quadratic, offset = problem.expected_returns, problem.risk_aversion * problem.covariance, 0.0
    if problem.tail is not None:
        level = problem.tail.level
        factor = problem.risk_aversion * NormalDist().pdf(NormalDist().inv_cdf(level)) / (1.0 - level) if level else 0.0
        variance = BinaryQuadratic(weight**2 * problem.covariance).moments(number).mean
        spread = math.sqrt(max(variance, 0.0)) or 1.0
        quadratic = factor / (2.0 * spread) * problem.covariance
        offset = factor * spread / 2.0
        means = (1.0 + problem.risk_aversion) * means
    traded = program.cost * (np.abs(weight - program.current) - np.abs(program.current))
    offset += float(program.cost @ np.abs(program.current))
    return BinaryQuadratic(weight**2 * quadratic, traded - weight * means, offset, problem.asset_names)


class Reach:
    """What the weight of each asset can be: 0 where it is not held, else from `lower` to `upper`.

    Attributes:
        lower, upper: of an asset that is held, whole lots, shape ``(n,)``.
    """

    def __init__(self, program: WeightProgram) -> None:
        lots = np.where(program.lots > 0.0, program.lots, 1.0)
        steps = program.lots > 0.0
        low = np.where(program.minimum_if_held > 0.0, np.maximum(program.lower, program.minimum_if_held), program.lower)
        self.lower = np.where(steps, lots * np.ceil(low / lots - _ROUNDING), low)
        self.upper = np.where(steps, lots * np.floor(program.upper / lots + _ROUNDING), program.upper)


def pick_rows(program: WeightProgram, numbers: tuple[int, int]) -> list[LinearRow]:
    """Rows on picks without which no weights obey the programme; those that always hold are left out.

    Args:
        program: of the weights.
        numbers: fewest and most picks.
    """
    candidates = [*_fixed(program), *_counted(program), *_reached(program), *_traded(program)]
    rows = [_needed(row, numbers) for row in candidates]
    return [row for row in rows if row is not None]


def _fixed(program: WeightProgram) -> Iterator[LinearRow]:
    """Assets that must be held, or cannot be."""
    reach = Reach(program)
    for place, (name, unit) in enumerate(zip(program.names, np.eye(program.num_assets), strict=True)):
        if program.lower[place] > 0.0:
            yield LinearRow(unit, 1.0, math.inf, f"{name} is held")
        if reach.lower[place] > reach.upper[place]:
            yield LinearRow(unit, -math.inf, 0.0, f"{name} is not held")


def _counted(program: WeightProgram) -> Iterator[LinearRow]:
    for name, group in program.groups.items():
        most = math.inf if group.most is None else float(group.most)
        yield LinearRow(_members(program, name), float(group.fewest), most, f"number of {name}")


def _reached(program: WeightProgram) -> Iterator[LinearRow]:
    """Sums of weights that the budget and groups ask for, and that the picks' own limits allow."""
    reach = Reach(program)
    least, most = program.budget
    everyone = np.ones(program.num_assets)
    parts = [("budget", everyone, least, most)]
    grouped, low, high = np.zeros(program.num_assets), 0.0, 0.0
    for name, group in program.groups.items():
        inside = _members(program, name)
        parts.append((f"weights of {name}", inside, group.lower, group.upper))
        parts.append((f"weights beside {name}", everyone - inside, least - group.upper, most - group.lower))
        grouped, low, high = grouped + inside, low + group.lower, high + group.upper
    if len(program.groups) > 1 and np.all(grouped <= 1.0):
        parts.append(("weights beside all groups", everyone - grouped, least - high, most - low))
    for name, inside, lower, upper in parts:
        if math.isfinite(lower):
            yield LinearRow(inside * reach.upper, lower, math.inf, f"{name} from below")
        if math.isfinite(upper):
            yield LinearRow(inside * reach.lower, -math.inf, upper, f"{name} from above")


def _traded(program: WeightProgram) -> Iterator[LinearRow]:
    """What is sold and bought at least: all of an asset that is not held, and what its limits ask of one that is."""
    if not math.isfinite(program.max_turnover):
        return
    reach, current, turnover = Reach(program), program.current, program.max_turnover
    least, most = program.budget
    sold = np.maximum(current, 0.0)
    bought = np.maximum(-current, 0.0)
    sold_if_held = np.maximum(current - reach.upper, 0.0)
    bought_if_held = np.maximum(reach.lower - current, 0.0)
    total = float(current.sum())
    # bought less sold is the change of the sum of weights
    for name, without, held, limit in (
        ("turnover", sold + bought, sold_if_held + bought_if_held, turnover),
        ("turnover of what is sold", sold, sold_if_held, (turnover - least + total) / 2.0),
        ("turnover of what is bought", bought, bought_if_held, (turnover + most - total) / 2.0),
    ):
        yield LinearRow(held - without, -math.inf, limit - float(without.sum()), name)


def _members(program: WeightProgram, name: str) -> FloatArray:
    inside = np.zeros(program.num_assets)
    inside[indices_of(program.groups[name].members, program.names)] = 1.0
    return inside


def _needed(row: LinearRow, numbers: tuple[int, int]) -> LinearRow | None:
    """The sides of a row that so many picks can break; None if there is none."""
    sums = np.concatenate([[0.0], np.cumsum(np.sort(row.coefficients))])[numbers[0] : numbers[1] + 1]
    least = float(sums.min())
    sums = np.concatenate([[0.0], np.cumsum(np.sort(row.coefficients)[::-1])])[numbers[0] : numbers[1] + 1]
    most = float(sums.max())
    room = _ROUNDING * float(np.abs(row.coefficients).sum())
    lower = row.lower if least < row.lower - room else -math.inf
    upper = row.upper if most > row.upper + room else math.inf
    if math.isinf(lower) and math.isinf(upper):
        return None
    return in_whole_units(LinearRow(row.coefficients, lower, upper, row.name), _LARGEST_COUNT)


def in_whole_units(row: LinearRow, most: float) -> LinearRow:
    """The row divided so that its coefficients are integers, where they have a common measure.

    Args:
        row: to divide.
        most: greatest integer to come out; otherwise the row stays as it is.
    """
    used = np.abs(row.coefficients[row.coefficients != 0.0])
    if not used.size:
        return row
    unit, largest = float(used.min()), float(used.max())
    for value in used.tolist():
        while value > _ROUNDING * largest:  # Euclid's algorithm, to rounding
            unit, value = value, unit % value
            value = 0.0 if unit - value <= _ROUNDING * largest else value
    if largest > most * unit * (1.0 + _ROUNDING):
        return row
    scaled = np.round(row.coefficients / unit)
    limits = [limit / unit for limit in (row.lower, row.upper)]
    lower, upper = (
        float(np.round(limit))
        if math.isfinite(limit) and abs(limit - np.round(limit)) <= _ROUNDING * max(1.0, abs(limit))
        else limit
        for limit in limits
    )
    return LinearRow(scaled, lower, upper, row.name)
