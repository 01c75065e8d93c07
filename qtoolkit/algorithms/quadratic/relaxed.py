"""The convex relaxation of a binary quadratic problem: where each bit leans, to start from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qtoolkit.algorithms.quadratic.milp import convex_diagonal
from qtoolkit.algorithms.quadratic.problem import QuadraticProblem

__all__ = ["relaxed_solution"]

FloatArray = NDArray[np.float64]


def relaxed_solution(problem: QuadraticProblem) -> FloatArray:
    """The minimum over numbers from 0 to 1 that obey the constraints, shape ``(n,)``.

    Where the objective is not convex, a diagonal that adds nothing on bits makes it so: Billionnet, Elloumi and
    Plateau, Discrete Appl. Math. 157, 1185 (2009). Rounding may miss constraints by
    a little.
    """
    from scipy.optimize import Bounds, LinearConstraint, minimize

    matrix = np.array(problem.objective.matrix)
    scale = float(np.abs(matrix).max()) or 1.0
    matrix /= scale
    pairs = matrix - np.diag(np.diag(matrix))
    diagonal = np.diag(matrix) if float(np.linalg.eigvalsh(matrix)[0]) >= -1e-9 else convex_diagonal(pairs)
    convex, linear = pairs + np.diag(diagonal), np.diag(matrix) - diagonal
    equations = [row for row in problem.constraints.rows if row.lower == row.upper]
    others = [row for row in problem.constraints.rows if row.lower != row.upper]
    limits = [
        LinearConstraint(np.array([row.coefficients for row in rows]), *np.array([row.limits() for row in rows]).T)
        for rows in (equations, others)
        if rows
    ]
    size = problem.num_variables

    def value(x: FloatArray) -> float:
        return float(x @ convex @ x + linear @ x)

    def slope(x: FloatArray) -> FloatArray:
        return np.asarray(2.0 * (convex @ x) + linear)

    found = minimize(
        value,
        np.full(size, 0.5),
        jac=slope,
        method="SLSQP",
        bounds=Bounds(np.zeros(size), np.ones(size)),
        constraints=limits,
        options={"maxiter": 300, "ftol": 1e-9},
    )
    return np.clip(np.asarray(found.x, dtype=np.float64), 0.0, 1.0)
