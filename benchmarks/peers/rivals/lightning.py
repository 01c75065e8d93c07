"""PennyLane's lightning.qubit, a simulator in C++, through its device interface and without differentiable tapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pennylane as qml
from pennylane.tape import QuantumScript
from pennylane_lightning.lightning_qubit._state_vector import LightningStateVector

from peers.portable import Gate, PauliTerms, PortableCircuit, Task
from peers.rivals.base import Context, Prepared, Rival

__all__ = ["RIVAL"]

_FIXED = {"x": qml.X, "h": qml.Hadamard, "z": qml.Z, "cx": qml.CNOT, "cz": qml.CZ, "swap": qml.SWAP}
_ROTATIONS = {
    "rx": qml.RX,
    "ry": qml.RY,
    "rz": qml.RZ,
    "p": qml.PhaseShift,
    "cp": qml.ControlledPhaseShift,
    "rxx": qml.IsingXX,
    "ryy": qml.IsingYY,
    "rzz": qml.IsingZZ,
}


def _operations(circuit: PortableCircuit) -> list[Any]:
    """Wires in reverse: PennyLane's first wire is the high bit of an index."""
    last = circuit.num_qubits - 1
    return [_operation(gate, [last - qubit for qubit in gate.qubits]) for gate in circuit.gates]


def _operation(gate: Gate, wires: list[int]) -> Any:
    if gate.name in _FIXED:
        return _FIXED[gate.name](wires=wires)
    if gate.name in _ROTATIONS:
        return _ROTATIONS[gate.name](gate.angle, wires=wires)
    if gate.name == "mcz":
        return qml.ctrl(qml.Z(wires[-1]), control=wires[:-1])
    if gate.name == "pauli":
        if set(gate.letters) == {"Z"}:
            return qml.MultiRZ(gate.angle, wires=wires)
        return qml.PauliRot(gate.angle, gate.letters, wires=wires)
    return qml.QubitUnitary(gate.matrix, wires=wires[::-1])


def _hamiltonian(terms: PauliTerms) -> Any:
    last = terms.num_qubits - 1
    letters = {"X": qml.X, "Y": qml.Y, "Z": qml.Z}
    strings = [
        qml.prod(*(letters[letter](last - qubit) for qubit, letter in string)) if string else qml.I(0)
        for _, string in terms
    ]
    return qml.Hamiltonian(list(terms.coefficients), strings)


def _dtype(context: Context) -> Any:
    return np.complex128 if context.precision == "double" else np.complex64


def _state(task: Task, context: Context) -> Prepared:
    """The state that the device computes with, without the copy that a measurement of it would take."""
    operations = _operations(task.circuit)

    def run() -> Any:
        state = LightningStateVector(task.circuit.num_qubits, dtype=_dtype(context))
        state.apply_operations(operations)
        return state

    return Prepared(run, lambda state: state.state)


def _device(task: Task, context: Context) -> Any:
    return qml.device("lightning.qubit", wires=task.circuit.num_qubits, c_dtype=_dtype(context), seed=1)


def _expectation(task: Task, context: Context) -> Prepared:
    device = _device(task, context)
    assert task.observable is not None
    tape = QuantumScript(_operations(task.circuit), [qml.expval(_hamiltonian(task.observable))])
    return Prepared(lambda: device.execute(tape), lambda value: np.array([float(value)]))


def _gradient(task: Task, context: Context) -> Prepared:
    device = _device(task, context)
    assert task.observable is not None
    # Every angle is an entry of the tape's parameters; only those that follow a parameter are differentiated.
    entries = [gate.slot >= 0 for gate in task.circuit.gates if gate.name in _ROTATIONS or gate.name == "pauli"]
    tape = QuantumScript(
        _operations(task.circuit),
        [qml.expval(_hamiltonian(task.observable))],
        trainable_params=np.flatnonzero(entries).tolist(),
    )

    def run() -> Any:
        value, by_gate = device.execute_and_compute_derivatives(tape)
        return value, task.circuit.gradient(np.array(by_gate))

    return Prepared(run, lambda pair: np.append(pair[0], pair[1]))


def _samples(task: Task, context: Context) -> Prepared:
    device = _device(task, context)
    n = task.circuit.num_qubits
    tape = QuantumScript(_operations(task.circuit), [qml.sample(wires=range(n))], shots=task.shots)
    weights = np.int64(1) << np.arange(n, dtype=np.int64)[::-1]
    return Prepared(lambda: device.execute(tape), lambda shots: np.asarray(shots).astype(np.int64) @ weights)


RIVAL = Rival(
    title="Lightning",
    packages=("pennylane-lightning", "pennylane"),
    precisions=("double", "single"),
    questions={"state": _state, "expectation": _expectation, "gradient": _gradient, "samples": _samples},
)
