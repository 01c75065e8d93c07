"""Packing by the kernel and by the Python pass: the same arrays."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from node_states import small_gates_circuit
from planner_tables import tables_of
from random_circuits import random_gate_circuit
from scipy.stats import unitary_group

from qtoolkit import Circuit, Parameter
from qtoolkit.circuit import StandardGate
from qtoolkit.compiler import Layout, compile_circuit
from qtoolkit.compiler import pack as python_pack
from qtoolkit.compiler import planner_old as planner
from qtoolkit.compiler.nodes import Kind, Node
from qtoolkit.compiler.passes import transpose
from qtoolkit.compiler.passes.merge import Polynomial, Rotations, Strings
from qtoolkit.compiler.sweep_plan import BlockOpcode, Column, SweepPart, Write
from qtoolkit_kernels._jit import interpreted
from qtoolkit_kernels.planner import merge, pack, pack_room, split
from qtoolkit_kernels.planner import nodes as columns
from qtoolkit_kernels.planner import transpose as transpose_kernels

LAYOUTS = {
    "small": Layout(num_bits=7, lane_bits=1, block_bits=4, chunk_bits=2, low_bits=3, amplitude_bytes=16),
    "wide": Layout(num_bits=7, lane_bits=1, block_bits=6, chunk_bits=2, low_bits=3, amplitude_bytes=16),
    "large chunks": Layout(num_bits=7, lane_bits=2, block_bits=6, chunk_bits=4, low_bits=2, amplitude_bytes=16),
    "whole": Layout(num_bits=7, lane_bits=3, block_bits=7, chunk_bits=7, low_bits=3, amplitude_bytes=16),
    "narrow registers": Layout(num_bits=7, lane_bits=1, block_bits=7, chunk_bits=7, low_bits=1, amplitude_bytes=16),
    "double": Layout.of(7, 16, 32),
    "double, wide registers": Layout.of(7, 16, 64),
    "single": Layout.of(7, 8, 32),
    "single, wide registers": Layout.of(7, 8, 64),
}
BY_LAYOUT = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())


def arguments_of(sweeps, products, num_bits, rng):
    """What the kernel reads, nodes in any order; some phases of a polynomial are one node."""
    nodes = [Node(Kind.LOCAL, factors=list(product.factors)) for product in products]
    actions, action_start, members = [], [0], []

    def number_of(node):
        nodes.append(node)
        return len(nodes) - 1

    for sweep in sweeps:
        for action in sweep.actions:
            start = len(members)
            if isinstance(action, Rotations):
                kind = merge.ROTATIONS
                for qubit, product in zip(action.qubits, action.products, strict=True):
                    members.append(number_of(Node(Kind.ROTATION, (qubit,), operation=product)))
            elif isinstance(action, Polynomial):
                kind = merge.POLYNOMIAL
                terms = list(action.terms)
                while terms:
                    count = 1 + (rng.random() < 0.2)
                    qubits = {q for term in terms[:count] for q in term.qubits}
                    members.append(number_of(Node(Kind.PHASES, diagonal=tuple(qubits), factors=terms[:count])))
                    del terms[:count]
            elif isinstance(action, Strings):
                kind = merge.STRINGS
                members += [number_of(node) for node in action.nodes]
            else:
                kind = merge.NODE
                members.append(number_of(action))
            actions.append([kind, start, len(members)])
        action_start.append(len(actions))
    place = rng.permutation(len(nodes))
    ordered = [nodes[k] for k in np.argsort(place)]
    rows, *others = tables_of(ordered, tables=(5, 5, 5))
    first = [[rows[place[k], columns.FIRST], int(p.parts), int(p.is_gentle)] for k, p in enumerate(products)]
    return (
        rows,
        *others,
        np.array(actions, np.int64).reshape(-1, merge.ACTION_COLUMNS),
        np.array(action_start, np.int64),
        place[np.array(members, np.int64)].astype(np.int64),
        np.array([sweep.bits for sweep in sweeps], np.int64).reshape(-1, num_bits),
        np.array([sweep.unreached for sweep in sweeps], np.int64),
        np.array([sweep.gates for sweep in sweeps], np.int64),
        np.array(first, np.int64).reshape(-1, split.PRODUCT_COLUMNS),
    )


def options_of(layout, forward_only):
    return {
        "lane_bits": layout.lane_bits,
        "block_bits": layout.block_bits,
        "low_bits": layout.low_bits,
        "has_room_for_butterflies": layout.has_room_for_butterflies,
        "forward_only": forward_only,
    }


def assert_same(packed, part):
    for name in packed._fields:
        found, expected = getattr(packed, name), getattr(part, name)
        if name == "most_diagonals":
            assert found == expected
            continue
        assert found.dtype == expected.dtype, name
        assert found.flags.c_contiguous, name
        np.testing.assert_array_equal(found, expected, err_msg=name)
        assert found.shape == expected.shape, name


def compare(monkeypatch, circuit, layout, fresh, forward_only, calls, seed=0):
    """Plan a circuit and pack every part of it both ways; the opcodes and writes that came up."""
    rng = np.random.default_rng(seed)
    seen = set()

    def both(sweeps, products, layout, constants, forward_only=False):
        part = python_pack.pack_sweeps(sweeps, products, layout, constants, forward_only)
        arguments = arguments_of(sweeps, products, layout.num_bits, rng)
        for call in calls:
            packed = pack.pack(*arguments, **options_of(layout, forward_only), call=call)
            assert_same(packed, part)
        seen.update(BlockOpcode(int(code)).name for code in part.operations[:, Column.OPCODE])
        seen.update("write " + Write(int(code)).name for code in part.writes[:, 0])
        return part

    with monkeypatch.context() as patch:
        patch.setattr(planner, "pack_sweeps", both)
        patch.setattr(planner, "LEAST_QUBITS", 0)
        parts = planner._plan(compile_circuit(circuit).unitary_program(), layout, fresh, forward_only)
    assert any(isinstance(part, SweepPart) for part in parts)
    return seen


def COMPILED(kernel, *arguments):
    return kernel(*arguments)


def INTERPRETED(kernel, *arguments):
    return interpreted(kernel)(*arguments)


BOTH = (COMPILED, INTERPRETED)


def fourier(num_qubits, inverse=False):
    circuit = Circuit(num_qubits).h(range(num_qubits))
    for q in reversed(range(num_qubits)):
        circuit.h(q)
        for other in range(q):
            circuit.cp((-1 if inverse else 1) * np.pi / (1 << q - other), other, q)
    return circuit


def exchanges(num_qubits, num_gates, seed):
    rng = np.random.default_rng(seed)
    circuit = Circuit(num_qubits).ry(0.3, range(num_qubits))
    for _ in range(num_gates):
        a, b, c = (int(q) for q in rng.permutation(num_qubits)[:3])
        match int(rng.integers(8)):
            case 0:
                circuit.swap(a, b)
            case 1:
                circuit.append(StandardGate("x").controlled(1, 0), [a, b])
            case 2:
                circuit.ccx(a, b, c) if rng.random() < 0.3 else circuit.cx(b, c)
            case _:
                circuit.cx(a, b)
    # Swaps that nothing but a start in another state keeps.
    return circuit.ry(0.4, range(num_qubits))


def rotations(num_qubits, num_layers, seed):
    """Layers of rotations with few phases between, some with parameters and some gentle."""
    rng = np.random.default_rng(seed)
    circuit, angle = Circuit(num_qubits), Parameter("a")
    for layer in range(num_layers):
        for q in range(num_qubits):
            if rng.random() < 0.7:
                circuit.ry(angle if rng.random() < 0.2 else float(rng.uniform(-3, 3)), q)
        a, b = (int(q) for q in rng.permutation(num_qubits)[:2])
        circuit.cz(a, b) if layer % 2 else circuit.cp(0.3, a, b).rz(0.2, a)
        if rng.random() < 0.3:
            circuit.append(StandardGate("p", [0.4]).controlled(1, int(rng.integers(2))), [a, b])
    return circuit


def strings(num_qubits, count, seed):
    rng = np.random.default_rng(seed)
    circuit = Circuit(num_qubits).h(range(num_qubits))
    for _ in range(count):
        circuit.pauli_rotation("ZZZ" + "".join(rng.choice(list("IZ"), num_qubits - 3)), float(rng.uniform(-3, 3)))
    return circuit.ry(0.3, 2)


def matrices(num_qubits, count, seed):
    rng = np.random.default_rng(seed)
    circuit = Circuit(num_qubits)
    for _ in range(count):
        circuit.unitary(unitary_group.rvs(4, random_state=rng), [int(q) for q in rng.permutation(num_qubits)[:2]])
    return circuit


CIRCUITS = {
    "small gates": lambda seed: small_gates_circuit(7, 60, seed),
    "all gates": lambda seed: random_gate_circuit(7, 40, seed),
    "exchanges": lambda seed: exchanges(7, 50, seed),
    "rotations": lambda seed: rotations(7, 30, seed),
    "Fourier": lambda seed: fourier(7, inverse=bool(seed % 2)),
    "strings": lambda seed: strings(7, 10 + 10 * (seed % 3), seed),
    "matrices": lambda seed: matrices(7, 12, seed),
}
BY_CIRCUIT = pytest.mark.parametrize("make", CIRCUITS.values(), ids=CIRCUITS.keys())


@BY_LAYOUT
@BY_CIRCUIT
def test_it_makes_the_same_arrays(layout, make, monkeypatch):
    for seed in range(4):
        fresh, forward_only = bool(seed & 1), bool(seed & 2)
        compare(monkeypatch, make(seed), layout, fresh, forward_only, BOTH, seed)
        compare(monkeypatch, make(seed + 4), layout, fresh, True, BOTH, seed)


def test_every_opcode_and_write_came_up(monkeypatch):
    seen = set()
    for make in CIRCUITS.values():
        for seed in range(6):
            for name in ("small", "wide", "narrow registers", "whole"):
                seen |= compare(monkeypatch, make(seed), LAYOUTS[name], bool(seed & 1), True, (COMPILED,))
    assert {code.name for code in BlockOpcode} | {"write " + write.name for write in Write} <= seen


@pytest.mark.parametrize("amplitude_bytes", [8, 16])
@pytest.mark.parametrize("vector_bytes", [16, 32, 64])
@pytest.mark.parametrize("num_qubits", [12, 17])
def test_common_layouts(num_qubits, amplitude_bytes, vector_bytes, monkeypatch):
    layout = Layout.of(num_qubits, amplitude_bytes, vector_bytes)
    for seed, fresh in enumerate((False, True)):
        for circuit in (
            small_gates_circuit(num_qubits, 60, seed), fourier(num_qubits), matrices(num_qubits, 20, seed),
            exchanges(num_qubits, 40, seed),
        ):  # fmt: skip
            compare(monkeypatch, circuit, layout, fresh, bool(fresh), (COMPILED,), seed)


def test_large_sweeps_are_cut(monkeypatch):
    circuit = Circuit(7)
    for seed in range(60):
        circuit.extend(exchanges(7, 60, seed))
    cuts = []

    def counting(kernel, *arguments):
        result = kernel(*arguments)
        if kernel is pack.pack_sweeps:
            heap = arguments[-2]
            cuts.append(int(heap[pack_room.SWEEP_START]))
        return result

    for forward_only in (False, True):
        compare(monkeypatch, circuit, LAYOUTS["whole"], False, forward_only, (counting,))
    assert max(cuts) > pack.MOST_ROWS
    compare(monkeypatch, rotations(7, 400, 1), LAYOUTS["wide"], False, False, (COMPILED,))


@pytest.mark.parametrize("layout", [layout for layout in LAYOUTS.values() if layout.block_bits == 7])
def test_arrays_grow(layout, monkeypatch):
    """Permutations and tables need more rows and writes than there are nodes, swaps of lanes more rows."""
    rng = np.random.default_rng(3)
    heaps = set()

    def remembering(kernel, *arguments):
        if kernel is pack.pack_sweeps:
            heaps.add(arguments[-2].size)
        return kernel(*arguments)

    circuit = Circuit(7).h(range(7))
    for _ in range(6):
        circuit.permutation(rng.permutation(128), range(7)).diagonal(np.exp(1j * rng.uniform(-3, 3, 64)), range(6))
    compare(monkeypatch, circuit, layout, False, True, (COMPILED, INTERPRETED, remembering))
    assert len(heaps) == 2


def test_nothing_to_pack(monkeypatch):
    layout = LAYOUTS["whole"]
    compare(monkeypatch, Circuit(7), layout, True, True, BOTH)
    compare(monkeypatch, Circuit(7).x(0), layout, True, True, BOTH)


def test_terms_in_one_node_and_phases_alone(monkeypatch):
    """Phases alone of every form, with every value of their qubits."""
    for value in range(4):
        circuit = Circuit(7).h(range(7)).append(StandardGate("p", [0.4]).controlled(1, value & 1), [1, 5])
        circuit.h([1, 5]).diagonal([1, 1, 1, 1][:value] + [1j] + [1] * (3 - value), [6, 2]).h([2, 6])
        circuit.diagonal([1j, 1] if value & 1 else [1, 1j], [4]).h(4).rz(0.3, 3).h(3).mcp(0.4, [0, 1, 2], 6)
        for layout in LAYOUTS.values():
            for fresh in (False, True):
                compare(monkeypatch, circuit, layout, fresh, True, BOTH, value)


@pytest.mark.parametrize("kernel", [False, True], ids=["interpreted", "compiled"])
@pytest.mark.parametrize("size", range(11))
def test_transpositions(size, kernel):
    rng = np.random.default_rng(size)
    find = transpose_kernels.transpositions if kernel else interpreted(transpose_kernels.transpositions)
    rename = transpose_kernels.reordered if kernel else interpreted(transpose_kernels.reordered)
    tables = [rng.permutation(1 << size) for _ in range(6 if size < 9 or kernel else 1)]
    tables += [np.roll(np.arange(1 << size), shift) for shift in (0, 1, 3)]
    tables += [np.arange(1 << size) ^ int(rng.integers(1 << size))]
    for table in tables:
        steps = np.full((1 << size, transpose_kernels.STEP_COLUMNS), -1, np.int64)
        count = find(table.astype(np.int64), steps)
        assert [tuple(step) for step in steps[:count].tolist()] == transpose.transpositions(table.tolist())
        order, renamed = rng.permutation(size).astype(np.int64), np.empty(1 << size, np.int64)
        rename(table.astype(np.int64), order, renamed)
        assert renamed.tolist() == transpose.reordered(table.tolist(), order.tolist())


def test_all_arrays_are_those_of_a_part():
    names = {field.name for field in dataclasses.fields(SweepPart)}
    assert set(pack.Packed._fields) == names - {"layout", "constants"}
