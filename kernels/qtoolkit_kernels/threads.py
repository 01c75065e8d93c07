"""Counters by which threads share one loop over blocks, without numba's parallel loops.

A kernel is compiled serially, takes no interpreter lock and is entered by several Python threads at once (see `team`).
The threads claim blocks from a shared counter, so that a thread the machine holds up costs one block and no more; a
second counter says how many blocks are done. Which thread runs a block leaves no trace: what blocks add up is stored by
block and summed in order by the caller.

`stop` sets all counters beyond every number of blocks: who is inside finishes its block and leaves, and nobody waits.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from llvmlite import ir

from qtoolkit_kernels._jit import cgutils, intrinsic, njit, types
from qtoolkit_kernels._types import Integers

__all__ = [
    "COUNTER",
    "add_to_counter",
    "claim_block",
    "counters",
    "finish_block",
    "is_stopped",
    "read_counter",
    "stop",
    "wait_for_blocks",
    "wait_for_counter",
]

COUNTER = 16
"""Counters stand this many int64 apart: two cache lines, which processors fetch in pairs."""

SPINS = 2000
"""Looks at a counter before the waiting thread offers its core to others."""

STOPPED = 1 << 40
"""More than there are blocks."""


def counters(count: int) -> Integers:
    """Counters at zero, int64 of shape ``(count, COUNTER)``; each lives in column 0 of its row."""
    return np.zeros((count, COUNTER), np.int64)


def stop(array: Integers) -> None:
    """Have every kernel that uses these counters leave after the block it is at; what it wrote is worth nothing."""
    array[:, 0] = STOPPED


def _place(context: Any, builder: ir.IRBuilder, array_type: Any, array: ir.Value, row: ir.Value) -> ir.Value:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(data, [builder.mul(row, ir.Constant(row.type, COUNTER))], inbounds=True)


@intrinsic
def add_to_counter(_context: Any, array: Any, row: Any, value: Any) -> Any:
    """Add to a counter and return what it was, in one step that no other thread divides."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        place = _place(context, builder, signature.args[0], arguments[0], arguments[1])
        return builder.atomic_rmw("add", place, arguments[2], "seq_cst")

    return types.int64(array, types.int64, types.int64), codegen


@intrinsic
def read_counter(_context: Any, array: Any, row: Any) -> Any:
    """What a counter holds; everything written before it was changed is visible after."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        place = _place(context, builder, signature.args[0], arguments[0], arguments[1])
        return builder.load_atomic(place, "seq_cst", 8)

    return types.int64(array, types.int64), codegen


@intrinsic
def _offer_core(_context: Any) -> Any:
    """Let another thread have this core, where the system knows such a call."""

    def codegen(context: Any, builder: ir.IRBuilder, _signature: Any, _arguments: Any) -> ir.Value:
        if os.name == "posix":
            call = ir.FunctionType(ir.IntType(32), [])
            builder.call(cgutils.get_or_insert_function(builder.module, call, "sched_yield"), [])
        return context.get_dummy_value()

    return types.void(), codegen


@njit
def wait_for_counter(array: Integers, row: int, value: int) -> None:
    """Wait until a counter has reached a value."""
    spins = 0
    while read_counter(array, row) < value:
        spins += 1
        if spins > SPINS:
            _offer_core()


@njit
def is_stopped(array: Integers, row: int) -> bool:
    """Whether `stop` was called, for long blocks; `row` is any counter."""
    stopped: bool = read_counter(array, row) >= STOPPED
    return stopped


@njit
def claim_block(turns: Integers) -> int:
    """The next block that no thread has taken; `turns` are the two counters of one loop."""
    block: int = add_to_counter(turns, 0, 1)
    return block


@njit
def finish_block(turns: Integers) -> None:
    """Count a claimed block as done."""
    add_to_counter(turns, 1, 1)


@njit
def wait_for_blocks(turns: Integers, count: int) -> None:
    """Wait until all `count` blocks are done, whoever does them."""
    wait_for_counter(turns, 1, count)
