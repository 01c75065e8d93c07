"""Tables of dates by assets, as histories keep them: read from pandas or arrays, checked, repaired when asked."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import shown
from qtoolkit._checks import require_array, require_choice
from qtoolkit._labels import aligned
from qtoolkit.applications.finance.data.assets import read_names
from qtoolkit.applications.finance.data.dates import Dates, check_order, read_days
from qtoolkit.applications.finance.data.repair import Repair, counted
from qtoolkit.errors import InputError

__all__ = ["Table", "read_table"]


@dataclass(frozen=True, eq=False)
class Table:
    """A number for each date and asset, and the repairs that made it so."""

    dates: Dates
    asset_names: tuple[str, ...]
    values: NDArray[np.float64]
    repairs: tuple[Repair, ...]


def read_table(
    field: str,
    dates: Any,
    asset_names: Any,
    table: Any,
    *,
    missing: str | None,
    duplicates: str | None,
    time_zone: str | None,
) -> Table:
    """A table from a DataFrame, which may be the only thing given, or from dates, names and numbers.

    Args:
        field: ``"prices"`` or ``"returns"``.
        dates: of the rows.
        asset_names: of the columns.
        table: the numbers.
        missing: ``"drop"`` leaves out days on which an asset has no number, ``"fill"`` carries the last one forward.
        duplicates: which of several rows of one date to keep, ``"first"`` or ``"last"``.
        time_zone: in which dates with a time zone are told.

    Raises:
        InputError: if these do not fit each other, or a fault is there whose repair was not asked for.
    """
    if field == "returns" and missing == "fill":
        raise InputError('returns take missing="drop" only, a return that is filled in is made up; fill the prices')
    if missing is not None:
        require_choice("missing", missing, ("drop", "fill"))
    if duplicates is not None:
        require_choice("duplicates", duplicates, ("first", "last"))
    dates, asset_names, table, is_relabelled = _parts(field, dates, asset_names, table)
    names, days = read_names(asset_names), read_days(dates, time_zone)
    if not names or len(set(names)) != len(names):
        raise InputError(f"{field} need assets whose names are distinct, got {', '.join(names) or 'none'}")
    repairs = [] if time_zone is None else [Repair(f'time_zone="{time_zone}"', "dates are days there", days.size)]
    is_kept = _first_or_last(days, duplicates)
    check_order(days[is_kept], field)
    if is_relabelled:
        table = _in_order(field, table, days, names, time_zone)
    gaps = None if missing is None else _gaps(table)
    array = _numbers(field, table, gaps, days, names)
    if not is_kept.all():
        repairs.append(_told("duplicates", duplicates, "rows of a date that was there left out", days[~is_kept]))
    days, array, gaps = days[is_kept], array[is_kept], None if gaps is None else gaps[is_kept]
    if gaps is not None and gaps.any():
        if missing == "drop":
            days, array, repair = _without_gaps(days, names, array, gaps)
        else:
            array, repair = _filled(days, names, array, gaps)
        repairs.append(repair)
    for part in (days, array):
        part.setflags(write=False)
    return Table(days, names, array, tuple(repairs))


def _parts(field: str, dates: Any, asset_names: Any, table: Any) -> tuple[Any, Any, Any, bool]:
    """Dates, names and the table, and whether dates or names were given beside a frame that has its own."""
    if asset_names is None and table is None:
        dates, table = None, dates
    is_frame = hasattr(table, "columns") and hasattr(table, "index")
    is_relabelled = is_frame and (dates is not None or asset_names is not None)
    if is_frame:
        dates = table.index if dates is None else dates
        asset_names = table.columns if asset_names is None else asset_names
    if dates is None or asset_names is None or table is None:
        raise InputError(
            f"{field} come as a DataFrame with dates down and assets across, or as dates, asset_names and {field}; "
            f"got {shown(table)}"
        )
    if is_frame and table.columns.nlevels > 1:
        raise InputError(f"{field} need a column for each asset, got several for each; take one kind: frame['Close']")
    return dates, asset_names, table.to_numpy() if is_frame and not is_relabelled else table, is_relabelled


def _first_or_last(days: Dates, duplicates: str | None) -> NDArray[np.bool_]:
    """Which rows to keep of those that follow each other on one day; all where nothing is said."""
    is_kept = np.ones(days.size, dtype=bool)
    if duplicates is not None and days.size:
        is_kept[1:] = days[1:] != days[:-1]
        if duplicates == "last":
            is_kept = np.roll(is_kept, -1)
    return is_kept


def _numbers(field: str, table: Any, gaps: Any, days: Dates, names: tuple[str, ...]) -> NDArray[np.float64]:
    """The table as numbers, 1 where there are gaps that are to be repaired."""

    def place(index: tuple[int, ...]) -> str:
        if not (len(index) == 2 and index[0] < days.size and index[1] < len(names)):
            return f"at {list(index)}"
        found = _gaps(table)
        spot = f"for {names[index[1]]} on {days[index[0]]}"
        if found is None or not found[index]:
            return spot
        return f"{spot}, {counted(int(np.count_nonzero(found)), 'gap')} in all; {_REMEDIES[field]}"

    if gaps is not None and gaps.any():
        table = np.where(gaps, 1.0, _entries(table))
    array = require_array(field, table, place=place)
    if array.shape != (days.size, len(names)):
        raise InputError(
            f"{field} have one row for each date and one column for each asset, got shape {array.shape} for "
            f"{days.size} dates and {len(names)} assets"
        )
    return array


_REMEDIES = {
    "prices": 'missing="drop" leaves out such days, missing="fill" keeps the price before',
    "returns": 'missing="drop" leaves out such days',
}


def _without_gaps(
    days: Dates, names: tuple[str, ...], array: NDArray[np.float64], gaps: NDArray[np.bool_]
) -> tuple[Dates, NDArray[np.float64], Repair]:
    is_left_out = gaps.any(axis=1)
    num_left = int(np.count_nonzero(~is_left_out))
    if num_left < 2:
        raise InputError(
            f'missing="drop" must leave at least 2 days, got {num_left} of {days.size}; leave out assets with many '
            f"gaps, first {names[int(np.argmax(gaps.sum(axis=0)))]}"
        )
    assets = [names[k] for k in np.flatnonzero(gaps.any(axis=0))]
    repair = _told("missing", "drop", "days with gaps left out", days[is_left_out], assets)
    return days[~is_left_out], array[~is_left_out], repair


def _filled(
    days: Dates, names: tuple[str, ...], array: NDArray[np.float64], gaps: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], Repair]:
    if gaps[0].any():
        column = int(np.argmax(gaps[0]))
        told = np.flatnonzero(~gaps[:, column])
        begin = f"the first is on {days[told[0]]}" if told.size else "it has none at all"
        raise InputError(
            f'missing="fill" keeps the price before a gap, got none for {names[column]} on {days[0]}; {begin}: leave '
            'out that asset or the days before, or pass missing="drop"'
        )
    source = np.maximum.accumulate(np.where(gaps, 0, np.arange(days.size)[:, np.newaxis]), axis=0)
    rows, columns = np.nonzero(gaps)
    assets = [names[k] for k in np.unique(columns)]
    repair = _told("missing", "fill", "the price before a gap kept", days[rows], assets)
    return np.take_along_axis(array, source, axis=0), repair


def _told(option: str, value: str | None, what: str, days: Dates, assets: list[str] | None = None) -> Repair:
    """A repair of one thing on each of some days, which may repeat."""
    change = f"{what}, {counted(days.size, 'time')}, first on {days[0]}"
    return Repair(f'{option}="{value}"', change, days.size, tuple(assets or ()), tuple(np.unique(days).tolist()))


def _entries(table: Any) -> NDArray[Any]:
    """Numbers as they are, anything else as objects: in one array with text, numbers would be text."""
    found = np.asarray(table)
    return found if found.dtype.kind in "biufc" else np.asarray(table, dtype=object)


def _gaps(table: Any) -> Any:
    """Where a table has NaN, None, pandas' NA or a masked entry, as bools; None where it is no table."""
    masked = np.ma.getmaskarray(table) if isinstance(table, np.ma.MaskedArray) else False
    try:
        found = _entries(table)
    except Exception:  # whatever the object's own conversion raises: whoever reads the numbers says so
        return None
    if found.dtype.kind != "O":
        return np.isnan(found) | masked
    return np.array([_is_gap(entry) for entry in found.flat], dtype=bool).reshape(found.shape) | masked


def _is_gap(entry: object) -> bool:
    if entry is None or entry is getattr(sys.modules.get("pandas"), "NA", None):
        return True
    return isinstance(entry, float | np.floating) and bool(np.isnan(entry))


def _in_order(field: str, frame: Any, days: Dates, names: tuple[str, ...], time_zone: str | None) -> Any:
    """The values of a DataFrame by its dates and columns; rows that are merely numbered are taken as they come."""
    if frame.index.dtype.kind not in "iu":
        frame = frame.set_axis(np.datetime_as_string(read_days(frame.index, time_zone)), axis=0)
    return aligned(field, frame, np.datetime_as_string(days).tolist(), names)
