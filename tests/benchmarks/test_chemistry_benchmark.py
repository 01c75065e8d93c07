"""`benchmarks/chemistry.py` runs: both find the same energies, and it says whether the goal is met."""

import runpy
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "chemistry.py"


@pytest.mark.slow
def test_small_chains_are_measured(monkeypatch, capsys):
    pytest.importorskip("pyscf")
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), "--quick", "--threads", "1"])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split()[:3] == ["chain", "sector", "excitations"]
    assert [row.split()[:3] for row in rows] == [["H4", "6x6", "26"], ["H6", "20x20", "117"]]
    assert all(row.split()[-1] in ("met", "missed") for row in rows)
