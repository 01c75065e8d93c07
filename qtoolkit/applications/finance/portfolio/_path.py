"""The best weights of chosen assets over several periods at once, by HiGHS."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from qtoolkit.applications.finance.portfolio._highs import LinearModel, minimise
from qtoolkit.applications.finance.portfolio.program import Tail, WeightProgram
from qtoolkit.errors import ConvergenceError, InputError

__all__ = ["weigh_path"]

FloatArray = NDArray[np.float64]


def weigh_path(
    programs: Sequence[WeightProgram], picks: Sequence[Sequence[str]], time_limit: float
) -> tuple[FloatArray, float]:
    """Weights of each period, shape ``(T, n)``, and what no weights of these picks fall below.

    Args:
        programs: of the periods; each trades from the weights of the one before, the first from its current ones.
        picks: names of the assets that are held in each.
        time_limit: seconds.

    Raises:
        InputError: if no weights obey the constraints, or a period has a tail or lots.
        ConvergenceError: if HiGHS ends without weights.
        MissingExtraError: if HiGHS is not installed.
    """
    if any(isinstance(program.risk, Tail) or np.any(program.lots > 0.0) for program in programs):
        raise InputError("weights of several periods need variances and no lots, got others; pass weigh=False")
    size, number = programs[0].num_assets, len(programs)
    unit = _unit(programs)
    held = [np.isin(program.names, names) for program, names in zip(programs, picks, strict=True)]
    model = _joined(programs, held)
    columns = model.table.shape[1]
    costs = np.zeros(columns)
    hessian = np.zeros((number * size, number * size))
    for place, program in enumerate(programs):
        block = slice(place * size, (place + 1) * size)
        hessian[block, block] = 2.0 * unit * program.risk_aversion * np.asarray(program.risk)
        costs[block] = -unit * program.expected_returns
        costs[number * size :][block] = costs[2 * number * size :][block] = unit * program.cost
    answer = minimise(model, costs, hessian, time_limit)
    if answer.status == "Infeasible":
        raise InputError("the picks have no weights that obey all periods' constraints; relax one, or pass weigh=False")
    if answer.values is None:
        raise ConvergenceError(f"HiGHS ended without weights ({answer.status}); give more time, or check the units")
    flat = answer.values[: number * size]
    slope = hessian @ flat
    gradient = costs.copy()
    gradient[: number * size] += slope
    tangent = minimise(model, gradient, None, time_limit)
    bound = -math.inf
    if tangent.values is not None:
        bound = (float(gradient @ tangent.values) - 0.5 * float(slope @ flat)) / unit
    weights = np.where(np.array(held), flat.reshape(number, size), 0.0)
    return weights, bound


def _unit(programs: Sequence[WeightProgram]) -> float:
    """What makes the objective a number near 1."""
    size = max(program.risk_aversion * float(np.diag(np.asarray(program.risk)).mean()) for program in programs)
    size = size or max(float(np.abs(program.expected_returns).max()) for program in programs)
    return 1.0 / size if size > 0.0 else 1.0


def _joined(programs: Sequence[WeightProgram], held: Sequence[NDArray[np.bool_]]) -> LinearModel:
    """What the weights of all periods obey; then come what is bought and what is sold."""
    size, number = programs[0].num_assets, len(programs)
    columns = 3 * number * size
    rows, low, high = [], [], []
    lower, upper = np.zeros(columns), np.full(columns, math.inf)
    for place, (program, chosen) in enumerate(zip(programs, held, strict=True)):
        first = place * size
        block, bought = slice(first, first + size), slice(number * size + first, number * size + first + size)
        sold = slice(2 * number * size + first, 2 * number * size + first + size)
        lower[block] = np.where(chosen, np.minimum(program.lower, 0.0), 0.0)
        upper[block] = np.where(chosen, np.maximum(program.upper, 0.0), 0.0)
        for row in program.rows:
            constant = float(row.columns.held @ chosen)
            entries = np.zeros(columns)
            entries[block], entries[bought], entries[sold] = row.columns.weights, row.columns.traded, row.columns.traded
            rows.append(entries)
            low.append(row.lower - constant)
            high.append(row.upper - constant)
        for asset in range(size):
            entries = np.zeros(columns)
            entries[first + asset], entries[bought.start + asset], entries[sold.start + asset] = 1.0, -1.0, 1.0
            before = float(program.current[asset]) if place == 0 else 0.0
            if place:
                entries[first - size + asset] = -1.0
            rows.append(entries)
            low.append(before)
            high.append(before)
    return LinearModel(sparse.csc_array(np.array(rows)), np.array(low), np.array(high), lower, upper)
