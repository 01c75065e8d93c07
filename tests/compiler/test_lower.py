"""Lowering does what the program does, by nodes of the cheapest kind."""

import numpy as np
import pytest
from node_states import apply_node, nodes_of, run_gates, small_gates_circuit
from planner_passes import both, lower
from planner_tables import Kind
from random_circuits import random_gate_circuit

from qtoolkit import Circuit, Parameter
from qtoolkit.circuit import StandardGate
from qtoolkit.compiler import compile_circuit, with_constants


def kinds(circuit):
    return [node.kind for node in nodes_of(circuit)[0]]


@pytest.mark.parametrize("seed", range(6))
def test_lowered_gates_do_what_the_program_does(seed):
    circuit = random_gate_circuit(5, 80, seed) if seed % 2 else small_gates_circuit(5, 80, seed)
    program = compile_circuit(circuit).unitary_program()
    nodes, coefficients = nodes_of(circuit)
    assert lower(program, [coefficients], call=both) == nodes
    if seed % 2 == 0:
        assert sum(node.operations for node in nodes) == program.num_operations
    rng = np.random.default_rng(seed)
    expected = rng.normal(size=32) + 1j * rng.normal(size=32)
    state = expected[:, None].copy()

    def gates(first, last):
        run_gates(program, program.constant_coefficients, expected, first, last)

    done = 0
    for node in nodes:
        if node.kind is Kind.WHOLE:
            gates(done, node.operation)
            assert np.abs(state[:, 0] - expected).max() < 1e-12
            gates(node.operation, node.operation + 1)
            state = expected[:, None].copy()
            done = node.operation + 1
        else:
            state = apply_node(node, state, coefficients)
    gates(done, program.num_operations)
    assert np.abs(state[:, 0] - expected).max() < 1e-12


def test_gates_become_the_cheapest_kind():
    angle = 0.7
    assert kinds(Circuit(1).x(0).h(0).rx(angle, 0).u(angle, 1, 2, 0)) == [Kind.LOCAL] * 4
    assert kinds(Circuit(2).rz(angle, 0).s(0).cz(0, 1).cp(angle, 0, 1).rzz(angle, 0, 1)) == [Kind.PHASES] * 5
    assert kinds(Circuit(3).cx(0, 1).ccx(0, 1, 2)) == [Kind.EXCHANGE] * 2
    assert kinds(Circuit(3).cswap(0, 1, 2)) == [Kind.EXCHANGE] * 3
    assert kinds(Circuit(2).swap(0, 1)) == [Kind.SWAP]
    assert kinds(Circuit(2).rxx(angle, 0, 1).ryy(angle, 0, 1)) == [Kind.PAULI] * 2
    assert kinds(Circuit(2).crx(angle, 0, 1).ch(0, 1)) == [Kind.DENSE] * 2
    assert kinds(Circuit(3).mcp(angle, [0, 1], 2).ccz(0, 1, 2)) == [Kind.PHASE] * 2
    assert kinds(Circuit(4).append(StandardGate("rz", (angle,)).controlled(3, 5), [0, 1, 2, 3])) == [Kind.PHASE] * 2
    assert kinds(Circuit(4).pauli_rotation("XYZI", angle)) == [Kind.PAULI]
    rotation = StandardGate("ry", (angle,))
    assert kinds(Circuit(3).append(rotation.controlled(2, 1), [0, 1, 2])) == [Kind.MATRIX]
    assert kinds(Circuit(3).append(StandardGate("iswap").controlled(1), [0, 1, 2])) == [Kind.MATRIX]
    for size, kind in ((3, Kind.MATRIX), (5, Kind.MATRIX), (6, Kind.WHOLE)):
        assert kinds(Circuit(6).unitary(np.roll(np.eye(1 << size), 1, axis=0), range(size))) == [kind]
    for size, kind in ((3, Kind.TABLE), (14, Kind.TABLE), (15, Kind.WHOLE)):
        assert kinds(Circuit(15).diagonal(np.exp(1j * np.arange(1 << size)), range(size))) == [kind]
    for size, kind in ((2, Kind.PERMUTE), (10, Kind.PERMUTE), (11, Kind.WHOLE)):
        assert kinds(Circuit(11).permutation(np.roll(np.arange(1 << size), 1), range(size))) == [kind]


def test_only_bits_that_change_are_targets_of_a_permutation():
    (node,) = nodes_of(Circuit(5).permutation([0, 1, 2, 3, 4, 5, 7, 6], [4, 1, 2]))[0]
    assert (node.targets, set(node.diagonal)) == ((4,), {1, 2})
    (node,) = nodes_of(Circuit(5).permutation([0, 1, 2, 3], [4, 1]))[0]
    assert node.targets == ()


def test_gates_that_no_block_holds_run_on_the_whole_state():
    program = compile_circuit(Circuit(4).unitary(np.roll(np.eye(8), 1, axis=0), range(3))).unitary_program()
    assert [lower(program, most_targets=most)[0].kind for most in (2, 3)] == [Kind.WHOLE, Kind.MATRIX]
    program = compile_circuit(Circuit(4).permutation([1, 2, 3, 4, 5, 6, 7, 0], range(3))).unitary_program()
    assert [lower(program, most_targets=most)[0].kind for most in (2, 3)] == [Kind.WHOLE, Kind.PERMUTE]


def test_phases_that_are_one_by_chance_stay():
    a = Parameter("a")
    program = compile_circuit(Circuit(3).mcp(a, [0, 1], 2)).unitary_program()
    probes = [with_constants(program.bind(np.array([value]))[0]) for value in (0.0, 0.7)]
    assert [node.kind for node in lower(program, probes, call=both)] == [Kind.PHASE]
