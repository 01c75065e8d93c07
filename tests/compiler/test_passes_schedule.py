"""Narrowing, scheduling and merging: nodes keep their order where it matters and fit into blocks."""

import numpy as np
import pytest
from node_states import SMALL, assert_order_is_kept, matrix_of, nodes_of, prepared, small_gates_circuit
from scipy.stats import unitary_group

from qtoolkit import Circuit
from qtoolkit.compiler import Layout, SweepPart, compile_circuit, plan_sweeps
from qtoolkit.compiler.nodes import Kind
from qtoolkit.compiler.passes import schedule as schedule_pass
from qtoolkit.compiler.passes.lower import PLANNER_CONSTANTS, S_PLACE
from qtoolkit.compiler.passes.merge import Polynomial, Rotations, Strings, merge_sweep
from qtoolkit.compiler.passes.narrow import narrow_strings
from qtoolkit.compiler.passes.schedule import Item, Worth, mask_of, schedule, take


@pytest.mark.parametrize("label", ["XXXXXXX", "YYYYYYY", "XYZXYZX", "YZYIXXX", "XIIXXIY", "ZZZZZZZ"])
def test_narrow_strings_fit(label):
    circuit = Circuit(7).pauli_rotation(label, 0.7)
    nodes, coefficients = nodes_of(circuit)
    narrow = narrow_strings(nodes, SMALL, coefficients.size - PLANNER_CONSTANTS.size + S_PLACE)
    for node in narrow:
        assert len([q for q in node.targets if q >= SMALL.chunk_bits]) <= SMALL.block_bits - SMALL.chunk_bits
    assert np.abs(matrix_of(narrow, 7, coefficients) - matrix_of(nodes, 7, coefficients)).max() < 1e-13
    assert sum(node.operations for node in narrow) == 1


def test_narrow_strings_keep_their_controls():
    rotation = Circuit(6).pauli_rotation("XYXYXY", 0.7).operations[0].gate
    circuit = Circuit(8).append(rotation.controlled(2, 1), [1, 4, 0, 2, 3, 5, 6, 7])
    layout = Layout(num_bits=8, lane_bits=1, block_bits=4, chunk_bits=2, low_bits=3, amplitude_bytes=16)
    nodes, coefficients = nodes_of(circuit)
    narrow = narrow_strings(nodes, layout, coefficients.size - PLANNER_CONSTANTS.size + S_PLACE)
    assert len(narrow) > 1
    assert np.abs(matrix_of(narrow, 8, coefficients) - matrix_of(nodes, 8, coefficients)).max() < 1e-13


def test_short_strings_are_left_alone():
    nodes, _ = nodes_of(Circuit(7).pauli_rotation("XXIIIXX", 0.7).rxx(0.1, 5, 6))
    assert narrow_strings(nodes, SMALL, 0) == nodes


@pytest.mark.parametrize("search_qubits", [0, 99])
@pytest.mark.parametrize("seed", range(8))
def test_sweeps_hold_their_targets_and_keep_the_order(seed, search_qubits, monkeypatch):
    monkeypatch.setattr(schedule_pass, "SEARCH_QUBITS", search_qubits)
    monkeypatch.setattr(schedule_pass, "SEARCH_SWEEPS", range(2, 100))
    nodes, products, coefficients = prepared(small_gates_circuit(7, 80, seed))
    sweeps = schedule(nodes, SMALL)
    assert 1 < len(sweeps) < len(nodes)
    for sweep in sweeps:
        assert sorted(sweep.bits) == list(range(7))
        assert sweep.bits[: SMALL.chunk_bits] == (0, 1)
        assert list(sweep.bits[: SMALL.block_bits]) == sorted(sweep.bits[: SMALL.block_bits])
        inside = set(sweep.bits[: SMALL.block_bits])
        assert sweep.nodes
        assert all(inside.issuperset(node.targets) for node in sweep.nodes)
    run = [node for sweep in sweeps for node in sweep.nodes]
    assert_order_is_kept(nodes, run)
    expected = matrix_of(nodes, 7, coefficients, products)
    assert np.abs(matrix_of(run, 7, coefficients, products) - expected).max() < 1e-12


def test_the_search_leaves_out_sweeps(monkeypatch):
    """Never more than without it, and on some circuits less."""
    found = {}
    for search_qubits in (0, 99):
        monkeypatch.setattr(schedule_pass, "SEARCH_QUBITS", search_qubits)
        monkeypatch.setattr(schedule_pass, "SEARCH_SWEEPS", range(2, 100))
        circuits = [small_gates_circuit(7, 60, seed) for seed in range(12)]
        found[search_qubits] = np.array([len(schedule(prepared(circuit)[0], SMALL)) for circuit in circuits])
    assert np.all(found[0] <= found[99])
    assert found[0].sum() < found[99].sum()


