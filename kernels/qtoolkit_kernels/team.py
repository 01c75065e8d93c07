"""Threads that enter a kernel together, and how what they compute ends before its time.

Python runs the handlers of signals in the main thread alone, and only between two of its instructions. A long kernel is
therefore never run by the main thread: another thread stands in for it while it waits, where a signal finds it. If the
handler raises, as it does for Ctrl-C, the counters of the kernel are stopped (`threads.stop`), the threads leave after
the blocks they are at, and the exception goes on. In other threads a `Stop` does the same.

Costs: about 30 microseconds to wake a thread. A calling thread that takes part starts at once.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias

import numpy as np

from qtoolkit_kernels import threads
from qtoolkit_kernels._jit import Kernel, entry_of

__all__ = ["Stop", "StoppedError", "Team", "check_stop"]

LOOK_AFTER = 0.2
"""Seconds of waiting after which signals are looked for where the system does not interrupt a wait for them."""

LEAVE_AFTER = 0.001
"""Seconds between two looks whether all threads have left a stopped kernel."""


class StoppedError(Exception):
    """What a computation ends with when its `Stop` is set."""


class Stop:
    """Ends what one thread computes: a long kernel at its next block, else at the next `check_stop`."""

    def __init__(self) -> None:
        self.is_set = False
        self._call: _Call | None = None

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Have this thread end inside the block if the stop is set."""
        before, _own.stop = _own.stop, self
        try:
            yield
        finally:
            _own.stop = before

    def set(self) -> None:
        """End what is computed now, and what is begun later."""
        self.is_set = True
        call = self._call
        if call is not None:
            call.stop()

    def watch(self, call: _Call | None) -> None:
        """Have `set` stop a call, and raise `StoppedError` if it has been called."""
        # In this order: a stop that has not seen the call is seen here.
        self._call = call
        self.check()

    def check(self) -> None:
        """Raise `StoppedError` if the stop is set."""
        if self.is_set:
            raise StoppedError("stopped, as was asked for; the circuit may be run again")


class _Own(threading.local):
    """What belongs to each thread.

    Attributes:
        stop: ends what the thread computes, if anybody wants to.
        call: that it has begun and not ended.
    """

    stop: Stop | None = None
    call: _Call | None = None


_own = _Own()


def check_stop() -> None:
    """End the calling thread's computation here if its `Stop` is set.

    Raises:
        StoppedError: if it is.
    """
    if _own.stop is not None:
        _own.stop.check()


