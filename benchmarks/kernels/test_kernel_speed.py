"""Each kernel beside its NumPy twin: they agree first, then both are timed on the same arrays."""

from typing import Any

import numpy as np
import pytest
from kernel_calls import NAMES, Call, Scene, build_calls

TOLERANCE = {np.complex128: 1e-11, np.complex64: 1e-4}


def _assert_agreement(call: Call, dtype: type[Any]) -> None:
    """Run both on copies and compare what they return and what they wrote."""
    ours, theirs = call.copied_arguments(), call.copied_arguments()
    results = [*ours, call.compiled(*ours, *call.work)], [*theirs, call.twin(*theirs)]
    for actual, expected in zip(*results, strict=True):
        if isinstance(expected, np.ndarray | float | complex):
            scale = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
            np.testing.assert_allclose(actual, expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype] * scale)


@pytest.mark.parametrize("implementation", ["numba", "reference"])
@pytest.mark.parametrize("dtype", [np.complex128, np.complex64], ids=["double", "single"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.benchmark(max_time=0.15, min_rounds=3, warmup=False)
def test_kernel_speed(
    name: str, dtype: type[Any], implementation: str, benchmark: Any, times: Any, request: Any
) -> None:
    call = build_calls(Scene(request.config.getoption("--qubits"), dtype))[name]()
    case = f"{name}, {'double' if dtype is np.complex128 else 'single'}"
    benchmark.group = case
    arguments = call.copied_arguments()
    if implementation == "numba":
        _assert_agreement(call, dtype)
        benchmark(call.compiled, *arguments, *call.work)
    else:
        benchmark(call.twin, *arguments)
    if benchmark.stats is not None:
        times.record(case, implementation, benchmark.stats.stats.min)
