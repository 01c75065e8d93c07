"""Gates that come close to the identity, to one another's inverse or to a permutation, at every scale of smallness.

What is computed from entries that are rounding noise may be anything; nothing that a state shows may depend on it.
"""

import numpy as np
import pytest
from random_circuits import random_gate_circuit
from reference_gradients import on_qubits, reference_gradient
from vector_widths import WIDTHS

from qtoolkit import Circuit, ParameterVector, PauliSum, StatevectorSimulator
from qtoolkit.circuit import StandardGate
from qtoolkit.simulators.engine import Engine

pytestmark = pytest.mark.usefixtures("either_way")

TOLERANCE = {"double": 1e-13, "single": 2e-6}
SCALES = [0.0, *(10.0**-k for k in range(20))]
ONE_QUBIT = ("h", "x", "y", "z", "s", "sdg", "t", "tdg", "sx", "sxdg")
TURNS = ("rx", "ry", "rz", "p")


def simulator_of(precision, vector_bytes=None):
    simulator = StatevectorSimulator(precision)
    if vector_bytes is not None:
        simulator._use(Engine(precision, None, vector_bytes))
    return simulator


def reference(circuit, values=()):
    """Gate by gate with NumPy."""
    bound = circuit.bind(dict(zip(circuit.parameters, values, strict=True)))
    state = np.eye(1, 1 << circuit.num_qubits, dtype=complex)[0]
    for operation in bound.operations:
        state = on_qubits(operation.gate.matrix(), operation.qubits, state)
    return state


def entangled(num_qubits=2):
    circuit = Circuit(num_qubits)
    for qubit in range(num_qubits):
        circuit.ry(0.7 + qubit, qubit)
    for qubit in range(num_qubits - 1):
        circuit.cx(qubit, qubit + 1)
    return circuit


def mirrored(rng, num_gates):
    """One-qubit gates of all kinds, then their inverses; the product is the identity up to rounding."""
    gates = []
    for _ in range(num_gates):
        if rng.random() < 0.5:
            gates.append(StandardGate(str(rng.choice(ONE_QUBIT))))
        else:
            gates.append(StandardGate(str(rng.choice(TURNS)), [rng.uniform(-4, 4)]))
    return [*gates, *(gate.inverse() for gate in reversed(gates))]


def near(rng, scale, lead):
    """A few gates between others; together a gate that stands at a distance of this scale from `lead`."""
    angles = rng.uniform(-3, 3, 3)
    middle = StandardGate(str(rng.choice(TURNS)), [scale * rng.uniform(1, 3)])
    before, after = StandardGate("u", angles), StandardGate("u", angles).inverse()
    return [before, middle, after, StandardGate(lead)]


def test_products_that_come_back_to_the_identity():
    circuit = Circuit(2).h(0).cx(0, 1)
    for _ in range(66):
        circuit.h(0).t(0)
    for _ in range(66):
        circuit.tdg(0).h(0)
    circuit.cx(0, 1).h(0)
    for precision, tolerance in TOLERANCE.items():
        state = StatevectorSimulator(precision).state_vector(circuit)
        assert abs(state[0] - 1) < tolerance


@pytest.mark.parametrize("precision", TOLERANCE)
@WIDTHS
def test_mirrored_products(precision, vector_bytes):
    simulator = simulator_of(precision, vector_bytes)
    rng = np.random.default_rng(3)
    for num_gates in (1, 3, 20, 200):
        for _ in range(6):
            circuit = entangled()
            for gate in mirrored(rng, num_gates):
                circuit.append(gate, [0])
            circuit.cx(0, 1)
            assert np.abs(simulator.state_vector(circuit) - reference(circuit)).max() < TOLERANCE[precision]


@pytest.mark.parametrize("precision", TOLERANCE)
@pytest.mark.parametrize("lead", ["id", "x", "y", "z", "s", "h"])
@WIDTHS
def test_every_scale_of_smallness(precision, lead, vector_bytes):
    simulator = simulator_of(precision, vector_bytes)
    rng = np.random.default_rng(4)
    for scale in SCALES:
        circuit = entangled(3)
        for qubit in (0, 2, 1, 0):
            for gate in near(rng, scale, lead):
                circuit.append(gate, [qubit])
            circuit.cx(qubit, (qubit + 1) % 3)
        assert np.abs(simulator.state_vector(circuit) - reference(circuit)).max() < TOLERANCE[precision], scale


