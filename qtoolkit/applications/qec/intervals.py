"""Confidence intervals for counted errors, and the conversion of an error rate to one round."""

from __future__ import annotations

from math import expm1, log1p

from qtoolkit._checks import require_number
from qtoolkit._intervals import binomial_interval
from qtoolkit.applications.qec._validation import require_count, require_rate
from qtoolkit.errors import InputError

__all__ = ["clopper_pearson", "per_round_rate"]

_MAX_SHOTS = 2**53
"""Above it a count is no double any more."""


def clopper_pearson(errors: int, shots: int, confidence: float = 0.95) -> tuple[float, float]:
    """The Clopper–Pearson interval of a binomial rate: it covers the true rate at least as often as it says.

    Exact for a fixed number of shots; it covers too where a number of errors ended them, for which the lower end is the
    exact one and the upper end lies above it.

    Source: Clopper and Pearson, Biometrika 26, 404 (1934); the bounds are quantiles of beta distributions.

    Raises:
        InputError: if shots < 1, errors lie outside [0, shots] or the confidence outside (0, 1).
    """
    shots = require_count("shots", shots, maximum=_MAX_SHOTS)
    errors = require_count("errors", errors, minimum=0)
    if errors > shots:
        raise InputError(f"errors must not exceed shots, got {errors} errors in {shots} shots")
    confidence = require_number("confidence", confidence)
    if not 0.0 < confidence < 1.0:
        raise InputError(f"confidence must lie strictly between 0 and 1, got {confidence:g}")
    return binomial_interval("clopper-pearson", errors, shots, 1.0 - confidence)


def per_round_rate(rate: float, rounds: int) -> float:
    """The error rate ε of one round that flips the logical qubit with probability `rate` after `rounds` rounds.

    Independent flips give ``1 − 2·rate = (1 − 2ε)^rounds``. From `rate` ≥ 1/2 nothing about a round can be
    learned, and the answer is 1/2.

    Raises:
        InputError: if the rate lies outside [0, 1] or rounds < 1.
    """
    rate = require_rate("rate", rate)
    rounds = require_count("rounds", rounds)
    if rate >= 0.5:
        return 0.5
    return -0.5 * expm1(log1p(-2.0 * rate) / rounds)
