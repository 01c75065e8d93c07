"""Planned sweeps equal the plain NumPy twins of the gates, for every vector width, precision, and number of threads.

Blocks are made so small that states of 9 to 11 qubits need several sweeps of several blocks.
"""

import numpy as np
import pytest
from node_states import run_gates, small_gates_circuit
from random_circuits import random_gate_circuit, transpiled_circuit
from scipy.stats import unitary_group
from small_blocks import SmallBlocks
from vector_widths import WIDTHS

from qtoolkit import Circuit, Parameter
from qtoolkit.circuit import PauliRotationGate, StandardGate
from qtoolkit.compiler import Layout, SweepPart, compile_circuit, plan_sweeps, planner
from qtoolkit.compiler.sweeps import SWEEPS
from qtoolkit.simulators.engine import Engine
from qtoolkit.simulators.memory import set_to_zero_state
from qtoolkit_kernels.vector import isa

PRECISIONS = pytest.mark.parametrize("precision", ["double", "single"])
STARTS = pytest.mark.parametrize("fresh", [True, False], ids=["zero", "given"])
TOLERANCE = {"double": 1e-13, "single": 4e-6}


@pytest.fixture(autouse=True)
def _small_circuits_like_large_ones(monkeypatch):
    monkeypatch.setattr(planner, "CARTAN_QUBITS", 0)


def start_state(num_qubits, fresh, seed=0):
    rng = np.random.default_rng(seed)
    state = rng.normal(size=1 << num_qubits) + 1j * rng.normal(size=1 << num_qubits)
    if fresh:
        state[:] = 0
        state[0] = 1
    return state / np.linalg.norm(state)


def reference(circuit, start, values=()):
    """The state by the gates' twins, in double precision."""
    program = compile_circuit(circuit).unitary_program()
    coefficients, angles = program.bind(np.asarray(values, float))
    state = start.astype(np.complex128)
    run_gates(program, coefficients, state)
    return state * np.exp(1j * angles[program.phase_slot])


def run(engine, circuit, start, fresh, values=()):
    """The state by sweeps; where the start is |0…0⟩, what the memory held must not matter."""
    state = engine.empty_state(circuit.num_qubits)
    state[:] = 7 if fresh else start
    engine.run(compile_circuit(circuit).unitary_program(), np.asarray(values, float), state, fresh)
    return state


def rotations(num_qubits, layers):
    """Hundreds of RY near π/2: what they leave out, if never made up for, is too much for single precision."""
    rng = np.random.default_rng(2)
    circuit = Circuit(num_qubits)
    for _ in range(layers):
        for q in range(num_qubits):
            circuit.ry(float(rng.normal(np.pi / 2, 0.1)), q)
        for q in range(0, num_qubits - 2, 2):
            circuit.cx(q, q + 1).cz(q + 1, q + 2)
    return circuit


def strings(num_qubits):
    """Pauli rotations of all weights, with and without controls on either value."""
    rng = np.random.default_rng(3)
    circuit = Circuit(num_qubits).h(range(num_qubits))
    for letters in ("XYZ", "X", "Y", "Z", "IXYZ", "IIIXYZ", "XZ", "YZ"):
        for _ in range(3):
            circuit.pauli_rotation("".join(rng.choice(list(letters), num_qubits)), float(rng.uniform(-3, 3)))
    for num_controls in (1, 2, num_qubits - 2):
        for _ in range(4):
            label = "".join(rng.choice(list("XYZ"), num_qubits - num_controls))
            gate = PauliRotationGate(label, float(rng.uniform(-3, 3)))
            gate = gate.controlled(num_controls, int(rng.integers(1 << num_controls)))
            circuit.append(gate, [int(q) for q in rng.permutation(num_qubits)])
    return circuit


