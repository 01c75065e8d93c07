"""Runs of gates on one pair of qubits become what they come to, where that costs less."""

import numpy as np
import pytest
from node_states import matrix_of, nodes_of, small_gates_circuit
from planner_passes import both, compiled, fuse, interpreted, lower, replace_runs, split_locals
from planner_tables import Kind
from random_circuits import random_gate_circuit, transpiled_circuit
from scipy.stats import unitary_group

from qtoolkit import Circuit, Parameter
from qtoolkit.circuit import StandardGate
from qtoolkit.compiler import Layout, compile_circuit, plan_sweeps, with_constants
from qtoolkit_kernels.planner import pairs
from qtoolkit_kernels.planner.lower import NUM_CONSTANTS
from qtoolkit_kernels.vector import isa

RNG = np.random.default_rng(21)
FREE, DEAR = 0, 10**6
"""Costs at which every run that is not replaced becomes a matrix, and none does."""

COSTS = pytest.mark.parametrize("cost", [pairs.PLAIN_COST, pairs.CARTAN_COST, FREE, DEAR])


def replaced(circuit, cost=pairs.PLAIN_COST):
    """The nodes of a circuit, and those with runs replaced, whose unitary is the same with its global phase."""
    nodes, before = nodes_of(circuit)
    expected = matrix_of(nodes, circuit.num_qubits, before)
    structures = []
    for call in (interpreted, compiled):
        found, constants = replace_runs(nodes, [before], cost, call)
        after = np.concatenate([before, constants])
        assert np.abs(matrix_of(found, circuit.num_qubits, after) - expected).max() < 1e-12
        structures.append([(node.kind, node.targets, node.diagonal, node.operations) for node in found])
    assert structures[0] == structures[1]
    return nodes, found, after


def kinds(nodes):
    return [node.kind.name for node in nodes]


def planned(circuit):
    """Opcodes of its plan from |0…0⟩."""
    (part,) = plan_sweeps(compile_circuit(circuit).unitary_program(), Layout.of(circuit.num_qubits, 16, 16), True)
    return [isa.INSTRUCTIONS[code].name for code in part.operations[:, isa.OPCODE]]


@COSTS
@pytest.mark.parametrize("basis", ["cx", "cz"])
def test_transpiled_circuits_keep_their_unitary(basis, cost):
    count = 0
    for seed in range(8):
        nodes, found, _ = replaced(transpiled_circuit(4, 120, seed, basis), cost)
        count += found != nodes
        assert sum(node.operations for node in found) <= sum(node.operations for node in nodes)
    assert count > 4


@COSTS
@pytest.mark.parametrize("make", [small_gates_circuit, random_gate_circuit])
def test_all_gates_keep_their_unitary(make, cost):
    for seed in range(6):
        replaced(make(4, 80, seed), cost)
        replaced(make(2, 30, seed) if make is random_gate_circuit else make(4, 10, 50 + seed), cost)


@pytest.mark.parametrize("pair", [(0, 1), (1, 0), (3, 1), (0, 4)])
def test_a_rotation_between_two_cx_is_a_phase(pair):
    control, target = pair
    _, found, _ = replaced(Circuit(5).cx(control, target).rz(0.7, target).cx(control, target))
    assert set(kinds(found)) == {"PHASES"}
    assert [set(node.diagonal) for node in found if len(node.diagonal) == 2] == [set(pair)]
    circuit = Circuit(6).cx(control, target).h(5).rz(0.7, target).rz(0.2, control).x(5).cx(control, target)
    _, found, _ = replaced(circuit)
    assert [kind for kind in kinds(found) if kind != "PHASES"] == ["LOCAL", "LOCAL"]


def test_cphase_as_transpilers_write_it_is_one_polynomial():
    circuit = Circuit(2).h([0, 1]).rz(0.2, 0).cx(0, 1).rz(-0.2, 1).cx(0, 1).rz(0.2, 1).h([0, 1])
    assert planned(circuit) == planned(Circuit(2).h([0, 1]).cp(0.4, 0, 1).h([0, 1]))


