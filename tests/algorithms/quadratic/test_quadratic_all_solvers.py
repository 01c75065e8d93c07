"""What every solver of binary quadratic problems owes, by name: feasible answers, seeds, limits, evidence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quadratic_problems import points, random_problem, slice_problem

from qtoolkit import _memory
from qtoolkit.algorithms.quadratic import (
    BinaryQuadratic,
    Constraints,
    Group,
    QuadraticProblem,
    enumerate_choices,
    register_solver,
    solve,
    solver_names,
)
from qtoolkit.errors import InputError, InsufficientMemoryError

SEEDS = st.integers(0, 2**32 - 1)
NAMES = ("qaoa", "recursive-qaoa", "vqe", "imaginary-time", "grover-adaptive", "annealing", "decomposition")
MEASURED = ("qaoa", "vqe", "imaginary-time")
FINDS = ("recursive-qaoa", "imaginary-time", "grover-adaptive", "annealing")


def test_all_are_registered():
    assert set(NAMES) <= set(solver_names())
    with pytest.raises(InputError, match="there already"):
        register_solver("qaoa", lambda: None)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15, deadline=None)
@given(st.integers(1, 7), SEEDS)
def test_every_kind_of_constraint_is_obeyed(name, num_variables, seed):
    problem = random_problem(num_variables, seed)
    solution = solve(problem, name, seed=seed)
    bits = points(num_variables)
    feasible = problem.constraints.feasible(bits)
    values = problem.objective.values(bits)[feasible]
    assert solution.bits is not None
    assert problem.constraints.feasible(np.array(solution.bits))
    assert all(check.satisfied for check in solution.feasibility)
    assert solution.value == pytest.approx(problem.objective.values(np.array(solution.bits)), abs=1e-9)
    assert values.min() - 1e-9 <= solution.value <= values.max() + 1e-9
    assert (solution.solver, solution.seed) == (name, seed)
    assert solve(problem, name, seed=seed) == solution


@pytest.mark.parametrize("name", NAMES)
def test_small_problems_without_constraints_and_with_few_bits(name):
    for size in (1, 2, 5):
        problem = QuadraticProblem(BinaryQuadratic(np.zeros((size, size)), np.arange(1.0, size + 1)))
        assert solve(problem, name, seed=1).is_optimal
        constant = QuadraticProblem(BinaryQuadratic(np.zeros((size, size)), None, 2.0))
        assert solve(constant, name, seed=1).value == 2.0


@pytest.mark.parametrize("name", FINDS)
@pytest.mark.parametrize("seed", range(4))
def test_the_optimum_of_enumerated_problems_is_found(name, seed):
    for problem in (slice_problem(12, 4, seed), random_problem(11, seed), random_problem(10, seed + 9)):
        assert solve(problem, name, seed=seed).is_optimal


@pytest.mark.parametrize("name", MEASURED)
@pytest.mark.parametrize("seed", range(3))
def test_what_is_measured_beats_luck_and_converges(name, seed):
    for problem in (slice_problem(9, 3, seed), QuadraticProblem(slice_problem(8, 3, seed).objective)):
        solution = solve(problem, name, seed=seed)
        assert solution.evidence == "state vector"
        assert solution.converged, solution.message
        assert solution.expected_value < solution.luck.mean_value
        assert solution.times_luck > 2.0
        assert solution.depth > 0
        assert solution.two_qubit_count > 0


@pytest.mark.parametrize("name", NAMES)
def test_time_progress_and_interruption(name):
    problem = random_problem(11, 3)
    solution = solve(problem, name, seed=1, time_limit=0.0)
    assert not solution.converged
    assert solution.message == "the time ran out"
    assert problem.constraints.feasible(np.array(solution.bits))
    calls = []
    reference = enumerate_choices(problem)
    solve(problem, name, seed=1, progress=lambda done, total: calls.append((done, total)), enumeration=reference)
    assert all(0 < done <= total for done, total in calls)
    assert calls[-1][0] == calls[-1][1]

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        solve(problem, name, seed=1, progress=stop)
    assert solve(problem, name, seed=1).bits is not None


@pytest.mark.parametrize("name", NAMES)
def test_what_is_wrong_is_said(name):
    form = slice_problem(4, 2, 0).objective
    two = {"two": Group(("x0", "x1"), 2)}
    with pytest.raises(InputError, match="no choice satisfies all of: cardinality = 1, two = 2"):
        solve(QuadraticProblem(form, Constraints(form.names, cardinality=1, groups=two)), name)
    with pytest.raises(InputError, match="QuadraticProblem"):
        solve(form, name)
    problem = QuadraticProblem(form)
    for wrong in ({"seed": "1"}, {"time_limit": -1.0}, {"progress": 1}, {"enumeration": 1}):
        with pytest.raises(InputError):
            solve(problem, name, **wrong)
    with pytest.raises(InputError, match="enumeration must be one of this problem"):
        solve(problem, name, enumeration=enumerate_choices(slice_problem(4, 2, 1)))


@pytest.mark.parametrize(
    "name", [name for name in NAMES if name not in ("recursive-qaoa", "annealing", "decomposition")]
)
def test_what_does_not_fit_is_refused(name, monkeypatch):
    monkeypatch.setattr(_memory, "free_bytes", lambda: 1 << 22)
    monkeypatch.setattr(_memory, "_last_look", _memory._Look(0.0, 0))
    rng = np.random.default_rng(1)
    problem = QuadraticProblem(BinaryQuadratic(rng.normal(size=(20, 20))))
    with pytest.raises(InsufficientMemoryError, match="take"):
        solve(problem, name, seed=1)
