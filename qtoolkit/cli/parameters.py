"""Parameter values as they are typed: ``theta=0.3 phi=-pi/4``."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from qtoolkit.errors import ParameterError

__all__ = ["parse_parameters"]

_NUMBER = r"\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?"
_MULTIPLE_OF_PI = re.compile(rf"(?P<sign>[+-]?)(?:(?P<factor>{_NUMBER})\*?)?(?:pi|π)(?:/(?P<divisor>{_NUMBER}))?")


def parse_parameters(entries: Iterable[str]) -> dict[str, float]:
    """Names to values; a value is a number in radians or a multiple of pi such as ``3*pi/4``.

    Raises:
        ParameterError: if an entry is not ``name=value``, a value is no finite number, or a name comes twice.
    """
    values: dict[str, float] = {}
    for entry in entries:
        name, separator, text = (part.strip() for part in entry.partition("="))
        if not (name and separator and text):
            raise ParameterError(f"a parameter is given as name=value, such as theta=0.3, got {entry!r}")
        if name in values:
            raise ParameterError(f"each parameter is given once, got {name} twice")
        values[name] = _value(name, text)
    return values


def _value(name: str, text: str) -> float:
    multiple = _MULTIPLE_OF_PI.fullmatch(text.lower())
    try:
        if multiple is not None:
            size = float(multiple["factor"] or 1) * math.pi / float(multiple["divisor"] or 1)
            number = -size if multiple["sign"] == "-" else size
        else:
            number = float(text)
    except (ValueError, ZeroDivisionError):
        number = math.nan
    if not math.isfinite(number):
        raise ParameterError(
            f"the value of {name} must be a finite number or a multiple of pi such as 3*pi/4, got {text!r}"
        )
    return number
