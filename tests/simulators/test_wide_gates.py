"""Matrices, diagonals and permutations of several qubits with any controls run inside sweeps and do what they say."""

import dataclasses

import numpy as np
import pytest
from vector_widths import WIDTHS

from qtoolkit import Circuit, ParameterVector, PauliSum, StatevectorSimulator
from qtoolkit.circuit import (
    STANDARD_GATES,
    DiagonalGate,
    ParameterExpression,
    PermutationGate,
    StandardGate,
    UnitaryGate,
)
from qtoolkit.compiler import SweepPart, compile_circuit, plan_sweeps
from qtoolkit.simulators.engine import Engine
from qtoolkit_kernels.vector import isa
from qtoolkit_kernels.vector.lanes import native_vector_bytes

PRECISIONS = pytest.mark.parametrize("precision", ["double", "single"])
TOLERANCE = {"double": 1e-13, "single": 4e-6}


class SmallBlocks(Engine):
    """Blocks of five bits beside a chunk's, so that matrices on five qubits fit and ten qubits make several."""

    def __init__(self, precision, vector_bytes, num_threads=1):
        super().__init__(precision, None, vector_bytes)
        self.num_threads = num_threads
        self.shared_visits = 0

    def layout(self, num_qubits):
        layout = super().layout(num_qubits)
        chunk_bits = layout.lane_bits
        block_bits = min(layout.num_bits, chunk_bits + 5)
        if block_bits == layout.num_bits:
            chunk_bits = block_bits
        low_bits = min(chunk_bits, 8)
        return dataclasses.replace(layout, block_bits=block_bits, chunk_bits=chunk_bits, low_bits=low_bits)


def applied(matrix, qubits, state):
    """A matrix on some qubits of a state, the first one lowest."""
    n, k = state.size.bit_length() - 1, len(qubits)
    axes = [n - 1 - q for q in reversed(qubits)]
    columns = np.moveaxis(state.reshape((2,) * n), axes, range(k))
    product = np.tensordot(matrix.reshape((2,) * (2 * k)), columns, axes=k)
    return np.moveaxis(product, range(k), axes).reshape(-1)


def reference(circuit, start):
    """The state gate by gate, controlled matrices written out."""
    state = start.astype(complex)
    for operation in circuit.operations:
        state = applied(operation.gate.matrix(), operation.qubits, state)
    return state


def random_matrix(size, rng):
    entries = rng.normal(size=(1 << size, 1 << size)) + 1j * rng.normal(size=(1 << size, 1 << size))
    return np.linalg.qr(entries)[0]


def wide_circuit(num_qubits, num_gates, seed):
    """Gates of every kind and size on random qubits, their controls on either value; cheap gates and swaps between."""
    rng = np.random.default_rng(seed)
    circuit = Circuit(num_qubits).h(range(num_qubits))
    for k in range(num_gates):
        qubits = [int(q) for q in rng.permutation(num_qubits)]
        size = min(int(rng.integers(1, 6)), num_qubits)
        gate = (
            UnitaryGate(random_matrix(size, rng)),
            DiagonalGate(np.exp(1j * rng.uniform(-3, 3, 1 << size))),
            PermutationGate(rng.permutation(1 << size)),
            PermutationGate(np.roll(np.arange(1 << size), 1)),
        )[k % 4]
        num_controls = int(rng.integers(0, min(3, num_qubits - size) + 1))
        if num_controls:
            gate = gate.controlled(num_controls, int(rng.integers(1 << num_controls)))
        circuit.append(gate, qubits[: gate.num_qubits])
        if k % 3 == 0 and num_qubits > 1:
            circuit.swap(qubits[0], qubits[-1]).ry(float(rng.normal()), qubits[0]).cp(0.3, qubits[0], qubits[-1])
    return circuit


def opcodes(circuit, engine, fresh=True):
    """The opcodes of a plan, which has nothing but sweeps."""
    parts = plan_sweeps(compile_circuit(circuit).unitary_program(), engine.layout(circuit.num_qubits), fresh)
    assert all(isinstance(part, SweepPart) for part in parts)
    return {isa.INSTRUCTIONS[code].name for part in parts for code in part.operations[:, isa.OPCODE].tolist()}


