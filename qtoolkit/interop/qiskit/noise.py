"""Noise models of Qiskit Aer, both ways."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

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

_NAMES = {"u1": "p", "u3": "u", "cu1": "cp"}
"""Names of gates that Aer knows by another one."""

_BY_SIZE = {
    size: sorted(name for name, record in STANDARD_GATES.items() if record.num_qubits == size) for size in (1, 2, 3)
}


def from_aer_noise(model: qiskit_aer.noise.NoiseModel) -> NoiseModel:
    """Convert a noise model of Aer: its errors of gates, resets, measurements and readout.

    Errors of gates are found by name, as in Aer, and an error of some qubits takes the place of the one of all; so a
    circuit has noise only in the gates that the model names, which are in general those of a device.

    Args:
        model: a `qiskit_aer.noise.NoiseModel`.

    Raises:
        ConversionError: if it is none, or an error acts on more than 4 qubits, or an error of all qubits and one of
            some of them have the same gate. Passes that relax what waits need Qiskit's schedules, and are left out: see
            `NoiseModel.add_idle`.
        MissingExtraError: if Aer is not installed.
    """
    noise = require("qiskit_aer.noise", extra="ibm")
    check_instance(model, noise.NoiseModel, "from_aer_noise takes a NoiseModel of Aer", ConversionError)
    result = NoiseModel()
    errors = model.to_dict(serializable=False)["errors"]
    named = [(name, entry) for entry in errors if entry["type"] == "qerror" for name in entry["operations"]]
    everywhere = {name for name, entry in named if not entry.get("gate_qubits")}
    for name, entry in named:
        places = entry.get("gate_qubits")
        if places and name in everywhere:
            raise ConversionError(
                f"{name} has an error of all qubits and another of {places}, of which the latter counts; add the "
                "first for each of the other qubits instead"
            )
        channel = channel_of(noise.QuantumError.from_dict(entry), name=f"noise of {name}")
        try:
            result.add(channel, _NAMES.get(name, name), None if not places else [tuple(place) for place in places])
        except CircuitError as error:
            raise ConversionError(f"cannot convert the error of {name}: {error}") from error
    for entry in errors:
        if entry["type"] == "roerror":
            confusion = ReadoutError(entry["probabilities"])
            for place in entry.get("gate_qubits") or (None,):
                result.add_readout(confusion, None if place is None else list(place))
    return result


def to_aer_noise(model: NoiseModel) -> qiskit_aer.noise.NoiseModel:
    """Convert to a noise model of Aer.

    Args:
        model: of rules for gates, resets, measurements and readout.

    Raises:
        ConversionError: if it is none, or has rules of time, or a rule that Aer cannot place: on any qubits out of some
            for gates on several.
        MissingExtraError: if Aer is not installed.
    """
    noise = require("qiskit_aer.noise", extra="ibm")
    check_instance(model, NoiseModel, "to_aer_noise takes a NoiseModel", ConversionError)
    errors: dict[tuple[str, tuple[int, ...] | None], Any] = {}
    result = noise.NoiseModel()
    for rule in model.rules:
        if isinstance(rule, GateRule):
            for name in _names(rule):
                _compose(errors, name, rule, noise)
        elif isinstance(rule, ReadoutRule):
            confusion = noise.ReadoutError(rule.error.confusion)
            if rule.qubits is None:
                result.add_all_qubit_readout_error(confusion)
            else:
                groups = [(qubit,) for qubit in rule.qubits] if rule.error.num_clbits == 1 else [rule.qubits]
                for group in groups:
                    result.add_readout_error(confusion, list(group))
        else:
            raise ConversionError(f"Aer's models have no rule of time, got {rule}; put the noise into the circuit")
    for (name, qubits), error in errors.items():
        if qubits is None:
            result.add_all_qubit_quantum_error(error, [name])
        else:
            result.add_quantum_error(error, [name], list(qubits))
    return result


def _names(rule: GateRule) -> Iterable[str]:
    keys = {rule.channel.num_qubits} if rule.gates is None else rule.gates
    return [name for key in keys for name in ((key,) if isinstance(key, str) else _BY_SIZE.get(key, ()))]


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
