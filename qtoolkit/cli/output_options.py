"""The options that say where the answer of a command goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["OutputOptions", "Theme"]

_OUTPUT = "Output"


class Theme(StrEnum):
    """Of a drawing's ground."""

    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True)
class OutputOptions:
    """Where it goes."""

    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON on stdout in place of the tables.", rich_help_panel=_OUTPUT)
    ] = False
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write an HTML page too, such as out.html.", rich_help_panel=_OUTPUT),
    ] = None
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a figure too, such as out.svg.", rich_help_panel=_OUTPUT)
    ] = None
    theme: Annotated[Theme, typer.Option(help="Of the figure.", rich_help_panel=_OUTPUT)] = Theme.LIGHT

    def check(self, packages: Mapping[str, str]) -> None:
        """See whether files could be written, and whether what is needed is there.

        Args:
            packages: that the command needs, with their extras.

        Raises:
            InputError: if a path cannot be written.
            MissingExtraError: if a package is not installed.
        """
        from qtoolkit._files import check_output
        from qtoolkit.cli.packages import check_packages

        for path, option in ((self.report, "--report"), (self.plot, "--plot")):
            if path is not None:
                check_output(path, option)
        drawn = self.report is not None or self.plot is not None
        check_packages("this command", {**packages, **({"matplotlib": "plot"} if drawn else {})})
