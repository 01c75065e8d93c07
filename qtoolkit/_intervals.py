"""Intervals of a binomial probability that hold for every number of shots."""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

__all__ = ["IntervalKind", "binomial_interval"]

IntervalKind: TypeAlias = Literal["clopper-pearson", "chernoff"]


def binomial_interval(kind: IntervalKind, good: int, shots: int, miss: float) -> tuple[float, float]:
    """An interval that misses the probability of `good` outcomes in at most a share `miss` of all runs.

    Source: Clopper and Pearson, Biometrika 26, 404 (1934); Hoeffding, J. Am. Stat. Assoc. 58, 13 (1963), which the
    literature of amplitude estimation calls Chernoff's: ``p ± √(ln(2/miss) / 2N)``.
    """
    from scipy.special import betainccinv, betaincinv

    if kind == "chernoff":
        reach = math.sqrt(math.log(2.0 / miss) / (2 * shots))
        return max(0.0, good / shots - reach), min(1.0, good / shots + reach)
    low = 0.0 if good == 0 else float(betaincinv(good, shots - good + 1, miss / 2))
    high = 1.0 if good == shots else float(betainccinv(good + 1, shots - good, miss / 2))
    return low, high
