"""Pauli strings with more X and Y than a block holds become shorter ones."""

import numpy as np
import pytest
from node_states import SMALL, matrix_of, nodes_of, small_gates_circuit
from planner_passes import both, narrow_strings

from qtoolkit import Circuit
from qtoolkit.compiler import Layout
from qtoolkit_kernels.planner.lower import NUM_CONSTANTS, S_PLACE


def narrowed(circuit, layout=SMALL):
    nodes, coefficients = nodes_of(circuit)
    return nodes, narrow_strings(nodes, layout, coefficients.size - NUM_CONSTANTS + S_PLACE, both), coefficients


def assert_fit(nodes, layout=SMALL):
    for node in nodes:
        assert len([q for q in node.targets if q >= layout.chunk_bits]) <= layout.block_bits - layout.chunk_bits


@pytest.mark.parametrize("label", ["XXXXXXX", "YYYYYYY", "XYZXYZX", "YZYIXXX", "XIIXXIY", "ZZZZZZZ"])
def test_narrow_strings_fit(label):
    nodes, narrow, coefficients = narrowed(Circuit(7).pauli_rotation(label, 0.7))
    assert_fit(narrow)
    assert np.abs(matrix_of(narrow, 7, coefficients) - matrix_of(nodes, 7, coefficients)).max() < 1e-13
    assert sum(node.operations for node in narrow) == 1


def test_many_gates():
    rng = np.random.default_rng(2)
    circuit = Circuit(7)
    for k in range(6):
        circuit.extend(small_gates_circuit(7, 3, k)).pauli_rotation("".join(rng.choice(list("IXYZ"), 7)), 0.3 + k)
    nodes, narrow, coefficients = narrowed(circuit)
    assert_fit(narrow)
    assert len(narrow) > len(nodes) + 10
    assert np.abs(matrix_of(narrow, 7, coefficients) - matrix_of(nodes, 7, coefficients)).max() < 1e-12


def test_narrow_strings_keep_their_controls():
    rotation = Circuit(6).pauli_rotation("XYXYXY", 0.7).operations[0].gate
    layout = Layout(num_bits=8, lane_bits=1, block_bits=4, chunk_bits=2, low_bits=3, amplitude_bytes=16)
    nodes, narrow, coefficients = narrowed(
        Circuit(8).append(rotation.controlled(2, 1), [1, 4, 0, 2, 3, 5, 6, 7]), layout
    )
    assert len(narrow) > 1
    assert np.abs(matrix_of(narrow, 8, coefficients) - matrix_of(nodes, 8, coefficients)).max() < 1e-13


def test_short_strings_are_left_alone():
    nodes, narrow, _ = narrowed(Circuit(7).pauli_rotation("XXIIIXX", 0.7).rxx(0.1, 5, 6))
    assert narrow == nodes