def test_a_rotation_by_two_paulis_between_cz():
    """CX in the gates of a device that has CZ."""
    circuit = Circuit(2).ry(0.3, [0, 1]).h(1).cz(0, 1).h(1).rz(0.6, 1).h(1).cz(0, 1).h(1).ry(0.4, [0, 1])
    assert planned(circuit) == planned(Circuit(2).ry(0.3, [0, 1]).rzz(0.6, 0, 1).ry(0.4, [0, 1]))
    _, found, _ = replaced(Circuit(2).cz(0, 1).h(0).rz(0.3, 0).h(0).h(1).h(1).cz(0, 1))
    assert kinds(found).count("LOCAL") == 2


def test_controlled_rotations_are_phases_between_rotations():
    for name in ("crx", "cry"):
        _, found, _ = replaced(getattr(Circuit(2), name)(0.7, 0, 1))
        assert kinds(found).count("DENSE") == 0
        assert kinds(found).count("LOCAL") == 2


def test_three_cx_are_a_swap():
    for first, second in ((0, 1), (2, 0)):
        swap = Circuit(3).cx(first, second).cx(second, first).cx(first, second)
        assert kinds(replaced(swap)[1]) == ["SWAP"]
    _, found, _ = replaced(Circuit(2).cx(0, 1).rz(0.3, 1).cx(1, 0).s(0).cx(0, 1))
    assert set(kinds(found)) == {"SWAP", "PHASES"}
    assert kinds(found)[0] == "SWAP"


def test_what_comes_to_nothing_vanishes():
    assert replaced(Circuit(2).cx(0, 1).t(0).cx(0, 1).cz(0, 1).tdg(0).cz(1, 0))[1] == []
    _, found, _ = replaced(Circuit(3).cx(0, 1).cx(0, 1).h(2))
    assert kinds(found) == ["LOCAL"]


def random_pair(circuit, first, second, num_cx):
    for k in range(num_cx + 1):
        for qubit in (first, second):
            circuit.u(*RNG.uniform(-3, 3, 3), qubit)
        if k < num_cx:
            circuit.cx(first, second)
    return circuit


@COSTS
def test_a_unitary_written_as_three_cx_joins_to_one_matrix(cost):
    circuit = random_pair(Circuit(3), 2, 0, 3)
    nodes, found, coefficients = replaced(circuit, cost)
    if cost == DEAR:
        assert found == nodes
        return
    assert kinds(found).count("DENSE") == 1
    assert kinds(found).count("EXCHANGE") == 0
    merged = fuse(found, coefficients.size - NUM_CONSTANTS, both)
    assert kinds(merged) == ["DENSE"]
    assert merged[0].operations == len(nodes)
    assert np.abs(matrix_of(merged, 3, coefficients) - matrix_of(nodes, 3, coefficients)).max() < 1e-12


def test_runs_that_are_no_phase_join_where_a_matrix_costs_less():
    """With the one-qubit gates in front, which it would take in."""
    circuit = Circuit(2).cx(0, 1).u(0.3, 0.5, 0.7, 0).u(1.3, 0.4, 0.2, 1).cx(0, 1)
    cost = 2 * pairs.EXCHANGE_COST + 2 * pairs.LOCAL_COST
    assert kinds(replaced(circuit, cost)[1]) == ["EXCHANGE", "LOCAL", "LOCAL", "EXCHANGE"]
    assert kinds(replaced(circuit, cost - 1)[1]) == ["DENSE"]
    circuit = Circuit(2).h([0, 1]).extend(circuit).h([0, 1])
    cost += 2 * pairs.LOCAL_COST
    assert "DENSE" not in kinds(replaced(circuit, cost)[1])
    assert kinds(replaced(circuit, cost - 1)[1]) == ["LOCAL", "LOCAL", "DENSE", "LOCAL", "LOCAL"]


def test_runs_end_where_other_gates_come_between():
    for between in (Circuit(3).cx(0, 2), Circuit(3).ccx(0, 1, 2), Circuit(3).cz(1, 2)):
        circuit = Circuit(3).cx(0, 1).extend(between).rz(0.3, 1).cx(0, 1)
        nodes, found, _ = replaced(circuit)
        assert found == nodes
    circuit = Circuit(4).cx(0, 1).rxx(0.3, 2, 3).h(3).rz(0.3, 1).cx(2, 3).cx(0, 1)
    assert "EXCHANGE" not in kinds(replaced(circuit)[1][-3:])


