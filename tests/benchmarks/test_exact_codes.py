"""The table of what exact answers take: `benchmarks/exact_codes.py` runs, and says what is known."""

import runpy
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "exact_codes.py"


@pytest.mark.slow
def test_the_table_has_the_known_rates(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), "--quick"])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split() == ["code", "noise", "method", "syndromes", "memory", "stated", "measured", "infidelity"]
    known = {
        ("five-qubit [[5, 1, 3]]", "depolarizing"): "0.00097795508",
        ("steane [[7, 1, 3]]", "depolarizing"): "0.0015782072",
        ("rotated-surface [[9, 1, 3]]", "depolarizing"): "0.0013000141",
        ("rotated-surface [[25, 1, 5]]", "phase flip"): "0.000271348",
    }
    for (code, noise), rate in known.items():
        (row,) = [row for row in rows if row.startswith(code) and f"  {noise}  " in row]
        assert row.endswith(rate), row
