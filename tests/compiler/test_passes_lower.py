"""Lowering, relabelling and cancelling: each alone keeps the unitary and does what it promises."""

import numpy as np
import pytest
from node_states import apply_node, equal_up_to_phase, matrix_of, nodes_of, small_gates_circuit
from random_circuits import random_gate_circuit

from qtoolkit import Circuit, Parameter
from qtoolkit.circuit import StandardGate
from qtoolkit.compiler import compile_circuit, pack, with_constants
from qtoolkit.compiler.nodes import Form, Kind, Node
from qtoolkit.compiler.passes import split
from qtoolkit.compiler.passes.cancel import cancel_inverses
from qtoolkit.compiler.passes.lower import lower
from qtoolkit.compiler.passes.relabel import initial_swaps, relabel_swaps
from qtoolkit.compiler.passes.split import Parts
from qtoolkit.compiler.sweep_plan import BlockOpcode, Column, Write
from qtoolkit_kernels.reference import program as twins
from qtoolkit_kernels.vector import block, numbers, reorder


def kinds(circuit):
    return [node.kind for node in nodes_of(circuit)[0]]


def test_numbers_are_the_kernels():
    assert [code.name for code in BlockOpcode] == list(block.OPCODES)
    assert [int(code) for code in BlockOpcode] == [getattr(block, code.name) for code in BlockOpcode]
    assert [int(column) for column in Column] == [getattr(block, column.name) for column in Column]
    assert [form.name for form in Form] == list(numbers.FORMS)
    assert [int(form) for form in Form] == [getattr(numbers, form.name) for form in Form]
    assert [write.name for write in Write] == list(numbers.WRITES)
    assert all(getattr(numbers, part.name) == part for part in Parts)
    assert [int(write) for write in Write] == [getattr(numbers, f"WRITE_{write.name}") for write in Write]
    assert (split.MARGIN, split.NEGLIGIBLE) == (numbers.MARGIN, numbers.NEGLIGIBLE)
    assert (pack.IMAGE_BITS, pack.IMAGES_TOGETHER) == (reorder.IMAGE_BITS, reorder.IMAGES_TOGETHER)


@pytest.mark.parametrize("seed", range(6))
def test_lowered_gates_do_what_the_program_does(seed):
    circuit = random_gate_circuit(5, 80, seed) if seed % 2 else small_gates_circuit(5, 80, seed)
    program = compile_circuit(circuit).unitary_program()
    nodes, coefficients = nodes_of(circuit)
    if seed % 2 == 0:
        assert sum(node.operations for node in nodes) == program.num_operations
    rng = np.random.default_rng(seed)
    expected = rng.normal(size=32) + 1j * rng.normal(size=32)
    state = expected[:, None].copy()

    def gates(first, last):
        twins.run_program(
            expected, program.opcodes, program.qubits, program.qubit_start, program.control_masks,
            program.control_values, program.constant_coefficients, program.coefficient_start, program.table,
            program.table_start, first, last,
        )  # fmt: skip

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


@pytest.mark.parametrize("seed", range(4))
def test_swaps_move_to_the_beginning(seed):
    nodes, coefficients = nodes_of(small_gates_circuit(4, 60, seed).swap(0, 2).swap(2, 3))
    renamed, names = relabel_swaps(nodes, 4)
    assert all(node.kind is not Kind.SWAP for node in renamed)
    everything = initial_swaps(names) + renamed
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


def test_initial_swaps_carry_bits_to_their_names():
    rng = np.random.default_rng(3)
    for _ in range(20):
        names = [int(q) for q in rng.permutation(5)]
        matrix = matrix_of(initial_swaps(names), 5, np.zeros(0))
        for q in range(5):
            assert matrix[1 << names[q], 1 << q] == 1
    assert initial_swaps(range(5)) == []
    assert len(initial_swaps([1, 2, 3, 4, 0])) == 4


@pytest.mark.parametrize("seed", range(4))
def test_cancelling_keeps_the_unitary(seed):
    circuit = small_gates_circuit(4, 30, seed)
    circuit.extend(circuit.inverse())
    nodes, coefficients = nodes_of(circuit)
    kept = cancel_inverses(nodes)
    assert equal_up_to_phase(matrix_of(kept, 4, coefficients), matrix_of(nodes, 4, coefficients))


def test_equal_exchanges_cancel():
    def left(circuit):
        return len(cancel_inverses(nodes_of(circuit)[0]))

    ladder = Circuit(5).cx(0, 1).cx(1, 2).cx(2, 3).cx(3, 4)
    assert left(ladder.compose(ladder.inverse())) == 0
    assert left(Circuit(3).ccx(0, 1, 2).ccx(1, 0, 2)) == 0
    assert left(Circuit(3).cx(0, 1).h(2).cx(0, 1)) == 1
    assert left(Circuit(3).cx(0, 1).cx(0, 1).cx(0, 1)) == 1
    assert left(Circuit(2).cx(0, 1).h(1).cx(0, 1)) == 3
    assert left(Circuit(2).cx(0, 1).t(0).cx(0, 1)) == 3
    assert left(Circuit(2).cx(0, 1).cx(1, 0)) == 2
    assert left(Circuit(3).ccx(0, 1, 2).cx(0, 2)) == 2
    assert left(Circuit(3).cswap(0, 1, 2).cswap(0, 1, 2)) == 0
    cycle = Circuit(3).permutation([1, 2, 3, 0], [0, 2])
    assert left(cycle.compose(cycle.inverse())) == 0
    assert left(cycle.compose(cycle)) == 2
    zero_control = StandardGate("x").controlled(1, 0)
    assert left(Circuit(2).cx(0, 1).append(zero_control, [0, 1])) == 2


def test_phases_that_are_one_by_chance_stay():
    a = Parameter("a")
    program = compile_circuit(Circuit(3).mcp(a, [0, 1], 2)).unitary_program()
    probes = [with_constants(program.bind(np.array([value]))[0]) for value in (0.0, 0.7)]
    assert [node.kind for node in lower(program, probes)] == [Kind.PHASE]


def test_nodes_that_are_not_exchanges_stay():
    nodes = [Node(Kind.SWAP, (0, 1)), Node(Kind.SWAP, (0, 1))]
    assert cancel_inverses(nodes) == nodes
