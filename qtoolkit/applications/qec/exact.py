"""Exact logical error rates of small detector error models, by summation instead of sampling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qtoolkit.applications.qec._validation import require_predictions
from qtoolkit.applications.qec.decoders.model import as_model
from qtoolkit.applications.qec.decoders.table import joint_distribution

if TYPE_CHECKING:
    from qtoolkit.applications.qec.decoders import CompiledDecoder, ModelLike

__all__ = ["exact_logical_error_rate"]


def exact_logical_error_rate(model: ModelLike, decoder: CompiledDecoder) -> float:
    """Probability that `decoder` mispredicts any observable, summed over every syndrome of the model.

    Raises:
        InputError: if detectors plus observables exceed 21, or the decoder returns anything but bits of
            shape (shots, observables).
    """
    ours = as_model(model)
    joint = joint_distribution(ours)
    num_syndromes = joint.shape[1]
    syndromes = np.arange(num_syndromes)
    events = ((syndromes[:, None] >> np.arange(ours.num_detectors)) & 1).astype(np.bool_)
    # Syndromes that no error produces need no prediction, and a matching decoder may have none for them.
    possible = joint.sum(axis=0) > 0.0
    num_observables = ours.num_observables
    bits = require_predictions(decoder, events[possible], num_observables)
    predicted = bits @ (1 << np.arange(num_observables))
    failures = joint[:, possible].copy()
    failures[predicted, np.arange(len(predicted))] = 0.0
    return float(failures.sum())
