"""Dates as days: those that a calendar on the spot shows, whatever the time zone."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import shown
from qtoolkit.errors import InputError

__all__ = ["Dates", "check_order", "read_days"]

Dates = NDArray[np.datetime64]

_REMEDY = (
    "pass the exchange's time_zone, or keep one row a day and drop the time there: "
    "frame.index.tz_localize(None).normalize()"
)


def read_days(dates: object, time_zone: str | None = None) -> Dates:
    """Local days, datetime64[D] of shape ``(num_dates,)``.

    Midnight in Berlin is that day, though in Greenwich it is still the day before.

    Args:
        dates: datetime64, dates, datetimes and timestamps with or without a time zone, or ISO text.
        time_zone: such as ``Europe/Berlin``: where those with a time zone are told; others are local as they are.

    Raises:
        InputError: if there is anything else, a missing date, a time of day or no such time zone.
    """
    zone = None if time_zone is None else _zone(time_zone)
    if isinstance(dates, str | bytes) or not isinstance(dates, Iterable):
        raise InputError(f"dates must be a sequence of dates, got {shown(dates)}")
    # With a time zone, an array of pandas holds its timestamps as objects, each of which knows its local date.
    found = np.asarray(dates) if hasattr(dates, "__array__") else None
    if found is not None and found.ndim != 1:
        raise InputError(f"dates must be one for each row, got shape {found.shape}")
    if found is None or found.dtype.kind != "M":
        entries = dates if found is None else found
        return np.array([_day(entry, row, zone) for row, entry in enumerate(entries)], dtype="datetime64[D]")
    days = found.astype("datetime64[D]")
    wrong = np.isnat(found) | (days != found)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(_refusal(found[row], row))
    return days


def check_order(dates: Dates, what: str) -> None:
    """Refuse dates that do not ascend, naming the first.

    Raises:
        InputError: if there are fewer than 2, or one is repeated or out of order.
    """
    if dates.size < 2:
        raise InputError(f"{what} need at least 2 dates in ascending order, got {dates.size}")
    wrong = np.flatnonzero(dates[1:] <= dates[:-1])
    if wrong.size:
        row = int(wrong[0]) + 1
        before, day = dates[row - 1], dates[row]
        fault = f"{day} twice, in rows {row - 1} and {row}" if day == before else f"{day} after {before} in row {row}"
        raise InputError(
            f"{what} need dates in ascending order, each once, got {fault}; sort them"
            + (', and keep one by duplicates="first" or "last"' if day == before else "")
        )


def _zone(name: object) -> zoneinfo.ZoneInfo:
    try:
        if not isinstance(name, str):
            raise ValueError
        return zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise InputError(f"time_zone must be the name of one, such as Europe/Berlin, got {shown(name)}") from None


def _day(entry: object, row: int, zone: zoneinfo.ZoneInfo | None) -> datetime.date:
    if isinstance(entry, np.datetime64):
        if entry != entry.astype("datetime64[D]"):  # not a time also differs from itself
            raise InputError(_refusal(entry, row))
        entry = entry.astype("datetime64[D]").item()
    if isinstance(entry, str):
        try:
            entry = datetime.datetime.fromisoformat(entry)
        except ValueError:
            raise InputError(_refusal(repr(entry), row)) from None
    if isinstance(entry, datetime.datetime):
        if zone is not None and entry == entry and entry.tzinfo is not None:
            entry = entry.astimezone(zone)
        # pandas' "not a time" is a datetime that equals nothing
        if entry != entry or entry.time() != datetime.time():
            raise InputError(_refusal(entry, row))
        return entry.date()
    if isinstance(entry, datetime.date):
        return entry
    raise InputError(_refusal(shown(entry), row))


def _refusal(entry: object, row: int) -> str:
    is_time = isinstance(entry, datetime.datetime | np.datetime64) and entry == entry
    remedy = f"; {_REMEDY}" if is_time else "; write days as 2020-01-31" if isinstance(entry, str) else ""
    return f"dates must be days, got {entry} in row {row}{remedy}"
