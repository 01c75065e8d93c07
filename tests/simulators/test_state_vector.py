import numpy as np
import pytest
from qiskit.quantum_info import random_statevector
from random_circuits import random_gate_circuit

from qtoolkit import Circuit, Parameter, PauliSum, StatevectorSimulator
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

DOUBLE = StatevectorSimulator()
SINGLE = StatevectorSimulator(precision="single")


@pytest.mark.parametrize("num_qubits", range(1, 9))
def test_state_is_the_first_column_of_the_matrix(num_qubits):
    circuit = random_gate_circuit(num_qubits, 70, seed=num_qubits).gphase(0.4)
    expected = circuit.to_matrix()[:, 0]
    state = DOUBLE.state_vector(circuit)
    assert state.dtype == np.complex128
    assert np.abs(state - expected).max() < 1e-13
    single = SINGLE.state_vector(circuit)
    assert single.dtype == np.complex64
    assert np.abs(single - expected).max() < 1e-5


def test_initial_state_is_used_and_left_alone():
    circuit = random_gate_circuit(4, 30, seed=2)
    start = random_statevector(16, seed=3).data
    before = start.copy()
    assert np.allclose(DOUBLE.state_vector(circuit, initial_state=start), circuit.to_matrix() @ start, atol=1e-13)
    assert np.array_equal(start, before)


@pytest.mark.parametrize("dtype", [np.complex64, np.float64, np.int64, bool, list])
def test_initial_states_of_any_numbers(dtype):
    given = [0, 1, 0, 0] if dtype is list else np.array([0, 9, 1, 9, 0, 9, 0, 9], dtype)[::2]
    if dtype is not list:
        given.setflags(write=False)
    state = DOUBLE.state_vector(Circuit(2).x(1), initial_state=given)
    assert state.dtype == np.complex128
    assert state.tolist() == [0, 0, 0, 1]


def test_states_of_single_precision_can_be_gone_on_from():
    circuit = random_gate_circuit(3, 50, seed=1)
    state = SINGLE.state_vector(Circuit(3))
    for _ in range(60):
        state = SINGLE.state_vector(circuit, initial_state=state)
    drifted = (state * 1.00001).astype(np.complex64)
    for simulator in (SINGLE, DOUBLE):
        assert np.abs(simulator.state_vector(Circuit(3), initial_state=drifted) - drifted).max() == 0


def test_circuits_without_qubits():
    circuit = Circuit(0).gphase(0.3)
    assert np.allclose(DOUBLE.state_vector(circuit), [np.exp(0.3j)])
    assert DOUBLE.probabilities(circuit) == pytest.approx([1.0])
    assert np.allclose(circuit.to_matrix(), [[np.exp(0.3j)]])
    assert Circuit(0, 2).depth() == 0
    with pytest.raises(CircuitError, match="must measure something"):
        DOUBLE.run(Circuit(0, 2), 3)


def test_global_phases_under_control():
    circuit = Circuit(2).h([0, 1]).extend(Circuit(1).gphase(0.4).controlled(1)).controlled_unitary([[1j]], [1], [])
    assert np.allclose(DOUBLE.state_vector(circuit), circuit.to_matrix()[:, 0], atol=1e-15)
    assert np.allclose(DOUBLE.state_vector(circuit) * 2, [1, np.exp(0.4j), 1j, 1j * np.exp(0.4j)])


def test_threads_do_not_change_the_state():
    circuit = random_gate_circuit(16, 80, seed=4)
    one = StatevectorSimulator(num_threads=1).state_vector(circuit)
    assert np.abs(StatevectorSimulator().state_vector(circuit) - one).max() < 1e-14


def test_plan_takes_new_values():
    theta = Parameter("theta")
    plan = DOUBLE.compile(Circuit(1).ry(theta, 0))
    for value in (0.1, 0.7):
        assert np.allclose(DOUBLE.state_vector(plan, [value]), [np.cos(value / 2), np.sin(value / 2)])


def test_initialize_on_some_qubits():
    vector = random_statevector(4, seed=1).data
    state = DOUBLE.state_vector(Circuit(3).initialize(vector, [2, 0]).x(1))
    expected = np.zeros(8, complex)
    for j, amplitude in enumerate(vector):
        expected[(j & 1) << 2 | 2 | j >> 1] = amplitude
    assert np.allclose(state, expected)
    whole = random_statevector(8, seed=2).data
    assert np.allclose(DOUBLE.state_vector(Circuit(3).initialize(whole)), whole)
    assert np.allclose(DOUBLE.state_vector(Circuit(1).x(0).reset(0)), [1, 0])


