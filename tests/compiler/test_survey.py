"""What a look at a tape's rows finds, beside what a look at its operations does."""

import numpy as np
import pytest
from planner_passes import both
from random_circuits import random_dynamic_circuit, random_gate_circuit

from qtoolkit import Circuit, Parameter
from qtoolkit.circuit import STANDARD_GATES, Barrier, Gate, Measure, PauliRotationGate, Reset
from qtoolkit.compiler import steps, used_qubits
from qtoolkit_kernels.planner import survey


@pytest.fixture(autouse=True)
def _both(monkeypatch):
    """Every tape is looked at both ways."""

    def run(kernel, *arguments):
        assert kernel is survey.survey
        return both(kernel, *arguments)

    monkeypatch.setattr(steps, "runner", lambda _: run)


def used_by_operations(circuit):
    """Of a circuit without branches."""
    used = set()
    for operation in circuit.operations:
        gate = operation.gate
        if isinstance(gate, PauliRotationGate):
            letters = zip(operation.qubits, reversed(gate.label), strict=True)
            used |= {qubit for qubit, letter in letters if letter != "I"}
        elif not isinstance(gate, Barrier | Measure | Reset) and gate.name != "id":
            used |= set(operation.qubits)
    return tuple(sorted(used))


@pytest.mark.parametrize("seed", range(12))
def test_qubits_of_gates(seed):
    rng = np.random.default_rng(seed)
    num_qubits = int(rng.integers(8, 70))
    places = rng.permutation(num_qubits)[: rng.integers(5, 8)].tolist()
    circuit = Circuit(num_qubits, num_qubits)
    circuit.extend(random_gate_circuit(len(places), int(rng.integers(1, 8)), seed), places)
    circuit.barrier(*range(num_qubits)).id(0).measure(1, 1).reset(2)
    assert used_qubits(circuit.operations, num_qubits) == used_by_operations(circuit)


def test_what_is_idle():
    assert used_qubits(Circuit(3).operations, 3) == ()
    circuit = Circuit(4).id(0).barrier(0, 1).reset(1)
    circuit.pauli_rotation("IXIZ", 0.3)
    assert used_qubits(circuit.operations, 4) == (0, 2)
    assert used_qubits(Circuit(3).pauli_rotation("XI", Parameter("a"), [2, 0]).operations, 3) == (0,)


def split_by_operations(circuit):
    """The gates in front of the final measurements, if there are no others and nothing else, and the measurements."""
    body, final = circuit.split_final_measurements()
    return (body.operations if all(isinstance(o.gate, Gate) for o in body.operations) else None), final


@pytest.mark.parametrize("seed", range(6))
def test_gates_before_final_measurements(seed):
    circuit = random_gate_circuit(6, 20, seed)
    if seed % 2:
        circuit.measure_all()
    tape, final, tail, are_gates = steps._split(circuit)
    expected, measured = split_by_operations(circuit)
    assert tape == expected
    assert final == measured
    assert tail == ()
    assert are_gates == tape.is_told


def test_what_must_be_read_one_by_one():
    """Measurements between gates, barriers and resets."""
    measured_first = Circuit(3, 3).h(0).measure(0, 0).h(1)
    assert not steps._split(measured_first)[3]
    assert steps._split(measured_first)[1] == ((0, 0),)
    assert not steps._split(Circuit(3).h(0).barrier(0))[3]
    assert not steps._split(Circuit(3).h(0).reset(0))[3]
    assert not steps._split(random_dynamic_circuit(4, 3, 1))[3]
    assert steps._split(Circuit(3))[3]


def test_passes_of_rows_are_the_same_both_ways():
    """What they are is told where circuits are planned, or not."""
    rng = np.random.default_rng(3)
    num_qubits = np.array([record.num_qubits for record in STANDARD_GATES.values()])
    shares = rng.uniform(0.1, 1.0, num_qubits.size)
    for seed in range(4):
        circuit = random_gate_circuit(5, 60, seed).measure_all()
        rows, is_open = circuit.operations.rows(), np.zeros(5, np.int64)
        assert both(survey.weigh, rows, num_qubits, shares, is_open) > 0.0
