"""PRISM-Q, a simulator in Rust, double precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import prism_q

from peers.portable import Gate, PauliTerms, PortableCircuit, Task, kind_of
from peers.rivals.base import Context, Prepared, Rival, Settings

__all__ = ["RIVAL"]

_NAMES = {"x", "h", "z", "cx", "cz", "swap"}
_WITH_ANGLE = {"rx", "ry", "rz", "p", "rxx", "ryy", "rzz"}


def _builder(circuit: PortableCircuit) -> Any:
    builder = prism_q.CircuitBuilder(circuit.num_qubits)
    for gate in circuit.gates:
        name = gate.name
        if name in _WITH_ANGLE:
            getattr(builder, name)(gate.angle, *gate.qubits)
        elif name in _NAMES:
            getattr(builder, name)(*gate.qubits)
        else:
            _append(builder, gate)
        if gate.slot >= 0:
            builder.param(gate.slot)
    return builder


def _append(builder: Any, gate: Gate) -> None:
    if gate.name == "cp":
        builder.cphase(gate.angle, *gate.qubits)
    elif gate.name == "mcz":
        builder.mcu(np.diag([1.0 + 0j, -1.0]), list(gate.qubits[:-1]), gate.qubits[-1])
    elif gate.name == "pauli":
        builder.pauli_rotation(gate.angle, list(zip(gate.qubits, gate.letters, strict=True)))
    elif gate.name == "matrix2":
        # Its first qubit is the high bit of a matrix.
        builder.gate(prism_q.Gate.unitary(gate.matrix.astype(complex)), [gate.qubits[1], gate.qubits[0]])
    else:
        raise ValueError(gate.name)


def _backend(context: Context) -> Any:
    return getattr(prism_q.BackendKind, context.settings["backend"])()


def _hamiltonian(terms: PauliTerms) -> Any:
    return prism_q.PauliObservable([(coefficient, list(letters)) for coefficient, letters in terms])


def _state(task: Task, context: Context) -> Prepared:
    circuit, backend = _builder(task.circuit).build(), _backend(context)
    return Prepared(
        lambda: prism_q.simulate(circuit).seed(1).backend(backend).state_vector(), lambda state: np.asarray(state)
    )


def _expectation(task: Task, context: Context) -> Prepared:
    circuit, backend = _builder(task.circuit).build(), _backend(context)
    assert task.observable is not None
    hamiltonian = _hamiltonian(task.observable)
    angles = prism_q.Parameters.all_rotations(circuit)
    values = angles.values(circuit)
    plans: list[Any] = []

    def compile_plan() -> None:
        plans[:] = [prism_q.PreparedCircuit(circuit, angles, backend)]

    def run() -> Any:
        if context.settings["plan"]:
            # Bound anew in each run: with fixed angles a plan could hold the answer.
            return plans[0].observable_expectation(values, hamiltonian)
        return prism_q.simulate(circuit).seed(1).backend(backend).observable_expectation(hamiltonian)

    return Prepared(run, lambda found: np.array([found.mean]), compile_plan if context.settings["plan"] else None)


def _gradient(task: Task, context: Context) -> Prepared:
    builder = _builder(task.circuit)
    links = [(instruction, k) for k, (instruction, _) in enumerate(sorted(builder.parameter_links()))]
    circuit, backend = builder.build(), _backend(context)
    assert task.observable is not None
    hamiltonian = _hamiltonian(task.observable)

    def run() -> Any:
        value, by_gate = prism_q.simulate(circuit).seed(1).backend(backend).expectation_gradient(hamiltonian, links)
        return value, task.circuit.gradient(by_gate)

    return Prepared(run, lambda pair: np.append(pair[0], pair[1]))


def _samples(task: Task, context: Context) -> Prepared:
    circuit, backend = _builder(task.circuit).measure_all().build(), _backend(context)
    weights = np.int64(1) << np.arange(task.circuit.num_qubits, dtype=np.int64)
    return Prepared(
        lambda: prism_q.simulate(circuit).seed(1).backend(backend).shots(task.shots).shots,
        lambda shots: np.asarray(shots).astype(np.int64) @ weights,
    )


def _candidates(task: Task, threads: int) -> list[Settings]:
    backends = ("auto", "statevector")
    plans = (False, True) if kind_of(task.question) == "expectation" else (False,)
    return [{"backend": backend, "plan": plan} for backend in backends for plan in plans]


RIVAL = Rival(
    title="PRISM-Q",
    packages=("prism-q",),
    precisions=("double",),
    questions={"state": _state, "expectation": _expectation, "gradient": _gradient, "samples": _samples},
    candidates=_candidates,
    note="double precision only",
)
