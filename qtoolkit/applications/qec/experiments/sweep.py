"""Logical error rates over distances and physical error rates, and where the curves of two distances cross."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_callable, check_flag, items_of, shown
from qtoolkit._checks import require_number
from qtoolkit.applications.qec._validation import require_count, root_entropy
from qtoolkit.applications.qec.codes import RotatedSurfaceCode
from qtoolkit.applications.qec.experiments.collect import ExperimentProgress, run_experiments
from qtoolkit.applications.qec.experiments.memory import Basis, MemoryExperiment, NoiseKind
from qtoolkit.applications.qec.experiments.points import ResultLike, points_of
from qtoolkit.applications.qec.experiments.result import ExperimentResult
from qtoolkit.applications.qec.experiments.store import ExperimentStore
from qtoolkit.applications.qec.experiments.tasks import Rounds, rounds_at
from qtoolkit.applications.qec.intervals import per_round_rate
from qtoolkit.errors import InputError

__all__ = ["MemorySweep", "ThresholdCrossing", "logical_error_rates", "threshold_crossing"]

FloatArray = NDArray[np.float64]

_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True)
class MemorySweep:
    """Memory experiments on a grid of distances and physical error rates.

    Attributes:
        distances: the D distances, ascending.
        physical_error_rates: the P rates, ascending.
        results: ``results[i][j]`` belongs to ``distances[i]`` and ``physical_error_rates[j]``.
        seed: root seed of the sweep; experiments draw independently from it.
    """

    distances: tuple[int, ...]
    physical_error_rates: tuple[float, ...]
    results: tuple[tuple[ExperimentResult, ...], ...]
    seed: int

    def __iter__(self) -> Iterator[ExperimentResult]:
        """All results, by distance and then by rate."""
        return (result for row in self.results for result in row)

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
    not tell it. `fit_threshold` fits it from three or more.

    Attributes:
        distances: the smaller and the larger distance.
        physical_error_rate: where the curves cross, interpolated.
        statistical_error: standard error of the rate from the counts of the neighbouring grid points.
        interpolation_error: by how much the rate moves when the curve between its neighbours is bent as those beyond
            them say; without any beyond, the standard deviation of a rate that may lie anywhere between the two.
        bracket: the grid points on either side.
    """

    distances: tuple[int, int]
    physical_error_rate: float
    statistical_error: float
    interpolation_error: float
    bracket: tuple[float, float]

    @property
    def standard_error(self) -> float:
        """Both errors together, added in squares."""
        return math.hypot(self.statistical_error, self.interpolation_error)