def test_what_would_cost_more_stays():
    """A swap and a gate on both qubits instead of two CX, a phase and rotations instead of one."""
    for circuit in (Circuit(2).cx(0, 1), Circuit(2).cz(0, 1), Circuit(2).cx(0, 1).cx(1, 0), Circuit(2).rxx(0.3, 0, 1)):
        nodes, found, _ = replaced(circuit)
        assert found == nodes
    nodes, found, _ = replaced(Circuit(2).unitary(unitary_group.rvs(4, random_state=RNG), [0, 1]).cx(0, 1))
    assert found == nodes, "there is a matrix already"


def with_parameters(circuit, values, cost=pairs.PLAIN_COST, joins_parameters=True):
    """The nodes before and after; their unitaries are the same at these values of the parameters."""
    program = compile_circuit(circuit).unitary_program()

    def coefficients(value):
        return with_constants(program.bind(np.full(circuit.num_parameters, value))[0])

    probes = [coefficients(value) for value in (0.3, -1.2)]
    nodes = lower(program, probes)
    found, constants = replace_runs(nodes, probes, cost, both, joins_parameters)
    for value in values:
        before = coefficients(value)
        after = np.concatenate([before, constants])
        n = circuit.num_qubits
        assert np.abs(matrix_of(found, n, after) - matrix_of(nodes, n, before)).max() < 1e-12
    return nodes, found, probes


VALUES = (0.3, 0.0, np.pi, 2.5)


def test_runs_with_symbols():
    a = Parameter("a")
    nodes, found, _ = with_parameters(Circuit(2).cx(0, 1).rz(a, 1).cx(0, 1), VALUES)
    assert found == nodes
    long = Circuit(2)
    for k in range(5):
        long.cx(0, 1).rx(a, 0).u(0.1 + k, a, 0.3, 1)
    nodes, found, _ = with_parameters(long, VALUES, FREE)
    assert kinds(found) == ["DENSE", "LOCAL", "LOCAL"]
    assert found[0].operations == len(nodes) - 2
    nodes, found, _ = with_parameters(long, VALUES, FREE, joins_parameters=False)
    assert found == nodes


def test_symbols_that_cancel_are_none():
    a = Parameter("a")
    _, found, _ = with_parameters(Circuit(2).cx(0, 1).rz(a, 0).rz(0.3, 1).rz(-a, 0).cx(0, 1), VALUES)
    assert set(kinds(found)) == {"PHASES"}
    _, found, _ = with_parameters(Circuit(3).cx(0, 1).cx(0, 1).rx(a, 2), VALUES)
    assert kinds(found) == ["LOCAL"]


def test_symbols_beside_constant_runs():
    a, b = Parameter("a"), Parameter("b")
    circuit = transpiled_circuit(3, 40, 1).rx(a, 0).crx(b, 0, 1).extend(transpiled_circuit(3, 60, 2)).rz(a + b, 2)
    for cost in (pairs.PLAIN_COST, pairs.CARTAN_COST, FREE, DEAR):
        nodes, found, _ = with_parameters(circuit.copy().extend(transpiled_circuit(3, 40, 3)), VALUES, cost)
        assert found != nodes


def test_what_is_left_out_is_left_out_by_numbers():
    """One-qubit gates that replace a run split as others do."""
    _, found, coefficients = replaced(transpiled_circuit(3, 100, 5))
    merged = fuse(found, coefficients.size - NUM_CONSTANTS)
    split, products = split_locals(merged, [coefficients], both)
    assert not any(node.kind is Kind.LOCAL for node in split)
    assert products


def test_zero_controls_and_strings():
    gate = StandardGate("x").controlled(1, 0)
    _, found, _ = replaced(Circuit(2).append(gate, [0, 1]).rz(0.4, 1).append(gate, [0, 1]))
    assert set(kinds(found)) == {"PHASES"}
    _, found, _ = replaced(Circuit(2).rxx(0.3, 0, 1).rxx(-0.3, 1, 0))
    assert found == []
    _, found, _ = replaced(Circuit(2).rxx(0.3, 0, 1).ryy(0.4, 0, 1).rzz(0.5, 0, 1), FREE)
    assert kinds(found) == ["DENSE"]