def controlled(num_qubits):
    """Gates with many controls, on ones and on zeros, at all places."""
    rng = np.random.default_rng(4)
    circuit = Circuit(num_qubits).h(range(num_qubits))
    for num_controls in (1, 2, 3, num_qubits - 1):
        for name, params in (("x", ()), ("p", (0.7,)), ("rz", (0.4,)), ("ry", (0.9,)), ("z", ())):
            for _ in range(2):
                gate = StandardGate(name, params).controlled(num_controls, int(rng.integers(1 << num_controls)))
                circuit.append(gate, [int(q) for q in rng.permutation(num_qubits)[: num_controls + 1]])
        circuit.ry(0.3, range(num_qubits))
    return circuit


def swaps(num_qubits):
    """A long network of swaps with gates between."""
    rng = np.random.default_rng(5)
    circuit = Circuit(num_qubits)
    for k in range(6 * num_qubits):
        first, second = (int(q) for q in rng.permutation(num_qubits)[:2])
        circuit.swap(first, second).ry(0.1 * k, first)
        if k % 3 == 0:
            circuit.rxx(0.2, first, second).cp(0.3, first, second)
    return circuit


def phases(num_qubits):
    """Layers of phases: quadratic, linear, controlled by one qubit, one alone, inside blocks and across them."""
    circuit = Circuit(num_qubits).h(range(num_qubits))
    for control in range(num_qubits):
        for q in range(control):
            circuit.cp(0.1 + 0.2 * q, control, q)
        circuit.h(control)
        circuit.p(0.3, control).ry(0.2, range(num_qubits))
    for q in range(num_qubits):
        circuit.rz(0.2 * q, q).rzz(0.3, q, (q + 3) % num_qubits)
    circuit.ry(0.7, range(num_qubits))
    for q in range(num_qubits - 1):
        circuit.cp(0.4, q, q + 1).ry(0.1, q).diagonal(np.exp(1j * np.arange(4)), [q + 1, q]).rx(0.3, q + 1)
    return circuit


def dense(num_qubits):
    """A 4x4 matrix on every pair of qubits, in both orders."""
    circuit = Circuit(num_qubits)
    for first in range(num_qubits):
        for second in range(num_qubits):
            if first != second:
                circuit.fsim(0.3, 0.4, first, second).crx(0.5, first, second)
    return circuit


def strings_of_z(num_qubits):
    """So many rotations by strings of Z that they run together, and a few."""
    rng = np.random.default_rng(6)
    circuit = Circuit(num_qubits).h(range(num_qubits))
    for count in (40, 5, 200):
        for _ in range(count):
            circuit.pauli_rotation("".join(rng.choice(list("IZ"), num_qubits)), float(rng.uniform(-9, 9)))
        circuit.ry(0.4, range(num_qubits))
    return circuit


def transforms(num_qubits):
    """Fourier transforms, inverse ones, and what looks like them, with angles of all sizes."""
    rng = np.random.default_rng(7)
    circuit = Circuit(num_qubits)
    for k, inverse in enumerate((False, True, False)):
        circuit.ry(rng.uniform(0, 3), range(num_qubits)).rz(0.4, range(num_qubits))
        part = Circuit(num_qubits)
        order = rng.permutation(num_qubits).tolist() if k == 2 else list(range(num_qubits))
        for place, target in enumerate(order):
            if k == 2:
                part.ry(rng.uniform(-0.7, 0.7), target).p(rng.uniform(-3, 3), target)
            else:
                part.h(target)
            for control in order[place + 1 :]:
                part.cp(rng.uniform(-3, 3), control, target)
        circuit.extend(part.inverse() if inverse else part)
    return circuit


def networks(num_qubits):
    """Controlled X on both values, and swaps, in long rows."""
    rng = np.random.default_rng(8)
    circuit = Circuit(num_qubits).ry(0.3, range(num_qubits)).rz(0.2, range(num_qubits))
    for _ in range(4):
        for k in range(5 * num_qubits):
            least = num_qubits // 2 if k % 20 else 0
            first, second = (int(q) for q in least + rng.permutation(num_qubits - least)[:2])
            if rng.random() < 0.8:
                circuit.append(StandardGate("x").controlled(1, int(rng.integers(2))), [first, second])
            else:
                circuit.swap(first, second)
        circuit.rx(0.5, range(num_qubits))
    return circuit


