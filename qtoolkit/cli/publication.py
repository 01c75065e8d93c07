"""What a command found, as tables or JSON on stdout and, where it was asked for, as a page."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import RenderableType

    from qtoolkit.report import Report

__all__ = ["Publication", "publish"]


@dataclass(frozen=True)
class Publication:
    """What there is to say.

    Attributes:
        data: everything, as JSON types.
        tables: for a terminal of so many columns.
        evidence: facts that stand below the tables.
        page: makes the page.
        plot: makes the figure, where there is one to write by itself.
    """

    data: Mapping[str, Any]
    tables: Callable[[int], Sequence[RenderableType]]
    evidence: Sequence[str]
    page: Callable[[], Report]
    plot: Callable[[], str] | None = None


def publish(found: Publication, report: Path | None, as_json: bool, plot: Path | None = None) -> None:
    """Write the page and the figure and print the numbers, which a disk that is full by now does not cost.

    Args:
        found: what there is to say.
        report: where the page goes; None for no page.
        as_json: print JSON in place of the tables.
        plot: where the figure goes; None for no figure.

    Raises:
        OutputError: if the page or the figure cannot be written; the numbers are then printed all the same.
    """
    from qtoolkit._files import write_whole
    from qtoolkit.errors import OutputError
    from qtoolkit.report import render

    written: dict[str, Path | None] = {"report": None} if found.plot is None else {"report": None, "plot": None}
    try:
        if report is not None:
            write_whole(report, render(found.page()))
            written["report"] = report
        if plot is not None and found.plot is not None:
            write_whole(plot, found.plot())
            written["plot"] = plot
    except OutputError:
        _print(found, written, as_json)
        raise
    _print(found, written, as_json)


def _print(found: Publication, files: Mapping[str, Path | None], as_json: bool) -> None:
    from qtoolkit.cli.output import print_json, stdout_console

    if as_json:
        print_json({**found.data, **{name: None if path is None else str(path) for name, path in files.items()}})
        return
    console = stdout_console()
    for table in found.tables(console.width):
        console.print(table)
        console.print()
    console.print("\n".join(_lines(found.evidence, console.width)), soft_wrap=True)
    for name, path in files.items():
        if path is not None:
            console.print(f"{name.capitalize()}: {path}", soft_wrap=True)


def _lines(facts: Sequence[str], width: int) -> list[str]:
    """Facts in lines that end between two of them, but for those that are longer than a line."""
    lines: list[str] = []
    for place, fact in enumerate(facts):
        text = fact if place == len(facts) - 1 else f"{fact};"
        if lines and len(lines[-1]) + 1 + len(text) <= width:
            lines[-1] += f" {text}"
        else:
            lines += textwrap.wrap(text, width, break_long_words=False)
    return lines
