"""Refuse an allocation that the machine cannot hold, before it is tried."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from qtoolkit.errors import InsufficientMemoryError

__all__ = ["check_memory", "free_bytes"]

ALWAYS_THERE = 1 << 20
"""Requests up to this many bytes are granted unasked: asking the system costs more than a small simulation."""

LOOKS_LAST = 1.0
"""Seconds for which a look at the system vouches for requests of up to 1/16 of what it found."""

_CONTROL_GROUP_FILES = {
    1: ("sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    2: ("sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
}
"""By version of control groups: mount point, files of the limit and the usage, entry of `memory.stat` for file pages
that the kernel gives up when memory runs short."""


@dataclass
class _Look:
    until: float
    free: int


_last_look = _Look(0.0, 0)
"""What was free, and until when that counts: asking takes as long as a simulation of 17 qubits."""


def free_bytes(root: Path = Path("/")) -> int | None:
    """Bytes of memory that can be had now without swapping, or None where the system does not say.

    The least of what the machine has and of what the limits of Linux control groups (containers, batch jobs) leave.

    Args:
        root: where ``proc`` and ``sys`` lie.
    """
    found = [*_machine(root), *_control_groups(root)]
    if found:
        return max(min(found), 0)
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _machine(root: Path) -> Iterator[int]:
    for line in _read(root / "proc/meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            yield int(line.split()[1]) * 1024


def _control_groups(root: Path) -> Iterator[int]:
    """What each limited group that this process belongs to, parents included, has left."""
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        mount, limit_file, usage_file, reclaimable = _CONTROL_GROUP_FILES[1 if controllers else 2]
        group = Path(path)
        for place in (group, *group.parents):
            folder = root / mount / str(place).lstrip("/")
            limit, usage = _read(folder / limit_file).strip(), _read(folder / usage_file).strip()
            if limit.isdecimal() and usage.isdecimal():
                entries = dict(entry.split(" ", 1) for entry in _read(folder / "memory.stat").splitlines())
                yield int(limit) - int(usage) + int(entries.get(reclaimable, 0))


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""


def check_memory(needed: int, what: str, remedy: str) -> None:
    """Raise if `needed` bytes exceed what is free.

    Raises:
        InsufficientMemoryError: naming `what`, both figures and the `remedy`.
    """
    if needed <= ALWAYS_THERE:
        return
    now = time.monotonic()
    if now < _last_look.until and 16 * needed <= _last_look.free:
        return
    free = free_bytes()
    _last_look.until, _last_look.free = now + LOOKS_LAST, free or 0
    if free is not None and needed > free:
        raise InsufficientMemoryError(f"{what} needs {needed:,} bytes but {free:,} are free: {remedy}")
