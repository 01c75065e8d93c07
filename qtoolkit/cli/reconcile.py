"""``qtoolkit reconcile``: after a crash, ask providers for what may have been submitted."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer

__all__ = ["reconcile"]

_MOST_SECONDS = 10 * 365 * 86400.0


def reconcile(
    settling: Annotated[
        float,
        typer.Option(
            min=0.0, max=_MOST_SECONDS, metavar="S", help="What is younger than so many seconds is not called lost."
        ),
    ] = 300.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout in place of the table.")] = False,
) -> None:
    """Ask providers for every submission that was cut short: accepted, lost, or still unknown. Nothing is submitted."""
    from qtoolkit._arguments import check_number
    from qtoolkit.backends import reconcile as reconciled
    from qtoolkit.cli.output import note, print_json, stdout_console
    from qtoolkit.report.tables import plain_table

    seconds = check_number(settling, "--settling")
    found = reconciled(settling=timedelta(seconds=seconds))
    if as_json:
        print_json([asdict(verdict) for verdict in found])
        return
    if not found:
        note("Nothing is open: every submission on record was accepted, refused or lost.")
        return
    rows = [(verdict.job_id, str(verdict.part), verdict.verdict, verdict.reason) for verdict in found]
    stdout_console().print(plain_table(("job", "part", "verdict", "why"), rows))
    if any(verdict.verdict == "unknown" for verdict in found):
        note("What is unknown is asked for the next time; qtoolkit job forget ID gives a job up.")
