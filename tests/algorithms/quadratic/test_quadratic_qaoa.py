"""QAOA on binary quadratic problems: states, gradients, constraints, evidence, and values that are known."""

import math

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quadratic_problems import points, random_problem, slice_problem
from scipy.linalg import expm

from qtoolkit import Parameter, StatevectorSimulator
from qtoolkit.algorithms import Schedule
from qtoolkit.algorithms.quadratic import (
    BinaryQuadratic,
    Constraints,
    Group,
    LinearRow,
    QaoaSolver,
    QuadraticProblem,
    solve,
)
from qtoolkit.algorithms.quadratic.ansatz import CircuitLandscape, layered_circuit
from qtoolkit.algorithms.quadratic.circuit_size import two_qubit_gates
from qtoolkit.algorithms.quadratic.encoding import encode, kept_groups
from qtoolkit.algorithms.quadratic.listed import ListedLandscape
from qtoolkit.algorithms.quadratic.measured import lower_tail, tail_observable
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError, InsufficientMemoryError

SEEDS = st.integers(0, 2**32 - 1)


def landscapes(problem, share):
    """One of each kind that fits the problem, with two layers."""
    found = [ListedLandscape(problem, 2, share), ListedLandscape(problem, 2, share, np.linspace(0.2, 0.8, 6))]
    for keep, kind in ((True, "complete"), (True, "ring"), (False, "transverse")):
        encoding = encode(problem, keep=keep, num_layers=2)
        found.append(CircuitLandscape(encoding, layered_circuit(encoding, kind, 2), share))
    chances = np.linspace(0.2, 0.7, encoding.num_qubits)
    found.append(CircuitLandscape(encoding, layered_circuit(encoding, "transverse", 2, chances), share))
    return found


def grouped_problem(seed):
    """Six bits: two of three, and of the others one of two, and one that is free."""
    rng = np.random.default_rng(seed)
    form = BinaryQuadratic(rng.normal(size=(6, 6)), rng.normal(size=6))
    groups = {"left": Group(("x0", "x2", "x4"), 2, 2), "right": Group(("x1", "x5"), 1, 1)}
    return QuadraticProblem(form, Constraints(form.names, groups=groups))


@pytest.mark.parametrize("share", [1.0, 0.3])
@pytest.mark.parametrize("problem", [slice_problem(6, 2, 1), grouped_problem(2)], ids=["weight", "groups"])
def test_gradients_are_those_of_the_values(problem, share):
    rng = np.random.default_rng(3)
    for landscape in landscapes(problem, share):
        at = rng.uniform(0.2, 1.0, size=4)
        value, gradient = landscape.value_and_gradient(at)
        assert value == pytest.approx(landscape.value(at), abs=1e-10)
        for k in range(4):
            step = np.eye(4)[k] * 1e-6
            slope = (landscape.value(at + step) - landscape.value(at - step)) / 2e-6
            assert gradient[k] == pytest.approx(slope, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.floats(0.01, 1.0), SEEDS)
