"""Portfolios that are selected, weighed and compared with the best, against trying everything."""

import dataclasses
import itertools
import pickle
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from portfolio_problems import KINDS, all_picks, market, small_problem

from qtoolkit.algorithms.quadratic import (
    DecompositionSolver,
    LuckSolver,
    Run,
    ScipSolver,
    enumerate_choices,
    judge,
    solve,
)
from qtoolkit.applications.finance import SolvedPortfolio, load_sp500_returns
from qtoolkit.applications.finance.portfolio import (
    PortfolioProblem,
    Tail,
    WeightGroup,
    choose_and_weigh,
    require_result,
    solve_portfolio,
    weigh,
)
from qtoolkit.errors import ConvergenceError, InputError

pytest.importorskip("highspy")
pytest.importorskip("pyscipopt")


@pytest.mark.parametrize("kind", KINDS)
def test_the_best_selection_is_weighed_and_compared(kind):
    problem = small_problem(kind, 0)
    result = solve_portfolio(problem, "enumeration")
    objectives = []
    answers = list(result.selections)
    for number in problem.numbers:
        picks = all_picks(5)[all_picks(5).sum(axis=1) == number]
        picks = picks[problem.selection(number).constraints.feasible(picks)]
        if not len(picks):
            continue
        solution = answers.pop(0)
        values = [problem.value(np.flatnonzero(bits)) for bits in picks]
        assert solution.value == pytest.approx(min(values), abs=1e-12)
        assert solution.gap == pytest.approx(0.0, abs=1e-12)
        best = np.flatnonzero(picks[np.argmin(values)])
        objectives.append(weigh(problem.program, best.tolist()).objective)
    assert not answers
    assert result.objective == pytest.approx(min(objectives), abs=1e-10)
    assert result.exact.objective == pytest.approx(choose_and_weigh(problem.program).objective, abs=1e-9)
    assert result.gap == pytest.approx(max(result.objective - result.exact.bound, 0.0))
    assert result.objective >= result.bound - 1e-9
    assert result.is_feasible
    assert {check.name for check in result.feasibility} >= {"budget", "bounds"}
    w = np.array([result.weights.get(name, 0.0) for name in problem.asset_names])
    assert problem.program.objective(w) == result.objective
    assert result.objective == pytest.approx(3.0 * result.risk - result.expected_return + result.cost)
    assert set(result.weights) == set(result.assets)
    assert result.problem_fingerprint == problem.fingerprint
    assert result.num_unweighable == 0


def test_equal_weights_stay_equal_if_asked():
    problem = small_problem("range", 1, upper=None)
    result = solve_portfolio(problem, "enumeration", weigh=False)
    number = len(result.assets)
    assert set(result.weights.values()) == {1.0 / number}
    assert result.objective == result.selection_value == min(solution.value for solution in result.selections)
    assert (result.weighing, result.exact, result.bound, result.gap) == (None, None, None, None)
    assert (result.weighed, result.selection_gap) == ("equal", 0.0)


def test_picks_without_weights_are_excluded():
    # any two of the first three hold at most 0.3 together, so all three at most 0.45: no single row sees that
    pairs = {str(pair): WeightGroup(pair, upper=0.3) for pair in itertools.combinations(range(3), 2)}
    mu = [1.0, 1.0, 1.0, 0.1, 0.0]
    problem = PortfolioProblem(mu, np.eye(5) * 0.01, risk_aversion=1.0, cardinality=3, groups=pairs)
    assert problem.selection().constraints.feasible([1, 1, 1, 0, 0])
    told = []
    result = solve_portfolio(problem, "enumeration", progress=lambda done, total: told.append(done))
    assert told == sorted(told)
    assert result.num_unweighable == 1
    assert "asset 3" in result.assets
    assert result.is_feasible
    assert result.objective >= result.exact.bound
    assert result.selection_value > problem.value([0, 1, 2])
    with pytest.raises(ConvergenceError, match="have no weights that obey all constraints"):
        solve_portfolio(_hopeless(), "enumeration")


