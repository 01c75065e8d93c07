"""Which process is to send a job, whether it still lives, and whether it is at it."""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path

__all__ = ["hold", "is_alive", "is_sending", "let_go", "this_process"]

_in_hand: set[str] = set()
"""Jobs that this process has put on record and is about to send, or sends."""


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


def hold(job_id: str) -> None:
    """This process is going to send a job."""
    _in_hand.add(job_id)


def let_go(job_id: str) -> None:
    """This process sends nothing more of a job: what is on record as prepared may have left all the same."""
    _in_hand.discard(job_id)


def is_sending(job_id: str, process: str) -> bool:
    """Whether a process is at sending a job, beyond doubt; any other may have sent it and ended."""
    if process == this_process():
        return job_id in _in_hand
    host, number, beginning = process.rsplit(":", 2)
    return host == _host() and beginning != "" and _beginning(int(number)) == beginning


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