def chains(num_qubits):
    """Two-qubit matrices one after the other on all pairs, now and then another gate between or a special matrix."""
    rng = np.random.default_rng(9)
    angle = Parameter("angle")
    circuit = Circuit(num_qubits)
    special = [StandardGate(name).matrix() for name in ("cx", "cz", "swap", "iswap")] + [np.eye(4)]
    for k in range(8 * num_qubits):
        first, second, third = (int(q) for q in rng.permutation(num_qubits)[:3])
        matrix = special[k // 9 % 5] if k % 9 == 8 else unitary_group.rvs(4, random_state=rng)
        circuit.unitary(matrix, [first, second])
        if k % 10 == 7:
            circuit.cx(first, third).rz(0.3, second)
        if k % 10 == 9:
            circuit.cry(angle, first, third).rx(0.2, second)
    return circuit.bind([0.7])


def transpiled(num_qubits):
    """Gates of two devices, runs of them on one pair of qubits, and matrices written as three CX in a chain."""
    rng = np.random.default_rng(10)
    circuit = transpiled_circuit(num_qubits, 30 * num_qubits, 1, "cx")
    for k in range(3 * num_qubits):
        pair = [int(q) for q in rng.permutation(num_qubits)[:2]]
        for direction in (1, -1, 1):
            for q in pair:
                circuit.rz(float(rng.uniform(-3, 3)), q).sx(q).rz(float(rng.uniform(-3, 3)), q)
            circuit.cx(*pair[::direction])
        if k % 4 == 3:
            circuit.rz(0.3, pair[0]).cx(*pair).rz(0.4, pair[1]).cx(*pair).rz(-0.3, pair[0])
    return circuit.extend(transpiled_circuit(num_qubits, 30 * num_qubits, 2, "cz"))


def few_qubits(num_qubits):
    """Most amplitudes stay zero, one sweep after the other spreads the rest, and some qubits are never touched."""
    circuit = Circuit(num_qubits)
    for q in range(0, num_qubits - 1, 2):
        circuit.ry(0.3 + q, q).cx(q, (q + 2) % (num_qubits - 1)).cp(0.3, q, num_qubits - 1)
    return circuit.ry(0.2, 0).ry(0.3, num_qubits // 2)


SPECIAL = {
    make.__name__: make
    for make in (
        strings, controlled, swaps, phases, dense, strings_of_z, transforms, networks, chains, transpiled, few_qubits,
    )
}  # fmt: skip


@WIDTHS
@PRECISIONS
@STARTS
class TestAgainstTwins:
    def check(self, circuit, precision, vector_bytes, fresh, free_bits=2):
        start = start_state(circuit.num_qubits, fresh)
        found = run(SmallBlocks(precision, vector_bytes, free_bits=free_bits), circuit, start, fresh)
        assert np.abs(found - reference(circuit, start)).max() < TOLERANCE[precision]

    def test_all_gates(self, precision, vector_bytes, fresh):
        for seed, num_qubits in enumerate((1, 2, 5, 9, 10)):
            self.check(random_gate_circuit(num_qubits, 80, seed), precision, vector_bytes, fresh)

    def test_all_kinds_of_nodes(self, precision, vector_bytes, fresh):
        for seed in range(4):
            self.check(small_gates_circuit(9, 150, seed), precision, vector_bytes, fresh, free_bits=2 + seed % 2)

    @pytest.mark.parametrize("kind", SPECIAL)
    def test_special_circuits(self, kind, precision, vector_bytes, fresh):
        self.check(SPECIAL[kind](9), precision, vector_bytes, fresh)
        self.check(SPECIAL[kind](10), precision, vector_bytes, fresh, free_bits=4)
        self.check(SPECIAL[kind](4), precision, vector_bytes, fresh)

    def test_hundreds_of_rotations(self, precision, vector_bytes, fresh):
        circuit = rotations(9, layers=80)
        self.check(circuit, precision, vector_bytes, fresh)
        state = run(SmallBlocks(precision, vector_bytes), circuit, start_state(9, fresh), fresh)
        assert abs(np.linalg.norm(state.astype(np.complex128)) - 1) < {"double": 1e-13, "single": 1e-5}[precision]

    def test_blocks_of_a_whole_state(self, precision, vector_bytes, fresh):
        circuit = random_gate_circuit(8, 100, seed=7)
        start = start_state(8, fresh)
        found = run(Engine(precision, None, vector_bytes), circuit, start, fresh)
        assert np.abs(found - reference(circuit, start)).max() < TOLERANCE[precision]


@PRECISIONS
def test_results_do_not_depend_on_the_number_of_threads(precision):
    for circuit in (small_gates_circuit(11, 200, seed=1), phases(10)):
        start = start_state(circuit.num_qubits, fresh=False)
        for fresh in (True, False):
            alone = run(SmallBlocks(precision, None, 1), circuit, start, fresh)
            for num_threads in (2, 3):
                together = run(SmallBlocks(precision, None, num_threads), circuit, start, fresh)
                assert np.array_equal(alone, together)


@PRECISIONS
def test_large_blocks_and_several_threads(precision):
    """The engine's own sizes, with more than one block."""
    circuit = rotations(16, layers=2).extend(phases(5)).swap(3, 15).pauli_rotation("XYZX" * 4, 0.3)
    start = start_state(16, fresh=False)
    engine = Engine(precision, None)
    assert engine.layout(16).block_bits < 16
    for fresh in (True, False):
        begin = start_state(16, fresh) if fresh else start
        assert np.abs(run(engine, circuit, begin, fresh) - reference(circuit, begin)).max() < TOLERANCE[precision]


@PRECISIONS
@STARTS
def test_states_beyond_the_caches(precision, fresh):
    """Chunks are fetched ahead; several sweeps, of which a search chose the blocks."""
    circuit = rotations(20, layers=1)
    rng = np.random.default_rng(3)
    for _ in range(30):
        pair = [int(q) for q in rng.permutation(20)[:2]]
        circuit.unitary(unitary_group.rvs(4, random_state=rng), pair)
    circuit.cp(0.3, 2, 19)
    start = start_state(20, fresh)
    found = run(Engine(precision, None), circuit, start, fresh)
    assert np.abs(found - reference(circuit, start)).max() < TOLERANCE[precision]


def test_the_circuits_reach_every_operation_at_every_place():
    """Opcodes by where their positions lie: in a register, or among tiles."""
    engine = SmallBlocks("double", None, free_bits=4)
    layout = engine.layout(10)
    found = set()
    for circuit in [make(10) for make in SPECIAL.values()] + [rotations(10, 3)]:
        for fresh in (True, False):
            for part in plan_sweeps(compile_circuit(circuit).unitary_program(), layout, fresh):
                for row in part.operations if isinstance(part, SweepPart) else ():
                    opcode = int(row[isa.OPCODE])
                    name = isa.INSTRUCTIONS[opcode].name
                    two = opcode in (isa.DENSE, isa.SWAP, isa.CARTAN)
                    positions = row[isa.POSITIONS :][: 2 if two else opcode == isa.EXCHANGE]
                    found.add((name, *(bool(p < layout.lane_bits) for p in positions)))
                    if opcode == isa.ROTATE_LANES:
                        found.add((name, "one" if row[isa.ROTATE_LANES_ALONE] else "all"))
    lane, tile = True, False
    assert found >= {
        ("ROTATE",), ("ROTATE_LANES",), ("PHASE",), ("PAULI",), ("DIAGONAL",), ("STRINGS",), ("REORDER",),
        ("BUTTERFLIES",),
        ("ROTATE_LANES", "one"), ("ROTATE_LANES", "all"),
        ("SWAP", tile, tile),
        ("EXCHANGE", lane), ("EXCHANGE", tile), ("DENSE", lane, lane), ("DENSE", lane, tile), ("DENSE", tile, tile),
        ("CARTAN", lane, lane), ("CARTAN", lane, tile), ("CARTAN", tile, tile),
    }  # fmt: skip


@PRECISIONS
def test_states_that_are_not_aligned(precision):
    circuit = random_gate_circuit(9, 60, seed=2)
    start = start_state(9, fresh=False)
    engine = SmallBlocks(precision, None)
    memory = np.zeros(513, engine.dtype)
    state = memory[1:] if memory.ctypes.data % 64 == 0 else memory[:512]
    state[:] = start
    engine.run(compile_circuit(circuit).unitary_program(), np.zeros(0), state)
    assert np.abs(state - reference(circuit, start)).max() < TOLERANCE[precision]


@PRECISIONS
def test_one_plan_serves_all_parameter_values(precision):
    """Values at which rotations are steep, flat, none at all, or a whole turn take the same plan."""
    a, b = Parameter("a"), Parameter("b")
    circuit = Circuit(9).h(range(9)).gphase(a)
    for q in range(9):
        circuit.ry(a, q).rz(b, q).rx(a + b, q).cp(b, q, (q + 2) % 9).u(a, b, 0.3, q).crx(a, q, (q + 1) % 9)
    circuit.pauli_rotation("XYZXYZXYZ", a).mcp(b, [0, 4, 7], 2).fsim(a, b, 3, 8)
    program = compile_circuit(circuit).unitary_program()
    engine = SmallBlocks(precision, None)
    start = start_state(9, fresh=True)
    for values in ((0.4, 1.3), (0, 0), (np.pi, np.pi / 2), (2 * np.pi, -np.pi), (1e-9, 3.0), (3.1, -2.2)):
        state = engine.empty_state(9)
        set_to_zero_state(state)
        engine.run(program, np.array(values, float), state, fresh=True)
        assert np.abs(state - reference(circuit, start, values)).max() < TOLERANCE[precision]
    assert [key.family for key in program.kept].count(SWEEPS) == 1


@pytest.mark.parametrize("kind", ["rotations", "dense and strings", "chains"])
def test_norm_drifts_less_than_a_part_in_ten_to_the_thirteen_per_thousand_gates(kind):
    """A deep circuit and its inverse: the norm stays, and the state comes back."""
    make = {"rotations": lambda n: rotations(n, 120), "chains": chains}
    circuit = make[kind](9) if kind in make else dense(9).extend(strings(9)).extend(dense(9))
    deep = circuit.copy().extend(circuit.inverse())
    deep.extend(deep.copy())
    start = start_state(9, fresh=False)
    state = run(SmallBlocks("double", None), deep, start, fresh=False)
    drift = abs(np.linalg.norm(state) - 1)
    assert drift < 1e-13 * len(deep) / 1000
    assert np.abs(state - start).max() < 1e-12


def test_empty_programs():
    for fresh in (True, False):
        start = start_state(9, fresh)
        assert np.array_equal(run(SmallBlocks("double", None), Circuit(9), start, fresh), start)
        turned = run(SmallBlocks("double", None), Circuit(9).gphase(0.4), start, fresh)
        assert np.abs(turned - start * np.exp(0.4j)).max() < 1e-15


def test_layouts_hold_what_the_kernels_need():
    for num_qubits in range(1, 34):
        for amplitude_bytes in (16, 8):
            for vector_bytes in (64, 32, 16):
                layout = Layout.of(num_qubits, amplitude_bytes, vector_bytes)
                assert layout.lane_bits < layout.num_bits
                assert layout.lane_bits <= layout.low_bits <= layout.block_bits <= layout.num_bits
                assert layout.lane_bits <= layout.chunk_bits <= layout.block_bits
                assert amplitude_bytes << layout.low_bits <= 4096
                assert layout.block_bits == layout.num_bits or layout.block_bits - layout.chunk_bits >= 2
