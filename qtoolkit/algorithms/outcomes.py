"""A distribution of outcomes against what is best and worst: the figures that QAOA and all solvers report."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_number

__all__ = ["DEGENERACY", "ROUNDING", "OutcomeStatistics", "approximation_ratio", "outcome_statistics"]

FloatArray = NDArray[np.float64]

DEGENERACY = 1e-9
"""Values this close, relative to their range, count as the same optimum: they come from sums of hundreds of terms."""

ROUNDING = 1e-12


class OutcomeStatistics(NamedTuple):
    """What is measured.

    Attributes:
        feasible_probability: of an outcome.
        feasible_value: mean value given that the outcome is feasible; None where none is seen.
        probability_of_optimum: None where optima are not known.
    """

    feasible_probability: float
    feasible_value: float | None
    probability_of_optimum: float | None


def outcome_statistics(
    values: FloatArray,
    weights: FloatArray,
    feasible: NDArray[np.bool_],
    optimal: NDArray[np.bool_] | None,
) -> OutcomeStatistics:
    """The statistics of distinct outcomes.

    Args:
        values: of each, shape ``(m,)``; those of infeasible ones do not count.
        weights: probabilities or counts, shape ``(m,)``.
        feasible: which are, shape ``(m,)``.
        optimal: which are optima, if they are feasible; None where that is not known.
    """
    total = float(weights.sum())
    inside = weights[feasible]
    mass = min(float(inside.sum()) / total, 1.0)
    if mass <= ROUNDING:
        # what rounding leaves where nothing is, and no mean of values can be trusted to
        return OutcomeStatistics(0.0, None, None if optimal is None else 0.0)
    mean = float(inside @ values[feasible]) / float(inside.sum())
    optimum = None if optimal is None else float(weights[feasible & optimal].sum()) / total
    return OutcomeStatistics(mass, mean, optimum)


def approximation_ratio(value: float, optimal: float, worst: float) -> float:
    """``(worst - value) / (worst - optimal)`` of a mean cost over feasible bitstrings, in [0, 1].

    1 where only optima are measured, 0 where only the worst feasible bitstrings are; 1 if all cost the same to
    rounding. Unlike ``value / optimal`` it does not change when a constant is added to the cost.

    Raises:
        InputError: if one is no finite number.
    """
    value, optimal, worst = (
        check_number(given, name) for given, name in ((value, "value"), (optimal, "optimal"), (worst, "worst"))
    )
    spread = worst - optimal
    if spread <= ROUNDING * max(abs(worst), abs(optimal)):
        return 1.0
    return min(max((worst - value) / spread, 0.0), 1.0)
