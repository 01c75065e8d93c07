"""Refuse an allocation that the machine cannot hold, before it is tried."""

from __future__ import annotations

import os
from pathlib import Path

from qtoolkit.errors import InsufficientMemoryError

__all__ = ["check_memory", "free_bytes"]


def free_bytes() -> int | None:
    """Bytes of memory that can be had now without swapping, or None where the system does not say."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def check_memory(needed: int, what: str, remedy: str) -> None:
    """Raise if `needed` bytes exceed what is free.

    Raises:
        InsufficientMemoryError: naming `what`, both figures and the `remedy`.
    """
    free = free_bytes()
    if free is not None and needed > free:
        raise InsufficientMemoryError(f"{what} needs {needed:,} bytes but {free:,} are free: {remedy}")
