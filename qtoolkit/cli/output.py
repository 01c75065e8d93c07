"""Where output goes: results to stdout, progress and notes to stderr, in 80 columns unless told."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["MAX_WIDTH", "note", "print_json", "stderr_console", "stdout_console"]

MAX_WIDTH = 100
"""Wider lines are hard to read, whatever the terminal."""


def stdout_console() -> Console:
    """For results; without colour where stdout is not a terminal."""
    return _console(stderr=False)


def stderr_console() -> Console:
    """For progress and notes."""
    return _console(stderr=True)


def note(message: str) -> None:
    """One line on stderr that is no error."""
    print(message, file=sys.stderr)


def print_json(data: Mapping[str, Any] | Sequence[Any]) -> None:
    """One JSON document on stdout; NaN and infinity, which JSON lacks, are refused."""
    print(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False))


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    console = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
    if console.width > MAX_WIDTH:
        console.width = MAX_WIDTH
    return console
