"""The peak of resident memory that a call adds, on Linux."""

from __future__ import annotations

import ctypes
import gc
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from qtoolkit.simulators import recycling

__all__ = ["measured_peak", "needs_proc"]

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def _can_reset() -> bool:
    try:
        _CLEAR.write_text("5", encoding="ascii")
    except OSError:
        return False
    return _STATUS.exists()


needs_proc = pytest.mark.skipif(not _can_reset(), reason="peaks are read from Linux's /proc")


def _bytes(name: str) -> int:
    return int(re.search(rf"{name}:\s+(\d+) kB", _STATUS.read_text(encoding="ascii"))[1]) * 1024


def measured_peak(call: Callable[[], object]) -> int:
    """Bytes that `call` adds to what is resident, at most, its result included."""
    gc.collect()
    for memories in recycling._idle.sizes.values():
        memories.clear()
    ctypes.CDLL(None).malloc_trim(0)
    _CLEAR.write_text("5", encoding="ascii")  # forgets the peak so far
    before = _bytes("VmRSS")
    result = call()
    peak = _bytes("VmHWM") - before
    del result
    return peak
