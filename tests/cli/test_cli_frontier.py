"""`qtoolkit frontier`: points against closed forms and against each other, tables, pages, refusals."""

import json

import numpy as np
import pytest
from price_files import TICKERS, returns_of, write_prices
from typer.testing import CliRunner

from qtoolkit.applications import finance
from qtoolkit.cli import main
from qtoolkit.cli.app import app
from qtoolkit.cli.entry import BAD_INPUT

LIMITS = ["--assets", "2", "--points", "4"]


@pytest.fixture(scope="module")
def prices(tmp_path_factory):
    return str(write_prices(tmp_path_factory.mktemp("prices") / "prices.csv"))


def run_json(*arguments):
    result = CliRunner().invoke(app, ["frontier", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_without_limits_it_runs_from_the_least_variance_to_the_greatest_return(prices):
    data = run_json(prices, "--points", "5")
    assert data["with_limits"] is None
    points = data["without_limits"]["points"]
    returns = returns_of()
    mean, covariance = returns.mean(axis=0), np.cov(returns, rowvar=False)
    inverse = np.linalg.solve(covariance, np.ones(6))
    weights = inverse / inverse.sum()
    assert weights.min() > 0.0, "no weight is at its bound, so that the closed form holds"
    assert points[0]["risk"] == pytest.approx(1.0 / inverse.sum(), rel=1e-6)
    assert points[0]["weights"] == pytest.approx(dict(zip(TICKERS, weights, strict=True)), abs=2e-3)
    assert points[-1]["weights"][TICKERS[int(mean.argmax())]] == pytest.approx(1.0, abs=1e-4)
    for point in points:
        held = np.array([point["weights"].get(name, 0.0) for name in TICKERS])
        assert held @ covariance @ held == pytest.approx(point["risk"], rel=1e-9)
        assert held @ mean == pytest.approx(point["expected_return"], rel=1e-9)
        assert point["is_optimal"]
        assert point["bound"] <= point["risk"] + 1e-12
    assert np.all(np.diff([point["risk"] for point in points]) > 0.0)


def test_limits_cost_risk(prices):
    data = run_json(prices, *LIMITS, "--max-weight", "0.7")
    limited, free = (data[key]["points"] for key in ("with_limits", "without_limits"))
    returns, risks = ([point[key] for point in free] for key in ("expected_return", "risk"))
    for point in limited:
        assert sum(weight > 1e-6 for weight in point["weights"].values()) == 2
        assert max(point["weights"].values()) <= 0.7 + 1e-6
        below = [risk for value, risk in zip(returns, risks, strict=True) if value <= point["expected_return"]]
        assert point["risk"] >= max(below, default=risks[0]) - 1e-10


def test_table_and_page(prices, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    path = tmp_path / "frontier.html"
    assert main(["frontier", prices, *LIMITS, "--report", str(path)]) == 0
    out, err = capsys.readouterr()
    assert max(len(line) for line in out.splitlines() if not line.startswith("Report: ")) <= 80
    assert "…" not in out
    assert out.count("proved") == 2 * 4 + 2
    assert out.index("With limits") < out.index("Without limits")
    assert "std. deviation" in out
    assert err.startswith("frontier: done in ")
    page = path.read_text("utf-8")
    assert page.count("<img ") == 3
    assert "With limits, 4: " in page
    assert "Seed" not in page


def test_conditional_value_at_risk(prices):
    data = run_json(prices, "--points", "2", "--cvar", "0.9")
    point = data["without_limits"]["points"][0]
    weights = np.array([point["weights"].get(name, 0.0) for name in TICKERS])
    losses = np.sort(-(returns_of() @ weights))[::-1]
    assert point["risk"] == pytest.approx(losses[:40].mean(), rel=1e-9)
    assert data["without_limits"]["risk"] == "conditional value at risk"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--points", "1"], "--points"),
        (["--time-limit", "nan"], "--time-limit must be a number of at least 0"),
        (["--assets", "x"], "--assets takes a number or a range"),
        (["--risk-aversion", "1"], "No such option"),
        (["--report", "."], "--report names a file"),
    ],
)
def test_bad_options_are_refused_before_prices_are_read(options, said, prices, monkeypatch, capsys):
    monkeypatch.setattr(finance, "read_prices", None)
    assert main(["frontier", prices, *options]) == BAD_INPUT
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err