def test_the_lower_tail_is_a_mean_over_the_lowest(size, share, seed):
    rng = np.random.default_rng(seed)
    values, probabilities = rng.normal(size=size).round(1), rng.dirichlet(np.ones(size))
    mean, bar = lower_tail(values, probabilities, share)
    left, total = share, 0.0
    for value, chance in sorted(zip(values, probabilities, strict=True)):
        total += value * min(chance, left)
        left -= min(chance, left)
    assert mean == pytest.approx(total / share, abs=1e-9)
    assert tail_observable(values, bar, share) @ probabilities == pytest.approx(mean, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_grover_layers_agree_with_matrices(seed):
    problem = random_problem(6, seed)
    landscape = ListedLandscape(problem, 2)
    assert problem.constraints.feasible(landscape.choices).all()
    assert len(landscape.choices) == problem.constraints.count()
    size = len(landscape.values)
    psi = np.full(size, 1 / math.sqrt(size))
    at = np.array([0.7, 1.9, 1.1, 0.4])
    state = psi.astype(complex)
    energies = (landscape.values - landscape.values.mean()) / landscape.spread
    for gamma, beta in at.reshape(-1, 2):
        state = expm(1j * beta * np.outer(psi, psi)) @ (np.exp(-1j * gamma * energies) * state)
    assert landscape.probabilities(at) == pytest.approx(np.abs(state) ** 2, abs=1e-12)


@pytest.mark.parametrize(("kind", "problem"), [("complete", grouped_problem(5)), ("ring", slice_problem(6, 3, 2))])
def test_kept_groups_are_never_left(kind, problem):
    encoding = encode(problem, keep=True)
    circuit = layered_circuit(encoding, kind, 2)
    state = StatevectorSimulator().state_vector(circuit, parameters=[0.8, 0.7, 0.5, 0.9])
    bits = encoding.choices(np.arange(len(state), dtype=np.int64))
    assert np.abs(state[~problem.constraints.feasible(bits)]).max() < 1e-12
    assert np.count_nonzero(np.abs(state) > 1e-9) == problem.constraints.count()


@pytest.mark.parametrize("problem", [slice_problem(6, 2, 4), grouped_problem(4)], ids=["weight", "groups"])
@pytest.mark.parametrize("chances", [None, np.linspace(0.2, 0.8, 6)], ids=["uniform", "warm"])
def test_grovers_circuit_does_what_its_list_does(problem, chances):
    at = np.array([0.7, 1.9, 1.1, 0.4])
    listed = ListedLandscape(problem, 2, 1.0, chances)
    encoding = encode(problem, keep=True)
    circuit = layered_circuit(encoding, "grover", 2, chances, scale=listed.spread)
    state = StatevectorSimulator().state_vector(circuit, parameters=at)
    patterns = listed.choices.astype(np.int64) @ (1 << np.arange(6))
    np.testing.assert_allclose(np.abs(state[patterns]) ** 2, listed.probabilities(at), atol=1e-10)
    assert np.sum(np.abs(state[patterns]) ** 2) == pytest.approx(1.0)


def test_groups_are_read_off_constraints():
    names = [f"x{k}" for k in range(6)]
    groups = {"a": Group(("x0", "x1"), 1, 1), "b": Group(("x1", "x2"), 1, 1), "c": Group(("x4", "x5"), 0, 1)}
    found, kept = kept_groups(Constraints(names, cardinality=3, groups=groups))
    assert found == {(0, 1): 1, (2, 3, 4, 5): 2}
    assert kept == {"cardinality", "a"}
    rows = [LinearRow(np.array([1.0, 1.0, 0, 0, 0, 0]), 0, 2, "implied")]
    assert kept_groups(Constraints(names, cardinality=3, rows=rows))[1] == {"cardinality", "implied"}
    assert kept_groups(Constraints(names, rows=rows)) == ({}, frozenset())


def test_what_has_no_choice_takes_no_qubit():
    form = slice_problem(5, 2, 0).objective
    groups = {"none": Group(("x1",), 0, 0), "all": Group(("x0", "x3"), 2, 2)}
    problem = QuadraticProblem(form, Constraints(form.names, cardinality=3, groups=groups))
    encoding = encode(problem, keep=True)
    assert encoding.num_qubits == 2
    assert encoding.choices(np.array([1, 2])).tolist() == [[1, 0, 1, 1, 0], [1, 0, 0, 1, 1]]
    solution = solve(problem, "qaoa", seed=1)
    assert solution.is_optimal
    assert solution.feasible_probability == pytest.approx(1.0)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 7), SEEDS, st.sampled_from(["interpolated", "trained", "ramp"]))
def test_every_kind_of_constraint_is_obeyed(num_variables, seed, schedule):
    problem = random_problem(num_variables, seed)
    solution = QaoaSolver(2, schedule=schedule, shots=500).solve(problem, seed=seed)
    bits = points(num_variables)
    feasible = problem.constraints.feasible(bits)
    assert solution.bits is not None
    assert problem.constraints.feasible(np.array(solution.bits))
    assert all(check.satisfied for check in solution.feasibility)
    assert solution.value >= problem.objective.values(bits)[feasible].min() - 1e-9
    assert solution.problem_fingerprint == problem.fingerprint
    assert QaoaSolver(2, schedule=schedule, shots=500).solve(problem, seed=seed) == solution


