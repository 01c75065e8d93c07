"""The optimal decoder: a table over all syndromes, or a sum over all errors for each shot where the model is narrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit._checks import require_integer
from qtoolkit._memory import reserved
from qtoolkit.applications.qec.decoders._binary import combined
from qtoolkit.applications.qec.decoders.model import DetectorErrorModel, ModelLike, as_model
from qtoolkit.applications.qec.decoders.protocol import ReweightingDecoder, impossible_events
from qtoolkit.applications.qec.decoders.table import MAX_TABLE_BITS, TableDecoder, joint_distribution
from qtoolkit.errors import InputError
from qtoolkit_kernels.elimination import CLOSE, MIX, OPEN, sum_over_errors

__all__ = ["CompiledMaximumLikelihood", "MaximumLikelihoodDecoder"]

_WIDEST = 28
_LIKELY_TABLE_BITS = 16
"""Up to here a table takes less time to make than a few shots summed one by one."""


@dataclass(frozen=True)
class MaximumLikelihoodDecoder:
    """The optimal decoder: no other has a lower logical error rate on the same model, so it bounds and checks them.

    Models of few detectors and observables become a table. For others each shot is a sum over all errors by eliminating
    one detector after the other, at a cost of 2^width for each mechanism; the width is the largest number of detectors
    that are open at a time plus the number of observables, and stays the same however many rounds there are.

    Source: Bravyi, Suchara and Vargo, Phys. Rev. A 90, 032326 (2014), for codes; here for any detector error model.

    Args:
        max_width: the largest width that is taken on; 2^width doubles are held.

    Raises:
        InputError: if `max_width` lies outside 1 to 28; at `compile`, if the model is wider.
    """

    max_width: int = 22

    def __post_init__(self) -> None:
        object.__setattr__(self, "max_width", require_integer("max_width", self.max_width, 1, _WIDEST))

    @property
    def name(self) -> str:
        """As on the command line."""
        return "maximum-likelihood"

    def compile(self, model: ModelLike) -> CompiledMaximumLikelihood:
        """The decoder for this model.

        Raises:
            InputError: if the model is wider than `max_width`.
        """
        return CompiledMaximumLikelihood(as_model(model), self.max_width)


class CompiledMaximumLikelihood(ReweightingDecoder):
    """The most likely flip of the observables, from the sum over all errors.

    Attributes:
        width: bits of the largest distribution that is held.
    """

    def __init__(self, model: DetectorErrorModel, max_width: int) -> None:
        super().__init__("maximum-likelihood", model)
        self._max_width = max_width
        columns = model.symptoms
        distinct = {symptom: k for k, symptom in enumerate(dict.fromkeys(columns))}
        self._group_of = np.array([distinct[symptom] for symptom in columns], np.int64)
        self._symptoms = list(distinct)
        self._rates = combined(self._group_of, len(distinct), model.probabilities)
        bits = model.num_detectors + model.num_observables
        self._table = None
        if bits <= _LIKELY_TABLE_BITS:
            self._table = TableDecoder(joint_distribution(model), name=self.name)
        self._steps, self.width = _narrowest(model, self._symptoms)
        if self.width > max_width and self._table is None:
            if bits > MAX_TABLE_BITS:
                raise InputError(
                    f"maximum likelihood by elimination needs models of a width of at most {max_width}, got "
                    f"{self.width} for {model.num_detectors} detectors and {model.num_observables} observables: each "
                    f"mechanism would cost 2^{self.width} products a shot; raise max_width, or take another decoder"
                )
            self._table = TableDecoder(joint_distribution(model), name=self.name)

    def _decode(self, events: NDArray[np.bool_]) -> NDArray[np.bool_]:
        if self._table is not None:
            return self._table.decode_batch(events)
        # Few syndromes come again and again where errors are rare.
        distinct, places = np.unique(np.packbits(events, axis=1), axis=0, return_inverse=True)
        bits = np.unpackbits(distinct, axis=1, count=self.num_detectors).view(np.bool_)
        return self._likeliest(bits, self._rates[None, :])[places.reshape(-1)]

    def log_likelihoods(self, events: NDArray[np.bool_]) -> NDArray[np.float64]:
        """log P(events and observable flips), float64 (shots, 2^observables); −inf where that cannot be.

        Raises:
            InputError: if the events are no bits of shape (shots, detectors).
        """
        return self._log_likelihoods(self._checked_events(events), self._rates[None, :])

    def posterior(self, events: NDArray[np.bool_]) -> NDArray[np.float64]:
        """P(observable flips | events), float64 (shots, 2^observables); bit k of an index is observable k.

        Raises:
            InputError: if the events are no bits of shape (shots, detectors), or no errors of the model give them.
        """
        logs = self.log_likelihoods(events)
        most = logs.max(axis=1, keepdims=True)
        _require_possible(np.asarray(events, np.bool_), most)
        weights = np.exp(logs - most)
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    def _likeliest(self, events: NDArray[np.bool_], rates: NDArray[np.float64]) -> NDArray[np.bool_]:
        logs = self._log_likelihoods(events, rates)
        _require_possible(events, logs.max(axis=1, keepdims=True, initial=-np.inf))
        return np.asarray((logs.argmax(axis=1)[:, None] >> np.arange(self.num_observables)) & 1, dtype=np.bool_)

    def _log_likelihoods(self, events: NDArray[np.bool_], rates: NDArray[np.float64]) -> NDArray[np.float64]:
        with reserved(8 << self.width, f"a distribution of {self.width} bits", "take another decoder"):
            logs = np.empty((len(events), 1 << self.num_observables))
            sum_over_errors(self._steps, np.ascontiguousarray(rates), np.ascontiguousarray(events).view(np.uint8), logs)
        return logs

    def _compiled(self, model: DetectorErrorModel) -> CompiledMaximumLikelihood:
        return CompiledMaximumLikelihood(model, self._max_width)

    def _decode_reweighted(self, events: NDArray[np.bool_], probabilities: NDArray[np.float64]) -> NDArray[np.bool_]:
        return self._likeliest(events, combined(self._group_of, len(self._symptoms), probabilities))


def _require_possible(events: NDArray[np.bool_], most: NDArray[np.float64]) -> None:
    impossible = np.flatnonzero(np.isneginf(most[:, 0]))
    if impossible.size:
        raise impossible_events(events, int(impossible[0]))


Symptoms = Sequence[tuple[tuple[int, ...], tuple[int, ...]]]


def _narrowest(model: DetectorErrorModel, symptoms: Symptoms) -> tuple[NDArray[np.int64], int]:
    """The program of the least cost among some orders of the detectors, and its width."""
    best: tuple[tuple[int, int], tuple[int, ...]] | None = None
    for order in _orders(model, symptoms):
        cost = _cost(order, symptoms, model.num_observables, model.num_detectors)
        if best is None or cost < best[0]:
            best = cost, order
    assert best is not None
    return _program(best[1], symptoms, model.num_observables, model.num_detectors)


def _orders(model: DetectorErrorModel, symptoms: Symptoms) -> Iterator[tuple[int, ...]]:
    """As numbered, by each coordinate first, and always the one that opens the fewest others."""
    every = range(model.num_detectors)
    yield tuple(every)
    shortest = min((len(place) for place in model.coordinates), default=0)
    for axis in range(shortest):
        yield tuple(sorted(every, key=lambda k: (model.coordinates[k][axis], model.coordinates[k])))
    neighbours: list[set[int]] = [set() for _ in every]
    for detectors, _ in symptoms:
        for k in detectors:
            neighbours[k].update(detectors)
    left, opened, order = set(every), set[int](), list[int]()
    while left:
        # Those that are open come first: they are fewer, and closing them is what keeps the front narrow.
        k = min(opened or left, key=lambda k: (len(neighbours[k] - opened - {k}), k))
        opened |= neighbours[k] & left
        opened.discard(k)
        left.remove(k)
        order.append(k)
        for other in tuple(neighbours[k]):
            neighbours[other].discard(k)
    yield tuple(order)


def _walk(order: Sequence[int], symptoms: Symptoms, num_detectors: int) -> Iterator[tuple[int | None, list[int]]]:
    """Each mechanism in turn, and the detectors that no later one flips; None for detectors that none flips."""
    waiting: list[list[int]] = [[] for _ in range(num_detectors)]
    for k, (detectors, _) in enumerate(symptoms):
        for detector in detectors:
            waiting[detector].append(k)
    left = [len(mechanisms) for mechanisms in waiting]
    yield None, [detector for detector in order if not left[detector]]
    done = set[int]()
    for detector in order:
        # Those that open least come first.
        for k in sorted(waiting[detector], key=lambda k: len(symptoms[k][0])):
            if k not in done:
                done.add(k)
                for flipped in symptoms[k][0]:
                    left[flipped] -= 1
                yield k, [flipped for flipped in symptoms[k][0] if not left[flipped]]


def _cost(order: Sequence[int], symptoms: Symptoms, num_observables: int, num_detectors: int) -> tuple[int, int]:
    """The width, and the products of all mechanisms."""
    opened, width, products = set[int](), num_observables, 0
    for k, closed in _walk(order, symptoms, num_detectors):
        if k is not None:
            opened.update(symptoms[k][0])
            products += 1 << num_observables + len(opened)
            width = max(width, num_observables + len(opened))
        opened.difference_update(closed)
    return width, products


def _program(
    order: Sequence[int], symptoms: Symptoms, num_observables: int, num_detectors: int
) -> tuple[NDArray[np.int64], int]:
    """The steps of the kernel, and the most bits at a time."""
    steps = [(MIX, sum(1 << o for o in observables), k) for k, (none, observables) in enumerate(symptoms) if not none]
    slots: list[int] = []  # the open detectors, above the observables
    width = num_observables
    for k, closed in _walk(order, symptoms, num_detectors):
        for detector in closed if k is None else symptoms[k][0]:
            if detector not in slots:
                slots.append(detector)
                steps.append((OPEN, 0, 0))
                width = max(width, num_observables + len(slots))
            if k is None:
                steps.append((CLOSE, num_observables, detector))
                slots.clear()
        if k is not None:
            mask = sum(1 << o for o in symptoms[k][1])
            mask |= sum(1 << num_observables + slots.index(detector) for detector in symptoms[k][0])
            steps.append((MIX, mask, k))
            for detector in closed:
                steps.append((CLOSE, num_observables + slots.index(detector), detector))
                slots.remove(detector)
    return np.array(steps, np.int64).reshape(-1, 3), max(width, num_observables + bool(num_detectors))
