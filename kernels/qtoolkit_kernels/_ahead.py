"""Kernels that another process compiles while this one compiles others.

numba compiles one kernel at a time, mostly in Python, and keeps a lock over it. A first simulation needs three kernels;
who knows the arguments of the last one already has it compiled by a second interpreter, which hands it over. Whatever
goes wrong there, this process compiles for itself.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtoolkit_kernels import _cache
from qtoolkit_kernels._machine import is_current

if TYPE_CHECKING:
    import subprocess

    from qtoolkit_kernels._jit import Kernel

__all__ = ["begin", "main", "wait_for"]

PATIENCE = 600.0
"""Seconds after which the other process is given up."""

TURNED_OFF = "NUMBA_DISABLE_JIT"
"""The environment variable that keeps numba from compiling."""

_COMMAND = "from qtoolkit_kernels import _ahead; _ahead.main()"

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
    import subprocess  # which takes a process that finds its kernels longer than it is worth

    markers = {k: value for k, (kind, value) in enumerate(zip(kinds, values, strict=True)) if kind.startswith("marker")}
    order = pickle.dumps((kernel, kinds, markers))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    environment.pop(TURNED_OFF, None)
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", _COMMAND],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).parents[1],
            env=environment,
        )
    except OSError:
        return
    assert process.stdin is not None
    with contextlib.suppress(OSError), process.stdin as pipe:
        pipe.write(order)
    process.stdin = None
    _running[_key(place)] = process


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
    kernel, kinds, markers = pickle.load(sys.stdin.buffer)
    code = kernel.compile(kinds, tuple(markers.get(k) for k in range(len(kinds))))
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

    is_interpreter = Path(sys.executable or "").name.lower().startswith(("python", "pypy")) and not hasattr(
        sys, "frozen"
    )
    return is_interpreter and (must or multiprocessing.parent_process() is None)
