"""The threshold by finite-size scaling: one curve through all distances, with an uncertainty that includes the fit."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_flag
from qtoolkit._checks import require_array
from qtoolkit.applications.qec._validation import require_count
from qtoolkit.applications.qec.experiments.points import MAX_DISTANCE, Points, ResultLike, deviance, points_of
from qtoolkit.errors import InputError

__all__ = ["ThresholdFit", "fit_threshold"]

FloatArray = NDArray[np.float64]

_QUANTILE = 3.841458820694124
"""Of χ² with one degree of freedom at 95 %."""

_PARAMETERS = 5
_GRID = 13
_EXPONENTS = (0.2, 3.0)
"""Between which 1/ν is looked for."""

_FEWEST_RATES = 4
_SUSPICIOUS = 0.01
"""Below such a probability of a deviance as large, rates far from the threshold are left out."""


@dataclass(frozen=True, repr=False)
class ThresholdFit:
    """P = a + b x + c x² + s/d with x = (p − p_th) d^{1/ν}, fitted to the logical error rates of all distances at once.

    Attributes:
        threshold: p_th, the physical error rate at which all distances do equally well.
        confidence_interval: of the threshold at 95 %: rates at which the profile likelihood, all other parameters
            fitted anew, falls by χ²₀.₉₅ / 2. Where the curve fits worse than counts scatter, by as much more.
        exponent: ν, of the correlation length.
        coefficients: a, b, c and s; s is 0 where no term for the size was fitted.
        distances: that were fitted.
        physical_error_rates: that were fitted; some far from the threshold may have been left out.
        deviance: of the counts from the curve.
        has_size_term: whether s was fitted. Without it the interval does not know by how much small codes mislead.
        degrees_of_freedom: points less parameters; the deviance is about as large where the curve fits.
        goodness: probability of a deviance as large or larger, if the curve is right.
        without_smallest: the threshold without the smallest distance, if three are left: how far it still moves.
    """

    threshold: float
    confidence_interval: tuple[float, float]
    exponent: float
    coefficients: tuple[float, float, float, float]
    has_size_term: bool
    distances: tuple[int, ...]
    physical_error_rates: tuple[float, ...]
    deviance: float
    degrees_of_freedom: int
    goodness: float
    without_smallest: float | None

    def __repr__(self) -> str:
        low, high = self.confidence_interval
        return (
            f"ThresholdFit({self.threshold:.4g} ({low:.4g} to {high:.4g}), ν = {self.exponent:.2f}, distances "
            f"{', '.join(map(str, self.distances))})"
        )

    @property
    def standard_error(self) -> float:
        """A quarter of the interval's length, about."""
        low, high = self.confidence_interval
        return (high - low) / (2.0 * math.sqrt(_QUANTILE))

    def logical_error_rate(self, physical_error_rate: ArrayLike, distance: int) -> FloatArray:
        """What the curve says at some rates, of any shape.

        Raises:
            InputError: if they are no numbers in [0, 1], or the distance is none.
        """
        rates = require_array("physical_error_rate", physical_error_rate)
        if rates.size and not 0.0 <= rates.min() <= rates.max() <= 1.0:
            raise InputError(f"physical_error_rate must lie in [0, 1], got {rates.min():g} to {rates.max():g}")
        distance = require_count("distance", distance, maximum=MAX_DISTANCE)
        x = (rates - self.threshold) * float(distance) ** (1.0 / self.exponent)
        a, b, c, s = self.coefficients
        return np.asarray(a + b * x + c * x**2 + s / distance, dtype=np.float64)


