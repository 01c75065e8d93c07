"""How numbers of portfolios are written."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable

from qtoolkit.applications.finance import Moments
from qtoolkit.report.model import Unit

__all__ = ["GAP_DASH", "PERCENT", "WEIGHT", "common_unit", "gap_unit", "period_between", "period_of", "plain", "share"]

WEIGHT = Unit("", 1.0, 4)
PERCENT = Unit("%", 100.0, 2)
GAP_DASH = "–"

_PERIODS = {
    "day": (0.9, 2.0),
    "week": (6.5, 7.5),
    "month": (28.0, 32.0),
    "quarter": (88.0, 94.0),
    "year": (360.0, 370.0),
}
"""Mean days between two dates of returns; trading days are 1.45 apart."""


def common_unit(values: Iterable[float | None], digits: int = 5) -> Unit:
    """One power of ten for numbers that stand below each other; none near 1."""
    exponent = _exponent(max((abs(value) for value in values if value is not None), default=0.0))
    if -1 <= exponent <= 3:
        return Unit("", 1.0, digits)
    return Unit(f"e{exponent}", 10.0**-exponent, digits)


def gap_unit(value: float | None, like: Unit = WEIGHT) -> Unit:
    """Two digits of a number that may be tiny, per cent where the numbers beside it are."""
    symbol = like.symbol if like.symbol == "%" else ""
    factor = like.factor if symbol else 1.0
    exponent = int(f"{factor * abs(value or 0.0):.1e}".partition("e")[2])  # of the number as it is shown
    if not value or exponent == 0:
        return Unit(symbol, factor, 1 if value else 0)
    return Unit(f"e{exponent}{symbol}", factor * 10.0**-exponent, 1)


def share(probability: float | None) -> str:
    """A probability in per cent, three digits, or a dash."""
    if probability is None:
        return GAP_DASH
    number = 100.0 * probability
    if 99.95 <= number < 100.0 and probability < 1.0:
        return ">99.9%"
    return f"{number:.3g}%" if number >= 1e-3 or number == 0.0 else f"{number:.1e}%".replace("e-0", "e-")


def plain(value: float) -> str:
    """Of a constraint: six digits at most; nothing for infinity."""
    return "" if math.isinf(value) else f"{value:.6g}".replace("-", "\N{MINUS SIGN}")


def period_of(moments: Moments) -> str:
    """``"day"``, ``"week"``, …, by the mean distance of the dates; ``"period"`` where it is no such."""
    if moments.span is None or not moments.num_periods:
        return "period"
    return period_between(*moments.span, moments.num_periods)


def period_between(first: datetime.date, last: datetime.date, number: int) -> str:
    """See `period_of`, of so many dates."""
    apart = (last - first).days / (number - 1) if number > 1 else 0.0
    return next((name for name, (low, high) in _PERIODS.items() if low <= apart <= high), "period")


def _exponent(size: float) -> int:
    return math.floor(math.log10(size)) if size > 0.0 else 0