def test_probabilities_and_marginals():
    circuit = random_gate_circuit(5, 40, seed=6).measure_all()
    weights = np.abs(DOUBLE.state_vector(circuit)) ** 2
    assert np.allclose(DOUBLE.probabilities(circuit), weights)
    marginal = DOUBLE.probabilities(circuit, qubits=[3, 0])
    expected = np.zeros(4)
    for index, weight in enumerate(weights):
        expected[(index >> 3 & 1) | (index & 1) << 1] += weight
    assert np.allclose(marginal, expected)


def test_expectation_values_against_the_matrix():
    rng = np.random.default_rng(5)
    circuit = random_gate_circuit(4, 40, seed=7)
    labels = {"".join(rng.choice(list("IXYZ"), 4)) for _ in range(12)}
    observable = PauliSum.from_list([(label, rng.normal()) for label in sorted(labels)])
    diagonal = rng.normal(size=16)
    state = circuit.to_matrix()[:, 0]
    expected = [
        np.vdot(state, observable.to_matrix() @ state).real,
        np.vdot(state, diagonal * state).real,
    ]
    found = DOUBLE.expectation_value(circuit, [observable, diagonal])
    assert np.allclose(found, expected, atol=1e-13)
    assert DOUBLE.expectation_value(circuit, observable) == pytest.approx(expected[0], abs=1e-13)
    assert SINGLE.expectation_value(circuit, observable) == pytest.approx(expected[0], abs=1e-5)


