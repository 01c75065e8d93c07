"""Sweeps from |0…0⟩ go in stages: nothing that is not zero lies beyond the bits in reach, and the order still holds."""

import numpy as np
import pytest
from node_states import apply_node, matrix_of, nodes_of, small_gates_circuit
from test_passes_schedule import SMALL, assert_order_is_kept, prepared

from qtoolkit import Circuit
from qtoolkit.compiler import Layout, compile_circuit, plan_sweeps
from qtoolkit.compiler.passes.merge import merge_sweep
from qtoolkit.compiler.passes.reach import order_by_reach, targets_of
from qtoolkit.compiler.passes.schedule import schedule
from qtoolkit.compiler.sweep_plan import BlockOpcode, Column

WHOLE = Layout(num_bits=7, lane_bits=1, block_bits=7, chunk_bits=7, low_bits=3, amplitude_bytes=16)
WIDE = Layout(num_bits=7, lane_bits=1, block_bits=6, chunk_bits=2, low_bits=3, amplitude_bytes=16)
LAYOUTS = pytest.mark.parametrize("layout", [SMALL, WIDE, WHOLE], ids=["small", "wide", "whole"])
SEEDS = pytest.mark.parametrize("seed", range(6))


def rows_of(circuit, layout, fresh=True, forward_only=True):
    """The rows of every sweep."""
    program = compile_circuit(circuit).unitary_program()
    (part,) = plan_sweeps(program, layout, fresh, forward_only)
    return np.split(part.operations, part.operation_start[1:-1])


@LAYOUTS
@SEEDS
def test_the_order_is_kept(layout, seed):
    nodes, products, coefficients = prepared(small_gates_circuit(7, 60, seed), layout)
    before = schedule(nodes, layout)
    after = order_by_reach(before, layout)
    for first, second in zip(before, after, strict=True):
        assert_order_is_kept(first.nodes, second.nodes)
        assert sorted(first.bits[: layout.block_bits]) == sorted(second.bits[: layout.block_bits])
        assert first.bits[layout.block_bits :] == second.bits[layout.block_bits :]
        assert second.bits[: layout.chunk_bits] == tuple(range(layout.chunk_bits))
        assert all(second.stages)
    run = [node for sweep in after for node in sweep.nodes]
    expected = matrix_of(nodes, 7, coefficients, products)
    assert np.abs(matrix_of(run, 7, coefficients, products) - expected).max() < 1e-12


@LAYOUTS
@SEEDS
def test_what_is_not_in_reach_is_zero(layout, seed):
    """After each action the state is zero wherever a bit is 1 that neither this sweep nor one before has reached."""
    nodes, products, coefficients = prepared(small_gates_circuit(7, 60, seed), layout)
    state = np.eye(1 << 7, dtype=complex)[:, :1]
    index = np.arange(1 << 7)
    left_out = 0
    for sweep in order_by_reach(schedule(nodes, layout), layout):
        position = {q: p for p, q in enumerate(sweep.bits)}
        extent = layout.block_bits - sweep.unreached
        for action in [action for stage in sweep.stages for action in merge_sweep(stage)]:
            extent = max([extent, *(1 + position[q] for q in targets_of(action))])
            state = apply_node(action, state, coefficients, products)
            beyond = sum(1 << q for q in sweep.bits[extent : layout.block_bits])
            assert not np.abs(state[index & beyond != 0]).any()
            left_out += beyond != 0
    assert left_out


@LAYOUTS
@SEEDS
def test_rows_cover_their_targets(layout, seed):
    for rows in rows_of(small_gates_circuit(7, 60, seed), layout):
        unreached = rows[:, Column.UNREACHED]
        strings = rows[:, Column.OPCODE] == BlockOpcode.STRINGS
        assert (np.diff(unreached[~strings]) <= 0).all()
        assert (layout.block_bits - unreached >= layout.low_bits).all()
        for row in rows:
            extent = layout.block_bits - row[Column.UNREACHED]
            assert row[Column.X_TILE] >> extent - layout.lane_bits == 0 or row[Column.OPCODE] in (
                BlockOpcode.REORDER,
                BlockOpcode.BUTTERFLIES,
                BlockOpcode.TABLE,
            )
            assert (row[Column.POSITIONS : Column.POSITIONS + 4] < extent).all() or strings.any()


def test_what_needs_few_bits_comes_first():
    """Gates between the lowest bits run before a gate on a bit above, though that comes first in time."""
    circuit = Circuit(7).rxx(0.3, 0, 6)
    for _ in range(3):
        circuit.rxx(0.4, 1, 2).ryy(0.7, 1, 2)
    circuit.rxx(0.3, 4, 5)
    nodes, _ = nodes_of(circuit)
    (sweep,) = order_by_reach(schedule(nodes, WHOLE), WHOLE)
    assert sweep.unreached == 4
    assert [node.targets for node in sweep.nodes] == [(1, 2)] * 6 + [(4, 5), (0, 6)]
    assert [len(stage) for stage in sweep.stages] == [6, 1, 1]


def test_bits_above_the_chunks_stand_in_the_order_of_their_first_use():
    nodes, _ = nodes_of(Circuit(7).rxx(0.3, 5, 4).rxx(0.2, 0, 1).rxx(0.4, 2, 4).rxx(0.1, 5, 2))
    (sweep,) = order_by_reach(schedule(nodes, WIDE), WIDE)
    assert sweep.bits[:2] == (0, 1)
    assert sweep.bits[2:5] == (4, 5, 2)


def test_a_layer_stays_together_where_that_costs_less():
    """Four rotations are one pass however far they reach, so the last ones are not taken one by one."""
    nodes, _, _ = prepared(Circuit(14).ry(0.3, range(14)), layout := Layout(14, 3, 14, 14, 8, 16))
    (sweep,) = order_by_reach(schedule(nodes, layout), layout)
    assert len(sweep.stages[0]) == 8
    assert len(sweep.stages[-1]) == 4


def test_other_plans_are_left_alone():
    """States that do not start from zero, and plans that are run backwards."""
    circuit = Circuit(12).ry(0.3, range(12)).rxx(0.2, 0, 11)
    layout = Layout(12, 3, 12, 12, 8, 16)
    assert any(rows[:, Column.UNREACHED].any() for rows in rows_of(circuit, layout))
    for fresh, forward_only in ((False, True), (True, False)):
        assert not any(rows[:, Column.UNREACHED].any() for rows in rows_of(circuit, layout, fresh, forward_only))


def test_sweeps_whose_bits_are_all_in_reach_are_left_alone():
    nodes, _, _ = prepared(small_gates_circuit(7, 200, seed=3))
    before = schedule(nodes, SMALL)
    after = order_by_reach(before, SMALL)
    reached = 0b11
    for first, second in zip(before, after, strict=True):
        inside = sum(1 << q for q in first.bits[: SMALL.block_bits])
        if not inside & ~reached:
            assert second == first
        reached |= inside
    assert after[-1] == before[-1]
