"""Qiskit's own simulator: `Statevector` and the sampler on it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit.library import UnitaryGate, ZGate
from qiskit.primitives import StatevectorSampler
from qiskit.quantum_info import SparsePauliOp, Statevector

from peers.portable import Gate, PauliTerms, PortableCircuit, Task
from peers.rivals.base import Context, Prepared, Rival, pauli_ladder

__all__ = ["RIVAL", "qiskit_circuit", "qiskit_observable"]


def qiskit_circuit(circuit: PortableCircuit) -> QuantumCircuit:
    """Qubits in the same order as ours."""
    found = QuantumCircuit(circuit.num_qubits)
    for gate in circuit.gates:
        for part in pauli_ladder(gate) if gate.name == "pauli" else (gate,):
            _append(found, part)
    return found


def _append(circuit: QuantumCircuit, gate: Gate) -> None:
    if gate.name == "mcz":
        circuit.append(ZGate().control(len(gate.qubits) - 1, annotated=False), gate.qubits)
    elif gate.name == "matrix2":
        circuit.append(UnitaryGate(gate.matrix), gate.qubits)
    elif gate.name in ("rx", "ry", "rz", "p", "cp", "rxx", "ryy", "rzz"):
        getattr(circuit, gate.name)(gate.angle, *gate.qubits)
    else:
        getattr(circuit, gate.name)(*gate.qubits)


def qiskit_observable(terms: PauliTerms) -> SparsePauliOp:
    """Qubits in the same order as ours."""
    listed = [
        ("".join(letter for _, letter in string), [qubit for qubit, _ in string], coefficient)
        for coefficient, string in terms
    ]
    return SparsePauliOp.from_sparse_list(listed, terms.num_qubits)


def _state_vector(circuit: QuantumCircuit) -> Statevector:
    # From a list of gates: a gate without a definition, such as a many-qubit Z, would be expanded as a matrix.
    return Statevector.from_instruction(circuit)


def _native(circuit: PortableCircuit) -> QuantumCircuit:
    """A Z with many controls as two gates fewer of them: `Statevector` takes each gate as a dense matrix."""
    from qiskit import transpile

    if all(len(gate.qubits) <= 4 or gate.name == "pauli" for gate in circuit.gates):
        return qiskit_circuit(circuit)
    return transpile(qiskit_circuit(circuit), basis_gates=["u", "p", "cx", "cp"], optimization_level=1)


def _state(task: Task, context: Context) -> Prepared:
    circuit = _native(task.circuit)
    return Prepared(lambda: _state_vector(circuit), lambda state: state.data)


def _expectation(task: Task, context: Context) -> Prepared:
    circuit = _native(task.circuit)
    assert task.observable is not None
    observable = qiskit_observable(task.observable)
    return Prepared(
        lambda: _state_vector(circuit).expectation_value(observable), lambda value: np.array([np.real(value)])
    )


def _samples(task: Task, context: Context) -> Prepared:
    circuit = _native(task.circuit)
    circuit.measure_all()
    sampler = StatevectorSampler(seed=1)

    def read(result: Any) -> Any:
        packed = result[0].data.meas.array.astype(np.int64)
        return packed @ (np.int64(1) << 8 * np.arange(packed.shape[-1], dtype=np.int64)[::-1])

    return Prepared(lambda: sampler.run([circuit], shots=task.shots).result(), read)


RIVAL = Rival(
    title="Qiskit",
    packages=("qiskit", "numpy"),
    precisions=("double",),
    questions={"state": _state, "expectation": _expectation, "samples": _samples},
    note=f"one thread; gates on more than {math.log2(16):.0f} qubits are decomposed beforehand",
)
