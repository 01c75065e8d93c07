"""Scheduling: nodes keep their order where it matters and fit into blocks, and the search leaves out sweeps."""

import numpy as np
import pytest
from node_states import SMALL, assert_order_is_kept, matrix_of, nodes_of, prepared, small_gates_circuit
from planner_passes import both, distribute, greedy_blocks, schedule, searched_blocks
from planner_tables import Kind
from random_circuits import random_gate_circuit
from scipy.stats import unitary_group

from qtoolkit import Circuit
from qtoolkit.compiler import Layout, compile_circuit, plan_sweeps, planner
from qtoolkit_kernels.planner import schedule as kernels

WIDE = Layout(num_bits=9, lane_bits=1, block_bits=6, chunk_bits=3, low_bits=3, amplitude_bytes=16)
BARE = Layout(num_bits=8, lane_bits=1, block_bits=4, chunk_bits=0, low_bits=3, amplitude_bytes=16)
LONG = Layout(num_bits=12, lane_bits=1, block_bits=7, chunk_bits=2, low_bits=3, amplitude_bytes=16)
ALMOST = Layout(num_bits=7, lane_bits=1, block_bits=6, chunk_bits=2, low_bits=3, amplitude_bytes=16)
WHOLE = Layout(num_bits=7, lane_bits=1, block_bits=7, chunk_bits=7, low_bits=3, amplitude_bytes=16)
PARTS = {"small": SMALL, "wide": WIDE, "no chunks": BARE, "long": LONG, "almost whole": ALMOST}
LAYOUTS = pytest.mark.parametrize("layout", PARTS.values(), ids=PARTS.keys())


def assert_runs_in_order(nodes, sweeps, layout):
    for sweep in sweeps:
        inside = sweep.bits[: layout.block_bits]
        assert sorted(sweep.bits) == list(range(layout.num_bits))
        assert inside[: layout.chunk_bits] == tuple(range(layout.chunk_bits))
        assert list(inside) == sorted(inside)
        assert sweep.nodes
        assert all(set(inside).issuperset(node.targets) for node in sweep.nodes)
    assert_order_is_kept(nodes, [node for sweep in sweeps for node in sweep.nodes])


def fitting(nodes, layout):
    """Nodes that a block holds."""
    held = set(range(layout.chunk_bits))
    return [node for node in nodes if len(held.union(node.targets)) <= layout.block_bits]


@LAYOUTS
@pytest.mark.parametrize("seed", range(3))
def test_sweeps_hold_their_targets_and_keep_the_order(seed, layout):
    circuit = (random_gate_circuit if seed == 2 else small_gates_circuit)(layout.num_bits, [40, 80, 60][seed], seed)
    nodes = fitting(prepared(circuit, layout)[0], layout)
    sweeps = schedule(nodes, layout, both)
    assert 1 < len(sweeps) < len(nodes)
    assert_runs_in_order(nodes, sweeps, layout)


@pytest.mark.parametrize("seed", range(3))
def test_the_unitary_is_the_same(seed):
    nodes, products, coefficients = prepared(small_gates_circuit(7, 80, seed))
    run = [node for sweep in schedule(nodes, SMALL) for node in sweep.nodes]
    expected = matrix_of(nodes, 7, coefficients, products)
    assert np.abs(matrix_of(run, 7, coefficients, products) - expected).max() < 1e-12


@LAYOUTS
@pytest.mark.parametrize("seed", range(2))
def test_searched_blocks_run_everything_in_order(seed, layout):
    nodes, _, _ = prepared(small_gates_circuit(layout.num_bits, 60, seed), layout)
    greedy = greedy_blocks(nodes, layout)
    for most in (len(greedy) - 1, len(greedy) + 3):
        if most < 2:
            continue
        blocks = searched_blocks(nodes, layout, most, both)
        assert len(blocks) <= most
        assert blocks or most < len(greedy)
        if blocks:
            sweeps = distribute(nodes, layout, blocks)
            # Blocks that may be left out are not.
            assert_runs_in_order(nodes, [sweep for sweep in sweeps if sweep.nodes], layout)


