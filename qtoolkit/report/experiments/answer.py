"""`MemoryAnswer` and `ThresholdAnswer`: results of memories with all that their tables, data and pages say of them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qtoolkit.applications.qec import (
    BothBases,
    ExperimentResult,
    Projection,
    SuppressionFit,
    ThresholdCrossing,
    ThresholdFit,
    both_bases,
    fit_suppression,
    fit_threshold,
    threshold_crossing,
    unprotected_error_rate,
)
from qtoolkit.errors import InputError

__all__ = ["DEPOLARISING", "Estimate", "MemoryAnswer", "ThresholdAnswer"]

Estimate = ExperimentResult | BothBases

DEPOLARISING = ("circuit", "phenomenological", "code-capacity")
"""Noises under which data qubits idle with depolarising of the rate that is shown."""


@dataclass(frozen=True, eq=False)
class MemoryAnswer:
    """Memories of a code and what they come from.

    Attributes:
        results: of one code, noise and decoder, at distances and rates.
        description: of the code and its noise, such as ``"rotated-surface, circuit noise"``.
        target: logical error rate of a round for which a distance is told.
        interrupted: whether Ctrl-C ended the run.
        sampling: what sampled the circuits where it was not Stim, and why.
    """

    results: tuple[ExperimentResult, ...]
    description: str
    target: float
    interrupted: bool = False
    sampling: str = ""

    @cached_property
    def estimates(self) -> tuple[Estimate, ...]:
        """One for each rate and distance, in this order; of both bases together where both are there."""
        found: Sequence[Estimate] = self.results
        if self.has_both_bases:
            partners: dict[tuple[float, int], list[ExperimentResult]] = {}
            for result in self.results:
                partners.setdefault((result.physical_error_rate, result.distance), []).append(result)
            found = both_bases([result for pair in partners.values() if len(pair) == 2 for result in pair])
        return tuple(sorted(found, key=lambda one: (one.physical_error_rate, one.distance)))

    @cached_property
    def has_both_bases(self) -> bool:
        """Whether there are results in x and in z."""
        return len({result.basis for result in self.results}) > 1

    @property
    def bases(self) -> str:
        """For people."""
        return "mean of bases x and z" if self.has_both_bases else f"basis {self.results[0].basis}"

    @cached_property
    def rates(self) -> tuple[float, ...]:
        """Physical error rates, ascending."""
        return tuple(sorted({one.physical_error_rate for one in self.estimates}))

    @cached_property
    def distances(self) -> tuple[int, ...]:
        """Of the code, ascending."""
        return tuple(sorted({one.distance for one in self.estimates}))

    def at(self, rate: float) -> list[Estimate]:
        """The estimates at a physical error rate, by distance."""
        return [one for one in self.estimates if one.physical_error_rate == rate]

    def of(self, distance: int) -> list[Estimate]:
        """The estimates at a distance, by rate."""
        return [one for one in self.estimates if one.distance == distance]

    @cached_property
    def suppressions(self) -> dict[float, SuppressionFit]:
        """By physical error rate, where it can be told."""
        found = {}
        for rate in self.rates:
            try:
                found[rate] = fit_suppression(self.at(rate))
            except InputError:
                continue
        return found

    def projection(self, rate: float) -> Projection | None:
        """The code for the target; None where larger codes do not certainly do better."""
        fit = self.suppressions.get(rate)
        if fit is None or fit.confidence_interval[0] <= 1.0:
            return None
        found = fit.project(self.target)
        return None if found.distance_interval[1] is None else found

    @property
    def noise(self) -> str:
        """The label of the results."""
        return self.results[0].noise

    def unprotected(self, rate: float) -> float | None:
        """What a bare qubit suffers in a round, under noise of which that is known."""
        return unprotected_error_rate(rate) if self.noise in DEPOLARISING else None

    def verdict(self, rate: float) -> str:
        """How the largest code compares with a bare qubit, where both bases were kept."""
        bare, largest = self.unprotected(rate), self.at(rate)[-1]
        if bare is None or not isinstance(largest, BothBases) or len(largest.z.observable_errors) > 1:
            return "–"
        value = largest.logical_error_rate_per_round
        word = largest.against(bare)
        if word == "undecided" or not value:
            return word
        ratio = bare / value
        return f"{ratio:.2g}× better" if word == "better" else f"{1.0 / ratio:.2g}× worse"

    @property
    def seed(self) -> int:
        """Of the results."""
        return self.results[0].seed

    @property
    def wall_time(self) -> float:
        """Of all results, summed over processes."""
        return sum(result.wall_time for result in self.results)

    @property
    def shots(self) -> int:
        """Of all results."""
        return sum(result.shots for result in self.results)


@dataclass(frozen=True, eq=False)
class ThresholdAnswer:
    """Memories about a threshold, and where it is.

    Attributes:
        memory: the results.
    """

    memory: MemoryAnswer

    @cached_property
    def fit(self) -> ThresholdFit | None:
        """From three distances or more; None where it cannot be told."""
        found = self._fit
        return found if isinstance(found, ThresholdFit) else None

    @property
    def reason(self) -> str:
        """Why there is no fit; empty if there is one."""
        found = self._fit
        return found if isinstance(found, str) else ""

    @cached_property
    def crossings(self) -> tuple[ThresholdCrossing, ...]:
        """Of each distance with the next, where they cross once."""
        found = []
        distances = self.memory.distances
        for smaller, larger in itertools.pairwise(distances):
            try:
                found.append(threshold_crossing(self.memory.estimates, smaller, larger, per_round=False))
            except InputError:
                continue
        return tuple(found)

    @cached_property
    def bounds(self) -> tuple[float | None, float | None]:
        """Between which rates the threshold of these distances lies, by their intervals, each None where nothing tells.

        The highest rate at which the largest code certainly fails less often in a whole experiment than the smallest
        one, and the lowest at which it certainly fails more often.
        """
        better, worse = None, None
        for rate in self.memory.rates:
            here = self.memory.at(rate)
            if len(here) < 2:
                continue
            small, large = here[0].confidence_interval, here[-1].confidence_interval
            if large[1] < small[0]:
                better = rate
            if large[0] > small[1] and worse is None:
                worse = rate
        return better, worse

    @cached_property
    def _fit(self) -> ThresholdFit | str:
        try:
            return fit_threshold(self.memory.estimates)
        except InputError as error:
            return str(error)

    def scaled(self, distance: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Scaled rates, logical error rates less the size term, and their intervals, of a distance that was fitted."""
        fit = self.fit
        assert fit is not None
        here = [one for one in self.memory.of(distance) if one.physical_error_rate in fit.physical_error_rates]
        x = np.array([one.physical_error_rate - fit.threshold for one in here]) * distance ** (1.0 / fit.exponent)
        shift = fit.coefficients[3] / distance
        rates = np.array([one.logical_error_rate for one in here]) - shift
        return x, rates, np.array([one.confidence_interval for one in here]).T - shift


def finite(value: float) -> float | None:
    """For JSON, which knows no NaN."""
    return value if math.isfinite(value) else None
