"""Measured counts as a table with bars, and as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["MAX_COUNTS", "counts_data", "counts_table"]

MAX_COUNTS = 20
"""Bitstrings that a table shows; the rest is summed in its last line."""

_BAR_WIDTH = 24
_BITS_IN_LINE = 32
_EIGHTHS = "▏▎▍▌▋▊▉"


def counts_table(counts: Mapping[str, int], limit: int = MAX_COUNTS) -> Table:
    """Counts with a bar for each bitstring, most frequent first, and one line for those beyond `limit`."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    shots = sum(counts.values())
    ordered = _most_frequent_first(counts)
    largest = ordered[0][1] if ordered else 1
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, header_style="bold")
    table.add_column("bits", no_wrap=True)
    table.add_column("count", justify="right", no_wrap=True)
    table.add_column("share", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True, style="cyan")
    for bits, count in ordered[:limit]:
        table.add_row(Text(_in_lines(bits)), f"{count:,}", f"{count / shots:.2%}", _bar(count / largest))
    if others := ordered[limit:]:
        total = sum(count for _, count in others)
        table.add_row(f"{len(others):,} more", f"{total:,}", f"{total / shots:.2%}", "")
    return table


def counts_data(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Counts as JSON types, most frequent first."""
    shots = sum(counts.values())
    return [{"bits": bits, "count": count, "share": count / shots} for bits, count in _most_frequent_first(counts)]


def _most_frequent_first(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _bar(share: float) -> str:
    whole, eighth = divmod(max(1, round(share * _BAR_WIDTH * 8)), 8)
    return "█" * whole + (_EIGHTHS[eighth - 1] if eighth else "")


def _in_lines(bits: str) -> str:
    return "\n".join(bits[k : k + _BITS_IN_LINE] for k in range(0, len(bits), _BITS_IN_LINE))
