"""The portfolio problem in its three forms, and its exact optimum."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qtoolkit import _memory
from qtoolkit.applications.finance import (
    PortfolioProblem,
    PriceHistory,
    exact_selection,
    load_sp500_returns,
    select_assets,
)
from qtoolkit.errors import InputError, InsufficientMemoryError


def random_problem(num_assets, budget, seed, risk_aversion=0.7):
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(num_assets, num_assets))
    return PortfolioProblem(rng.normal(size=num_assets), factors @ factors.T, risk_aversion, budget)


def all_choices(num_assets):
    return np.arange(1 << num_assets)[:, None] >> np.arange(num_assets) & 1


def test_objective_qubo_and_hamiltonian_are_one_function():
    problem = random_problem(5, 2, 1)
    choices = all_choices(5)
    direct = [0.7 * x @ problem.covariance @ x - problem.expected_returns @ x for x in choices.astype(float)]
    np.testing.assert_allclose(problem.objective(choices), direct, atol=1e-12)
    np.testing.assert_allclose(np.einsum("ki,ij,kj->k", choices, problem.qubo(), choices), direct, atol=1e-12)
    np.testing.assert_allclose(problem.cost_hamiltonian().diagonal(), direct, atol=1e-12)
    assert problem.value([0, 3]) == pytest.approx(direct[0b01001])
    assert problem.value(["asset 3", "asset 0"]) == pytest.approx(direct[0b01001])


def test_the_penalty_counts_what_the_budget_misses():
    problem = random_problem(4, 3, 2)
    missed = all_choices(4).sum(axis=1) - 3
    np.testing.assert_allclose(problem.penalty_hamiltonian(1.7).diagonal(), 1.7 * missed**2, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 7), st.data(), st.integers(0, 2**32 - 1))
def test_a_sufficient_penalty_makes_the_penalised_minimum_the_optimum(num_assets, data, seed):
    budget = data.draw(st.integers(1, num_assets))
    problem = random_problem(num_assets, budget, seed)
    total = problem.cost_hamiltonian() + problem.penalty_hamiltonian(1.0001 * problem.sufficient_penalty())
    lowest = int(np.argmin(total.diagonal()))
    assert lowest.bit_count() == budget
    assert total.diagonal()[lowest] == pytest.approx(exact_selection(problem).value, abs=1e-9)


@pytest.mark.parametrize(("num_assets", "budget"), [(1, 1), (6, 1), (6, 3), (6, 6), (9, 4)])
def test_enumeration_ranks_every_choice(num_assets, budget):
    problem = random_problem(num_assets, budget, 3)
    calls = []
    exact = exact_selection(problem, top=4, progress=lambda done, total: calls.append((done, total)))
    combinations = list(itertools.combinations(range(num_assets), budget))
    values = np.array([problem.value(choice) for choice in combinations])
    order = np.argsort(values)[:4]
    assert [ranked.indices for ranked in exact.ranking] == [combinations[k] for k in order]
    assert [ranked.value for ranked in exact.ranking] == [values[k] for k in order]
    assert exact.best.assets == tuple(f"asset {k}" for k in exact.best.indices)
    assert exact.num_choices == problem.num_feasible == math.comb(num_assets, budget)
    assert exact.worst_value == pytest.approx(values.max(), abs=1e-12)
    assert exact.mean_value == pytest.approx(values.mean(), abs=1e-12)
    assert exact.standard_deviation == pytest.approx(values.std(), abs=1e-12)
    assert calls[-1] == (exact.num_choices, exact.num_choices)


def test_chunks_of_the_enumeration_join():
    # 77,520 choices, more than one chunk
    problem = random_problem(20, 7, 4)
    exact = exact_selection(problem, top=3)
    diagonal = problem.cost_hamiltonian().diagonal()
    feasible = diagonal[np.bitwise_count(np.arange(1 << 20)) == 7]
    np.testing.assert_allclose([ranked.value for ranked in exact.ranking], np.sort(feasible)[:3], rtol=1e-10)
    assert exact.worst_value == pytest.approx(feasible.max())
    assert exact.mean_value == pytest.approx(feasible.mean())
    assert exact.standard_deviation == pytest.approx(feasible.std())


def test_a_ranking_that_does_not_fit_is_refused(monkeypatch):
    problem = random_problem(20, 7, 4)
    monkeypatch.setattr(_memory, "free_bytes", lambda: 1 << 24)
    monkeypatch.setattr(_memory, "_last_look", _memory._Look(0.0, 0))
    with pytest.raises(InsufficientMemoryError, match="a ranking of 77,520 choices needs 52,713,600 bytes"):
        exact_selection(problem, top=10**9)


def test_the_known_optimum_of_twenty_real_stocks():
    pytest.importorskip("skfolio")
    problem = PortfolioProblem.from_returns(load_sp500_returns(), risk_aversion=0.5, budget=5)
    exact = exact_selection(problem, top=3)
    assert exact.best.assets == ("AAPL", "BBY", "JNJ", "MSFT", "UNH")
    assert f"{exact.value:.5e}" == "-2.33555e-03"
    assert exact.value == pytest.approx(-2.3355498085260553e-3, rel=1e-8)
    assert exact.num_choices == 15504
    assert exact.ranking[1].assets == ("BBY", "JNJ", "MSFT", "PG", "UNH")
    diagonal = problem.cost_hamiltonian().diagonal()
    assert diagonal[sum(1 << k for k in exact.best.indices)] == pytest.approx(exact.value, rel=1e-10)


def test_the_problem_keeps_its_own_read_only_copies():
    returns, covariance = np.ones(2), np.eye(2)
    problem = PortfolioProblem(returns, covariance, 1, 1)
    returns[0] = covariance[0, 0] = 5.0
    assert problem.value([0]) == 0.0
    with pytest.raises(ValueError, match="read-only"):
        problem.covariance[0, 0] = 2.0


def test_a_zero_covariance_is_a_covariance():
    problem = PortfolioProblem([1.0, 2.0, 3.0], np.zeros((3, 3)), 0.5, 2)
    assert exact_selection(problem).best.indices == (1, 2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"expected_returns": np.ones((2, 1))}, r"expected_returns must be a vector .* got shape \(2, 1\)"),
        ({"expected_returns": []}, "expected_returns must be a vector"),
        ({"covariance": np.eye(3)}, r"must have shape \(2, 2\), got \(3, 3\)"),
        ({"covariance": [[1.0, np.nan], [0.0, 1.0]]}, "must be finite"),
        ({"covariance": [[1.0, 0.5], [0.2, 1.0]]}, "symmetric, got entries that differ by 0.3"),
        ({"covariance": [[1.0, 2.0], [2.0, 1.0]]}, "semidefinite, got the eigenvalue -1"),
        ({"risk_aversion": -0.1}, "risk_aversion must be a number of at least 0, got -0.1"),
        ({"risk_aversion": float("nan")}, "risk_aversion must be"),
        ({"budget": 0}, "budget must be 1 to 2, the number of assets, got 0"),
        ({"budget": 3}, "budget must be 1 to 2"),
        ({"asset_names": ("A",)}, "2 distinct names, got A"),
        ({"asset_names": ("A", "A")}, "2 distinct names, got A, A"),
    ],
)
def test_malformed_problems_are_refused(changes, message):
    valid = {"expected_returns": np.ones(2), "covariance": np.eye(2), "risk_aversion": 0.5, "budget": 1}
    with pytest.raises(InputError, match=message):
        PortfolioProblem(**{**valid, **changes})


def test_bad_questions_are_refused():
    problem = random_problem(4, 2, 5)
    for ask, message in [
        (lambda: problem.objective([0, 1]), r"each of 4 assets, got shape \(2,\)"),
        (lambda: problem.objective([0, 1, 2, 0]), "must be 0 or 1"),
        (lambda: problem.value([4]), "indices are 0 to 3, got 4"),
        (lambda: problem.value(["X"]), "got 'X'"),
        (lambda: problem.value([1, "asset 1"]), "assets must be distinct"),
        (lambda: problem.penalty_hamiltonian(0.0), "penalty must be a positive number, got 0.0"),
        (lambda: exact_selection(problem, top=0), "top must be at least 1"),
        (lambda: exact_selection(random_problem(40, 20, 6)), "at most 50,000,000 choices, got 137,846,528,820"),
    ]:
        with pytest.raises(InputError, match=message):
            ask()


NO_NUMBERS = ["1", "text", None, "", [], {}, 1j, object()]


@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda value: type(value).__name__)
def test_what_is_no_number_is_our_error_everywhere(value):
    problem = random_problem(2, 1, 5)
    valid = {"expected_returns": np.ones(2), "covariance": np.eye(2), "risk_aversion": 0.5, "budget": 1}
    for change in ("risk_aversion", "budget", "expected_returns", "covariance"):
        with pytest.raises(InputError, match=change):
            PortfolioProblem(**{**valid, change: value})
        if change in ("expected_returns", "covariance"):
            entry = [value, 1.0] if change == "expected_returns" else [[1.0, value], [value, 1.0]]
            with pytest.raises(InputError, match=change):
                PortfolioProblem(**{**valid, change: entry})
    for ask in (
        problem.objective,
        lambda wrong: problem.objective([wrong, 1]),
        problem.penalty_hamiltonian,
        lambda wrong: problem.value([wrong]),
        lambda wrong: problem.value(wrong or "A"),
        lambda wrong: exact_selection(problem, top=wrong),
        lambda wrong: PortfolioProblem.from_returns(wrong, risk_aversion=0.5, budget=1),
        lambda wrong: select_assets(problem, shots=wrong),
        lambda wrong: select_assets(problem, num_layers=wrong),
        lambda wrong: select_assets(problem, form=wrong),
        lambda wrong: select_assets(problem, form="penalty", penalty=wrong or "1"),
        lambda wrong: select_assets(problem, exact=wrong or "1"),
        lambda wrong: select_assets(wrong),
        exact_selection,
    ):
        with pytest.raises(InputError):
            ask(value)


@pytest.mark.parametrize("scale", [1e-320, 1e-150, 1e150, 1e308])
def test_extreme_numbers_are_taken_or_refused(scale):
    for returns, covariance in [([scale, 1.0], np.eye(2)), ([1.0, 1.0], scale * np.array([[1.0, 0.9], [0.9, 1.0]]))]:
        try:
            problem = PortfolioProblem(returns, covariance, 10.0, 1)
        except InputError:
            continue
        assert np.isfinite(exact_selection(problem).value)


class TestPandas:
    pandas = pytest.importorskip("pandas")
    names = ("A", "B", "C")
    sigma = np.array([[1.0, 0.1, 0.2], [0.1, 2.0, 0.3], [0.2, 0.3, 3.0]])

    def mu(self, order="BAC"):
        return self.pandas.Series({"B": 0.3, "A": 0.1, "C": 0.2})[list(order)]

    def covariance(self, rows="ABC", columns="ABC"):
        return self.pandas.DataFrame(self.sigma, index=list("ABC"), columns=list("ABC")).loc[list(rows), list(columns)]

    @pytest.mark.parametrize("order", list(itertools.permutations("ABC")))
    def test_labels_decide_which_asset_is_which(self, order):
        expected = PortfolioProblem([0.1, 0.3, 0.2], self.sigma, 0.01, 1, self.names)
        mu, names = self.mu(order), [str(name) for name in order]
        for problem in (
            PortfolioProblem(mu, self.covariance(), 0.01, 1),
            PortfolioProblem(mu, self.covariance("CAB", "BCA"), 0.01, 1),
            PortfolioProblem(mu, self.covariance("CAB", "BCA"), 0.01, 1, self.names),
            PortfolioProblem(mu.to_numpy(), self.covariance("CAB", "BCA"), 0.01, 1, names),
            PortfolioProblem(mu, self.covariance(names, names).to_numpy(), 0.01, 1),
            PortfolioProblem(self.mu("CAB"), self.covariance(names, names).to_numpy(), 0.01, 1, names),
        ):
            assert sorted(problem.asset_names) == list("ABC")
            for assets in (["A"], ["B"], ["A", "C"]):
                assert problem.value(assets) == pytest.approx(expected.value(assets), rel=1e-14)
            assert exact_selection(problem).best.assets == exact_selection(expected).best.assets == ("B",)

    def test_names_come_from_labels(self):
        assert PortfolioProblem(self.mu(), self.covariance(), 1, 1).asset_names == ("B", "A", "C")
        assert PortfolioProblem([0.1, 0.3, 0.2], self.covariance(), 1, 1).asset_names == self.names
        numbered = self.pandas.Series([0.1, 0.3, 0.2])
        shuffled = numbered.sort_values()
        for mu in (numbered, shuffled):
            problem = PortfolioProblem(mu, self.pandas.DataFrame(self.sigma), 1, 1)
            assert problem.asset_names == ("asset 0", "asset 1", "asset 2")
            np.testing.assert_array_equal(problem.expected_returns, [0.1, 0.3, 0.2])

    def test_labels_that_do_not_fit_are_refused(self):
        other = self.covariance().rename(columns={"C": "D"})
        repeated = self.covariance().set_axis(list("AAC"))
        for returns, covariance, names, message in [
            (self.mu(), other, (), "labels of covariance must be B, A, C, .* see C, D"),
            (self.mu(), other.T, (), "labels of covariance must be B, A, C, .* see C, D"),
            (self.mu(), repeated, (), "labels of covariance must be B, A, C"),
            (self.mu(), self.covariance(), ("A", "B", "D"), "labels of expected_returns must be A, B, D, .* see C, D"),
            (self.mu("AB"), self.covariance(), (), "labels of covariance must be A, B, .* see C"),
            (self.mu().set_axis(list("AAC")), self.sigma, (), "labels must be distinct, got A twice"),
            (self.mu().to_frame(), self.covariance(), (), r"must have 1 dimensions, got shape \(3, 1\)"),
            (dict(self.mu()), self.covariance(), (), "expected_returns must be an array without labels, got dict"),
        ]:
            with pytest.raises(InputError, match=message):
                PortfolioProblem(returns, covariance, 1, 1, names)

    def test_choices_are_read_by_label(self):
        problem = PortfolioProblem(self.mu(), self.covariance(), 0.5, 2)
        chosen = self.pandas.Series({"C": 1, "A": 0, "B": 1})
        assert problem.objective(chosen) == problem.value(["B", "C"])
        table = self.pandas.DataFrame([chosen, 1 - chosen], index=["first", "second"])[["C", "B", "A"]]
        np.testing.assert_array_equal(problem.objective(table), [problem.value(["B", "C"]), problem.value(["A"])])
        for wrong in (chosen.rename({"A": "D"}), [chosen, chosen]):
            with pytest.raises(InputError, match="labels"):
                problem.objective(wrong)
        with pytest.raises(InputError, match="got labelled numbers"):
            problem.value(chosen)

    def test_a_frame_of_returns_is_a_problem_in_one_line(self):
        rng = np.random.default_rng(1)
        index = self.pandas.date_range("2020-01-01", periods=50, tz="Europe/Berlin")
        frame = self.pandas.DataFrame(rng.normal(size=(50, 3)), index=index, columns=list("BAC"))
        problem = PortfolioProblem.from_returns(frame, risk_aversion=0.5, budget=2)
        by_hand = PortfolioProblem(frame.mean(), frame[["C", "A", "B"]].cov(), 0.5, 2)
        assert problem.asset_names == by_hand.asset_names == ("B", "A", "C")
        assert problem.value(["A", "C"]) == pytest.approx(by_hand.value(["A", "C"]), rel=1e-12)
        with pytest.raises(InputError, match=r"takes returns, got prices; pass their simple_returns\(\)"):
            PortfolioProblem.from_returns(PriceHistory(frame.abs()), risk_aversion=0.5, budget=2)
