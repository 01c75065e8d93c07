"""Noise models of Qiskit Aer, both ways."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from qiskit.quantum_info import Kraus

from qtoolkit._arguments import check_instance
from qtoolkit._optional import require
from qtoolkit.circuit import STANDARD_GATES, KrausChannel, ReadoutError
from qtoolkit.errors import CircuitError, ConversionError
from qtoolkit.interop.qiskit.channels import channel_of
from qtoolkit.noise import NoiseModel
from qtoolkit.noise.rules import GateRule, ReadoutRule

if TYPE_CHECKING:
    import qiskit_aer.noise

__all__ = ["from_aer_noise", "to_aer_noise"]

NAMES: Mapping[str, str] = {"u1": "p", "u2": "u", "u3": "u", "cu1": "cp"}
"""Names of gates that Aer knows by another one."""

_BY_SIZE = {
    size: sorted(name for name, record in STANDARD_GATES.items() if record.num_qubits == size) for size in (1, 2, 3)
}


def from_aer_noise(model: qiskit_aer.noise.NoiseModel) -> NoiseModel:
    """Convert a noise model of Aer: its errors of gates, resets, measurements and readout.

    Errors of gates are found by name, as in Aer, and an error of some qubits takes the place of the one of all; so a
    circuit has noise only in the gates that the model names, which are in general those of a device. ``u2`` and ``u3``
    are both ``u`` here.

    Args:
        model: a `qiskit_aer.noise.NoiseModel`.

    Raises:
        ConversionError: if it is none, or an error acts on more than 4 qubits, or an error of all qubits and one of
            some of them have the same gate or are both of readout, or gates that are one here differ. Passes that
            relax what waits need Qiskit's schedules, and are left out: see `NoiseModel.add_idle`.
        MissingExtraError: if Aer is not installed.
    """
    noise = require("qiskit_aer.noise", extra="ibm")
    check_instance(model, noise.NoiseModel, "from_aer_noise takes a NoiseModel of Aer", ConversionError)
    return model_with_names(model, NAMES, noise)


def model_with_names(model: qiskit_aer.noise.NoiseModel, names: Mapping[str, str], noise: Any) -> NoiseModel:
    """A noise model of Aer, some of whose gates have other names here.

    Raises:
        ConversionError: as for `from_aer_noise`.
    """
    result = NoiseModel()
    errors = model.to_dict(serializable=False)["errors"]
    for (name, places), channel in _errors_of_gates(errors, names, noise).items():
        try:
            result.add(channel, name, places or None)
        except CircuitError as error:
            raise ConversionError(f"cannot convert the error of {name}: {error}") from error
    readouts = [entry for entry in errors if entry["type"] == "roerror"]
    if len({bool(entry.get("gate_qubits")) for entry in readouts}) > 1:
        raise ConversionError(
            "the readout has an error of all qubits and others of some, of which the latter count; add the first for "
            "each of the other qubits instead"
        )
    for entry in readouts:
        confusion = ReadoutError(entry["probabilities"])
        for place in entry.get("gate_qubits") or (None,):
            result.add_readout(confusion, None if place is None else list(place))
    return result


def _errors_of_gates(
    errors: Iterable[Mapping[str, Any]], names: Mapping[str, str], noise: Any
) -> dict[tuple[str, tuple[tuple[int, ...], ...]], KrausChannel]:
    """Channels by our names of gates and the operands that they follow, none for all."""
    found: dict[tuple[str, tuple[tuple[int, ...], ...]], dict[str, KrausChannel]] = {}
    channels: dict[str, KrausChannel] = {}
    for entry in errors:
        if entry["type"] != "qerror":
            continue
        channel = channels.get(entry["id"])
        for name in entry["operations"]:
            if channel is None:
                channel = channels[entry["id"]] = channel_of(noise.QuantumError.from_dict(entry), f"noise of {name}")
            places = tuple(tuple(place) for place in entry.get("gate_qubits") or ())
            alike = found.setdefault((names.get(name, name), places), {})
            if any(known != channel for known in alike.values()):
                raise ConversionError(
                    f"{', '.join(alike)} and {name} are one gate here, {names.get(name, name)}, and have different "
                    "errors; give them the same"
                )
            alike[name] = channel
    everywhere = {name for name, places in found if not places}
    for (name, places), alike in found.items():
        if places and name in everywhere:
            raise ConversionError(
                f"{name} has an error of all qubits and another of {list(places)}, of which the latter counts; add the "
                "first for each of the other qubits instead"
            )
        if list(alike) == ["u2"] and name == "u":
            raise ConversionError("u2 is no gate of its own here but u, as u3 is; give u3 the same error")
    return {key: next(iter(alike.values())) for key, alike in found.items()}


def to_aer_noise(model: NoiseModel) -> qiskit_aer.noise.NoiseModel:
    """Convert to a noise model of Aer.

    A number of qubits stands for the standard gates on so many.

    Args:
        model: of rules for gates, resets, measurements and readout.

    Raises:
        ConversionError: if it is none, or one of a device that is no set of rules, or has rules of time, or a rule that
            Aer cannot place: on any qubits out of some for gates on several, on gates of more than 3 qubits, and
            readout errors on several bits, as Aer misreads each measurement for itself.
        MissingExtraError: if Aer is not installed.
    """
    noise = require("qiskit_aer.noise", extra="ibm")
    check_instance(model, NoiseModel, "to_aer_noise takes a NoiseModel", ConversionError)
    if model.compiles and not model.rules:
        raise ConversionError(
            f"{model!r} is no set of rules; convert the circuit that its apply returns, or take Aer's model of a device"
        )
    errors: dict[tuple[str, tuple[int, ...] | None], Any] = {}
    readouts: dict[int | None, NDArray[np.float64]] = {}
    result = noise.NoiseModel()
    for rule in model.rules:
        if isinstance(rule, GateRule):
            for name in _names(rule):
                _compose(errors, name, rule, noise)
        elif isinstance(rule, ReadoutRule):
            _misread(readouts, rule)
        else:
            raise ConversionError(f"Aer's models have no rule of time, got {rule}; put the noise into the circuit")
    for (name, qubits), error in errors.items():
        if qubits is None:
            result.add_all_qubit_quantum_error(error, [name])
        else:
            result.add_quantum_error(error, [name], list(qubits))
    for qubit, confusion in readouts.items():
        if qubit is None:
            result.add_all_qubit_readout_error(noise.ReadoutError(confusion))
        else:
            result.add_readout_error(noise.ReadoutError(confusion), [qubit])
    return result


def _misread(readouts: dict[int | None, NDArray[np.float64]], rule: ReadoutRule) -> None:
    """Let a rule's error follow those that a qubit has already."""
    if rule.error.num_clbits > 1:
        raise ConversionError(
            f"Aer misreads each measurement for itself, got an error on {rule.error.num_clbits} bits; put it into the "
            "circuit, and run that with a simulator of ours"
        )
    for qubit in (None,) if rule.qubits is None else rule.qubits:
        readouts[qubit] = readouts.get(qubit, np.eye(2)) @ rule.error.confusion
    if None in readouts and len(readouts) > 1:
        raise ConversionError(
            "the readout has an error of all qubits and another of some, of which Aer takes the latter alone; add the "
            "first for each of the qubits instead"
        )


