"""Large problems part by part: always feasible, never worse, and the optimum where that can be known."""

import numpy as np
import pytest
from quadratic_problems import random_problem, slice_problem

from qtoolkit.algorithms.quadratic import (
    BinaryQuadratic,
    Constraints,
    DecompositionSolver,
    Group,
    QuadraticProblem,
    enumerate_choices,
)
from qtoolkit.algorithms.quadratic.decompose import clusters_of, part_of
from qtoolkit.errors import InputError


def solver(**settings):
    return DecompositionSolver("enumeration", **settings)


@pytest.mark.parametrize("seed", range(20))
def test_the_problem_of_a_part_is_the_problem_with_the_others_fixed(seed):
    problem = random_problem(8, seed)
    choice = enumerate_choices(problem).best.bits
    rng = np.random.default_rng(seed)
    free = np.sort(rng.permutation(8)[:5])
    part = part_of(problem, np.array(choice, float), free)
    assert part.names == tuple(problem.names[k] for k in free)
    for bits in rng.integers(0, 2, (40, 5)):
        whole = np.array(choice, float)
        whole[free] = bits
        assert part.objective.values(bits) == pytest.approx(problem.objective.values(whole), abs=1e-11)
        assert part.constraints.feasible(bits) == problem.constraints.feasible(whole)


@pytest.mark.parametrize("seed", range(20))
def test_every_kind_of_constraint_holds(seed):
    problem = random_problem(12, seed)
    found = solver(part_size=6).solve(problem, seed=seed)
    assert problem.constraints.feasible(found.bits)
    assert found.value == pytest.approx(problem.objective.values(found.bits))
    best = enumerate_choices(problem)
    assert found.value >= best.value - 1e-9
    assert found.gap is not None


def test_a_part_of_everything_is_the_optimum():
    problem = slice_problem(10, 4, 3)
    found = solver(part_size=10).solve(problem, seed=1)
    assert found.is_optimal
    assert found.converged
    assert found.message == "no part could be chosen better"


def test_portfolios_are_solved_to_the_optimum():
    """Assets with a few common factors: eight instances of 20 assets in parts of 8."""
    misses = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        factors = rng.normal(size=(20, 3))
        risk = factors @ factors.T + np.diag(rng.uniform(0.5, 2.0, 20))
        form = BinaryQuadratic(risk / 36.0, -rng.normal(0.1, 0.2, 20))
        problem = QuadraticProblem(form, Constraints(form.names, cardinality=6))
        found = solver(part_size=8).solve(problem, seed=seed)
        misses += not found.is_optimal
    assert misses <= 1


def test_clusters_are_found():
    blocks = np.zeros((12, 12))
    for k in range(3):
        blocks[4 * k : 4 * k + 4, 4 * k : 4 * k + 4] = 1.0
    order = np.random.default_rng(5).permutation(12)
    form = BinaryQuadratic(blocks[np.ix_(order, order)])
    clusters = clusters_of(QuadraticProblem(form), 4)
    assert sorted(map(tuple, (np.sort(order[list(c)]) for c in clusters))) == [
        (0, 1, 2, 3), (4, 5, 6, 7), (8, 9, 10, 11),
    ]  # fmt: skip


@pytest.mark.parametrize("most", [2, 3, 7, 30])
def test_clusters_are_a_partition(most):
    clusters = clusters_of(slice_problem(30, 5, 1), most)
    assert sorted(np.concatenate(clusters).tolist()) == list(range(30))
    assert max(map(len, clusters)) <= most


def test_a_seed_makes_it_reproducible_and_shots_are_counted():
    problem = slice_problem(20, 6, 4)
    luck = DecompositionSolver("luck", part_size=8)
    first, second = (luck.solve(problem, seed=5) for _ in range(2))
    assert first.bits == second.bits
    assert first.shots == second.shots
    assert first.shots % 4096 == 0
    assert first.luck.shots == first.shots
    assert first.probability_of_optimum is None


def test_time_runs_out():
    found = solver(part_size=8).solve(slice_problem(24, 6, 4), seed=5, time_limit=0)
    assert not found.converged
    assert found.message == "the time ran out"
    assert found.value is not None


def test_many_variables_and_groups():
    rng = np.random.default_rng(7)
    factors = rng.normal(size=(120, 5))
    form = BinaryQuadratic(factors @ factors.T / 100.0 + np.diag(rng.uniform(0.1, 1.0, 120)), rng.normal(size=120))
    groups = {f"sector {k}": Group(form.names[30 * k : 30 * k + 30], 1, 4) for k in range(4)}
    problem = QuadraticProblem(form, Constraints(form.names, cardinality=10, groups=groups))
    seen = []
    found = solver(part_size=10).solve(problem, seed=1, progress=lambda done, total: seen.append((done, total)))
    assert all(check.satisfied for check in found.feasibility)
    assert sum(found.bits) == 10
    assert found.converged
    assert seen[-1][0] <= seen[-1][1]


def test_parts_by_qaoa_carry_their_circuits():
    problem = slice_problem(24, 6, 2)
    found = DecompositionSolver(part_size=10).solve(problem, seed=3)
    assert found.setting.endswith("parts of at most 10 variables by qaoa")
    small = DecompositionSolver(part_size=10).solve(slice_problem(8, 3, 2), seed=3)
    assert small.setting == "1 part of at most 10 variables by qaoa"
    assert found.depth > 0
    assert found.two_qubit_count > 0
    assert problem.constraints.feasible(found.bits)


def test_wrong_input():
    with pytest.raises(InputError, match="part_size must be at least 2, got 1"):
        solver(part_size=1)
    with pytest.raises(InputError, match="a solver is one of"):
        DecompositionSolver(3)
    form = BinaryQuadratic(np.eye(3))
    infeasible = QuadraticProblem(form, Constraints(form.names, cardinality=5))
    with pytest.raises(InputError, match="cardinality"):
        solver().solve(infeasible)