def _hopeless():
    """Of eleven assets, three of nine are preferred in 84 ways, none of which has weights."""
    pairs = {str(pair): WeightGroup(pair, upper=0.3) for pair in itertools.combinations(range(9), 2)}
    mu = [1.0] * 9 + [-9.0, -9.0]
    return PortfolioProblem(mu, np.eye(11) * 0.01, risk_aversion=1.0, cardinality=3, groups=pairs)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"cardinality": 2, "upper": 0.4}, {"cardinality", "bounds", "budget"}),
        ({"cardinality": 3, "minimum_if_held": 0.4}, {"cardinality", "minimum if held", "budget"}),
        ({"groups": {"g": WeightGroup((0, 1), 0.5, 0.6), "h": WeightGroup((0, 1), 0.0, 0.4)}}, {"group g", "group h"}),
        ({"current": {"asset 0": 1.0}, "upper": 0.5, "max_turnover": 0.3}, {"bounds", "turnover"}),
        ({"cardinality": 2, "groups": {"g": WeightGroup((0, 1, 2, 3, 4), fewest=3)}}, {"cardinality", "group g"}),
        ({"lots": 0.3}, {"budget", "lots"}),
        (
            {"cardinality": 1, "groups": {"g": WeightGroup((0, 1), 0.1), "h": WeightGroup((2, 3), 0.1)}},
            {"cardinality", "group g", "group h", "bounds"},
        ),
    ],
)
def test_what_cannot_be_met_is_explained_by_the_fewest_constraints(options, names):
    problem = PortfolioProblem(*market(5, 0), risk_aversion=1.0, **options)
    with pytest.raises(InputError, match="satisfies") as caught:
        solve_portfolio(problem, "enumeration")
    message = str(caught.value)
    every = {row.label for row in problem.program.rows}
    assert {name for name in every if name in message} == names
    assert "relax" in message


def test_real_positions_beside_their_optimum_and_luck():
    pytest.importorskip("skfolio")
    problem = PortfolioProblem.from_returns(
        load_sp500_returns(), risk_aversion=0.5, cardinality=5, objective="positions"
    )
    result = solve_portfolio(problem, LuckSolver(200), seed=3)
    assert result.selection_bound == pytest.approx(-2.3355498085260553e-3, rel=1e-8)
    assert result.selection_gap == result.selection_value - result.selection_bound > 0.0
    assert result.luck.shots == result.shots == 200
    assert result.luck.num_feasible == 15504
    assert result.luck.mean_value == pytest.approx(-1.1782697754e-3, rel=1e-8)
    assert result.luck.chance_of_optimum == pytest.approx(1 - (1 - 1 / 15504) ** 200)
    assert sum(result.weights.values()) == pytest.approx(5.0)
    assert result.seed == 3
    assert (result.depth, result.two_qubit_count) == (None, None)
    assert 0.0 < result.gap < 1e-3
    best = solve_portfolio(problem, "scip")
    assert best.assets == ("AAPL", "BBY", "JNJ", "MSFT", "UNH")
    assert best.objective == pytest.approx(-2.4719782e-3, abs=1e-9)
    assert repr(best).startswith("PortfolioResult(5 assets, objective=-0.0024719")
    assert len(repr(best)) < 160


def test_long_only_minimum_variance_of_real_stocks():
    pytest.importorskip("skfolio")
    returns = load_sp500_returns()
    problem = PortfolioProblem(np.zeros(20), returns.covariance, risk_aversion=1.0)
    assert problem.numbers == (np.count_nonzero(weigh(problem.program).weights > 1e-6),)
    assert choose_and_weigh(problem.program).objective == pytest.approx(1.01338349e-4, rel=1e-6)


def test_millions_of_choices_are_looked_at_for_the_evidence():
    mu, sigma = market(26, 2)
    problem = PortfolioProblem(mu, sigma, risk_aversion=5.0, cardinality=8)
    result = solve_portfolio(problem, LuckSolver(300), seed=1)
    assert result.selection.bound.solver == "enumeration"
    assert result.luck.num_feasible == 1_562_275
    assert 0.0 < result.approximation_ratio < 1.0
    assert result.luck.method == "order statistics"


