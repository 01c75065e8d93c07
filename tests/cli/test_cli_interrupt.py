"""Ctrl-C while `qtoolkit run` computes: one press ends it at once, a second one says nothing more."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import numpy as np
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


SEARCH = """
import os, signal, sys, threading
signal.signal(signal.SIGINT, signal.default_int_handler)
from qtoolkit.algorithms.quadratic import milp
run = milp._run
interrupted = threading.Event()

def interrupt():
    interrupted.set()
    print("interrupting", file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGINT)

def run_and_tell(model):
    # The first search that takes so long: others end sooner on a fast machine.
    print("searching", file=sys.stderr, flush=True)
    timer = threading.Timer(0.05, interrupt)
    if not interrupted.is_set():
        timer.start()
    try:
        return run(model)
    finally:
        timer.cancel()

milp._run = run_and_tell
from qtoolkit.cli import main
sys.exit(main())
"""


@pytest.mark.slow
@pytest.mark.parametrize("command", ["frontier", "portfolio"])
def test_ctrl_c_while_scip_searches(command: str, tmp_path) -> None:
    """Both have more to do after the search, which is one of several."""
    pytest.importorskip("pyscipopt")
    rng = np.random.default_rng(0)
    common = rng.normal(size=(150, 6)) @ rng.normal(size=(6, 100))
    prices = np.cumprod(1.0 + 0.004 * common + 0.01 * rng.normal(size=(150, 100)), axis=0)
    days = np.datetime64("2020-01-01") + np.arange(150)
    lines = [",".join(["date", *(f"A{k}" for k in range(100))])]
    lines += [",".join([str(day), *map(repr, row)]) for day, row in zip(days, prices.tolist(), strict=True)]
    (tmp_path / "prices.csv").write_text("\n".join(lines))
    options = ["--assets", "12", "--min-weight", "0.04", "--json"]
    options += ["--risk-aversion", "3", "--solver", "luck", "--seed", "1"] if command == "portfolio" else []
    process = subprocess.Popen(
        [sys.executable, "-c", SEARCH, command, str(tmp_path / "prices.csv"), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    out, err = process.communicate(timeout=120)
    assert process.returncode == INTERRUPTED, err
    assert "Traceback" not in err
    assert "searching" not in err.partition("interrupting")[2]
    assert out == ""
