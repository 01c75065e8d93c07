"""Prices from a text file: a header of tickers, then a line of prices for each day."""

from __future__ import annotations

import csv
import io
import math
import os
import re
from pathlib import Path
from typing import Literal

import numpy as np

from qtoolkit._arguments import shown
from qtoolkit._checks import require_choice
from qtoolkit.applications.finance.data.dates import read_days
from qtoolkit.applications.finance.data.history import PriceHistory
from qtoolkit.errors import InputError

__all__ = ["read_prices", "read_text"]

_DELIMITERS = ",;\t|"
_GAPS = {"", "-", "na", "n/a", "#n/a", "nan", "none", "null"}
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")


def read_prices(
    path: str | os.PathLike[str],
    *,
    delimiter: str | None = None,
    decimal: Literal[".", ","] = ".",
    missing: Literal["drop", "fill"] | None = None,
    duplicates: Literal["first", "last"] | None = None,
    time_zone: str | None = None,
) -> PriceHistory:
    """Prices from a CSV file, with dates down and tickers across.

    The first line names the column of dates, in any way, and the tickers; tickers with delimiters in them are quoted.
    Each other line has an ISO date, with or without a time and a time zone, and a price for each ticker. A file with
    the newest day first is turned round. Nothing in a cell, ``NA``, ``N/A``, ``NaN``, ``null``, ``None`` or ``-`` is a
    missing price.

    Args:
        path: of a file in UTF-8.
        delimiter: between cells; by default the one of comma, semicolon, tab and bar that splits the header most.
        decimal: the point in numbers, ``"."`` or ``","``.
        missing: ``"drop"`` or ``"fill"``, see `PriceHistory`.
        duplicates: ``"first"`` or ``"last"`` in the file, see `PriceHistory`.
        time_zone: where dates with a time zone are told, see `PriceHistory`.

    Raises:
        InputError: if the file cannot be read, is no such table, or has a fault whose repair was not asked for.
    """
    require_choice("decimal", decimal, (".", ","))
    text = read_text(path)
    try:
        header, rows, lines = _cells(text, _delimiter(text) if delimiter is None else delimiter)
        names = [name.strip() for name in header[1:]]
        prices = np.array(
            [
                [_number(cell, name, line, decimal) for cell, name in zip(row[1:], names, strict=True)]
                for row, line in zip(rows, lines, strict=True)
            ]
        ).reshape(len(rows), len(names))
        dates = [row[0].strip() for row in rows]
        days = read_days(dates, time_zone)
        if days.size > 1 and days[0] > days[-1] and bool(np.all(days[1:] <= days[:-1])):
            order = np.argsort(days, kind="stable")
            dates, prices = [dates[k] for k in order], prices[order]
        return PriceHistory(dates, names, prices, missing=missing, duplicates=duplicates, time_zone=time_zone)
    except InputError as error:
        raise InputError(f"{os.fspath(path)}: {error}") from None


def read_text(path: str | os.PathLike[str]) -> str:
    """What a file in UTF-8 says.

    Raises:
        InputError: if it cannot be read.
    """
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{os.fspath(path)} must be text in UTF-8; save it so") from None
    except OSError as error:
        raise InputError(f"{os.fspath(path)} must be a file that can be read ({error.strerror})") from None
    except (TypeError, ValueError):  # no path, or one with characters that none has
        raise InputError(f"path must be that of a file, got {shown(path)}") from None


def _delimiter(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    widths = {mark: len(next(csv.reader([first], delimiter=mark), [])) for mark in _DELIMITERS}
    best = max(widths, key=lambda mark: widths[mark])
    if widths[best] < 2:
        raise InputError(
            f"prices need a header of a date and tickers, split by comma, semicolon, tab or bar, got {shown(first)}; "
            "pass its delimiter"
        )
    return best


def _cells(text: str, delimiter: str) -> tuple[list[str], list[list[str]], list[int]]:
    """The header, the other rows that are not empty, and their lines in the file."""
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        found = [(row, reader.line_num) for row in reader if any(cell.strip() for cell in row)]
    except TypeError:
        raise InputError(f"delimiter must be one character, got {shown(delimiter)}") from None
    except (csv.Error, ValueError) as error:
        raise InputError(f"prices must be a table of cells split by {shown(delimiter)} ({error})") from None
    if not found:
        raise InputError("prices need a header of a date and tickers, and a line for each day, got nothing")
    header = found[0][0]
    for row, line in found[1:]:
        if len(row) != len(header):
            raise InputError(
                f"each line must have {len(header)} cells, as the header has, got {len(row)} in line {line}"
            )
    return header, [row for row, _ in found[1:]], [line for _, line in found[1:]]


def _number(cell: str, name: str, line: int, decimal: str) -> float:
    try:
        if "_" in cell or (decimal == "," and "." in cell):  # the first separates digits for Python alone
            raise ValueError
        return float(cell if decimal == "." else cell.replace(decimal, "."))
    except ValueError:
        text = cell.strip()
        if text.lower() in _GAPS:
            return math.nan
        remedy = '; pass decimal=","' if decimal == "." and _DECIMAL_COMMA.fullmatch(text) else ""
        raise InputError(f"prices must be numbers, got {shown(cell)} for {name} in line {line}{remedy}") from None
