"""Merging the nodes of a sweep: rotations together, diagonals as polynomials, in an order that is right."""

import numpy as np
import pytest
from node_states import assert_order_is_kept, matrix_of, prepared, small_gates_circuit
from planner_passes import both, merge_sweep
from planner_tables import Kind, Polynomial, Rotations, Strings

from qtoolkit import Circuit


@pytest.mark.parametrize("seed", range(6))
def test_merging_keeps_the_unitary(seed):
    nodes, products, coefficients = prepared(small_gates_circuit(5, 60, seed))
    actions = merge_sweep(nodes, both)
    expected = matrix_of(nodes, 5, coefficients, products)
    assert np.abs(matrix_of(actions, 5, coefficients, products) - expected).max() < 1e-12
    assert len(actions) < len(nodes)
    rotated = [q for action in actions if isinstance(action, Rotations) for q in action.products]
    assert sorted(rotated) == sorted(node.operation for node in nodes if node.kind is Kind.ROTATION)
    terms = [term for action in actions if isinstance(action, Polynomial) for term in action.terms]
    assert sorted(terms) == sorted(f for node in nodes if node.kind is Kind.PHASES for f in node.factors)
    others = [node for node in nodes if node.kind not in (Kind.ROTATION, Kind.PHASES)]
    assert_order_is_kept(others, [action for action in actions if not isinstance(action, Rotations | Polynomial)])


def test_a_layer_of_rotations_and_one_of_phases_are_one_operation_each():
    circuit = Circuit(6).ry(0.3, range(6))
    for q in range(5):
        circuit.cz(q, q + 1).rzz(0.2, q, q + 1)
    circuit.ry(0.4, range(6))
    first, phases, last = merge_sweep(prepared(circuit)[0], both)
    assert isinstance(first, Rotations)
    assert sorted(first.qubits) == list(range(6))
    assert isinstance(phases, Polynomial)
    assert len(phases.terms) == 10
    assert isinstance(last, Rotations)


@pytest.mark.parametrize("count", [3, 40])
def test_many_strings_of_z_are_one_operation(count):
    """They wait for each other like phases do, until a rotation needs one of their qubits."""
    rng = np.random.default_rng(count)
    circuit = Circuit(6)
    for _ in range(2):
        for _ in range(count):
            circuit.pauli_rotation("Z" + "".join(rng.choice(list("IZ"), 2)) + "ZZZ", float(rng.uniform(-3, 3)))
            circuit.cz(2, 5)
        circuit.ry(0.3, 2)
    nodes, products, coefficients = prepared(circuit)
    actions = merge_sweep(nodes, both)
    expected = matrix_of(nodes, 6, coefficients, products)
    assert np.abs(matrix_of(actions, 6, coefficients, products) - expected).max() < 1e-12
    together = [len(action.nodes) for action in actions if isinstance(action, Strings)]
    assert together == ([] if count == 3 else [count, count])
    assert len([action for action in actions if isinstance(action, Polynomial)]) == 2


def test_merging_nothing():
    assert merge_sweep([], both) == []
