"""Rows of sweeps do what their nodes do, in layouts of all shapes; the twins of the vector kernels run them."""

import dataclasses

import numpy as np
import pytest
from node_states import prepared, run_gates, small_gates_circuit
from planner_passes import both, compiled, merge_sweeps, pack_sweeps, schedule
from planner_tables import MergedSweep
from random_circuits import random_gate_circuit, transpiled_circuit
from scipy.stats import unitary_group

from qtoolkit import Circuit, Parameter
from qtoolkit.circuit import StandardGate
from qtoolkit.compiler import GatePart, Layout, SweepPart, compile_circuit, plan_sweeps, planner
from qtoolkit.simulators.bind import bind
from qtoolkit.simulators.numbers import numbers_of
from qtoolkit_kernels.planner import pack, pack_rare, pack_room
from qtoolkit_kernels.reference.vector.block import Rows, run_block
from qtoolkit_kernels.reference.vector.sweep import blocks_of
from qtoolkit_kernels.vector import isa, numbers

LAYOUTS = {
    "small": Layout(num_bits=7, lane_bits=1, block_bits=4, chunk_bits=2, low_bits=3, amplitude_bytes=16),
    "wide": Layout(num_bits=7, lane_bits=1, block_bits=6, chunk_bits=2, low_bits=3, amplitude_bytes=16),
    "large chunks": Layout(num_bits=7, lane_bits=2, block_bits=6, chunk_bits=4, low_bits=2, amplitude_bytes=16),
    "whole": Layout(num_bits=7, lane_bits=3, block_bits=7, chunk_bits=7, low_bits=3, amplitude_bytes=16),
    "narrow registers": Layout(num_bits=7, lane_bits=1, block_bits=7, chunk_bits=7, low_bits=1, amplitude_bytes=16),
    "double": Layout.of(7, 16, 32),
    "single, wide registers": Layout.of(7, 8, 64),
}
BY_LAYOUT = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())


