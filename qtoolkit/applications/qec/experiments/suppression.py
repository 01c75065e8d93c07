"""Λ: by how much two more of distance suppress the logical error rate of a round, and what follows for larger codes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_callable
from qtoolkit._checks import require_number
from qtoolkit.applications.qec._validation import require_count
from qtoolkit.applications.qec.experiments.points import MAX_DISTANCE, Points, ResultLike, deviance, points_of
from qtoolkit.errors import InputError

__all__ = ["Projection", "SuppressionFit", "fit_suppression"]

FloatArray = NDArray[np.float64]

_NORMAL = 1.959963984540054
"""Quantile of the normal distribution for 95 %."""

_LARGEST_DISTANCE = 100_001


@dataclass(frozen=True)
class Projection:
    """The distance and the qubits at which a logical error rate is expected, by extrapolation.

    Attributes:
        target: logical error rate of a round.
        distance: the least odd distance that reaches it.
        distance_interval: the same at the ends of the 95 % band of the fit; None for an end that no distance reaches.
        num_qubits: of a code of that distance.
        num_qubits_interval: of those of the interval.
        is_extrapolated: whether the distance is larger than those that were simulated.
    """

    target: float
    distance: int
    distance_interval: tuple[int, int | None]
    num_qubits: int
    num_qubits_interval: tuple[int, int | None]
    is_extrapolated: bool


@dataclass(frozen=True, repr=False)
class SuppressionFit:
    """ε_d = A / Λ^{d/2} for the logical error rate of a round, fitted to the counts of all distances.

    Attributes:
        factor: Λ = ε_d / ε_{d+2}; above 1 where larger codes do better.
        confidence_interval: of Λ at 95 %, from the curvature of the likelihood; wider where the points scatter about
            the fit by more than their counts.
        physical_error_rate: at which it holds.
        distances: that were fitted.
        deviance: of the counts from the fit.
        degrees_of_freedom: distances less two; with none, nothing tells whether the law holds.
    """

    factor: float
    confidence_interval: tuple[float, float]
    physical_error_rate: float
    distances: tuple[int, ...]
    deviance: float
    degrees_of_freedom: int
    _mean: tuple[float, float]
    _covariance: tuple[tuple[float, float], tuple[float, float]]

    def __repr__(self) -> str:
        low, high = self.confidence_interval
        return (
            f"SuppressionFit(Λ = {self.factor:.3g} ({low:.3g} to {high:.3g}), p = {self.physical_error_rate:g}, "
            f"distances {', '.join(map(str, self.distances))})"
        )

    def logical_error_rate_per_round(self, distance: int) -> float:
        """What the fit says at a distance.

        Raises:
            InputError: if the distance is below 1.
        """
        return math.exp(self._log_rate(require_count("distance", distance, maximum=MAX_DISTANCE))[0])

    def band(self, distance: int) -> tuple[float, float]:
        """The same at both ends of the band at 95 %.

        Raises:
            InputError: if the distance is below 1.
        """
        value, error = self._log_rate(require_count("distance", distance, maximum=MAX_DISTANCE))
        return math.exp(value - _NORMAL * error), math.exp(value + _NORMAL * error)

    def project(self, target: float, num_qubits: Callable[[int], int] | None = None) -> Projection:
        """The distance at which the logical error rate of a round is `target`.

        Λ is taken to stay what it is, which holds well below the threshold and until another kind of error takes over;
        the interval knows of the scatter of the counts alone.

        Args:
            target: in (0, 1/2).
            num_qubits: of a code of a distance; 2d² − 1 by default, of the rotated surface code.

        Raises:
            InputError: if the target lies outside, Λ is not above 1, or no distance below 100,001 reaches it.
        """
        target = require_number("target", target)
        if not 0.0 < target < 0.5:
            raise InputError(f"target must lie strictly between 0 and 1/2, got {target:g}")
        if num_qubits is not None:
            check_callable(num_qubits, "num_qubits")
        size = (lambda d: 2 * d * d - 1) if num_qubits is None else num_qubits
        best = self._least(target, 0.0)
        if best is None:
            raise InputError(
                f"larger codes must do better for a target to be reached, got Λ = {self.factor:.3g} at "
                f"{self.physical_error_rate:g}: take a lower physical error rate"
            )
        early, late = self._least(target, -_NORMAL), self._least(target, _NORMAL)
        early = best if early is None else early
        return Projection(
            target=target,
            distance=best,
            distance_interval=(early, late),
            num_qubits=_size(size, best),
            num_qubits_interval=(_size(size, early), None if late is None else _size(size, late)),
            is_extrapolated=best > max(self.distances),
        )

    def _log_rate(self, distance: int) -> tuple[float, float]:
        """Logarithm of the rate at a distance, and its standard error."""
        row = np.array([1.0, -0.5 * distance])
        return float(row @ np.array(self._mean)), math.sqrt(max(0.0, float(row @ np.array(self._covariance) @ row)))

    def _least(self, target: float, errors: float) -> int | None:
        """Least odd distance from 3 whose rate, with so many standard errors, is the target or less."""
        for distance in range(3, _LARGEST_DISTANCE, 2):
            value, error = self._log_rate(distance)
            if value + errors * error <= math.log(target):
                return distance
            if distance > 50 * max(self.distances) and value + errors * error >= self._log_rate(distance - 2)[0]:
                return None
        return None


def _size(num_qubits: Callable[[int], int], distance: int) -> int:
    return require_count("num_qubits of a distance", num_qubits(distance))


def fit_suppression(results: Iterable[ResultLike]) -> SuppressionFit:
    """Fit Λ to results of two distances or more at one physical error rate.

    The likelihood is that of the counts, so that distances with few errors or none are given their due.

    Source: Google Quantum AI, Nature 614, 676 (2023), for Λ.

    Args:
        results: at one physical error rate; those in two bases are taken together, by their mean.

    Raises:
        InputError: for fewer than two distances with errors, or several physical error rates.
    """
    points = points_of(results)
    rates = np.unique(points.rates)
    if len(rates) > 1:
        raise InputError(f"results must be of one physical error rate, got {', '.join(f'{rate:g}' for rate in rates)}")
    if np.count_nonzero(points.errors) < 2:
        raise InputError(
            f"Λ needs errors at two distances or more, got {np.count_nonzero(points.errors)}: take more shots"
        )
    fractions = points.errors / points.shots
    if np.any(fractions >= 0.5):
        place = int(np.argmax(fractions))
        raise InputError(
            f"logical error rates must be below 1/2, got {fractions[place]:.3g} at distance {points.distances[place]}: "
            "take a lower physical error rate"
        )
    mean, least = _likeliest(points)
    information = _information(points, mean)
    freedom = len(points) - 2
    scale = max(1.0, least / freedom) if freedom else 1.0
    covariance = scale * np.linalg.inv(information)
    error = math.sqrt(float(covariance[1, 1]))
    return SuppressionFit(
        factor=math.exp(mean[1]),
        confidence_interval=(math.exp(mean[1] - _NORMAL * error), math.exp(mean[1] + _NORMAL * error)),
        physical_error_rate=float(rates[0]),
        distances=tuple(int(d) for d in points.distances),
        deviance=least,
        degrees_of_freedom=freedom,
        _mean=(float(mean[0]), float(mean[1])),
        _covariance=(
            (float(covariance[0, 0]), float(covariance[0, 1])),
            (float(covariance[1, 0]), float(covariance[1, 1])),
        ),
    )


def _rows(points: Points) -> FloatArray:
    """Of log ε = log A − (d/2) log Λ."""
    return np.stack([np.ones(len(points)), -0.5 * points.distances], axis=1)


def _failure(points: Points, mean: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Logical error rates of whole experiments, and their slopes in log ε."""
    rate = np.minimum(np.exp(_rows(points) @ mean), 0.49)
    remaining = (1.0 - 2.0 * rate) ** points.rounds
    return 0.5 * (1.0 - remaining), points.rounds * rate * remaining / (1.0 - 2.0 * rate)


