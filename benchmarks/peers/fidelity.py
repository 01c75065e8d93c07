"""Is an answer right? Compared with a reference answer in double precision, within what rounding can do."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from peers.portable import Task, kind_of

__all__ = ["error_of", "tolerance_of"]

_CHUNK = 1 << 22
_EPSILON = {"double": 2.3e-16, "single": 1.2e-7}


def tolerance_of(task: Task, precision: str) -> float:
    """Largest error of a right answer.

    Rounding adds up like a random walk at best and linearly at worst over the gates; in between lies this bound:
    20 ε √gates · √qubits for states, the same relative to the norm of the observable for values. Shots are
    compared in standard errors, of which 6 are allowed.
    """
    if kind_of(task.question) == "samples":
        return 6.0
    unit = 20 * _EPSILON[precision] * math.sqrt(len(task.circuit.gates) * task.circuit.num_qubits)
    return max(unit, 50 * _EPSILON[precision])


def error_of(task: Task, answer: Any, reference: Any) -> float:
    """Distance of an answer from the reference; see `tolerance_of` for what is small.

    For a state, the largest of ``√(1 - |⟨ref|ψ⟩|²/‖ψ‖²)`` above rounding and the deviation of the norm: a global
    phase does not count. For values, the largest deviation over the sum of the observable's coefficients. For shots,
    how many standard errors the mean probability of the drawn states is from its expectation.
    """
    if kind_of(task.question) == "state":
        return _state_error(np.asarray(answer), reference)
    if kind_of(task.question) == "samples":
        return _shots_error(np.asarray(answer), reference)
    assert task.observable is not None
    scale = float(np.abs(task.observable.coefficients).sum())
    if kind_of(task.question) == "gradient":
        # |∂⟨H⟩/∂θ| ≤ ‖H‖ times the number of rotations that follow θ, each with its factor.
        gates = task.circuit.parametrised
        weight = np.zeros(len(task.circuit.parameters))
        np.add.at(weight, [gate.slot for gate in gates], [abs(gate.factor) for gate in gates])
        scale *= max(1.0, float(weight.max(initial=0.0)))
    answer, reference = np.asarray(answer, dtype=float).ravel(), np.asarray(reference, dtype=float).ravel()
    if answer.shape != reference.shape or not np.isfinite(answer).all():
        return math.inf
    return float(np.abs(answer - reference).max(initial=0.0)) / scale


def _state_error(state: Any, reference: Any) -> float:
    if state.shape != reference.shape:
        return math.inf
    overlap, norm, distance = 0j, 0.0, 0.0
    chunks = [slice(start, start + _CHUNK) for start in range(0, state.size, _CHUNK)]
    for chunk in chunks:
        part = state[chunk].astype(np.complex128, copy=False)
        overlap += complex(np.vdot(reference[chunk], part))
        norm += float(np.vdot(part, part).real)
    if not math.isfinite(norm) or norm == 0.0 or overlap == 0.0:
        return math.inf
    # The distance at the best phase, from differences: 1 - |overlap|² would keep half of the digits.
    phase = overlap / abs(overlap)
    for chunk in chunks:
        difference = state[chunk].astype(np.complex128, copy=False) - phase * reference[chunk]
        distance += float(np.vdot(difference, difference).real)
    return math.sqrt(distance)


def _shots_error(shots: Any, reference: Any) -> float:
    """Mean of p(x) over the shots against Σp², in standard errors: wrong orders of qubits or bits show at once."""
    weights = np.abs(reference) ** 2
    if shots.size == 0 or shots.min() < 0 or shots.max() >= weights.size:
        return math.inf
    expected = float(weights @ weights)
    variance = float(weights @ weights**2) - expected**2
    deviation = float(weights[shots].mean()) - expected
    return abs(deviation) / math.sqrt(max(variance, 1e-300) / shots.size)
