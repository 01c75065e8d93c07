"""Kernels that another process compiles while this one compiles others.

numba compiles one kernel at a time, mostly in Python, and keeps a lock over it. A first simulation needs three kernels;
who knows the arguments of the last one already has it compiled by a second interpreter, which hands it over. Whatever
goes wrong there, this process compiles for itself.

Kernels that are interpreted meanwhile are compiled by a process of low priority, for which nobody waits: it keeps them
in the cache on disk, and ends.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtoolkit_kernels import _cache
from qtoolkit_kernels._machine import is_current

if TYPE_CHECKING:
    import subprocess

    from qtoolkit_kernels._jit import Kernel

__all__ = ["begin", "begin_ordered", "main", "main_ordered", "order", "wait_for"]

PATIENCE = 600.0
"""Seconds after which the other process is given up."""

LEAST_PRIORITY = 19
"""Of the process that nobody waits for."""

TURNED_OFF = "NUMBA_DISABLE_JIT"
"""The environment variable that keeps numba from compiling."""

_COMMAND = "from qtoolkit_kernels import _ahead; _ahead.main()"
_COMMAND_ORDERED = "from qtoolkit_kernels import _ahead; _ahead.main_ordered()"

_ordered: dict[str, tuple[Kernel, tuple[str, ...]]] = {}
"""What is to be compiled and kept, by the name of its entry."""

_running: dict[tuple[int, str], subprocess.Popen[bytes]] = {}
"""By this process, which may be a fork of the one that started them, and the name of the entry that is to come."""


def begin(kernel: Kernel, kinds: tuple[str, ...], values: tuple[Any, ...], must: bool = False) -> None:
    """Start compiling a kernel for these kinds of arguments, unless it is kept already or it cannot be handed over.

    Args:
        kernel, kinds, values: as for `Kernel.compile`.
        must: also where nothing is gained by it.
    """
    place = _cache.place(kernel.py_func, kinds)
    if place is None or _key(place) in _running or _cache.is_kept(place) or not _is_possible(must):
        return
    process = _interpreter(_COMMAND, has_output=True)
    if process is None:
        return
    _tell(process, (kernel, kinds, _markers(values)))
    _running[_key(place)] = process


def _markers(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments without what takes room: arrays and numbers are None."""
    return tuple(
        _markers(value) if isinstance(value, tuple) else value if hasattr(type(value), "kernel_marker") else None
        for value in values
    )


def _interpreter(command: str, has_output: bool) -> subprocess.Popen[bytes] | None:
    """A process that runs a command of Python with these modules; None where that is impossible."""
    import subprocess  # which takes a process that finds its kernels longer than it is worth

    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    environment.pop(TURNED_OFF, None)
    try:
        return subprocess.Popen(
            [sys.executable, "-c", command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if has_output else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).parents[1],
            env=environment,
            start_new_session=not has_output,
        )
    except OSError:
        return None


def _tell(process: subprocess.Popen[bytes], order: object) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError), process.stdin as pipe:
        pipe.write(pickle.dumps(order))
    process.stdin = None


def order(kernel: Kernel, kinds: tuple[str, ...]) -> None:
    """Name a kernel that `begin_ordered` is to have compiled for these kinds of arguments, no markers among them."""
    place = _cache.place(kernel.py_func, kinds)
    if place is not None:
        _ordered[place.file_name] = kernel, kinds


def begin_ordered() -> None:
    """Have what was ordered compiled and kept by a process of low priority, unless one is at it already."""
    if not _ordered:
        return
    orders = list(_ordered.values())
    name = min(_ordered)
    _ordered.clear()
    claim = _cache.claim(name) if _is_interpreter() else None
    process = _interpreter(_COMMAND_ORDERED, has_output=False) if claim is not None else None
    if process is None and claim is not None:
        claim.unlink(missing_ok=True)
    elif process is not None:
        _tell(process, (orders, claim))
        threading.Thread(target=process.wait, daemon=True).start()  # lest it stays behind as a dead process


def main_ordered() -> None:
    """Compile and keep what the standard input names."""
    orders, claim = pickle.load(sys.stdin.buffer)
    if hasattr(os, "nice"):
        os.nice(LEAST_PRIORITY)
    try:
        for kernel, kinds in orders:
            place = _cache.place(kernel.py_func, kinds)
            if place is not None and not _cache.is_kept(place):
                _cache.write(place, kernel.compile(kinds, (None,) * len(kinds)))
    finally:
        claim.unlink(missing_ok=True)


def wait_for(place: _cache.Place | None) -> bytes | None:
    """Wait for the object code that `begin` ordered; None if nothing was ordered, or nothing right came."""
    process = _running.pop(_key(place), None) if place is not None else None
    if place is None or process is None:
        return None
    import subprocess

    with process:
        try:
            content, _ = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            return None
    return _cache.unpack(place, content)


def main() -> None:
    """Compile what the standard input names, in a process of its own, and write it to the standard output."""
    kernel, kinds, values = pickle.load(sys.stdin.buffer)
    code = kernel.compile(kinds, values)
    place = _cache.place(kernel.py_func, kinds)
    if code is not None and place is not None and is_current():
        sys.stdout.buffer.write(_cache.pack(place, code))


def _key(place: _cache.Place) -> tuple[int, str]:
    return os.getpid(), place.file_name


def _is_possible(must: bool) -> bool:
    """Whether there is an interpreter for a second process, and something to gain.

    Workers of a pool are left out: with one of them on every core there is not.
    """
    import multiprocessing

    return _is_interpreter() and (must or multiprocessing.parent_process() is None)


def _is_interpreter() -> bool:
    """Whether this program can be started again to run other code."""
    return Path(sys.executable or "").name.lower().startswith(("python", "pypy")) and not hasattr(sys, "frozen")
