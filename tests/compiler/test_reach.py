"""Sweeps from |0…0⟩ go in stages: what is not zero does not lie beyond the bits in reach, and the order still holds."""

import numpy as np
import pytest
from node_states import SMALL, apply_node, matrix_of, nodes_of, prepared, small_gates_circuit
from planner_passes import both, compiled, interpreted, merge_sweep, merge_sweeps, pack_sweeps, schedule
from planner_tables import MergedSweep, Node, Rotations, Sweep, targets_of
from random_circuits import random_gate_circuit

from qtoolkit import Circuit
from qtoolkit.compiler import Layout, compile_circuit, plan_sweeps
from qtoolkit_kernels import _jit
from qtoolkit_kernels.planner import reach
from qtoolkit_kernels.vector import isa

WIDE = Layout(num_bits=7, lane_bits=1, block_bits=6, chunk_bits=2, low_bits=3, amplitude_bytes=16)
CHUNKY = Layout(num_bits=7, lane_bits=1, block_bits=6, chunk_bits=4, low_bits=2, amplitude_bytes=16)
WHOLE = Layout(num_bits=7, lane_bits=1, block_bits=7, chunk_bits=7, low_bits=3, amplitude_bytes=16)
BARE = Layout(num_bits=7, lane_bits=1, block_bits=3, chunk_bits=0, low_bits=1, amplitude_bytes=16)
LAYOUTS = pytest.mark.parametrize(
    "layout", [SMALL, WIDE, CHUNKY, WHOLE, BARE], ids=["small", "wide", "large chunks", "whole", "no chunks"]
)


@pytest.fixture
def interpreter(monkeypatch):
    """An interpreter that sees what a test changes."""
    _jit.interpreted.cache_clear()
    yield interpreted
    _jit.interpreted.cache_clear()


def rows_of(circuit, layout, fresh=True, forward_only=True):
    """All rows of a plan."""
    (part,) = plan_sweeps(compile_circuit(circuit).unitary_program(), layout, fresh, forward_only)
    return part.operations


def layers(num_qubits, count, seed):
    """Few qubits at first, then more: stages of several nodes each."""
    rng = np.random.default_rng(seed)
    circuit = Circuit(num_qubits)
    for k in range(2, num_qubits + 1):
        for _ in range(count):
            a, b = (int(q) for q in rng.permutation(k)[:2])
            circuit.ry(float(rng.uniform(-3, 3)), a).rxx(float(rng.uniform(-3, 3)), a, b).rzz(0.3, a, b)
    return circuit


def assert_right(circuit, layout, call):
    """Not only from |0…0⟩: nothing but the order changes."""
    nodes, products, coefficients = prepared(circuit, layout)
    before = schedule(nodes, layout)
    after = merge_sweeps(before, layout, True, call)
    for sweep, merged in zip(before, after, strict=True):
        assert sorted(sweep.bits[: layout.block_bits]) == sorted(merged.bits[: layout.block_bits])
        assert sweep.bits[layout.block_bits :] == merged.bits[layout.block_bits :]
        assert merged.bits[: layout.chunk_bits] == tuple(range(layout.chunk_bits))
        assert merged.gates == sum(node.operations for node in sweep.nodes)
    actions = [action for sweep in after for action in sweep.actions]
    expected = matrix_of(nodes, layout.num_bits, coefficients, products)
    assert np.abs(matrix_of(actions, layout.num_bits, coefficients, products) - expected).max() < 1e-12


@LAYOUTS
@pytest.mark.parametrize("seed", range(3))
def test_the_unitary_is_the_same(layout, seed):
    assert_right(small_gates_circuit(7, 60, seed), layout, both)


@LAYOUTS
def test_the_unitary_is_the_same_where_little_of_the_last_stage_is_looked_at(layout, interpreter, monkeypatch):
    monkeypatch.setattr(reach, "WINDOW", 12)
    assert_right(small_gates_circuit(7, 60, 3), layout, interpreter)
    assert_right(layers(7, 3, 1), layout, interpreter)


@LAYOUTS
@pytest.mark.parametrize("seed", range(4))
def test_what_is_not_in_reach_is_zero(layout, seed):
    """After each action the state is zero wherever a bit is 1 that neither this sweep nor one before has reached."""
    circuit = layers(7, 1, seed) if seed == 3 else small_gates_circuit(7, 60, seed)
    nodes, products, coefficients = prepared(circuit, layout)
    state = np.eye(1 << 7, dtype=complex)[:, :1]
    index = np.arange(1 << 7)
    left_out = 0
    for sweep in merge_sweeps(schedule(nodes, layout), layout, from_zero_state=True):
        position = {q: p for p, q in enumerate(sweep.bits)}
        extent = layout.block_bits - sweep.unreached
        for action in sweep.actions:
            extent = max([extent, *(1 + position[q] for q in targets_of(action))])
            state = apply_node(action, state, coefficients, products)
            beyond = sum(1 << q for q in sweep.bits[extent : layout.block_bits])
            assert not np.abs(state[index & beyond != 0]).any()
            left_out += beyond != 0
    assert left_out or seed == 3


