"""Results as arrays for fits: one point for each distance and rate, and what a binomial count says of a model."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import items_of, shown
from qtoolkit.applications.qec.experiments.bases import BothBases, both_bases
from qtoolkit.applications.qec.experiments.result import ExperimentResult
from qtoolkit.errors import InputError

__all__ = ["MAX_DISTANCE", "Points", "ResultLike", "deviance", "points_of"]

FloatArray = NDArray[np.float64]
ResultLike = ExperimentResult | BothBases

MAX_DISTANCE = 10**9
"""Beyond it the powers of fits overflow."""

_ONE_OF = ("code", "noise", "decoder")
"""Labels that all results of a fit share."""


@dataclass(frozen=True, eq=False)
class Points:
    """Counts by distance and physical error rate.

    Attributes:
        distances: int64, shape (N,).
        rates: physical error rates, shape (N,).
        rounds: int64, shape (N,).
        errors: counted logical errors, shape (N,); of both bases together as many as one basis of the mean rate with
            the same variance would have, no whole numbers.
        shots: accepted shots, shape (N,), likewise.
    """

    distances: NDArray[np.int64]
    rates: FloatArray
    rounds: NDArray[np.int64]
    errors: FloatArray
    shots: FloatArray

    def where(self, mask: NDArray[np.bool_]) -> Points:
        """Some of the points."""
        return Points(self.distances[mask], self.rates[mask], self.rounds[mask], self.errors[mask], self.shots[mask])

    def __len__(self) -> int:
        return len(self.rates)


def points_of(results: Iterable[ResultLike]) -> Points:
    """The points of some results, in the order of distance and rate; those in two bases are taken together.

    Raises:
        InputError: if there are none, one is none, they are of several codes, noises or decoders, a distance and rate
            come twice, or no shot is accepted.
    """
    listed = list(items_of(results, "results must be ExperimentResults or BothBases"))
    for result in listed:
        if not isinstance(result, ExperimentResult | BothBases):
            raise InputError(f"results must be ExperimentResults or BothBases, got {shown(result)}")
    if not listed:
        raise InputError("results must hold at least one, got none")
    singles = [result for result in listed if isinstance(result, ExperimentResult)]
    if len({result.basis for result in singles}) > 1:
        singles_of = {id(result) for result in singles}
        listed = [*(result for result in listed if id(result) not in singles_of), *both_bases(singles)]
    _check_alike(listed)
    listed.sort(key=lambda result: (result.distance, result.physical_error_rate))
    places = [(result.distance, result.physical_error_rate) for result in listed]
    for first, second in itertools.pairwise(places):
        if first == second:
            raise InputError(f"each distance and rate must come once, got {first} twice")
    counts = np.array([_counts(result) for result in listed])
    return Points(
        np.array([place[0] for place in places], np.int64),
        np.array([place[1] for place in places]),
        np.array([result.rounds for result in listed], np.int64),
        counts[:, 0],
        counts[:, 1],
    )


def deviance(probabilities: FloatArray, errors: FloatArray, shots: FloatArray) -> float:
    """Twice by how much the log-likelihood of binomial counts is below that of their own fractions."""
    from scipy.special import xlogy

    clipped = np.clip(probabilities, 1e-300, 1.0 - 1e-16)
    right = shots - errors
    most = xlogy(errors, errors / shots) + xlogy(right, right / shots)
    return float(2.0 * np.sum(most - xlogy(errors, clipped) - right * np.log1p(-clipped)))


def _counts(result: ResultLike) -> tuple[float, float]:
    if isinstance(result, ExperimentResult):
        if not result.accepted:
            raise InputError(f"results must have accepted shots, got none for {dict(result.labels)}")
        return float(result.errors), float(result.accepted)
    rates = []
    for part in (result.x, result.z):
        if not part.accepted:
            raise InputError(f"results must have accepted shots, got none for {dict(part.labels)}")
        rates.append(part.errors / part.accepted)
    mean = 0.5 * sum(rates)
    variance = sum(rate * (1.0 - rate) / part.accepted for rate, part in zip(rates, (result.x, result.z), strict=True))
    if not variance:
        return mean * (result.x.accepted + result.z.accepted), float(result.x.accepted + result.z.accepted)
    shots = 4.0 * mean * (1.0 - mean) / variance
    return mean * shots, shots


def _check_alike(results: list[ResultLike]) -> None:
    singles = [result.z if isinstance(result, BothBases) else result for result in results]
    for name in _ONE_OF:
        found = {result.decoder if name == "decoder" else result.labels.get(name) for result in singles}
        if len(found) > 1:
            raise InputError(f"results of a fit must share their {name}, got {', '.join(sorted(map(str, found)))}")
