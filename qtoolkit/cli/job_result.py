"""``qtoolkit job result``: the counts of a job, waited for if need be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

if TYPE_CHECKING:
    from qtoolkit.backends import CloudJob

__all__ = ["result"]


def result(
    job_id: Annotated[str, typer.Argument(metavar="ID", help="Of the job, or the beginning of it.")],
    timeout: Annotated[
        float | None, typer.Option(min=0.0, metavar="S", help="Seconds to wait; at most a day if left out.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout in place of the table.")] = False,
) -> None:
    """Print the counts of a job, and wait for them if it has not ended.

    A result on record is read from there, without the service. The job goes on when the seconds have passed.
    """
    from qtoolkit.backends import job as found_job
    from qtoolkit.cli.job_records import cost_of, job_data
    from qtoolkit.cli.job_results import awaited_results, print_results, results_data
    from qtoolkit.cli.output import print_json

    job = cast("CloudJob", found_job(job_id))
    results, failure = awaited_results(job, timeout)
    if as_json:
        print_json({"job": job_data(job.record), "results": results_data(results, failure, None)})
    else:
        print_results(results, None, is_local=False, cost=cost_of(job.record))
    if failure is not None:
        raise failure
