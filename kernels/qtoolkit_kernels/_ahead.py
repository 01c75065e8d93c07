"""Kernels that another process compiles while this one compiles others.

numba compiles one kernel at a time, mostly in Python, and keeps a lock over it. A first simulation needs three kernels;
who knows the arguments of the last one already has it compiled by a second interpreter, which leaves it in the cache.
Whatever goes wrong there, this process compiles for itself.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtoolkit_kernels import _cache

if TYPE_CHECKING:
    import subprocess

    from qtoolkit_kernels._jit import Kernel

__all__ = ["begin", "main", "wait_for"]

_COMMAND = "from qtoolkit_kernels import _ahead; _ahead.main()"

_running: dict[str, subprocess.Popen[bytes]] = {}
"""By the name of the entry that is to come."""


def begin(kernel: Kernel, kinds: tuple[str, ...], values: tuple[Any, ...]) -> None:
    """Start compiling a kernel for these kinds of arguments, unless it is kept already or it cannot be handed over."""
    place = _cache.place(kernel.py_func, kinds)
    if place is None or place.file_name in _running or _cache.is_kept(place) or not _is_possible():
        return
    import subprocess  # which takes a process that finds its kernels longer than it is worth

    markers = {k: value for k, (kind, value) in enumerate(zip(kinds, values, strict=True)) if kind.startswith("marker")}
    order = pickle.dumps((kernel, kinds, markers))
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", _COMMAND],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).parents[1],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
    except OSError:
        return
    assert process.stdin is not None
    with contextlib.suppress(OSError), process.stdin as pipe:
        pipe.write(order)
    _running[place.file_name] = process


def wait_for(place: _cache.Place | None) -> bool:
    """Wait until an entry is there that `begin` ordered; whether there was one to wait for."""
    process = _running.pop(place.file_name, None) if place is not None else None
    if process is None:
        return False
    process.wait()
    return True


def main() -> None:
    """Compile what the standard input names, in a process of its own."""
    kernel, kinds, markers = pickle.load(sys.stdin.buffer)
    kernel.compile(kinds, tuple(markers.get(k) for k in range(len(kinds))))


def _is_possible() -> bool:
    """Whether there is an interpreter for a second process, and a folder to hand the code over.

    Workers of a pool are left out: with one of them on every core there is nothing to gain.
    """
    import multiprocessing

    is_interpreter = Path(sys.executable or "").name.lower().startswith(("python", "pypy")) and not hasattr(
        sys, "frozen"
    )
    return is_interpreter and multiprocessing.parent_process() is None and _cache.can_be_written()
