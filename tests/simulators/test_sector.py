"""The sector simulator against the state-vector simulator and Qiskit, and what it refuses."""

import itertools
import math
import warnings

import numpy as np
import pytest
from sector_circuits import random_sector_circuit

from qtoolkit import Circuit, Parameter, ParameterVector, PauliSum, StatevectorSimulator, to_qiskit
from qtoolkit.algorithms import GroverMixer, RingXYMixer, dicke_circuit, dicke_state, qaoa_circuit
from qtoolkit.circuit import StandardGate
from qtoolkit.errors import (
    CircuitError,
    InputError,
    InsufficientMemoryError,
    OperatorError,
    ParameterError,
    QubitIndexError,
    UnboundParameterError,
)
from qtoolkit.primitives import DifferentiableEstimator, Estimator, Sampler
from qtoolkit.simulators import SectorSimulator
from qtoolkit.simulators.sector.pairs import MAX_LISTED

FULL = StatevectorSimulator()


def random_observable(num_qubits, seed, num_terms=40):
    rng = np.random.default_rng(seed)
    labels = ["".join(rng.choice(list("IXYZ"), num_qubits, p=[0.4, 0.2, 0.2, 0.2])) for _ in range(num_terms)]
    return PauliSum.from_list([(label, float(rng.normal())) for label in labels])


def test_basis_is_every_pattern_of_the_weight_in_order():
    for num_qubits, weight in itertools.product(range(1, 9), range(4)):
        if weight > num_qubits:
            continue
        expected = [b for b in range(1 << num_qubits) if b.bit_count() == weight]
        basis = SectorSimulator(weight).basis(num_qubits)
        assert basis.dtype == np.int64
        assert basis.tolist() == expected
    assert SectorSimulator(4).basis(40).size == math.comb(40, 4)
    assert SectorSimulator(2).basis(62)[-1] == 3 << 60


@pytest.mark.parametrize("seed", range(12))
def test_random_circuits_equal_the_full_simulation(seed):
    num_qubits = 5 + seed % 4
    weight = seed % (num_qubits + 1)
    circuit = random_sector_circuit(num_qubits, weight, 40, seed)
    simulator = SectorSimulator(weight)
    state = simulator.embed(simulator.state_vector(circuit), num_qubits)
    np.testing.assert_allclose(state, FULL.state_vector(circuit), atol=1e-12)
    observables = [random_observable(num_qubits, seed), random_observable(num_qubits, seed + 1)]
    found = simulator.expectation_value(circuit, observables)
    np.testing.assert_allclose(found, FULL.expectation_value(circuit, observables), atol=1e-12)
    qubits = [3, 0, 2]
    np.testing.assert_allclose(
        simulator.probabilities(circuit, qubits), FULL.probabilities(circuit, qubits), atol=1e-13
    )
    np.testing.assert_allclose(simulator.embed(simulator.probabilities(circuit), num_qubits), np.abs(state) ** 2)


@pytest.mark.parametrize("seed", range(4))
def test_tables_cut_into_high_and_low_bits_give_the_same(seed, monkeypatch):
    circuit = random_sector_circuit(9, 3 + seed % 3, 60, seed)
    simulator = SectorSimulator(3 + seed % 3)
    whole = simulator.compile(circuit)
    monkeypatch.setattr("qtoolkit.simulators.sector.pairs.MAX_LISTED", 100)
    cut = simulator.compile(circuit)
    assert len(cut.program.operations.pairs.low_pairs) < len(whole.program.operations.pairs.low_pairs)
    assert (cut.program.operations.pairs.rows[:, 2] < 0).any()
    assert MAX_LISTED > 100
    np.testing.assert_allclose(simulator.state_vector(cut), simulator.state_vector(whole), atol=1e-12)


def test_labels_of_matrices_mean_nothing():
    circuit = (
        Circuit(3).x(0).unitary(np.diag([1, 1j]), [1], label="x").swap(0, 1).unitary(np.eye(2)[::-1], [2], label="x")
    )
    simulator = SectorSimulator(1)
    with pytest.raises(CircuitError, match="x on qubits"):
        simulator.compile(circuit)
    circuit.x(2)
    np.testing.assert_allclose(
        simulator.embed(simulator.state_vector(circuit), 3), FULL.state_vector(circuit), atol=1e-13
    )


def test_against_qiskit():
    from qiskit.quantum_info import Statevector

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        circuit = random_sector_circuit(6, 2, 60, 77)
        expected = Statevector(to_qiskit(circuit)).data
    simulator = SectorSimulator(2)
    np.testing.assert_allclose(simulator.embed(simulator.state_vector(circuit), 6), expected, atol=1e-12)