def _likeliest(points: Points) -> tuple[FloatArray, float]:
    """Parameters of least deviance, by Fisher's scoring with halved steps."""
    seen = points.where(points.errors > 0.0)
    rate = -0.5 * np.expm1(np.log1p(-2.0 * seen.errors / seen.shots) / seen.rounds)
    mean: FloatArray = np.linalg.lstsq(_rows(seen), np.log(rate), rcond=None)[0].astype(np.float64)
    least = deviance(_failure(points, mean)[0], points.errors, points.shots)
    for _ in range(100):
        failure, slope = _failure(points, mean)
        residual = (points.errors - points.shots * failure) * slope / (failure * (1.0 - failure))
        step: FloatArray = np.linalg.inv(_information(points, mean)) @ (_rows(points).T @ residual)
        for _ in range(40):
            value = deviance(_failure(points, mean + step)[0], points.errors, points.shots)
            if value <= least:
                break
            step = 0.5 * step
        else:
            break
        mean, change, least = mean + step, least - value, value
        if change < 1e-12 * max(1.0, least):
            break
    return mean, max(least, 0.0)


def _information(points: Points, mean: FloatArray) -> FloatArray:
    """Fisher's, of both parameters."""
    failure, slope = _failure(points, mean)
    weights = points.shots * slope**2 / (failure * (1.0 - failure))
    rows = _rows(points)
    return np.asarray(rows.T @ (weights[:, None] * rows), dtype=np.float64)
