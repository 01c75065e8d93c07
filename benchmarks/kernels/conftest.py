"""Collects the best time of each kernel and of its twin, and prints their ratios at the end of the run."""

import os

# The twins run on one thread as the kernels do; this must be set before NumPy loads its BLAS.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")

import pytest

GOAL = 1.0
"""A kernel slower than its NumPy twin has no reason to exist."""

_TIMES = pytest.StashKey[dict[str, dict[str, float]]]()


class Times:
    """Best times in seconds by case and implementation."""

    def __init__(self, config: pytest.Config) -> None:
        self._seconds = config.stash.setdefault(_TIMES, {})

    def record(self, case: str, implementation: str, seconds: float) -> None:
        self._seconds.setdefault(case, {})[implementation] = seconds


@pytest.fixture(scope="session")
def times(pytestconfig: pytest.Config) -> Times:
    return Times(pytestconfig)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print reference time over numba time for every case that was measured on both sides."""
    rows = [(case, s["numba"], s["reference"]) for case, s in config.stash.get(_TIMES, {}).items() if len(s) == 2]
    if not rows:
        return
    qubits = config.getoption("--qubits")
    terminalreporter.section(f"numba kernels against NumPy twins, {qubits} qubits, goal: ratio above {GOAL:g}")
    terminalreporter.write_line(f"{'kernel':<34} {'numba':>10} {'reference':>10} {'ratio':>8}   amplitudes/s")
    for case, numba_seconds, reference_seconds in rows:
        ratio = reference_seconds / numba_seconds
        terminalreporter.write_line(
            f"{case:<34} {1e3 * numba_seconds:>7.3f} ms {1e3 * reference_seconds:>7.2f} ms {ratio:>8.1f}   "
            f"{2**qubits / numba_seconds / 1e9:6.2f}e9{'' if ratio > GOAL else '   GOAL MISSED'}"
        )
