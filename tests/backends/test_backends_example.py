"""The example runs as a reader would run it."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "backends_compare.py"


@pytest.mark.slow
def test_the_example_compares_all_installed_backends() -> None:
    run = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, encoding="utf-8", check=False, timeout=300
    )
    assert run.returncode == 0, run.stderr
    assert "ground state -4.1456" in run.stdout
    for name in ("local", "braket:local", "ibm:fake_manila", "ibm:fake_jakarta"):
        assert name in run.stdout
