"""Refuse what the machine cannot hold, before it is allocated.

What work needs is counted by `qtoolkit._needs`. While it runs, `reserved` keeps that from other threads: a second job
is judged by what the first has still to fill, not by what happens to be free a moment before both fill it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from qtoolkit.errors import InsufficientMemoryError

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None  # type: ignore[assignment]

__all__ = ["check_memory", "free_bytes", "refusal", "reserve_more", "reserved", "return_some", "unreserved"]

ALWAYS_THERE = 1 << 20
"""Requests up to this many bytes are granted unasked: asking the system costs more than a small simulation."""

LARGE = 1 << 26
"""Work that needs no more than this is looked at and not reserved: the account of it would cost more than it saves."""

WORKING_MEMORY = 1 << 25
"""Counted beside the arrays of large work: compiled code, and what each thread keeps at hand."""

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

    The least of what the machine has and of what the limits of Linux control groups (containers, batch jobs) and of
    this process (``ulimit -v``, ``ulimit -d``) leave.

    Args:
        root: where ``proc`` and ``sys`` lie.
    """
    found = [*_machine(root), *_control_groups(root), *_process_limits(root)]
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


def _process_limits(root: Path) -> Iterator[int]:
    """What the limits of this process on addresses and on writable memory leave."""
    pages = _process_pages(root)
    if resource is None or pages is None:
        return
    for kind, used in ((resource.RLIMIT_AS, pages.addresses), (resource.RLIMIT_DATA, pages.writable)):
        limit = resource.getrlimit(kind)[0]
        if limit != resource.RLIM_INFINITY:
            yield limit - used


@dataclass(frozen=True)
class _Pages:
    """Bytes of this process: addresses, those with memory behind them, those that are its own to write."""

    addresses: int
    resident: int
    writable: int


def _process_pages(root: Path = Path("/")) -> _Pages | None:
    numbers = _read(root / "proc/self/statm").split()
    if len(numbers) < 6:
        return None
    size = os.sysconf("SC_PAGE_SIZE")
    return _Pages(int(numbers[0]) * size, int(numbers[1]) * size, int(numbers[5]) * size)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""


class _Held(threading.local):
    """What the calling thread's work has reserved."""

    nbytes = 0


_held = _Held()


class _Account:
    """What running work has reserved, and how much of that it has filled.

    What the system calls free shrinks as reserved memory is filled. So what the process has grown by since the first
    reservation counts as filled, and only the rest is kept back.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew, as a forked process must: it has none of its parent's threads, and a lock that one may hold."""
        self._lock = threading.RLock()
        self._reserved = 0
        self._resident_before = 0

    def free(self, own: int) -> int | None:
        """Bytes that are neither used nor kept back, of which so many, the calling thread's own, are free to it."""
        found = free_bytes()
        if found is None:
            return None
        with self._lock:
            return max(0, found - self._kept_back(own))

    def add(self, nbytes: int, what: str, remedy: str) -> None:
        """Reserve, or raise."""
        with self._lock:
            if self._reserved == 0:
                self._resident_before = self._resident()
            free = self.free(0)
            needed = nbytes + WORKING_MEMORY
            if free is not None and needed > free:
                raise refusal(needed, free, what, remedy)
            self._reserved += nbytes
            _held.nbytes += nbytes
            _last_look.free -= nbytes

    def remove(self, nbytes: int, kept: int) -> None:
        """Return a reservation, of which so many bytes stay in use as a result."""
        with self._lock:
            self._reserved -= nbytes
            self._resident_before += kept
            _held.nbytes -= nbytes

    def _kept_back(self, own: int) -> int:
        others = self._reserved - own
        if others <= 0:
            return 0
        filled = max(0, self._resident() - self._resident_before)
        return max(0, min(others, self._reserved - filled))

    @staticmethod
    def _resident() -> int:
        pages = _process_pages()
        return 0 if pages is None else pages.resident


_account = _Account()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_account.forget)


def _is_raw(error: BaseException | None) -> bool:
    """Whether an error is the system's, as NumPy and compiled code raise it."""
    return isinstance(error, MemoryError) and not isinstance(error, InsufficientMemoryError)


class _Unreserved:
    """Small work: errors of the system become ours, and nothing else happens."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if _is_raw(error):
            raise InsufficientMemoryError(
                "the system gives this process no more memory (see ulimit -v): free some, or use fewer qubits"
            ) from error


unreserved = _Unreserved()
"""For work too small to be asked about."""


class _Reserved:
    """A reservation while it lasts."""

    def __init__(self, nbytes: int, what: str, remedy: str, kept: int) -> None:
        self._nbytes, self._what, self._remedy, self._kept = nbytes, what, remedy, kept
        self._before = 0

    def __enter__(self) -> None:
        self._before = _held.nbytes
        # What a larger piece of work has reserved on this thread covers its parts.
        if self._nbytes > self._before:
            _account.add(self._nbytes - self._before, self._what, self._remedy)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A result within larger work is among what that fills.
        _account.remove(_held.nbytes - self._before, 0 if error or self._before else self._kept)
        if _is_raw(error):
            raise InsufficientMemoryError(
                f"{self._what} needs {self._nbytes:,} bytes and the system gives less: {self._remedy}"
            ) from error


def reserved(nbytes: int, what: str, remedy: str, kept: int = 0) -> AbstractContextManager[None]:
    """Keep memory for work while it runs; a `MemoryError` of the system inside it becomes ours.

    Args:
        nbytes: what the work fills at its peak.
        what, remedy: for the message.
        kept: what of it stays in use as a result.

    Raises:
        InsufficientMemoryError: naming `what`, both figures and the `remedy`.
    """
    if nbytes > LARGE:
        return _Reserved(nbytes, what, remedy, kept)
    check_memory(nbytes, what, remedy)
    return unreserved


def reserve_more(nbytes: int, what: str, remedy: str) -> None:
    """Add to the calling thread's reservation, for work that learns on its way what it needs; it ends with that.

    Raises:
        InsufficientMemoryError: as for `reserved`.
    """
    if _held.nbytes and nbytes > ALWAYS_THERE:
        _account.add(nbytes, what, remedy)
    else:
        check_memory(nbytes, what, remedy)


def return_some(nbytes: int) -> None:
    """Return a part of what `reserve_more` added."""
    if _held.nbytes and nbytes > ALWAYS_THERE:
        _account.remove(nbytes, 0)


def check_memory(needed: int, what: str, remedy: str) -> None:
    """Raise if `needed` bytes exceed what is free.

    Raises:
        InsufficientMemoryError: naming `what`, both figures and the `remedy`.
    """
    if needed <= ALWAYS_THERE or needed <= _held.nbytes:
        return
    now = time.monotonic()
    if now < _last_look.until and 16 * needed <= _last_look.free:
        return
    free = _account.free(_held.nbytes)
    _last_look.until, _last_look.free = now + LOOKS_LAST, free or 0
    if free is not None and needed > free:
        raise refusal(needed, free, what, remedy)


def refusal(needed: int, free: int, what: str, remedy: str) -> InsufficientMemoryError:
    """The error for what does not fit."""
    # Python refuses to write the bytes of a state of a million qubits.
    asked = f"{needed:,}" if needed < 1 << 128 else f"2**{needed.bit_length() - 1}"
    return InsufficientMemoryError(f"{what} needs {asked} bytes but {free:,} are free: {remedy}")
