"""The noise that a calibration predicts for a circuit, and how far it brings counts from the ideal."""

from __future__ import annotations

from typing import Any

import numpy as np

from qtoolkit._arguments import shown
from qtoolkit.backends.calibration import Calibration
from qtoolkit.backends.cloud.payload import Payload
from qtoolkit.backends.verification.reference import Reference
from qtoolkit.backends.verification.statistics import aligned, expected_distance
from qtoolkit.circuit import Barrier, Circuit, Gate
from qtoolkit.circuit.compact import moved
from qtoolkit.circuit.operation import everything_in
from qtoolkit.errors import BackendError
from qtoolkit.noise import NoiseModel
from qtoolkit.primitives import Result

__all__ = ["noise_on", "predicted_distance"]

QUBITS = "device_qubits"
"""The fact of a payload that says which of the device's qubits, by number or label, its circuits' qubits 0, 1, ... are:
one list for all circuits, or one for each; without it, circuits have the device's numbers. None says that the provider
chooses them."""

_DRAWS = 10


def noise_on(circuit: Circuit, calibration: Calibration, payload: Payload, index: int) -> tuple[Circuit, NoiseModel]:
    """A circuit of a payload without its idle qubits, and the noise of the device's qubits that are left.

    Raises:
        BackendError: if the device lacks a qubit, or the calibration knows nothing of gates on two qubits that are in
            it: such a circuit is compiled by the provider, and nobody here knows how.
        InputError: if the payload names other qubits than the device has.
    """
    used = sorted({q for op in circuit.operations if not isinstance(op.gate, Barrier) for q in op.qubits})
    places = _device_qubits(circuit, calibration, payload, index)
    if places is None:
        outside = [qubit for qubit in used if qubit >= calibration.num_qubits]
        if outside:
            raise BackendError(
                f"the calibration of {calibration.device} has {calibration.num_qubits} qubits, the circuit is on qubit "
                f"{outside[0]}"
            )
    model = calibration.noise_model(used if places is None else [places[qubit] for qubit in used])
    compact = moved(circuit, {qubit: place for place, qubit in enumerate(used)})
    _check_pairs(compact, model, calibration)
    return compact, model


def _device_qubits(circuit: Circuit, calibration: Calibration, payload: Payload, index: int) -> list[Any] | None:
    if QUBITS not in payload.facts:
        return None
    given = payload.facts[QUBITS]
    if given is None and calibration.is_uniform:
        return None
    if given is None:
        raise BackendError("the provider chooses the device's qubits, and does not say which")
    if isinstance(given, list) and given and isinstance(given[0], list):
        given = given[index] if index < len(given) else None
    if not isinstance(given, list) or len(given) < circuit.num_qubits:
        raise BackendError(
            f"the payload must name the device's qubits of {circuit.num_qubits} qubits of circuit {index}, got "
            f"{shown(given)}"
        )
    return given


def _check_pairs(circuit: Circuit, model: NoiseModel, calibration: Calibration) -> None:
    """Refuse gates on two qubits that no rule belongs to."""
    covered = {place for rule in model._rules for place in rule.places or () if isinstance(place, tuple)}
    for operation in everything_in(circuit.operations):
        if isinstance(operation.gate, Gate) and len(operation.qubits) > 1 and operation.qubits not in covered:
            raise BackendError(
                f"the calibration of {calibration.device} knows no {operation.gate.name} on these "
                f"{len(operation.qubits)} qubits: the provider compiles the circuit, and with it its noise"
            )


def predicted_distance(noisy: Reference, ideal: Reference, shots: int, rng: np.random.Generator) -> float:
    """The mean total variation of shots of a noisy circuit from the ideal one.

    Exact where both are; else the mean of some draws of so many shots, or of as many as half of a sample.
    """
    if noisy.probabilities is not None and ideal.probabilities is not None and noisy.bits == ideal.bits:
        return expected_distance(noisy.probabilities, ideal.probabilities, shots)
    return float(np.mean([aligned(_draw(noisy, shots, rng), ideal).total_variation for _ in range(_DRAWS)]))


def _draw(reference: Reference, shots: int, rng: np.random.Generator) -> Result:
    if reference.probabilities is None:
        assert reference.sample is not None
        keys = list(reference.counts)
        counts = np.array([reference.counts[key] for key in keys])
        size = min(shots, reference.sample.shots // 2)
        drawn = rng.multivariate_hypergeometric(counts, size, method="marginals")
        found = {key: int(count) for key, count in zip(keys, drawn, strict=True) if count}
        return Result.from_counts(found, reference.num_clbits)
    drawn = rng.multinomial(shots, reference.probabilities)
    width = reference.num_clbits
    found = {}
    for outcome in np.flatnonzero(drawn).tolist():
        number = sum((outcome >> place & 1) << bit for place, bit in enumerate(reference.bits))
        found[format(number, f"0{width}b")] = int(drawn[outcome])
    return Result.from_counts(found, width)
