"""The figures of an answer, from its numbers."""

from __future__ import annotations

import numpy as np

from qtoolkit.report.canvas import Theme
from qtoolkit.report.experiments import figures
from qtoolkit.report.experiments.answer import MemoryAnswer, ThresholdAnswer
from qtoolkit.report.experiments.figures import Curve
from qtoolkit.report.experiments.numbers import uncertain

__all__ = ["memory_picture", "scaling_picture", "suppression_picture", "threshold_picture"]

_CURVES = 6
"""Colours there are."""

_BEYOND = 1.6
"""By how much further than the largest distance suppression is drawn."""


def memory_picture(answer: MemoryAnswer, theme: Theme = "light") -> str:
    """Logical error rate of a round over the physical one.

    Raises:
        MissingExtraError: if Matplotlib is not installed.
    """
    bare = [(rate, value) for rate in answer.rates if (value := answer.unprotected(rate)) is not None]
    unprotected = None
    if len(bare) > 1:
        x, y = np.array(bare).T
        unprotected = ("bare qubit, 2p/3", x, y)
    return figures.error_rates(_curves(answer, per_round=True), unprotected=unprotected, theme=theme)


def suppression_picture(answer: MemoryAnswer, theme: Theme = "light") -> str:
    """Logical error rate of a round over the distance, with its fits.

    Raises:
        MissingExtraError: if Matplotlib is not installed.
    """
    curves, bands = [], {}
    for rate, fit in list(answer.suppressions.items())[:_CURVES]:
        here = answer.at(rate)
        label = f"p = {rate:g}, Λ = {fit.factor:.3g}"
        x = np.arange(min(fit.distances), round(_BEYOND * max(fit.distances)) + 1)
        curves.append(
            Curve(
                label,
                [one.distance for one in here],
                [one.logical_error_rate_per_round for one in here],
                np.array([one.confidence_interval_per_round for one in here]).T,
                (x, [fit.logical_error_rate_per_round(int(d)) for d in x]),
            )
        )
        low, high = np.array([fit.band(int(d)) for d in x]).T
        bands[label] = (x, low, high)
    return figures.suppression(curves, bands, theme=theme)


def threshold_picture(answer: ThresholdAnswer, theme: Theme = "light") -> str:
    """Logical error rate of whole experiments over the physical one, with the fit.

    Raises:
        MissingExtraError: if Matplotlib is not installed.
    """
    fit = answer.fit
    curves = []
    mark = None
    for distance, curve in zip(answer.memory.distances, _curves(answer.memory, per_round=False), strict=True):
        line = None
        if fit is not None:
            x = np.linspace(min(fit.physical_error_rates), max(fit.physical_error_rates), 100)
            line = (x, fit.logical_error_rate(x, distance))
        curves.append(Curve(curve.label, curve.x, curve.rates, curve.intervals, line))
    if fit is not None:
        mark = (f"threshold {uncertain(fit.threshold, fit.standard_error)}", fit.threshold, fit.confidence_interval)
    return figures.error_rates(curves, "logical error rate", threshold=mark, theme=theme)


def scaling_picture(answer: ThresholdAnswer, theme: Theme = "light") -> str:
    """All distances on one curve.

    Raises:
        MissingExtraError: if Matplotlib is not installed.
    """
    fit = answer.fit
    assert fit is not None
    curves = [Curve(f"d = {distance}", *answer.scaled(distance)) for distance in fit.distances]
    ends = np.concatenate([np.asarray(curve.x) for curve in curves])
    x = np.linspace(ends.min(), ends.max(), 100)
    a, b, c, _ = fit.coefficients
    return figures.scaling(curves, (x, a + b * x + c * x**2), theme=theme)


def _curves(answer: MemoryAnswer, *, per_round: bool) -> list[Curve]:
    curves = []
    for distance in answer.distances:
        here = answer.of(distance)
        rates = [one.logical_error_rate_per_round if per_round else one.logical_error_rate for one in here]
        ends = [one.confidence_interval_per_round if per_round else one.confidence_interval for one in here]
        curves.append(Curve(f"d = {distance}", [one.physical_error_rate for one in here], rates, np.array(ends).T))
    return curves
