"""Enumeration against every choice of small random problems, and its paths against each other."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_peaks import measured_peak, needs_proc
from quadratic_problems import points, random_problem

from qtoolkit import _memory, _needs
from qtoolkit.algorithms import approximation_ratio
from qtoolkit.algorithms.quadratic import (
    BinaryQuadratic,
    Constraints,
    Group,
    LinearRow,
    QuadraticProblem,
    enumerate_choices,
    luck_of,
)
from qtoolkit.algorithms.quadratic import enumerate as module
from qtoolkit.applications.finance import load_sp500_returns
from qtoolkit.errors import InputError, InsufficientMemoryError

SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture
def small_chunks(monkeypatch):
    """Many chunks, many blocks and few values kept, on problems small enough to check."""

    def shrink(patterns, chunk, kept):
        monkeypatch.setattr(module, "_MOST_PATTERNS", patterns)
        monkeypatch.setattr(module, "_CHUNK", chunk)
        monkeypatch.setattr(module, "_KEPT_VALUES", kept)

    return shrink


@pytest.mark.parametrize("sizes", [(1 << 14, 1 << 18, 1 << 21), (4, 8, 1 << 21), (1, 1, 3), (16, 5, 40)])
@settings(max_examples=30, deadline=None)
@given(num_variables=st.integers(1, 9), seed=SEEDS, top=st.integers(1, 30))
def test_all_choices_are_ranked_and_summed_up(sizes, num_variables, seed, top):
    with pytest.MonkeyPatch.context() as patch:
        for name, size in zip(("_MOST_PATTERNS", "_CHUNK", "_KEPT_VALUES"), sizes, strict=True):
            patch.setattr(module, name, size)
        problem = random_problem(num_variables, seed)
        calls = []
        found = enumerate_choices(problem, top=top, progress=lambda done, total: calls.append((done, total)))
    bits = points(num_variables)
    bits = bits[problem.constraints.feasible(bits)]
    values = np.sort(problem.objective.values(bits))
    assert found.num_choices == len(values)
    np.testing.assert_allclose([ranked.value for ranked in found.ranking], values[:top], atol=1e-12)
    assert len(found.ranking) == min(top, len(values))
    assert len({ranked.bits for ranked in found.ranking}) == len(found.ranking)
    for ranked in found.ranking:
        assert problem.constraints.feasible(ranked.bits)
        assert problem.objective.values(ranked.bits) == pytest.approx(ranked.value, abs=1e-12)
        assert ranked.names == tuple(name for name, bit in zip(problem.names, ranked.bits, strict=True) if bit)
    np.testing.assert_allclose(found.lowest_values, values[: sizes[2]], atol=1e-12)
    assert found.worst_value == pytest.approx(values[-1], abs=1e-12)
    assert found.mean_value == pytest.approx(values.mean(), abs=1e-12)
    assert found.standard_deviation == pytest.approx(values.std(), abs=1e-7)
    assert found.num_optima == 1
    assert found.complete
    assert found.problem_fingerprint == problem.fingerprint
    assert calls[-1][0] == calls[-1][1]
    assert calls == sorted(calls)


def test_sparse_choices_are_listed_and_others_looked_at(monkeypatch):
    rng = np.random.default_rng(2)
    form = BinaryQuadratic(rng.normal(size=(24, 24)))
    groups = {f"g{k}": Group(form.names[2 * k : 2 * k + 2], 1, 1) for k in range(12)}
    problem = QuadraticProblem(form, Constraints(form.names, cardinality=12, groups=groups))
    assert module.num_candidates(problem) == 4096
    listed = enumerate_choices(problem, top=3)
    monkeypatch.setattr(module, "_listed", lambda problem, by_weight: None)
    assert module.num_candidates(problem) == math.comb(24, 12)
    looked_at = enumerate_choices(problem, top=3)
    assert listed.num_choices == looked_at.num_choices == 4096
    assert [ranked.bits for ranked in listed.ranking] == [ranked.bits for ranked in looked_at.ranking]
    np.testing.assert_allclose(listed.lowest_values, looked_at.lowest_values, atol=1e-10)


def test_more_choices_than_a_chunk_or_a_block():
    rng = np.random.default_rng(4)
    form = BinaryQuadratic(rng.normal(size=(22, 22)))
    found = enumerate_choices(QuadraticProblem(form, Constraints(form.names, cardinality=8)), top=3)
    diagonal = form.ising().diagonal()
    feasible = np.sort(diagonal[np.bitwise_count(np.arange(1 << 22)) == 8])
    np.testing.assert_allclose(found.lowest_values, feasible, atol=1e-10)
    np.testing.assert_allclose([ranked.value for ranked in found.ranking], feasible[:3])
    assert found.num_choices == math.comb(22, 8) > module._CHUNK
    assert (found.mean_value, found.standard_deviation) == pytest.approx(form.moments(8))


@settings(max_examples=30, deadline=None)
@given(num_variables=st.integers(1, 7), seed=SEEDS, draws=st.integers(1, 60))
def test_the_expected_best_is_the_mean_of_the_lowest_of_all_draws(num_variables, seed, draws):
    found = enumerate_choices(random_problem(num_variables, seed))
    values, total = found.lowest_values, found.num_choices
    # P(min >= v_j), exactly
    wanted = sum(
        v * (((total - j) / total) ** draws - ((total - j - 1) / total) ** draws) for j, v in enumerate(values)
    )
    assert found.expected_best(draws) == pytest.approx(wanted, abs=1e-9)
    assert found.expected_best(1) == pytest.approx(found.mean_value, abs=1e-9)
    assert found.value - 1e-9 <= found.expected_best(draws) <= found.mean_value + 1e-9


def test_the_expected_best_of_few_draws_needs_all_values(small_chunks):
    small_chunks(1 << 14, 64, 50)
    form = BinaryQuadratic(np.random.default_rng(1).normal(size=(10, 10)))
    short = enumerate_choices(QuadraticProblem(form))
    assert len(short.lowest_values) == 50
    assert short.expected_best(1) is None
    small_chunks(1 << 14, 64, 1 << 21)
    full = enumerate_choices(QuadraticProblem(form))
    assert short.expected_best(600) == pytest.approx(full.expected_best(600), rel=1e-6)


def test_the_known_optimum_of_twenty_real_stocks():
    pytest.importorskip("skfolio")
    history = load_sp500_returns()
    form = BinaryQuadratic(0.5 * history.covariance, -history.expected_returns, names=history.asset_names)
    found = enumerate_choices(QuadraticProblem(form, Constraints(form.names, cardinality=5)), top=2)
    assert found.best.names == ("AAPL", "BBY", "JNJ", "MSFT", "UNH")
    assert found.value == pytest.approx(-2.3355498085260553e-3, rel=1e-8)
    assert found.worst_value == pytest.approx(1.0518533792e-3, rel=1e-9)
    assert found.mean_value == pytest.approx(-1.1782697754e-3, rel=1e-9)
    assert found.ranking[1].names == ("BBY", "JNJ", "MSFT", "PG", "UNH")
    assert approximation_ratio(found.mean_value, found.value, found.worst_value) == pytest.approx(0.658, abs=5e-4)
    luck = luck_of(QuadraticProblem(form, Constraints(form.names, cardinality=5)), 4096, enumeration=found)
    assert luck.chance_of_optimum == pytest.approx(0.23, abs=0.005)


def test_equal_optima_are_counted(small_chunks):
    # 0.1 + 0.2 and 0.3: equal to rounding
    form = BinaryQuadratic(np.zeros((4, 4)), [0.1, 0.2, 0.3, -1.0])
    problem = QuadraticProblem(form, Constraints(form.names, rows=[LinearRow([1, 1, 2, 0], 2, 2)]))
    assert enumerate_choices(problem).num_optima == 2
    flat = QuadraticProblem(BinaryQuadratic(np.zeros((10, 10)), np.eye(10)[0]))
    assert enumerate_choices(flat).num_optima == 512
    small_chunks(8, 16, 5)
    assert enumerate_choices(flat).num_optima == 512
    constant = enumerate_choices(QuadraticProblem(BinaryQuadratic(np.zeros((6, 6)), None, 3.0)))
    assert (constant.num_optima, constant.value, constant.standard_deviation) == (64, 3.0, 0.0)


def test_it_can_be_interrupted_and_ends_in_time(small_chunks):
    small_chunks(4, 16, 1 << 21)
    problem = QuadraticProblem(BinaryQuadratic(np.random.default_rng(1).normal(size=(12, 12))))

    def interrupt(done, total):
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        enumerate_choices(problem, progress=interrupt)
    some = enumerate_choices(problem, time_limit=0)
    assert not some.complete
    assert 0 < some.num_choices < 4096
    assert repr(some).endswith("incomplete)")
    assert len(repr(some)) < 200


def test_a_ranking_that_does_not_fit_is_refused(monkeypatch):
    problem = QuadraticProblem(BinaryQuadratic(np.eye(20)))
    monkeypatch.setattr(_memory, "free_bytes", lambda: 1 << 26)
    monkeypatch.setattr(_memory, "_last_look", _memory._Look(0.0, 0))
    with pytest.raises(InsufficientMemoryError, match=r"a ranking of 1,048,576 choices needs .* take a smaller top"):
        enumerate_choices(problem, top=10**9)


@pytest.mark.slow
@needs_proc
def test_an_enumeration_fills_what_it_declares():
    problem = QuadraticProblem(BinaryQuadratic(np.random.default_rng(0).normal(size=(24, 24))))
    enumerate_choices(problem)
    peak = measured_peak(lambda: enumerate_choices(problem))
    needed = _needs.enumeration(module._KEPT_VALUES, 1, 24, module._CHUNK)
    assert peak <= needed + (20 << 20)
    assert needed <= 1.5 * peak + (20 << 20)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: enumerate_choices(3), "the problem must be a QuadraticProblem, got 3"),
        (lambda p: enumerate_choices(p, top=0), "top must be at least 1, got 0"),
        (lambda p: enumerate_choices(p, progress=1), "progress must be a function, got 1"),
        (lambda p: enumerate_choices(p, time_limit=-1), "time_limit must be a number of at least 0, got -1"),
        (lambda p: enumerate_choices(p).expected_best(0), r"draws must be in \[1, 4611686018427387904\], got 0"),
        (
            lambda p: enumerate_choices(QuadraticProblem(BinaryQuadratic(np.eye(225)))),
            "at most 4,000,000,000 choices, got 5391.*a solver that bounds the optimum",
        ),
        (
            lambda p: enumerate_choices(QuadraticProblem(p.objective, Constraints(p.names, cardinality=9))),
            "no choice of 3 bits satisfies cardinality = 9; relax it",
        ),
        (lambda p: QuadraticProblem(p.objective, Constraints(["a"])), "on the variables of the objective in its order"),
        (lambda p: QuadraticProblem(3), "the objective must be a BinaryQuadratic, got 3"),
        (lambda p: QuadraticProblem(p.objective, 3), "constraints must be Constraints, got 3"),
        (lambda p: QuadraticProblem.from_program(3), "must be a BinaryProgram, got 3"),
    ],
)
def test_odd_input_gets_one_clear_error(call, message):
    with pytest.raises(InputError, match=message):
        call(QuadraticProblem(BinaryQuadratic(np.eye(3))))


def test_a_problem_is_a_program_of_other_formats_and_back():
    rows = Constraints(["a", "b"], cardinality=1, groups={"g": Group(("a",), 0, 1)})
    problem = QuadraticProblem(BinaryQuadratic(np.eye(2), names=["a", "b"]), rows)
    again = QuadraticProblem.from_program(problem.to_program())
    assert again.fingerprint == problem.fingerprint
    assert again.constraints.weights == (1, 1)
    assert problem.fingerprint != QuadraticProblem(problem.objective).fingerprint
    assert repr(problem) == "QuadraticProblem(2 variables, 2 constraints)"