@pytest.fixture(autouse=True)
def _small_circuits_like_large_ones(monkeypatch):
    monkeypatch.setattr(planner, "CARTAN_QUBITS", 0)


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
    "transpiled": lambda seed: transpiled_circuit(7, 120, seed, ["cx", "cz"][seed // 2 % 2]),
}
BY_CIRCUIT = pytest.mark.parametrize("make", CIRCUITS.values(), ids=CIRCUITS.keys())


def run_part(part, coefficients, state):
    """Sweeps by the twins of the vector kernels."""
    layout = part.layout
    filled = numbers_of(part, coefficients, np.float64)
    for sweep, bits in enumerate(part.bits):
        rows = filled.operations[part.operation_start[sweep] : part.operation_start[sweep + 1]]
        for outer, chosen in blocks_of(state.size, layout.block_bits, bits):
            amplitudes = state[chosen]
            program = Rows(1 << layout.lane_bits, filled, bits, outer)
            for row in rows:
                assert not amplitudes[amplitudes.size >> row[isa.UNREACHED] :].any()
                run_block(amplitudes, row[None], program)
            state[chosen] = amplitudes
    state *= filled.factor


def assert_right(circuit, layout, fresh, forward_only):
    """A plan, run by twins, gives the state of the gates; what came up in it."""
    program = compile_circuit(circuit).unitary_program()
    values = np.full(circuit.num_parameters, 0.7)
    rng = np.random.default_rng(1)
    state = rng.normal(size=1 << layout.num_bits) + 1j * rng.normal(size=1 << layout.num_bits)
    state = np.eye(1, state.size, dtype=complex)[0] if fresh else state / np.linalg.norm(state)
    expected = state.copy()
    run_gates(program, program.bind(values)[0], expected)
    coefficients, _ = bind(program, values)
    seen = set()
    for part in plan_sweeps(program, layout, fresh, forward_only):
        if isinstance(part, GatePart):
            run_gates(program, coefficients, state, part.operation, part.operation + 1)
            continue
        run_part(part, coefficients, state)
        seen.update(isa.INSTRUCTIONS[code].name for code in part.operations[:, isa.OPCODE])
        seen.update("write " + numbers.WRITES[code] for code in part.formulas.writes[:, 0])
    assert np.abs(state - expected).max() < 1e-12
    return seen


@BY_LAYOUT
@BY_CIRCUIT
def test_plans_give_the_state_of_the_gates(layout, make):
    """From |0…0⟩ and from any state, with and without what cannot be taken back."""
    for seed in range(4):
        assert_right(make(seed), layout, bool(seed & 1), bool(seed & 2))
    assert_right(make(4), layout, True, True)


def test_every_opcode_and_write_came_up():
    seen = set()
    for make in CIRCUITS.values():
        for seed in range(3):
            for name in ("small", "wide", "narrow registers", "whole"):
                seen |= assert_right(make(seed), LAYOUTS[name], bool(seed & 1), True)
    assert {known.name for known in isa.INSTRUCTIONS} | {"write " + name for name in numbers.WRITES} <= seen


@BY_LAYOUT
def test_terms_in_one_node_and_phases_alone(layout):
    """Phases alone of every form, with every value of their qubits."""
    for value in range(4):
        circuit = Circuit(7).h(range(7)).append(StandardGate("p", [0.4]).controlled(1, value & 1), [1, 5])
        circuit.h([1, 5]).diagonal([1, 1, 1, 1][:value] + [1j] + [1] * (3 - value), [6, 2]).h([2, 6])
        circuit.diagonal([1j, 1] if value & 1 else [1, 1j], [4]).h(4).rz(0.3, 3).h(3).mcp(0.4, [0, 1, 2], 6)
        assert_right(circuit, layout, bool(value & 2), bool(value & 1))


def packed(circuit, layout, fresh=False, forward_only=True, call=both):
    """Packing alone: the part, and what it was made of."""
    nodes, products, coefficients = prepared(circuit, layout)
    merged = merge_sweeps(schedule(nodes, layout), layout, fresh and forward_only)
    return pack_sweeps(merged, products, layout, forward_only, call), merged, coefficients


@BY_LAYOUT
@pytest.mark.parametrize("name", ["small gates", "exchanges", "Fourier", "matrices"])
def test_compiled_and_interpreted_rows_are_the_same(layout, name):
    for seed in range(2):
        part, merged, _ = packed(CIRCUITS[name](seed), layout, bool(seed), not seed)
        assert part.gates.tolist() == [sweep.gates for sweep in merged]
        assert part.bits.tolist() == [list(sweep.bits) for sweep in merged]
        fields = (getattr(part, field.name) for field in dataclasses.fields(SweepPart))
        for array in (*fields, *part.formulas):
            assert not isinstance(array, np.ndarray) or array.flags.c_contiguous


def test_large_sweeps_are_cut():
    circuit = Circuit(7)
    for seed in range(60):
        circuit.extend(exchanges(7, 60, seed))
    for forward_only in (False, True):
        part, _, _ = packed(circuit, LAYOUTS["whole"], False, forward_only, compiled)
        rows = np.diff(part.operation_start)
        assert len(rows) > 1
        assert all(pack.MOST_ROWS <= count < pack.MOST_ROWS + 16 for count in rows[:-1])
        assert part.gates[:-1].tolist() == [0] * (len(rows) - 1)


@pytest.mark.parametrize("layout", [layout for layout in LAYOUTS.values() if layout.block_bits == 7])
def test_arrays_grow(layout):
    """Permutations and tables need more rows and writes than there are nodes, swaps of lanes more rows."""
    rng = np.random.default_rng(3)
    heaps, rare = set(), []

    def remembering(kernel, *arguments):
        if kernel is pack.pack_sweeps:
            heaps.add(arguments[-2].size)
        elif kernel is pack_rare.add_rare_nodes:
            rare.append(kernel)
        return both(kernel, *arguments)

    circuit = Circuit(7).h(range(7))
    for _ in range(6):
        circuit.permutation(rng.permutation(128), range(7)).diagonal(np.exp(1j * rng.uniform(-3, 3, 64)), range(6))
    packed(circuit, layout, call=remembering)
    assert len(heaps) == 2
    assert rare
    assert_right(circuit, layout, False, True)


def test_nothing_to_pack():
    layout = LAYOUTS["whole"]
    assert packed(Circuit(7), layout)[0].num_sweeps == 0
    for fresh in (False, True):
        assert_right(Circuit(7), layout, fresh, True)
        assert_right(Circuit(7).x(0), layout, fresh, True)
    empty = MergedSweep(tuple(range(7)), (), 0)
    assert pack_sweeps([empty], [], layout, call=both).num_sweeps == 1


@pytest.mark.parametrize("short", [None, pack_room.TERMS, pack_room.GATES])
def test_tables_are_moved_together(short):
    """Unless there was no room for a row, which is counted all the same."""
    rng = np.random.default_rng(4)
    rooms, counts = np.empty(pack_room.NUM_TABLES, np.int64), np.empty(pack_room.NUM_TABLES, np.int64)
    size = both(pack_room.choose_rooms, 3, 5, 20, 30, 40, 10, 2048, rooms)
    assert rooms.min() > 0
    heap = np.full(size, -1)
    both(pack_room.begin_tables, heap, rooms, 5, 2, 4, 3, True, False, 64)
    given = []
    for table, width in enumerate((5, *pack_room.WIDTHS[1:])):
        count = int(rooms[table]) + 1 if table == short else int(rng.integers(rooms[table] + 1))
        rows = rng.integers(1, 100, (count, width))
        for row in rows:
            place = both(pack_room.new_row, heap, table)
            heap[place : place + width] = row
        given.append(rows.ravel())
    heap[pack_room.NUM_REGISTERS], heap[pack_room.MOST_DIAGONALS] = 64, 7
    end, has_room, num_registers, most_diagonals = both(pack_room.close_tables, heap, counts)
    assert counts.tolist() == [
        len(rows) // width for rows, width in zip(given, (5, *pack_room.WIDTHS[1:]), strict=True)
    ]
    assert end == pack_room.HEADER + sum(map(len, given))
    assert has_room == (short is None)
    assert (num_registers, most_diagonals) == (64, 7)
    if has_room:
        np.testing.assert_array_equal(heap[pack_room.HEADER : end], np.concatenate(given))
    heap[pack_room.NUM_REGISTERS] = 65
    assert not both(pack_room.close_tables, heap, counts)[1]
