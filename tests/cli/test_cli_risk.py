import json

import numpy as np
import pytest
from typer.testing import CliRunner

from qtoolkit.applications.finance import PriceHistory, load_sp500_prices
from qtoolkit.applications.finance.risk import PortfolioLoss, expected_loss
from qtoolkit.cli import main
from qtoolkit.cli.app import app
from qtoolkit.cli.entry import BAD_INPUT

BOOK = "name,default_probability,sensitivity,loss\na,0.15,0.1,1\nb,0.25,0.05,2\n"


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "book.csv"
    path.write_text(BOOK)
    return str(path)


@pytest.fixture
def prices(tmp_path):
    days = np.arange("2020-01-01", "2020-03-01", dtype="datetime64[D]")
    table = 100 * np.exp(np.random.default_rng(1).normal(0, 0.01, (days.size, 2)).cumsum(axis=0))
    path = tmp_path / "prices.csv"
    rows = [f"{day},{a!r},{b!r}" for day, (a, b) in zip(days, table.tolist(), strict=True)]
    path.write_text("\n".join(["date,A,B", *rows]) + "\n")
    return str(path), PriceHistory(days, ["A", "B"], table)


def run_json(*arguments: str) -> dict:
    result = CliRunner().invoke(app, ["risk", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_book_has_three_measures_in_a_table(book, capsys):
    assert main(["risk", book, "--seed", "7"]) == 0
    out, err = capsys.readouterr()
    assert [word for word in ("expected loss", "value at risk", "conditional") if word not in out] == []
    assert "0.65" in out
    assert "CreditBook(2 loans, at most 3, 0.65 expected)" in out
    assert "seed 7" in out
    assert max(map(len, out.splitlines())) <= 80
    assert err == ""


def test_numbers_of_a_portfolio_stay_on_their_lines(prices, capsys):
    assert main(["risk", prices[0], "--seed", "7"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    labels = ["estimate", "interval from", "to", "exact", "Monte Carlo", "its standard error", "queries, and samples"]
    lines = [next(line for line in out.splitlines() if line.startswith(label)) for label in labels]
    for label, line in zip(labels, lines, strict=True):
        assert len([float(word.replace(",", "")) for word in line.removeprefix(label).split()]) == 3


def test_the_prices_that_skfolio_carries_need_no_file():
    returns = load_sp500_prices().simple_returns()
    losses = PortfolioLoss.from_returns(np.full(len(returns.asset_names), 1 / len(returns.asset_names)), returns)
    data = run_json("sp500", "--model", "scenarios", "--seed", "7")
    assert data["measures"][0]["exact"] == pytest.approx(expected_loss(losses, seed=7).exact, rel=1e-12)


def test_json_covers_what_is_exact_and_a_seed_repeats_it(book):
    data = run_json(book)
    for measure in data["measures"]:
        assert measure["interval"][0] <= measure["exact"] <= measure["interval"][1]
    assert [measure["measure"] for measure in data["measures"]] == [
        "expected loss",
        "value at risk",
        "conditional value at risk",
    ]
    again = run_json(book, "--seed", str(data["seed"]))
    assert [m["estimate"] for m in again["measures"]] == [m["estimate"] for m in data["measures"]]


@pytest.mark.parametrize("model", ["normal", "scenarios"])
def test_a_portfolio_is_read_from_prices(prices, model):
    path, history = prices
    data = run_json(path, "--model", model, "--weight", "B=0.7", "--weight", "A=0.3", "--level", "0.9", "--seed", "1")
    assert data["measures"][1]["level"] == 0.9
    returns = history.simple_returns()
    assert data["measures"][0]["exact"] == pytest.approx(-returns.expected_returns @ [0.3, 0.7])
    equal = run_json(path, "--model", "scenarios", "--seed", "1")
    found = expected_loss(PortfolioLoss.from_returns([0.5, 0.5], returns), seed=1)
    assert equal["measures"][0]["estimate"] == pytest.approx(found.estimate)


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        (None, [], "the file must be a CSV that can be read"),
        (BOOK.replace("0.25", "much"), [], "default_probability must be a number, got 'much' in line 3"),
        (BOOK.replace("0.25", "1.25"), [], "default_probabilities must be between 0 and 1"),
        (BOOK.replace(",2\n", "\n"), [], "loss must be a number, got None in line 3"),
        (BOOK.replace("b,", "a,"), [], "distinct names"),
        (BOOK.splitlines()[0] + "\n", [], "default probability for each"),
        (BOOK.replace(",2\n", ",2.5\n"), [], "losses must be whole numbers, or a loss_unit given"),
        (BOOK, ["--weight", "a=1"], "weights are of a portfolio's assets"),
        (BOOK, ["--level", "1"], "level must be a number between 0 and 1"),
        (BOOK, ["--qubits", "9"], "grid must be"),
        ("date,A\n2020-01-01,1\n2020-01-02,2\n2020-01-03,1\n", ["--loss-unit", "1"], "a loss unit is of a credit book"),
        ("date,A\n2020-01-01,1\n2020-01-02,2\n2020-01-03,1\n", ["--weight", "B=1"], "ASSET=WEIGHT for one of A"),
        ("date,A\n2020-01-01,1\n2020-01-02,2\n2020-01-03,1\n", ["--weight", "A=x"], "the weight of A must be a number"),
    ],
)
def test_bad_input_is_one_line(tmp_path, capsys, text, arguments, message):
    path = tmp_path / "file.csv"
    if text is not None:
        path.write_text(text)
    assert main(["risk", str(path), *arguments]) == BAD_INPUT
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert len(err.splitlines()) == 1


def test_losses_are_rounded_where_a_unit_is_given(tmp_path):
    path = tmp_path / "book.csv"
    path.write_text(BOOK.replace(",2\n", ",2.4\n"))
    data = run_json(str(path), "--loss-unit", "0.5", "--seed", "1", "--qubits", "2")
    assert data["measures"][1]["budget"]["discretisation"] == pytest.approx(0.1)
