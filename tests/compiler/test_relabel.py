"""Swaps move to the beginning, where |0…0⟩ does not feel them."""

import numpy as np
import pytest
from node_states import apply_node, matrix_of, nodes_of, small_gates_circuit
from planner_passes import both, initial_swaps, relabel_swaps
from planner_tables import Kind
from random_circuits import random_gate_circuit


@pytest.mark.parametrize("seed", range(4))
def test_swaps_move_to_the_beginning(seed):
    circuit = random_gate_circuit(4, 60, seed) if seed % 2 else small_gates_circuit(4, 60, seed)
    nodes, coefficients = nodes_of(circuit.swap(0, 2).swap(2, 3))
    renamed, names = relabel_swaps(nodes, 4, both)
    assert all(node.kind is not Kind.SWAP for node in renamed)
    everything = initial_swaps(names, both) + renamed
    assert np.abs(matrix_of(everything, 4, coefficients) - matrix_of(nodes, 4, coefficients)).max() < 1e-12


def test_swaps_vanish_from_the_zero_state():
    nodes, coefficients = nodes_of(small_gates_circuit(4, 60, seed=9).swap(0, 3).swap(1, 3))
    renamed, _ = relabel_swaps(nodes, 4)
    zero = np.zeros((16, 1), complex)
    zero[0] = 1
    expected = found = zero
    for node in nodes:
        expected = apply_node(node, expected, coefficients)
    for node in renamed:
        found = apply_node(node, found, coefficients)
    assert np.abs(found - expected).max() < 1e-12


def test_nodes_without_swaps_stay():
    nodes, _ = nodes_of(small_gates_circuit(5, 60, seed=2))
    nodes = [node for node in nodes if node.kind is not Kind.SWAP]
    assert relabel_swaps(nodes, 5, both) == (nodes, [0, 1, 2, 3, 4])
    assert relabel_swaps([], 2) == ([], [0, 1])


def test_initial_swaps_carry_bits_to_their_names():
    rng = np.random.default_rng(3)
    for _ in range(20):
        names = [int(q) for q in rng.permutation(5)]
        matrix = matrix_of(initial_swaps(names, both), 5, np.zeros(0))
        for q in range(5):
            assert matrix[1 << names[q], 1 << q] == 1
    assert initial_swaps(range(5)) == []
    assert len(initial_swaps([1, 2, 3, 4, 0])) == 4
