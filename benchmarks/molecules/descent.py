"""The search that every library's energies and gradients go through. Rivals' processes import this too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize

__all__ = ["Descent", "descend"]

_ITERATIONS = 1000
_GRADIENT = 1e-9


@dataclass(frozen=True)
class Descent:
    """Where a search ended.

    Attributes:
        energy: the lowest.
        num_evaluations: of the energy with its gradient.
    """

    energy: float
    num_evaluations: int


class _EnoughError(Exception):
    pass


def descend(
    evaluate: Callable[[Any], tuple[float, Any]], start: Sequence[float], target: float | None = None
) -> Descent:
    """L-BFGS-B of SciPy from a start, up to the first energy that is no higher than the target.

    Without a target it goes on until no derivative is larger than 1e-9, or rounding ends it.
    """
    lowest, count = np.inf, 0

    def watched(parameters: Any) -> tuple[float, Any]:
        nonlocal lowest, count
        energy, gradient = evaluate(parameters)
        lowest, count = min(lowest, energy), count + 1
        if target is not None and energy <= target:
            raise _EnoughError
        return energy, gradient

    options = {"maxiter": _ITERATIONS, "maxfun": 10 * _ITERATIONS, "ftol": 0.0, "gtol": _GRADIENT}
    try:
        minimize(watched, np.asarray(start, float), jac=True, method="L-BFGS-B", options=options)
    except _EnoughError:
        return Descent(float(lowest), count)
    if target is not None:
        raise ArithmeticError(f"the search ended at {lowest}, above {target}")
    return Descent(float(lowest), count)
