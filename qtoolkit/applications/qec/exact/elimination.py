"""The exact rate of maximum-likelihood decoding without a table of all syndromes: detectors leave one at a time.

Detectors are taken in order. The errors that touch one are applied to a table over the detectors that are open
(touched, and not done with) and the observables; then the detector's value is settled, and each value goes its own way.
What two histories leave behind often differs by a factor and by flips of open bits alone, and then they are followed
together, since the sum over all syndromes to come is the same for both. Histories of little weight can be dropped
against a bound.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit._memory import reserve_more
from qtoolkit.applications.qec._validation import require_count, require_rate
from qtoolkit.applications.qec.decoders.model import DetectorErrorModel, ModelLike, as_model
from qtoolkit.applications.qec.exact.classes import require_progress
from qtoolkit.errors import InputError

__all__ = ["LikelihoodRate", "maximum_likelihood_rate"]

MAX_FRONTIER = 20
"""Open detectors and observables at a time."""

_DIGITS = 11
"""To which logarithms of probabilities are compared: histories that agree so far are followed together."""


@dataclass(frozen=True)
class LikelihoodRate:
    """The least logical error rate that a decoder can have on a model, between two bounds.

    Attributes:
        lower, upper: the rate lies between them; they are equal, to rounding, where nothing was dropped.
        dropped: probability of the histories that were not followed.
        frontier: the most open detectors and observables at a time.
        histories: the most that were followed at a time, after those that agree were joined.
        wall_time: seconds.
    """

    lower: float
    upper: float
    dropped: float
    frontier: int
    histories: int
    wall_time: float

    @property
    def value(self) -> float:
        """The middle of the bounds."""
        return (self.lower + self.upper) / 2.0

    def __float__(self) -> float:
        return self.value


def maximum_likelihood_rate(
    model: ModelLike,
    *,
    tolerance: float = 0.0,
    max_histories: int = 1 << 22,
    progress: Callable[[float], None] | None = None,
) -> LikelihoodRate:
    """Probability that the best decoder mispredicts any observable, for models of any length with a narrow frontier.

    The work is that of a table of 2^frontier entries for each history; how many differ depends on the model, most where
    all rates do.

    Args:
        model: error mechanisms; `decompose_errors` is not needed.
        tolerance: probability of histories that may be dropped in total, the lightest first; they widen the bounds.
        max_histories: to follow at a time.
        progress: told the fraction of the detectors that are settled.

    Raises:
        InputError: if more than 20 detectors and observables are open at a time, or more histories are left than
            allowed.
        InsufficientMemoryError: if the tables do not fit.
    """
    start = time.perf_counter()
    require_progress(progress)
    tolerance = require_rate("tolerance", tolerance)
    most = require_count("max_histories", max_histories)
    ours = as_model(model)
    num_detectors, num_observables = ours.num_detectors, ours.num_observables
    steps, frontier = _steps(_flips(ours), num_detectors, num_observables)
    weights, tables = np.ones(1), np.zeros((1, 1 << num_observables))
    tables[0, 0] = 1.0
    open_bits: list[int] = []
    dropped, largest = 0.0, 1
    for step, (detector, errors) in enumerate(steps):
        touched = {bit for flipped, _ in errors for bit in _bits(flipped) if bit < num_detectors}
        for bit in sorted(touched - set(open_bits)):
            reserve_more(2 * tables.nbytes, "a table over open detectors", "allow a larger tolerance")
            tables = np.concatenate([tables, np.zeros_like(tables)], axis=1)
            open_bits.append(bit)
        numbers = np.arange(tables.shape[1])
        for flipped, probability in errors:
            mask = _placed(flipped, open_bits, num_detectors, num_observables)
            tables += probability * (tables[:, numbers ^ mask] - tables)
        place = num_observables + open_bits.index(detector)
        open_bits.remove(detector)
        halves = tables.reshape(len(tables), -1, 2, 1 << place)
        tables = np.concatenate([halves[:, :, value].reshape(len(tables), -1) for value in (0, 1)])
        weights, tables = _joined(np.concatenate([weights, weights]), tables)
        weights, tables, lost = _without_lightest(weights, tables, tolerance / len(steps))
        dropped += lost
        largest = max(largest, len(weights))
        if len(weights) > most:
            raise InputError(
                f"exact elimination follows at most {most:,} histories, got {len(weights):,} after detector "
                f"{detector}: allow more, or a larger tolerance"
            )
        if progress is not None:
            progress((step + 1) / len(steps))
    # What is left has no open detector: the best decoder keeps the likeliest observables of every history.
    wrong = np.sort(tables, axis=1)[:, :-1].sum(axis=1)
    lower = float(weights @ wrong)
    return LikelihoodRate(
        lower=lower,
        upper=lower + dropped,
        dropped=dropped,
        frontier=frontier,
        histories=largest,
        wall_time=time.perf_counter() - start,
    )


Step = tuple[int, list[tuple[int, float]]]


def _flips(model: DetectorErrorModel) -> dict[int, float]:
    """Probability of each distinct set of flipped bits: detectors low, observables above them."""
    merged = model.merged()
    return {
        sum(1 << d for d in detectors) | sum(1 << model.num_detectors + o for o in observables): float(probability)
        for (detectors, observables), probability in zip(merged.symptoms, merged.probabilities, strict=True)
    }


def _steps(errors: dict[int, float], num_detectors: int, num_observables: int) -> tuple[list[Step], int]:
    """Each detector with the errors that touch it and none before; and the most bits that are open at a time."""
    detectors = (1 << num_detectors) - 1
    by_first: dict[int, list[tuple[int, float]]] = {}
    undetected = []
    for flipped, probability in errors.items():
        seen = flipped & detectors
        if seen:
            by_first.setdefault((seen & -seen).bit_length() - 1, []).append((flipped, probability))
        else:
            undetected.append((flipped, probability))
    # A detector that only errors of earlier ones touch is settled as well.
    touched = 0
    for flipped in errors:
        touched |= flipped & detectors
    steps = [(detector, by_first.get(detector, [])) for detector in _bits(touched)]
    if not steps:
        raise InputError("a model must have an error that a detector sees, got none")
    steps[0][1].extend(undetected)
    opened: set[int] = set()
    frontier = 0
    for detector, own in steps:
        opened |= {bit for flipped, _ in own for bit in _bits(flipped & detectors)}
        frontier = max(frontier, len(opened) + num_observables)
        opened.discard(detector)
    if frontier > MAX_FRONTIER:
        raise InputError(
            f"exact elimination takes at most {MAX_FRONTIER} open detectors and observables at a time, got {frontier}: "
            "order detectors by time, or sample"
        )
    return steps, frontier


def _bits(mask: int) -> list[int]:
    return [bit for bit in range(mask.bit_length()) if mask >> bit & 1]


def _placed(flipped: int, open_bits: list[int], num_detectors: int, num_observables: int) -> int:
    """What an error flips, as bits of a table: observables lowest, then open detectors in the order they came."""
    found = flipped >> num_detectors
    for place, bit in enumerate(open_bits):
        found |= (flipped >> bit & 1) << num_observables + place
    return found


def _joined(
    weights: NDArray[np.float64], tables: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Histories that agree up to a factor and flips of open bits, followed together."""
    totals = tables.sum(axis=1)
    possible = totals > 0.0
    weights, tables = weights[possible] * totals[possible], tables[possible] / totals[possible, None]
    first = tables.argmax(axis=1)
    tables = np.take_along_axis(tables, np.arange(tables.shape[1]) ^ first[:, None], axis=1)
    with np.errstate(divide="ignore"):
        keys = np.ascontiguousarray(np.round(np.log(tables), _DIGITS) + 0.0)
    rows = keys.view(np.dtype((np.void, keys.itemsize * keys.shape[1]))).ravel()
    _, chosen, group = np.unique(rows, return_index=True, return_inverse=True)
    joined = np.bincount(group, weights=weights, minlength=len(chosen)).astype(np.float64)
    return joined, tables[chosen]


def _without_lightest(
    weights: NDArray[np.float64], tables: NDArray[np.float64], allowed: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """The heaviest histories, whose lighter fellows together have no more than a given probability."""
    if allowed <= 0.0:
        return weights, tables, 0.0
    order = np.argsort(weights)
    cumulated = np.cumsum(weights[order])
    few = int(np.searchsorted(cumulated, allowed, side="right"))
    kept = np.sort(order[few:])
    return weights[kept], tables[kept], float(cumulated[few - 1]) if few else 0.0