@pytest.mark.parametrize("precision", TOLERANCE)
def test_every_scale_of_angles_bound_later(precision):
    """One plan for all values: alone, in batches and back again; on few qubits, and on as many as need sweeps."""
    simulator = simulator_of(precision)
    theta = ParameterVector("theta", 4)
    for num_qubits in (3, 11):
        circuit = entangled(num_qubits)
        for qubit in range(num_qubits):
            circuit.u(0.3, 0.4, 0.5, qubit).rx(theta[0], qubit).rz(theta[1], qubit).u(-0.3, -0.5, -0.4, qubit)
            circuit.ry(theta[2], qubit).x(qubit).ry(theta[3], qubit).cx(qubit, (qubit + 1) % num_qubits)
        rows = [scale * np.array([1.0, -2.0, 1.5, 0.7]) + shift for scale in SCALES for shift in (0, np.pi / 2, np.pi)]
        batch = simulator.state_vector(circuit, np.array(rows))
        for row, together in zip(rows, batch, strict=True):
            expected = reference(circuit, row)
            assert np.abs(simulator.state_vector(circuit, row) - expected).max() < 2 * TOLERANCE[precision], row
            assert np.abs(together - expected).max() < 2 * TOLERANCE[precision], row


@pytest.mark.parametrize("precision", TOLERANCE)
@pytest.mark.parametrize("num_qubits", [2, 11])
def test_gradients_at_every_scale(precision, num_qubits):
    theta = ParameterVector("theta", 3)
    circuit = entangled(num_qubits)
    circuit.u(0.3, 0.4, 0.5, 0).rx(theta[0], 0).u(-0.3, -0.5, -0.4, 0).cx(0, 1).ry(theta[1], 1).y(1).rz(theta[2], 1)
    circuit.ry(theta[1], 1).cx(1, 0)
    observable = PauliSum.from_list([("XZ" + "I" * (num_qubits - 2), 1.0), ("I" * (num_qubits - 1) + "Y", 0.5)])
    matrix = observable.to_matrix()
    simulator = simulator_of(precision)
    for scale in SCALES:
        values = scale * np.array([1.0, -2.0, 1.5])
        value, gradient = simulator.gradient(circuit, observable, values)
        expected, slopes = reference_gradient(circuit, matrix, values)
        assert abs(value - expected) < 4 * TOLERANCE[precision], scale
        assert np.abs(gradient - slopes).max() < 8 * TOLERANCE[precision], scale


@pytest.mark.parametrize("lead", ["cx", "cz", "swap", "iswap", None])
def test_chains_of_two_qubit_gates_at_every_scale(lead):
    """Matrices near gates of little entanglement, on as many qubits as take Cartan's form; undone by their inverses."""
    rng = np.random.default_rng(6)
    simulator = simulator_of("double")
    for scale in SCALES[:18:3]:
        circuit = entangled(16)
        matrices = []
        for k in range(24):
            hermitian = rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4))
            values, vectors = np.linalg.eigh(hermitian + hermitian.conj().T)
            small = vectors @ np.diag(np.exp(1j * scale * values)) @ vectors.conj().T
            matrices.append((small @ StandardGate(lead).matrix() if lead else small, [(k * 5) % 16, (k * 7 + 1) % 16]))
        chosen = [(matrix, pair) for matrix, pair in matrices if pair[0] != pair[1]]
        for matrix, pair in chosen:
            circuit.unitary(matrix, pair)
        for matrix, pair in reversed(chosen):
            circuit.unitary(matrix.conj().T, pair)
        expected = simulator.state_vector(entangled(16))
        assert np.abs(simulator.state_vector(circuit) - expected).max() < 1e-13, scale


def test_a_coefficient_may_be_small_and_its_parameter_large():
    theta = ParameterVector("theta", 1)
    for slope in (1e-17, 1e-12, 1e-3, 1e12):
        circuit = Circuit(3).h(0).rx(slope * theta[0], 0).rz(slope * theta[0], 0).cx(0, 1).ry(slope * theta[0], 1)
        for given in (np.array([0.8 / slope]), np.array([[0.8 / slope]] * 3)):
            found = StatevectorSimulator().state_vector(circuit, given)
            assert np.abs(found - reference(circuit, [0.8 / slope])).max() < 1e-13