@pytest.mark.parametrize("num_qubits", [1, 2, 3, 8, 15, 17, 22])
@pytest.mark.parametrize("amplitude_bytes", [8, 16])
def test_layouts_of_states(num_qubits, amplitude_bytes):
    layout = Layout.of(num_qubits, amplitude_bytes, 32)
    circuits = [random_gate_circuit(num_qubits, 60, num_qubits)]
    circuits += [small_gates_circuit(num_qubits, 60, num_qubits), layers(num_qubits, 2, 1)] if num_qubits > 3 else []
    for circuit in circuits:
        held = set(range(layout.chunk_bits))
        nodes = [n for n in prepared(circuit, layout)[0] if len(held.union(n.targets)) <= layout.block_bits]
        merged = merge_sweeps(schedule(nodes, layout), layout, True, both)
        assert num_qubits < 15 or any(sweep.unreached for sweep in merged)


def test_all_qubits_of_a_mask():
    layout = Layout(num_bits=62, lane_bits=1, block_bits=30, chunk_bits=20, low_bits=8, amplitude_bytes=16)
    nodes = prepared(small_gates_circuit(62, 60, 1), layout)[0]
    merged = merge_sweeps(schedule(nodes, layout, both), layout, True, both)
    assert all(sorted(sweep.bits) == list(range(62)) for sweep in merged)
    assert merged[0].unreached > 0


def test_nothing():
    for from_zero_state in (True, False):
        assert merge_sweeps([], SMALL, from_zero_state, both) == []
        (sweep,) = merge_sweeps([Sweep(tuple(range(7)), ())], SMALL, from_zero_state, both)
        assert sweep.actions == ()


def test_what_needs_few_bits_comes_first():
    """Gates between the lowest bits run before a gate on a bit above, though that comes first in time."""
    circuit = Circuit(7).rxx(0.3, 0, 6)
    for _ in range(3):
        circuit.rxx(0.4, 1, 2).ryy(0.7, 1, 2)
    circuit.rxx(0.3, 4, 5)
    nodes, _ = nodes_of(circuit)
    (sweep,) = merge_sweeps(schedule(nodes, WHOLE), WHOLE, from_zero_state=True)
    assert sweep.unreached == 4
    assert [targets_of(action) for action in sweep.actions] == [(1, 2)] * 6 + [(4, 5), (0, 6)]


def test_bits_above_the_chunks_stand_in_the_order_of_their_first_use():
    nodes, _ = nodes_of(Circuit(7).rxx(0.3, 5, 4).rxx(0.2, 0, 1).rxx(0.4, 2, 4).rxx(0.1, 5, 2))
    (sweep,) = merge_sweeps(schedule(nodes, WIDE), WIDE, from_zero_state=True)
    assert sweep.bits[:2] == (0, 1)
    assert sweep.bits[2:5] == (4, 5, 2)


def test_bits_that_a_sweep_has_held_but_not_turned_are_still_out_of_reach():
    nodes, _ = nodes_of(Circuit(7).rxx(0.3, 0, 3).rxx(0.3, 5, 6).rxx(0.3, 3, 5).rxx(0.3, 2, 6))
    sweeps = merge_sweeps(schedule(nodes, SMALL), SMALL, from_zero_state=True)
    turned = set()
    for sweep in sweeps:
        reached = SMALL.block_bits - sweep.unreached
        assert turned & set(sweep.bits[: SMALL.block_bits]) <= set(sweep.bits[:reached])
        assert reached == max(3, len((turned | {0, 1}) & set(sweep.bits[: SMALL.block_bits])))
        turned.update(q for action in sweep.actions for q in targets_of(action))
    assert len(sweeps) > 1


def test_a_layer_stays_together_where_that_costs_less():
    """Four rotations are one pass however far they reach, so the last ones are not taken one by one."""
    layout = Layout(14, 3, 14, 14, 8, 16)
    nodes, _, _ = prepared(Circuit(14).ry(0.3, range(14)), layout)
    (sweep,) = merge_sweeps(schedule(nodes, layout), layout, from_zero_state=True)
    assert all(isinstance(action, Rotations) for action in sweep.actions)
    assert len(sweep.actions[0].qubits) == 8
    assert len(sweep.actions[-1].qubits) == 4


