"""A process that ends with jobs in its queue ends at once: nobody is left to ask for their results."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

JOBS = """
import sys, threading
from qtoolkit import Circuit
from qtoolkit.backends import get_backend
from qtoolkit_kernels import team

computing = threading.Event()
enter = team._Call.enter

def enter_and_tell(self, thread):
    computing.set()
    enter(self, thread)

team._Call.enter = enter_and_tell
circuit = Circuit(23)
for layer in range(150):
    for q in range(23):
        circuit.rx(0.1 + layer + q, q).cx(q, (q + 7) % 23)
backend = get_backend("local")
jobs = [backend.run(circuit.copy().measure_all(), 10, seed=1) for _ in range(12)]
computing.wait()
"""

pytestmark = pytest.mark.slow


def start(*lines: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", JOBS + "\n".join(lines)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


def test_a_script_that_fails() -> None:
    process = start("raise ValueError('enough')")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert err.splitlines()[-1] == "ValueError: enough"
    assert err.count("Traceback") == 1


def test_a_script_that_forgets_its_jobs() -> None:
    process = start()
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0
    assert "Traceback" not in err
    assert "Exception ignored" not in err


@pytest.mark.parametrize("times", [1, 2])
def test_a_script_that_is_interrupted(times: int) -> None:
    process = start(
        "import signal",
        "signal.signal(signal.SIGINT, signal.default_int_handler)",
        "print('waiting', flush=True)",
        "jobs[3].result()",
    )
    assert process.stdout.readline() == "waiting\n"
    for _ in range(times):
        process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGINT
    assert "KeyboardInterrupt" in err
    assert "Exception ignored" not in err
