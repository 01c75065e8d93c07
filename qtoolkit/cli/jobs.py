"""``qtoolkit jobs``: what is on record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from qtoolkit.errors import InputError

if TYPE_CHECKING:
    from qtoolkit.backends import JobStatus
    from qtoolkit.backends.cloud import JobRecord

__all__ = ["jobs"]


def jobs(
    backend: Annotated[str | None, typer.Option(help="Those on this backend alone.")] = None,
    status: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STATUS", help="Those in this state: queued, running, unknown …, or open for all of these."
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the latest first.")] = 20,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Ask the services about those that have not ended.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout in place of the table.")] = False,
) -> None:
    """List jobs on clouds, the latest first, as they were last seen.

    Jobs of all processes of this user are on record here, whatever became of these.
    """
    from qtoolkit.backends import JobStatus
    from qtoolkit.backends.cloud import default_store
    from qtoolkit.cli.job_records import HEADINGS, job_data, job_row
    from qtoolkit.cli.output import note, print_json, stdout_console
    from qtoolkit.report.tables import plain_table

    store = default_store()
    statuses = None if not status else _statuses(status)
    found = store.jobs(backend=backend, statuses=statuses, limit=limit)
    if refresh:
        _ask(found)
        found = [store.job(record.id) for record in found]
    if as_json:
        print_json([job_data(record) for record in found])
        return
    if not found:
        note("No job of this kind is on record." if backend or status else "No job is on record.")
        return
    stdout_console().print(plain_table(HEADINGS, [job_row(record) for record in found]))
    if any(record.status in (JobStatus.PREPARED, JobStatus.UNKNOWN) for record in found):
        note("Of what is prepared or unknown, qtoolkit reconcile says what became of it.")


def _statuses(names: list[str]) -> list[JobStatus]:
    from qtoolkit.backends import JobStatus

    known = {str(status): [status] for status in JobStatus}
    known["open"] = [status for status in JobStatus if not status.is_terminal]
    if wrong := [name for name in names if name.lower() not in known]:
        raise InputError(f"a job's status is one of {', '.join(known)}; got {wrong[0]!r}")
    return [status for name in names for status in known[name.lower()]]


def _ask(records: list[JobRecord]) -> None:
    """Ask for the state of what has not ended; what cannot be asked is noted, and stays as it was."""
    from qtoolkit.backends import job
    from qtoolkit.cli.output import note
    from qtoolkit.errors import QToolkitError

    for record in records:
        if not record.status.is_terminal:
            try:
                job(record.id).status()
            except QToolkitError as error:
                note(str(error))
