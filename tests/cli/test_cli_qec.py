"""`qtoolkit qec`: tables, data, pages and figures of memories and thresholds, stores, and how it ends."""

import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from qtoolkit.applications import qec
from qtoolkit.applications.qec import CODES, run_experiments
from qtoolkit.cli import main
from qtoolkit.cli.app import app
from qtoolkit.cli.entry import BAD_INPUT, INTERRUPTED
from qtoolkit.cli.qec_options import Bases, CodeOptions

SMALL = ["--distance", "3,5", "--rate", "0.003,0.02", "--shots", "2000", "--seed", "5"]


def run(*arguments):
    result = CliRunner().invoke(app, ["qec", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("command", ["memory", "threshold"])
def test_help_has_the_names_of_noise_and_decoders(command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    words = set(re.findall(r"[\w-]+", run(command, "--help")))
    assert words >= {*qec.NOISE_PRESETS, *qec.DECODERS}


@pytest.fixture(scope="module")
def data():
    return json.loads(run("memory", *SMALL, "--json"))


def test_memories_are_those_of_the_library(data):
    tasks = qec.memory_tasks("rotated-surface", [3, 5], [0.003, 0.02], bases=("x", "z"))
    wanted = qec.run_experiments(tasks, max_shots=2_000, seed=5)
    assert [row["errors"] for row in data["results"]] == [result.errors for result in wanted]
    for row, result in zip(data["results"], wanted, strict=True):
        assert row["confidence_interval_per_round"] == list(result.confidence_interval_per_round)
        assert (row["distance"], row["basis"], row["rounds"]) == (result.distance, result.basis, result.rounds)
        assert (row["seed"], row["task"], row["batch_shots"]) == (5, result.task_id, 8192)
        assert set(row["versions"]) == {"qtoolkit", "numpy", "stim", "pymatching"}
    told = {(row["physical_error_rate"], row["distance"]): row["logical_error_rate"] for row in data["both_bases"]}
    assert told == {
        (pair.physical_error_rate, pair.distance): pair.logical_error_rate for pair in qec.both_bases(wanted)
    }
    assert data["unprotected"] == {"0.003": pytest.approx(0.002), "0.02": pytest.approx(0.04 / 3)}
    assert (data["seed"], data["interrupted"], data["report"], data["plot"]) == (5, False, None, None)


def test_suppression_is_that_of_the_library(data):
    tasks = qec.memory_tasks("rotated-surface", [3, 5], [0.02], bases=("x", "z"))
    fit = qec.fit_suppression(qec.run_experiments(tasks, max_shots=2_000, seed=5))
    row = data["suppression"][-1]
    assert (row["factor"], row["confidence_interval"]) == (fit.factor, list(fit.confidence_interval))
    assert fit.factor < 1.0
    assert row["projection"] is None


def test_tables_fit_into_80_columns_and_say_what_was_counted(data, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("COLUMNS", "80")
    plot, report = tmp_path / "a.svg", tmp_path / "a.html"
    assert main(["qec", "memory", *SMALL, "--plot", str(plot), "--report", str(report), "--theme", "dark"]) == 0
    out, err = capsys.readouterr()
    lines = [line for line in out.splitlines() if not line.startswith(("Report: ", "Plot: "))]
    assert max(map(len, lines)) <= 80
    assert "…" not in out
    assert re.fullmatch(r"memory: done in [\d.]+ s\n", err)
    first = next(line for line in lines if "d = 3, 3 rounds" in line).split()
    counted = sum(
        row["errors"] for row in data["results"] if (row["distance"], row["physical_error_rate"]) == (3, 0.003)
    )
    assert first[5:7] == ["4,000", str(counted)]
    assert "seed 5" in out
    assert "mean of bases x and z" in out
    assert "× worse" in out
    assert "#16181d" in plot.read_text("utf-8")
    page = report.read_text("utf-8")
    assert page.count("<img ") == 2
    assert "A bare qubit here idles" in page


def test_one_basis_is_compared_with_nothing(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    out = run("memory", *SMALL, "--basis", "x")
    assert "basis x" in out
    assert "bare" not in out


def test_a_store_is_gone_on_from(tmp_path, monkeypatch):
    path = str(tmp_path / "runs.sqlite")
    first = json.loads(run("memory", *SMALL, "--store", path, "--json"))
    unseeded = [part for part in SMALL if part not in ("--seed", "5")]
    drawn = []
    monkeypatch.setattr(
        "qtoolkit.applications.qec.experiments.collect.count_batch",
        lambda *work: drawn.append(work) or pytest.fail("drawn"),
    )
    again = json.loads(run("memory", *unseeded, "--store", path, "--json"))
    assert again["seed"] == 5
    assert [row["errors"] for row in again["results"]] == [row["errors"] for row in first["results"]]
    assert drawn == []


def test_processes_change_nothing(data):
    shared = json.loads(run("memory", *SMALL, "--processes", "2", "--json"))
    assert [row["errors"] for row in shared["results"]] == [row["errors"] for row in data["results"]]


def test_points_end_at_their_errors():
    found = json.loads(
        run("memory", "--distance", "3", "--rate", "0.02", "--relative-error", "0.1", "--seed", "1", "--json")
    )
    assert {(row["max_errors"], row["shots"]) for row in found["results"]} == {(100, 8192)}
    assert all(row["errors"] >= 100 for row in found["results"])


THRESHOLD = ["threshold", "--basis", "z", "--noise", "code-capacity", "--seed", "2", "--shots", "8192"]


def test_the_threshold_of_three_distances(tmp_path, monkeypatch):
    """Depolarising of 0.155 flips a qubit with 2p/3 = 0.103, where matching has its threshold."""
    monkeypatch.setenv("COLUMNS", "80")
    plot, report = tmp_path / "a.svg", tmp_path / "a.html"
    rates = ["--distance", "5,7,9", "--rate", "0.12:0.18:6:linear"]
    found = json.loads(run(*THRESHOLD, *rates, "--json"))
    low, high = found["threshold"]["confidence_interval"]
    assert 0.130 < low < found["threshold"]["physical_error_rate"] < high < 0.165
    assert found["threshold"]["has_size_term"] is False
    assert found["no_threshold_because"] is None
    assert {tuple(row["distances"]) for row in found["crossings"]} <= {(5, 7), (7, 9)}
    assert found["largest_code_better_up_to"] < found["largest_code_worse_from"]
    out = run(*THRESHOLD, *rates, "--plot", str(plot), "--report", str(report))
    lines = [line for line in out.splitlines() if not line.startswith(("Report: ", "Plot: "))]
    assert max(map(len, lines)) <= 80
    assert "threshold, distances 5, 7, 9" in out
    assert "without a term for small codes" in out
    assert plot.read_text("utf-8").startswith("<?xml")
    assert report.read_text("utf-8").count("<img ") == 2


def test_two_distances_have_a_crossing_and_no_threshold(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    report = tmp_path / "a.html"
    out = run(*THRESHOLD, "--distance", "5,7", "--rate", "0.12:0.18:4:linear", "--report", str(report))
    assert "crossing of distances 5 and 7" in out
    assert "threshold, distances" not in out
    assert "no threshold: a threshold needs three distances or more, got 5, 7" in " ".join(out.split())
    assert "There is no threshold to tell" in report.read_text("utf-8")


@pytest.mark.parametrize("name", [name for name in CODES if name != "bivariate-bicycle"])
def test_every_code_has_a_decoder_that_takes_it(name):
    options = CodeOptions(code=name, rounds=None)  # at the distances that it has by default
    if name.startswith("bivariate-bicycle"):
        options = replace(options, noise="code-capacity", rounds=1)
    if name == "honeycomb":
        options = replace(options, basis=Bases.Z)
    if name == "repetition":
        options = replace(options, basis=Bases.Z)
    for task in options.tasks([0.002]):
        (result,) = run_experiments([task], max_shots=20, seed=1)
        assert result.shots == 20


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["memory", "--code", "mystery"], "code must be one of"),
        (["memory", "--noise", "loud"], "noise must be one of"),
        (["memory", "--decoder", "psychic"], "decoder must be one of"),
        (["memory", "--distance", "4"], "distance must be odd, got 4"),
        (["memory", "--distance", "3,x"], "--distance must be integers"),
        (["memory", "--rate", "2"], "must lie in [0, 0.75], got 2"),
        (["memory", "--rate", "0.1,...,0.01"], "--rate must go up"),
        (["memory", "--target", "0.6"], "--target must lie strictly between 0 and 1/2"),
        (["memory", "--relative-error", "2"], "relative_error must be"),
        (["memory", "--shots", "0"], "--shots"),
        (["memory", "--basis", "y"], "--basis"),
        (["memory", "--plot", "no/such/a.svg"], "the folder of --plot must exist"),
        (["threshold", "--report", "no/such/a.html"], "the folder of --report must exist"),
        (["memory", "--store", "no/such/a.sqlite"], "the folder of --store must exist"),
        (
            ["memory", "--distance", "3", "--rate", "0.01", "--store", __file__],
            "a store of experiments must be a file of ours",
        ),
        (["memory", "--code", "steane", "--distance", "3"], "a single code has its own distance"),
        (["draw", "--code", "steane", "--distance", "5"], "the code steane has its own distance, got --distance 5"),
        (["draw", "--code", "xzzx", "--rate", "0.1"], "drawn for codes of X checks and Z checks"),
        (["draw", "--code", "honeycomb", "--rate", "0.1"], "got --rate: leave it out"),
        (["draw", "--rate", "2"], "physical_error_rate must lie in [0, 0.75], got 2"),
        (["draw", "--plot", "no/such/a.svg"], "the folder of --plot must exist"),
        (["draw", "--code", "mystery"], "no code is called 'mystery'"),
    ],
)
def test_bad_input_is_one_line(arguments, message, capsys):
    assert main(["qec", *arguments]) == BAD_INPUT
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert message in err


def test_coherent_noise_is_sampled_and_said_to_be(capsys):
    arguments = ["--distance", "3", "--rate", "0.02", "--rounds", "1", "--basis", "x", "--shots", "4000", "--seed", "1"]
    assert main(["qec", "memory", "--noise", "coherent", *arguments]) == 0
    assert "sampled by the near-Clifford simulator since" in " ".join(capsys.readouterr().out.split())
    assert main(["qec", "memory", "--noise", "coherent", *arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert "over_rotation Z" in found["sampling"]
    (result,) = found["results"]
    assert 0 < result["errors"] < 4000
    assert main(["qec", "memory", *arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sampling"] == "Stim"


def test_ctrl_c_prints_what_is_done(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    from qtoolkit.applications.qec.experiments import collect

    real, calls = collect.count_batch, []

    def count(*work):
        calls.append(work)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return real(*work)

    monkeypatch.setattr(collect, "count_batch", count)
    assert main(["qec", "memory", *SMALL]) == INTERRUPTED
    out = capsys.readouterr().out
    assert "INTERRUPTED" in out
    assert out.count("d = 3") == 1
    assert main(["qec", "threshold", *SMALL, "--basis", "z"]) == 0


@pytest.mark.parametrize("processes", [1, 2])
def test_ctrl_c_in_a_terminal_ends_in_good_order(processes, tmp_path):
    """A SIGINT to all processes, as a terminal sends it: what is done is printed and kept, and no traceback."""
    path = tmp_path / "runs.sqlite"
    arguments = [
        "memory",
        "--distance",
        "3",
        "--rate",
        "0.01",
        "--shots",
        str(10**9),
        "--seed",
        "1",
        "--store",
        str(path),
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "qtoolkit", "qec", *arguments, "--processes", str(processes)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )

    def kept():
        if not path.exists():
            return 0
        try:
            with contextlib.closing(sqlite3.connect(path)) as database:
                return database.execute("SELECT SUM(shots) FROM batches").fetchone()[0] or 0
        except sqlite3.OperationalError:  # its tables are not made yet
            return 0

    for _ in range(600):
        if kept() >= 200_000:  # of which the process that prints has counted some
            break
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED
    assert "Traceback" not in err
    assert "INTERRUPTED" in out
    assert kept() > 0


def test_a_drawn_error_is_undone_or_not(tmp_path, monkeypatch):
    """The syndrome of error and correction agree, and the outcome is that of their product."""
    monkeypatch.setenv("COLUMNS", "80")
    plot = tmp_path / "a.svg"
    outcomes = set()
    for seed in range(12):
        found = json.loads(
            run("draw", "--distance", "3", "--rate", "0.2", "--seed", str(seed), "--plot", str(plot), "--json")
        )
        code = qec.code_named("rotated-surface", distance=3)
        labels = ["".join(found[part].get(str(q), "I") for q in reversed(range(9))) for part in ("error", "correction")]
        seen = code.syndrome(labels)
        assert seen[0].tolist() == seen[1].tolist()
        assert seen[0].nonzero()[0].tolist() == found["checks_that_fired"]
        acts = code.logical_action(labels)
        assert (acts[0] ^ acts[1]).any() == found["logical_error"]
        outcomes.add(found["logical_error"])
        title = "logical error" if found["logical_error"] else "undone"
        assert f"[[9, 1, 3]]: {title}" in plot.read_text("utf-8")
    assert outcomes == {True, False}
    out = run("draw", "--rate", "0.1", "--seed", "3", "--plot", str(plot), "--theme", "dark")
    assert "[[25, 1, 5]]" in out
    assert f"Plot: {plot}" in out
    assert "#16181d" in plot.read_text("utf-8")


@pytest.mark.parametrize("code", ["steane", "honeycomb", "color-488", "bivariate-bicycle-72"])
def test_lattices_are_drawn(code, tmp_path):
    plot = tmp_path / "a.svg"
    if code == "color-488":
        run("draw", "--code", code, "--rate", "0.05", "--seed", "1", "--plot", str(plot))
    else:
        run("draw", "--code", code, "--plot", str(plot))
    assert plot.read_text("utf-8").startswith("<svg")


def test_codes_are_listed():
    assert {row["name"] for row in json.loads(run("draw", "--list", "--json"))} == set(qec.CODES)
    assert all(name in run("draw", "--list") for name in qec.CODES)


def test_qec_alone_says_what_there_is():
    result = CliRunner().invoke(app, ["qec"])
    for command in ("memory", "threshold", "draw"):
        assert command in result.output
