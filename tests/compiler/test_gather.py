"""Diagonal one-qubit gates move to the next gate that is not diagonal in their qubit."""

import numpy as np
import pytest
from node_states import matrix_of, nodes_of, small_gates_circuit
from planner_passes import both, fuse, gather_phases, lower, split_locals
from planner_tables import Form, Kind
from random_circuits import random_gate_circuit, transpiled_circuit
from scipy.stats import unitary_group

from qtoolkit import Circuit, Parameter
from qtoolkit.compiler import compile_circuit, with_constants
from qtoolkit_kernels.planner.lower import NUM_CONSTANTS

RNG = np.random.default_rng(22)


def gathered(circuit, is_fused=False):
    """The nodes of a circuit, and those with phases gathered, whose unitary is the same."""
    nodes, before = nodes_of(circuit)
    nodes = fuse(nodes, before.size - NUM_CONSTANTS) if is_fused else nodes
    found, constants = gather_phases(nodes, [before], both)
    n, after = circuit.num_qubits, np.concatenate([before, constants])
    assert np.abs(matrix_of(found, n, after) - matrix_of(nodes, n, before)).max() < 1e-12
    assert sum(node.operations for node in found) == sum(node.operations for node in nodes)
    return nodes, found, after


def kinds(nodes):
    return [node.kind.name for node in nodes]


def is_phase(node):
    return node.kind is Kind.PHASES and len(node.diagonal) == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: transpiled_circuit(4, 80, seed, "cx"),
        lambda seed: transpiled_circuit(4, 80, seed, "cz"),
        lambda seed: small_gates_circuit(4, 60, seed),
        lambda seed: random_gate_circuit(4, 60, seed),
    ],
    ids=["cx", "cz", "small gates", "all gates"],
)
def test_the_unitary_is_the_same(make):
    for seed in range(6):
        nodes, found, _ = gathered(make(seed), is_fused=bool(seed % 2))
        assert len(found) <= len(nodes)
        # What else there is keeps its order.
        others = [[n.kind for n in given if not is_phase(n) and n.kind is not Kind.LOCAL] for given in (nodes, found)]
        assert others[0] == others[1]


def test_phases_pass_controls_and_each_other():
    _, found, _ = gathered(Circuit(3).rz(0.2, 0).cx(0, 1).t(0).cp(0.3, 0, 2).ccx(0, 2, 1).s(0).h(0))
    assert kinds(found) == ["EXCHANGE", "PHASES", "EXCHANGE", "LOCAL"]
    assert found[-1].operations == 4
    assert len(found[-1].factors) == 4


def test_phases_stop_before_what_turns_their_qubit():
    _, found, _ = gathered(Circuit(3).rz(0.2, 1).rz(0.3, 0).cx(0, 1))
    assert [node.targets + node.diagonal for node in found] == [(1,), (1, 0), (0,)]
    _, found, _ = gathered(Circuit(3).rz(0.2, 1).rz(0.3, 0).rxx(0.3, 0, 1).cswap(2, 0, 1))
    assert kinds(found[:3]) == ["PHASES", "PHASES", "PAULI"]
    matrix = unitary_group.rvs(8, random_state=RNG)
    _, found, _ = gathered(Circuit(4).rz(0.2, [0, 1, 2, 3]).unitary(matrix, [0, 2, 3]))
    assert kinds(found) == ["PHASES", "PHASES", "PHASES", "MATRIX", "PHASES"]


def test_small_matrices_take_them_in():
    _, found, _ = gathered(Circuit(2).rz(0.2, 0).t(1).crx(0.3, 0, 1).s(0).u(0.1, 0.2, 0.3, 0))
    assert kinds(found) == ["DENSE", "LOCAL"]
    assert [node.operations for node in found] == [3, 2]
    assert [factor.qubits for factor in found[0].factors][2:] == [(1, 0)]


def test_what_comes_to_the_identity_vanishes():
    _, found, coefficients = gathered(Circuit(2).rz(0.7, 0).cx(0, 1).rz(-0.3, 0).cx(0, 1).rz(-0.4, 0))
    assert kinds(found) == ["EXCHANGE", "EXCHANGE", "LOCAL"]
    split, _ = split_locals(found, [coefficients], both)
    assert kinds(split) == ["EXCHANGE", "EXCHANGE"]


def test_one_phase_stays_a_phase():
    _, found, _ = gathered(Circuit(2).rz(0.7, 0).cx(0, 1))
    assert kinds(found) == ["EXCHANGE", "PHASES"]
    assert gather_phases([], [np.zeros(8, complex)], both)[0] == []


def test_products_that_are_diagonal_are_phases():
    """As H RX H is, which transpilers write as RZ and SX."""
    circuit = Circuit(2).h(0).rx(0.3, 0).h(0).cx(0, 1).sx(0).x(0).sx(0).rz(0.2, 0)
    _, found, _ = gathered(circuit, is_fused=True)
    assert kinds(found) == ["EXCHANGE", "LOCAL"]
    assert {factor.form for factor in found[-1].factors} == {Form.DIAGONAL_1Q}
    assert sum(node.operations for node in found) == 8
    _, found, _ = gathered(Circuit(2).h(0).rx(0.3, 0).cx(0, 1).h(0), is_fused=True)
    assert kinds(found) == ["LOCAL", "EXCHANGE", "LOCAL"]


def test_products_with_parameters():
    a = Parameter("a")
    circuit = Circuit(2).h(0).rx(a, 0).h(0).cx(0, 1).h(1).rx(a, 1).rx(-a, 1).h(1).t(1).cx(1, 0).rz(a, 0)
    program = compile_circuit(circuit).unitary_program()

    def coefficients(value):
        return with_constants(program.bind(np.array([value]))[0])

    probes = [coefficients(value) for value in (0.7, -1.9)]
    nodes = fuse(lower(program, probes), probes[0].size - NUM_CONSTANTS)
    found, constants = gather_phases(nodes, probes, both)
    assert kinds(found).count("LOCAL") == 1
    for value in (0.7, 0.0, 2.2):
        before = coefficients(value)
        after = np.concatenate([before, constants])
        assert np.abs(matrix_of(found, 2, after) - matrix_of(nodes, 2, before)).max() < 1e-12
