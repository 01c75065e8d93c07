"""The reference for small circuits: a state vector in plain NumPy that shares no code with any simulator."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from peers.portable import Gate, PauliTerms, PortableCircuit, Task, kind_of

__all__ = ["answer"]

_MATRICES: dict[str, Any] = {
    "x": np.array([[0, 1], [1, 0]]),
    "y": np.array([[0, -1j], [1j, 0]]),
    "z": np.diag([1, -1]),
    "h": np.array([[1, 1], [1, -1]]) / math.sqrt(2),
}


def answer(task: Task) -> Any:
    """What `task` asks for: the state (for shots too), one expectation value, or the value and the gradient."""
    state = _run(task.circuit)
    if task.observable is None:
        return state
    image = _image(task.observable, state)
    value = np.vdot(state, image).real
    if kind_of(task.question) == "expectation":
        return np.array([value])
    return np.append(value, task.circuit.gradient(_derivatives(task.circuit, state, image)))


def _run(circuit: PortableCircuit) -> Any:
    state = np.zeros(1 << circuit.num_qubits, np.complex128)
    state[0] = 1.0
    for gate in circuit.gates:
        state = _applied(gate, state, circuit.num_qubits)
    return state


def _applied(gate: Gate, state: Any, num_qubits: int, sign: float = 1.0) -> Any:
    """The gate on a state; with sign -1 its inverse."""
    letters = _rotation_letters(gate)
    if letters is not None:
        half = sign * gate.angle / 2
        return math.cos(half) * state - 1j * math.sin(half) * _pauli(letters, state)
    matrix = _matrix(gate)
    if sign < 0:
        matrix = matrix.conj().T
    k = len(gate.qubits)
    axes = [num_qubits - 1 - qubit for qubit in reversed(gate.qubits)]
    tensor = np.tensordot(matrix.reshape((2,) * 2 * k), state.reshape((2,) * num_qubits), (range(k, 2 * k), axes))
    return np.moveaxis(tensor, range(k), axes).reshape(-1)


def _rotation_letters(gate: Gate) -> dict[int, str] | None:
    """The Pauli string P of a gate ``exp(-iθP/2)``, by qubit."""
    if gate.name == "pauli":
        return dict(zip(gate.qubits, gate.letters, strict=True))
    if gate.name in ("rx", "ry", "rz", "rxx", "ryy", "rzz"):
        return dict.fromkeys(gate.qubits, gate.name[-1].upper())
    return None


def _matrix(gate: Gate) -> Any:
    if gate.name == "matrix2":
        return gate.matrix
    if gate.name in _MATRICES:
        return _MATRICES[gate.name]
    if gate.name == "swap":
        return np.eye(4)[[0, 2, 1, 3]]
    if gate.name == "cx":
        return np.eye(4)[[0, 3, 2, 1]]
    phases = np.ones(1 << len(gate.qubits), np.complex128)
    phases[-1] = np.exp(1j * gate.angle) if gate.name in ("p", "cp") else -1.0
    return np.diag(phases)


def _pauli(letters: dict[int, str], state: Any) -> Any:
    """A Pauli string on a state: ``P|j⟩ = i^{#Y} (-1)^{|z∧j|} |j⊕x⟩``."""
    x = sum(1 << qubit for qubit, letter in letters.items() if letter in "XY")
    z = sum(1 << qubit for qubit, letter in letters.items() if letter in "ZY")
    factor = 1j ** (x & z).bit_count()
    source = np.arange(state.size) ^ x
    odd = np.bitwise_count(source & z) & 1
    return factor * np.where(odd, -1.0, 1.0) * state[source]


def _image(terms: PauliTerms, state: Any) -> Any:
    image = np.zeros_like(state)
    for coefficient, letters in terms:
        image += coefficient * _pauli(dict(letters), state)
    return image


def _derivatives(circuit: PortableCircuit, ket: Any, bra: Any) -> Any:
    """By the angle of each parametrised gate: ``Im⟨λ|P|ψ⟩`` where both stand behind the gate."""
    found: list[float] = []
    for gate in reversed(circuit.gates):
        if gate.slot >= 0:
            letters = _rotation_letters(gate)
            assert letters is not None
            found.append(float(np.vdot(bra, _pauli(letters, ket)).imag))
        ket, bra = (_applied(gate, vector, circuit.num_qubits, -1.0) for vector in (ket, bra))
    return np.array(found[::-1])
