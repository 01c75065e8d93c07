"""A thread that makes one call after another, such as simulations, and whose calls can be stopped.

Executors of `concurrent.futures` make a process that ends first do all that was ever submitted. Nobody is left then to
ask for the results, so a worker's calls end with the process: those in the queue at once, the one that runs at its next
block.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeAlias

from qtoolkit_kernels.team import Stop, StoppedError

__all__ = ["Run", "Worker", "abandon"]

PATIENCE = 1.0
"""Seconds that a process which ends gives running calls to notice it."""


class Run(Future[Any]):
    """A call on a worker.

    Args:
        call: takes no arguments.
    """

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__()
        self._call: Callable[[], Any] | None = call
        self._stop = Stop()

    def start(self) -> None:
        """Make the call, in this thread."""
        call, self._call = self._call, None
        if call is None or not self.set_running_or_notify_cancel():
            return
        try:
            with self._stop.watched():
                result = call()
        except StoppedError:
            self.set_exception(CancelledError())
        except BaseException as error:
            self.set_exception(error)
        else:
            self.set_result(result)

    def stop(self) -> None:
        """Cancel the call if it has not started, else end it at its next block; its result is a `CancelledError`."""
        if not self.cancel():
            self._stop.set()


_Tasks: TypeAlias = "SimpleQueue[Run | None]"

_runs: set[Run] = set()
"""Calls of this process that have not ended."""

_threads: weakref.WeakKeyDictionary[threading.Thread, _Tasks] = weakref.WeakKeyDictionary()
"""Those of all workers, and where each finds its calls."""


class Worker(Executor):
    """Makes calls in a thread of its own, one by one, in the order of submission.

    The thread starts with the first call and ends after the last one when the worker is gone.

    Args:
        name: of the thread.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._process = 0
        self._tasks: _Tasks = SimpleQueue()

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Run:
        """Put a call into the queue."""
        run = Run(partial(function, *arguments, **named))
        if self._process != os.getpid():
            self._start()
        _runs.add(run)
        run.add_done_callback(_runs.discard)
        self._tasks.put(run)
        return run

    def _start(self) -> None:
        with self._lock:
            if self._process == os.getpid():
                return
            # After a fork the child has the queue, but not the thread.
            self._tasks = SimpleQueue()
            thread = threading.Thread(target=_serve, args=(self._tasks,), name=self._name, daemon=True)
            thread.start()
            _threads[thread] = self._tasks
            weakref.finalize(self, self._tasks.put, None).atexit = False
            self._process = os.getpid()


def abandon(futures: tuple[Future[Any], ...]) -> None:
    """Let nobody work on for an answer that nobody waits for: stop calls of workers, cancel others where they wait."""
    for future in futures:
        if isinstance(future, Run):
            future.stop()
        else:
            future.cancel()


def _serve(tasks: _Tasks) -> None:
    while (run := tasks.get()) is not None:
        run.start()
        # A waiting thread would keep its last result alive.
        del run


def _stop_all() -> None:
    """End all calls, so that no thread is inside a kernel while the process is taken apart."""
    # Who is impatient is not told where the process was.
    with contextlib.suppress(KeyboardInterrupt):
        abandon(tuple(_runs))
        deadline = time.monotonic() + PATIENCE
        for thread, tasks in tuple(_threads.items()):
            tasks.put(None)
            thread.join(max(0.0, deadline - time.monotonic()))


def _forget() -> None:
    """In a child, the calls and threads of the parent are none of its own."""
    _runs.clear()
    _threads.clear()


atexit.register(_stop_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
