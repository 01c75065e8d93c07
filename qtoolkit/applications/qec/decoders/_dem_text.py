"""Text of detector error models, whose errors name the line at fault."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from qtoolkit._arguments import check_instance, shown
from qtoolkit._optional import require
from qtoolkit.errors import InputError

if TYPE_CHECKING:
    import stim

__all__ = ["parse_model", "read_text"]

_REPEAT = re.compile(r"repeat\s+(\d+)\s*\{", re.IGNORECASE)
_TARGET = re.compile(r"[DL]\d+|\^|\d+")


def read_text(path: str | os.PathLike[str]) -> str:
    """What a file of text holds.

    Raises:
        InputError: if it cannot be read or is no text.
    """
    try:
        return Path(path).read_text("utf-8")
    except TypeError:
        raise InputError(f"a path is a text or a pathlib.Path, got {shown(path)}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} must be text, got the byte 0x{error.object[error.start]:02x}") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read ({getattr(error, 'strerror', None) or error})") from None


def parse_model(text: str, source: str) -> stim.DetectorErrorModel:
    """The model that a text says.

    Args:
        text: in Stim's format.
        source: of the text, for messages.

    Raises:
        InputError: naming the line and what is wrong with it.
    """
    check_instance(text, str, "a detector error model is read from text")
    model = require("stim", extra="qec").DetectorErrorModel
    try:
        return model(text)
    except (ValueError, IndexError, OverflowError) as error:  # a UnicodeDecodeError is a ValueError
        raise InputError(f"{source}, {_fault(text, model) or error}") from None


def _fault(text: str, model: type[stim.DetectorErrorModel]) -> str:
    """The first line that is none by itself, or the block that has no end or no beginning."""
    opened: list[int] = []
    for number, line in enumerate(text.splitlines(), 1):
        code = line.partition("#")[0].strip()
        if _REPEAT.fullmatch(code):
            opened.append(number)
        elif code == "}":
            if not opened:
                return f"line {number}: }} ends a block that no repeat began"
            opened.pop()
        elif code:
            try:
                model(code)
            except (ValueError, IndexError, OverflowError) as error:
                return f"line {number}: {_reason(code, error)}, got {shown(code)}"
    return f"line {opened[-1]}: a repeat block must end with }}, but the text ends before it" if opened else ""


def _reason(code: str, error: Exception) -> str:
    opening, _, rest = code.partition("(")
    if rest and ")" not in rest:
        return f"the parentheses after {opening} must be closed"
    for target in (rest.partition(")")[2] if rest else code.partition(" ")[2]).split():
        if not _TARGET.fullmatch(target):
            return f"{shown(target)} is no target: D and L take a number, ^ stands between parts"
    return "the line is broken" if isinstance(error, UnicodeDecodeError) else str(error).splitlines()[0].rstrip(".")
