"""Sweeps from |0…0⟩ go in stages: what is not zero does not lie beyond the bits in reach, and the order still holds."""

import numpy as np
import pytest
from node_states import SMALL, apply_node, matrix_of, nodes_of, prepared, small_gates_circuit

from qtoolkit import Circuit
from qtoolkit.compiler import Layout, compile_circuit, plan_sweeps
from qtoolkit.compiler.nodes import Node
from qtoolkit.compiler.passes import reach
from qtoolkit.compiler.passes.merge import Rotations, merge_sweep, targets_of
from qtoolkit.compiler.passes.reach import merge_sweeps
from qtoolkit.compiler.passes.reorder import Reorder, join_exchanges
from qtoolkit.compiler.passes.schedule import schedule
from qtoolkit.compiler.sweep_plan import BlockOpcode, Column

WIDE = Layout(num_bits=7, lane_bits=1, block_bits=6, chunk_bits=2, low_bits=3, amplitude_bytes=16)
CHUNKY = Layout(num_bits=7, lane_bits=1, block_bits=6, chunk_bits=4, low_bits=2, amplitude_bytes=16)
WHOLE = Layout(num_bits=7, lane_bits=1, block_bits=7, chunk_bits=7, low_bits=3, amplitude_bytes=16)
LAYOUTS = pytest.mark.parametrize(
    "layout", [SMALL, WIDE, CHUNKY, WHOLE], ids=["small", "wide", "large chunks", "whole"]
)
SEEDS = pytest.mark.parametrize("seed", range(6))


def rows_of(circuit, layout, fresh=True, forward_only=True):
    """All rows of a plan."""
    (part,) = plan_sweeps(compile_circuit(circuit).unitary_program(), layout, fresh, forward_only)
    return part.operations


@LAYOUTS
@SEEDS
@pytest.mark.parametrize("window", [12, 256])
def test_the_unitary_is_the_same(layout, seed, window, monkeypatch):
    """Not only from |0…0⟩: nothing but the order changes."""
    monkeypatch.setattr(reach, "WINDOW", window)
    nodes, products, coefficients = prepared(small_gates_circuit(7, 60, seed), layout)
    before = schedule(nodes, layout)
    after = merge_sweeps(before, layout, from_zero_state=True)
    for sweep, merged in zip(before, after, strict=True):
        assert sorted(sweep.bits[: layout.block_bits]) == sorted(merged.bits[: layout.block_bits])
        assert sweep.bits[layout.block_bits :] == merged.bits[layout.block_bits :]
        assert merged.bits[: layout.chunk_bits] == tuple(range(layout.chunk_bits))
        assert merged.gates == sum(node.operations for node in sweep.nodes)
    actions = [action for sweep in after for action in sweep.actions]
    expected = matrix_of(nodes, 7, coefficients, products)
    assert np.abs(matrix_of(actions, 7, coefficients, products) - expected).max() < 1e-12


@LAYOUTS
@SEEDS
def test_what_is_not_in_reach_is_zero(layout, seed):
    """After each action the state is zero wherever a bit is 1 that neither this sweep nor one before has reached."""
    nodes, products, coefficients = prepared(small_gates_circuit(7, 60, seed), layout)
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
    assert left_out


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


def test_planning_looks_ahead_no_further_than_it_must(monkeypatch):
    """The last stage, in which most of a deep circuit is, is merged as a whole only once."""
    merged = []
    monkeypatch.setattr(reach, "merge_sweep", lambda nodes: merged.append(len(nodes)) or merge_sweep(nodes))
    layout = Layout(12, 3, 12, 12, 8, 16)
    circuit = Circuit(12)
    for k in range(200):
        circuit.ry(0.1 + k, range(12))
        for q in range(11):
            circuit.cx(q, q + 1)
    nodes, _, _ = prepared(circuit, layout)
    (sweep,) = merge_sweeps(schedule(nodes, layout), layout, from_zero_state=True)
    assert len(nodes) > 4000
    assert sum(merged) < len(nodes) + 5 * reach.WINDOW
    assert sum(isinstance(action, Node) for action in sweep.actions) == 200 * 11


def test_other_plans_are_left_alone():
    """States that do not start from zero, and plans that are run backwards."""
    circuit = Circuit(12).ry(0.3, range(12)).rxx(0.2, 0, 11)
    layout = Layout(12, 3, 12, 12, 8, 16)
    assert rows_of(circuit, layout)[:, Column.UNREACHED].any()
    assert not rows_of(circuit, layout, fresh=False)[:, Column.UNREACHED].any()
    assert not rows_of(circuit, layout, forward_only=False)[:, Column.UNREACHED].any()


def test_controls_out_of_reach():
    """Where one must be 1 nothing happens; one that must be 0 is as good as none."""
    layout = Layout(12, 3, 12, 12, 8, 16)
    assert rows_of(Circuit(12).h(8).cx(11, 9), layout)[:, Column.OPCODE].tolist() == [BlockOpcode.ROTATE]
    gate = Circuit(1).x(0).operations[0].gate
    (_, row) = rows_of(Circuit(12).ry(0.3, 8).append(gate.controlled(2, 0b01), [8, 11, 9]), layout)
    assert row[Column.OPCODE] == BlockOpcode.EXCHANGE
    assert row[Column.TILE_MASK] == row[Column.TILE_VALUE] == 1 << 8 - 3
    assert row[Column.UNREACHED] == 2


def test_moves_of_tiles_reach_as_far_as_their_highest_target():
    layout = Layout(12, 3, 12, 12, 8, 16)
    circuit = Circuit(12).cx(11, 5).cx(4, 6).cx(10, 7).cx(5, 4).cx(6, 5).cx(7, 3)
    for target in (7, 9):
        if target > 7:
            circuit.append(Circuit(1).x(0).operations[0].gate.controlled(1, 0), [11, target])
        nodes, _ = nodes_of(circuit)
        (move,) = join_exchanges(nodes, {q: q for q in range(12)}, layout)
        assert isinstance(move, Reorder)
        assert move.moved_bits == target - 3 + 1
