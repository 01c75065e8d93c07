"""Two columns of a CSV file: something for each ticker."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from qtoolkit.errors import InputError

__all__ = ["read_columns", "read_numbers"]


def read_columns(path: Path, option: str, what: str) -> dict[str, str]:
    """Ticker to text, from a file whose header is ``ticker`` and the name of the other column.

    Args:
        path: of a CSV file in UTF-8, cells split by comma, semicolon or tab.
        option: that names the file, for messages.
        what: the second column is called.

    Raises:
        InputError: if the file cannot be read, its header or a line is another, or a ticker comes twice.
    """
    from qtoolkit._arguments import shown
    from qtoolkit.applications.finance.data.csv import read_text

    rule = f"the file of {option} has the columns ticker,{what}"
    text = read_text(path)
    mark = next((mark for mark in ",;\t" if mark in text.partition("\n")[0]), ",")
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
        rows = [[cell.strip() for cell in row] for row in reader if any(cell.strip() for cell in row)]
    except (csv.Error, ValueError) as error:
        raise InputError(f"{rule}, got no such table in {path} ({error})") from None
    header = [cell.lower() for cell in rows[0]] if rows else []
    if header != ["ticker", what]:
        raise InputError(f"{rule}, got {shown(mark.join(rows[0]) if rows else '')} as the first line of {path}")
    found: dict[str, str] = {}
    for row in rows[1:]:
        if len(row) != 2 or not all(row):
            raise InputError(f"{rule}, got {shown(mark.join(row))} in {path}")
        if row[0] in found:
            raise InputError(f"the file of {option} has each ticker once, got {row[0]} twice in {path}")
        found[row[0]] = row[1]
    return found


def read_numbers(path: Path, option: str, what: str) -> dict[str, float]:
    """Ticker to number, see `read_columns`.

    Raises:
        InputError: as there, or for what is no number.
    """
    from qtoolkit._arguments import shown
    from qtoolkit._checks import require_number

    found = {}
    for ticker, text in read_columns(path, option, what).items():
        try:
            number = float(text)
        except ValueError:
            raise InputError(f"the {what} of {ticker} must be a number, got {shown(text)} in {path}") from None
        found[ticker] = require_number(f"the {what} of {ticker} in {path}", number)
    return found