class _Call:
    """One call of a kernel by several threads.

    Args:
        kernel: takes the arguments and the number of the thread.
        arguments: shared by all threads, the counters last.

    Attributes:
        abandoned: whether it ends before its time.
        is_waited_for: whether the main thread waits for it, and may begin others in handlers of signals.
    """

    def __init__(self, kernel: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        if isinstance(kernel, partial):
            arguments = kernel.args + arguments
            kernel = kernel.func
        self._kernel = kernel
        self._arguments = arguments
        self._inside: set[int] = set()
        self.abandoned = False
        self._bell: SimpleQueue[None] | None = None
        self.is_waited_for = False
        self._error: BaseException | None = None

    def compile(self) -> None:
        """Have the machine code there, so that no helper has to see to that."""
        entry_of(self._kernel, *self._arguments, 0)

    def enter(self, thread: int) -> None:
        """Run the kernel; if it fails all threads leave it, and `check` raises what went wrong."""
        self._try(self._kernel, thread)

    def help(self, thread: int) -> None:
        """Run the kernel on a helper, unless the call has been abandoned before."""
        kernel = self._kernel
        self._inside.add(thread)
        if not self.abandoned:
            # Who waits for a helper must not wait for a compiler, which knows of no counters.
            self._try(kernel.call_compiled if thread and isinstance(kernel, Kernel) else kernel, thread)
        self._inside.discard(thread)
        if self._bell is not None and thread == 0:
            self._bell.put(None)

    def _try(self, kernel: Callable[..., None], thread: int) -> None:
        try:
            kernel(*self._arguments, thread)
        except BaseException as error:
            self._error = error
            self.stop()

    def enter_by(self, helpers: _Helpers) -> None:
        """Have a helper be thread 0, and wait for it, ready for signals."""
        bell = self._bell = SimpleQueue()
        self.is_waited_for = True
        try:
            helpers.send(self, 0)
            while True:
                with suppress(Empty):
                    bell.get(timeout=LOOK_AFTER)
                    return
        finally:
            self.is_waited_for = False

    def stop(self) -> None:
        """Have all threads leave."""
        if self._arguments and isinstance(self._arguments[-1], np.ndarray):
            threads.stop(self._arguments[-1])

    def abandon(self) -> None:
        """Have all threads leave, and wait for that: the memory may then serve others."""
        while True:
            try:
                self.abandoned = True
                self.stop()
                while self._inside:
                    time.sleep(LEAVE_AFTER)
                return
            except BaseException:
                # From the handler of another signal. An exception is on its way already.
                continue

    def check(self) -> None:
        """Raise the error of a thread that failed."""
        if self._error is not None:
            raise self._error


_Tasks: TypeAlias = "SimpleQueue[tuple[_Call, int] | None]"

_starting = threading.Lock()
"""Held by who starts helpers."""


class _Helpers:
    """Threads that wait for calls to enter; they are started when first needed and end with their owner.

    Args:
        count: how many, as far as the system lets them start.

    Attributes:
        user: the call that all helpers are there for, under the one key True.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._started = 0
        self._process = 0
        self._tasks: _Tasks = SimpleQueue()
        self.user: dict[bool, _Call] = {}

    def prepare(self) -> int:
        """Start the helpers if they are not there, and return how many are."""
        if self._process != os.getpid() or self._started < self._count:
            with _starting:
                self._start()
        return self._started

    def send(self, call: _Call, thread: int) -> None:
        """Have a helper enter a call."""
        self._tasks.put((call, thread))

    def reserve(self, call: _Call) -> bool:
        """Keep the helpers for a call; False if another one has them."""
        # In one step, which no other thread and no signal divides from knowing that it was done.
        user = self.user.setdefault(True, call)
        if user.abandoned and user is not call:
            self.release(user)
            user = self.user.setdefault(True, call)
        return user is call

    def release(self, call: _Call) -> None:
        """Let the next call have the helpers, if it was this one that they were kept for."""
        if self.user.get(True) is call:
            self.user.pop(True, None)

    def _start(self) -> None:
        if self._process != os.getpid():
            # After a fork the child has none of its parent's threads, nor the call that they were at.
            self.user = {}
            self._tasks = SimpleQueue()
            self._started = 0
            self._process = os.getpid()
        while self._started < self._count:
            thread = threading.Thread(target=_serve, args=(self._tasks,), name="qtoolkit", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                # The system has no more threads to give; the others do the work.
                return
            self._started += 1
            weakref.finalize(self, self._tasks.put, None).atexit = False


def _serve(tasks: _Tasks) -> None:
    while (task := tasks.get()) is not None:
        call, thread = task
        call.help(thread)
        # A waiting thread would keep the arrays of its last task alive.
        del task, call


_stand_in = _Helpers(1)
"""Enters long kernels in place of the main thread."""


class Team:
    """The calling thread and helpers that enter a kernel with it.

    The helpers are started once, wait for work and end with the team. A kernel that a team runs must be done when
    thread 0 returns, with the help of counters; a helper may come late and must then find nothing left to do, and touch
    nothing before.

    Args:
        num_threads: at least 1, the caller included.
    """

    def __init__(self, num_threads: int) -> None:
        self.num_threads = num_threads
        self._helpers = _Helpers(num_threads - 1)

    def run(
        self, kernel: Callable[..., None], *arguments: Any, num_threads: int | None = None, long: bool = False
    ) -> None:
        """Enter ``kernel(*arguments, thread)`` on every thread; thread 0 is the caller's.

        A second Python thread that comes while the team is at work runs its kernel alone. If a thread fails, all leave
        the kernel, and its error is raised here.

        Args:
            kernel: compiled, without the interpreter lock.
            *arguments: shared by all threads; the last one are the counters (`threads.counters`).
            num_threads: fewer threads than the team has.
            long: whether it may take more than some tenths of a second, so that signals and the thread's `Stop` must
                end it. On the main thread, another thread enters in its place.

        Raises:
            StoppedError: if the calling thread's `Stop` is set; of long kernels only.
        """
        wanted = (self.num_threads if num_threads is None else min(num_threads, self.num_threads)) - 1
        if wanted < 1 and not long:
            kernel(*arguments, 0)
            return
        helpers = self._helpers
        outer = _own.call
        if outer is not None and not outer.is_waited_for:
            # A signal came while the one before was being answered.
            outer.abandon()
            outer = None
        call = _own.call = _Call(kernel, arguments)
        try:
            if long:
                call.compile()
            there = min(wanted, helpers.prepare()) if wanted > 0 else 0
            if there > 0 and helpers.reserve(call):
                for thread in range(1, there + 1):
                    helpers.send(call, thread)
            if long:
                _enter_long(call)
            else:
                call.enter(0)
            call.check()
        except BaseException:
            call.abandon()
            _own.call = outer
            raise
        finally:
            helpers.release(call)
        _own.call = outer


def _enter_long(call: _Call) -> None:
    """Have thread 0 enter a call such that it can be stopped."""
    stop = _own.stop
    if stop is not None:
        stop.watch(call)
    if threading.get_ident() == threading.main_thread().ident and _stand_in.prepare():
        call.enter_by(_stand_in)
    else:
        call.enter(0)
    if stop is not None:
        stop.watch(None)


def _renew_lock() -> None:
    global _starting
    _starting = threading.Lock()


if hasattr(os, "register_at_fork"):
    # A thread that starts helpers while another one forks is not there to let go of its lock.
    os.register_at_fork(after_in_child=_renew_lock)
