"""SCIP against enumeration, and what it says where time or constraints leave no optimum."""

import signal
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quadratic_problems import random_problem, slice_problem

from qtoolkit.algorithms.quadratic import (
    BinaryQuadratic,
    Constraints,
    Group,
    LinearRow,
    QuadraticProblem,
    ScipSolver,
    conflict_by_scip,
    enumerate_choices,
    evidence,
    solve,
    solver_names,
)
from qtoolkit.algorithms.quadratic import milp as module
from qtoolkit.errors import InputError, MissingExtraError

pytest.importorskip("pyscipopt")

SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture(autouse=True)
def unaided(monkeypatch):
    """SCIP's own bound, also where enumeration would cost nothing."""
    monkeypatch.setattr(evidence, "ENUMERATED_UNASKED", 0)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 10), SEEDS, st.sampled_from([1e-7, 1.0, 1e7]))
def test_the_optimum_is_that_of_enumeration(num_variables, seed, unit):
    any_unit = random_problem(num_variables, seed)
    problem = QuadraticProblem(any_unit.objective * unit, any_unit.constraints)
    optimum = enumerate_choices(problem).value
    found = solve(problem, "scip")
    scale = np.abs(problem.objective.matrix).max()
    assert found.value == pytest.approx(optimum, abs=1e-8 * scale)
    assert problem.constraints.feasible(found.bits)
    assert found.converged
    assert found.is_optimal
    assert (found.bound.kind, found.bound.solver) == ("optimal", "scip")
    assert found.bound.problem_fingerprint == problem.fingerprint


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 9), SEEDS)
def test_a_linear_objective_and_equations_of_many_kinds(num_variables, seed):
    rng = np.random.default_rng(seed)
    form = BinaryQuadratic(np.zeros((num_variables, num_variables)), rng.normal(size=num_variables), -3.0)
    x = rng.integers(0, 2, num_variables)
    table = rng.integers(-2, 3, (2, num_variables))
    rows = [LinearRow(a, float(a @ x), float(a @ x), f"r{k}") for k, a in enumerate([*table, table[0] - table[1]])]
    problem = QuadraticProblem(form, Constraints(form.names, rows=rows))
    assert solve(problem, "scip").value == pytest.approx(enumerate_choices(problem).value)
    square = QuadraticProblem(BinaryQuadratic(rng.normal(size=(num_variables, num_variables))), problem.constraints)
    assert solve(square, "scip").value == pytest.approx(enumerate_choices(square).value)


@pytest.mark.parametrize("seed", range(5))
def test_the_diagonal_makes_convex_and_is_no_larger_than_it_has_to_be(seed):
    rng = np.random.default_rng(seed)
    pairs = rng.normal(size=(9, 9))
    pairs += pairs.T
    np.fill_diagonal(pairs, 0.0)
    basis = np.linalg.svd(np.ones((1, 9)))[2][1:].T
    lowest = np.linalg.eigvalsh(pairs)[0]
    for span in (None, basis):
        d = module.convex_diagonal(pairs, span)
        inside = np.eye(9) if span is None else span
        eigenvalues = np.linalg.eigvalsh(inside.T @ (pairs + np.diag(d)) @ inside)
        assert eigenvalues[0] > -1e-12
        assert eigenvalues[0] < 1e-2
        assert d.sum() < -9 * lowest
    np.testing.assert_allclose(module.convex_diagonal(np.ones((4, 4)) - np.eye(4)), np.ones(4), atol=1e-3)


def test_a_short_time_gives_a_choice_a_bound_and_the_gap_between():
    problem = slice_problem(80, 30, 0)
    found = ScipSolver().solve(problem, time_limit=0.1)
    assert not found.converged
    assert found.bound.kind == "lower bound"
    assert found.gap > 0.0
    assert not found.is_optimal
    assert "time ran out" in found.message
    assert problem.constraints.feasible(found.bits)
    assert "gap=" in repr(found)
    assert len(repr(found)) < 200


