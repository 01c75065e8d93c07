"""The examples run, and that of memories goes on from what it kept."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "qec_memory.py"
ADAPTIVE = EXAMPLE.with_name("qec_adaptive.py")


@pytest.mark.slow
def test_example_runs(tmp_path):
    store = tmp_path / "runs.sqlite"
    printed = []
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, str(EXAMPLE), "--shots", "1500", "--seed", "3", "--store", str(store)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""
        printed.append(done.stdout.partition("Three-qubit")[0])
    assert printed[0] == printed[1]
    assert "Rotated surface code" in printed[0]
    assert store.stat().st_size > 0


@pytest.mark.slow
def test_adaptive_example_runs():
    done = subprocess.run(
        [sys.executable, str(ADAPTIVE), "--shots", "2000", "--seed", "3"], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    for title in ("corrected in the", "Magic states", "not decoded"):
        assert title in done.stdout
