"""Batches of parameter vectors equal one call for each of them, at every vector width and in both precisions."""

import numpy as np
import pytest
from random_circuits import transpiled_with_parameters
from vector_widths import WIDTHS

from qtoolkit import Circuit, Parameter, StatevectorSimulator
from qtoolkit.circuit import (
    STANDARD_GATES,
    DiagonalGate,
    ParameterVector,
    PauliRotationGate,
    PermutationGate,
    StandardGate,
    UnitaryGate,
)
from qtoolkit.errors import CircuitError, InsufficientMemoryError, OperatorError, ParameterError
from qtoolkit.operators import PauliSum
from qtoolkit.simulators import bind
from qtoolkit.simulators.batch import observables as batch_observables
from qtoolkit.simulators.batch import runs as batch
from qtoolkit.simulators.batch.plan import batch_plan
from qtoolkit.simulators.engine import Engine

TOLERANCE = {"double": 1e-13, "single": 4e-6}
SIZES = (1, 3, 17)


def simulator_of(precision, vector_bytes, num_threads=None):
    simulator = StatevectorSimulator(precision, num_threads)
    simulator._use(Engine(precision, num_threads, vector_bytes))
    return simulator


def every_gate(num_qubits):
    """All gates of the library with parameters of their own, on random qubits, plain and controlled."""
    rng = np.random.default_rng(0)
    circuit, names = Circuit(num_qubits).h(range(num_qubits)), iter(range(10_000))
    for num_controls in (0, 1, 2):
        for record in STANDARD_GATES.values():
            if record.num_qubits + num_controls > num_qubits or (record.name == "gphase" and num_controls == 2):
                continue
            gate = StandardGate(record, [Parameter(f"p{next(names)}") for _ in range(record.num_params)])
            if num_controls:
                gate = gate.controlled(num_controls, int(rng.integers(1 << num_controls)))
            circuit.append(gate, [int(q) for q in rng.permutation(num_qubits)[: gate.num_qubits]])
    return circuit


def strings(num_qubits):
    """Pauli rotations of all weights, controlled ones too, and so many strings of Z that plans put them together."""
    rng = np.random.default_rng(1)
    theta = ParameterVector("theta", 50)
    circuit = Circuit(num_qubits).h(range(num_qubits))
    for k, letters in enumerate(["XYZ", "IXYZ", "IXY", "IY"] * 3):
        circuit.pauli_rotation("".join(rng.choice(list(letters), num_qubits)), theta[k])
    for k in range(12, 36):
        circuit.pauli_rotation("".join(rng.choice(list("IZ"), num_qubits)), theta[k])
    for k in range(36, 50):
        label = "".join(rng.choice(list("XYZ"), num_qubits - 2))
        gate = PauliRotationGate(label, theta[k]).controlled(2, int(rng.integers(4)))
        circuit.append(gate, [int(q) for q in rng.permutation(num_qubits)])
    return circuit


def ansatz(num_qubits, layers=3):
    """Rotations, controlled X, phases on all pairs, and expressions of parameters."""
    theta = ParameterVector("theta", 2 * num_qubits * layers)
    scale = Parameter("scale")
    circuit = Circuit(num_qubits)
    for layer in range(layers):
        angles = theta[2 * layer * num_qubits : 2 * (layer + 1) * num_qubits]
        for q in range(num_qubits):
            circuit.ry(angles[q], q).rz(angles[num_qubits + q] - 2 * angles[0] + 0.3, q)
        for q in range(num_qubits - 1):
            circuit.cx(q, q + 1)
        for q in range(num_qubits):
            for other in range(q):
                circuit.rzz(0.1 * (q + 1) * scale, other, q)
        circuit.swap(0, num_qubits - 1)
        circuit.unitary(np.linalg.qr(np.arange(16).reshape(4, 4) % 7 + 1j * np.eye(4))[0], [0, num_qubits - 1])
        circuit.gphase(scale)
    return circuit


