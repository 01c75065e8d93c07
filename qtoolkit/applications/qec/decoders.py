"""How detection events become predicted logical flips: one protocol, two decoders compiled once and run many times."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit._optional import require
from qtoolkit.applications.qec.exact import joint_distribution

if TYPE_CHECKING:
    import stim

__all__ = ["Decoder", "DecoderFactory", "MatchingDecoder", "MaximumLikelihoodDecoder"]


class Decoder(Protocol):
    """Anything that predicts which logical observables were flipped."""

    def decode_batch(self, detection_events: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Predicted observable flips, shape (shots, observables), for events of shape (shots, detectors)."""
        ...


DecoderFactory: TypeAlias = "Callable[[stim.DetectorErrorModel], Decoder]"
"""Compiles a decoder for one detector error model; the decoder classes here are such factories."""


class MatchingDecoder:
    """Minimum-weight perfect matching with PyMatching; needs a model decomposed into graph-like errors.

    Source: Higgott and Gidney, Quantum 9, 1600 (2025), sparse blossom.
    """

    def __init__(self, model: stim.DetectorErrorModel) -> None:
        self._matching = require("pymatching", extra="qec").Matching.from_detector_error_model(model)
        # An observable that no error flips is absent from the matching graph but still has to be predicted.
        self._num_observables = int(model.num_observables)

    def decode_batch(self, detection_events: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Predicted observable flips, shape (shots, observables), for events of shape (shots, detectors)."""
        predictions = np.zeros((len(detection_events), self._num_observables), dtype=np.bool_)
        matched = self._matching.decode_batch(detection_events)
        predictions[:, : matched.shape[1]] = matched
        return predictions


class MaximumLikelihoodDecoder:
    """The optimal decoder, as a table over all syndromes; for models of at most `MAX_TABLE_BITS` bits.

    No decoder has a lower logical error rate on the same model, so this one bounds and checks all others.

    Raises:
        InputError: if the model has too many detectors and observables for a table.
    """

    def __init__(self, model: stim.DetectorErrorModel) -> None:
        self._num_observables = int(model.num_observables)
        self._best_flip = joint_distribution(model).argmax(axis=0)

    def decode_batch(self, detection_events: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Predicted observable flips, shape (shots, observables), for events of shape (shots, detectors)."""
        weights = 1 << np.arange(detection_events.shape[1], dtype=np.int64)
        flips = self._best_flip[detection_events @ weights]
        return np.asarray((flips[:, None] >> np.arange(self._num_observables)) & 1, dtype=np.bool_)
