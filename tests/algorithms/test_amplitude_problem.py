"""The circuits of amplitude estimation against matrices and closed forms."""

import math

import numpy as np
import pytest

from qtoolkit import Circuit, Parameter, StatevectorSimulator
from qtoolkit.algorithms import dicke_circuit
from qtoolkit.algorithms.amplitude import EstimationProblem, estimate_amplitude
from qtoolkit.algorithms.amplitude.experiment import phase_law
from qtoolkit.circuit import StandardGate
from qtoolkit.errors import CircuitError, InputError, QToolkitError, QubitIndexError


def random_preparation(num_qubits, seed):
    rng = np.random.default_rng(seed)
    circuit = Circuit(num_qubits)
    for _ in range(2):
        for qubit in range(num_qubits):
            circuit.u(*rng.normal(size=3), qubit)
        for qubit in range(num_qubits - 1):
            circuit.cx(qubit, qubit + 1)
    if num_qubits > 1:
        circuit.unitary(np.linalg.qr(rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4)))[0], (num_qubits - 1, 0))
    return circuit


def random_problem(num_qubits, seed):
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, num_qubits + 1))
    qubits = [int(q) for q in rng.permutation(num_qubits)[:size]]
    states = [int(s) for s in rng.choice(1 << size, int(rng.integers(1, 1 << size)), replace=False)]
    return EstimationProblem(random_preparation(num_qubits, seed), qubits, states)


def good_mask(problem):
    """Which basis states are good, bit by bit."""
    states = range(1 << problem.num_qubits)
    value = [sum((s >> q & 1) << j for j, q in enumerate(problem.objective_qubits)) for s in states]
    return np.array([v in problem.good_states for v in value])


PROBLEMS = [(n, seed) for n in range(1, 7) for seed in range(3)]


@pytest.mark.parametrize(("num_qubits", "seed"), PROBLEMS)
def test_grover_powers_turn_the_state_by_twice_the_angle(num_qubits, seed):
    """The state itself, phase included, after k iterations: cos((2k+1)θ)|bad⟩ + sin((2k+1)θ)|good⟩."""
    problem = random_problem(num_qubits, seed)
    good = good_mask(problem)
    start = problem.preparation.to_matrix()[:, 0]
    angle = math.asin(np.linalg.norm(start[good]))
    assert problem.angle == pytest.approx(angle, abs=1e-7)
    assert problem.amplitude == pytest.approx(math.sin(angle) ** 2, abs=1e-12)
    for count in range(5):
        circuit = problem.circuit(count)
        state = StatevectorSimulator().state_vector(circuit)
        turned = (2 * count + 1) * angle
        expected = start * np.where(good, math.sin(turned) / math.sin(angle), math.cos(turned) / math.cos(angle))
        assert state == pytest.approx(expected, abs=1e-9)
        bits = StatevectorSimulator().probabilities(circuit, problem.objective_qubits)
        assert bits[list(problem.good_states)].sum() == pytest.approx(math.sin(turned) ** 2, abs=1e-9)


@pytest.mark.parametrize(("num_qubits", "seed"), [(n, 10 + n) for n in range(1, 7)])
def test_the_grover_operator_is_the_product_of_two_reflections(num_qubits, seed):
    problem = random_problem(num_qubits, seed)
    prepare = problem.preparation.to_matrix()
    size = 1 << num_qubits
    about_zero = -np.eye(size)
    about_zero[0, 0] = 1.0
    expected = prepare @ about_zero @ prepare.conj().T @ np.diag(np.where(good_mask(problem), -1.0, 1.0))
    assert problem.grover_operator().to_matrix() == pytest.approx(expected, abs=1e-10)
    controlled = np.eye(2 * size, dtype=complex)
    controlled[size:, size:] = expected
    assert problem.controlled_grover_operator().to_matrix() == pytest.approx(controlled, abs=1e-10)


