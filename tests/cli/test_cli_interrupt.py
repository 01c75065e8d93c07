"""Ctrl-C while `qtoolkit run` computes: one press ends it at once, a second one says nothing more."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from qtoolkit.cli.entry import INTERRUPTED

COMMAND = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from qtoolkit_kernels import team
enter = team._Call.enter

def enter_and_tell(self, thread):
    print("computing", flush=True)
    enter(self, thread)

team._Call.enter = enter_and_tell
from qtoolkit.cli import main
sys.exit(main())
"""


@pytest.mark.slow
@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_while_a_circuit_runs(times: int, tmp_path) -> None:
    lines = [f"rx({0.1 + layer + q}) q[{q}]; cx q[{q}], q[{(q + 7) % 23}];" for layer in range(150) for q in range(23)]
    (tmp_path / "long.qasm").write_text("\n".join(["OPENQASM 2.0;", 'include "qelib1.inc";', "qreg q[23];", *lines]))
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "run", str(tmp_path / "long.qasm")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert process.stdout.readline() == "computing\n"
    for _ in range(times):
        process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    # A second one may come when the process has ended, or end it.
    assert process.returncode in (INTERRUPTED, -signal.SIGINT)
    assert times > 1 or process.returncode == INTERRUPTED
    assert "Traceback" not in err
