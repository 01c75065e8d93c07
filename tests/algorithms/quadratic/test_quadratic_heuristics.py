"""Grover's search, annealing, recursive QAOA, VQE and imaginary time: what is known of each."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quadratic_problems import points, random_problem, slice_problem

from qtoolkit import StatevectorSimulator
from qtoolkit.algorithms import TransverseMixer, qaoa_circuit
from qtoolkit.algorithms.quadratic import (
    AnnealingSolver,
    BinaryQuadratic,
    Constraints,
    Group,
    GroverSolver,
    ImaginaryTimeSolver,
    LinearRow,
    QuadraticProblem,
    RecursiveQaoaSolver,
    VqeSolver,
)
from qtoolkit.algorithms.quadratic import annealing as annealing_module
from qtoolkit.algorithms.quadratic.annealing import _Chains, feasible_starts
from qtoolkit.algorithms.quadratic.encoding import encode
from qtoolkit.algorithms.quadratic.imaginary_time import _Path, _space
from qtoolkit.algorithms.quadratic.recursive import _Reduced, _Step
from qtoolkit.algorithms.quadratic.relaxed import relaxed_solution
from qtoolkit.algorithms.quadratic.single_layer import best_single_layer, single_layer
from qtoolkit.algorithms.quadratic.vqe import real_circuit
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError

SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 6), SEEDS, st.floats(-1.0, 1.0), st.floats(-1.0, 1.0))
def test_one_layer_in_closed_form_is_that_of_the_state(size, seed, gamma, beta):
    rng = np.random.default_rng(seed)
    form = BinaryQuadratic(rng.normal(size=(size, size)), rng.normal(size=size))
    circuit = qaoa_circuit(form.ising(), TransverseMixer(size), Circuit(size).h(range(size)), 1)
    chances = StatevectorSimulator().probabilities(circuit, parameters=[gamma, beta])
    spins = 1 - 2 * points(size)
    means, pairs = single_layer(form.spins(), gamma, beta)
    np.testing.assert_allclose(means, chances @ spins, atol=1e-12)
    np.testing.assert_allclose(pairs, (spins.T * chances) @ spins, atol=1e-12)


def test_the_best_single_layer_is_the_lowest_of_a_grid():
    form = slice_problem(6, 2, 3).objective
    gamma, beta, mean, number = best_single_layer(form)
    circuit = qaoa_circuit(form.ising(), TransverseMixer(6), Circuit(6).h(range(6)), 1)
    values = form.values(points(6))
    simulator = StatevectorSimulator()
    assert mean == pytest.approx(simulator.probabilities(circuit, parameters=[gamma, beta]) @ values, abs=1e-9)
    grid = [[g, b] for g in np.linspace(0, 2 * gamma, 30) for b in np.linspace(0, np.pi / 2, 30)]
    lowest = min(simulator.probabilities(circuit, parameters=at) @ values for at in grid)
    spread = form.moments().standard_deviation
    assert mean <= lowest + 0.02 * spread
    assert number == 29
    assert best_single_layer(form, gamma)[2] == pytest.approx(mean, abs=0.02 * spread)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 7), SEEDS)
def test_elimination_keeps_values_and_constraints(size, seed):
    problem = random_problem(size, seed)
    rng = np.random.default_rng(seed)
    state = _Reduced.of(problem)
    while state.problem.num_variables > 1:
        variable, partner = rng.permutation(state.problem.num_variables)[:2].tolist()
        state = state.after(_Step(variable, partner if rng.integers(2) else None, int(rng.integers(2))))
        bits = points(state.problem.num_variables)
        whole = np.array([state.bits(row.astype(np.int8)) for row in bits])
        np.testing.assert_allclose(state.problem.objective.values(bits), problem.objective.values(whole), atol=1e-9)
        feasible = state.problem.constraints.feasible(bits)
        np.testing.assert_array_equal(feasible, problem.constraints.feasible(whole))
        assert feasible.any()


def test_recursive_qaoa_solves_a_ring_exactly():
    # the strongest correlation of a ring of equal couplings is drawn, and every tie is right
    size = 30
    couplings = np.zeros((size, size))
    couplings[np.arange(size), (np.arange(size) + 1) % size] = 1.0
    problem = QuadraticProblem(BinaryQuadratic.from_spins(np.zeros(size), couplings))
    for seed in range(3):
        solution = RecursiveQaoaSolver().solve(problem, seed=seed)
        assert solution.value == pytest.approx(-size)
        assert solution.two_qubit_count == size
        assert 2 + 2 <= solution.depth <= 3 + 2


def test_recursive_qaoa_goes_beyond_state_vectors():
    rng = np.random.default_rng(7)
    size = 64
    form = BinaryQuadratic(rng.normal(size=(size, size)) * (rng.random((size, size)) < 0.1))
    problem = QuadraticProblem(form, Constraints(form.names, cardinality=20))
    found = RecursiveQaoaSolver().solve(problem, seed=1)
    assert sum(found.bits) == 20
    random = form.moments(20)
    assert found.value < random.mean - 4.0 * random.standard_deviation


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 8), SEEDS)
def test_chains_keep_their_books(size, seed):
    problem = random_problem(size, seed)
    generator = np.random.default_rng(seed)
    chains = _Chains(problem, feasible_starts(problem, 6, generator), generator)
    for _ in range(4):
        chains.sweep(0.5)
    assert problem.constraints.feasible(chains._bits).all()
    np.testing.assert_allclose(
        chains._values + problem.objective.offset, problem.objective.values(chains._bits), atol=1e-9
    )
    np.testing.assert_allclose(
        chains._best_values + problem.objective.offset, problem.objective.values(chains._best_bits), atol=1e-9
    )
    assert np.all(chains._best_values <= chains._values + 1e-12)


def test_hot_chains_reach_every_choice_of_groups():
    rng = np.random.default_rng(3)
    form = BinaryQuadratic(0.01 * rng.normal(size=(6, 6)))
    groups = {"a": Group(("x0", "x1", "x2"), 1, 1)}
    problem = QuadraticProblem(form, Constraints(form.names, groups=groups, cardinality=(1, 3)))
    chains = _Chains(problem, feasible_starts(problem, 200, rng), rng)
    seen = set()
    for _ in range(20):
        chains.sweep(10.0)
        seen |= {tuple(row) for row in chains._bits.astype(int).tolist()}
    assert len(seen) == problem.constraints.count()


def test_annealing_starts_where_choices_cannot_be_counted(monkeypatch):
    rng = np.random.default_rng(2)
    size = 40
    form = BinaryQuadratic(rng.normal(size=(size, size)))
    rows = [LinearRow(rng.normal(size=size), -1.0, 3.0, f"row {k}") for k in range(4)]
    problem = QuadraticProblem(form, Constraints(form.names, rows=rows))
    assert problem.constraints.diagram is None
    solution = AnnealingSolver(20, 8).solve(problem, seed=1)
    assert all(check.satisfied for check in solution.feasibility)
    assert solution.value < 0.0
    assert len(annealing_module.feasible_starts(problem, 3, rng)) == 3


def test_grover_counts_its_queries():
    problem = slice_problem(14, 5, 1)
    total = math.comb(14, 5)
    solution = GroverSolver(confidence=0.5).solve(problem, seed=1)
    budget = math.ceil(22.5 * math.sqrt(total) + 1.4 * math.log2(total) ** 2)
    assert solution.is_optimal
    assert budget <= solution.num_queries <= budget + math.sqrt(total) + 1
    assert solution.luck.shots == solution.num_queries
    assert solution.num_evaluations < solution.num_queries
    found = [GroverSolver(confidence=0.0).solve(problem, seed=seed).is_optimal for seed in range(40)]
    assert sum(found) >= 20  # with probability a half at least, each
    with pytest.raises(InputError, match="confidence"):
        GroverSolver(confidence=1.0)


@pytest.mark.parametrize("kind", ["free", "weight", "groups"])
def test_the_path_through_imaginary_time_is_the_circuits(kind):
    form = slice_problem(6, 3, 5).objective
    groups = {"a": Group(("x0", "x3", "x4"), 1, 1)} if kind == "groups" else None
    problem = QuadraticProblem(
        form, Constraints(form.names, cardinality=3 if kind == "weight" else None, groups=groups)
    )
    space = _space(problem)
    path = _Path(space)
    for _ in range(4):
        assert path._advance(0.4) > 0.0
    state = StatevectorSimulator().state_vector(path.circuit())
    np.testing.assert_allclose(np.abs(state[space.patterns]), np.abs(path.state), atol=1e-10)


def test_a_short_step_is_that_of_imaginary_time():
    # on free qubits without couplings, rotations about Y do it exactly
    form = BinaryQuadratic(np.zeros((4, 4)), [1.0, -0.5, 0.2, 0.7])
    space = _space(QuadraticProblem(form))
    path = _Path(space)
    path._advance(1e-3)
    exact = np.exp(-1e-3 * space.values)
    np.testing.assert_allclose(path.state, exact / np.linalg.norm(exact), atol=1e-6)


def test_imaginary_time_stays_among_feasible_choices():
    form = slice_problem(8, 3, 5).objective
    limits = {"a": Group(form.names[:4], 1, 2)}
    rows = [LinearRow(np.linspace(-1.0, 1.5, 8), -0.3, np.inf, "row")]
    problem = QuadraticProblem(form, Constraints(form.names, groups=limits, rows=rows, cardinality=(2, 5)))
    solution = ImaginaryTimeSolver().solve(problem, seed=1)
    assert solution.feasible_probability == pytest.approx(1.0)
    assert solution.depth is None
    assert solution.probability_of_optimum > 0.2


def test_the_circuit_of_vqe_is_real_and_keeps_groups():
    form = slice_problem(6, 3, 5).objective
    problem = QuadraticProblem(form, Constraints(form.names, groups={"a": Group(("x0", "x3", "x4"), 1, 1)}))
    encoding = encode(problem, keep=True)
    circuit = real_circuit(encoding, 2)
    rng = np.random.default_rng(1)
    state = StatevectorSimulator().state_vector(circuit, parameters=rng.normal(size=circuit.num_parameters))
    state = state * np.exp(-1j * np.angle(state[np.argmax(np.abs(state))]))
    assert np.abs(state.imag).max() < 1e-10
    bits = encoding.choices(np.arange(64))
    assert np.abs(state[~problem.constraints.feasible(bits)]).max() < 1e-12
    solution = VqeSolver(num_starts=2, cvar=0.5).solve(problem, seed=2)
    assert "CVaR 0.5" in solution.setting
    assert solution.feasible_probability == pytest.approx(1.0)


def test_the_relaxation_of_a_convex_problem_is_its_minimum():
    rng = np.random.default_rng(4)
    factor = rng.normal(size=(5, 5))
    form = BinaryQuadratic(factor @ factor.T + np.eye(5), -rng.random(5))
    problem = QuadraticProblem(
        form, Constraints(form.names, cardinality=2, rows=[LinearRow(0.7 * np.eye(5)[0], 0.21, 1, "")])
    )
    found = relaxed_solution(problem)
    assert found.sum() == pytest.approx(2.0, abs=1e-6)
    assert found[0] >= 0.3 - 1e-6

    def value(x):
        return x @ form.matrix @ x

    for _ in range(200):
        step = rng.normal(scale=0.05, size=5)
        step -= step.mean()
        other = found + step
        if other.min() >= 0.0 and other.max() <= 1.0 and other[0] >= 0.3:
            assert value(other) >= value(found) - 1e-6


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: AnnealingSolver(0), "num_sweeps"),
        (lambda: AnnealingSolver(num_chains=0), "num_chains"),
        (lambda: RecursiveQaoaSolver(0), "num_left"),
        (lambda: RecursiveQaoaSolver(penalty="hard"), "penalty"),
        (lambda: VqeSolver(0), "num_layers"),
        (lambda: VqeSolver(cvar=2.0), "cvar"),
        (lambda: VqeSolver(num_starts=0), "num_starts"),
        (lambda: ImaginaryTimeSolver(0), "num_steps"),
        (lambda: ImaginaryTimeSolver(step=0.0), "step"),
        (lambda: GroverSolver("high"), "confidence"),
    ],
)
def test_settings_are_checked(build, message):
    with pytest.raises(InputError, match=message):
        build()
