"""Exact logical error rates of small detector error models, by summation instead of sampling."""

from __future__ import annotations

import numpy as np

from qtoolkit.applications.qec._validation import require_predictions
from qtoolkit.applications.qec.decoders.model import ModelLike, as_model
from qtoolkit.applications.qec.decoders.protocol import CompiledDecoder, Decoder, compile_decoder
from qtoolkit.applications.qec.decoders.table import joint_distribution

__all__ = ["exact_logical_error_rate"]

_BLOCK = 1 << 18
"""Syndromes that are decoded at a time."""


def exact_logical_error_rate(model: ModelLike, decoder: CompiledDecoder | Decoder | str) -> float:
    """Probability that `decoder` mispredicts any observable, summed over every syndrome of the model.

    Args:
        model: ours or Stim's.
        decoder: compiled for it, or to be: an object with ``compile(model)``, or a name of `DECODERS`.

    Raises:
        InputError: if detectors plus observables exceed 21, the decoder is none or does not take the model, or it
            returns anything but bits of shape (shots, observables).
    """
    ours = as_model(model)
    compiled = decoder if isinstance(decoder, CompiledDecoder) else compile_decoder(decoder, model)
    joint = joint_distribution(ours)
    wrong = 0.0
    for start in range(0, joint.shape[1], _BLOCK):
        block = joint[:, start : start + _BLOCK]
        # Syndromes that no error produces need no prediction, and a matching decoder may have none for them.
        possible = np.flatnonzero(block.sum(axis=0) > 0.0)
        events = ((possible[:, None] + start) >> np.arange(ours.num_detectors) & 1).astype(np.bool_)
        bits = require_predictions(compiled, events, ours.num_observables)
        failures = block[:, possible]
        failures[bits @ (1 << np.arange(ours.num_observables)), np.arange(len(possible))] = 0.0
        wrong += float(failures.sum())
    return wrong