@settings(max_examples=15, deadline=None)
@given(st.integers(4, 8), SEEDS, st.sampled_from(["interpolated", "trained"]))
def test_training_converges_and_beats_luck(num_variables, seed, schedule):
    problem = slice_problem(num_variables, num_variables // 2, seed)
    for mixer in ("complete", "ring", "grover"):
        solution = QaoaSolver(2, mixer=mixer, schedule=schedule).solve(problem, seed=0)
        assert solution.converged, solution.message
        assert solution.expected_value < solution.luck.mean_value
        assert solution.feasible_probability == pytest.approx(1.0)


def test_evidence_is_exact_and_sized():
    problem = slice_problem(8, 3, 4)
    solution = solve(problem, "qaoa", seed=1)
    assert (solution.solver, solution.evidence, solution.shots, solution.seed) == ("qaoa", "state vector", 4096, 1)
    encoding = encode(problem, keep=True)
    circuit = layered_circuit(encoding, "complete", 3, exact=False)
    assert (solution.depth, solution.two_qubit_count) == (circuit.depth(), two_qubit_gates(circuit))
    landscape = CircuitLandscape(encoding, layered_circuit(encoding, "complete", 3))
    probabilities = landscape.probabilities(solution.schedule.to_parameters())
    values = problem.objective.values(encoding.choices(landscape.patterns))
    assert solution.expected_value == pytest.approx(probabilities @ values, abs=1e-9)
    assert solution.probability_of_optimum == pytest.approx(probabilities[np.argmin(values)], abs=1e-9)
    assert "complete XY" in solution.setting


def test_pairs_come_in_as_few_rounds_as_there_can_be():
    for size, rounds in ((8, 7), (9, 9)):
        form = BinaryQuadratic(np.ones((size, size)))
        encoding = encode(QuadraticProblem(form), keep=True)
        circuit = layered_circuit(encoding, "transverse", 1)
        assert circuit.depth() == 1 + 1 + rounds + 1  # H, RZ, RZZ, RX


def test_phases_are_scaled_without_enumeration():
    problem = slice_problem(7, 3, 8)
    values = problem.objective.values(points(7)[points(7).sum(axis=1) == 3])
    assert encode(problem, keep=True).scale == pytest.approx(values.std())


def test_schedules_of_other_problems_are_refused():
    problem, other = slice_problem(6, 2, 1), slice_problem(6, 2, 2)
    found = QaoaSolver(2).solve(problem, seed=1)
    again = QaoaSolver(2, schedule=found.schedule).solve(problem, seed=1)
    assert again.expected_value == pytest.approx(found.expected_value, abs=1e-9)
    with pytest.raises(InputError, match=r"detached"):
        QaoaSolver(2, schedule=found.schedule).solve(other)
    with pytest.raises(InputError, match=r"detached"):
        QaoaSolver(2, schedule=found.schedule, mixer="ring").solve(problem)
    assert QaoaSolver(2, schedule=found.schedule.detached()).solve(other, seed=1).bits is not None


def test_a_sampler_draws_from_what_machines_run():
    problem = slice_problem(6, 2, 1)
    solution = QaoaSolver(2, sampler=StatevectorSimulator(), shots=2000).solve(problem, seed=3)
    assert solution.evidence == "samples"
    assert solution.feasible_probability == 1.0
    assert solution.setting.startswith("complete XY in one Trotter step mixer, ")
    exact = QaoaSolver(2).solve(problem, seed=3)
    assert "one Trotter step in place of the complete mixer" in exact.circuit
    assert (exact.depth, exact.two_qubit_count) == (solution.depth, solution.two_qubit_count)
    assert solution.circuit == QaoaSolver(2, mixer="ring").solve(problem, seed=3).circuit == ""
    assert solution.expected_value < solution.luck.mean_value
    for chosen in ({"mixer": "grover"}, {"mixer": "grover", "initial_state": "warm"}, {"mixer": "transverse"}):
        drawn = QaoaSolver(2, sampler=StatevectorSimulator(), **chosen).solve(grouped_problem(3), seed=3)
        exact = QaoaSolver(2, **chosen).solve(grouped_problem(3), seed=3)
        assert drawn.expected_value == pytest.approx(exact.expected_value, rel=0.05)
    with pytest.raises(InputError, match="sampler"):
        QaoaSolver(sampler=StatevectorSimulator()).solve(
            QuadraticProblem(problem.objective, Constraints(problem.names, cardinality=(1, 3)))
        )


def test_time_progress_and_interruption():
    problem = slice_problem(10, 4, 1)
    solution = QaoaSolver(5).solve(problem, seed=1, time_limit=0.0)
    assert not solution.converged
    assert solution.message == "the time ran out"
    assert problem.constraints.feasible(np.array(solution.bits))
    calls = []
    QaoaSolver(2).solve(problem, seed=1, progress=lambda done, total: calls.append((done, total)))
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    assert calls[-1][0] == calls[-1][1]

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        QaoaSolver(2).solve(problem, progress=stop)


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"num_layers": 0}, "num_layers"),
        ({"mixer": "xy"}, "mixer"),
        ({"mixer": None}, "mixer"),
        ({"schedule": 1}, "schedule"),
        ({"schedule": Schedule.ramp(2)}, "3 layers"),
        ({"initial_state": "dicke"}, "initial_state"),
        ({"cvar": 0.0}, "cvar"),
        ({"cvar": "1"}, "cvar"),
        ({"penalty": "hard"}, "penalty"),
        ({"shots": 0}, "shots"),
        ({"sampler": 1}, "must be a Sampler"),
        ({"schedule": "fixed", "mixer": "ring"}, "fixed angles"),
        ({"initial_state": "warm", "mixer": "ring"}, "take transverse or grover"),
        ({"initial_state": "biased", "mixer": "grover"}, "take transverse"),
    ],
)
def test_settings_are_checked(settings_, message):
    with pytest.raises(InputError, match=message):
        QaoaSolver(**settings_)


