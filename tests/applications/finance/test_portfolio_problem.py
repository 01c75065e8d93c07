"""The portfolio problem: its arguments, its labels, and its forms against their definitions."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from portfolio_problems import KINDS, all_picks, can_be_weighed, market, small_problem
from scipy.stats import norm

from qtoolkit.algorithms.quadratic import enumerate_choices
from qtoolkit.applications.finance import (
    PriceHistory,
    ReturnHistory,
    estimate_moments,
    load_sp500_prices,
    load_sp500_returns,
)
from qtoolkit.applications.finance.portfolio import PortfolioProblem, Tail, WeightGroup, sector_groups
from qtoolkit.errors import InputError

NO_NUMBERS = ["1", "text", None, "", [], {}, 1j, object()]


@pytest.fixture(scope="module")
def sp500():
    pytest.importorskip("skfolio")
    return load_sp500_returns()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("objective", ["weights", "positions"])
def test_a_selection_is_the_objective_of_equal_weights(kind, objective):
    options = {"objective": objective} | ({"budget": 1.0, "upper": None} if objective == "positions" else {})
    problem = small_problem(kind, 1, **options)
    program = problem.program
    for number in range(problem.cardinality[0], problem.cardinality[1] + 1):
        form = problem.selection(number)
        for bits in all_picks(5):
            if bits.sum() != number:
                continue
            weight = 1.0 if objective == "positions" else program.budget[1] / number
            w = weight * bits
            direct = 3.0 * w @ problem.covariance @ w - problem.expected_returns @ w
            direct += program.cost @ np.abs(w - program.current)
            picked = np.flatnonzero(bits)
            assert form.objective.values(bits) == pytest.approx(direct, abs=1e-15)
            assert problem.value(picked) == pytest.approx(direct, abs=1e-15)
            assert program.objective(problem.equal_weights(picked)) == pytest.approx(direct, abs=1e-15)
        operator = problem.cost_hamiltonian(number).diagonal()
        np.testing.assert_allclose(operator, form.objective.values(all_picks(5)[:, ::-1]), atol=1e-14)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [0, 1])
def test_what_can_be_weighed_can_be_selected(kind, seed):
    problem = small_problem(kind, seed)
    picks = all_picks(5)
    weighable = np.array([can_be_weighed(problem.program, bits) for bits in picks])
    selectable = np.zeros(len(picks), dtype=bool)
    for number in range(problem.cardinality[0], problem.cardinality[1] + 1):
        selectable |= problem.selection(number).constraints.feasible(picks)
    assert weighable.any()
    assert not np.any(weighable & ~selectable)
    # one kind alone is described in full
    np.testing.assert_array_equal(weighable, selectable)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_rows_of_random_limits_never_exclude_what_can_be_weighed(seed):
    rng = np.random.default_rng(seed)
    size = 5
    before = rng.dirichlet(np.ones(size)) * rng.integers(2)
    groups = {
        name: WeightGroup(tuple(rng.permutation(size)[: rng.integers(1, size)].tolist()), rng.uniform(0, 0.3), 0.7)
        for name in ("g", "h")[: rng.integers(3)]
    }
    problem = PortfolioProblem(
        *market(size, seed),
        risk_aversion=1.0,
        cardinality=(1, 4),
        budget=(rng.uniform(0.5, 1.0), 1.0),
        lower=-0.2 * rng.integers(2),
        upper=rng.uniform(0.2, 0.8, size),
        groups=groups,
        current=before,
        max_turnover=rng.uniform(0.3, 2.0),
    )
    picks = all_picks(size)
    weighable = np.array([can_be_weighed(problem.program, bits) for bits in picks])
    selectable = np.zeros(len(picks), dtype=bool)
    for number in range(1, 5):
        selectable |= problem.selection(number).constraints.feasible(picks)
    assert not np.any(weighable & ~selectable)


def test_rows_that_always_hold_are_left_out():
    problem = PortfolioProblem(*market(6, 0), risk_aversion=1.0, cardinality=3, upper=0.5, current=1 / 6, cost=1e-3)
    assert [row.name for row in problem.selection().constraints.rows] == ["cardinality"]
    assert problem.selection().constraints.only_weights


def test_lots_narrow_what_picks_reach():
    # 0.35 holds one lot of 0.25, and two assets then half the budget
    problem = PortfolioProblem(*market(4, 0), risk_aversion=1.0, cardinality=(2, 4), upper=0.35, lots=0.25)
    assert not problem.selection(3).constraints.feasible(all_picks(4)).any()
    assert problem.selection(4).constraints.feasible(np.ones(4, dtype=int))


def test_the_published_positions_of_twenty_stocks(sp500):
    problem = PortfolioProblem.from_returns(sp500, risk_aversion=0.5, cardinality=5, objective="positions")
    exact = enumerate_choices(problem.selection(), top=2)
    assert exact.best.names == ("AAPL", "BBY", "JNJ", "MSFT", "UNH")
    assert exact.value == pytest.approx(-2.3355498085260553e-3, rel=1e-8)
    assert exact.worst_value == pytest.approx(1.0518533792e-3, rel=1e-8)
    assert exact.mean_value == pytest.approx(-1.1782697754e-3, rel=1e-8)
    assert exact.num_choices == 15504
    assert exact.ranking[1].names == ("BBY", "JNJ", "MSFT", "PG", "UNH")
    assert problem.value(exact.best.names) == pytest.approx(exact.value, rel=1e-12)
    diagonal = problem.cost_hamiltonian().diagonal()
    assert diagonal[sum(1 << sp500.asset_names.index(name) for name in exact.best.names)] == pytest.approx(exact.value)


def test_positions_are_weights_in_other_units(sp500):
    """x = K w turns q·xᵀΣx − μᵀx into K times the objective of weights with risk aversion K q."""
    positions = PortfolioProblem.from_returns(sp500, risk_aversion=0.5, cardinality=5, objective="positions")
    weights = PortfolioProblem.from_returns(sp500, risk_aversion=2.5, cardinality=5)
    difference = positions.selection().objective - 5.0 * weights.selection().objective
    assert np.abs(difference.matrix).max() < 1e-15
    w = np.random.default_rng(0).dirichlet(np.ones(20))
    assert positions.program.objective(5.0 * w) == pytest.approx(5.0 * weights.program.objective(w), rel=1e-12)


def test_a_return_per_day_is_one(sp500):
    """With the objective in weights, the value of equal picks is the mean of their mean returns, whatever K."""
    for number in (1, 5, 20):
        problem = PortfolioProblem.from_returns(sp500, risk_aversion=0.0, cardinality=number)
        names = sp500.asset_names[:number]
        assert -problem.value(names) == pytest.approx(sp500.returns[:, :number].mean(), rel=1e-12)


def test_any_number_becomes_that_of_the_convex_optimum(sp500):
    pytest.importorskip("highspy")
    problem = PortfolioProblem.from_returns(sp500, risk_aversion=10.0)
    (number,) = problem.numbers
    held = np.count_nonzero(np.array(_least_objective(problem)) > 1e-6)
    assert number == held
    assert PortfolioProblem(*market(5, 0), risk_aversion=1.0, cardinality=(2, 4)).numbers == (2, 3, 4)
    assert PortfolioProblem(*market(5, 0), risk_aversion=1.0, objective="positions").numbers == (None,)


def _least_objective(problem):
    from scipy.optimize import minimize

    size = problem.num_assets
    found = minimize(
        lambda w: 1e4 * problem.program.objective(w),
        np.full(size, 1 / size),
        jac=lambda w: 1e4 * (2 * problem.risk_aversion * problem.covariance @ w - problem.expected_returns),
        bounds=[(0, 1)] * size,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1.0, "jac": lambda w: np.ones(size)},
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    return found.x


def test_a_selection_knows_the_tail_of_normal_returns():
    level, aversion = 0.9, 2.0
    factor = norm.pdf(norm.ppf(level)) / (1 - level)
    tail = Tail(np.zeros((1, 4)), level)
    mu, sigma = market(4, 3)

    def closed_form(sigma, pair):
        w = np.isin(np.arange(4), pair) / 2
        return aversion * (factor * np.sqrt(w @ sigma @ w) - mu @ w) - mu @ w

    alike = np.full((4, 4), 2e-5) + np.eye(4) * 1e-4
    for matrix in (alike, sigma):
        problem = PortfolioProblem(mu, matrix, risk_aversion=aversion, cardinality=2, tail=tail)
        for pair in itertools.combinations(range(4), 2):
            exact = closed_form(matrix, pair)
            assert problem.value(pair) >= exact - 1e-12  # a tangent lies above a root
            if matrix is alike:
                assert problem.value(pair) == pytest.approx(exact, rel=1e-12)
    whole = PortfolioProblem(mu, sigma, risk_aversion=aversion, cardinality=2, tail=Tail(np.zeros((1, 4)), 0.0))
    assert whole.value([0, 1]) == pytest.approx(-(1 + aversion) * mu[:2].mean())


class TestLabels:
    names = ("A", "B", "C")
    sigma = np.array([[1.0, 0.1, 0.2], [0.1, 2.0, 0.3], [0.2, 0.3, 3.0]])
    mu = pd.Series({"A": 0.1, "B": 0.3, "C": 0.2})

    def frame(self, rows="ABC", columns="ABC"):
        return pd.DataFrame(self.sigma, index=list("ABC"), columns=list("ABC")).loc[list(rows), list(columns)]

    @pytest.mark.parametrize("order", list(itertools.permutations("ABC")))
    def test_permuting_labels_never_changes_the_answer(self, order):
        order = [str(name) for name in order]
        limits = {
            "lower": pd.Series({"A": 0.0, "B": 0.1, "C": 0.0}),
            "upper": pd.Series({"A": 0.5, "B": 0.6, "C": 0.9}),
            "minimum_if_held": pd.Series({"A": 0.1, "B": 0.1, "C": 0.3}),
            "current": pd.Series({"A": 0.2, "B": 0.8, "C": 0.0}),
            "cost": pd.Series({"A": 0.01, "B": 0.02, "C": 0.03}),
            "lots": pd.Series({"A": 0.1, "B": 0.05, "C": 0.02}),
        }
        scenarios = pd.DataFrame(np.random.default_rng(0).normal(size=(9, 3)), columns=list("ABC"))
        plain = {word: values[list("ABC")].to_numpy() for word, values in limits.items()}
        expected = PortfolioProblem(
            self.mu.to_numpy(),
            self.sigma,
            risk_aversion=0.5,
            cardinality=2,
            asset_names=self.names,
            tail=Tail(scenarios.to_numpy(), 0.5),
            **plain,
        )
        moved = {word: values[order] for word, values in limits.items()}
        by_name = {word: values[order].to_dict() for word, values in limits.items()}
        shuffled = self.frame(order[::-1], order)
        tail = Tail(scenarios[order[::-1]], 0.5)
        for means, matrix, options in (
            (self.mu[order], shuffled, moved),
            (self.mu[order].to_dict(), shuffled, by_name),
            (self.mu[order].to_numpy(), self.frame(order, order).to_numpy(), {"asset_names": order} | moved),
        ):
            problem = PortfolioProblem(means, matrix, risk_aversion=0.5, cardinality=2, tail=tail, **options)
            assert sorted(problem.asset_names) == list("ABC")
            for pair in itertools.combinations("ABC", 2):
                assert problem.value(pair) == pytest.approx(expected.value(pair), rel=1e-13)
                bits = [[float(name in pair) for name in found.asset_names] for found in (problem, expected)]
                weights = [0.3 * np.array(row) for row in bits]
                assert problem.program.objective(weights[0]) == pytest.approx(expected.program.objective(weights[1]))
                feasible = [
                    bool(found.selection().constraints.feasible(row))
                    for found, row in zip((problem, expected), bits, strict=True)
                ]
                assert feasible[0] == feasible[1]

    def test_labels_that_do_not_fit_are_refused(self):
        good = {"expected_returns": self.mu, "covariance": self.frame(), "risk_aversion": 1.0}
        for change, message in [
            ({"covariance": self.frame().rename(columns={"C": "D"})}, "labels of covariance must be A, B, C.*see C, D"),
            ({"expected_returns": self.mu.set_axis(list("AAC"))}, "labels must be distinct, got A twice"),
            ({"asset_names": ["A", "B", "D"]}, "labels of expected_returns must be A, B, D.*see C, D"),
            ({"upper": pd.Series({"A": 0.5, "B": 0.6})}, "labels of upper must be A, B, C.*see C"),
            ({"current": {"D": 0.5}}, "the assets are A, B, C; got 'D'"),
            ({"expected_returns": {"A": 0.1, "B": 0.2}, "asset_names": list("ABC")}, "got none for C"),
            ({"groups": {"g": WeightGroup(("A", "D"))}}, "the assets are A, B, C; got 'D'"),
            ({"tail": Tail(pd.DataFrame(np.ones((2, 3)), columns=list("ABD")))}, "labels of scenarios"),
        ]:
            with pytest.raises(InputError, match=message):
                PortfolioProblem(**(good | change))

    def test_a_mapping_leaves_the_rest_as_it_is(self):
        problem = PortfolioProblem(self.mu, self.frame(), risk_aversion=1.0, upper={"B": 0.5}, budget=2.0)
        np.testing.assert_array_equal(problem.program.upper, [2.0, 0.5, 2.0])


def test_one_line_from_prices_returns_and_moments(sp500, tmp_path):
    options = {"risk_aversion": 2.0, "cardinality": 3}
    prices = load_sp500_prices()
    by_returns = PortfolioProblem.from_returns(sp500, **options)
    path = tmp_path / "prices.csv"
    frame = prices.between("2021-01-01", "2021-12-31").to_frame()
    frame.to_csv(path)
    assert PortfolioProblem.from_prices(prices, **options).fingerprint == by_returns.fingerprint
    assert PortfolioProblem.from_returns(sp500.to_frame(), **options).fingerprint == by_returns.fingerprint
    moments = estimate_moments(sp500)
    assert PortfolioProblem.from_moments(moments, **options).fingerprint == by_returns.fingerprint
    by_path, by_frame = (PortfolioProblem.from_prices(given, **options) for given in (path, frame))
    np.testing.assert_allclose(by_path.covariance, by_frame.covariance, rtol=1e-12)
    shrunk = PortfolioProblem.from_returns(sp500, covariance="ledoit-wolf", **options)
    np.testing.assert_array_equal(shrunk.covariance, estimate_moments(sp500, covariance="ledoit-wolf").covariance)
    for wrong, message in (
        (lambda: PortfolioProblem.from_returns(prices, **options), "takes returns, got prices; pass them to from_pr"),
        (lambda: PortfolioProblem.from_prices(sp500, **options), "takes prices, got returns; pass them to from_ret"),
        (lambda: PortfolioProblem.from_moments(sp500, **options), "must be Moments"),
        (lambda: PortfolioProblem.from_prices(np.array([[1.0], [0.0]]), **options), "prices come as a DataFrame"),
        (lambda: PortfolioProblem.from_prices(-frame, **options), "prices must be positive"),
    ):
        with pytest.raises(InputError, match=message):
            wrong()


def test_sectors_become_groups():
    sectors = {"A": "tech", "B": "food", "C": "tech", "D": "food", "E": "energy"}
    for stated in (sectors, pd.Series(sectors)):
        groups = sector_groups(stated, upper=0.4, most=2)
        assert groups == {
            "tech": WeightGroup(("A", "C"), upper=0.4, most=2),
            "food": WeightGroup(("B", "D"), upper=0.4, most=2),
            "energy": WeightGroup(("E",), upper=0.4, most=1),
        }
    for wrong in ("tech", [("A", "tech")], {"A": 1}, {1: "tech"}, None):
        with pytest.raises(InputError, match="sector"):
            sector_groups(wrong)


def test_assets_that_never_change_are_left_out_if_asked(sp500):
    frame = sp500.between("2020-01-01", "2020-12-31").to_frame().assign(CASH=0.0)
    with pytest.raises(InputError, match='constant="drop"'):
        PortfolioProblem.from_returns(frame, risk_aversion=1.0)
    problem = PortfolioProblem.from_returns(frame, risk_aversion=1.0, constant="drop")
    assert problem.num_assets == 20
    assert len(problem.repairs) == 1
    assert PortfolioProblem.from_returns(frame, risk_aversion=1.0, constant="keep").num_assets == 21


def test_repairs_are_told():
    broken = np.array([[1.0, 2.0], [2.0, 1.0]])
    with pytest.raises(InputError, match="must be positive semidefinite"):
        PortfolioProblem([0.1, 0.2], broken, risk_aversion=1.0)
    problem = PortfolioProblem([0.1, 0.2], broken, risk_aversion=1.0, repair="clip")
    assert len(problem.repairs) == len(problem.replace(risk_aversion=2.0).repairs) == 1
    assert np.linalg.eigvalsh(problem.covariance)[0] > -1e-12


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"expected_returns": np.ones((2, 1))}, "expected_returns must"),
        ({"expected_returns": []}, "asset_names must"),
        ({"covariance": np.eye(3)}, r"shape \(2, 2\), got \(3, 3\)"),
        ({"covariance": [[1.0, np.nan], [0.0, 1.0]]}, "must be finite"),
        ({"covariance": [[1.0, 0.5], [0.2, 1.0]]}, "symmetric, got entries that differ by 0.3"),
        ({"covariance": [[1.0, 2.0], [2.0, 1.0]]}, "semidefinite, got the eigenvalue -1"),
        ({"risk_aversion": -0.1}, "risk_aversion must be a number of at least 0, got -0.1"),
        ({"risk_aversion": float("nan")}, "risk_aversion must be"),
        ({"cardinality": 0}, r"cardinality must be in \[1, 2\], got 0"),
        ({"cardinality": 3}, r"cardinality must be in \[1, 2\], got 3"),
        ({"cardinality": (2, 1)}, r"cardinality must be in \[2, 2\], got 1"),
        ({"budget": (1.0, 0.5)}, "budget must be a number of at least 1"),
        ({"objective": "shares"}, "objective must be one of weights, positions, got 'shares'"),
        ({"objective": "positions", "budget": 2.0}, "positions have no budget"),
        ({"asset_names": ("A",)}, "2 distinct names"),
        ({"asset_names": ("A", "A")}, "2 distinct names"),
        ({"tail": 0.95}, "the tail must be a Tail, got 0.95"),
        ({"expected_returns": [1e150, 1.0]}, "must be at most 1e[+]140 in magnitude, got 1e[+]150"),
        ({"minimum_if_held": -0.1}, "minimum_if_held must be at least 0"),
    ],
)
def test_malformed_problems_are_refused(changes, message):
    valid = {"expected_returns": np.ones(2), "covariance": np.eye(2), "risk_aversion": 0.5}
    with pytest.raises(InputError, match=message):
        PortfolioProblem(**{**valid, **changes})


def test_words_it_does_not_know_are_refused():
    with pytest.raises(TypeError, match="no argument 'uper'"):
        PortfolioProblem(np.ones(2), np.eye(2), risk_aversion=1.0, uper=0.5)


@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda value: type(value).__name__)
def test_what_is_no_number_is_our_error_everywhere(value):
    valid = {"expected_returns": np.ones(2), "covariance": np.eye(2), "risk_aversion": 0.5}
    words = ["risk_aversion", "budget", "expected_returns", "covariance", "lower", "minimum_if_held", "cost", "lots"]
    for word in (*words, "cardinality", "max_turnover", "upper", "current"):
        if value is None and word in ("cardinality", "max_turnover", "upper", "current"):
            continue
        if value == {} and word in ("lower", "minimum_if_held", "cost", "lots", "upper", "current"):
            continue  # a mapping that names none
        with pytest.raises(InputError):
            PortfolioProblem(**{**valid, word: value})
    problem = PortfolioProblem(**valid)
    for ask in (
        lambda wrong: problem.value([wrong]),
        lambda wrong: problem.value(wrong or "A"),
        lambda wrong: problem.selection(wrong or "1"),
        lambda wrong: PortfolioProblem.from_returns(wrong, risk_aversion=0.5),
        lambda wrong: PortfolioProblem.from_prices(wrong, risk_aversion=0.5),
        lambda wrong: PortfolioProblem.from_moments(wrong, risk_aversion=0.5),
    ):
        with pytest.raises(InputError):
            ask(value)


def test_bad_questions_are_refused():
    problem = PortfolioProblem(*market(4, 5), risk_aversion=1.0, cardinality=(2, 3))
    for ask, message in [
        (problem.selection, "another function for each number of assets, 2 to 3: pass one of problem.numbers"),
        (lambda: problem.selection(4), r"number must be in \[2, 3\], got 4"),
        (lambda: problem.value([4]), "indices are 0 to 3, got 4"),
        (lambda: problem.value(["X"]), "got 'X'"),
        (lambda: problem.value([]), "at least one asset, got none"),
        (lambda: problem.value([1, "asset 1"]), "assets must be distinct"),
        (
            lambda: problem.replace(budget=0.0, lower=-1.0, upper=1.0).selection(2),
            "a selection spends a positive budget, got at most 0",
        ),
    ]:
        with pytest.raises(InputError, match=message):
            ask()


@pytest.mark.parametrize("scale", [1e-320, 1e-150, 1e150, 1e308])
def test_extreme_numbers_are_taken_or_refused(scale):
    for returns, covariance in [([scale, 1.0], np.eye(2)), ([1.0, 1.0], scale * np.array([[1.0, 0.9], [0.9, 1.0]]))]:
        try:
            problem = PortfolioProblem(returns, covariance, risk_aversion=10.0, cardinality=1)
        except InputError:
            continue
        assert np.isfinite(enumerate_choices(problem.selection()).value)


def test_the_fingerprint_tells_problems_apart():
    mu, sigma = market(4, 6)
    options = {"risk_aversion": 0.5, "cardinality": 2}
    problem = PortfolioProblem(mu, sigma, **options)
    assert PortfolioProblem(mu.tolist(), sigma.tolist(), **options).fingerprint == problem.fingerprint
    assert problem.replace().fingerprint == problem.fingerprint
    others = [
        PortfolioProblem(mu[::-1], sigma, **options),
        problem.replace(covariance=1.001 * sigma),
        problem.replace(risk_aversion=0.6),
        problem.replace(cardinality=3),
        problem.replace(cardinality=None),
        problem.replace(objective="positions"),
        problem.replace(upper=0.9),
        problem.replace(current=0.25, cost=0.1),
        problem.replace(current=0.25, max_turnover=0.1),
        problem.replace(lots=0.1),
        problem.replace(tail=Tail(np.ones((3, 4)))),
        problem.replace(asset_names=list("ABCD")),
        problem.replace(groups={"g": WeightGroup((0, 1), 0.0, 0.5)}),
    ]
    assert len({other.fingerprint for other in (problem, *others)}) == 1 + len(others)


def test_replacing_the_number_of_positions_moves_their_limits():
    problem = PortfolioProblem(*market(4, 0), risk_aversion=1.0, cardinality=2, objective="positions")
    np.testing.assert_array_equal(problem.replace(cardinality=3).program.upper, np.full(4, 3.0))
    np.testing.assert_array_equal(problem.replace(upper=1.5, cardinality=3).program.upper, np.full(4, 1.5))


def test_it_keeps_its_own_read_only_copies():
    returns, covariance = np.ones(2), np.eye(2)
    problem = PortfolioProblem(returns, covariance, risk_aversion=1, cardinality=1)
    returns[0] = covariance[0, 0] = 5.0
    assert problem.value([0]) == 0.0
    with pytest.raises(ValueError, match="read-only"):
        problem.covariance[0, 0] = 2.0


def test_dates_with_a_time_zone_keep_their_day():
    index = pd.date_range("2020-01-01", periods=50, tz="Europe/Berlin")
    frame = pd.DataFrame(np.random.default_rng(1).normal(size=(50, 3)), index=index, columns=list("BAC"))
    problem = PortfolioProblem.from_returns(frame, risk_aversion=0.5, cardinality=2)
    by_hand = PortfolioProblem(frame.mean(), frame[["C", "A", "B"]].cov(), risk_aversion=0.5, cardinality=2)
    assert problem.asset_names == by_hand.asset_names == ("B", "A", "C")
    assert problem.value(["A", "C"]) == pytest.approx(by_hand.value(["A", "C"]), rel=1e-12)
    assert isinstance(ReturnHistory(frame), ReturnHistory)
    with pytest.raises(InputError, match="got prices"):
        PortfolioProblem.from_returns(PriceHistory(frame.abs()), risk_aversion=0.5)
