"""`qtoolkit portfolio`: its numbers against all pairs of assets, its options, its refusals, its ends."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from price_files import TICKERS, best_pair, returns_of, write_prices
from typer.testing import CliRunner

from qtoolkit.algorithms.quadratic import Run, judge, solver, solver_names
from qtoolkit.applications import finance
from qtoolkit.cli import main
from qtoolkit.cli.app import app
from qtoolkit.cli.entry import BAD_INPUT, INTERRUPTED, UNEXPECTED

AVERSION = 20.0
BASE = ["--assets", "2", "--risk-aversion", str(AVERSION), "--seed", "7", "--layers", "2", "--shots", "200"]


@pytest.fixture(scope="module")
def prices(tmp_path_factory):
    return str(write_prices(tmp_path_factory.mktemp("prices") / "prices.csv"))


def run_json(*arguments):
    result = CliRunner().invoke(app, ["portfolio", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_selection_and_weights_are_the_best_of_all_pairs(prices):
    alike, best = best_pair(returns_of(), AVERSION)
    data = run_json(prices, *BASE)
    selection, exact = data["selection"], data["exact"]
    assert selection["bound_kind"] == "optimal"
    assert selection["bound"] == pytest.approx(alike[0], rel=1e-9)
    assert selection["value"] == pytest.approx(alike[0], rel=1e-9), "200 shots of 15 choices hold the best"
    assert set(selection["assets"]) == set(alike[1])
    assert exact["status"] == "optimal"
    assert exact["objective"] == pytest.approx(best[0], rel=1e-6)
    assert {name: weight for name, weight in exact["weights"].items() if weight > 1e-6} == pytest.approx(
        best[1], abs=1e-3
    )
    assert data["objective"] >= best[0] - 1e-9
    assert data["gap"] == pytest.approx(data["objective"] - data["bound"], abs=1e-12)
    parts = AVERSION * data["risk"] - data["expected_return"] + data["cost"]
    assert data["objective"] == pytest.approx(parts, rel=1e-12)
    assert selection["luck"]["num_feasible"] == 15
    assert selection["luck"]["probability_of_optimum"] == pytest.approx(1 / 15)
    assert selection["times_luck"] == pytest.approx(15 * selection["probability_of_optimum"])


def test_evidence_is_complete(prices):
    data = run_json(prices, *BASE)
    selection = data["selection"]
    assert (selection["solver"], selection["shots"], selection["seed"]) == ("qaoa", 200, 7)
    assert "2 layers" in selection["setting"]
    assert min(selection["depth"], selection["two_qubit_count"]) > 0
    assert len(selection["schedule"][0]) == 2
    assert data["data"] == {
        "source": prices,
        "num_periods": 400,
        "period": "day",
        "first": "2020-01-02",
        "last": "2021-02-04",
        "returns": "simple",
        "means": "sample",
        "covariance": "sample",
    }
    assert len(data["problem"]["fingerprint"]) == 16
    assert data["report"] is None


def test_tables_fit_and_say_the_same(prices, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    data = run_json(prices, *BASE)
    assert main(["portfolio", prices, *BASE]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in out
    assert "…" not in out
    for name, weight in data["weights"].items():
        assert any(line.split()[:2] == [name, f"{weight:.4f}"] for line in lines)
    assert "Weights, by convex programme" in out
    assert "Selection of 2, all alike, by qaoa" in out
    assert "as many drawn blindly" in out
    assert sum(line.rstrip().endswith("holds") for line in lines) == len(data["constraints"])
    evidence = " ".join(out[out.index("qaoa: ") :].split())
    for fact in ("200 shots", "seed 7", "400 simple returns, 2020-01-02 to 2021-02-04", data["problem"]["fingerprint"]):
        assert fact in evidence
    assert err.startswith("portfolio: done in ")
    assert err.count("\n") == 2
    assert err.splitlines()[1].startswith("qaoa: depth and gates are those of one Trotter step ")
    assert data["selection"]["circuit"] in err


def test_without_a_seed_the_one_drawn_is_given(prices):
    options = ["--assets", "2", "--layers", "1", "--shots", "50", "--no-weigh"]
    first = run_json(prices, *options)
    again = run_json(prices, *options, "--seed", str(first["selection"]["seed"]))
    for data in (first, again):
        for solution in (data["selection"], *data["selections"]):
            solution["wall_time"] = 0.0
        data["wall_time"] = 0.0
    assert first == again


def test_chosen_assets_can_stay_alike(prices):
    data = run_json(prices, *BASE, "--no-weigh")
    assert data["weighed"] == "equal"
    assert set(data["weights"].values()) == {0.5}
    assert data["exact"] is None
    assert data["objective"] == pytest.approx(data["selection"]["value"], rel=1e-12)


def test_positions_of_the_sp500_are_the_known_ones():
    data = run_json(
        "sp500", "--assets", "5", "--risk-aversion", "0.5", "--objective", "positions", "--solver", "enumeration",
        "--no-weigh",
    )  # fmt: skip
    assert set(data["assets"]) == {"AAPL", "BBY", "JNJ", "MSFT", "UNH"}
    assert data["objective"] == pytest.approx(-2.3355498085e-3, abs=5e-14)
    assert set(data["weights"].values()) == {1.0}
    assert data["data"]["num_periods"] == 8312


def test_limits_hold(prices, tmp_path):
    sectors, current = tmp_path / "sectors.csv", tmp_path / "current.csv"
    sectors.write_text("Ticker;Sector\n" + "".join(f"{t};{'one' if k < 3 else 'two'}\n" for k, t in enumerate(TICKERS)))
    current.write_text("ticker,weight\nAAA,0.6\nF,0.4\n")
    data = run_json(
        prices, "--assets", "2-4", "--risk-aversion", "2", "--sectors", str(sectors), "--max-sector", "0.55",
        "--current", str(current), "--cost", "0.001", "--max-turnover", "0.9", "--min-weight", "0.1",
        "--max-weight", "0.5", "--solver", "scip",
    )  # fmt: skip
    weights = {name: data["weights"].get(name, 0.0) for name in TICKERS}
    held = [weight for weight in weights.values() if weight]
    assert sum(held) == pytest.approx(1.0)
    assert 2 <= len(held) <= 4
    assert min(held) >= 0.1 - 1e-6
    assert max(held) <= 0.5 + 1e-6
    assert sum(weights[name] for name in TICKERS[:3]) <= 0.55 + 1e-6
    before = dict.fromkeys(TICKERS, 0.0) | {"AAA": 0.6, "F": 0.4}
    turnover = sum(abs(weights[name] - before[name]) for name in TICKERS)
    assert turnover <= 0.9 + 1e-6
    assert data["cost"] == pytest.approx(0.001 * turnover)
    assert data["is_feasible"]
    assert {check["name"] for check in data["constraints"]} >= {"group one", "group two", "turnover", "minimum if held"}
    assert data["sectors"] == {name: "one" if k < 3 else "two" for k, name in enumerate(TICKERS)}
    assert [sum(1 for _ in solution["assets"]) for solution in data["selections"]] == [2, 3, 4]


def test_conditional_value_at_risk_of_log_returns(prices):
    data = run_json(prices, "--cvar", "0.9", "--assets", "2", "--returns", "log", "--solver", "enumeration")
    returns = np.log1p(returns_of())
    weights = np.array([data["weights"].get(name, 0.0) for name in TICKERS])
    losses = np.sort(-(returns @ weights))[::-1]
    assert data["risk"] == pytest.approx(losses[:40].mean(), rel=1e-9), "the worst tenth of 400 days"
    assert data["problem"]["level"] == 0.9


def test_estimators_and_days_can_be_chosen(prices):
    plain = run_json(prices, "--assets", "2", "--solver", "scip", "--no-weigh")
    data = run_json(
        prices, "--assets", "2", "--solver", "scip", "--no-weigh", "--means", "shrunk", "--covariance", "ledoit-wolf",
        "--start", "2020-06-01", "--end", "2020-12-31",
    )  # fmt: skip
    assert (data["data"]["first"], data["data"]["last"]) == ("2020-06-02", "2020-12-31")
    assert "ShrunkMu" in data["data"]["means"]
    assert "LedoitWolf" in data["data"]["covariance"]
    assert data["problem"]["fingerprint"] != plain["problem"]["fingerprint"]


def test_gaps_are_filled_when_asked(prices, tmp_path, capsys):
    path, rows = tmp_path / "gap.csv", Path(prices).read_text("utf-8").splitlines()
    cells = rows[10].split(",")
    rows[10] = ",".join([*cells[:3], "", *cells[4:]])
    path.write_text("\n".join(rows))
    assert main(["portfolio", str(path), *BASE]) == BAD_INPUT
    assert "missing" in capsys.readouterr().err
    assert "CCC" in run_json(str(path), *BASE, "--missing", "fill")["problem"]["asset_names"]


def test_shots_of_another_backend(prices):
    data = run_json(prices, *BASE, "--backend", "local:single", "--no-weigh")
    assert data["selection"]["backend"] == "local:single"
    assert data["selection"]["evidence"] == "samples"
    exact = run_json(prices, *BASE, "--backend", "local", "--no-weigh")
    assert exact["selection"]["evidence"] == "state vector"


@pytest.mark.parametrize("name", solver_names())
def test_every_solver_is_told_in_whole_words(prices, name, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["portfolio", prices, "--assets", "2", "--risk-aversion", "20", "--solver", name, "--seed", "1"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert "…" not in out
    assert f"Selection of 2, all alike, by {name}" in " ".join(out.split())
    assert ("as many drawn blindly" in out) == (" shots" in out or " queries" in out)


def test_many_assets_that_weigh_nothing_share_a_line(prices, capsys):
    best = TICKERS[int(returns_of().mean(axis=0).argmax())]
    assert main(["portfolio", prices, "--assets", "6", "--risk-aversion", "0", "--solver", "scip"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[2][:3] == [best, "1.0000", "1.0000"]
    assert lines[3] == ["5", "more", "held", "0.0000", "0.0000"]


class NothingFound:
    """A solver whose only shot holds no asset."""

    name = "nothing"

    def solve(self, problem, *, seed=None, time_limit=None, progress=None, enumeration=None):
        run = Run(solver=self.name, evidence="samples", shots=1)
        return judge(problem, run, outcomes=([[0] * problem.num_variables], [1]), enumeration=enumeration)


def test_no_feasible_choice_is_no_success(prices, monkeypatch, capsys):
    monkeypatch.setitem(solver._FACTORIES, "nothing", NothingFound)
    assert main(["portfolio", prices, "--assets", "2", "--solver", "nothing"]) == UNEXPECTED
    out, err = capsys.readouterr()
    assert "Weights: no feasible choice" in out
    assert "best of 1 shot " in out
    assert "nothing found no feasible choice" in err.splitlines()[-1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--assets", "many"], "--assets takes a number or a range, such as 5 or 3-8, got 'many'"),
        (["--assets", "5-3"], "the fewest first"),
        (["--assets", "0"], "at least 1"),
        (["--risk-aversion", "nan"], "--risk-aversion must be a number of at least 0"),
        (["--cost", "-1"], "--cost must be a number of at least 0"),
        (["--cvar", "1"], "--cvar takes a level of at least 0 and below 1, got 1"),
        (["--max-turnover", "inf"], "--max-turnover must be a number"),
        (["--max-sector", "0.3"], "give --sectors FILE"),
        (["--min-weight", "0.5", "--max-weight", "0.3"], "--min-weight must be at most --max-weight"),
        (["--solver", "oracle"], "a solver is one of enumeration, luck, scip, qaoa"),
        (["--solver", "scip", "--layers", "2"], "the solver scip has no --layers, got 2"),
        (["--solver", "luck", "--backend", "local:single"], "the solver luck has no --backend"),
        (["--backend", "loacl"], "did you mean 'local'?"),
        (["--mixer", "egg"], "mixer must be one of auto"),
        (["--layers", "0"], "--layers"),
        (["--time-limit", "-1"], "--time-limit must be a number of at least 0"),
        (["--means", "wild"], "is not one of 'sample', 'shrunk'"),
        (["--report", "missing/out.html"], "the folder of --report must exist"),
        (["--sectors", "none.csv", "--max-sector", "1"], "none.csv must be a file that can be read"),
    ],
)
def test_bad_options_are_refused_before_prices_are_read(options, said, prices, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(finance, "read_prices", None)
    assert main(["portfolio", prices, *options]) == BAD_INPUT
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err


def test_options_of_files_are_refused_for_the_bundled_prices(capsys):
    assert main(["portfolio", "sp500", "--missing", "drop"]) == BAD_INPUT
    assert "--missing is about a file of prices, got sp500" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "option", "said"),
    [
        ("ticker,sector\nAAA,x\n", "--sectors", "got none of BB, CCC, D, EEEE, F"),
        ("name,sector\nAAA,x\n", "--sectors", "the columns ticker,sector, got 'name,sector' as the first line"),
        ("", "--sectors", "got '' as the first line"),
        ("ticker,weight\nZZ,0.5\n", "--current", "assets of the prices, got others: ZZ"),
        ("ticker,weight\nAAA,half\n", "--current", "the weight of AAA must be a number, got 'half'"),
        ("ticker,weight\nAAA,nan\n", "--current", "the weight of AAA in"),
        ("ticker,weight\nAAA,0.1\nAAA,0.2\n", "--current", "got AAA twice"),
        ("ticker,weight\nAAA\n", "--current", "the columns ticker,weight, got 'AAA'"),
    ],
)
def test_files_that_do_not_fit_are_refused(text, option, said, prices, tmp_path, capsys):
    path = tmp_path / "file.csv"
    path.write_text(text)
    assert main(["portfolio", prices, option, str(path)]) == BAD_INPUT
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err


def test_limits_that_conflict_are_named(prices, capsys):
    assert main(["portfolio", prices, "--assets", "4", "--min-weight", "0.3", "--solver", "scip"]) == BAD_INPUT
    err = capsys.readouterr().err
    assert all(word in err for word in ("budget", "cardinality", "minimum if held"))


def test_missing_packages_are_named_together_before_the_work(prices, monkeypatch, capsys):
    monkeypatch.setattr("qtoolkit._optional.is_installed", lambda name: name not in ("highspy", "matplotlib"))
    assert main(["portfolio", prices, "--report", "out.html"]) == BAD_INPUT
    err = capsys.readouterr().err
    assert "(highspy, matplotlib)" in err
    assert 'pip install "qtoolkit-quantum[finance,plot]"' in err


def test_a_search_that_was_interrupted_says_so_and_shows_its_best(prices, monkeypatch, capsys):
    solve = finance.solve_portfolio

    def interrupted(*arguments, **options):
        found = solve(*arguments, **options)
        return replace(found, exact=replace(found.exact, status="interrupted"))

    monkeypatch.setattr(finance, "solve_portfolio", interrupted)
    assert main(["portfolio", prices, *BASE]) == INTERRUPTED
    out, err = capsys.readouterr()
    assert "optimum or bound ≥" in out
    assert "best known" in out
    assert err.splitlines()[-1] == "Interrupted; this is the best so far."


@pytest.mark.skipif(sys.platform != "linux", reason="needs a device that is always full")
def test_a_full_disk_does_not_cost_the_numbers(prices, capsys):
    assert main(["portfolio", prices, *BASE, "--report", "/dev/full", "--json"]) == BAD_INPUT
    out, err = capsys.readouterr()
    assert json.loads(out)["report"] is None
    assert "/dev/full cannot be written" in err.splitlines()[-1]


def test_a_page_holds_both_answers(prices, tmp_path, capsys):
    path = tmp_path / "out.html"
    assert main(["portfolio", prices, *BASE, "--report", str(path)]) == 0
    assert f"Report: {path}" in capsys.readouterr().out
    page = path.read_text("utf-8")
    assert '<section id="weights"' in page
    assert '<section id="selection"' in page
    assert page.count("<img ") == 4


# A shell starts background jobs with SIGINT ignored, and their children inherit that: the program under test is a
# foreground one.
CTRL_C = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from qtoolkit.algorithms.quadratic import register_solver
from qtoolkit.cli import main

class Endless:
    name = "endless"

    def solve(self, problem, **options):
        print("computing", file=sys.stderr, flush=True)
        while True:
            options["progress"](0, 1)
            time.sleep(0.01)

register_solver("endless", Endless)
sys.exit(main(["portfolio", sys.argv[1], "--assets", "2", "--solver", "endless", "--report", sys.argv[2]]))
"""


def test_ctrl_c_in_a_process_of_its_own(prices, tmp_path):
    report = tmp_path / "report.html"
    process = subprocess.Popen(
        [sys.executable, "-c", CTRL_C, prices, str(report)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert process.stderr.readline() == "computing\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == INTERRUPTED
    assert (out, err) == ("", "")
    assert not report.exists()


@pytest.mark.parametrize("name", solver_names())
def test_help_names_every_solver(name):
    assert name in CliRunner().invoke(app, ["portfolio", "--help"], env={"COLUMNS": "200"}).output
