"""Threads that share one loop over blocks without numba's parallel loops.

A kernel is compiled serially, takes no interpreter lock and is entered by several Python threads at once. The threads
claim blocks from a shared counter, so that a thread the machine holds up costs one block and no more; a second counter
says how many blocks are done. Which thread runs a block leaves no trace: what blocks add up is stored by block and
summed in order by the caller.

Costs: about 30 microseconds to wake a thread; the calling thread starts at once.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeAlias

import numpy as np
from llvmlite import ir

from qtoolkit_kernels._jit import cgutils, intrinsic, njit, types
from qtoolkit_kernels._types import Integers

__all__ = [
    "COUNTER",
    "Team",
    "add_to_counter",
    "claim_block",
    "counters",
    "finish_block",
    "read_counter",
    "wait_for_blocks",
    "wait_for_counter",
]

_Tasks: TypeAlias = "SimpleQueue[tuple[Callable[..., None], tuple[Any, ...]] | None]"

COUNTER = 16
"""Counters stand this many int64 apart: two cache lines, which processors fetch in pairs."""

SPINS = 2000
"""Looks at a counter before the waiting thread offers its core to others."""


def counters(count: int) -> Integers:
    """Counters at zero, int64 of shape ``(count, COUNTER)``; each lives in column 0 of its row."""
    return np.zeros((count, COUNTER), np.int64)


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


class Team:
    """The calling thread and helpers that enter a kernel with it.

    The helpers are started once, wait for work and end with the team. A kernel that a team runs must be done when the
    *caller's* call returns, with the help of counters; a helper may come late and must then find nothing left to do.

    Args:
        num_threads: at least 1, the caller included.
    """

    def __init__(self, num_threads: int) -> None:
        self.num_threads = num_threads
        self._tasks: _Tasks = SimpleQueue()
        self._busy = threading.Lock()
        self._process = 0

    def run(self, kernel: Callable[..., None], *arguments: Any, num_threads: int | None = None) -> None:
        """Enter ``kernel(*arguments, thread)`` on every thread; thread 0 is the caller's.

        A second Python thread that comes while the team is at work runs its kernel alone.

        Args:
            kernel: compiled, without the interpreter lock.
            *arguments: shared by all threads.
            num_threads: fewer threads than the team has.
        """
        helpers = (self.num_threads if num_threads is None else min(num_threads, self.num_threads)) - 1
        if helpers < 1:
            kernel(*arguments, 0)
            return
        if self._process != os.getpid():
            self._start()
        if not self._busy.acquire(blocking=False):
            kernel(*arguments, 0)
            return
        try:
            for thread in range(1, helpers + 1):
                self._tasks.put((kernel, (*arguments, thread)))
            kernel(*arguments, 0)
        finally:
            self._busy.release()

    def _start(self) -> None:
        # After a fork the child has none of its parent's threads, and a lock that may never be released.
        self._process = os.getpid()
        self._busy = threading.Lock()
        self._tasks = SimpleQueue()
        helpers = self.num_threads - 1
        for _ in range(helpers):
            threading.Thread(target=_serve, args=(self._tasks,), name="qtoolkit", daemon=True).start()
        weakref.finalize(self, _dismiss, self._tasks, helpers).atexit = False


def _serve(tasks: _Tasks) -> None:
    while (task := tasks.get()) is not None:
        kernel, arguments = task
        kernel(*arguments)
        # A waiting thread would keep the arrays of its last task alive.
        del task, kernel, arguments


def _dismiss(tasks: _Tasks, helpers: int) -> None:
    for _ in range(helpers):
        tasks.put(None)