def test_planning_looks_ahead_no_further_than_it_must(interpreter, monkeypatch):
    """The last stage, in which most of a deep circuit is, is merged as a whole only once."""
    merged = []
    merge = _jit.interpreted(reach.merge_sweep)

    def counting(nodes, items, *others):
        merged.append(items.size)
        return merge(nodes, items, *others)

    monkeypatch.setattr(reach, "merge_sweep", counting)
    layout = Layout(12, 3, 12, 12, 8, 16)
    circuit = Circuit(12)
    for k in range(60):
        circuit.ry(0.1 + k, range(12))
        for q in range(11):
            circuit.cx(q, q + 1)
    nodes, _, _ = prepared(circuit, layout)
    (sweep,) = merge_sweeps(schedule(nodes, layout), layout, True, interpreter)
    assert len(nodes) > 1200
    assert sum(merged) < len(nodes) + 5 * reach.WINDOW
    assert sum(isinstance(action, Node) for action in sweep.actions) == 60 * 11
    assert merge_sweeps(schedule(nodes, layout), layout, True, compiled) == [sweep]


def test_what_always_can_run_is_no_reason():
    """Diagonal nodes on qubits without targets are worth the same wherever the next bit is."""
    layout = Layout(num_bits=12, lane_bits=1, block_bits=6, chunk_bits=2, low_bits=2, amplitude_bytes=16)
    without = Circuit(12).rxx(0.3, 0, 2).rxx(0.3, 1, 3).rxx(0.2, 2, 4).rxx(0.1, 3, 5).ccx(0, 2, 4)
    beside = without.copy().mcp(0.2, [6, 7], 8).mcp(0.4, [9, 10], 11)
    for circuit in (without, beside):
        for k in range(3):
            circuit.rxx(0.1 + k, 0, 1).rxx(0.2, k, k + 3)

    def orders(circuit):
        nodes = prepared(circuit, layout)[0]
        merged = merge_sweeps(schedule(nodes, layout, both), layout, True, both)
        return [[targets_of(action) for action in sweep.actions if targets_of(action)] for sweep in merged]

    assert orders(beside) == orders(without)


def test_other_plans_are_left_alone():
    """States that do not start from zero, and plans that are run backwards."""
    circuit = Circuit(12).ry(0.3, range(12)).rxx(0.2, 0, 11)
    layout = Layout(12, 3, 12, 12, 8, 16)
    assert rows_of(circuit, layout)[:, isa.UNREACHED].any()
    assert not rows_of(circuit, layout, fresh=False)[:, isa.UNREACHED].any()
    assert not rows_of(circuit, layout, forward_only=False)[:, isa.UNREACHED].any()
    nodes = prepared(circuit, layout)[0]
    (sweep,) = merge_sweeps(schedule(nodes, layout), layout, False, both)
    assert list(sweep.actions) == merge_sweep(nodes)


def test_controls_out_of_reach():
    """Where one must be 1 nothing happens; one that must be 0 is as good as none."""
    layout = Layout(12, 3, 12, 12, 8, 16)
    assert rows_of(Circuit(12).h(8).cx(11, 9), layout)[:, isa.OPCODE].tolist() == [isa.ROTATE]
    gate = Circuit(1).x(0).operations[0].gate
    (_, row) = rows_of(Circuit(12).ry(0.3, 8).append(gate.controlled(2, 0b01), [8, 11, 9]), layout)
    assert row[isa.OPCODE] == isa.EXCHANGE
    assert row[isa.TILE_MASK] == row[isa.TILE_VALUE] == 1 << 8 - 3
    assert row[isa.UNREACHED] == 2


@pytest.mark.parametrize(("target", "unreached"), [(7, 4), (9, 2)])
def test_moves_of_tiles_reach_as_far_as_their_highest_target(target, unreached):
    layout = Layout(12, 3, 12, 12, 8, 16)
    circuit = Circuit(12).cx(11, 5).cx(4, 6).cx(10, 7).cx(5, 4).cx(6, 5).cx(7, 3)
    if target > 7:
        circuit.append(Circuit(1).x(0).operations[0].gate.controlled(1, 0), [11, target])
    nodes, _ = nodes_of(circuit)
    sweep = MergedSweep(tuple(range(12)), tuple(nodes), len(nodes), unreached=4)
    (row,) = pack_sweeps([sweep], [], layout, call=both).operations
    assert row[isa.OPCODE] == isa.REORDER
    assert row[isa.UNREACHED] == unreached