def wide(num_qubits):
    """Matrices, diagonals and permutations of three and more qubits, with and without controls, between rotations."""
    rng = np.random.default_rng(5)
    theta = ParameterVector("theta", 8)
    circuit = Circuit(num_qubits)
    for k in range(32):
        qubits = [int(q) for q in rng.permutation(num_qubits)]
        size = min(int(rng.integers(1, 6)), num_qubits)
        entries = rng.normal(size=(1 << size, 1 << size)) + 1j * rng.normal(size=(1 << size, 1 << size))
        gate = (
            UnitaryGate(np.linalg.qr(entries)[0]),
            DiagonalGate(entries[0] / np.abs(entries[0])),
            PermutationGate(rng.permutation(1 << size)),
            StandardGate("u", [theta[int(p)] for p in rng.integers(8, size=3)]),
        )[k % 4]
        num_controls = int(rng.integers(0, num_qubits - gate.num_qubits + 1))
        if num_controls:
            gate = gate.controlled(num_controls, int(rng.integers(1 << num_controls)))
        circuit.ry(theta[k % 8], qubits[0]).append(gate, qubits[: gate.num_qubits])
    return circuit


def transpiled(num_qubits):
    """Runs of gates on pairs, which plans replace by others with constants of their own."""
    return transpiled_with_parameters(num_qubits, np.random.default_rng(6))


def observables(num_qubits):
    rng = np.random.default_rng(2)
    labels = ["".join(rng.choice(list("IXYZ"), num_qubits)) for _ in range(12)]
    labels += ["".join(rng.choice(list("IZ"), num_qubits)) for _ in range(12)]
    return [
        PauliSum.from_list([(label, float(rng.normal())) for label in labels]),
        rng.normal(size=1 << num_qubits),
        PauliSum.from_list([("Y" * num_qubits, 0.7), ("X" * num_qubits, -0.4), ("I" * num_qubits, 2.0)]),
    ]


def values_of(circuit, size, seed=0):
    return np.random.default_rng(seed).uniform(-7, 7, (size, len(circuit.parameters)))


@WIDTHS
@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("make", [every_gate, strings, ansatz, wide, transpiled])
def test_a_batch_equals_its_rows(make, precision, vector_bytes):
    simulator = simulator_of(precision, vector_bytes)
    plan = simulator.compile(make(5))
    assert batch_plan(plan.unitary_program(), 5, simulator._engine.dtype.itemsize) is not None
    measured = observables(5)
    for size in SIZES:
        values = values_of(plan, size)
        states = simulator.state_vector(plan, values)
        assert states.shape == (size, 32)
        assert states.dtype == simulator._engine.dtype
        found = simulator.expectation_value(plan, measured, values)
        assert found.shape == (size, 3)
        probabilities = simulator.probabilities(plan, [3, 0], values)
        for row, state, energies, weights in zip(values, states, found, probabilities, strict=True):
            np.testing.assert_allclose(state, simulator.state_vector(plan, row), rtol=0, atol=TOLERANCE[precision])
            expected = simulator.expectation_value(plan, measured, row)
            np.testing.assert_allclose(energies, expected, rtol=0, atol=20 * TOLERANCE[precision])
            expected = simulator.probabilities(plan, [3, 0], row)
            np.testing.assert_allclose(weights, expected, rtol=0, atol=TOLERANCE[precision])


@pytest.mark.parametrize("num_qubits", [1, 2, 3, 8, 12, 13])
def test_all_sizes(num_qubits):
    """The largest ones are not for batches and run one by one."""
    circuit = ansatz(num_qubits, 2) if num_qubits > 1 else Circuit(1).ry(Parameter("a"), 0).rz(Parameter("b"), 0)
    simulator = StatevectorSimulator()
    plan = simulator.compile(circuit)
    values = values_of(plan, 5)
    states = simulator.state_vector(plan, values)
    for row, state in zip(values, states, strict=True):
        np.testing.assert_allclose(state, simulator.state_vector(plan, row), rtol=0, atol=1e-13)
    weights = np.arange(1 << num_qubits, dtype=float)
    expected = [simulator.expectation_value(plan, weights, row) for row in values]
    np.testing.assert_allclose(simulator.expectation_value(plan, weights, values), expected, rtol=1e-12)
    np.testing.assert_allclose(
        simulator.probabilities(plan, parameters=values), np.abs(states) ** 2, rtol=0, atol=1e-14
    )


