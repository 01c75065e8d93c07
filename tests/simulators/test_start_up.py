"""A process that finds its kernels on disk starts at once, and without the compiler."""

import json
import os
import subprocess
import sys

import pytest

from qtoolkit import Circuit, StatevectorSimulator
from qtoolkit.compiler import plans
from qtoolkit.simulators import engine

CODE = """
import json, sys, time
import numpy
numpy_seconds = time.process_time()
from qtoolkit import Circuit, PauliSum, StatevectorSimulator

{first}
simulator = StatevectorSimulator({precision!r})
circuit = Circuit(3).h(0).cx(0, 1).rz(0.3, 2).rx(0.2, 2).cz(1, 2)
state = simulator.state_vector(circuit)
seconds = time.process_time()
simulator.run(circuit.measure_all(), shots=10, seed=1)
simulator.expectation_value(circuit.without_final_measurements(), PauliSum.from_list([("ZZI", 1.0)]))
found = {{"seconds": seconds, "numpy_seconds": numpy_seconds, "numba": "numba" in sys.modules}}
print(json.dumps(found | {{"norm": float(abs(state @ state.conj()))}}))
"""
MOST = 4
"""Times what Python and NumPy take to start, until there is the first state vector; half of that has been seen."""


WAITING = "from qtoolkit_kernels._jit import waiting_for_compiler; waits = waiting_for_compiler(); waits.__enter__()"
"""For a first process, which compiles what it would interpret."""


def report(precision, first=""):
    command = [sys.executable, "-c", CODE.format(precision=precision, first=first)]
    # Modules are compiled to bytecode once, as where they are installed.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)


@pytest.mark.parametrize("precision", ["double", "single"])
def test_later_processes(precision):
    """Of processor time, which counts what a busy machine cannot stretch, beside what NumPy alone takes."""
    report(precision, WAITING)
    later = [report(precision) for _ in range(3)]
    assert [run["numba"] for run in later] == [False] * 3
    assert [run["norm"] for run in later] == pytest.approx([1.0] * 3, abs=1e-6)
    assert min(run["seconds"] / run["numpy_seconds"] for run in later) < MOST


@pytest.mark.parametrize(("cores", "ordered"), [(1, 0), (2, 1)])
def test_a_second_process_compiles_only_on_a_second_core(monkeypatch, cores, ordered):
    orders = []
    monkeypatch.setattr(engine, "_foreseen", set())
    monkeypatch.setattr(engine, "num_cores", lambda: cores)
    monkeypatch.setattr(engine, "compile_ahead", lambda *arguments: orders.append(arguments))
    circuit = Circuit(3).h(0).cx(0, 1).rx(0.2, 2)
    plans.forget()
    for _ in range(2):
        StatevectorSimulator().state_vector(StatevectorSimulator().compile(circuit))
    assert len(orders) == ordered
