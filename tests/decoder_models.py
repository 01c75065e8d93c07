"""Small detector error models, and enumerations of all their errors."""

import itertools

import numpy as np
import stim

from qtoolkit._optional import is_installed
from qtoolkit.applications.qec import DECODERS, DetectorErrorModel, RotatedSurfaceCode

NAMES = [name for name in DECODERS if name != "tesseract" or is_installed("tesseract_decoder")]
"""The decoders that are here: Tesseract has wheels for some machines only."""

ALL_NAMES = [name for name in NAMES if name != "sliding-window"]
"""The decoders that need no time coordinate."""


def repetition(distance, rate):
    """Bit flips under perfect checks."""
    checks = np.eye(distance - 1, distance, dtype=int) + np.eye(distance - 1, distance, 1, dtype=int)
    return DetectorErrorModel.from_check_matrix(checks, rate, np.eye(1, distance, dtype=int))


def surface(distance, rate):
    """Bit flips of the rotated surface code under perfect checks."""
    code = RotatedSurfaceCode(distance)
    return DetectorErrorModel.from_check_matrix(code.z_checks, rate, code.logical_z[None])


def symplectic(strings):
    """Rows [x | z] of Pauli strings that are read from left to right."""
    return np.array([[c in "XY" for c in s] + [c in "ZY" for c in s] for s in strings], int)


def surface_memory(distance, rounds, rate):
    """Stim's memory experiment under circuit-level noise."""
    return stim.Circuit.generated(
        "surface_code:rotated_memory_z",
        distance=distance,
        rounds=rounds,
        after_clifford_depolarization=rate,
        before_round_data_depolarization=rate,
        before_measure_flip_probability=rate,
        after_reset_flip_probability=rate,
    )


def repetition_memory(distance, rounds, rate):
    """Stim's repetition code under circuit-level noise."""
    return stim.Circuit.generated(
        "repetition_code:memory",
        distance=distance,
        rounds=rounds,
        after_clifford_depolarization=rate,
        before_round_data_depolarization=rate,
        before_measure_flip_probability=rate,
        after_reset_flip_probability=rate,
    )


def symptoms(model, errors):
    """Events and flips of sets of mechanisms, given as rows of zeros and ones."""
    return (
        (errors @ model.detector_matrix.T.toarray() % 2).astype(bool),
        (errors @ model.observable_matrix.T.toarray() % 2).astype(bool),
    )


def light_errors(num_mechanisms, weight):
    """All sets of at most so many mechanisms."""
    return np.array(
        [
            [k in chosen for k in range(num_mechanisms)]
            for size in range(weight + 1)
            for chosen in itertools.combinations(range(num_mechanisms), size)
        ],
        int,
    )


def enumerated(model, probabilities=None):
    """P(flips and events) over all 2^mechanisms errors: a dictionary by events and flips as tuples."""
    rates = model.probabilities if probabilities is None else probabilities
    errors = np.array(list(itertools.product((0, 1), repeat=model.num_mechanisms)), int)
    weights = np.where(errors, rates, 1 - np.asarray(rates)).prod(axis=1)
    found = {}
    for events, flips, weight in zip(*symptoms(model, errors), weights, strict=True):
        flipped = found.setdefault(tuple(events.tolist()), {})
        flipped[tuple(flips.tolist())] = flipped.get(tuple(flips.tolist()), 0.0) + weight
    return found


def failure_rate(model, predict):
    """The exact probability that predictions are wrong, from the enumeration."""
    joint = enumerated(model)
    events = np.array(list(joint), bool).reshape(len(joint), model.num_detectors)
    predictions = predict(events)
    return sum(
        sum(flipped.values()) - flipped.get(tuple(prediction.tolist()), 0.0)
        for flipped, prediction in zip(joint.values(), predictions, strict=True)
    )


def sampled(model, shots, seed):
    """Events and flips of random errors; the same on every machine, which Stim's samples are not."""
    errors = np.random.default_rng(seed).random((shots, model.num_mechanisms)) < model.probabilities
    return symptoms(model, errors.astype(np.int32))
