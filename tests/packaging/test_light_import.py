"""Importing the package, and using its core, must not load what only some users need."""

import subprocess
import sys

import pytest

VENDORS = {
    "azure",
    "boto3",
    "botocore",
    "braket",
    "cirq",
    "cirq_google",
    "cirq_ionq",
    "cqlib",
    "pyqpanda3",
    "pytket",
    "qiskit",
    "qiskit_aer",
    "qiskit_ibm_runtime",
    "qiskit_ionq",
    "qiskit_nature",
    "qnexus",
}
APPLICATIONS = {
    "highspy",
    "matplotlib",
    "openfermion",
    "pandas",
    "pymatching",
    "pyscf",
    "pyscipopt",
    "skfolio",
    "sklearn",
    "stim",
    "sympy",
}
SLOW_TO_LOAD = {"llvmlite", "numba", "rich", "scipy", "typer"}

BELL = """
from qtoolkit import Circuit, StatevectorSimulator

StatevectorSimulator().run(Circuit(2).h(0).cx(0, 1).measure_all(), shots=10, seed=1)
"""
OPERATORS = """
from qtoolkit import PauliSum

PauliSum.from_list([("ZZI", 0.5), ("IXX", 0.25)])
"""


def modules_loaded_by(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after running `code`."""
    report = "import sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_import_loads_no_vendor_and_nothing_slow():
    loaded = modules_loaded_by("import qtoolkit")
    assert "qtoolkit" in loaded
    assert loaded & (VENDORS | APPLICATIONS | SLOW_TO_LOAD) == set()


@pytest.mark.parametrize("code", [BELL, OPERATORS], ids=["simulator", "operators"])
def test_the_core_loads_no_vendor(code):
    loaded = modules_loaded_by(code)
    assert "numpy" in loaded
    assert loaded & (VENDORS | APPLICATIONS) == set()


def test_the_command_line_answers_its_version_without_loading_a_vendor():
    code = """
import sys
from qtoolkit.cli import main

sys.argv = ["qtoolkit", "--version"]
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
"""
    assert modules_loaded_by(code) & (VENDORS | APPLICATIONS) == set()
