"""Qulacs, a simulator in C++, double precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import qulacs
from qulacs import gate as gates

from peers.portable import Gate, PauliTerms, PortableCircuit, Task, kind_of
from peers.rivals.base import Context, Prepared, Rival, Settings, as_matrix

__all__ = ["RIVAL"]

_PAULI = {"X": 1, "Y": 2, "Z": 3}
_FIXED = {"x": gates.X, "h": gates.H, "z": gates.Z, "cx": gates.CNOT, "cz": gates.CZ, "swap": gates.SWAP}
_ROTATIONS = {"rx": gates.RotX, "ry": gates.RotY, "rz": gates.RotZ}


def _circuit(circuit: PortableCircuit) -> Any:
    found = qulacs.QuantumCircuit(circuit.num_qubits)
    for gate in circuit.gates:
        found.add_gate(_gate(gate))
    return found


def _gate(gate: Gate) -> Any:
    qubits = list(gate.qubits)
    if gate.name in _FIXED:
        return _FIXED[gate.name](*qubits)
    if gate.name in _ROTATIONS:
        return _ROTATIONS[gate.name](*qubits, gate.angle)
    if gate.name == "p":
        return gates.U1(*qubits, gate.angle)
    if gate.name == "mcz":
        found = gates.to_matrix_gate(gates.Z(qubits[-1]))
        for control in qubits[:-1]:
            found.add_control_qubit(control, 1)
        return found
    if gate.name == "cp":
        return gates.DiagonalMatrix(qubits, np.diag(as_matrix(gate)))
    if gate.name == "matrix2":
        return gates.DenseMatrix(qubits, gate.matrix)
    letters = gate.letters or 2 * gate.name[-1].upper()
    # Qulacs' PauliRotation(θ) is exp(+iθP/2), unlike its RotX.
    return gates.PauliRotation(qubits, [_PAULI[letter] for letter in letters], -gate.angle)


def _observable(terms: PauliTerms) -> Any:
    found = qulacs.Observable(terms.num_qubits)
    for coefficient, letters in terms:
        found.add_operator(coefficient, " ".join(f"{letter} {qubit}" for qubit, letter in letters))
    return found


class _Run:
    """A circuit as it is, and once optimised."""

    def __init__(self, task: Task, context: Context) -> None:
        self.plain = _circuit(task.circuit)
        self.circuit = self.plain
        self.fusion = context.settings["fusion"]
        self.num_qubits = task.circuit.num_qubits

    def compile(self) -> None:
        self.circuit = self.plain.copy()
        if self.fusion:
            qulacs.circuit.QuantumCircuitOptimizer().optimize(self.circuit, self.fusion)

    def state(self) -> Any:
        state = qulacs.QuantumState(self.num_qubits)
        self.circuit.update_quantum_state(state)
        return state


def _state(task: Task, context: Context) -> Prepared:
    job = _Run(task, context)
    return Prepared(job.state, lambda state: state.get_vector(), job.compile if job.fusion else None)


def _expectation(task: Task, context: Context) -> Prepared:
    job = _Run(task, context)
    assert task.observable is not None
    observable = _observable(task.observable)
    return Prepared(
        lambda: observable.get_expectation_value(job.state()), lambda value: np.array([value.real]), job.compile
    )


def _samples(task: Task, context: Context) -> Prepared:
    job = _Run(task, context)
    return Prepared(
        lambda: job.state().sampling(task.shots, 1), lambda shots: np.array(shots, dtype=np.int64), job.compile
    )


def _gradient(task: Task, context: Context) -> Prepared:
    """Backpropagation, which does not return the value: that takes one more run of the circuit."""
    circuit = qulacs.ParametricQuantumCircuit(task.circuit.num_qubits)
    for gate in task.circuit.gates:
        if gate.slot < 0:
            circuit.add_gate(_gate(gate))
        elif gate.letters:
            circuit.add_parametric_multi_Pauli_rotation_gate(
                list(gate.qubits), [_PAULI[letter] for letter in gate.letters], -gate.angle
            )
        else:
            # Its parametric RX(θ), RY, RZ are exp(+iθP/2) too.
            getattr(circuit, f"add_parametric_{gate.name.upper()}_gate")(gate.qubits[0], -gate.angle)
    assert task.observable is not None
    observable = _observable(task.observable)

    def run() -> Any:
        return task.circuit.gradient(-np.array(circuit.backprop(observable)))

    def read(gradient: Any) -> Any:
        state = qulacs.QuantumState(task.circuit.num_qubits)
        circuit.update_quantum_state(state)
        return np.append(observable.get_expectation_value(state).real, gradient)

    return Prepared(run, read)


def _candidates(task: Task, threads: int) -> list[Settings]:
    return [{"fusion": 0}] if kind_of(task.question) == "gradient" else [{"fusion": size} for size in (0, 2, 3, 4)]


RIVAL = Rival(
    title="Qulacs",
    packages=("qulacs",),
    precisions=("double",),
    questions={"state": _state, "expectation": _expectation, "gradient": _gradient, "samples": _samples},
    candidates=_candidates,
    note="double precision only; its gradient comes without the value",
)