@pytest.mark.parametrize("precision", ["double", "single"])
def test_right_angles_and_hundreds_of_rotations(precision):
    """Where a member's cosine is zero, and where the products of cosines would leave the range of floats."""
    theta = ParameterVector("theta", 4)
    circuit = Circuit(4)
    for layer in range(60):
        for q in range(4):
            circuit.ry(theta[q], q)
        circuit.cx(layer % 3, layer % 3 + 1)
    values = np.array([[np.pi, np.pi, np.pi, np.pi], [np.pi, 0.0, 1e-9, np.pi + 1e-7], [3.1, 3.2, 0.1, -3.14], [0] * 4])
    simulator = StatevectorSimulator(precision)
    states = simulator.state_vector(circuit, values)
    for row, state in zip(values, states, strict=True):
        expected = StatevectorSimulator().state_vector(circuit, row)
        np.testing.assert_allclose(state, expected, rtol=0, atol=10 * TOLERANCE[precision])


def test_results_do_not_depend_on_threads(monkeypatch):
    circuit, measured = ansatz(6), observables(6)
    values = values_of(circuit, 100)
    alone = simulator_of("double", None, 1).expectation_value(circuit, measured, values)
    monkeypatch.setattr(batch, "ALONE_WORK", 0)
    np.testing.assert_array_equal(StatevectorSimulator().expectation_value(circuit, measured, values), alone)


def test_what_is_no_program_of_sweeps_runs_one_by_one():
    a = Parameter("a")
    cycle = np.roll(np.eye(64), 1, axis=0)
    simulator = StatevectorSimulator()
    for circuit in (
        Circuit(6).ry(a, 0).unitary(cycle, range(6)).ry(a, 1),
        Circuit(6).initialize([0.6, 0.8], [1]).ry(a, 0).cx(0, 2),
        Circuit(6).x(1).reset(1).ry(a, 1),
    ):
        values = np.array([[0.3], [0.4]])
        states = [simulator.state_vector(circuit, row) for row in values]
        np.testing.assert_allclose(simulator.state_vector(circuit, values), states, atol=1e-15)
        energies = [simulator.expectation_value(circuit, np.arange(64.0), row) for row in values]
        np.testing.assert_allclose(simulator.expectation_value(circuit, np.arange(64.0), values), energies, atol=1e-14)
        expected = [simulator.probabilities(circuit, [1], row) for row in values]
        np.testing.assert_allclose(simulator.probabilities(circuit, [1], values), expected, atol=1e-15)


def test_an_initial_state_is_every_rows():
    circuit, start = Circuit(2).ry(Parameter("a"), 0), np.array([0, 0, 0.6, 0.8])
    simulator = StatevectorSimulator()
    states = simulator.state_vector(circuit, [[0.1], [0.2]], start)
    np.testing.assert_allclose(states[1], simulator.state_vector(circuit, [0.2], start), atol=1e-15)
    assert start.tolist() == [0, 0, 0.6, 0.8]


def test_sums_with_many_masks_are_evaluated_one_by_one(monkeypatch):
    monkeypatch.setattr(batch_observables, "MOST_WEIGHTS", 16)
    circuit = ansatz(4)
    values = values_of(circuit, 3)
    simulator = StatevectorSimulator()
    for measured in (observables(4), [np.arange(16.0)] * 2):
        expected = [simulator.expectation_value(circuit, measured, row) for row in values]
        np.testing.assert_allclose(simulator.expectation_value(circuit, measured, values), expected, atol=1e-12)


def test_gates_that_are_no_trigonometric_polynomials(monkeypatch):
    monkeypatch.setattr(bind, "polynomials_of", lambda function, num_angles: None)
    circuit = every_gate(4)
    simulator, values = StatevectorSimulator(), values_of(circuit, 9)
    plan = simulator.compile(circuit)
    states = simulator.state_vector(plan, values)
    for row, state in zip(values, states, strict=True):
        np.testing.assert_allclose(state, simulator.state_vector(plan, row), rtol=0, atol=1e-13)


@pytest.mark.parametrize("size", [1e3, 9e5, 1e7, 1e12])
def test_many_turns(size):
    circuit = Circuit(1).ry(Parameter("a"), 0).rz(Parameter("b"), 0)
    simulator = StatevectorSimulator()
    values = size * np.random.default_rng(4).uniform(-1, 1, (20, 2))
    expected = [simulator.state_vector(circuit, row) for row in values]
    np.testing.assert_allclose(simulator.state_vector(circuit, values), expected, rtol=0, atol=1e-14)


