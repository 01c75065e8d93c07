"""Logical error rates over distances and physical error rates, and where the curves of two distances cross."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import shown
from qtoolkit._checks import require_number
from qtoolkit.applications.qec._validation import require_count, root_entropy
from qtoolkit.applications.qec.codes import RotatedSurfaceCode
from qtoolkit.applications.qec.memory import Basis, MemoryExperiment, MemoryResult, NoiseKind
from qtoolkit.errors import InputError

__all__ = ["MemorySweep", "ThresholdCrossing", "logical_error_rates", "threshold_crossing"]

_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True)
class MemorySweep:
    """Memory experiments on a grid of distances and physical error rates.

    Attributes:
        distances: the D distances, ascending.
        physical_error_rates: the P rates, ascending.
        results: ``results[i][j]`` belongs to ``distances[i]`` and ``physical_error_rates[j]``.
        seed: root seed of the sweep; each experiment has its own seed, spawned from this one.
    """

    distances: tuple[int, ...]
    physical_error_rates: tuple[float, ...]
    results: tuple[tuple[MemoryResult, ...], ...]
    seed: int

    @property
    def logical_error_rates(self) -> NDArray[np.float64]:
        """Logical error rates, float64, shape (D, P)."""
        return np.array([[result.logical_error_rate for result in row] for row in self.results])

    @property
    def confidence_intervals(self) -> NDArray[np.float64]:
        """Low and high ends of the 95 % Clopper–Pearson intervals, float64, shape (2, D, P)."""
        ends = np.array([[result.confidence_interval for result in row] for row in self.results])
        return np.moveaxis(ends, -1, 0)

    @property
    def logical_error_rates_per_round(self) -> NDArray[np.float64]:
        """Logical error rates of one round, float64, shape (D, P)."""
        return np.array([[result.logical_error_rate_per_round for result in row] for row in self.results])

    @property
    def confidence_intervals_per_round(self) -> NDArray[np.float64]:
        """Low and high ends of the 95 % intervals of one round, float64, shape (2, D, P)."""
        ends = np.array([[result.confidence_interval_per_round for result in row] for row in self.results])
        return np.moveaxis(ends, -1, 0)


@dataclass(frozen=True)
class ThresholdCrossing:
    """Physical error rate at which two distances do equally well.

    Larger distances cross elsewhere: the threshold is where their crossings settle, and two small distances alone do
    not tell it.

    Attributes:
        distances: the smaller and the larger distance.
        physical_error_rate: where the curves per round cross, interpolated.
        standard_error: statistical error of the rate, from the counts of the two neighbouring grid points;
            the error of the interpolation comes on top.
        bracket: the grid points on either side.
    """

    distances: tuple[int, int]
    physical_error_rate: float
    standard_error: float
    bracket: tuple[float, float]


def logical_error_rates(
    distances: Sequence[int],
    physical_error_rates: Sequence[float],
    *,
    max_shots: int,
    max_errors: int | None = None,
    rounds: int | None = None,
    basis: Basis = "z",
    noise: NoiseKind = "circuit_level",
    seed: int | np.random.Generator | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> MemorySweep:
    """Run a memory experiment for every distance and physical error rate.

    Args:
        distances: odd distances; sorted in the result.
        physical_error_rates: rates in [0, 3/4]; sorted in the result.
        max_shots: shots at which each experiment stops.
        max_errors: logical errors at which each experiment stops.
        rounds: rounds of every experiment; as many as the distance if left out.
        basis: stored logical eigenstate.
        noise: kind of noise; see `MemoryExperiment`.
        seed: seed of the sweep.
        progress: called with the shots done and the most there can be; experiments that stop early count in full.

    Raises:
        InputError: if a list is empty or repeats itself, or an experiment refuses its values.
        MissingExtraError: if Stim or PyMatching is not installed.
    """
    max_shots = require_count("max_shots", max_shots)
    experiments = [
        [
            MemoryExperiment(RotatedSurfaceCode(distance), distance if rounds is None else rounds, rate, basis, noise)
            for rate in _distinct("physical_error_rates", physical_error_rates)
        ]
        for distance in _distinct("distances", distances)
    ]
    root = root_entropy(seed)
    total = max_shots * sum(len(row) for row in experiments)
    finished = 0

    def report(shots: int, _: int) -> None:
        if progress is not None:
            progress(finished + shots, total)

    results: list[tuple[MemoryResult, ...]] = []
    for i, row in enumerate(experiments):
        done: list[MemoryResult] = []
        for j, experiment in enumerate(row):
            own_seed = int(np.random.SeedSequence(root, spawn_key=(i, j)).generate_state(1, np.uint64)[0])
            done.append(experiment.run(max_shots=max_shots, max_errors=max_errors, seed=own_seed, progress=report))
            finished += max_shots
            report(0, 0)
        results.append(tuple(done))
    return MemorySweep(
        distances=tuple(row[0].code.distance for row in experiments),
        physical_error_rates=tuple(experiment.physical_error_rate for experiment in experiments[0]),
        results=tuple(results),
        seed=root,
    )


def threshold_crossing(sweep: MemorySweep, smaller: int, larger: int) -> ThresholdCrossing:
    """Where the logical error rates per round of two distances cross.

    Below threshold the ratio of the two rates grows as a power of the physical rate, so its logarithm is
    interpolated linearly in the logarithm of the physical rate, between the two grid points of opposite sign.

    Raises:
        InputError: if a distance is not in the sweep, a logical error rate is 0 or at least 1/2, or the curves do not
            cross exactly once.
    """
    if not isinstance(sweep, MemorySweep):
        raise InputError(f"sweep must be a MemorySweep, got {shown(sweep)}")
    if smaller >= larger:
        raise InputError(f"the smaller distance must come first, got {smaller} and {larger}")
    rows = []
    for distance in (smaller, larger):
        if distance not in sweep.distances:
            raise InputError(f"distance must be one of the sweep's {sweep.distances}, got {distance}")
        rows.append(sweep.results[sweep.distances.index(distance)])
    for result in (*rows[0], *rows[1]):
        if not 0.0 < result.logical_error_rate < 0.5:
            raise InputError(
                f"every logical error rate must lie between 0 and 1/2, got {result.errors} errors in {result.shots} "
                f"shots at distance {result.distance} and rate {result.physical_error_rate:g}: take more shots or "
                "other rates"
            )
    log_ratio = np.array(
        [
            math.log(large.logical_error_rate_per_round / small.logical_error_rate_per_round)
            for small, large in zip(*rows, strict=True)
        ]
    )
    signs = log_ratio > 0.0
    changes = np.flatnonzero(signs[1:] != signs[:-1])
    if len(changes) != 1 or signs[0]:
        raise InputError(
            f"the curves of distances {smaller} and {larger} must cross once, from better to worse, within the swept "
            f"rates {sweep.physical_error_rates}, got {len(changes)} crossings: widen the range or take more shots"
        )
    j = int(changes[0])
    log_rate = np.log(sweep.physical_error_rates[j : j + 2])
    slope = (log_ratio[j + 1] - log_ratio[j]) / (log_rate[1] - log_rate[0])
    fraction = -log_ratio[j] / (log_ratio[j + 1] - log_ratio[j])
    crossing = math.exp(log_rate[0] + fraction * (log_rate[1] - log_rate[0]))
    variances = [_relative_variance(rows[0][k]) + _relative_variance(rows[1][k]) for k in (j, j + 1)]
    spread = math.sqrt((1.0 - fraction) ** 2 * variances[0] + fraction**2 * variances[1]) / slope
    return ThresholdCrossing(
        distances=(smaller, larger),
        physical_error_rate=crossing,
        standard_error=crossing * float(spread),
        bracket=(sweep.physical_error_rates[j], sweep.physical_error_rates[j + 1]),
    )


def _relative_variance(result: MemoryResult) -> float:
    """Variance of the logarithm of the rate per round, to first order in the binomial fluctuation of the count."""
    rate, per_round = result.logical_error_rate, result.logical_error_rate_per_round
    derivative = (1.0 - 2.0 * per_round) / (result.rounds * (1.0 - 2.0 * rate))
    return derivative**2 * rate * (1.0 - rate) / result.shots / per_round**2


def _distinct(name: str, values: Sequence[_Number]) -> list[_Number]:
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise InputError(f"{name} must be a sequence of numbers, got {shown(values)}")
    for value in values:
        require_number(name, value)
    ordered = sorted(values)
    if not ordered or len(set(ordered)) != len(ordered):
        raise InputError(f"{name} must be distinct and at least one, got {tuple(values)}")
    return ordered
