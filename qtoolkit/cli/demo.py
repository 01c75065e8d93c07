"""``qtoolkit demo``: the three applications, one table, one HTML report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from qtoolkit.report import Report, Section

__all__ = ["Part", "demo"]


class Part(StrEnum):
    """An application that the demo runs."""

    FINANCE = "finance"
    CHEMISTRY = "chemistry"
    QEC = "qec"


_PACKAGES = {Part.FINANCE: ("skfolio",), Part.CHEMISTRY: ("pyscf",), Part.QEC: ("stim", "pymatching")}
_TITLE = "qtoolkit: three applications beside their exact answers"
_SUMMARY = (
    "A portfolio, two molecules and two quantum codes, computed on this machine by the state-vector simulator and, for "
    "the surface code, by sampling. Each number stands beside the exact answer where one exists, with the gap "
    "between them and what is needed to repeat it."
)


def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write the HTML report.")] = Path(
        "qtoolkit-report.html"
    ),
    seed: Annotated[int, typer.Option(min=0, help="Seed of every random choice.")] = 1,
    only: Annotated[list[Part] | None, typer.Option(help="Run this part alone; may be repeated.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout in place of the table.")] = False,
) -> None:
    """Run three applications, print our values beside the exact ones, and write an HTML report.

    Takes a minute or two on two cores. Ctrl-C stops it and still reports the parts that are finished.
    """
    from qtoolkit._files import check_output
    from qtoolkit.cli.entry import INTERRUPTED
    from qtoolkit.cli.packages import check_packages

    parts = [part for part in Part if not only or part in only]
    needed = {package: part.value for part in parts for package in _PACKAGES[part]}
    check_packages("the demo", {"matplotlib": "plot"} | needed)
    check_output(output, "--output")
    sections: list[Section] = []
    try:
        _run(parts, seed, sections)
    except KeyboardInterrupt:
        finished = ", ".join(section.name for section in sections) or "nothing"
        typer.echo(f"Interrupted; finished: {finished}.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    finally:
        if sections:
            _publish(_report(sections, parts, seed), output, as_json)


def _run(parts: Sequence[Part], seed: int, sections: list[Section]) -> None:
    """Append the section of each part as it gets finished, so that a part that fails does not cost the others."""
    from qtoolkit.cli.progress import DemoProgress

    with DemoProgress([part.value for part in parts]) as progress:
        for part in parts:
            sections.append(_study(part)(seed, progress=progress.of(part.value)))
            progress.finish(part.value, sections[-1].wall_time)


def _study(part: Part) -> Callable[..., Section]:
    from qtoolkit.report import studies

    by_part: dict[Part, Callable[..., Section]] = {
        Part.FINANCE: studies.finance_study,
        Part.CHEMISTRY: studies.chemistry_study,
        Part.QEC: studies.error_correction_study,
    }
    return by_part[part]


def _report(sections: Sequence[Section], parts: Sequence[Part], seed: int) -> Report:
    from qtoolkit.report import Report, environment

    finished = {section.name for section in sections}
    return Report(
        title=_TITLE,
        summary=_SUMMARY,
        sections=tuple(sections),
        seed=seed,
        environment=environment(),
        missing=tuple(part.value for part in parts if part.value not in finished),
    )


def _publish(report: Report, output: Path, as_json: bool) -> None:
    """Write the page and print the numbers, which a disk that is full by now does not cost."""
    from qtoolkit._files import write_whole
    from qtoolkit.errors import OutputError
    from qtoolkit.report.html import render

    try:
        write_whole(output, render(report))
    except OutputError:
        _print(report, None, as_json)
        raise
    _print(report, output, as_json)


def _print(report: Report, output: Path | None, as_json: bool) -> None:
    from qtoolkit.cli.output import print_json, stdout_console
    from qtoolkit.report import report_data, results_table

    if as_json:
        print_json({**report_data(report), "report": None if output is None else str(output)})
        return
    console = stdout_console()
    console.print()
    console.print(results_table(report.sections, console.width))
    console.print(f"\nSeed {report.seed}; intervals are Clopper–Pearson; {report.wall_time:.0f} s of computing.")
    if output is not None:
        console.print(f"Report: {output}", soft_wrap=True)