@pytest.mark.parametrize(("num_qubits", "evaluation", "seed"), [(1, 1, 0), (1, 4, 1), (2, 3, 2), (3, 4, 3)])
def test_phase_estimation_follows_its_law(num_qubits, evaluation, seed):
    problem = random_problem(num_qubits, seed)
    circuit = problem.phase_circuit(evaluation)
    qubits = range(num_qubits, num_qubits + evaluation)
    found = StatevectorSimulator().probabilities(circuit, qubits)
    assert found == pytest.approx(phase_law(problem.angle, evaluation), abs=1e-9)
    size = 1 << evaluation
    kernels = [
        abs(np.exp(2j * np.pi * np.arange(size) * (sign * problem.angle / np.pi - y / size)).sum() / size) ** 2
        for sign in (1, -1)
        for y in range(size)
    ]
    assert found == pytest.approx(np.reshape(kernels, (2, size)).mean(axis=0), abs=1e-9)


@pytest.mark.parametrize("angle", [0.0, math.pi / 2, math.pi / 4])
def test_the_law_of_angles_on_the_grid_is_certain(angle):
    law = phase_law(angle, 5)
    place = round(angle * 32 / math.pi)
    assert law[place] + (law[-place] if place else 0.0) * (place != 16) == pytest.approx(1.0)


def test_amplitudes_that_are_known():
    assert EstimationProblem(Circuit(1).ry(1.0, 0)).amplitude == pytest.approx(math.sin(0.5) ** 2, abs=1e-15)
    assert EstimationProblem(Circuit(2)).amplitude == 0.0
    assert EstimationProblem(Circuit(2).x(1)).amplitude == 1.0
    dicke = dicke_circuit(5, 2)
    assert EstimationProblem(dicke, 3).amplitude == pytest.approx(0.4)
    assert EstimationProblem(dicke, [0, 4], "11").amplitude == pytest.approx(0.1)
    assert EstimationProblem(dicke, [4, 0, 1], ["100", 3]).amplitude == pytest.approx(0.3)
    assert EstimationProblem(Circuit(1).h(0), 0, [0, 1]).amplitude == pytest.approx(1.0)


def test_the_leftmost_letter_is_the_last_objective_qubit():
    circuit = Circuit(3).x(2)
    assert EstimationProblem(circuit, [0, 2], "10").amplitude == 1.0
    assert EstimationProblem(circuit, [2, 0], "01").amplitude == 1.0
    assert EstimationProblem(circuit, [0, 2], 2).good_states == (2,)
    assert EstimationProblem(circuit).objective_qubits == (2,)


def test_depths_add_up():
    problem = random_problem(3, 5)
    one = problem.grover_operator().depth()
    assert problem.depth(0) == problem.preparation.depth()
    assert problem.depth(4) == problem.preparation.depth() + 4 * one
    for evaluation in (1, 2, 3):
        circuit = problem.phase_circuit(evaluation).without_final_measurements()
        assert 0 <= problem.phase_depth(evaluation) - circuit.depth() <= 2 * (1 << evaluation) + 2


def test_the_problem_keeps_what_it_was_given():
    circuit = Circuit(1).ry(1.0, 0)
    problem = EstimationProblem(circuit)
    circuit.x(0)
    problem.preparation.x(0)
    assert problem.amplitude == pytest.approx(math.sin(0.5) ** 2)


def test_fingerprints_tell_problems_apart():
    def matrix(angle):
        return Circuit(2).unitary(Circuit(1).ry(angle, 0).to_matrix(), 0)

    problems = [
        EstimationProblem(Circuit(2).ry(0.3, 0)),
        EstimationProblem(Circuit(2).ry(0.3, 0), 0),
        EstimationProblem(Circuit(2).ry(0.3, 0), 1, 0),
        EstimationProblem(Circuit(2).ry(0.3, 1)),
        EstimationProblem(Circuit(2).ry(np.nextafter(0.3, 1), 0)),
        EstimationProblem(Circuit(2).rx(0.3, 0)),
        EstimationProblem(matrix(0.3)),
        EstimationProblem(matrix(0.4)),
        EstimationProblem(Circuit(2).pauli_rotation("XY", 0.3)),
        EstimationProblem(Circuit(2).pauli_rotation("YX", 0.3)),
        EstimationProblem(Circuit(2).append(StandardGate("x").controlled(1, 0), (0, 1))),
        EstimationProblem(Circuit(2).append(StandardGate("x").controlled(1, 1), (0, 1))),
    ]
    prints = [problem.fingerprint for problem in problems]
    assert len(set(prints)) == len(prints)
    assert all(len(text) == 16 and int(text, 16) >= 0 for text in prints)
    assert EstimationProblem(matrix(0.3)).fingerprint == problems[6].fingerprint
    assert EstimationProblem(Circuit(2).ry(0.3, 0).barrier()).fingerprint == prints[0]


