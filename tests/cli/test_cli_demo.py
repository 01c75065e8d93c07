"""The demo's frame, with studies that take no time; the real ones run in test_demo_for_real."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from report_parts import CHEMISTRY, CODES
from typer.testing import CliRunner

from qtoolkit.cli import main
from qtoolkit.cli.app import app
from qtoolkit.cli.entry import BAD_INPUT, INTERRUPTED
from qtoolkit.errors import ConvergenceError

FINANCE = replace(CHEMISTRY, name="finance", title="Finance")


@pytest.fixture
def studies(monkeypatch, tmp_path):
    """Studies that return at once; the seeds they were given are recorded."""
    monkeypatch.chdir(tmp_path)
    seeds = {}

    def stand_in(section):
        def study(seed, *, progress):
            seeds[section.name] = seed
            progress("half of it", 0.5)
            progress("the rest of it", 1.0)
            return section

        return study

    for name, section in (("finance", FINANCE), ("chemistry", CHEMISTRY), ("error_correction", CODES)):
        monkeypatch.setattr(f"qtoolkit.report.studies.{name}_study", stand_in(section))
    return seeds


def interrupt(seed, *, progress):
    raise KeyboardInterrupt


def test_table_on_stdout_progress_on_stderr_report_in_a_file(studies, tmp_path, capsys):
    assert main(["demo"]) == 0
    out, err = capsys.readouterr()
    for section in (FINANCE, CHEMISTRY, CODES):
        assert section.heading in out
        assert all(row.value_text in out and row.gap_text in out for row in section.rows)
    assert max(map(len, out.splitlines())) <= 80
    assert "Seed 1;" in out
    assert "Report: qtoolkit-report.html" in out
    assert "\x1b" not in out
    assert [line.split(":")[0] for line in err.splitlines()] == ["finance", "chemistry", "qec"]
    assert studies == {"finance": 1, "chemistry": 1, "qec": 1}
    page = (tmp_path / "qtoolkit-report.html").read_text("utf-8")
    assert all(page.count(row.value_text) >= 2 for section in (FINANCE, CHEMISTRY, CODES) for row in section.rows)


def test_json_alone_is_on_stdout(studies, tmp_path, capsys):
    assert main(["demo", "--json", "--seed", "5", "--output", str(tmp_path / "r.html")]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["seed"] == 5
    assert data["finished"] == ["finance", "chemistry", "qec"]
    assert data["report"] == str(tmp_path / "r.html")
    assert {"value", "exact", "gap", "evidence"} <= set(data["sections"][0]["rows"][0])
    assert data["environment"]["qtoolkit"]
    assert (tmp_path / "r.html").exists()


def test_only_some_parts_in_the_usual_order(studies):
    result = CliRunner().invoke(app, ["demo", "--only", "qec", "--only", "chemistry", "--json"])
    assert result.exit_code == 0
    assert list(studies) == ["chemistry", "qec"]
    assert json.loads(result.stdout)["missing"] == []


def test_interrupted_it_reports_what_is_finished(studies, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("qtoolkit.report.studies.chemistry_study", interrupt)
    assert main(["demo", "--json"]) == INTERRUPTED
    out, err = capsys.readouterr()
    assert err.splitlines()[-1] == "Interrupted; finished: finance."
    assert json.loads(out)["finished"] == ["finance"]
    assert json.loads(out)["missing"] == ["chemistry", "qec"]
    assert "Not finished, so not in this report: chemistry, qec." in (tmp_path / "qtoolkit-report.html").read_text()


def test_a_part_that_fails_does_not_cost_those_before_it(studies, monkeypatch, tmp_path, capsys):
    def diverge(seed, *, progress):
        raise ConvergenceError("no convergence in 200 cycles; stretch the bond less")

    monkeypatch.setattr("qtoolkit.report.studies.chemistry_study", diverge)
    assert main(["demo"]) == BAD_INPUT
    out, err = capsys.readouterr()
    assert err.splitlines()[-1].startswith("qtoolkit: no convergence in 200 cycles")
    assert "Finance" in out
    assert (tmp_path / "qtoolkit-report.html").exists()


# A shell starts background jobs with SIGINT ignored, and their children inherit that: the program under test is a
# foreground one.
CTRL_C = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
import report_parts
from qtoolkit.cli import main
from qtoolkit.report import studies

def endless(seed, *, progress):
    progress("waiting", 0.1)
    while True:
        time.sleep(0.01)

studies.finance_study = lambda seed, *, progress: report_parts.CHEMISTRY
studies.chemistry_study = endless
sys.exit(main(["demo", "--output", sys.argv[1]]))
"""


def test_ctrl_c_in_a_process_of_its_own(tmp_path):
    report = tmp_path / "report.html"
    process = subprocess.Popen(
        [sys.executable, "-c", CTRL_C, str(report)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert process.stderr.readline().startswith("finance: done")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == INTERRUPTED
    assert err == "Interrupted; finished: chemistry.\n"
    assert "Chemistry" in out
    assert report.exists()


@pytest.mark.parametrize(
    ("output", "said"),
    [(".", "names a file, got the directory"), ("missing/report.html", "the folder of --output must exist")],
)
def test_an_output_that_cannot_be_written_is_refused_before_computing(studies, output, said, capsys):
    assert main(["demo", "--output", output]) == BAD_INPUT
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert said in err
    assert studies == {}


@pytest.mark.skipif(sys.platform != "linux", reason="needs a device that is always full")
def test_a_full_disk_does_not_cost_the_numbers(studies, capsys):
    assert main(["demo", "--output", "/dev/full"]) == BAD_INPUT
    out, err = capsys.readouterr()
    assert all(section.heading in out for section in (FINANCE, CHEMISTRY, CODES))
    assert "Report:" not in out
    assert "qtoolkit: /dev/full cannot be written (No space left on device)" in err.splitlines()[-1]
    assert main(["demo", "--json", "--output", "/dev/full"]) == BAD_INPUT
    assert json.loads(capsys.readouterr().out)["report"] is None


def test_missing_extras_are_named_together_before_computing(studies, monkeypatch, capsys):
    monkeypatch.setattr("qtoolkit._optional.is_installed", lambda name: name in ("pyscf", "pymatching", "matplotlib"))
    assert main(["demo"]) == BAD_INPUT
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "(skfolio, stim)" in err
    assert 'pip install "qtoolkit-quantum[finance,qec]"' in err
    assert studies == {}