def test_norm_over_many_gates():
    circuit = random_gate_circuit(6, 1000, seed=9)
    assert abs(np.linalg.norm(DOUBLE.state_vector(circuit)) - 1) < 1e-12


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: StatevectorSimulator(precision="half"), InputError, "got 'half'"),
        (lambda: StatevectorSimulator(precision=["single"]), InputError, "got .'single'."),
        (lambda: StatevectorSimulator(num_threads=0), InputError, "num_threads is 1 to"),
        (lambda: StatevectorSimulator(num_threads=1.5), InputError, r"got 1\.5"),
        (lambda: DOUBLE.state_vector("circuit"), InputError, "takes a Circuit .*, got 'circuit'"),
        (lambda: DOUBLE.state_vector(Circuit(1), initial_state=[None, 1]), CircuitError, "array of numbers"),
        (lambda: DOUBLE.state_vector(Circuit(1), initial_state=[1, np.nan]), InputError, "norm 1 to 1e-06, got nan"),
        (lambda: SINGLE.state_vector(Circuit(1), initial_state=[1, 0.1]), InputError, "norm 1 to 0.0001, got 1.0049"),
        (lambda: DOUBLE.run(Circuit(1).measure_all(), 1, seed=1.5), InputError, r"a seed is an integer, .*, got 1\.5"),
        (lambda: DOUBLE.run(Circuit(1).measure_all(), 1, seed="a"), InputError, "a seed is an integer"),
        (lambda: DOUBLE.run(Circuit(1).measure_all(), 10**13), InsufficientMemoryError, "1 bits needs [0-9,]+ bytes"),
        (lambda: DOUBLE.probabilities(Circuit(2), [1.0]), QubitIndexError, "integer, got 1.0"),
        (lambda: DOUBLE.probabilities(Circuit(45)), InsufficientMemoryError, "281,474,976,710,656 bytes but"),
        (lambda: DOUBLE.expectation_value(Circuit(1), [1.0, -1.0]), OperatorError, "a real numpy vector, got 1.0"),
        (lambda: DOUBLE.expectation_value(Circuit(1), "Z"), OperatorError, "a PauliSum or a real"),
        (lambda: DOUBLE.expectation_value(Circuit(1), None), OperatorError, "got None; see PauliSum.from_list"),
        (lambda: DOUBLE.expectation_value(Circuit(1), np.array([1j, 0])), OperatorError, "got complex128"),
        (lambda: DOUBLE.state_vector(Circuit(100).cx(98, 99)), InsufficientMemoryError, "100 qubits needs"),
        (
            lambda: DOUBLE.run(Circuit(100).h(range(100)).measure_all(), 1),
            InsufficientMemoryError,
            "100 qubits needs",
        ),
        (lambda: DOUBLE.state_vector(Circuit(1).rx(Parameter("a"), 0)), UnboundParameterError, "none for a"),
        (lambda: DOUBLE.state_vector(Circuit(1).rx(Parameter("a"), 0), [np.nan]), ParameterError, "finite, got nan"),
        (lambda: DOUBLE.state_vector(Circuit(1), initial_state=[1, 0, 0, 0]), InputError, r"shape \(2,\), got \(4,\)"),
        (lambda: DOUBLE.state_vector(Circuit(1), initial_state=[1, 1]), InputError, "norm 1"),
        (lambda: DOUBLE.state_vector(Circuit(1, 1).h(0).measure(0, 0).x(0)), CircuitError, "mid-circuit"),
        (lambda: DOUBLE.state_vector(Circuit(1).h(0).reset(0)), CircuitError, "resetting qubit 0 here is random"),
        (lambda: DOUBLE.run(Circuit(1).h(0), 10), CircuitError, "must measure something"),
        (lambda: DOUBLE.run(Circuit(1).measure_all(), 0), InputError, "shots must be an integer of at least 1, got 0"),
        (lambda: DOUBLE.run(Circuit(1).measure_all(), 1.5), InputError, "shots"),
        (lambda: DOUBLE.run(Circuit(1).measure_all(), 1, seed=-1), InputError, "seed must be at least 0"),
        (lambda: DOUBLE.probabilities(Circuit(1), [1]), QubitIndexError, "0 to 0"),
        (lambda: DOUBLE.probabilities(Circuit(2), [1, 1]), CircuitError, "distinct"),
        (
            lambda: DOUBLE.expectation_value(Circuit(1), PauliSum.from_list([("ZZ", 1.0)])),
            OperatorError,
            "circuit's 1 qubits, got 2",
        ),
        (lambda: DOUBLE.expectation_value(Circuit(1), PauliSum.from_list([("Z", 1j)])), OperatorError, "Hermitian"),
        (lambda: DOUBLE.expectation_value(Circuit(1), np.ones(4)), OperatorError, r"shape \(2,\), got float64"),
        (
            lambda: DOUBLE.state_vector(Circuit(45)),
            InsufficientMemoryError,
            "562,949,953,421,312 bytes but [0-9,]+ are",
        ),
        (lambda: SINGLE.state_vector(Circuit(45)), InsufficientMemoryError, "281,474,976,710,656 bytes"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_memory_error_names_the_remedy():
    with pytest.raises(InsufficientMemoryError, match='use fewer qubits or precision="single"'):
        DOUBLE.run(Circuit(50).h(range(50)).measure_all(), 1)


def test_swap_where_a_control_is_zero():
    swap = StandardGate("swap").controlled(2, 0b01)
    circuit = Circuit(5).h(range(5)).t(1).csx(0, 2).append(swap, [1, 3, 2, 0]).sx(2)
    plain = (
        Circuit(5).h(range(5)).t(1).csx(0, 2).x(3).append(StandardGate("swap").controlled(2), [1, 3, 2, 0]).x(3).sx(2)
    )
    difference = StatevectorSimulator().state_vector(circuit) - StatevectorSimulator().state_vector(plain)
    assert np.abs(difference).max() < 1e-14


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_diagonals_that_are_not_finite_are_refused(bad):
    theta = Parameter("theta")
    circuit, diagonal = Circuit(1).rx(theta, 0), np.array([1.0, bad])
    for run in (
        lambda: DOUBLE.expectation_value(circuit.bind([0.3]), diagonal),
        lambda: DOUBLE.expectation_value(circuit, diagonal, [[0.3], [0.4]]),
        lambda: DOUBLE.variance(circuit, diagonal, [0.3]),
        lambda: DOUBLE.gradient(circuit, diagonal, [0.3]),
        lambda: DOUBLE.gradient(circuit, [diagonal, diagonal], [[0.3], [0.4]]),
    ):
        with pytest.raises(OperatorError, match="entries must be finite"):
            run()


def test_squares_that_no_float_holds_are_refused():
    with pytest.raises(OperatorError, match="small enough to be added up and squared"):
        DOUBLE.variance(Circuit(1).h(0), np.array([1e200, 0.0]))
    with pytest.raises(OperatorError, match="small enough to be added up and squared"):
        DOUBLE.variance(Circuit(1).h(0), PauliSum.from_list([("Z", 1e200)]))


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e8])
def test_variances_know_no_offset(offset):
    """A constant term, such as the energy of nuclei, must not cost the digits of what varies."""
    circuit = Circuit(3).h(0).ry(0.3, 1)
    sums = [PauliSum.from_list([("ZXY", 0.5), ("ZII", 0.5)]), PauliSum.from_list([("ZZI", 0.5), ("IIZ", 0.5)])]
    for simulator, tolerance in ((DOUBLE, 1e-14), (SINGLE, 1e-6)):
        for observable in sums:
            expected = DOUBLE.variance(circuit, observable)
            shifted = observable + PauliSum.from_list([("III", offset)])
            assert simulator.variance(circuit, shifted) == pytest.approx(expected, abs=tolerance)
        shifted = sums[1].diagonal() + offset
        assert simulator.variance(circuit, shifted) == pytest.approx(expected, abs=max(tolerance, 1e-16 * offset))
    assert DOUBLE.variance(circuit, PauliSum.from_list([("III", 3.0)])) == 0.0
