"""HiGHS on linear and convex quadratic programmes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from qtoolkit._optional import require

__all__ = ["Answer", "LinearModel", "minimise"]

FloatArray = NDArray[np.float64]

_TOLERANCE = 1e-9
_REGULARISATION = 1e-10
_MISSED = 1e-4
_SCALES = (0, 4, 8, -4)
"""Powers of two that bounds are multiplied by, in the order in which they are tried: near the corner of a programme the
quadratic solver gives up on some and not on others."""


@dataclass(frozen=True, eq=False)
class LinearModel:
    """``row_lower ≤ table·x ≤ row_upper`` and ``lower ≤ x ≤ upper``, in units that make the entries numbers near 1."""

    table: sparse.csc_array
    row_lower: FloatArray
    row_upper: FloatArray
    lower: FloatArray
    upper: FloatArray


class Answer(NamedTuple):
    """HiGHS's word for how it ended, x (None where there is none) and the dual value of each row."""

    status: str
    values: FloatArray | None
    duals: FloatArray


def minimise(model: LinearModel, costs: FloatArray, hessian: FloatArray | None, time_limit: float) -> Answer:
    """Minimise ``costsᵀx + ½ yᵀHy``, where y are the first variables.

    Args:
        model: what x obeys.
        costs: one for each variable.
        hessian: positive semidefinite, with entries near 1: HiGHS does not converge on small ones.
        time_limit: seconds.

    Raises:
        MissingExtraError: if HiGHS is not installed.
    """
    highspy: Any = require("highspy", extra="finance")
    solver = _silent(highspy)
    solver.setOptionValue("time_limit", max(time_limit, 1e-3))
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("qp_regularization_value", _REGULARISATION)
    for option in ("primal_feasibility_tolerance", "dual_feasibility_tolerance"):
        solver.setOptionValue(option, _TOLERANCE)
    problem = highspy.HighsModel()
    linear = problem.lp_
    linear.num_row_, linear.num_col_ = model.table.shape
    linear.col_cost_ = costs
    linear.col_lower_, linear.col_upper_ = model.lower, model.upper
    linear.row_lower_, linear.row_upper_ = model.row_lower, model.row_upper
    linear.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    linear.a_matrix_.start_ = model.table.indptr
    linear.a_matrix_.index_ = model.table.indices
    linear.a_matrix_.value_ = model.table.data
    if hessian is not None and np.any(hessian):
        lower = sparse.csc_array(np.tril(hessian))
        square = problem.hessian_
        square.dim_ = linear.num_col_
        square.format_ = highspy.HessianFormat.kTriangular
        square.start_ = np.append(lower.indptr, np.full(linear.num_col_ - len(hessian), lower.nnz))
        square.index_ = lower.indices
        square.value_ = lower.data
    for scale in _SCALES:
        solver.setOptionValue("user_bound_scale", scale)
        solver.passModel(problem)
        solver.run()
        answer = _answer(solver, model)
        if answer.status != "Solve error":
            break
    return answer


def _answer(solver: Any, model: LinearModel) -> Answer:
    """What a run came to; an error as well where the values break rows, which rounding does not."""
    status = str(solver.modelStatusToString(solver.getModelStatus()))
    solution = solver.getSolution()
    values = np.array(solution.col_value, dtype=np.float64)
    duals = np.array(solution.row_dual, dtype=np.float64)
    if len(values) != model.table.shape[1] or not bool(solution.value_valid):
        return Answer(status, None, duals)
    rows = model.table @ values
    missed = np.abs(rows - np.clip(rows, model.row_lower, model.row_upper)).max(initial=0.0)
    if status == "Optimal" and missed > _MISSED:
        return Answer("Solve error", None, duals)
    return Answer(status, values, duals)


def _silent(highspy: Any) -> Any:
    """A solver that never prints: the package sets up callbacks, which prints, before an option could forbid it."""
    base: Any = highspy.Highs

    class Silent(base):  # type: ignore[misc]
        def enableCallbacks(self) -> None:  # noqa: N802
            self.setOptionValue("output_flag", False)
            super().enableCallbacks()

    return Silent()