@pytest.mark.parametrize(("num_qubits", "weight"), [(6, 3), (7, 1), (4, 4), (4, 0), (1, 1), (14, 4)])
def test_dicke_circuits(num_qubits, weight):
    simulator = SectorSimulator(weight)
    state = simulator.state_vector(dicke_circuit(num_qubits, weight))
    np.testing.assert_allclose(state, 1 / math.sqrt(math.comb(num_qubits, weight)), atol=1e-13)


def test_a_dicke_start_is_written_as_it_would_be_simulated():
    for num_qubits, weight in [(2, 1), (5, 3), (7, 4), (6, 5)]:
        start, rest = dicke_circuit(num_qubits, weight), Circuit(num_qubits)
        for q in range(num_qubits - 1):
            rest.rz(0.3 * q, q).xx_plus_yy(0.4 + q, 0.2, q, q + 1)
        # a barrier hides the start
        hidden = Circuit(num_qubits).barrier().extend(start).extend(rest)
        simulator = SectorSimulator(weight)
        plan = simulator.compile(start.copy().extend(rest))
        assert plan.prepares_its_state
        np.testing.assert_allclose(simulator.state_vector(plan), simulator.state_vector(hidden), atol=1e-13)
        assert simulator.compile(start).program.num_operations == 0 < simulator.compile(hidden).program.num_operations
        with pytest.raises(InputError, match="initial_state is for circuits that prepare none"):
            simulator.state_vector(plan, initial_state=np.eye(math.comb(num_qubits, weight))[0])
    with pytest.raises(CircuitError, match="got a circuit that starts from weight 3"):
        SectorSimulator(2).state_vector(dicke_circuit(5, 3))


def test_initialize_then_gates():
    rng = np.random.default_rng(4)
    pair = rng.normal(size=2) + 1j * rng.normal(size=2)
    pair /= np.linalg.norm(pair)
    circuit = Circuit(7).initialize([0, *pair, 0], [5, 2]).x(0).initialize(dicke_state(3, 2), [1, 6, 4])
    circuit.swap(0, 3).xx_plus_yy(0.7, 0.2, 3, 5).rzz(0.4, 2, 6)
    simulator = SectorSimulator(4)
    np.testing.assert_allclose(
        simulator.embed(simulator.state_vector(circuit), 7), FULL.state_vector(circuit), atol=1e-13
    )


def test_a_given_initial_state():
    rng = np.random.default_rng(5)
    start = rng.normal(size=20) + 1j * rng.normal(size=20)
    start /= np.linalg.norm(start)
    theta = Parameter("θ")
    circuit = Circuit(6).xx_plus_yy(0.4, 0.3, 0, 3).rzz(theta, 1, 2).iswap(4, 5)
    simulator = SectorSimulator(3)
    before = start.copy()
    found = simulator.state_vector(circuit, [0.8], initial_state=start)
    expected = FULL.state_vector(circuit, [0.8], initial_state=simulator.embed(start, 6))
    np.testing.assert_allclose(simulator.embed(found, 6), expected, atol=1e-13)
    assert np.array_equal(start, before)
    with pytest.raises(InputError, match="norm 1"):
        simulator.state_vector(circuit, [0.8], initial_state=2 * start)
    with pytest.raises(InputError, match="shape"):
        simulator.state_vector(circuit, [0.8], initial_state=start[:5])
    with pytest.raises(InputError, match="X gates"):
        simulator.state_vector(Circuit(6).x(0).extend(circuit), [0.8], initial_state=start)


def test_far_beyond_full_simulation():
    n, weight = 40, 4
    cost = PauliSum.from_sparse_list([("ZZ", (k, (k + 1) % n), 1.0) for k in range(n)], n)
    prepared = Circuit(n).x([0, 1, 20, 21])
    circuit = qaoa_circuit(cost, RingXYMixer(n), prepared, 2)
    simulator = SectorSimulator(weight)
    plan = simulator.compile(circuit)
    value, gradient = simulator.gradient(plan, cost, [0.1, 0.4, 0.3, 0.2])
    state = simulator.state_vector(plan, [0.1, 0.4, 0.3, 0.2])
    assert np.linalg.norm(state) == pytest.approx(1.0, abs=1e-12)
    step = 1e-5
    for j in range(4):
        values = np.array([0.1, 0.4, 0.3, 0.2])
        values[j] += step
        above = simulator.expectation_value(plan, cost, values)
        values[j] -= 2 * step
        below = simulator.expectation_value(plan, cost, values)
        assert gradient[j] == pytest.approx((above - below) / (2 * step), abs=1e-7)
    assert value == pytest.approx(simulator.expectation_value(plan, simulator.diagonal(cost), [0.1, 0.4, 0.3, 0.2]))


