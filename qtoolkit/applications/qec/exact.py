"""Exact logical error rates of small detector error models, by summation instead of sampling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qtoolkit.applications.qec._validation import require_model, require_predictions
from qtoolkit.errors import InputError

if TYPE_CHECKING:
    import stim

    from qtoolkit.applications.qec.decoders import Decoder

__all__ = ["MAX_TABLE_BITS", "exact_logical_error_rate", "joint_distribution"]

MAX_TABLE_BITS = 21
"""Largest number of detectors plus observables for which a table is built: 2²¹ doubles are 16 MiB."""


def joint_distribution(model: stim.DetectorErrorModel) -> NDArray[np.float64]:
    """Probability of every pair of observable flips and syndrome.

    Each error mechanism is independent and flips a fixed set of bits, so the distribution is the convolution
    over GF(2) of two-point distributions and is built up one mechanism at a time.

    Returns:
        float64, shape (2^observables, 2^detectors), summing to 1; bit k of an index is detector or observable k.

    Raises:
        InputError: if detectors plus observables exceed `MAX_TABLE_BITS`.
    """
    num_detectors, num_observables = int(require_model(model).num_detectors), int(model.num_observables)
    num_bits = num_detectors + num_observables
    if num_bits > MAX_TABLE_BITS:
        raise InputError(
            f"an exact table holds at most {MAX_TABLE_BITS} detectors and observables, "
            f"got {num_detectors} + {num_observables}: sample instead, or take fewer rounds"
        )
    table = np.zeros(2**num_bits)
    table[0] = 1.0
    indices = np.arange(2**num_bits)
    for flipped, probability in _mechanisms(model).items():
        table += probability * (table[indices ^ flipped] - table)
    return table.reshape(2**num_observables, 2**num_detectors)


def exact_logical_error_rate(model: stim.DetectorErrorModel, decoder: Decoder) -> float:
    """Probability that `decoder` mispredicts any observable, summed over every syndrome of the model.

    Raises:
        InputError: if detectors plus observables exceed `MAX_TABLE_BITS`, or the decoder returns anything but bits of
            shape (shots, observables).
    """
    joint = joint_distribution(model)
    num_syndromes = joint.shape[1]
    syndromes = np.arange(num_syndromes)
    events = ((syndromes[:, None] >> np.arange(int(model.num_detectors))) & 1).astype(np.bool_)
    # Syndromes that no error produces need no prediction, and a matching decoder may have none for them.
    possible = joint.sum(axis=0) > 0.0
    num_observables = int(model.num_observables)
    bits = require_predictions(decoder, events[possible], num_observables)
    predicted = bits @ (1 << np.arange(num_observables))
    failures = joint[:, possible].copy()
    failures[predicted, np.arange(len(predicted))] = 0.0
    return float(failures.sum())


def _mechanisms(model: stim.DetectorErrorModel) -> dict[int, float]:
    """Probability of each distinct set of flipped bits: detectors low, observables above them."""
    num_detectors = int(model.num_detectors)
    merged: dict[int, float] = {}
    for instruction in model.flattened():
        if instruction.type != "error":
            continue
        flipped = 0
        for target in instruction.targets_copy():
            if target.is_relative_detector_id():
                flipped ^= 1 << target.val
            elif target.is_logical_observable_id():
                flipped ^= 1 << (num_detectors + target.val)
        (probability,) = instruction.args_copy()
        before = merged.get(flipped, 0.0)
        merged[flipped] = before + probability - 2.0 * before * probability
    return merged