def check(circuit, engine, fresh, seed=0):
    size = 1 << circuit.num_qubits
    rng = np.random.default_rng(seed)
    start = np.eye(1, size)[0] if fresh else rng.normal(size=size) + 1j * rng.normal(size=size)
    start = start / np.linalg.norm(start)
    state = engine.empty_state(circuit.num_qubits)
    state[:] = 7 if fresh else start
    engine.run(compile_circuit(circuit).unitary_program(), np.zeros(0), state, fresh)
    assert np.abs(state - reference(circuit, start)).max() < TOLERANCE[engine.precision]


@WIDTHS
@PRECISIONS
@pytest.mark.parametrize("engine_type", [Engine, SmallBlocks])
def test_random_circuits(engine_type, precision, vector_bytes):
    engine = engine_type(precision, 1, vector_bytes) if engine_type is Engine else engine_type(precision, vector_bytes)
    for num_qubits in (1, 2, 3, 4, 5, 7, 10):
        for fresh in (True, False):
            circuit = wide_circuit(num_qubits, 24, num_qubits)
            codes = opcodes(circuit, engine, fresh)
            assert num_qubits < 3 or codes >= {"MATRIX", "TABLE", "TRANSPOSE"}
            check(circuit, engine, fresh)


@PRECISIONS
def test_every_place_of_the_targets(precision):
    """Each bit inside a register, in the block and outside it, as target and as control."""
    engine = SmallBlocks(precision, native_vector_bytes())
    rng = np.random.default_rng(1)
    n = 11
    for q in range(n):
        a, b, c = ((q + step) % n for step in (3, 5, 7))
        circuit = Circuit(n).h(range(n)).unitary(random_matrix(3, rng), [a, q, b])
        circuit.controlled_unitary(random_matrix(1, rng), [a, b], [q], int(rng.integers(4)))
        circuit.controlled_unitary(random_matrix(2, rng), [q, c], [b, a], int(rng.integers(4)))
        circuit.diagonal(np.exp(1j * rng.uniform(-3, 3, 16)), [c, q, a, b]).permutation(rng.permutation(8), [b, q, c])
        circuit.swap(q, a)
        opcodes(circuit, engine)
        check(circuit, engine, fresh=False)


@pytest.mark.parametrize("num_qubits", [9, 14])
def test_diagonals_of_all_qubits(num_qubits):
    entries = np.exp(1j * np.random.default_rng(2).uniform(-3, 3, 1 << num_qubits))
    circuit = Circuit(num_qubits).h(range(num_qubits))
    circuit.diagonal(entries, np.random.default_rng(3).permutation(num_qubits).tolist()).h(0)
    for precision in ("double", "single"):
        engine = Engine(precision, 1)
        assert "TABLE" in opcodes(circuit, engine)
        state = engine.empty_state(num_qubits)
        engine.run(compile_circuit(circuit).unitary_program(), np.zeros(0), state, fresh=True)
        expected = np.eye(1, 1 << num_qubits)[0].astype(complex)
        for operation in circuit.operations:
            if len(operation.qubits) == 1:
                expected = applied(operation.gate.matrix(), operation.qubits, expected)
            else:
                index = np.arange(expected.size)
                expected = entries[sum((index >> q & 1) << k for k, q in enumerate(operation.qubits))] * expected
        assert np.abs(state - expected).max() < TOLERANCE[precision]


@pytest.mark.parametrize("num_qubits", [15, 17])
def test_sizes_of_several_blocks(num_qubits):
    circuit = Circuit(num_qubits).h(range(num_qubits))
    rng = np.random.default_rng(4)
    for size in (3, 4, 5):
        qubits = [int(q) for q in rng.permutation(num_qubits)]
        circuit.unitary(random_matrix(size, rng), qubits[:size])
        circuit.diagonal(np.exp(1j * rng.uniform(-3, 3, 1 << size)), qubits[-size:])
        circuit.permutation(rng.permutation(1 << size), qubits[size : 2 * size])
    one, two = Engine("double", 1), SmallBlocks("double", native_vector_bytes(), num_threads=2)
    opcodes(circuit, one)
    check(circuit, one, fresh=True)
    check(circuit, two, fresh=False)


def test_threads_leave_no_trace():
    circuit = wide_circuit(11, 30, 8)
    states = []
    for num_threads in (1, 2, 3):
        engine = SmallBlocks("double", native_vector_bytes(), num_threads)
        states.append(engine.empty_state(11))
        engine.run(compile_circuit(circuit).unitary_program(), np.zeros(0), states[-1], fresh=True)
    np.testing.assert_array_equal(states[0], states[1])
    np.testing.assert_array_equal(states[0], states[2])


