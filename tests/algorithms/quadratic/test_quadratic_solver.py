"""The common interface of solvers, and the two plainest of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quadratic_problems import points, random_problem, slice_problem

from qtoolkit.algorithms.quadratic import (
    BinaryQuadratic,
    Constraints,
    EnumerationSolver,
    LinearRow,
    LuckSolver,
    QuadraticProblem,
    Solver,
    enumerate_choices,
    register_solver,
    solve,
    solver_named,
    solver_names,
)
from qtoolkit.algorithms.quadratic import solver as module
from qtoolkit.errors import InputError

SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 8), SEEDS)
def test_enumeration_solves_exactly(num_variables, seed):
    problem = random_problem(num_variables, seed)
    calls = []
    solution = solve(problem, progress=lambda done, total: calls.append(done))
    bits = points(num_variables)
    values = problem.objective.values(bits)[problem.constraints.feasible(bits)]
    assert solution.value == pytest.approx(values.min(), abs=1e-12)
    assert solution.is_optimal
    assert solution.bound.kind == "optimal"
    assert solution.converged
    assert solution.num_evaluations == len(values)
    assert calls
    assert solve(problem, enumeration=enumerate_choices(problem)) == solution


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 8), SEEDS)
def test_luck_keeps_the_best_of_its_draws(num_variables, seed):
    problem = random_problem(num_variables, seed)
    solution = solve(problem, LuckSolver(50), seed=seed)
    drawn = problem.constraints.draw(50, np.random.default_rng(seed))
    values = problem.objective.values(drawn)
    assert solution.value == pytest.approx(values.min(), abs=1e-12)
    assert solution.expected_value == pytest.approx(values.mean(), abs=1e-9)
    assert solution.feasible_probability == 1.0
    assert (solution.seed, solution.shots, solution.luck.shots) == (seed, 50, 50)
    assert solve(problem, LuckSolver(50), seed=seed) == solution


def test_luck_beats_itself_on_average():
    problem = slice_problem(8, 4, 3)
    best = [solve(problem, LuckSolver(10), seed=seed).value for seed in range(200)]
    luck = solve(problem, LuckSolver(10), seed=0).luck
    assert abs(np.mean(best) - luck.best_value_expected) < 5 * np.std(best) / np.sqrt(200)


def test_solvers_end_in_time(monkeypatch):
    monkeypatch.setattr(module, "_ROWS", 4)
    problem = random_problem(6, 1, "weights")
    calls = []
    short = LuckSolver(100).solve(problem, seed=1, time_limit=0, progress=lambda *done: calls.append(done))
    assert short.shots == short.luck.shots == 4
    assert not short.converged
    assert short.message == "the time ran out"
    assert calls == [(4, 100)]
    found = enumerate_choices(QuadraticProblem(BinaryQuadratic(np.eye(20))), time_limit=0)
    assert not found.complete
    partly = EnumerationSolver().solve(QuadraticProblem(BinaryQuadratic(np.eye(20))), enumeration=found)
    assert not partly.converged
    assert partly.bound.kind == "none"


def test_solvers_are_found_by_name(monkeypatch):
    monkeypatch.setattr(module, "_FACTORIES", dict(module._FACTORIES))
    assert solver_names()[:2] == ("enumeration", "luck")
    assert isinstance(solver_named("luck"), LuckSolver)
    assert isinstance(EnumerationSolver(), Solver)
    register_solver("few-draws", lambda: LuckSolver(3))
    assert solve(random_problem(4, 1), "few-draws", seed=1).shots == 3
    assert solver_names()[-1] == "few-draws"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: solve(3), "the problem must be a QuadraticProblem, got 3"),
        (lambda p: solve(p, "magic"), "a solver is one of enumeration, luck.*, got 'magic'"),
        (lambda p: solve(p, 3), "a solver is one of enumeration, luck.*, got 3"),
        (lambda p: solve(p, "luck", seed=-1), "a seed must be at least 0, got -1"),
        (lambda p: solve(p, "luck", progress=3), "progress must be a function, got 3"),
        (lambda p: solve(p, "luck", time_limit="1"), "time_limit must be a number of at least 0, got '1'"),
        (lambda p: solve(p, enumeration=3), "enumeration must be an Enumeration, got 3"),
        (lambda p: LuckSolver(0), "shots must be in .*, got 0"),
        (lambda p: register_solver("luck", LuckSolver), "a solver named luck is there already"),
        (lambda p: register_solver("", LuckSolver), "the name of a solver must be text, got ''"),
        (lambda p: register_solver("new", 3), "factory must be a function, got 3"),
        (lambda p: solve(QuadraticProblem(p.objective, Constraints(p.names, cardinality=9)), "luck"), "no choice of 3"),
    ],
)  # fmt: skip
def test_odd_input_gets_one_clear_error(call, message):
    with pytest.raises(InputError, match=message):
        call(QuadraticProblem(BinaryQuadratic(np.eye(3))))


def test_choices_that_cannot_be_drawn_are_refused():
    rng = np.random.default_rng(0)
    form = BinaryQuadratic(np.eye(60))
    vast = QuadraticProblem(form, Constraints(form.names, rows=[LinearRow(rng.normal(size=60), 0.0, 1.0, "loss")]))
    with pytest.raises(InputError, match="too various to draw from; take fewer constraints"):
        solve(vast, "luck", seed=1)