def test_more_choices_have_a_bound_and_no_enumeration():
    mu, sigma = market(60, 2)
    problem = PortfolioProblem(mu, sigma, risk_aversion=5.0, cardinality=8)
    result = solve_portfolio(problem, LuckSolver(300), seed=1)
    assert result.selection.bound.kind == "optimal"
    assert result.selection.bound.solver == "scip"
    assert result.selection_gap > 0.0
    assert result.luck.num_feasible == 2_558_620_845
    assert result.luck.probability_of_optimum == 1 / 2_558_620_845
    assert result.approximation_ratio is None
    assert result.gap > 0.0


def test_lots_are_whole():
    problem = small_problem("number", 0, lots=[0.1, 0.1, 0.2, 0.25, 0.05], budget=(0.9, 1.0), cardinality=3)
    result = solve_portfolio(problem, "enumeration")
    lots = problem.program.lots
    for name, weight in result.weights.items():
        steps = weight / lots[problem.asset_names.index(name)]
        assert steps == pytest.approx(round(steps), abs=1e-9)
    assert result.objective >= result.exact.bound - 1e-12
    assert result.is_feasible


def test_the_tail_is_weighed_by_scenarios():
    mu, sigma = market(6, 1)
    scenarios = np.random.default_rng(0).multivariate_normal(mu, sigma, size=60)
    problem = PortfolioProblem(mu, sigma, risk_aversion=1.0, cardinality=3, tail=Tail(scenarios, 0.8))
    result = solve_portfolio(problem, "enumeration")
    w = np.array([result.weights.get(name, 0.0) for name in problem.asset_names])
    losses = np.sort(-scenarios @ w)[::-1]
    assert result.risk == pytest.approx(losses[:12].mean())
    assert result.objective == pytest.approx(losses[:12].mean() - mu @ w)
    assert result.gap <= 0.5 * abs(result.objective)


class Stubborn:
    """A solver that answers what it was told to."""

    name = "stubborn"

    def __init__(self, answer):
        self.answer = answer

    def solve(self, problem, **_):
        return self.answer(problem)


def test_solvers_of_others_are_checked():
    problem = small_problem("number", 0)
    other = small_problem("number", 1).selection()
    with pytest.raises(InputError, match="must be one of this problem"):
        solve_portfolio(problem, Stubborn(lambda _: solve(other)))
    with pytest.raises(InputError, match="must be a Solution"):
        solve_portfolio(problem, Stubborn(lambda _: "portfolio"))
    result = solve_portfolio(problem, Stubborn(lambda form: judge(form, Run(solver="all"), bits=[1] * 5)))
    assert (result.assets, result.objective, result.gap, dict(result.weights)) == (None, None, None, {})
    assert result.selection.unknown == "no feasible choice was found"
    assert not result.is_feasible
    assert "nothing feasible" in repr(result)


def test_what_belongs_to_another_problem_is_refused():
    problem, other = small_problem("number", 0), small_problem("number", 1)
    own = enumerate_choices(problem.selection())
    exact = choose_and_weigh(problem.program)
    result = solve_portfolio(problem, "enumeration", enumeration=own, exact=exact)
    assert result.exact is exact
    assert require_result(result, problem) is result
    for ask, message in [
        (lambda: solve_portfolio(other, enumeration=own), "must be one of this problem's selection"),
        (lambda: solve_portfolio(other, exact=exact), "must be one of this problem's programme"),
        (lambda: solve_portfolio(problem, enumeration=exact), "must be an Enumeration"),
        (lambda: solve_portfolio(problem, exact=own), "must be a Weighing"),
        (lambda: require_result(result, other), "must be one of this problem"),
        (lambda: require_result(own, problem), "must be a PortfolioResult"),
        (lambda: solve_portfolio(problem.selection()), "must be a PortfolioProblem"),
        (lambda: solve_portfolio(problem, "best"), "a solver is one of"),
        (lambda: solve_portfolio(problem, 3), "a solver is one of"),
        (lambda: solve_portfolio(problem, time_limit=-1), "time_limit must be a number of at least 0"),
        (lambda: solve_portfolio(problem, weigh="yes"), "weigh must be True or False"),
        (lambda: solve_portfolio(problem, progress=1), "progress must be a function"),
        (lambda: solve_portfolio(problem, seed=-1), "must be at least 0"),
    ]:
        with pytest.raises(InputError, match=message):
            ask()


