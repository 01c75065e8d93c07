"""MindQuantum's mqvector, a simulator in C++."""

from __future__ import annotations

import contextlib
from typing import Any

import mindquantum as mq
import numpy as np
from mindquantum.core import gates
from mindquantum.core.circuit import Circuit
from mindquantum.core.operators import Hamiltonian, QubitOperator
from mindquantum.simulator import Simulator

from peers.portable import Gate, PauliTerms, PortableCircuit, Task
from peers.rivals.base import Context, Prepared, Rival

__all__ = ["RIVAL"]

_FIXED = {"x": gates.X, "h": gates.H, "z": gates.Z, "swap": gates.SWAP}
_ROTATIONS = {
    "rx": gates.RX,
    "ry": gates.RY,
    "rz": gates.RZ,
    "p": gates.PhaseShift,
    "rxx": gates.Rxx,
    "ryy": gates.Ryy,
    "rzz": gates.Rzz,
}


def _circuit(circuit: PortableCircuit) -> Circuit:
    """Qubits in the same order as ours."""
    return Circuit([_gate(gate) for gate in circuit.gates])


def _gate(gate: Gate) -> Any:
    qubits = list(gate.qubits)
    angle = {f"t{gate.slot}": gate.factor} if gate.slot >= 0 else gate.angle
    if gate.name in _FIXED:
        return _FIXED[gate.name].on(qubits)
    if gate.name in _ROTATIONS:
        return _ROTATIONS[gate.name](angle).on(qubits)
    if gate.name == "cp":
        return gates.PhaseShift(angle).on(qubits[1], qubits[0])
    if gate.name in ("cx", "cz", "mcz"):
        return (gates.X if gate.name == "cx" else gates.Z).on(qubits[-1], qubits[:-1])
    if gate.name == "pauli":
        return gates.RotPauliString(gate.letters, angle).on(qubits)
    return gates.UnivMathGate("u", gate.matrix).on(qubits)


def _simulator(task: Task, context: Context) -> Simulator:
    dtype = mq.complex128 if context.precision == "double" else mq.complex64
    found = Simulator("mqvector", task.circuit.num_qubits, seed=1, dtype=dtype)
    # Small states have no threads, and refuse to hear of them; OMP_NUM_THREADS says the same.
    with contextlib.suppress(NotImplementedError):
        found.set_threads_number(context.threads)
    return found


def _hamiltonian(terms: PauliTerms, context: Context) -> Hamiltonian:
    operator = QubitOperator()
    for coefficient, string in terms:
        operator += QubitOperator(" ".join(f"{letter}{qubit}" for qubit, letter in string), coefficient)
    return Hamiltonian(operator, dtype=mq.complex128 if context.precision == "double" else mq.complex64)


def _state(task: Task, context: Context) -> Prepared:
    circuit, simulator = _circuit(task.circuit), _simulator(task, context)

    def run() -> Any:
        simulator.reset()
        simulator.apply_circuit(circuit)
        return simulator

    return Prepared(run, lambda done: done.get_qs())


def _expectation(task: Task, context: Context) -> Prepared:
    circuit, simulator = _circuit(task.circuit), _simulator(task, context)
    assert task.observable is not None
    hamiltonian = _hamiltonian(task.observable, context)

    def run() -> Any:
        simulator.reset()
        return simulator.get_expectation(hamiltonian, circuit)

    return Prepared(run, lambda value: np.array([np.real(value)]))


def _gradient(task: Task, context: Context) -> Prepared:
    circuit, simulator = _circuit(task.circuit), _simulator(task, context)
    assert task.observable is not None
    function = simulator.get_expectation_with_grad(_hamiltonian(task.observable, context), circuit)
    # Its parameters come in order of first appearance.
    slots = list(dict.fromkeys(gate.slot for gate in task.circuit.parametrised))
    values = np.array([task.circuit.parameters[slot] for slot in slots])

    def read(found: Any) -> Any:
        value, derivatives = found
        gradient = np.zeros(len(task.circuit.parameters))
        gradient[slots] = np.real(derivatives).ravel()
        return np.append(np.real(value).ravel(), gradient)

    return Prepared(lambda: function(values), read)


def _samples(task: Task, context: Context) -> Prepared:
    simulator = _simulator(task, context)
    circuit = _circuit(task.circuit).measure_all()

    def run() -> Any:
        simulator.reset()
        return simulator.sampling(circuit, shots=task.shots, seed=1)

    # Its first column is the last qubit.
    weights = np.int64(1) << np.arange(task.circuit.num_qubits, dtype=np.int64)[::-1]
    return Prepared(run, lambda result: np.asarray(result.samples).astype(np.int64) @ weights)


RIVAL = Rival(
    title="MindQuantum",
    packages=("mindquantum", "numpy"),
    precisions=("double", "single"),
    questions={"state": _state, "expectation": _expectation, "gradient": _gradient, "samples": _samples},
)