def fit_threshold(
    results: Iterable[ResultLike], *, size_term: bool | None = None, leave_out: bool = True
) -> ThresholdFit:
    """Fit the threshold from three or more distances.

    What is fitted is the logical error rate of whole experiments, which scales where rounds grow with the distance, or
    where each round is measured without errors and all have as many. Two distances have a crossing, not a threshold;
    see `threshold_crossing`.

    Curves of small codes with boundaries do not meet in one point. A term in 1/d takes that up, and its uncertainty
    enters that of the threshold.

    Source: Wang, Harrington and Preskill, Ann. Phys. 303, 31 (2003), with 1/d as correction for small sizes.

    Args:
        results: of three distances or more at four rates or more about the threshold; those in two bases are taken
            together, by their mean.
        size_term: whether the term in 1/d is fitted; by default with four distances or more.
        leave_out: whether rates that are furthest from the threshold are left out, one after the other, while the
            curve fits worse than one time in a hundred by chance and more than four rates are left.

    Raises:
        InputError: for too few distances or rates, rounds that do not scale, or if there is no threshold within the
            rates.
    """
    points = points_of(results)
    _check_enough(points)
    _check_rounds(points)
    distances = np.unique(points.distances)
    has_term = len(distances) > 3 if size_term is None else check_flag(size_term, "size_term")
    leave_out = check_flag(leave_out, "leave_out")
    if len(points) <= _PARAMETERS + has_term:
        raise InputError(f"a threshold needs more points than it has parameters, got {len(points)}: take more rates")
    best = _Fit(points, has_term)
    while leave_out and best.is_inside and best.goodness < _SUSPICIOUS:
        rates = np.unique(points.rates)
        if len(rates) <= _FEWEST_RATES:
            break
        furthest = rates[np.argmax(np.abs(np.log(rates / best.threshold)))]
        fewer = points.where(points.rates != furthest)
        if len(fewer) <= _PARAMETERS + has_term or not fewer.rates.min() < best.threshold < fewer.rates.max():
            break
        points, best = fewer, _Fit(fewer, has_term)
    best.check()
    later = points.where(points.distances > distances[0])
    enough = len(distances) > 3 and len(later) > _PARAMETERS + has_term
    return ThresholdFit(
        threshold=best.threshold,
        confidence_interval=best.interval(),
        exponent=1.0 / best.power,
        coefficients=best.coefficients,
        has_size_term=has_term,
        distances=tuple(int(d) for d in distances),
        physical_error_rates=tuple(float(p) for p in np.unique(points.rates)),
        deviance=best.deviance,
        degrees_of_freedom=best.freedom,
        goodness=best.goodness,
        without_smallest=_Fit(later, has_term).threshold if enough else None,
    )


_Coefficients = tuple[float, float, float, float]


