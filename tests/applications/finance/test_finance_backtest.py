"""The walk-forward test: its bookkeeping by hand, no look ahead, and the strategies it comes with."""

import itertools

import numpy as np
import pandas as pd
import pytest

from qtoolkit.algorithms.quadratic import LuckSolver, QaoaSolver
from qtoolkit.applications.finance import (
    EqualWeight,
    ExactPortfolio,
    MinimumVariance,
    PortfolioProblem,
    ReturnHistory,
    SolvedPortfolio,
    backtest,
    choose_and_weigh,
    load_sp500_prices,
    solve_portfolio,
    standard_strategies,
)
from qtoolkit.errors import ConvergenceError, InputError

pytest.importorskip("highspy")
pytest.importorskip("pyscipopt")


def history(num_periods=60, num_assets=4, seed=0):
    rng = np.random.default_rng(seed)
    dates = np.arange("2020-01-01", num_periods, dtype="datetime64[D]")
    common = rng.normal(size=(num_periods, 1)) * 0.01
    returns = 5e-4 + common + rng.normal(size=(num_periods, num_assets)) * 0.01
    return ReturnHistory(dates, [f"A{k}" for k in range(num_assets)], returns)


def test_wealth_turnover_and_costs_by_hand():
    past = history(11, 2)
    targets = itertools.cycle([[0.6, 0.3], [0.1, 0.8], [0.5, 0.5]])
    seen = []

    def strategy(window, current):
        seen.append((window.dates[0], window.dates[-1], current.copy()))
        return next(targets)

    found = backtest(past, {"mine": strategy}, window=4, rebalance_every=3, cost=[0.01, 0.02])
    run = found["mine"]
    cash, shares = 1.0, np.zeros(2)
    wealth, expected, turnover, costs = 1.0, [], [], []
    for day in range(4, 11):
        if (day - 4) % 3 == 0:
            target = np.array([[0.6, 0.3], [0.1, 0.8], [0.5, 0.5]][(day - 4) // 3])
            total = cash + shares.sum()
            trade = np.abs(target - shares / total)
            turnover.append(trade.sum())
            costs.append(trade @ [0.01, 0.02])
            total *= 1.0 - costs[-1]
            shares, cash = target * total, (1.0 - target.sum()) * total
        shares = shares * (1.0 + past.returns[day])
        expected.append((cash + shares.sum()) / wealth - 1.0)
        wealth = cash + shares.sum()
    np.testing.assert_allclose(run.returns, expected, rtol=1e-12)
    np.testing.assert_allclose(run.turnovers, turnover, rtol=1e-12)
    np.testing.assert_allclose(run.costs, costs, rtol=1e-12)
    assert run.wealth[-1] == pytest.approx(wealth)
    assert run.mean_return == pytest.approx(np.mean(expected))
    assert run.volatility == pytest.approx(np.std(expected, ddof=1))
    assert run.sharpe_ratio == pytest.approx(np.mean(expected) / np.std(expected, ddof=1))
    peaks = np.maximum.accumulate(np.append(1.0, run.wealth))
    assert run.max_drawdown == pytest.approx(np.max(1 - np.append(1.0, run.wealth) / peaks))
    np.testing.assert_array_equal(run.weights, [[0.6, 0.3], [0.1, 0.8], [0.5, 0.5]])
    assert [(str(first), str(last)) for first, last, _ in seen] == [
        ("2020-01-01", "2020-01-04"), ("2020-01-04", "2020-01-07"), ("2020-01-07", "2020-01-10"),
    ]  # fmt: skip
    assert list(map(str, found.decisions)) == ["2020-01-05", "2020-01-08", "2020-01-11"]
    np.testing.assert_array_equal(seen[0][2], [0.0, 0.0])


def test_a_shock_in_the_future_changes_nothing_before():
    past = history()
    options = {"risk_aversion": 2.0, "cardinality": 2, "cost": 1e-3, "max_turnover": 0.6}
    strategies = standard_strategies(QaoaSolver(1, shots=50), **options)
    calm = backtest(past, strategies, window=30, rebalance_every=7, cost=1e-3)
    for name in ("qaoa", "exact"):
        assert calm[name].turnovers[0] == pytest.approx(1.0)
        assert np.all(calm[name].turnovers[1:] <= 0.6 + 1e-6)
    for day in (37, 44, 58):
        shocked = past.returns.copy()
        shocked[day:] += np.array([0.5, -0.3, 0.2, 0.0])
        later = backtest(
            ReturnHistory(past.dates, past.asset_names, shocked), strategies, window=30, rebalance_every=7, cost=1e-3
        )
        before = (day - 30) // 7 + 1  # decisions made before that day
        for name in strategies:
            np.testing.assert_array_equal(calm[name].weights[:before], later[name].weights[:before])
            np.testing.assert_array_equal(calm[name].returns[: day - 30], later[name].returns[: day - 30])
            assert later[name].returns[day - 30] != calm[name].returns[day - 30]
        assert later.history_fingerprint != calm.history_fingerprint


def test_the_strategies_are_what_they_say():
    past = history()
    rows = slice(20, 50)
    window = ReturnHistory(past.dates[rows], past.asset_names, past.returns[rows])
    none = np.zeros(4)
    np.testing.assert_array_equal(EqualWeight()(window, none), np.full(4, 0.25))
    least = MinimumVariance()(window, none)
    variance = least @ window.covariance @ least
    for w in np.random.default_rng(0).dirichlet(np.ones(4), size=200):
        assert variance <= w @ window.covariance @ w + 1e-12
    assert np.count_nonzero(MinimumVariance(upper=0.4)(window, none) > 0.4 + 1e-9) == 0
    options = {"risk_aversion": 2.0, "cardinality": 2, "cost": 1e-3}
    current = np.array([0.5, 0.5, 0.0, 0.0])
    problem = PortfolioProblem.from_returns(window, current=current, **options)
    exact = ExactPortfolio(**options)(window, current)
    assert problem.program.objective(exact) == pytest.approx(choose_and_weigh(problem.program).objective, abs=1e-9)
    solved = SolvedPortfolio("enumeration", **options)(window, current)
    chosen = solve_portfolio(problem, "enumeration").weights
    np.testing.assert_allclose(solved, [chosen.get(name, 0.0) for name in past.asset_names])
    assert problem.program.objective(solved) >= problem.program.objective(exact) - 1e-9


def test_decisions_may_be_named():
    past = history(12, 3)
    by_name = {
        "mapping": lambda window, current: {"A2": 0.4, "A0": 0.6},
        "series": lambda window, current: pd.Series({"A2": 0.4, "A1": 0.0, "A0": 0.6}),
        "array": lambda window, current: [0.6, 0.0, 0.4],
    }
    found = backtest(past.to_frame(), by_name, window=5)
    for run in found.runs.values():
        np.testing.assert_array_equal(run.returns, found["array"].returns)
    frame = found.to_frame()
    assert list(frame.index) == list(by_name)
    assert frame.loc["array", "wealth"] == found["array"].wealth[-1]


def test_real_prices():
    pytest.importorskip("skfolio")
    prices = load_sp500_prices().between("2019-06-01", "2020-12-31").subset(range(8))
    told = []
    strategies = standard_strategies("enumeration", risk_aversion=5.0, cardinality=3, upper=0.6)
    found = backtest(
        prices, strategies, window=126, rebalance_every=63, cost=5e-4, progress=lambda *now: told.append(now)
    )
    assert list(found.runs) == ["enumeration", "exact", "minimum variance", "equal weight"]
    assert told[-1] == (4 * len(found.decisions), 4 * len(found.decisions))
    assert found["minimum variance"].volatility < found["equal weight"].volatility
    assert found["equal weight"].turnovers[0] == pytest.approx(1.0)
    assert np.all(found["equal weight"].turnovers[1:] < 0.5)
    for name in ("enumeration", "exact"):
        assert np.all((found[name].weights > 1e-7).sum(axis=1) <= 3)
        assert found[name].weights.max() <= 0.6 + 1e-7
    free = backtest(prices, strategies, window=126, rebalance_every=63)
    for name, run in found.runs.items():
        assert run.wealth[-1] < free[name].wealth[-1]
    assert len(repr(found)) < 300
    assert repr(found["exact"]).startswith("BacktestRun(exact: wealth ")


def test_bad_requests_are_refused():
    past = history(12, 3)
    log = ReturnHistory(past.dates, past.asset_names, past.returns, kind="log")
    equal = {"equal": EqualWeight()}

    def of(answer):
        return lambda: backtest(past, {"odd": lambda window, current: answer}, window=5)

    for ask, message in [
        (lambda: backtest(past, equal, window=12), "longer than the window of 12, got 12 returns"),
        (lambda: backtest(past, equal, window=1), "window must be at least 2"),
        (lambda: backtest(past, equal, window=5, rebalance_every=0), "rebalance_every must be at least 1"),
        (lambda: backtest(past, equal, window=5, cost=-1.0), "cost must be at least 0"),
        (lambda: backtest(log, equal, window=5), "needs simple returns, got logarithms"),
        (lambda: backtest(past, {}, window=5), "strategies are a mapping"),
        (lambda: backtest(past, [EqualWeight()], window=5), "strategies are a mapping"),
        (lambda: backtest(past, {"a": 1}, window=5), "the strategy a must be a function"),
        (lambda: backtest(past, {1: EqualWeight()}, window=5), "name of a strategy must be text"),
        (lambda: backtest("prices", equal, window=5), "got 'prices'"),
        (of([0.5, 0.5]), "weights of odd must be one number, or one for each of 3 assets"),
        (of(0.5), "gives a weight for each asset, got 0.5"),
        (of("all"), "weights of odd must be"),
        (of([np.nan, 0, 0]), "must be finite"),
        (of({"B": 1.0}), "the assets are A0, A1, A2"),
        (of([-1e4, 0.0, 0.0]), "loses everything on 2020-01-"),
        (lambda: backtest(past, equal, window=5, cost=2.0), "pays its whole wealth for trades"),
        (lambda: ExactPortfolio(risk_aversion=1.0, objective="positions"), "trades weights, got objective='positions'"),
        (lambda: ExactPortfolio(risk_aversion=1.0, current=0.2), "leave current out"),
        (lambda: SolvedPortfolio("best", risk_aversion=1.0), "a solver is one of"),
        (lambda: backtest(past, equal, window=5)["exact"], "the strategies are equal"),
    ]:
        with pytest.raises(InputError, match=message):
            ask()


def test_a_solver_without_an_answer_is_told():
    class Silent(LuckSolver):
        def solve(self, problem, **options):
            import dataclasses

            found = super().solve(problem, **options)
            return dataclasses.replace(found, bits=None, names=(), value=None, feasibility=())

    strategy = SolvedPortfolio(Silent(10), risk_aversion=1.0, cardinality=2)
    with pytest.raises(ConvergenceError, match="luck found no feasible choice"):
        backtest(history(12, 3), {"silent": strategy}, window=5)