def test_what_does_not_go_together_is_refused():
    free = QuadraticProblem(slice_problem(4, 2, 0).objective)
    with pytest.raises(InputError, match="fixed number of ones"):
        QaoaSolver(mixer="complete").solve(free)
    with pytest.raises(InputError, match="11 layers"):
        QaoaSolver(12, schedule="fixed").solve(free)
    impossible = Constraints(free.names, cardinality=1, groups={"two": Group(("x0", "x1"), 2)})
    with pytest.raises(InputError, match="no choice satisfies"):
        solve(QuadraticProblem(free.objective, impossible), "qaoa")


def test_gates_on_two_qubits_are_counted():
    circuit = Circuit(6).h(0).cx(0, 1).ccx(0, 1, 2)
    assert two_qubit_gates(circuit) == 1 + 5
    assert two_qubit_gates(Circuit(4).mcp(Parameter("a"), [0, 1, 2], 3)) == 5 + 2 + 2 * 5
    sizes = [two_qubit_gates(Circuit(n).mcp(0.1, range(n - 1), n - 1)) for n in (20, 40, 80)]
    assert sizes[2] < 6 * sizes[1] < 36 * sizes[0]  # quadratic


def cut(graph):
    """MaxCut to be minimised: minus the number of edges cut."""
    couplings = np.zeros((len(graph), len(graph)))
    for first, second in graph.edges:
        couplings[first, second] = 0.5
    return QuadraticProblem(BinaryQuadratic.from_spins(np.zeros(len(graph)), couplings, -0.5 * len(graph.edges)))


@pytest.mark.parametrize(
    ("num_layers", "guarantee"), [(1, 0.69245), (2, 0.75591), (3, 0.79240), (4, 0.81688), (5, 0.83638)]
)
def test_fixed_angles_keep_their_guarantee(num_layers, guarantee):
    for seed, size in enumerate((8, 10, 12, 14, 16)):
        problem = cut(nx.random_regular_graph(3, size, seed=seed))
        solution = QaoaSolver(num_layers, schedule="fixed").solve(problem, seed=0)
        assert solution.expected_value / solution.bound.value >= guarantee


@pytest.mark.parametrize("kind", ["none", "number", "groups", "range"])
@pytest.mark.parametrize("num_layers", [1, 3])
def test_the_defaults_beat_luck_and_converge(kind, num_layers):
    for size in (8, 10):
        rng = np.random.default_rng(size)
        form = BinaryQuadratic(rng.normal(size=(size, size)), rng.normal(size=size))
        half = form.names[: size // 2]
        limits = {
            "none": Constraints(form.names),
            "number": Constraints(form.names, cardinality=3),
            "groups": Constraints(form.names, cardinality=4, groups={"a": Group(half, 0, 2)}),
            "range": Constraints(form.names, cardinality=(2, 4)),
        }[kind]
        solution = QaoaSolver(num_layers).solve(QuadraticProblem(form, limits), seed=1)
        assert solution.converged
        assert solution.expected_value < solution.luck.mean_value
        assert solution.times_luck > 2.0


@pytest.mark.parametrize(("size", "error"), [(63, InputError), (50, InsufficientMemoryError)])
@pytest.mark.parametrize("solver", ["qaoa", "vqe", "imaginary-time"])
def test_what_is_too_large_for_a_state_is_not_for_decomposition(solver, size, error):
    problem = slice_problem(size, size // 2, 1)
    with pytest.raises(error, match="decomposition"):
        solve(problem, solver, seed=1)
