"""Cirq's own simulator, in NumPy."""

from __future__ import annotations

import math
from typing import Any

import cirq
import numpy as np

from peers.portable import Gate, PauliTerms, PortableCircuit, Task
from peers.rivals.base import Context, Prepared, Rival, pauli_ladder

__all__ = ["RIVAL", "cirq_circuit", "cirq_observable", "sampled_states"]

_FIXED = {"x": cirq.X, "h": cirq.H, "z": cirq.Z, "cx": cirq.CNOT, "cz": cirq.CZ, "swap": cirq.SWAP}
_ROTATIONS = {"rx": cirq.rx, "ry": cirq.ry, "rz": cirq.rz}
_PHASES = {"p": cirq.ZPowGate, "cp": cirq.CZPowGate}
_PAIRS = {"rxx": cirq.XXPowGate, "ryy": cirq.YYPowGate, "rzz": cirq.ZZPowGate}


def cirq_circuit(circuit: PortableCircuit) -> cirq.Circuit:
    """On line qubits in reverse, so that Cirq's first qubit, the high bit of an index, is our last."""
    qubits = cirq.LineQubit.range(circuit.num_qubits)[::-1]
    operations = [operation for gate in circuit.gates for operation in _operations(gate, qubits)]
    idle = set(qubits) - {qubit for operation in operations for qubit in operation.qubits}
    return cirq.Circuit([cirq.I(qubit) for qubit in idle], operations)


def _operations(gate: Gate, qubits: list[cirq.LineQubit]) -> list[cirq.Operation]:
    if gate.name == "pauli":
        return [operation for part in pauli_ladder(gate) for operation in _operations(part, qubits)]
    return [_gate(gate).on(*(qubits[k] for k in gate.qubits))]


def _gate(gate: Gate) -> Any:
    if gate.name in _FIXED:
        return _FIXED[gate.name]
    if gate.name in _ROTATIONS:
        return _ROTATIONS[gate.name](gate.angle)
    if gate.name in _PHASES:
        return _PHASES[gate.name](exponent=gate.angle / math.pi)
    if gate.name in _PAIRS:
        return _PAIRS[gate.name](exponent=gate.angle / math.pi, global_shift=-0.5)
    if gate.name == "mcz":
        return cirq.Z.controlled(len(gate.qubits) - 1)
    # The first qubit of a matrix of Cirq's is its high bit.
    swapped = gate.matrix.reshape(2, 2, 2, 2).transpose(1, 0, 3, 2).reshape(4, 4)
    return cirq.MatrixGate(swapped)


def cirq_observable(terms: PauliTerms) -> cirq.PauliSum:
    """On the qubits of `cirq_circuit`."""
    qubits = cirq.LineQubit.range(terms.num_qubits)[::-1]
    letters = {"X": cirq.X, "Y": cirq.Y, "Z": cirq.Z}
    return cirq.PauliSum.from_pauli_strings(
        [
            cirq.PauliString(coefficient, {qubits[qubit]: letters[letter] for qubit, letter in string})
            for coefficient, string in terms
        ]
    )


def sampled_states(result: Any) -> Any:
    """A basis state for each repetition, from qubits measured in ascending order under the key ``m``."""
    bits = np.asarray(result.measurements["m"])
    return bits.astype(np.int64) @ (np.int64(1) << np.arange(bits.shape[1], dtype=np.int64)[::-1])


def _simulator(context: Context) -> cirq.Simulator:
    return cirq.Simulator(dtype=np.complex128 if context.precision == "double" else np.complex64, seed=1)


def _state(task: Task, context: Context) -> Prepared:
    circuit, simulator = cirq_circuit(task.circuit), _simulator(context)
    return Prepared(lambda: simulator.simulate(circuit), lambda result: result.final_state_vector)


def _expectation(task: Task, context: Context) -> Prepared:
    circuit, simulator = cirq_circuit(task.circuit), _simulator(context)
    assert task.observable is not None
    observable = cirq_observable(task.observable)
    return Prepared(
        lambda: simulator.simulate_expectation_values(circuit, [observable]), lambda found: np.real(np.array(found))
    )


def _samples(task: Task, context: Context) -> Prepared:
    circuit, simulator = cirq_circuit(task.circuit), _simulator(context)
    circuit.append(cirq.measure(*sorted(circuit.all_qubits()), key="m"))
    return Prepared(lambda: simulator.run(circuit, repetitions=task.shots), sampled_states)


RIVAL = Rival(
    title="Cirq",
    packages=("cirq-core", "numpy"),
    precisions=("double", "single"),
    questions={"state": _state, "expectation": _expectation, "samples": _samples},
    note="one thread",
)