def logical_error_rates(
    distances: Sequence[int],
    physical_error_rates: Sequence[float],
    *,
    max_shots: int,
    max_errors: int | None = None,
    relative_error: float | None = None,
    rounds: Rounds | None = None,
    basis: Basis = "z",
    noise: NoiseKind = "circuit_level",
    seed: int | np.random.Generator | None = None,
    store: ExperimentStore | None = None,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> MemorySweep:
    """Run a memory experiment of the rotated surface code for every distance and physical error rate.

    Args:
        distances: odd distances; sorted in the result.
        physical_error_rates: rates in [0, 3/4]; sorted in the result.
        max_shots: shots at which each experiment stops.
        max_errors: logical errors at which each experiment stops.
        relative_error: standard error over rate at which each experiment stops.
        rounds: of every distance, by distance, or a function of it; as many as the distance if left out.
        basis: stored logical eigenstate.
        noise: kind of noise; see `MemoryExperiment`.
        seed: seed of the sweep; with a store and no seed, the one that its first experiment was begun with.
        store: where batches are read from and kept.
        executor: any of `concurrent.futures`.
        progress: called with the shots done and the most there can be; experiments that stop early count in full.

    Raises:
        InputError: if a list is empty or repeats itself, or an experiment refuses its values.
        KeyboardInterrupt: at Ctrl-C; what is done is in the store.
        MissingExtraError: if Stim or PyMatching is not installed.
    """
    max_shots = require_count("max_shots", max_shots)
    rates = _distinct("physical_error_rates", physical_error_rates)
    experiments = [
        [
            MemoryExperiment(RotatedSurfaceCode(distance), rounds_at(rounds, distance, distance), rate, basis, noise)
            for rate in rates
        ]
        for distance in _distinct("distances", distances)
    ]
    tasks = [experiment.task for row in experiments for experiment in row]
    if seed is None and isinstance(store, ExperimentStore):
        seed = store.seed_of(tasks[0])
    root = root_entropy(seed)
    total = max_shots * len(tasks)
    if progress is not None:
        check_callable(progress, "progress")

    def tell(state: ExperimentProgress) -> None:
        if progress is not None:
            progress(round(state.share * total), total)

    found = run_experiments(
        tasks,
        max_shots=max_shots,
        max_errors=max_errors,
        relative_error=relative_error,
        seed=root,
        store=store,
        executor=executor,
        progress=tell,
    )
    if len(found) < len(tasks) or any(result.interrupted for result in found):
        raise KeyboardInterrupt
    width = len(rates)
    return MemorySweep(
        distances=tuple(row[0].code.distance for row in experiments),
        physical_error_rates=tuple(experiment.physical_error_rate for experiment in experiments[0]),
        results=tuple(found[start : start + width] for start in range(0, len(found), width)),
        seed=root,
    )


def threshold_crossing(
    results: Iterable[ResultLike], smaller: int, larger: int, *, per_round: bool = True
) -> ThresholdCrossing:
    """Where the logical error rates of two distances cross.

    Below threshold the ratio of the two rates grows as a power of the physical rate, so its logarithm is
    interpolated linearly in the logarithm of the physical rate, between the two grid points of opposite sign.

    Args:
        results: a `MemorySweep`, or any results that have both distances at the same rates.
        smaller: distance.
        larger: distance.
        per_round: whether rates of one round are compared, or those of whole experiments. Where rounds grow with the
            distance, small codes cross above the threshold per round and below it per experiment.

    Raises:
        InputError: if a distance is not among the results, the two have other rates, a logical error rate is 0 or at
            least 1/2, or the curves do not cross exactly once.
    """
    points, per_round = points_of(results), check_flag(per_round, "per_round")
    smaller, larger = require_count("smaller", smaller), require_count("larger", larger)
    if smaller >= larger:
        raise InputError(f"the smaller distance must come first, got {shown(smaller)} and {shown(larger)}")
    rates, log_ratio, variance = np.empty(0), np.zeros(0), np.zeros(0)
    for distance, sign in ((smaller, -1.0), (larger, 1.0)):
        here = points.where(points.distances == distance)
        if not len(here):
            listed = ", ".join(map(str, np.unique(points.distances)))
            raise InputError(f"distance must be one of the sweep's ({listed}), got {shown(distance)}")
        if rates.size and not np.array_equal(rates, here.rates):
            raise InputError(f"both distances must have the same rates, got {rates.tolist()} and {here.rates.tolist()}")
        rates = here.rates
        rounds = here.rounds if per_round else np.ones_like(here.rounds)
        logarithm, spread = _log_rates(here.errors, here.shots, rounds, distance, rates)
        log_ratio = sign * logarithm + (log_ratio if log_ratio.size else 0.0)
        variance = spread + (variance if variance.size else 0.0)
    if rates[0] <= 0.0:
        raise InputError("rates of a crossing must be above 0, got 0")
    signs = log_ratio > 0.0
    changes = np.flatnonzero(signs[1:] != signs[:-1])
    if len(changes) != 1 or signs[0]:
        raise InputError(
            f"the curves of distances {smaller} and {larger} must cross once, from better to worse, within the swept "
            f"rates {tuple(rates.tolist())}, got {len(changes)} crossings: widen the range or take more shots"
        )
    return _crossing((smaller, larger), np.log(rates), log_ratio, variance, int(changes[0]))


def _log_rates(
    errors: FloatArray, shots: FloatArray, rounds: NDArray[np.int64], distance: int, rates: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Logarithms of rates per round and their variances, to first order in the binomial fluctuation of the counts."""
    logarithms, variances = np.empty(len(rates)), np.empty(len(rates))
    for k, (count, number, length) in enumerate(zip(errors, shots, rounds, strict=True)):
        rate = float(count / number)
        if not 0.0 < rate < 0.5:
            raise InputError(
                f"every logical error rate must lie between 0 and 1/2, got {count:g} errors in {number:g} shots at "
                f"distance {distance} and rate {rates[k]:g}: take more shots or other rates"
            )
        per_round = per_round_rate(rate, int(length))
        derivative = (1.0 - 2.0 * per_round) / (length * (1.0 - 2.0 * rate))
        logarithms[k] = math.log(per_round)
        variances[k] = derivative**2 * rate * (1.0 - rate) / number / per_round**2
    return logarithms, variances


def _crossing(
    distances: tuple[int, int], log_rate: FloatArray, log_ratio: FloatArray, variance: FloatArray, j: int
) -> ThresholdCrossing:
    """The crossing between grid points j and j + 1, with its errors."""
    width = log_rate[j + 1] - log_rate[j]
    slope = (log_ratio[j + 1] - log_ratio[j]) / width
    fraction = -log_ratio[j] / (log_ratio[j + 1] - log_ratio[j])
    spread = math.sqrt((1.0 - fraction) ** 2 * variance[j] + fraction**2 * variance[j + 1]) / slope
    bends = []
    for first in (j - 1, j):
        if first >= 0 and first + 3 <= len(log_rate):
            nodes = slice(first, first + 3)
            bent = np.polynomial.Polynomial.fit(log_rate[nodes], log_ratio[nodes], 2)
            inside = [root.real for root in bent.roots() if abs(root.imag) < 1e-9]
            inside = [root for root in inside if log_rate[j] <= root <= log_rate[j + 1]]
            bends += [abs(root - log_rate[j] - fraction * width) for root in inside[:1]]
    crossing = math.exp(log_rate[j] + fraction * width)
    return ThresholdCrossing(
        distances=distances,
        physical_error_rate=crossing,
        statistical_error=crossing * float(spread),
        interpolation_error=crossing * float(max(bends, default=width / math.sqrt(12.0))),
        bracket=(math.exp(log_rate[j]), math.exp(log_rate[j + 1])),
    )


def _distinct(name: str, values: Sequence[_Number]) -> list[_Number]:
    listed = list(items_of(values, f"{name} must be a sequence of numbers"))
    for value in listed:
        require_number(name, value)
    ordered = sorted(listed)
    if not ordered or len(set(ordered)) != len(ordered):
        raise InputError(f"{name} must be distinct and at least one, got {shown(tuple(listed))}")
    return ordered
