"""How detection events become predicted logical flips: one protocol, two decoders compiled once and run many times."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit._optional import require
from qtoolkit.applications.qec._validation import require_bits, require_model
from qtoolkit.applications.qec.exact import joint_distribution
from qtoolkit.errors import InputError

if TYPE_CHECKING:
    import stim

__all__ = ["Decoder", "DecoderFactory", "MatchingDecoder", "MaximumLikelihoodDecoder"]


class Decoder(Protocol):
    """Anything that predicts which logical observables were flipped."""

    def decode_batch(self, detection_events: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Predicted observable flips, shape (shots, observables), for events of shape (shots, detectors).

        Whoever calls a decoder checks the shape and the values of what it returns.
        """
        ...


DecoderFactory: TypeAlias = "Callable[[stim.DetectorErrorModel], Decoder]"
"""Compiles a decoder for one detector error model; the decoder classes here are such factories."""


class MatchingDecoder:
    """Minimum-weight perfect matching with PyMatching; needs a model decomposed into graph-like errors.

    Source: Higgott and Gidney, Quantum 9, 1600 (2025), sparse blossom.

    Raises:
        InputError: if the model has an error that is certain, or that flips more than two detectors without being
            decomposed into parts that flip one or two; the message holds the error.
        MissingExtraError: if PyMatching is not installed.
    """

    def __init__(self, model: stim.DetectorErrorModel) -> None:
        _check_matchable(require_model(model))
        try:
            self._matching = require("pymatching", extra="qec").Matching.from_detector_error_model(model)
        except ValueError as error:
            raise InputError(f"PyMatching takes no such detector error model: {error}") from error
        self._num_detectors = int(model.num_detectors)
        # An observable that no error flips is absent from the matching graph but still has to be predicted.
        self._num_observables = int(model.num_observables)

    def decode_batch(self, detection_events: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Predicted observable flips, shape (shots, observables), for events of shape (shots, detectors).

        Raises:
            InputError: if the events are no bits of this shape, or no errors of the model give them.
        """
        events = require_bits("detection events", detection_events, self._num_detectors, "detectors")
        predictions = np.zeros((len(events), self._num_observables), dtype=np.bool_)
        try:
            matched = self._matching.decode_batch(events)
        except ValueError as error:
            raise InputError(
                f"detection events must be those of errors in the model, but a shot's are not: {error}"
            ) from error
        predictions[:, : matched.shape[1]] = matched
        return predictions


class MaximumLikelihoodDecoder:
    """The optimal decoder, as a table over all syndromes; for models of at most `MAX_TABLE_BITS` bits.

    No decoder has a lower logical error rate on the same model, so this one bounds and checks all others.

    Raises:
        InputError: if the model has too many detectors and observables for a table.
    """

    def __init__(self, model: stim.DetectorErrorModel) -> None:
        self._num_detectors = int(require_model(model).num_detectors)
        self._num_observables = int(model.num_observables)
        self._best_flip = joint_distribution(model).argmax(axis=0)

    def decode_batch(self, detection_events: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Predicted observable flips, shape (shots, observables), for events of shape (shots, detectors).

        Raises:
            InputError: if the events are no bits of this shape.
        """
        events = require_bits("detection events", detection_events, self._num_detectors, "detectors")
        flips = self._best_flip[events @ (1 << np.arange(self._num_detectors, dtype=np.int64))]
        return np.asarray((flips[:, None] >> np.arange(self._num_observables)) & 1, dtype=np.bool_)


def _check_matchable(model: stim.DetectorErrorModel) -> None:
    """Refuse what PyMatching has no edge for, or leaves out without a word."""
    for instruction in model.flattened():
        if instruction.type != "error":
            continue
        (probability,) = instruction.args_copy()
        parts = [0]
        for target in instruction.targets_copy():
            if target.is_separator():
                parts.append(0)
            elif target.is_relative_detector_id():
                parts[-1] += 1
        if max(parts) > 2 and probability > 0.0:
            raise InputError(
                f"matching needs errors whose parts flip at most two detectors, got {instruction}: decompose it by ^, "
                "or use a decoder of hypergraphs"
            )
        if probability == 1.0:
            raise InputError(
                f"matching needs errors of probability below 1, got {instruction}: a certain error is no noise, so "
                "let the circuit have it as a gate"
            )
