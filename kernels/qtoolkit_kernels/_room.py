"""Whether this process may take as much memory as a compiler does.

LLVM ends the process where the system refuses it memory, so who has too little under a limit (``ulimit -v``) is told
before.
"""

from __future__ import annotations

import os
from pathlib import Path

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None  # type: ignore[assignment]

__all__ = ["check_room", "refuse_with"]

NEEDED = 450 << 20
"""Bytes of addresses that loading the compiler and compiling the longest kernel take, and some to spare."""

_errors: list[type[Exception]] = [MemoryError]


def refuse_with(error: type[Exception]) -> None:
    """Say which error is raised where there is no room."""
    _errors[:] = [error]


def check_room() -> None:
    """Raise where a limit on addresses leaves too few to compile."""
    if not hasattr(resource, "RLIMIT_AS"):
        return
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return
    try:
        used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return
    if limit - used < NEEDED:
        raise _errors[0](
            f"compiling kernels needs {NEEDED:,} bytes of addresses but ulimit -v leaves {limit - used:,}: raise the "
            "limit, or run `qtoolkit warmup` without it first"
        )
