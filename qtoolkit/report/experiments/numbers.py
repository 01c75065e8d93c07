"""How error rates and their intervals are written."""

from __future__ import annotations

import math

from qtoolkit.report.model import Unit

__all__ = ["interval_text", "plain_power", "rate_text", "rate_unit", "uncertain"]


def rate_unit(value: float, digits: int = 3) -> Unit:
    """A power of ten in which a rate has so many digits; none near 1, and for 0."""
    exponent = _exponent(value, digits) if value > 0.0 and math.isfinite(value) else 0
    if -1 <= exponent <= 0:
        return Unit("", 1.0, digits + (exponent == -1))
    return Unit(f"e{exponent}", 10.0**-exponent, digits - 1)


def rate_text(value: float, digits: int = 3) -> str:
    """A rate with so many digits, such as ``1.23e-4``; a dash for NaN."""
    return "–" if math.isnan(value) else rate_unit(value, digits).text(value)


def interval_text(ends: tuple[float, float], value: float) -> str:
    """Both ends in the power of ten of the value between them, or of the upper end where the value is 0."""
    unit = rate_unit(value if value > 0.0 else ends[1])
    low, high = (unit.text(end, with_symbol=False) for end in ends)
    return f"({low}–{high}){unit.suffix}" if unit.suffix else f"{low}–{high}"


def plain_power(value: float) -> str:
    """A number as people write it: ``1e-9``."""
    return f"{value:g}".replace("e-0", "e-")


def uncertain(value: float, error: float) -> str:
    """A value with two digits of its standard error in parentheses, such as ``0.1034(15)``."""
    if not error > 0.0 or not math.isfinite(error):
        return f"{value:.4g}"
    decimals = max(0, 1 - _exponent(error, 2))
    digits = round(error * 10**decimals)
    return f"{value:.{decimals}f}({digits})"


def _exponent(value: float, digits: int) -> int:
    """Of a number as it is shown with so many digits."""
    return int(f"{value:.{digits - 1}e}".partition("e")[2])
