"""Every public kernel has a twin with its name, and both the equality test and the benchmarks know it."""

import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import qtoolkit_kernels

ROOT = Path(__file__).parents[2]
FOLDER = Path(qtoolkit_kernels.__file__).parent
NOT_KERNELS = {"threads"}
MODULES = sorted({path.stem for path in FOLDER.glob("[!_]*.py")} - NOT_KERNELS)


def _functions(module: ModuleType) -> set[str]:
    """Public functions and kernels that a module defines itself."""
    return {
        name
        for name, value in vars(module).items()
        if callable(value) and not name.startswith("_") and getattr(value, "__module__", "") == module.__name__
    }


@pytest.mark.parametrize("name", MODULES)
def test_twins_have_the_names_of_the_kernels(name: str) -> None:
    kernels = _functions(import_module(f"qtoolkit_kernels.{name}"))
    twins = _functions(import_module(f"qtoolkit_kernels.reference.{name}"))
    assert kernels
    assert kernels == twins - {"apply_pauli"}


@pytest.mark.parametrize("name", MODULES)
def test_tests_and_benchmarks_call_every_kernel(name: str) -> None:
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_kernel*.py"))
    benchmarks = (ROOT / "benchmarks/kernels/kernel_calls.py").read_text()
    for kernel in _functions(import_module(f"qtoolkit_kernels.{name}")):
        assert re.search(rf"\b{name}\.{kernel}\b", tests), kernel
        assert re.search(rf"\b{name}\.{kernel}\b", benchmarks), kernel


def test_benchmarks_run() -> None:
    command = [sys.executable, "-m", "pytest", "benchmarks/kernels", "--benchmark-disable", "--qubits=8", "-q"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, env=environment)
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r"\d+ passed", result.stdout)
