"""Tables for the terminal, and the same rows as data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qtoolkit.report.model import Report, Row, Section

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

__all__ = ["number_table", "plain_table", "report_data", "results_table", "row_data"]


def results_table(sections: Sequence[Section], width: int = 80) -> Table:
    """One table with every section's rows: what and its evidence, our value, the exact value, the gap.

    Args:
        sections: in the order of the table.
        width: columns it may take.
    """
    from rich.text import Text

    table = _empty_table(width)
    table.add_column("result and evidence", ratio=1)
    for heading in ("qtoolkit", "exact", "gap"):
        table.add_column(heading, justify="right", no_wrap=True)
    for section in sections:
        table.add_section()
        table.add_row(Text(section.heading, style="bold"))
        for row in section.rows:
            table.add_row(_described(row), *map(Text, (row.value_text, row.exact_text, row.gap_text)))
    return table


def plain_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Text in columns; the first says what a row is about."""
    from rich.text import Text

    table = _empty_table(None)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def number_table(headings: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None) -> Table:
    """Text in the first column, numbers aligned to the right in the others; a row of one cell heads those below it.

    Args:
        headings: of the columns.
        rows: their cells.
        width: columns of the terminal that the table fills; as many as it needs by default.
    """
    from rich.text import Text

    table = _empty_table(width)
    table.add_column(headings[0], ratio=None if width is None else 1, overflow="fold")
    for heading in headings[1:]:
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        if len(row) == 1:
            table.add_section()
            table.add_row(Text(row[0], style="bold"))
        else:
            table.add_row(*map(Text, row))
    return table


def row_data(row: Row) -> dict[str, Any]:
    """A row as JSON types, numbers in base units."""
    return {
        "quantity": row.quantity,
        "value": row.value,
        "exact": row.exact,
        "gap": row.gap,
        "confidence_interval": None if row.interval is None else list(row.interval),
        "shown": {"value": row.value_text, "exact": row.exact_text, "gap": row.gap_text},
        "evidence": row.evidence,
        "data": dict(row.data),
    }


def report_data(report: Report) -> dict[str, Any]:
    """A report's numbers and evidence as JSON types."""
    return {
        "title": report.title,
        "seed": report.seed,
        "wall_time": report.wall_time,
        "finished": [section.name for section in report.sections],
        "missing": list(report.missing),
        "environment": dict(report.environment),
        "sections": [
            {
                "name": section.name,
                "title": section.title,
                "wall_time": section.wall_time,
                "evidence": dict(section.evidence),
                "rows": [row_data(row) for row in section.rows],
            }
            for section in report.sections
        ],
    }


def _described(row: Row) -> RenderableType:
    """What the row is, its evidence indented below."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.text import Text

    return Group(Text(row.quantity), Padding(Text(row.evidence_text, style="dim"), (0, 0, 0, 2)))


def _empty_table(width: int | None) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    return Table(
        box=SIMPLE_HEAD, width=width, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, header_style="bold"
    )
