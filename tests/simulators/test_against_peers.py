"""Random circuits of every gate, with and without measurement on the way, beside Qiskit's and Cirq's simulators.

State vectors of gates alone stand beside Qiskit's in ``interop/test_qiskit_conversion.py``.
"""

from __future__ import annotations

import cirq
import numpy as np
import pytest
from interop.qiskit_reference import qiskit_branches
from random_circuits import random_dynamic_circuit, random_gate_circuit

from qtoolkit import Circuit, StatevectorSimulator, to_cirq, to_qiskit

SIMULATORS = ((StatevectorSimulator(), 1e-10), (StatevectorSimulator(precision="single"), 1e-5))
SIZES = range(1, 13)


def cirq_run(circuit: Circuit, seed: int = 0) -> tuple[tuple[int, ...], np.ndarray]:
    """Classical bits, each measured apart, and final state of one run by Cirq."""
    line = cirq.LineQubit.range(circuit.num_qubits)
    simulator = cirq.Simulator(dtype=np.complex128, seed=seed)
    result = simulator.simulate(to_cirq(circuit, line), qubit_order=line[::-1])
    bits = tuple(int(result.measurements[f"c_{k}"][-1]) for k in range(circuit.num_clbits))
    return bits, result.final_state_vector


def runs_by_clbits(simulator: StatevectorSimulator, circuit: Circuit, count: int) -> dict[tuple[int, ...], list]:
    plan = simulator.compile(circuit)
    found: dict[tuple[int, ...], list] = {}
    for seed in range(count):
        run = simulator.trajectory(plan, seed=seed)
        found.setdefault(tuple(run.clbits.tolist()), []).append(run.state_vector)
    return found


@pytest.mark.parametrize("num_qubits", SIZES)
def test_gates_agree_with_cirq(num_qubits):
    circuit = random_gate_circuit(num_qubits, 60, seed=200 + num_qubits)
    _, expected = cirq_run(circuit)
    for simulator, tolerance in SIMULATORS:
        assert np.abs(simulator.state_vector(circuit) - expected).max() < tolerance


@pytest.mark.parametrize("num_qubits", SIZES)
def test_runs_through_measurements_agree_with_qiskit(num_qubits):
    # Qiskit takes minutes to write out the matrices of gates that cover more than nine qubits.
    circuit = random_dynamic_circuit(num_qubits, 12, seed=300 + num_qubits, arrays=num_qubits < 10)
    branches: dict[int, list] = {}
    for state, clbits in qiskit_branches(to_qiskit(circuit)):
        branches.setdefault(clbits, []).append(state / np.linalg.norm(state))
    for simulator, tolerance in SIMULATORS:
        for bits, states in runs_by_clbits(simulator, circuit, 20).items():
            expected = np.array(branches[sum(bit << k for k, bit in enumerate(bits))])
            for state in states:
                # A reset's outcome is in no bit, so that some bits belong to two states.
                assert np.abs(expected - state).max(axis=1).min() < tolerance


@pytest.mark.parametrize("num_qubits", SIZES)
def test_runs_through_measurements_agree_with_cirq(num_qubits):
    circuit = random_dynamic_circuit(num_qubits, 12, seed=400 + num_qubits)
    expected = [cirq_run(circuit, seed) for seed in range(3)]
    for simulator, tolerance in SIMULATORS:
        found = runs_by_clbits(simulator, circuit, 200)
        for bits, state in expected:
            assert np.abs(np.array(found[bits]) - state).max(axis=1).min() < tolerance
