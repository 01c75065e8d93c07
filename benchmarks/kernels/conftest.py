"""Collects the best time of each kernel and of its twin, and prints their ratios at the end of the run."""

import os
from dataclasses import dataclass

# The twins run on one thread as the kernels do; this must be set before NumPy loads its BLAS.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")

import pytest

GOAL = 1.0
"""A kernel slower than its NumPy twin has no reason to exist."""

_TIMES = pytest.StashKey[dict[str, dict[str, float]]]()
_ROW_TIMES = pytest.StashKey[dict[str, "_RowTimes"]]()


class Times:
    """Best times in seconds by case and implementation."""

    def __init__(self, config: pytest.Config) -> None:
        self._seconds = config.stash.setdefault(_TIMES, {})

    def record(self, case: str, implementation: str, seconds: float) -> None:
        self._seconds.setdefault(case, {})[implementation] = seconds


@dataclass
class _RowTimes:
    """Best seconds of an operation on a block and of its twin, and its documented cost."""

    precision: str = ""
    size: int = 0
    flops: float = 0.0
    passes: float = 0.0
    numba: float = 0.0
    reference: float = 0.0


class RowTimes:
    """Best times of operations on a block."""

    def __init__(self, config: pytest.Config) -> None:
        self._cases = config.stash.setdefault(_ROW_TIMES, {})

    def record(self, case: str, implementation: str, seconds: float) -> None:
        setattr(self._cases.setdefault(case, _RowTimes()), implementation, seconds)

    def describe(self, case: str, precision: str, size: int, flops: float, passes: float) -> None:
        times = self._cases[case]
        times.precision, times.size, times.flops, times.passes = precision, size, flops, passes


@pytest.fixture(scope="session")
def row_times(pytestconfig: pytest.Config) -> RowTimes:
    return RowTimes(pytestconfig)


@pytest.fixture(scope="session")
def times(pytestconfig: pytest.Config) -> Times:
    return Times(pytestconfig)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what was measured on both sides."""
    _write_kernels(terminalreporter, config)
    _write_rows(terminalreporter, config)


def _write_rows(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print rates of operations on a block, and the time that the documented cost takes over the time taken."""
    cases = {case: t for case, t in config.stash.get(_ROW_TIMES, {}).items() if t.numba and t.reference}
    if not cases:
        return
    from limits import arithmetic_rate, memory_rate

    size = max(times.size for times in cases.values())
    terminalreporter.section(f"operations on a block of up to {size} amplitudes, one thread, against NumPy twins")
    terminalreporter.write_line(
        f"{'operation':<38} {'numba':>10} {'ratio':>7} {'amplitudes/s':>13} {'GFLOP/s':>8} {'of its cost':>12}"
    )
    for case, times in cases.items():
        amplitude_bytes = 16 if times.precision == "double" else 8
        rate = times.size / times.numba
        by_flops = times.flops / arithmetic_rate(times.precision)
        by_bytes = 2 * amplitude_bytes * times.passes / memory_rate(times.size * amplitude_bytes)
        share = max(by_flops, by_bytes) * rate
        limit = "flops" if by_flops > by_bytes else "passes"
        terminalreporter.write_line(
            f"{case:<38} {1e6 * times.numba:>7.2f} µs {times.reference / times.numba:>7.0f} {rate / 1e9:>11.2f}e9 "
            f"{times.flops * rate / 1e9:>8.1f} {100 * share:>5.0f} % {limit}"
        )


def _write_kernels(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print reference time over numba time for every kernel."""
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