ONE = Circuit(1).h(0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: EstimationProblem(ONE).circuit(10**5000), InputError, "num_iterations must be"),
        (lambda: EstimationProblem(ONE).depth(10**5000), InputError, "num_iterations must be"),
        (lambda: EstimationProblem(ONE, known_amplitude=1.5), InputError, "a probability, from 0 to 1, got 1.5"),
        (lambda: EstimationProblem(ONE, known_amplitude="0"), InputError, "known_amplitude must be a probability"),
        (lambda: EstimationProblem(None), InputError, "the preparation must be a Circuit, got None"),
        (lambda: EstimationProblem(Circuit(0)), InputError, "at least one qubit, got none"),
        (lambda: EstimationProblem(Circuit(1).rx(Parameter("a"), 0)), InputError, "bind them"),
        (lambda: EstimationProblem(Circuit(1, 1).measure(0, 0)), CircuitError, "only gates have an inverse, got meas"),
        (lambda: EstimationProblem(Circuit(1).initialize([0, 1])), CircuitError, "only gates have an inverse"),
        (lambda: EstimationProblem(ONE, 1), QubitIndexError, "qubit indices of this circuit are 0 to 0, got 1"),
        (lambda: EstimationProblem(ONE, "0"), QubitIndexError, "by its index, an integer, got '0'"),
        (lambda: EstimationProblem(ONE, [0, 0]), CircuitError, "must be distinct"),
        (lambda: EstimationProblem(ONE, []), InputError, "at least one objective qubit, got none"),
        (lambda: EstimationProblem(ONE, 0, []), InputError, "at least one good state, got none"),
        (lambda: EstimationProblem(ONE, 0, 2), InputError, "integers from 0 to 2..1 - 1 or bitstrings of 1 letters"),
        (lambda: EstimationProblem(ONE, 0, -1), InputError, "got -1"),
        (lambda: EstimationProblem(ONE, 0, True), InputError, "got True"),
        (lambda: EstimationProblem(ONE, 0, [0.5]), InputError, "got 0.5"),
        (lambda: EstimationProblem(ONE, 0, "2"), InputError, "got '2'"),
        (lambda: EstimationProblem(ONE, 0, "01"), InputError, "got '01'"),
        (lambda: EstimationProblem(ONE, 0, ["1", 1]), InputError, r"must be distinct, got \[1, 1\]"),
        (lambda: EstimationProblem(ONE).circuit(-1), InputError, "num_iterations must be an integer of at least 0"),
        (lambda: EstimationProblem(ONE).circuit(10**9), CircuitError, "holds at most 10,000,000 operations"),
        (lambda: EstimationProblem(ONE).phase_circuit(0), InputError, "num_evaluation_qubits must be an integer"),
        (lambda: EstimationProblem(ONE).phase_circuit(10**6), InputError, "of at most 22, got 1000000"),
    ],
)  # fmt: skip
def test_odd_problems_are_refused(call, error, message):
    with pytest.raises(error, match=message) as caught:
        call()
    assert isinstance(caught.value, QToolkitError)


def test_a_known_amplitude_needs_no_state_however_many_qubits():
    circuit = Circuit(100).ry(1.0, 0).cx(0, 99)
    problem = EstimationProblem(circuit, known_amplitude=math.sin(0.5) ** 2)
    assert problem.angle == pytest.approx(0.5)
    found = estimate_amplitude(problem, 0.01, seed=1)
    same = estimate_amplitude(EstimationProblem(Circuit(1).ry(1.0, 0)), 0.01, seed=1)
    assert (found.estimate, *found.interval) == pytest.approx((same.estimate, *same.interval))
    assert (found.evidence, same.evidence) == ("known amplitude", "state vector")
    sampled = estimate_amplitude(
        EstimationProblem(Circuit(1).ry(1.0, 0), known_amplitude=0.9), 0.05, sampler=StatevectorSimulator(), seed=1
    )
    assert sampled.evidence == "samples"
    assert sampled.interval[0] <= math.sin(0.5) ** 2 <= sampled.interval[1]
