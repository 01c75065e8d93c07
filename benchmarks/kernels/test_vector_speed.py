"""Each operation of the block program on a block in a cache, beside its NumPy twin; they agree first."""

from typing import Any

import numpy as np
import pytest
from vector_calls import REPEATS, ROW_NAMES, Block, build_row_calls

TOLERANCE = {np.float64: 1e-13, np.float32: 1e-4}


@pytest.mark.parametrize("implementation", ["numba", "reference"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["double", "single"])
@pytest.mark.parametrize("name", ROW_NAMES)
@pytest.mark.benchmark(max_time=0.15, min_rounds=3, warmup=False)
def test_row_speed(name: str, dtype: Any, implementation: str, benchmark: Any, row_times: Any, request: Any) -> None:
    block = Block(request.config.getoption("--qubits"), dtype)
    call = build_row_calls(block)[name]()
    run, run_twin, difference = block.prepare(call)
    precision = "double" if dtype is np.float64 else "single"
    benchmark.group = case = f"{name}, {precision}"
    if implementation == "numba":
        assert difference() < TOLERANCE[dtype]
        benchmark(run)
    else:
        benchmark(run_twin)
    if benchmark.stats is not None:
        runs = REPEATS if implementation == "numba" else 1
        row_times.record(case, implementation, benchmark.stats.stats.min / runs)
        row_times.describe(case, precision, block.size, call.flops, call.passes)
