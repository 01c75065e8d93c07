"""Rows of a `WeightProgram` as SCIP takes them, and which of them conflict."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit._optional import require
from qtoolkit.algorithms.quadratic import LinearRow
from qtoolkit.algorithms.quadratic.milp import optimise_by_scip, scip_model
from qtoolkit.applications.finance.portfolio.program import ASSETWISE, WeightProgram

__all__ = ["add_rows", "can_hold", "conflict", "explained", "variables_of"]

BoolArray = NDArray[np.bool_]

_SECONDS_FOR_CHECK = 5.0
_MOST_CHECKS = 400
_SECONDS_FOR_SEARCH = 10.0
"""Sets of constraints that are tried in search of a smaller conflict, and seconds after which the search ends."""


def variables_of(model: Any, program: WeightProgram, *, bounded: bool) -> tuple[list[Any], ...]:
    """Weights, held, lots (None where there are none) and trades; without bounds, rows alone decide."""
    scale = program.scale
    low, high = np.minimum(program.lower, 0.0) / scale, np.maximum(program.upper, 0.0) / scale
    weights = [
        model.addVar(lb=float(a) if bounded else None, ub=float(b) if bounded else None)
        for a, b in zip(low, high, strict=True)
    ]
    held = [model.addVar(vtype="B") for _ in weights]
    lots = [model.addVar(vtype="I", lb=None) if lot > 0.0 else None for lot in program.lots]
    trades: list[Any] = []
    if program.is_traded:
        for place, weight in enumerate(weights):
            up, down = model.addVar(lb=0.0), model.addVar(lb=0.0)
            before = float(program.current[place]) / scale
            model.addCons(weight - up + down == before)
            trades.append(up + down)
    return weights, held, lots, trades


def add_rows(
    model: Any, program: WeightProgram, variables: tuple[list[Any], ...], labels: Sequence[str] | None = None
) -> None:
    """The programme's rows, or those of some labels."""
    quicksum = require("pyscipopt", extra="finance").quicksum
    units = (program.scale, 1.0, program.scale, 1.0)
    for row in program.rows:
        if labels is not None and row.label not in labels:
            continue
        terms = [
            (unit * float(column[place]), part[place])
            for unit, column, part in zip(units, row.columns, variables, strict=True)
            for place in np.flatnonzero(column)
        ]
        largest = max(abs(value) for value, _ in terms)
        total = quicksum(value / largest * part for value, part in terms)
        lower, upper = row.lower / largest, row.upper / largest
        if lower == upper:
            model.addCons(total == lower)
            continue
        if not math.isinf(lower):
            model.addCons(total >= lower)
        if not math.isinf(upper):
            model.addCons(total <= upper)


def explained(program: WeightProgram, held: BoolArray | None) -> str:
    """Which constraints conflict, for chosen assets or any, in words."""
    labels = conflict(program, held)
    if labels is None:
        return "no portfolio was found although the constraints can all be met: they leave next to no room; relax one"
    listed = ", ".join(_stated(program, label) for label in labels)
    subject = "no portfolio" if held is None else "no portfolio of the chosen assets"
    if len(labels) == 1:
        return f"{subject} satisfies {listed}; relax it"
    least = "either can be met alone" if len(labels) == 2 else f"any {len(labels) - 1} of them can be met"
    return f"{subject} satisfies all of: {listed}; {least}; relax one"


def conflict(program: WeightProgram, held: BoolArray | None = None) -> tuple[str, ...] | None:
    """Labels of the fewest constraints that cannot be met together; None if all can.

    Each is left out in turn, for good if the rest conflict; then smaller sets are tried, hundreds at most and for some
    seconds. So with many constraints a smaller set may exist.

    Args:
        program: of the weights.
        held: the choice of assets; None for any.
    """
    every = tuple(dict.fromkeys(row.label for row in program.rows))
    if can_hold(program, held, every):
        return None
    labels = every
    for label in every:
        rest = tuple(other for other in labels if other != label)
        if not can_hold(program, held, rest):
            labels = rest
    smaller = (chosen for size in range(1, len(labels)) for chosen in itertools.combinations(every, size))
    deadline = time.perf_counter() + _SECONDS_FOR_SEARCH
    for chosen in itertools.islice(smaller, _MOST_CHECKS):
        if time.perf_counter() > deadline:
            break
        if not can_hold(program, held, chosen):
            return chosen
    return labels


def can_hold(program: WeightProgram, held: BoolArray | None, labels: Sequence[str]) -> bool:
    """Whether some weights obey some of the constraints; what is not decided in seconds counts as possible."""
    model = scip_model()
    weights, flags, lots, trades = variables_of(model, program, bounded=False)
    if held is not None:
        for flag, value in zip(flags, held.tolist(), strict=True):
            model.chgVarLb(flag, float(value))
            model.chgVarUb(flag, float(value))
    add_rows(model, program, (weights, flags, trades, lots), labels)
    return optimise_by_scip(model, _SECONDS_FOR_CHECK).status != "infeasible"


def _stated(program: WeightProgram, label: str) -> str:
    """A constraint and its limits, where it is one row or two and not one for each asset."""
    if label in ASSETWISE:
        return label
    row = next(row for row in program.rows if row.label == label)
    return str(LinearRow(np.ones(1), row.lower, row.upper, label))
