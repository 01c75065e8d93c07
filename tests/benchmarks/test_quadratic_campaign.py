"""The defaults of QAOA beat luck on problems of every kind, as `benchmarks/quadratic_solvers.py` prints it."""

import runpy
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "quadratic_solvers.py"


@pytest.mark.slow
def test_the_default_beats_luck_on_every_problem(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), "--quick", "--forms", "default", "--layers", "1"])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    header, *rows = capsys.readouterr().out.splitlines()
    assert "times luck" in header
    assert len(rows) == 7
    for row in rows:
        assert row.count(" 6/ 6") == 2, row  # won, and converged
