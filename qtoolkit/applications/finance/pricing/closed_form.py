"""Prices that are known in closed form, each under the name of who found it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from qtoolkit.applications.finance.pricing._claim import Claim

__all__ = ["ClosedForm", "closed_form"]


@dataclass(frozen=True)
class ClosedForm:
    """An undiscounted value and the formula that it is of."""

    value: float
    formula: str


def closed_form(claim: Claim) -> ClosedForm | None:
    """The mean payoff of a claim, undiscounted, where there is a formula; None elsewhere.

    There is one for sums of payments, for one log-normal variable, which the price of an asset and a geometric average
    are, and for the exchange of one asset for another. There is none for arithmetic averages, for baskets, or for
    spreads with a strike, for which Kirk's formula is an approximation, nor for barriers that are watched on some days.

    Source: Black, J. Financial Econ. 3, 167 (1976); Kemna and Vorst, J. Banking Finance 14, 113 (1990) for geometric
    averages; Margrabe, J. Finance 33, 177 (1978) for exchanges.
    """
    from scipy.special import ndtr

    if claim.barrier is not None:
        return None
    used = claim.weights != 0.0
    loadings = claim.loadings[used]
    variances = np.sum(loadings**2, axis=1)
    means = claim.weights[used] * np.exp(claim.offsets[used] + 0.5 * variances)
    if claim.shape == "linear":
        return ClosedForm(claim.scale * (float(means.sum()) - claim.strike), "mean of log-normal variables")
    if ((means >= 0.0).all() and claim.strike <= 0.0) or ((means <= 0.0).all() and claim.strike >= 0.0):
        y = float(means.sum()) - claim.strike  # of one sign, whatever prices do
        value = max(y, 0.0) if claim.shape == "positive part" else float(y > 0.0)
        return ClosedForm(claim.scale * value, "exercised always" if y > 0.0 else "exercised never")
    if len(means) == 1:
        name = "Black and Scholes" if claim.num_factors == 1 else "Black, of one log-normal variable"
        sign, forward, strike = math.copysign(1.0, means[0]), abs(float(means[0])), abs(claim.strike)
        return ClosedForm(claim.scale * _black(claim.shape, sign, forward, strike, math.sqrt(variances[0]), ndtr), name)
    if len(means) == 2 and claim.strike == 0.0 and claim.shape == "positive part" and means[0] * means[1] < 0.0:
        bought, given = (0, 1) if means[0] > 0.0 else (1, 0)
        deviation = float(np.linalg.norm(loadings[0] - loadings[1]))
        value = _black("positive part", 1.0, float(means[bought]), -float(means[given]), deviation, ndtr)
        return ClosedForm(claim.scale * value, "Margrabe")
    return None


def _black(shape: str, sign: float, forward: float, strike: float, deviation: float, ndtr: np.ufunc) -> float:
    """The mean of the positive part, or the sign, of ``sign (X - strike)`` for a log-normal X of mean `forward`."""
    if deviation == 0.0 or strike == 0.0:
        y = sign * (forward - strike)
        return max(y, 0.0) if shape == "positive part" else float(y > 0.0)
    d1 = math.log(forward / strike) / deviation + 0.5 * deviation
    d2 = d1 - deviation
    if shape == "sign":
        return float(ndtr(sign * d2))
    return sign * (forward * float(ndtr(sign * d1)) - strike * float(ndtr(sign * d2)))