def parametrised(num_qubits, seed):
    """Every gate of the library with two and three controls, and gates given by arrays between."""
    rng = np.random.default_rng(seed)
    theta = ParameterVector("theta", 6)
    circuit = Circuit(num_qubits).h(range(num_qubits))
    for record in STANDARD_GATES.values():
        for num_controls in (2, 3):
            if not record.num_qubits or record.num_qubits + num_controls > num_qubits:
                continue
            angles = [float(rng.normal()) * theta[int(rng.integers(6))] + 0.3 for _ in range(record.num_params)]
            gate = StandardGate(record, angles).controlled(num_controls, int(rng.integers(1 << num_controls)))
            qubits = [int(q) for q in rng.permutation(num_qubits)]
            circuit.ry(theta[int(rng.integers(6))], qubits[0]).append(gate, qubits[: gate.num_qubits])
    return circuit.extend(wide_circuit(num_qubits, 9, seed))


def slopes(circuit, observable, values):
    """Value and gradient by the adjoint method, gate by gate."""
    place = {parameter.name: k for k, parameter in enumerate(circuit.parameters)}
    bound = circuit.bind(dict(zip(circuit.parameters, values, strict=True)))
    ket = reference(bound, np.eye(1, 1 << circuit.num_qubits)[0])
    bra = observable @ ket
    value, gradient = np.vdot(ket, bra).real, np.zeros(len(values))
    for free, operation in zip(reversed(circuit.operations), reversed(bound.operations), strict=True):
        for angle, generator in zip(free.gate.params, operation.gate.generators(), strict=True):
            if isinstance(angle, ParameterExpression):
                slope = 2 * np.vdot(bra, applied(generator, operation.qubits, ket)).imag
                for name, coefficient in angle.terms.items():
                    gradient[place[name]] += coefficient * slope
        inverse = operation.gate.matrix().conj().T
        ket, bra = (applied(inverse, operation.qubits, state) for state in (ket, bra))
    return value, gradient


@WIDTHS
@PRECISIONS
@pytest.mark.parametrize("small_blocks", [False, True])
def test_gradients(small_blocks, precision, vector_bytes):
    simulator = StatevectorSimulator(precision)
    simulator._use(SmallBlocks(precision, vector_bytes) if small_blocks else Engine(precision, 1, vector_bytes))
    for num_qubits in (5, 9) if small_blocks else (3, 5, 8):
        rng = np.random.default_rng(num_qubits)
        circuit = parametrised(num_qubits, num_qubits)
        values = rng.uniform(-2, 2, circuit.num_parameters)
        labels = ["".join(rng.choice(list("IXYZ"), num_qubits)) for _ in range(6)]
        observable = PauliSum.from_list([(label, float(rng.normal())) for label in labels])
        expected_value, expected = slopes(circuit, observable.to_matrix(), values)
        value, gradient = simulator.gradient(circuit, observable, values)
        tolerance = {"double": 1e-12, "single": 2e-4}[precision]
        assert value == pytest.approx(expected_value, abs=tolerance)
        np.testing.assert_allclose(gradient, expected, atol=tolerance * max(1.0, np.abs(expected).max()))


def test_gradients_equal_differences():
    circuit = parametrised(5, 1)
    simulator = StatevectorSimulator()
    observable = PauliSum.from_list([("XZIYZ", 0.7), ("ZZIII", -1.1), ("IIXXX", 0.4)])
    values = np.random.default_rng(0).uniform(-1, 1, circuit.num_parameters)
    _, gradient = simulator.gradient(circuit, observable, values)
    step = 1e-5
    for k in range(values.size):
        ahead, behind = values.copy(), values.copy()
        ahead[k] += step
        behind[k] -= step
        slope = simulator.expectation_value(circuit, observable, ahead)
        slope = (slope - simulator.expectation_value(circuit, observable, behind)) / (2 * step)
        assert gradient[k] == pytest.approx(slope, abs=1e-8)


def test_a_circuit_of_such_gates_and_its_inverse_do_nothing():
    circuit = wide_circuit(8, 20, 5)
    state = StatevectorSimulator().state_vector(circuit.compose(circuit.inverse()))
    assert np.abs(state - np.eye(1, 256)[0]).max() < 1e-13