class _Fit:
    """The likeliest curve through some points, and the profile of its threshold."""

    def __init__(self, points: Points, has_size_term: bool) -> None:
        from scipy.optimize import minimize_scalar
        from scipy.special import gammaincc

        self._points, self._has_size_term = points, has_size_term
        self._low, self._high = float(points.rates.min()), float(points.rates.max())
        grid = np.linspace(self._low, self._high, _GRID)
        place = int(np.argmin([self._profile(rate)[0] for rate in grid]))
        around = (grid[max(place - 1, 0)], grid[min(place + 1, len(grid) - 1)])
        found = minimize_scalar(
            lambda rate: self._profile(rate)[0], bounds=around, method="bounded", options={"xatol": 1e-6 * self._high}
        )
        self.threshold = float(found.x)
        self.deviance, self.power, self.coefficients = self._profile(self.threshold)
        self.freedom = len(points) - _PARAMETERS - has_size_term
        self.goodness = float(gammaincc(self.freedom / 2.0, self.deviance / 2.0)) if self.freedom else 1.0

    @property
    def is_inside(self) -> bool:
        """Whether the likeliest threshold lies within the rates, not at their end."""
        margin = 1e-3 * (self._high - self._low)
        return self._low + margin < self.threshold < self._high - margin

    def check(self) -> None:
        """Refuse what is no threshold.

        Raises:
            InputError: if it lies at the end of the rates, or larger distances do worse below it.
        """
        if not self.is_inside or self.coefficients[1] <= 0.0:
            raise InputError(
                f"there must be a threshold within the rates {self._low:g} to {self._high:g}, below which larger "
                "distances do better and above which worse, got none: take other rates, or more shots"
            )

    def interval(self) -> tuple[float, float]:
        """See `ThresholdFit.confidence_interval`.

        Raises:
            InputError: if the rates do not bound it.
        """
        from scipy.optimize import brentq

        scale = max(1.0, self.deviance / self.freedom) if self.freedom else 1.0
        most = self.deviance + _QUANTILE * scale

        def excess(rate: float) -> float:
            return self._profile(rate)[0] - most

        ends = []
        for limit in (self._low, self._high):
            if excess(limit) <= 0.0:
                side = "below" if limit < self.threshold else "above"
                raise InputError(
                    f"the rates {self._low:g} to {self._high:g} must bound the threshold near {self.threshold:.4g}, "
                    f"got an interval beyond {limit:g}: take rates further {side}, or more shots"
                )
            ends.append(float(brentq(excess, limit, self.threshold, xtol=1e-6 * self._high)))
        return ends[0], ends[1]

    def _profile(self, threshold: float) -> tuple[float, float, _Coefficients]:
        """Least deviance for a threshold, with 1/ν and the coefficients that have it."""
        from scipy.optimize import minimize_scalar

        found = minimize_scalar(
            lambda power: self._linear(threshold, power)[0],
            bounds=_EXPONENTS,
            method="bounded",
            options={"xatol": 1e-3},
        )
        power = float(found.x)
        least, coefficients = self._linear(threshold, power)
        return least, power, coefficients

    def _linear(self, threshold: float, power: float) -> tuple[float, _Coefficients]:
        """Deviance and coefficients of the likeliest parabola in x, by weighted least squares until they settle."""
        points = self._points
        fractions = points.errors / points.shots
        scale = float(np.max(points.distances)) ** power * self._high
        x = (points.rates - threshold) * points.distances.astype(np.float64) ** power / scale
        size = [1.0 / points.distances] if self._has_size_term else []
        columns = np.stack([np.ones_like(x), x, x**2, *size], axis=1)
        fitted = (points.errors + 0.5) / (points.shots + 1.0)
        solution: NDArray[np.floating] = np.zeros(columns.shape[1])
        for _ in range(20):
            weighted = columns * (points.shots / (fitted * (1.0 - fitted)))[:, None]
            solution = np.linalg.solve(columns.T @ weighted, weighted.T @ fractions)
            before, fitted = fitted, np.clip(columns @ solution, 1e-9, 1.0 - 1e-9)
            # the deviance has its minimum here: an error of the fit shows in it squared
            if np.max(np.abs(fitted - before)) < 1e-7:
                break
        a, b, c, s = (float(value) for value in (*solution, 0.0)[:4])
        return deviance(fitted, points.errors, points.shots), (a, b / scale, c / scale**2, s)


def _check_enough(points: Points) -> None:
    distances = np.unique(points.distances)
    if len(distances) < 3:
        raise InputError(
            f"a threshold needs three distances or more, got {', '.join(map(str, distances))}: two have a crossing, "
            "which threshold_crossing finds, and larger ones cross elsewhere"
        )
    rates = np.unique(points.rates)
    if len(rates) < _FEWEST_RATES:
        raise InputError(f"a threshold needs four rates or more at each distance, got {len(rates)}")
    if rates[0] <= 0.0:
        raise InputError("rates of a threshold must be above 0, got 0")


def _check_rounds(points: Points) -> None:
    ratios = points.rounds / points.distances
    if not (np.allclose(ratios, ratios[0], rtol=0.35, atol=0.0) or len(np.unique(points.rounds)) == 1):
        listed = ", ".join(
            f"{rounds} at distance {distance}"
            for distance, rounds in sorted(set(zip(points.distances.tolist(), points.rounds.tolist(), strict=True)))
        )
        raise InputError(f"rounds of a threshold must grow with the distance, or all be as many, got {listed}")
