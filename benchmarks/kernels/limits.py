"""What one core reaches with full registers: multiply-adds, and reading and writing memory in place."""

import functools
import timeit
from typing import Any

import numpy as np
from llvmlite import ir

from qtoolkit.simulators.memory import aligned_empty
from qtoolkit_kernels._jit import intrinsic, njit, types
from qtoolkit_kernels._types import Reals
from qtoolkit_kernels.vector.lanes import Emitter, Lanes, native_vector_bytes
from qtoolkit_kernels.vector.tiles import lanes_of

__all__ = ["arithmetic_rate", "memory_rate"]

CHAINS, LENGTH = 12, 32
"""Independent sums, so that none waits for the one before it, and additions to each."""

UNROLLED = 4


@intrinsic
def _multiply_add(_context: Any, array: Any, lanes: Any) -> Any:
    """Chains of multiply-adds on the first registers of an array."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        data, first = e.data(signature.args[0], arguments[0]), ir.Constant(ir.IntType(64), 0)
        values = [e.load(data, first, k * e.lanes) for k in range(CHAINS)]
        small = e.load(data, first, CHAINS * e.lanes)
        for _ in range(LENGTH):
            values = [e.fma(small, value, value) for value in values]
        for k, value in enumerate(values):
            e.store(value, data, first, k * e.lanes)
        return e.done()

    return types.void(array, lanes), codegen


@intrinsic
def _negate(_context: Any, array: Any, lanes: Any, place: Any) -> Any:
    """Change the signs of some registers in a row."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        data = e.data(signature.args[0], arguments[0])
        for k in range(UNROLLED):
            value = e.load(data, arguments[2], k * e.lanes)
            e.store(builder.fneg(value), data, arguments[2], k * e.lanes)
        return e.done()

    return types.void(array, lanes, place), codegen


@njit
def _run_multiply_adds(array: Reals, lanes: Lanes, count: int) -> None:
    for _ in range(count):
        _multiply_add(array, lanes)


@njit
def _run_passes(array: Reals, lanes: Lanes, count: int) -> None:
    step = UNROLLED * lanes_of(array, lanes)
    for _ in range(count):
        for place in range(0, array.size, step):
            _negate(array, lanes, place)


def _seconds(kernel: Any, array: Reals, count: int) -> float:
    marker = Lanes(native_vector_bytes())
    kernel(array, marker, 1)
    return min(timeit.repeat(lambda: kernel(array, marker, count), number=1, repeat=50))


@functools.cache
def arithmetic_rate(precision: str) -> float:
    """Flops per second, two for each fused multiply-add."""
    dtype = np.float64 if precision == "double" else np.float32
    lanes = native_vector_bytes() // np.dtype(dtype).itemsize
    array = aligned_empty((CHAINS + 1) * lanes, dtype)
    array[:] = 1e-9
    return 2.0 * lanes * CHAINS * LENGTH * 1000 / _seconds(_run_multiply_adds, array, 1000)


@functools.cache
def memory_rate(num_bytes: int) -> float:
    """Bytes read and written per second, in place, on so much memory."""
    array = aligned_empty(num_bytes // 8, np.float64)
    array[:] = 1.0
    count = max(1, (1 << 23) // num_bytes)
    return 2.0 * num_bytes * count / _seconds(_run_passes, array, count)