def test_shots():
    circuit = random_sector_circuit(6, 2, 20, 3).measure_all()
    simulator = SectorSimulator(2)
    result = simulator.run(circuit, 20_000, seed=1)
    assert result.shots == 20_000
    assert (result.memory.sum(axis=1) == 2).all()
    probabilities = simulator.embed(simulator.probabilities(circuit), 6)
    frequencies = np.zeros(64)
    for key, count in result.counts.items():
        frequencies[int(key, 2)] = count / 20_000
    assert np.abs(frequencies - probabilities).max() < 5 * 0.5 / math.sqrt(20_000)
    assert (frequencies[probabilities == 0] == 0).all()
    assert result.counts == simulator.run(circuit, 20_000, seed=1).counts
    assert simulator.run(circuit, 10).seed is not None
    assert result.metadata["hamming_weight"] == 2
    partial = Circuit(3, 2).x(0).swap(0, 2).measure(2, 1)
    assert SectorSimulator(1).run(partial, 5).counts == {"10": 5}


def test_single_precision():
    circuit = random_sector_circuit(8, 4, 40, 9)
    single, double = SectorSimulator(4, precision="single"), SectorSimulator(4)
    state = single.state_vector(circuit)
    assert state.dtype == np.complex64
    np.testing.assert_allclose(state, double.state_vector(circuit), atol=1e-5)
    observable = random_observable(8, 2)
    assert single.expectation_value(circuit, observable) == pytest.approx(
        double.expectation_value(circuit, observable), abs=1e-4
    )


def test_threads_change_no_bit():
    n, weight = 18, 6
    cost = PauliSum.from_sparse_list([("ZZ", (k, (k + 5) % n), 0.3) for k in range(n)], n)
    angles = [0.3, 0.4]
    for mixer in (RingXYMixer(n), GroverMixer(dicke_circuit(n, weight), True)):
        circuit = qaoa_circuit(cost, mixer, Circuit(n).x(range(0, n, 3)), 1)
        one, two = SectorSimulator(weight, num_threads=1), SectorSimulator(weight)
        assert np.array_equal(one.state_vector(circuit, angles), two.state_vector(circuit, angles))
        values = [simulator.gradient(circuit, cost, angles) for simulator in (one, two)]
        assert values[0][0] == values[1][0]
        assert np.array_equal(values[0][1], values[1][1])


def test_it_satisfies_the_protocols():
    simulator = SectorSimulator(2)
    assert isinstance(simulator, Sampler)
    assert isinstance(simulator, Estimator)
    assert isinstance(simulator, DifferentiableEstimator)
    assert repr(simulator) == "SectorSimulator(hamming_weight=2, precision='double')"
    assert (simulator.hamming_weight, simulator.precision) == (2, "double")
    assert simulator.num_threads >= 1


@pytest.mark.parametrize(
    ("circuit", "message"),
    [
        (Circuit(3).x(0).h(1), r"h on qubits \(1,\)"),
        (Circuit(3).x(0).ry(0.3, 1), r"ry on qubits \(1,\)"),
        (Circuit(3).x(0).rx(Parameter("a"), 1), r"rx on qubits \(1,\)"),
        (Circuit(3).x(0).cx(0, 1), r"cx on qubits \(0, 1\)"),
        (Circuit(3).x(0).swap(0, 1).x(1), r"x on qubits \(1,\)"),
        (Circuit(3).x(0).rxx(0.2, 0, 1).ryy(0.3, 0, 1), r"rxx on qubits \(0, 1\)"),
        (Circuit(3).x(0).rxx(Parameter("a"), 0, 1).ryy(Parameter("b"), 0, 1), r"rxx on qubits \(0, 1\)"),
        (Circuit(3).x(0).xx_minus_yy(0.2, 0.1, 0, 1), "xx_minus_yy"),
        (Circuit(3).x(0).cx(0, 1).ry(Parameter("a"), 1), r"cx on qubits \(0, 1\)"),
        (Circuit(3, 1).x(0).measure(0, 0).z(0), "measure"),
        (Circuit(3).x(0).reset(0).x(0), "reset"),
        (Circuit(8).x(0).permutation(np.roll(np.arange(256), 1), range(8)), "permutation"),
        (Circuit(2).x(0).swap(0, 1).initialize([1, 0], 0), "initialize must come first"),
    ],
)
def test_circuits_that_do_not_conserve_the_weight_are_refused_by_gate(circuit, message):
    with pytest.raises(CircuitError, match=message):
        SectorSimulator(1).compile(circuit)


