"""CX become CZ where the gates around them can take in the Hadamard gates on the target."""

import numpy as np
import pytest
from node_states import matrix_of, nodes_of, small_gates_circuit
from planner_passes import both, exchanges_to_signs, fuse
from planner_tables import Form, Kind
from random_circuits import random_gate_circuit, transpiled_circuit

from qtoolkit import Circuit
from qtoolkit.circuit import StandardGate
from qtoolkit.simulators import StatevectorSimulator
from qtoolkit_kernels.planner.lower import NUM_CONSTANTS


def turned(circuit):
    """The merged nodes of a circuit with CX turned, whose unitary is the same, and how many were."""
    nodes, coefficients = nodes_of(circuit)
    first = coefficients.size - NUM_CONSTANTS
    nodes = fuse(nodes, first)
    found, count = exchanges_to_signs(nodes, first, both)
    n = circuit.num_qubits
    assert np.abs(matrix_of(found, n, coefficients) - matrix_of(nodes, n, coefficients)).max() < 1e-12
    assert len(found) == len(nodes)
    assert [node.operations for node in found] == [node.operations for node in nodes]
    changed = sum(node.kind is not other.kind for node, other in zip(found, nodes, strict=True))
    assert changed == count
    return found, count


def kinds(nodes):
    return [node.kind.name for node in nodes]


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: transpiled_circuit(4, 80, seed, "cx"),
        lambda seed: small_gates_circuit(4, 60, seed),
        lambda seed: random_gate_circuit(4, 60, seed),
    ],
    ids=["cx", "small gates", "all gates"],
)
def test_the_unitary_is_the_same(make):
    for seed in range(8):
        turned(make(seed))


def test_some_of_what_transpilers_write_is_turned():
    assert sum(turned(transpiled_circuit(4, 80, seed, "cx"))[1] for seed in range(8)) > 0


def test_between_one_qubit_gates():
    found, count = turned(Circuit(2).ry(0.3, 1).cx(0, 1).ry(0.4, 1))
    assert count == 1
    assert kinds(found) == ["LOCAL", "PHASES", "LOCAL"]
    assert [factor.form for factor in found[0].factors] == [Form.MATRIX_1Q, Form.MATRIX_1Q]
    assert found[1].diagonal == (0, 1)


def test_a_control_on_zero():
    circuit = Circuit(2).ry(0.3, 0).append(StandardGate("x").controlled(1, 0), [1, 0]).ry(0.4, 0)
    found, count = turned(circuit)
    assert count == 1
    assert kinds(found) == ["LOCAL", "PHASES", "LOCAL"]


def test_several_onto_one_target_share_the_hadamard_gates():
    found, count = turned(Circuit(3).ry(0.3, 1).cx(0, 1).cx(2, 1).ry(0.4, 1))
    assert count == 2
    assert kinds(found) == ["LOCAL", "PHASES", "PHASES", "LOCAL"]
    assert sum(len(node.factors) for node in found if node.kind is Kind.LOCAL) == 4


def test_a_gate_between_two_takes_in_both():
    found, count = turned(Circuit(2).ry(0.3, 1).cx(0, 1).ry(0.4, 1).cx(0, 1).ry(0.5, 1))
    assert count == 2
    assert [len(node.factors) for node in found if node.kind is Kind.LOCAL] == [2, 3, 2]


@pytest.mark.parametrize(
    "circuit",
    [
        Circuit(2).cx(0, 1).ry(0.4, 1),
        Circuit(2).ry(0.3, 1).cx(0, 1),
        Circuit(2).ry(0.3, 1).cp(0.2, 0, 1).cx(0, 1).ry(0.4, 1),
        Circuit(2).ry(0.3, 1).cx(0, 1).cp(0.2, 0, 1).ry(0.4, 1),
        Circuit(3).ry(0.3, 2).ccx(0, 1, 2).ry(0.4, 2),
        Circuit(2).ry(0.3, 1).x(1).swap(0, 1).cx(0, 1).ry(0.4, 1),
    ],
    ids=["begins", "ends", "phase before", "phase behind", "two controls", "swap"],
)
def test_where_a_hadamard_gate_would_stay_nothing_changes(circuit):
    assert turned(circuit)[1] == 0


def test_a_ladder_stays_together():
    """Its exchanges are one pass over the block; the last alone could be turned, and would take one of its own."""
    circuit = Circuit(4).ry(0.3, [0, 1, 2, 3]).cx(0, 1).cx(1, 2).cx(2, 3).ry(0.4, [0, 1, 2, 3])
    assert turned(circuit)[1] == 0


def test_what_a_transpiler_writes_for_cz_costs_what_cz_costs():
    """Each CZ between two one-qubit gates, written as H CX H and all one-qubit gates as RZ and RX."""
    rng = np.random.default_rng(3)
    own, written = Circuit(18), Circuit(18)
    for layer in range(8):
        for qubit in range(18):
            angle = float(rng.uniform(-3, 3))
            own.ry(angle, qubit)
            written.rz(-np.pi / 2, qubit).rx(angle, qubit).rz(np.pi / 2, qubit)
        for qubit in range(layer % 2, 17, 2):
            own.cz(qubit, qubit + 1)
            written.h(qubit + 1).cx(qubit, qubit + 1).h(qubit + 1)
    simulator = StatevectorSimulator()
    plans = [simulator.compile(circuit).explain() for circuit in (own, written)]
    flops = [sum(sweep.flops for sweep in plan.sweeps) for plan in plans]
    assert flops[1] <= 1.05 * flops[0]
    assert len(plans[0].sweeps) == len(plans[1].sweeps)
    first, second = (simulator.state_vector(circuit) for circuit in (own, written))
    assert abs(abs(np.vdot(first, second)) - 1.0) < 1e-12
