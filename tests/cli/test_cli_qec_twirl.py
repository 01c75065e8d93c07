"""`qtoolkit qec twirl`: the comparison of the library, in a table, as data, as a figure and on a page."""

import json
import math
import re

import pytest
from typer.testing import CliRunner

from qtoolkit.applications import qec
from qtoolkit.applications.qec.exact import twirl_comparison
from qtoolkit.cli import main
from qtoolkit.cli.app import app
from qtoolkit.cli.entry import BAD_INPUT
from qtoolkit.noise import over_rotation

BASE = ["--code", "steane", "--rate", "0.001,0.01", "--rounds", "5", "--frames", "4", "--seed", "2"]


def test_predictions_are_those_of_the_library():
    result = CliRunner().invoke(app, ["qec", "twirl", *BASE, "--json"])
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    assert (data["rounds"], data["seed"]) == (5, 2)
    for row, rate in zip(data["comparisons"], (0.001, 0.01), strict=True):
        noise = over_rotation("Z", 2 * math.asin(math.sqrt(rate)))
        wanted = twirl_comparison(qec.code_named("steane"), noise, rounds=5, frames=4, seed=2)
        assert row["physical_error_rate"] == rate
        assert row["infidelity_factor"] == pytest.approx(wanted.infidelity_factor, rel=1e-9)
        assert [one["infidelity"] for one in row["predictions"]] == pytest.approx(
            [one.infidelity for one in wanted.predictions], rel=1e-9
        )


def test_table_figure_and_page(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    plot, report = tmp_path / "a.svg", tmp_path / "a.html"
    assert main(["qec", "twirl", *BASE, "--plot", str(plot), "--report", str(report)]) == 0
    out = capsys.readouterr().out
    lines = [line for line in out.splitlines() if not line.startswith(("Report: ", "Plot: "))]
    assert max(map(len, lines)) <= 80
    assert out.count("Pauli twirl") == 2
    assert len(re.findall(r"\de-\d ± \d\.\de-\d\b", out)) == 2
    assert "5 rounds of perfect syndromes" in out
    assert plot.read_text("utf-8").startswith("<?xml")
    assert "Is twirling safe?" in report.read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rate", "0"], "--rate must lie in (0, 1], got '0'"),
        (["--rate", "2"], "--rate must lie in (0, 1], got '2'"),
        (["--code", "steane", "--distance", "5"], "the code steane has its own distance"),
        (["--code", "honeycomb", "--distance", "4"], "a comparison needs a stabilizer code"),
        (["--axis", "w"], "--axis"),
        (["--report", "no/such/a.html"], "the folder of --report must exist"),
    ],
)
def test_bad_input_is_one_line(arguments, message, capsys):
    assert main(["qec", "twirl", *arguments]) == BAD_INPUT
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert message in err
