"""Numbers as they are typed: ``0.5``, ``40/365``, ``0.25,0.5,0.75,1``."""

from __future__ import annotations

import math

from qtoolkit.errors import InputError

__all__ = ["parse_number", "parse_numbers"]


def parse_number(option: str, text: str) -> float:
    """A number or a fraction of two.

    Raises:
        InputError: naming the option, if it is neither.
    """
    above, slash, below = text.partition("/")
    try:
        number = float(above) / float(below) if slash else float(above)
    except (ValueError, ZeroDivisionError):
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{option} must be a number or a fraction such as 40/365, got {text!r}")
    return number


def parse_numbers(option: str, text: str) -> list[float]:
    """Numbers or fractions with commas between.

    Raises:
        InputError: naming the option, if one is neither.
    """
    return [parse_number(option, part.strip()) for part in text.split(",")]