def test_the_search_chooses_alike_every_time():
    circuit = Circuit(20)
    rng = np.random.default_rng(5)
    for _ in range(20):
        order = rng.permutation(20)
        for k in range(0, 20, 2):
            circuit.unitary(unitary_group.rvs(4, random_state=rng), [int(order[k]), int(order[k + 1])])
    layout = Layout.of(20, 8, 64)
    plans = [plan_sweeps(compile_circuit(circuit).unitary_program(), layout, True)[0] for _ in range(2)]
    assert np.array_equal(plans[0].bits, plans[1].bits)
    assert np.array_equal(plans[0].operations, plans[1].operations)


@pytest.mark.parametrize("seed", range(6))
def test_blocks_are_worth_what_they_get_done(seed):
    rng = np.random.default_rng(seed)
    items = [Item.of(node) for node in prepared(small_gates_circuit(7, 80, seed))[0]]
    held = mask_of(range(SMALL.chunk_bits))
    free = np.arange(SMALL.chunk_bits, SMALL.num_bits)
    size = SMALL.block_bits - SMALL.chunk_bits
    blocks = np.array([held | mask_of(rng.permutation(free)[:size].tolist()) for _ in range(20)])
    found = Worth(items, SMALL).of(blocks)
    assert found.tolist() == [sum(item.worth for item in take(items, block)[0]) for block in blocks.tolist()]
    assert found.any()


def test_scheduling_nothing_and_small_states():
    assert schedule([], SMALL) == []
    whole = Layout(num_bits=7, lane_bits=1, block_bits=7, chunk_bits=7, low_bits=3, amplitude_bytes=16)
    nodes, _, _ = prepared(small_gates_circuit(7, 80, seed=1), whole)
    (sweep,) = schedule(nodes, whole)
    assert sweep.bits == tuple(range(7))
    assert list(sweep.nodes) == nodes


def test_diagonal_gates_need_no_bits_inside():
    nodes, _, _ = prepared(Circuit(7).h(range(4)).cz(5, 6).cp(0.3, 0, 6).mcp(0.2, [4, 5], 6))
    assert len(schedule(nodes, SMALL)) == 1


def test_layers_need_few_sweeps():
    """A Fourier transform of 24 bits with blocks of 15: diagonals cost no sweep, so three suffice."""
    n = 24
    circuit = Circuit(n)
    for q in reversed(range(n)):
        circuit.h(q)
        for other in range(q):
            circuit.cp(np.pi / (1 << q - other), other, q)
    layout = Layout(num_bits=n, lane_bits=3, block_bits=15, chunk_bits=7, low_bits=8, amplitude_bytes=16)
    nodes, _, _ = prepared(circuit, layout)
    assert len(schedule(nodes, layout)) <= 3


@pytest.mark.parametrize("seed", range(8))
def test_merging_keeps_the_unitary(seed):
    nodes, products, coefficients = prepared(small_gates_circuit(5, 60, seed))
    actions = merge_sweep(nodes)
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
    first, phases, last = merge_sweep(prepared(circuit)[0])
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
    actions = merge_sweep(nodes)
    expected = matrix_of(nodes, 6, coefficients, products)
    assert np.abs(matrix_of(actions, 6, coefficients, products) - expected).max() < 1e-12
    together = [len(action.nodes) for action in actions if isinstance(action, Strings)]
    assert together == ([] if count == 3 else [count, count])
    assert len([action for action in actions if isinstance(action, Polynomial)]) == 2


def test_merging_nothing():
    assert merge_sweep([]) == []


@pytest.mark.parametrize("fresh", [False, True])
def test_plans_are_kept_and_name_every_gate(fresh):
    circuit = small_gates_circuit(7, 60, seed=4)
    program = compile_circuit(circuit).unitary_program()
    parts = plan_sweeps(program, SMALL, fresh)
    assert plan_sweeps(program, SMALL, fresh) is parts
    assert plan_sweeps(program, SMALL, not fresh) is not parts
    assert all(isinstance(part, SweepPart) for part in parts)
    assert all((part.gates >= 0).all() and part.gates.size == part.num_sweeps for part in parts)


def test_phases_at_the_end_wait_for_the_last_sweep():
    circuit = Circuit(7).h(range(7)).rz(0.1, 6).cz(0, 6)
    for q in range(6, 0, -1):
        circuit.rx(0.3, q).rz(0.2 + q, q)
    circuit.cp(0.3, 2, 5).rzz(0.4, 0, 6)
    nodes, _ = nodes_of(circuit)
    sweeps = schedule(nodes, SMALL)
    assert len(sweeps) > 1
    waiting = [node for node in nodes if node.kind is Kind.PHASES][2:]
    assert [node for node in sweeps[-1].nodes if node.kind is Kind.PHASES][-len(waiting) :] == waiting
    assert not any(node in waiting for sweep in sweeps[:-1] for node in sweep.nodes)
    assert sorted(map(id, nodes)) == sorted(id(node) for sweep in sweeps for node in sweep.nodes)
    alone, _ = nodes_of(Circuit(7).rz(0.2, 3).cp(0.4, 0, 6))
    (sweep,) = schedule(alone, SMALL)
    assert list(sweep.nodes) == alone