@pytest.mark.parametrize("seed", range(3))
def test_a_bound_is_below_the_optimum_however_short_the_time(seed):
    problem = slice_problem(20, 8, seed)
    optimum = enumerate_choices(problem).value
    for limit in (0.0, 0.02, 0.1, 0.3):
        bound = ScipSolver().solve(problem, time_limit=limit).bound
        assert bound.value <= optimum + 1e-9
        assert bound.value > -np.abs(problem.objective.matrix).sum()


def test_ctrl_c_leaves_the_best_so_far():
    problem = slice_problem(60, 20, 1)
    seen = []

    def interrupt(done, total):
        seen.append((done, total))
        signal.raise_signal(signal.SIGINT)

    found = ScipSolver().solve(problem, time_limit=60.0, progress=interrupt)
    assert "interrupted" in found.message
    assert found.gap > 0.0
    assert seen
    assert all(0 <= done <= total == 100 for done, total in seen)


def test_progress_ends_at_all_and_its_errors_come_out():
    seen = []
    ScipSolver().solve(slice_problem(12, 5, 3), progress=lambda done, total: seen.append(done))
    assert seen[-1] == 100

    def fail(done, total):
        raise RuntimeError("stop here")

    with pytest.raises(RuntimeError, match="stop here"):
        ScipSolver().solve(slice_problem(12, 5, 3), progress=fail)
    with pytest.raises(InputError, match="progress must be a function, got 3"):
        ScipSolver().solve(slice_problem(5, 2, 3), progress=3)


def conflicting():
    form = BinaryQuadratic(np.eye(6))
    groups = {"tech": Group(form.names[:3], 0, 1), "health": Group(form.names[3:], 0, 2), "idle": Group(form.names[:2])}
    return QuadraticProblem(form, Constraints(form.names, cardinality=5, groups=groups))


def test_what_cannot_be_met_is_explained(monkeypatch):
    problem = conflicting()
    assert set(conflict_by_scip(problem.constraints)) == {"cardinality", "tech"}
    with pytest.raises(InputError, match=r"all of: cardinality = 5, tech <= 1; either can be met alone; relax one"):
        solve(problem, "scip")
    monkeypatch.setattr(Constraints, "diagram", None)  # as where there are too many choices to be counted
    with pytest.raises(InputError, match=r"all of: cardinality = 5, tech <= 1; either can be met alone; relax one"):
        solve(conflicting(), "scip")
    none = QuadraticProblem(problem.objective, Constraints(problem.names, rows=[LinearRow(np.zeros(6), 1, name="r")]))
    with pytest.raises(InputError, match="no choice of 6 bits satisfies r >= 1; relax it"):
        solve(none, "scip")


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 6), SEEDS)
def test_a_conflict_is_irreducible(num_variables, seed):
    rng = np.random.default_rng(seed)
    names = [f"x{k}" for k in range(num_variables)]
    rows = []
    for k in range(4):
        a = rng.integers(-2, 4, num_variables)
        rows.append(LinearRow(a, float(rng.integers(0, 6)), float(rng.integers(6, 8)), f"r{k}"))
    names_in_conflict = conflict_by_scip(Constraints(names, rows=rows))
    if names_in_conflict is None:
        assert Constraints(names, rows=rows).count() > 0
        return
    chosen = [row for row in rows if row.name in names_in_conflict]
    assert Constraints(names, rows=chosen).count() == 0
    for row in chosen:
        assert Constraints(names, rows=[other for other in chosen if other is not row]).count() > 0


def test_without_scip_the_extra_is_named(monkeypatch):
    assert "scip" in solver_names()
    monkeypatch.setitem(sys.modules, "pyscipopt", None)
    with pytest.raises(MissingExtraError, match=r'pip install "qtoolkit-quantum\[finance\]"'):
        solve(slice_problem(5, 2, 0), "scip")
    with pytest.raises(InputError, match="constraints must be Constraints, got 3"):
        conflict_by_scip(3)
