"""The evidence of a solution against brute force, and luck against draws that are really made."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from quadratic_problems import points, random_problem, slice_problem

from qtoolkit.algorithms.quadratic import (
    BinaryQuadratic,
    Bound,
    Constraints,
    LinearRow,
    Luck,
    QuadraticProblem,
    Run,
    enumerate_choices,
    judge,
    luck_of,
    require_solution,
)
from qtoolkit.algorithms.quadratic import evidence as module
from qtoolkit.errors import InputError

SEEDS = st.integers(0, 2**32 - 1)
RUN = Run(solver="test", evidence="samples", shots=100, seed=7, depth=5, two_qubit_count=3, wall_time=1.5)


@pytest.fixture
def not_enumerated(monkeypatch):
    """Problems count as too large to be enumerated unasked."""
    monkeypatch.setattr(module, "ENUMERATED_UNASKED", 0)


@settings(max_examples=50, deadline=None)
@example(6, 4409)  # one feasible choice, whose value two sums find a last digit apart
@given(st.integers(1, 8), SEEDS)
def test_a_distribution_is_measured_against_every_choice(num_variables, seed):
    problem = random_problem(num_variables, seed)
    bits = points(num_variables)
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 9, len(bits)) * (rng.random(len(bits)) < 0.7)
    counts[rng.integers(len(bits))] += 1
    solution = judge(problem, RUN, outcomes=(bits, counts))
    feasible, values = problem.constraints.feasible(bits), problem.objective.values(bits)
    shares = counts / counts.sum()
    best, worst = values[feasible].min(), values[feasible].max()
    assert solution.bound.value == pytest.approx(best, abs=1e-12)
    assert solution.feasible_probability == pytest.approx(shares[feasible].sum(), abs=1e-12)
    rounding = 1e-13 * (np.abs(problem.objective.matrix).sum() + abs(problem.objective.offset))
    optimal = feasible & (values <= best + 1e-9 * (worst - best) + rounding)
    assert solution.probability_of_optimum == pytest.approx(shares[optimal].sum(), abs=1e-12)
    seen = feasible & (counts > 0)
    if not seen.any():
        assert solution.bits is solution.value is solution.gap is solution.expected_value is None
        assert solution.unknown == "no feasible choice was found"
        assert solution.feasibility == ()
        return
    assert solution.value == pytest.approx(values[seen].min(), abs=1e-12)
    assert problem.constraints.feasible(solution.bits)
    assert solution.names == tuple(name for name, bit in zip(problem.names, solution.bits, strict=True) if bit)
    assert all(check.satisfied for check in solution.feasibility)
    assert len(solution.feasibility) == len(problem.constraints.rows)
    mean = shares[feasible] @ values[feasible] / shares[feasible].sum()
    assert solution.expected_value == pytest.approx(mean, abs=1e-9)
    ratio = (worst - mean) / (worst - best) if worst > best + 1e-12 else 1.0
    assert solution.approximation_ratio == pytest.approx(ratio, abs=1e-9)
    assert solution.gap == pytest.approx(solution.value - best, abs=1e-9)
    assert solution.is_optimal == (solution.gap <= 1e-9 * max(abs(solution.value), abs(best)))
    assert solution.unknown == ""
    assert solution.chance_of_optimum == pytest.approx(1 - (1 - solution.probability_of_optimum) ** 100, abs=1e-9)
    random = optimal.sum() / feasible.sum()
    assert solution.times_luck == pytest.approx(solution.probability_of_optimum / random)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 8), SEEDS, st.integers(1, 300))
def test_chances_are_those_of_counting(num_variables, seed, shots):
    problem = random_problem(num_variables, seed)
    found = replace(enumerate_choices(problem), num_optima=1 + seed % 3)
    if found.num_optima > found.num_choices:
        return
    luck = luck_of(problem, shots, enumeration=found)
    number, optima = found.num_choices, found.num_optima
    assert luck.probability_of_optimum == optima / number
    assert luck.chance_of_optimum == pytest.approx(float(1 - (1 - Fraction(optima, number)) ** shots), abs=1e-12)
    drawn = min(shots, number)
    missed = Fraction(math.comb(number - optima, drawn), math.comb(number, drawn))
    assert luck.chance_without_repeats == pytest.approx(float(1 - missed), abs=1e-12)
    assert luck.method == "order statistics"
    assert luck.mean_value == found.mean_value


def test_luck_is_what_draws_do():
    problem = slice_problem(8, 4, 3)
    luck = luck_of(problem, 6, enumeration=enumerate_choices(problem))
    rounds = 4000
    values = problem.objective.values(problem.constraints.draw(6 * rounds, 1)).reshape(rounds, 6)
    best = values.min(axis=1)
    assert abs(best.mean() - luck.best_value_expected) < 5 * best.std() / math.sqrt(rounds)
    optimum = enumerate_choices(problem).value
    hits = np.mean(best <= optimum + 1e-9)
    share = luck.chance_of_optimum
    assert abs(hits - share) < 5 * math.sqrt(share * (1 - share) / rounds)


@pytest.mark.parametrize("kind", ["weights", "any"])
def test_luck_without_an_enumeration_is_drawn(kind):
    problem = random_problem(9, 14, kind)
    found = enumerate_choices(problem)
    drawn, exact = luck_of(problem, 5), luck_of(problem, 5, enumeration=found)
    assert drawn.method == "drawn"
    assert drawn.num_feasible == exact.num_feasible == found.num_choices > 20
    assert drawn.probability_of_optimum is drawn.chance_of_optimum is drawn.chance_without_repeats is None
    assert abs(drawn.best_value_expected - exact.best_value_expected) < 0.1 * found.standard_deviation
    assert drawn == luck_of(problem, 5)
    if kind == "weights":
        assert drawn.mean_value == pytest.approx(found.mean_value)
    known = luck_of(problem, 5, bound=Bound.of(found))
    assert known.probability_of_optimum == 1 / found.num_choices
    assert luck_of(problem, 1, bound=Bound.unknown(problem)).chance_of_optimum is None


def test_the_drawn_best_is_unbiased():
    """Of all samples of 3 from 7 values, the mean lowest; the weights of the code on the values themselves."""
    problem = slice_problem(8, 4, 3)
    values = problem.objective.values(problem.constraints.draw(module._LEAST_DRAWS, np.random.default_rng(0)))
    total, shots = len(values), 3
    wanted = sum(
        value * math.comb(total - j - 1, shots - 1) / math.comb(total, shots)
        for j, value in enumerate(np.sort(values).tolist())
    )
    assert luck_of(problem, shots).best_value_expected == pytest.approx(wanted, rel=1e-9)


def test_luck_is_told_in_a_line():
    luck = Luck(4096, 15504, -1.5e-3, -2.3e-3, 1 / 15504, 0.2321788, 0.2641898, "order statistics")
    told = "4,096 draws, of 15,504 choices, optimum 6.45e-05 each, 0.232 in all, mean -0.0015, best -0.0023 expected"
    assert repr(luck) == f"Luck({told})"
    assert repr(Luck(10, None, None, None, None, None, None, "none")) == "Luck(10 draws)"


def test_luck_of_sets_that_cannot_be_counted():
    rng = np.random.default_rng(0)
    form = BinaryQuadratic(rng.normal(size=(225, 225)))
    row = LinearRow(rng.normal(size=225), 0.0, 1.0, "loss")
    vast = QuadraticProblem(form, Constraints(form.names, rows=[row]))
    assert luck_of(vast, 10) == Luck(10, None, None, None, None, None, None, "none")
    slices = QuadraticProblem(form, Constraints(form.names, cardinality=10))
    luck = luck_of(slices, 64)
    assert luck.num_feasible == math.comb(225, 10)
    assert luck.mean_value == form.moments(10).mean
    assert luck.best_value_expected < luck.mean_value - form.moments(10).standard_deviation
    assert luck_of(slices, 1 << 20).best_value_expected is None


def test_few_shots_from_many_choices_are_drawn_beside_an_enumeration():
    problem = QuadraticProblem(BinaryQuadratic(np.random.default_rng(1).normal(size=(10, 10))))
    found = enumerate_choices(problem)
    short = replace(found, lowest_values=found.lowest_values[:20])
    luck = luck_of(problem, 4, enumeration=short)
    assert luck.method == "drawn"
    assert luck.best_value_expected == pytest.approx(found.expected_best(4), abs=0.1 * found.standard_deviation)


def test_a_classical_answer_has_no_probabilities():
    problem = slice_problem(6, 3, 5)
    found = enumerate_choices(problem, top=2)
    run = Run(solver="other", num_evaluations=9, message="done")
    solution = judge(problem, run, bits=found.ranking[1].bits, enumeration=found)
    assert solution.value == pytest.approx(found.ranking[1].value)
    assert solution.gap == pytest.approx(found.ranking[1].value - found.value)
    assert not solution.is_optimal
    assert solution.approximation_ratio < 1.0
    assert solution.luck is solution.probability_of_optimum is solution.chance_of_optimum is solution.times_luck is None
    assert solution.unknown == "nothing was measured: there is no probability"
    best = judge(problem, run, bits=found.best.bits)
    assert best.is_optimal
    assert best.approximation_ratio == 1.0
    assert (best.solver, best.num_evaluations, best.message, best.evidence) == ("other", 9, "done", "classical")


def test_an_infeasible_choice_is_shown_as_one():
    form = BinaryQuadratic(np.eye(3))
    problem = QuadraticProblem(form, Constraints(form.names, cardinality=2))
    solution = judge(problem, Run(solver="s"), bits=[1, 1, 1])
    assert not solution.feasibility[0].satisfied
    assert solution.approximation_ratio is None
    assert solution.value == 3.0


def test_a_bound_of_another_solver_stands_in_for_the_enumeration(not_enumerated):
    problem = random_problem(7, 2, "weights")
    found = enumerate_choices(problem)
    bits = points(7)
    uniform = np.ones(len(bits))
    nothing = judge(problem, RUN, outcomes=(bits, uniform))
    assert nothing.bound.kind == "none"
    assert nothing.gap is nothing.approximation_ratio is nothing.probability_of_optimum is None
    assert "are not enumerated" in nothing.unknown
    optimum = Bound(found.value, "optimal", "other", 2.0, problem.fingerprint)
    known = judge(problem, RUN, outcomes=(bits, uniform), bound=optimum)
    assert known.probability_of_optimum == pytest.approx(1 / len(bits))
    assert known.bound == optimum
    assert known.gap == pytest.approx(0.0, abs=1e-12)
    lower = judge(
        problem, RUN, outcomes=(bits, uniform), bound=replace(optimum, value=found.value - 1, kind="lower bound")
    )
    assert lower.gap == pytest.approx(1.0)
    assert not lower.is_optimal
    assert lower.probability_of_optimum is None
    incomplete = replace(found, complete=False)
    assert Bound.of(incomplete).kind == "none"
    assert judge(problem, RUN, outcomes=(bits, uniform), enumeration=incomplete).bound.kind == "none"


def test_reprs_are_short_and_say_value_bound_and_gap():
    problem = random_problem(8, 1)
    solution = judge(problem, RUN, outcomes=(points(8), np.ones(256)))
    assert len(repr(solution)) < 200
    for part in (f"value={solution.value:.10g}", "bound=optimal", "gap=0", "solver='test'"):
        assert part in repr(solution)
    empty = replace(solution, value=None, bits=None, bound=Bound.unknown(problem), solver="x" * 500)
    assert len(repr(empty)) < 200


def test_what_belongs_to_another_problem_is_refused():
    problem, other = random_problem(5, 1), random_problem(5, 2)
    found, bound = enumerate_choices(other), Bound.of(enumerate_choices(other))
    outcomes = (points(5), np.ones(32))
    for call in (
        lambda: judge(problem, RUN, outcomes=outcomes, enumeration=found),
        lambda: judge(problem, RUN, outcomes=outcomes, bound=bound),
        lambda: luck_of(problem, 3, enumeration=found),
        lambda: luck_of(problem, 3, bound=bound),
        lambda: require_solution(judge(other, RUN, outcomes=outcomes), problem),
    ):
        message = rf"must be one of this problem \({problem.fingerprint}\), got one of {other.fingerprint}; "
        with pytest.raises(InputError, match=message):
            call()
    own = judge(problem, RUN, outcomes=outcomes)
    assert require_solution(own, problem) is own


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: judge(p, RUN), "a solution needs bits or outcomes, got neither"),
        (lambda p: judge(3, RUN), "the problem must be a QuadraticProblem, got 3"),
        (lambda p: judge(p, 3), "run must be a Run, got 3"),
        (lambda p: judge(p, RUN, bits=[[0, 1, 1]]), "a solution is one choice"),
        (lambda p: judge(p, RUN, bits=[0, 1]), r"each of 3 variables, got shape \(2,\)"),
        (lambda p: judge(p, RUN, outcomes=3), "outcomes are a pair of bits and probabilities, got 3"),
        (lambda p: judge(p, RUN, outcomes=(points(3), [1.0])), r"probabilities must have shape \(8,\), got \(1,\)"),
        (lambda p: judge(p, RUN, outcomes=(points(3), np.zeros(8))), "at least 0 and not all of them"),
        (lambda p: judge(p, RUN, outcomes=(points(3), -np.ones(8))), "at least 0 and not all of them"),
        (lambda p: judge(p, RUN, outcomes=(points(2), np.ones(4))), "each of 3 variables"),
        (lambda p: judge(p, RUN, bits=[0, 0, 0], enumeration=3), "enumeration must be an Enumeration, got 3"),
        (lambda p: judge(p, RUN, bits=[0, 0, 0], bound=3), "bound must be a Bound, got 3"),
        (lambda p: luck_of(p, 0), r"shots must be in \[1, 4611686018427387904\], got 0"),
        (lambda p: luck_of(p, 3, seed=0.5), "a seed must be an integer, got 0.5"),
        (lambda p: require_solution(judge(p, RUN, bits=[0, 0, 0]), 3), "the problem must be a QuadraticProblem, got 3"),
        (lambda p: require_solution(3, p), "the solution must be a Solution, got 3"),
        (lambda p: Bound.of(3), "read from an Enumeration, got 3"),
    ],
)
def test_odd_input_gets_one_clear_error(call, message):
    with pytest.raises(InputError, match=message):
        call(QuadraticProblem(BinaryQuadratic(np.eye(3))))
