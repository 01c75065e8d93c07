"""``qtoolkit job show``: what is on record of a job."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from qtoolkit.backends.cloud.store import Event

__all__ = ["show"]


def show(
    job_id: Annotated[str, typer.Argument(metavar="ID", help="Of the job, or the beginning of it.")],
    events: Annotated[bool, typer.Option("--events", help="Every change of its state too.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Simulate what was sent here, and compare the counts that came with that.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout in place of the table.")] = False,
) -> None:
    """Show what is on record of a job; nobody is asked."""
    from qtoolkit.backends.cloud import default_store
    from qtoolkit.cli.cross_check import cross_checked, print_verification
    from qtoolkit.cli.job_records import event_data, job_data, job_lines, part_rows
    from qtoolkit.cli.output import print_json, stdout_console
    from qtoolkit.report.tables import plain_table

    store = default_store()
    record = store.job(job_id)
    happened = store.events(record.id) if events else []
    verification = cross_checked(record) if verify else None
    if as_json:
        data: dict[str, Any] = job_data(record)
        if events:
            data["events"] = event_data(happened)
        if verification is not None:
            data["verification"] = verification.to_json()
        print_json(data)
        return
    console = stdout_console()
    width = max(len(name) for name, _ in job_lines(record))
    for name, text in job_lines(record):
        # Ids, addresses and keys stay whole, so that they can be copied.
        lines = textwrap.wrap(text, console.width - width - 2, break_long_words=False, break_on_hyphens=False)
        console.print(f"{name:<{width}}  " + f"\n{'':{width}}  ".join(lines), soft_wrap=True)
    if len(record.parts) > 1:
        console.print()
        console.print(plain_table(("part", "circuits", "status", "provider's id", "says"), part_rows(record)))
    if happened:
        console.print()
        console.print(plain_table(("at (UTC)", "part", "status", "what"), _event_rows(happened)))
    if verification is not None:
        print_verification(verification)


def _event_rows(happened: Sequence[Event]) -> list[tuple[str, ...]]:
    return [(f"{event.at:%Y-%m-%d %H:%M:%S}", str(event.part), str(event.status), event.text) for event in happened]