@pytest.mark.parametrize("letter", ["rx", "ry", "rz"])
def test_axes_at_every_scale_from_a_letter(letter):
    """Controlled gates whose axis is nearly X, Y or Z, beside parameters; a tilt of 1e-8 leaves the cosine at 1."""
    theta = ParameterVector("theta", 1)
    for scale in SCALES:
        tilt = StandardGate("u", [scale, 0.4, -0.4]).matrix()
        gate = tilt @ StandardGate(letter, [2.0]).matrix() @ tilt.conj().T
        circuit = entangled(3).ry(theta[0], 1).controlled_unitary(gate, [0], [1]).controlled_unitary(gate, [2], [0])
        found = simulator_of("double").state_vector(circuit, [0.6])
        assert np.abs(found - reference(circuit, [0.6])).max() < 1e-14, scale


@pytest.mark.parametrize("precision", TOLERANCE)
@pytest.mark.parametrize("num_qubits", [1, 3, 8, 12, 16])
def test_multiples_of_the_identity_are_kept(precision, num_qubits):
    simulator = simulator_of(precision)
    for angle, multiple in ((2 * np.pi, -1), (4 * np.pi, 1)):
        every = [Circuit(num_qubits).append(StandardGate(name, [angle]), [0]) for name in ("rx", "ry", "rz")]
        every.append(Circuit(num_qubits).rx(angle / 2, 0).rx(angle / 2, 0))
        for circuit in every:
            assert simulator.state_vector(circuit)[0] == pytest.approx(multiple, abs=1e-6)
            given = np.full(1 << num_qubits, 2 ** (-num_qubits / 2))
            found = simulator.state_vector(circuit, initial_state=given)
            assert np.abs(found - multiple * given).max() < 1e-6
            assert simulator.overlap(Circuit(num_qubits), circuit) == pytest.approx(multiple, abs=1e-6)
    theta = ParameterVector("theta", 2)
    circuit = Circuit(num_qubits).rz(theta[0], 0).rz(-theta[0], 0).gphase(theta[1])
    circuit.x(0).x(0).rx(2 * np.pi, 0)
    values = np.array([[0.4, 0.3], [2.0, -1.2], [0.0, 0.0]])
    batch = simulator.state_vector(circuit, values)
    for row, state in zip(values, batch, strict=True):
        assert state[0] == pytest.approx(-np.exp(1j * row[1]), abs=1e-6)
        assert simulator.state_vector(circuit, row)[0] == pytest.approx(-np.exp(1j * row[1]), abs=1e-6)


@pytest.mark.parametrize("num_qubits", [4, 12])
def test_random_circuits_and_their_inverses(num_qubits):
    for seed in range(6):
        circuit = random_gate_circuit(num_qubits, 60, seed)
        both = entangled(num_qubits).compose(circuit).compose(circuit.inverse())
        found = StatevectorSimulator().state_vector(both)
        assert np.abs(found - reference(entangled(num_qubits))).max() < 1e-13


def test_the_norm_of_single_precision_does_not_wander():
    """Gates that repeat round alike each time, so without care all of them move the norm the same way."""
    simulator = simulator_of("single")
    step = random_gate_circuit(4, 40, seed=0, arrays=False)
    state = simulator.state_vector(step)
    for _ in range(2000):
        state = simulator.state_vector(step, initial_state=state)
    assert abs(np.linalg.norm(state.astype(complex)) - 1) < 2e-6
    theta = ParameterVector("theta", 2)
    for num_qubits in (4, 11):
        deep = Circuit(num_qubits)
        for _ in range(2400 // num_qubits):
            for qubit in range(num_qubits):
                deep.rx(theta[0], qubit).rzz(theta[1], qubit, (qubit + 1) % num_qubits)
        bound = deep.bind({theta[0]: 0.3, theta[1]: 0.2})
        both = (simulator.state_vector(bound), simulator.state_vector(deep, [0.3, 0.2]))
        for state in (*both, *simulator.state_vector(deep, [[0.3, 0.2]] * 2)):
            assert abs(np.linalg.norm(state.astype(complex)) - 1) < 2e-6
