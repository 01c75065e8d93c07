"""Experiments as Stim circuits: the gates that they are made of, Pauli channels, detectors and observables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtoolkit._optional import require
from qtoolkit.circuit import Circuit, Operation
from qtoolkit.circuit.annotations import Detector, Observable
from qtoolkit.circuit.channel import KrausChannel
from qtoolkit.errors import ConversionError

if TYPE_CHECKING:
    import stim

__all__ = ["experiment_to_stim"]

_GATES = {
    "id": "I",
    "x": "X",
    "y": "Y",
    "z": "Z",
    "h": "H",
    "s": "S",
    "sdg": "S_DAG",
    "sx": "SQRT_X",
    "sxdg": "SQRT_X_DAG",
    "cx": "CX",
    "cy": "CY",
    "cz": "CZ",
    "swap": "SWAP",
    "reset": "R",
}
_PAIRS = [a + b for a in "IXYZ" for b in "IXYZ"][1:]
"""Order of the arguments of PAULI_CHANNEL_2, first qubit leftmost."""


def experiment_to_stim(circuit: Circuit) -> stim.Circuit:
    """The circuit of an experiment for Stim, operation by operation; full barriers become TICK.

    Raises:
        ConversionError: if it has anything but Clifford gates of these experiments, resets, measurements, Pauli
            channels, detectors and observables; the operation is named.
        MissingExtraError: if Stim is not installed.
    """
    result = require("stim", extra="qec").Circuit()
    written: dict[int, int] = {}
    for operation in circuit:
        _append(result, operation, circuit.num_qubits, written)
    return result


def _append(result: Any, operation: Operation, num_qubits: int, written: dict[int, int]) -> None:
    gate, qubits = operation.gate, operation.qubits
    if gate.name in _GATES:
        result.append(_GATES[gate.name], qubits)
    elif gate.name == "measure":
        result.append("M", qubits)
        written[operation.clbits[0]] = result.num_measurements - 1
    elif gate.name == "barrier":
        if len(qubits) == num_qubits:
            result.append("TICK")
    elif isinstance(gate, Detector | Observable):
        import stim

        records = [stim.target_rec(written[clbit] - result.num_measurements) for clbit in operation.clbits]
        if isinstance(gate, Detector):
            result.append("DETECTOR", records, gate.coordinates)
        else:
            result.append("OBSERVABLE_INCLUDE", records, gate.index)
    elif isinstance(gate, KrausChannel) and gate.pauli_probabilities is not None:
        _append_channel(result, gate.pauli_probabilities, qubits)
    else:
        raise ConversionError(f"Stim takes Clifford gates and Pauli channels, got {gate.name} on qubits {qubits}")


def _append_channel(result: Any, probabilities: dict[str, float], qubits: tuple[int, ...]) -> None:
    errors = {label[::-1]: p for label, p in probabilities.items() if p > 0 and set(label) != {"I"}}
    if not errors:
        return
    values = set(errors.values())
    if len(qubits) == 1:
        if len(errors) == 1:
            ((letter, p),) = errors.items()
            result.append(f"{letter}_ERROR", qubits, p)
        elif len(errors) == 3 and max(values) - min(values) < 1e-15:
            result.append("DEPOLARIZE1", qubits, sum(errors.values()))
        else:
            result.append("PAULI_CHANNEL_1", qubits, [errors.get(letter, 0.0) for letter in "XYZ"])
    elif len(qubits) == 2:
        if len(errors) == 15 and max(values) - min(values) < 1e-15:
            result.append("DEPOLARIZE2", qubits, sum(errors.values()))
        else:
            result.append("PAULI_CHANNEL_2", qubits, [errors.get(pair, 0.0) for pair in _PAIRS])
    else:
        raise ConversionError(f"Stim takes Pauli channels on one or two qubits, got one on {qubits}")