def test_more_nodes_than_are_looked_at():
    rng = np.random.default_rng(8)
    circuit = Circuit(12)
    for _ in range(3 * kernels.WINDOW):
        # Far apart seldom, so that windows hold what many different blocks can run.
        a = int(rng.integers(12))
        circuit.ry(0.3, a)
        if rng.random() < 0.2:
            circuit.cx(a, (a + 1) % 12)
    nodes = prepared(circuit, LONG)[0]
    assert len(nodes) > kernels.WINDOW + 100
    assert_runs_in_order(nodes, schedule(nodes, LONG, both), LONG)


def test_the_search_leaves_out_sweeps(monkeypatch):
    """Never more than without it, and on some circuits less."""
    found = {}
    for search_qubits in (0, 99):
        monkeypatch.setattr(planner, "SEARCH_QUBITS", search_qubits)
        monkeypatch.setattr(planner, "SEARCH_SWEEPS", range(3, 100))
        circuits = [small_gates_circuit(7, 60, seed) for seed in range(12)]
        found[search_qubits] = np.array([len(schedule(prepared(circuit)[0], SMALL)) for circuit in circuits])
    assert np.all(found[0] <= found[99])
    assert found[0].sum() < found[99].sum()


def layers(num_qubits, depth, seed):
    """Layers of two-qubit gates, each on all qubits in some order."""
    rng = np.random.default_rng(seed)
    circuit = Circuit(num_qubits)
    for _ in range(depth):
        order = rng.permutation(num_qubits).tolist()
        for a, b in zip(order[::2], order[1::2], strict=True):
            circuit.unitary(unitary_group.rvs(4, random_state=rng), [a, b])
    return circuit


def test_the_search_pays_where_it_is_tried():
    """At 20 qubits it leaves out a sweep of some circuits of random pairs."""
    layout = Layout.of(20, 16, 64)
    found = 0
    for seed in range(12):
        nodes, _, _ = prepared(layers(20, 5 + seed % 6, seed), layout)
        most = len(greedy_blocks(nodes, layout)) - 1
        found += len(searched_blocks(nodes, layout, most)) > 0
    assert found > 2


def test_the_search_chooses_alike_every_time():
    circuit, layout = layers(20, 20, 5), Layout.of(20, 8, 64)
    plans = [plan_sweeps(compile_circuit(circuit).unitary_program(), layout, True)[0] for _ in range(2)]
    assert np.array_equal(plans[0].bits, plans[1].bits)
    assert np.array_equal(plans[0].operations, plans[1].operations)


def test_scheduling_nothing_and_small_states():
    assert schedule([], SMALL, both) == []
    assert schedule([], WHOLE, both) == []
    nodes, _, _ = prepared(small_gates_circuit(7, 80, seed=1), WHOLE)
    (sweep,) = schedule(nodes, WHOLE, both)
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


def test_phases_at_the_end_wait_for_the_last_sweep():
    circuit = Circuit(7).h(range(7)).rz(0.1, 6).cz(0, 6)
    for q in range(6, 0, -1):
        circuit.rx(0.3, q).rz(0.2 + q, q)
    circuit.cp(0.3, 2, 5).rzz(0.4, 0, 6)
    nodes, _ = nodes_of(circuit)
    sweeps = schedule(nodes, SMALL, both)
    assert len(sweeps) > 1
    waiting = [node for node in nodes if node.kind is Kind.PHASES][2:]
    assert [node for node in sweeps[-1].nodes if node.kind is Kind.PHASES][-len(waiting) :] == waiting
    assert not any(node in waiting for sweep in sweeps[:-1] for node in sweep.nodes)
    assert sorted(map(id, nodes)) == sorted(id(node) for sweep in sweeps for node in sweep.nodes)
    alone, _ = nodes_of(Circuit(7).rz(0.2, 3).cp(0.4, 0, 6))
    (sweep,) = schedule(alone, SMALL, both)
    assert list(sweep.nodes) == alone