def _names(rule: GateRule) -> Iterable[str]:
    """Names of gates, as Aer asks for.

    Raises:
        ConversionError: for a number of qubits that no standard gate is on.
    """
    found: list[str] = []
    for key in {rule.channel.num_qubits} if rule.gates is None else rule.gates:
        if not isinstance(key, str) and key not in _BY_SIZE:
            raise ConversionError(f"Aer knows gates by name, and there is no standard one on {key} qubits; name them")
        found.extend((key,) if isinstance(key, str) else _BY_SIZE[key])
    return [name for name in found if name not in rule.but]


def _compose(errors: dict[tuple[str, tuple[int, ...] | None], Any], name: str, rule: GateRule, noise: Any) -> None:
    """Add a rule's channel behind those that a gate has already."""
    record = STANDARD_GATES.get(name)
    size = 1 if record is None else record.num_qubits
    channel = rule.channel
    while channel.num_qubits < size:
        channel = channel.tensor(rule.channel)
    error = noise.QuantumError(_operations(channel))
    places: Iterable[tuple[int, ...] | None] = (None,)
    if rule.places is not None:
        if size > 1 and not all(isinstance(place, tuple) for place in rule.places):
            raise ConversionError(f"Aer places errors of {name} on operands, got {rule}; name these as tuples")
        places = sorted(place if isinstance(place, tuple) else (place,) for place in rule.places)
    for place in places:
        before = errors.get((name, place))
        errors[name, place] = error if before is None else before.compose(error)
    if len({place is None for gate, place in errors if gate == name}) > 1:
        raise ConversionError(
            f"{name} has an error of all qubits and another of some, of which Aer takes the latter alone; add the "
            "first for each of the qubits instead"
        )


def _operations(channel: KrausChannel) -> Any:
    return Kraus([operator.copy() for operator in channel.operators])
