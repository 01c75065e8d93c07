"""`qtoolkit backtest`: its numbers by an own walk, its options, tables, page and ends."""

import json

import numpy as np
import pytest
from price_files import TICKERS, returns_of, write_prices
from typer.testing import CliRunner

from qtoolkit.applications import finance
from qtoolkit.cli import main
from qtoolkit.cli.app import app
from qtoolkit.cli.entry import BAD_INPUT

WALK = ["--window", "120", "--every", "100", "--seed", "3"]
BASE = ["--assets", "2", "--risk-aversion", "20", "--cost", "0.002", "--solver", "enumeration", *WALK]
NAMES = ["exact", "minimum variance", "equal weight"]


@pytest.fixture(scope="module")
def prices(tmp_path_factory):
    return str(write_prices(tmp_path_factory.mktemp("prices") / "prices.csv"))


@pytest.fixture(scope="module")
def data(prices):
    result = CliRunner().invoke(app, ["backtest", prices, *BASE, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def walked(decide, cost, window=120, every=100):
    """Wealth, turnover and weights of a strategy, from money in each asset."""
    returns, money, total, turnovers, decided = returns_of(), np.zeros(6), 1.0, [], []
    wealth = []
    for day in range(window, len(returns)):
        if (day - window) % every == 0:
            weights = decide(returns[day - window : day], money / total)
            turnovers.append(np.abs(weights - money / total).sum())
            decided.append(weights)
            total *= 1.0 - cost * turnovers[-1]
            money = weights * total
        money = money * (1.0 + returns[day])
        total = money.sum()
        wealth.append(total)
    return np.array(wealth), np.array(turnovers), np.array(decided)


def test_equal_weights_earn_what_they_earn_by_hand(data):
    wealth, turnovers, _ = walked(lambda window, before: np.full(6, 1 / 6), 0.002)
    run = data["runs"]["equal weight"]
    assert run["wealth"] == pytest.approx(wealth.tolist(), rel=1e-9)
    assert run["turnovers"] == pytest.approx(turnovers.tolist(), rel=1e-9)
    assert run["costs"] == pytest.approx((0.002 * turnovers).tolist(), rel=1e-9)
    values = np.diff(np.concatenate([[1.0], wealth])) / np.concatenate([[1.0], wealth[:-1]])
    assert run["sharpe_ratio"] == pytest.approx(values.mean() / values.std(ddof=1), rel=1e-9)
    peaks = np.maximum.accumulate(np.concatenate([[1.0], wealth]))
    assert run["max_drawdown"] == pytest.approx((1.0 - np.concatenate([[1.0], wealth]) / peaks).max(), rel=1e-9)


def test_the_least_variance_is_that_of_each_window(data):
    """Long only: the closed form holds for the assets that are held, and no other would lower the variance."""
    for number, weights in enumerate(data["runs"]["minimum variance"]["weights"]):
        window = returns_of()[100 * number : 100 * number + 120]
        vector = np.array([weights.get(name, 0.0) for name in TICKERS])
        slopes = np.cov(window, rowvar=False) @ vector
        held = vector > 1e-3
        assert slopes[held] == pytest.approx(slopes[held].mean(), rel=1e-2)
        assert slopes[~held].min(initial=np.inf) >= slopes[held].mean() * (1.0 - 1e-2)


def test_decisions_spread_costs_over_the_days_they_hold(data, prices):
    """What the exact strategy chose first is the optimum with a hundredth of the cost: all is bought out of cash."""
    history = finance.read_prices(prices).simple_returns()
    window = finance.ReturnHistory(history.dates[:120], history.asset_names, history.returns[:120])
    problem = finance.PortfolioProblem.from_returns(window, risk_aversion=20.0, cardinality=2, cost=0.002 / 100)
    best = finance.choose_and_weigh(problem.program).weights
    first = data["runs"]["exact"]["weights"][0]
    assert [first.get(name, 0.0) for name in TICKERS] == pytest.approx(best.tolist(), abs=1e-6)


def test_evidence_is_complete(data, prices):
    assert list(data["runs"]) == ["enumeration", *NAMES]
    assert data["decisions"] == ["2020-05-01", "2020-08-09", "2020-11-17"]
    assert (data["window"], data["rebalance_every"], data["seed"], data["cost"]) == (120, 100, 3, 0.002)
    assert (data["data"]["source"], data["data"]["period"]) == (prices, "day")
    assert len(data["dates"]) == 280
    ours, exact = (
        np.array([[row.get(name, 0.0) for name in TICKERS] for row in data["runs"][name]["weights"]])
        for name in ("enumeration", "exact")
    )
    distance = np.abs(ours - exact).sum(axis=1).mean()
    assert data["mean_distance_from_exact_weights"] == pytest.approx(distance, abs=1e-12)


def test_table_and_page(data, prices, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    path = tmp_path / "walk.html"
    assert main(["backtest", prices, *BASE, "--report", str(path)]) == 0
    out, err = capsys.readouterr()
    lines = [line for line in out.splitlines() if not line.startswith("Report: ")]
    assert max(map(len, lines)) <= 80
    assert "…" not in out
    wealth = next(line for line in lines if line.startswith("wealth of 1 at the end"))
    assert wealth.split()[-4:] == [f"{run['wealth'][-1]:.4f}" for run in data["runs"].values()]
    yearly = next(line for line in lines if line.startswith("return per year"))
    assert yearly.split()[-1] == f"{100 * 252 * data['runs']['equal weight']['mean_return']:.2f}%".replace("-", "−")
    assert "3 decisions, each from 120 returns, one every 100" in out
    assert err.startswith("backtest: done in ")
    page = path.read_text("utf-8")
    assert page.count("<img ") == 3
    assert "3, from which every random choice derives" in page


def test_qaoa_is_walked_too_and_repeats_by_its_seed(prices):
    options = ["--assets", "2", "--layers", "1", "--shots", "20", "--window", "200", "--every", "200", "--json"]
    first = json.loads(CliRunner().invoke(app, ["backtest", prices, *options]).stdout)
    again = json.loads(CliRunner().invoke(app, ["backtest", prices, *options, "--seed", str(first["seed"])]).stdout)
    assert first["solver"] == "qaoa"
    assert first["runs"]["qaoa"]["weights"] == again["runs"]["qaoa"]["weights"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--window", "1"], "--window"),
        (["--every", "0"], "--every"),
        (["--risk-aversion", "-1"], "--risk-aversion must be a number of at least 0"),
        (["--cvar", "0.9"], "No such option"),
        (["--solver", "luck", "--layers", "3"], "the solver luck has no --layers"),
        (["--report", "."], "--report names a file"),
    ],
)
def test_bad_options_are_refused_before_prices_are_read(options, said, prices, monkeypatch, capsys):
    monkeypatch.setattr(finance, "read_prices", None)
    assert main(["backtest", prices, *options]) == BAD_INPUT
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err


def test_a_window_beyond_the_prices_is_refused(prices, capsys):
    assert main(["backtest", prices, "--window", "400"]) == BAD_INPUT
    assert "a history must be longer than the window of 400, got 400 returns" in capsys.readouterr().err
