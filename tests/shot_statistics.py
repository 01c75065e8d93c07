"""What repeated estimates must look like if they are unbiased and know their errors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import chi2

__all__ = ["assert_honest", "assert_unbiased"]

MISS = 1e-4
"""Share of right estimators that a check refuses, at each end."""


def assert_unbiased(values: Sequence[float], exact: float, standard_errors: Sequence[float]) -> None:
    """The mean of independent estimates is within four of its standard errors of the exact value."""
    error = float(np.sqrt(np.mean(np.square(standard_errors)) / len(values)))
    z = (float(np.mean(values)) - exact) / error
    assert abs(z) < 4.0, f"z = {z:.2f} with {len(values)} estimates"


def assert_honest(values: Sequence[float], standard_errors: Sequence[float]) -> None:
    """The scatter of independent estimates is that which their standard errors claim, by a χ² of both tails."""
    count = len(values)
    statistic = float(np.sum((np.asarray(values) - np.mean(values)) ** 2) / np.mean(np.square(standard_errors)))
    low, high = chi2.ppf([MISS, 1.0 - MISS], count - 1)
    assert low < statistic < high, f"χ² = {statistic:.1f}, allowed {low:.1f} to {high:.1f}"