def test_wrong_weights_are_refused():
    with pytest.raises(CircuitError, match="weight 2"):
        SectorSimulator(1).state_vector(Circuit(4).x([0, 1]).swap(0, 2))
    with pytest.raises(CircuitError, match="weight 0, 1"):
        SectorSimulator(1).state_vector(Circuit(2).initialize([0.6, 0.8], 0))
    with pytest.raises(InputError, match="0 to 3"):
        SectorSimulator(4).compile(Circuit(3))
    with pytest.raises(InputError, match="1 to 62"):
        SectorSimulator(1).compile(Circuit(63))
    with pytest.raises(InputError, match="weight 2"):
        SectorSimulator(2).state_vector(SectorSimulator(1).compile(Circuit(3).x(0)))


def test_wrong_arguments_are_refused():
    simulator = SectorSimulator(1)
    circuit = Circuit(3).x(0).xx_plus_yy(Parameter("a"), 0.0, 0, 1)
    for bad in (-1, 1.5, True, "1"):
        with pytest.raises(InputError, match="hamming_weight"):
            SectorSimulator(bad)
    with pytest.raises(InputError, match="precision"):
        SectorSimulator(1, precision="half")
    with pytest.raises(InputError, match="num_threads"):
        SectorSimulator(1, num_threads=0)
    with pytest.raises(UnboundParameterError, match="a"):
        simulator.state_vector(circuit)
    with pytest.raises(ParameterError):
        simulator.state_vector(circuit, [1.0, 2.0])
    with pytest.raises(ParameterError, match="finite"):
        simulator.state_vector(Circuit(2).x(0).rz(1e300 * (1e300 * Parameter("a") / 1e300), 0), [1e300])
    with pytest.raises(InputError, match="takes a Circuit"):
        simulator.compile("circuit")
    with pytest.raises(CircuitError, match="measure"):
        simulator.run(Circuit(2).x(0), 10)
    with pytest.raises(InputError, match="shots"):
        simulator.run(Circuit(2).x(0).measure_all(), 0)
    with pytest.raises(InputError, match="seed"):
        simulator.run(Circuit(2).x(0).measure_all(), 1, seed=-1)
    with pytest.raises(InputError, match="seed"):
        simulator.run(Circuit(2).x(0).measure_all(), 1, seed="1")
    with pytest.raises(QubitIndexError):
        simulator.probabilities(circuit, [3], [0.1])
    with pytest.raises(InputError, match="shape"):
        simulator.embed(np.ones(4), 3)
    with pytest.raises(OperatorError, match="qubits"):
        simulator.expectation_value(circuit, PauliSum.identity(2), [0.1])
    with pytest.raises(OperatorError, match="Hermitian"):
        simulator.expectation_value(circuit, 1j * PauliSum.identity(3), [0.1])
    with pytest.raises(OperatorError, match="shape"):
        simulator.expectation_value(circuit, np.ones(8), [0.1])
    with pytest.raises(OperatorError, match="PauliSum"):
        simulator.expectation_value(circuit, "ZZZ", [0.1])
    with pytest.raises(OperatorError, match="diagonal"):
        simulator.diagonal(PauliSum.from_list([("XXI", 1.0)]))


def test_memory_is_checked_before_it_is_taken():
    with pytest.raises(InsufficientMemoryError, match="sector"):
        SectorSimulator(30).compile(Circuit(60).x(range(30)))


def test_repeated_observables_and_long_jordan_wigner_strings():
    simulator = SectorSimulator(3)
    theta = ParameterVector("t", 2)
    circuit = Circuit(10).x([0, 4, 7])
    circuit.pauli_rotation("X" + 8 * "Z" + "X", theta[0]).pauli_rotation("Y" + 8 * "Z" + "Y", theta[0])
    circuit.append(StandardGate("rz", (theta[1],)).controlled(3), [1, 2, 3, 4])
    for k in range(6):
        observable = random_observable(10, k)
        for _ in range(2):
            found = simulator.expectation_value(circuit, observable, [0.7, 0.1])
            assert found == pytest.approx(FULL.expectation_value(circuit, observable, [0.7, 0.1]), abs=1e-13)
