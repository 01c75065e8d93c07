"""QuEST, a simulator in C, through pyQuEST; double precision."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyquest
from pyquest import unitaries
from pyquest.operators import PauliSum

from peers.portable import Gate, PauliTerms, PortableCircuit, Task
from peers.rivals.base import Context, Prepared, Rival, as_matrix

__all__ = ["RIVAL"]

_ROTATIONS = {"rx": unitaries.Rx, "ry": unitaries.Ry, "rz": unitaries.Rz}


def _circuit(circuit: PortableCircuit) -> Any:
    """Qubits in the same order as ours."""
    return pyquest.Circuit([_gate(gate) for gate in circuit.gates])


def _gate(gate: Gate) -> Any:
    first, *others = qubits = list(gate.qubits)
    if gate.name in _ROTATIONS:
        return _ROTATIONS[gate.name](first, gate.angle)
    if gate.name in ("x", "h"):
        return (unitaries.X if gate.name == "x" else unitaries.H)(first)
    if gate.name in ("z", "cz", "mcz"):
        return unitaries.Phase(qubits[-1], np.pi, controls=qubits[:-1])
    if gate.name in ("p", "cp"):
        return unitaries.Phase(qubits[-1], gate.angle, controls=qubits[:-1])
    if gate.name == "cx":
        return unitaries.X(others[0], controls=[first])
    if gate.name == "swap":
        return unitaries.Swap(qubits)
    if gate.name == "matrix2":
        return unitaries.U(qubits, as_matrix(gate))
    letters = gate.letters or 2 * gate.name[-1].upper()
    return unitaries.MultiRotatePauli(_string(zip(qubits, letters, strict=True)), gate.angle)


def _string(letters: Iterable[tuple[int, str]]) -> list[Any]:
    return [getattr(unitaries, letter)(qubit) for qubit, letter in letters]


def _observable(terms: PauliTerms) -> Any:
    return PauliSum([(coefficient, _string(letters)) for coefficient, letters in terms])


def _run(circuit: Any, num_qubits: int) -> Any:
    register = pyquest.Register(num_qubits)
    register.apply_circuit(circuit)
    return register


def _state(task: Task, context: Context) -> Prepared:
    circuit = _circuit(task.circuit)
    return Prepared(lambda: _run(circuit, task.circuit.num_qubits), lambda register: register[:])


def _expectation(task: Task, context: Context) -> Prepared:
    circuit = _circuit(task.circuit)
    assert task.observable is not None
    observable = _observable(task.observable)
    return Prepared(
        lambda: observable.expectation_value(_run(circuit, task.circuit.num_qubits)),
        lambda value: np.array([np.real(value)]),
    )


RIVAL = Rival(
    title="QuEST",
    packages=("pyquest",),
    precisions=("double",),
    questions={"state": _state, "expectation": _expectation},
    note="double precision only, QuEST as pyQuEST ships it",
)
