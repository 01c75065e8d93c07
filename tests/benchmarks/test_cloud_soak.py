"""Jobs under fire: the books of the service and of the store agree."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "clouds.py"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
def test_no_job_is_lost_or_doubled():
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--jobs", "150", "--processes", "4"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "150 jobs" in done.stdout
    assert "twice: 0; lost: 0; wrong results: 0" in done.stdout
    assert "still unknown: 0" in done.stdout
