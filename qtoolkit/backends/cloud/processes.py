"""Which process is to send a submission, and whether it still lives."""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path

__all__ = ["is_alive", "this_process"]


@cache
def _host() -> str:
    return socket.gethostname()


def this_process() -> str:
    """This process, told from all others, before and after it: host, number and when it began."""
    number = os.getpid()
    return f"{_host()}:{number}:{_beginning(number)}"


def is_alive(process: str) -> bool:
    """Whether a process that `this_process` named may still run; of another host nobody knows, so it may."""
    host, number, beginning = process.rsplit(":", 2)
    if host != _host():
        return True
    if not _exists(int(number)):
        return False
    now = _beginning(int(number))
    return not beginning or not now or beginning == now


def _exists(number: int) -> bool:
    if os.name != "posix":
        return True  # a signal would end it there
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _beginning(number: int) -> str:
    """When a process began, in ticks since the machine did; empty where the system does not say."""
    try:
        fields = Path(f"/proc/{number}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    # A zombie has ended, though its number is not free yet.
    return "ended" if fields[0] == "Z" else fields[19]
