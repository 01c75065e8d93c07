"""Seconds of one call, by the clock that suits the number of threads. Rivals' processes import this too."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["LEAST_SECONDS", "clock_for", "seconds"]

LEAST_SECONDS = 0.05
"""That calls are repeated for."""


def clock_for(threads: int) -> Callable[[], float]:
    """The processor's seconds on one thread, which other work hardly changes; else those that pass."""
    return time.process_time if threads == 1 else time.perf_counter


def seconds(call: Callable[[], object], clock: Callable[[], float], least: float = LEAST_SECONDS) -> float:
    """Of one call, from as many as take long enough to be timed."""
    count, start = 1, clock()
    call()
    elapsed = clock() - start
    while elapsed < least:
        count *= 4
        start = clock()
        for _ in range(count):
            call()
        elapsed = clock() - start
    return elapsed / count
