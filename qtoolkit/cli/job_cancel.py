"""``qtoolkit job cancel``: ask the provider to stop a job."""

from __future__ import annotations

from typing import Annotated

import typer

from qtoolkit.errors import JobError

__all__ = ["cancel"]


def cancel(
    job_id: Annotated[str, typer.Argument(metavar="ID", help="Of the job, or the beginning of it.")],
) -> None:
    """Ask the provider to cancel what of a job has not ended."""
    from qtoolkit.backends import job as found_job

    job = found_job(job_id)
    if job.cancel():
        print(f"{job.id} is cancelled.")
        return
    status = job.status()
    if status.is_terminal:
        raise JobError(f"job {job.id} is {status} and can no longer be cancelled; see qtoolkit job show {job.id}")
    print(f"{job.id} is {status}; the provider was asked to cancel it.")
