"""Makes the benchmarks' package `peers` importable, and small tasks for its tests."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))


@pytest.fixture(scope="session")
def small_tasks():
    """Every question and circuit at 4 qubits, by case; few shots."""
    from dataclasses import replace

    from peers.circuits import CIRCUITS
    from peers.tasks import Case, build_task

    cases = [Case("state", name, 4, "double") for name in CIRCUITS]
    cases += [Case("expectation", name, 4, "double") for name in ("ising", "labs")]
    cases += [Case("gradient", "ansatz", 4, "double"), Case("samples", "ansatz", 4, "double")]
    return {case: replace(task, shots=min(task.shots, 20_000)) for case in cases for task in [build_task(case)]}