def test_seeds_repeat_and_progress_rises():
    problem = small_problem("range", 0)
    told = []
    first = solve_portfolio(problem, LuckSolver(3), seed=4, progress=lambda done, total: told.append((done, total)))
    again = solve_portfolio(problem, LuckSolver(3), seed=4)
    assert first.selection == dataclasses.replace(again.selection, wall_time=first.selection.wall_time)
    assert told == sorted(told)
    assert told[-1] == (200, 200)
    unseeded = solve_portfolio(problem, LuckSolver(3))
    repeated = solve_portfolio(problem, LuckSolver(3), seed=unseeded.seed)
    assert repeated.assets == unseeded.assets


def test_numbers_that_cannot_be_met_are_left_out():
    problem = small_problem("number", 0, cardinality=(1, 3), upper=0.4)
    result = solve_portfolio(problem, ScipSolver())
    assert [len(solution.names) for solution in result.selections] == [3]


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_permuting_labels_never_changes_the_answer(seed):
    rng = np.random.default_rng(seed)
    names = list("ABCDE")
    mu, sigma = market(5, seed)
    table = pd.DataFrame(sigma, index=names, columns=names)
    series = {
        "upper": pd.Series(rng.uniform(0.4, 0.9, 5), names),
        "current": pd.Series(rng.dirichlet(np.ones(5)), names),
        "cost": pd.Series(rng.uniform(0.0, 1e-3, 5), names),
    }
    groups = {"g": WeightGroup(("A", "C", "E"), 0.1, 0.7)}
    options = {"risk_aversion": 3.0, "cardinality": (2, 3), "groups": groups}
    found = []
    for order in (names, list(rng.permutation(names))):
        moved = {word: values[order] for word, values in series.items()}
        other = list(rng.permutation(names))
        problem = PortfolioProblem(pd.Series(mu, names)[order], table.loc[other, order], **options, **moved)
        found.append(solve_portfolio(problem, "enumeration"))
    first, second = found
    assert set(first.assets) == set(second.assets)
    assert first.objective == pytest.approx(second.objective, abs=1e-10)
    assert first.exact.objective == pytest.approx(second.exact.objective, abs=1e-9)
    assert first.selection_value == pytest.approx(second.selection_value, abs=1e-13)
    assert dict(second.weights) == pytest.approx(dict(first.weights), abs=1e-5)


def test_results_can_be_sent_to_other_processes():
    result = solve_portfolio(small_problem("group weights", 0), "enumeration")
    restored = pickle.loads(pickle.dumps(result))
    assert repr(restored) == repr(result)
    assert restored.weights == result.weights


def test_without_comparison_nothing_is_known_of_the_best():
    result = solve_portfolio(
        PortfolioProblem(*market(30, 1), risk_aversion=3.0, cardinality=8), LuckSolver(50), compare=False
    )
    assert (result.exact, result.bound, result.gap) == (None, None, None)
    assert (result.selection.bound.kind, result.selection_gap) == ("none", None)
    assert result.is_feasible


def test_limits_alike_become_counts():
    """Coefficients that have a common measure are integers, which penalties and mixers need."""
    groups = {"g": WeightGroup((0, 1, 2), upper=0.5)}
    problem = PortfolioProblem(*market(6, 0), risk_aversion=1.0, cardinality=3, upper=0.3, groups=groups)
    with pytest.raises(InputError, match="satisfies all of: budget"):
        solve_portfolio(problem, "enumeration")  # 3 of 0.3 are less than 1
    rows = problem.replace(cardinality=4).selection().constraints.rows
    found = {row.name: (row.coefficients.tolist(), row.lower) for row in rows}
    assert found["weights beside g from below"] == ([0, 0, 0, 1, 1, 1], pytest.approx(0.5 / 0.3))


