import json

import pytest
from typer.testing import CliRunner

from qtoolkit.applications.finance.pricing import BlackScholes, EuropeanOption, price
from qtoolkit.cli import main
from qtoolkit.cli.app import app
from qtoolkit.cli.entry import BAD_INPUT
from qtoolkit.cli.numbers import parse_number, parse_numbers
from qtoolkit.errors import InputError

CALL = ["price", "european", "--spot", "2", "--strike", "1.896", "--maturity", "40/365", "--volatility", "0.4"]


def run_json(*arguments: str) -> dict:
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_table_has_the_interval_the_formula_and_the_evidence(capsys):
    assert main([*CALL, "--rate", "0.05", "--seed", "7"]) == 0
    out, err = capsys.readouterr()
    found = price(EuropeanOption(1.896, 40 / 365), BlackScholes(2.0, 0.05, 0.4), seed=7)
    lines = out.splitlines()
    assert f"{found.estimate:.6g}" in lines[2]
    assert f"[{found.interval[0]:.6g}, {found.interval[1]:.6g}]" in lines[2]
    assert "Black and Scholes" in out
    assert "0.169695" in out
    assert "seed 7" in out
    assert max(map(len, lines)) <= 80
    assert err == ""


@pytest.mark.parametrize(
    ("arguments", "has_formula"),
    [
        (CALL, True),
        ([*CALL, "--term", "kind=put", "--payoff", "linear"], True),
        (["price", "digital", *CALL[2:], "--term", "payout=10"], True),
        (["price", "asian", *CALL[2:6], "--times", "0.25,0.5", "--volatility", "0.4"], False),
        (
            ["price", "asian", *CALL[2:6], "--times", "1/4,1/2", "--volatility", "0.4", "--term", "average=geometric"],
            True,
        ),
        (
            [
                *("price", "barrier", *CALL[2:6], "--times", "0.25,0.5", "--volatility", "0.4"),
                *("--term", "barrier=2.5", "--term", "direction=up", "--term", "knock=out"),
            ],
            False,
        ),
        (
            [
                *(
                    "price",
                    "basket",
                    "--spot",
                    "100,90",
                    "--strike",
                    "100",
                    "--maturity",
                    "1",
                    "--volatility",
                    "0.2,0.3",
                ),
                *("--term", "weights=0.5,0.5", "--term", "correlation=0.5", "--term", "dividend-yield=0.01,0"),
            ],
            False,
        ),
        (
            [
                *("price", "spread", "--spot", "100,90", "--maturity", "1", "--volatility", "0.2,0.3"),
                *("--term", "correlation=-0.5"),
            ],
            True,
        ),
        (
            [
                *("price", "bond", "--times", "1,2", "--rate", "0.03", "--volatility", "0.01"),
                *("--term", "cash-flows=5,105", "--term", "mean_level=0.05", "--term", "mean-reversion=0.2"),
            ],
            True,
        ),
    ],
)
def test_every_contract_is_priced(arguments, has_formula):
    data = run_json(*arguments, "--seed", "3")
    low, high = data["interval"]
    assert low <= data["price"] <= high
    assert (data["closed_form"] is not None) == has_formula
    if has_formula:
        assert low <= data["closed_form"] <= high
    assert data["seed"] == 3
    assert data["monte_carlo"]["num_samples"] == data["num_queries"]
    assert set(data["budget"]) == {"sampling", "discretisation", "truncation", "payoff"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["price", "european", "--spot", "2"], "a european contract needs strike: give --strike"),
        (["price", "barrier", *CALL[2:6], "--times", "1", "--volatility", "1"], "needs barrier: give --term barrier=…"),
        ([*CALL, "--term", "knock=in"], "a european contract has no knock: leave it out"),
        ([*CALL, "--times", "1"], "a european contract has no times: leave it out"),
        ([*CALL, "--term", "kind"], "a term is given as name=value, such as kind=put, got 'kind'"),
        ([*CALL, "--term", "spot=3"], "each term is given once, got spot twice"),
        ([*CALL, "--term", "kind=both"], "kind must be one of call, put, got 'both'"),
        ([*CALL[:-1], "-0.4"], "volatility must be"),
        ([*CALL[:-1], "high"], "volatility must be a number or a fraction such as 40/365, got 'high'"),
        ([*CALL, "--precision", "1/0"], "--precision must be a number or a fraction"),
        ([*CALL, "--qubits", "40"], "num_qubits must be in [1, 16], got 40"),
    ],
)
def test_bad_input_is_one_line(capsys, arguments, message):
    assert main(arguments) == BAD_INPUT
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert len(err.splitlines()) == 1


def test_numbers_are_read_as_typed():
    assert parse_number("x", "40/365") == 40 / 365
    assert parse_numbers("x", "1, 2/4 ,3e-1") == [1.0, 0.5, 0.3]
    for text in ("", "a", "1/0", "nan", "inf", "1/2/3"):
        with pytest.raises(InputError, match="x must be a number"):
            parse_number("x", text)