def test_gradients_of_a_batch():
    circuit, measured = ansatz(3, 1), observables(3)[0]
    values = values_of(circuit, 4)
    simulator = StatevectorSimulator()
    energies, slopes = simulator.gradient(circuit, measured, values)
    assert energies.shape == (4,)
    assert slopes.shape == values.shape
    energy, slope = simulator.gradient(circuit, measured, values[2])
    assert energies[2] == energy
    np.testing.assert_array_equal(slopes[2], slope)


def test_batches_and_vectors_are_told_apart():
    a, b = Parameter("a"), Parameter("b")
    circuit = Circuit(1).ry(a, 0).rz(b, 0)
    simulator = StatevectorSimulator()
    one = simulator.state_vector(circuit, [0.1, 0.2])
    assert one.shape == (2,)
    for rows in (
        [[0.1, 0.2]],
        ([0.1, 0.2],),
        [np.array([0.1, 0.2])],
        np.array([[0.1, 0.2]]),
        np.array([[0.1, 0.2]] * 2)[:1],
    ):
        np.testing.assert_allclose(simulator.state_vector(circuit, rows), [one], atol=1e-15)
    assert simulator.state_vector(circuit, np.empty((0, 2))).shape == (0, 2)
    assert simulator.state_vector(Circuit(1).h(0), np.empty((3, 0))).shape == (3, 2)
    energies, slopes = simulator.gradient(circuit, np.array([1.0, 2.0]), np.empty((0, 2)))
    assert energies.shape == (0,)
    assert slopes.shape == (0, 2)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((3, 1)), r"a batch of parameters has shape \(batch, 2\), .*; got shape \(3, 1\)"),
        (np.zeros((3, 2, 1)), r"got shape \(3, 2, 1\)"),
        ([[0.1, 0.2], [0.3]], "got rows of different lengths"),
        ([[0.1, "x"]], "got entries of type"),
        ([[0.1, 1j]], "got entries of type complex128"),
        ([[0.1, 0.2], [0.3, np.nan]], "parameter b must be finite, got nan in row 1 of the batch"),
        ([[0.1, 0.2], [np.inf, 0.1]], "parameter a must be finite, got inf in row 1 of the batch"),
    ],
)
def test_errors_of_batches(values, message):
    circuit = Circuit(1).ry(Parameter("a"), 0).rz(Parameter("b"), 0)
    simulator = StatevectorSimulator()
    for call in (
        lambda: simulator.state_vector(circuit, values),
        lambda: simulator.probabilities(circuit, parameters=values),
        lambda: simulator.expectation_value(circuit, np.ones(2), values),
        lambda: simulator.gradient(circuit, np.ones(2), values),
    ):
        with pytest.raises(ParameterError, match=message):
            call()


def test_angles_beyond_the_range_of_floats():
    circuit = Circuit(1).ry(10 * Parameter("a"), 0)
    with pytest.raises(ParameterError, match="angles must be finite"):
        StatevectorSimulator().state_vector(circuit, [[1e308]])


def test_where_batches_are_not_taken():
    circuit = Circuit(1).ry(Parameter("a"), 0).measure_all()
    with pytest.raises(ParameterError, match=r"one vector of 1 parameter values is needed here, got shape \(3, 1\)"):
        StatevectorSimulator().run(circuit, 10, parameters=np.zeros((3, 1)))


def test_other_errors_are_those_of_one_call():
    simulator = StatevectorSimulator()
    circuit = Circuit(1, 1).ry(Parameter("a"), 0).measure(0, 0).h(0)
    with pytest.raises(CircuitError):
        simulator.state_vector(circuit, [[0.1]])
    with pytest.raises(OperatorError):
        simulator.expectation_value(Circuit(1).ry(Parameter("a"), 0), np.ones(4), [[0.1]])
    with pytest.raises(InsufficientMemoryError):
        simulator.state_vector(Circuit(12).ry(Parameter("a"), 0), np.zeros((1 << 26, 1)))


def test_sums_of_which_nothing_is_left_give_zeros():
    theta = Parameter("theta")
    simulator, rows = StatevectorSimulator(), [[0.3], [0.4], [0.5]]
    assert simulator.expectation_value(Circuit(1).rx(theta, 0), PauliSum.zero(1), rows).tolist() == [0.0] * 3
    flips_an_idle_qubit = PauliSum.from_list([("XI", 1.0)])
    assert simulator.expectation_value(Circuit(2).rx(theta, 0), flips_an_idle_qubit, rows).tolist() == [0.0] * 3