def test_any_number_of_assets_is_one_that_the_limits_allow():
    mu, sigma = market(8, 3)
    free = PortfolioProblem(mu, sigma, risk_aversion=20.0)
    (many,) = free.numbers
    assert many > 3
    (few,) = free.replace(minimum_if_held=0.3).numbers
    assert few == 3
    assert len(solve_portfolio(free.replace(minimum_if_held=0.3), "enumeration").assets) == 3
    (enough,) = PortfolioProblem(mu, np.eye(8), risk_aversion=0.0).numbers
    assert enough == 1
    assert PortfolioProblem(
        mu, np.eye(8), risk_aversion=0.0, groups={"g": WeightGroup((0, 1, 2), fewest=3)}
    ).numbers == (3,)


def tail_problem(**options):
    returns = load_sp500_returns().returns[-1500:]
    names = load_sp500_returns().asset_names
    tail = Tail(returns, 0.95)
    return PortfolioProblem(
        returns.mean(axis=0), np.cov(returns.T), risk_aversion=1.0, tail=tail, asset_names=names, **options
    )


def test_a_search_cut_short_is_no_worse_than_the_rounded_relaxation():
    limits = {"minimum_if_held": 0.05, "cardinality": 5}
    relaxed = weigh(tail_problem().program).weights
    rounded = weigh(tail_problem(**limits).program, np.argsort(-relaxed)[:5].tolist())
    for seconds in (0.0, 0.3):
        found = choose_and_weigh(tail_problem(**limits).program, time_limit=seconds)
        assert found.objective <= rounded.objective + 1e-9
        assert found.bound <= found.objective
        assert found.status == "time limit"


def test_the_best_known_portfolio_is_the_solvers_where_scip_ends_with_a_worse_one(monkeypatch):
    problem = small_problem("number", 0)
    module = sys.modules["qtoolkit.applications.finance.portfolio.solve"]

    def cut_short(program, **options):
        found = choose_and_weigh(program)
        pairs = itertools.combinations(range(problem.num_assets), 2)
        worst = max((weigh(program, pair) for pair in pairs), key=lambda one: one.objective)
        return dataclasses.replace(worst, bound=found.bound - 1e-6, status="time limit", solver="scip, highs")

    monkeypatch.setattr(module, "choose_and_weigh", cut_short)
    result = solve_portfolio(problem, "enumeration")
    assert result.exact.objective == result.objective
    np.testing.assert_array_equal(result.exact.weights, result.weighing.weights)
    assert result.exact.status == "time limit"
    assert result.gap == pytest.approx(result.objective - choose_and_weigh(problem.program).bound + 1e-6, abs=1e-9)


def test_without_time_for_weights_a_selection_keeps_equal_ones(monkeypatch):
    module = sys.modules["qtoolkit.applications.finance.portfolio.solve"]

    def out_of_time(*arguments, **options):
        raise ConvergenceError("HiGHS ended without weights (Time limit reached)")

    monkeypatch.setattr(module, "weigh_picks", out_of_time)
    result = solve_portfolio(tail_problem(cardinality=5), "annealing", seed=1, time_limit=0.0, compare=False)
    assert result.weighed == "equal"
    assert result.weighing is None
    assert result.is_feasible
    assert result.weights == dict.fromkeys(result.assets, 0.2)
    first = WeightGroup(range(10), upper=0.05)
    limited = tail_problem(groups={"first": first}, cardinality=5, lower=[0.01, *[0.0] * 19])
    with pytest.raises(ConvergenceError, match=r"Time limit reached.*equal ones break"):
        solve_portfolio(limited, "annealing", seed=1, compare=False)


def test_no_time_at_all_is_enough_for_an_answer():
    result = solve_portfolio(tail_problem(cardinality=5), "annealing", seed=1, time_limit=0.0)
    assert result.is_feasible
    assert result.bound <= result.exact.objective <= result.objective
    assert result.exact.objective == tail_problem().program.objective(result.exact.weights)
    assert all(check.satisfied for check in result.exact.checks)


@pytest.mark.parametrize(
    "use",
    [
        lambda solver: solve(small_problem("number", 0).selection(), solver),
        lambda solver: solve_portfolio(small_problem("number", 0), solver),
        lambda solver: SolvedPortfolio(solver, risk_aversion=1.0),
        lambda solver: DecompositionSolver(solver),
    ],
)
def test_the_class_of_a_solver_is_refused(use):
    with pytest.raises(InputError, match=r"got the class .*; make one: LuckSolver\(\)"):
        use(LuckSolver)
