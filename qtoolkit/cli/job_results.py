"""Results of a job as commands print them: one circuit or several, some of which may have failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qtoolkit.backends import CloudJob
    from qtoolkit.errors import PartialFailureError
    from qtoolkit.primitives import Result

__all__ = ["awaited_results", "print_results", "results_data"]


def awaited_results(job: CloudJob, timeout: float | None) -> tuple[list[Result | None], PartialFailureError | None]:
    """Wait for a job; the results of its circuits, and the error that says which of them failed.

    Raises:
        JobError: if nothing of it can be had.
    """
    from qtoolkit.cli.job_progress import awaited
    from qtoolkit.errors import PartialFailureError

    try:
        found = awaited(job, timeout)
    except PartialFailureError as error:
        return error.results, error
    return (found if isinstance(found, list) else [found]), None


def print_results(
    results: Sequence[Result | None], names: Sequence[str] | None, is_local: bool, cost: str = ""
) -> None:
    """A table of counts for each circuit, with its name where there are several, its evidence, and the cost of all."""
    from qtoolkit.cli.output import stdout_console
    from qtoolkit.cli.results import evidence_of
    from qtoolkit.report.counts import counts_table

    console = stdout_console()
    for number, result in enumerate(results):
        if number:
            console.print()
        if len(results) > 1:
            console.print(f"{names[number] if names else f'circuit {number}'}:", style="bold")
        if result is None:
            console.print("failed")
            continue
        console.print(counts_table(result.counts))
        console.print(f"\n{evidence_of(result, None, is_local)}")
    if cost:
        console.print(f"cost of the job: {cost}")


def results_data(
    results: Sequence[Result | None], failure: PartialFailureError | None, names: Sequence[str] | None
) -> list[dict[str, Any]]:
    """An entry for each circuit: its name, where there is one, and its result or why there is none."""
    from qtoolkit.cli.results import result_data

    entries: list[dict[str, Any]] = []
    for number, result in enumerate(results):
        entry: dict[str, Any] = {} if names is None else {"circuit": names[number]}
        if result is None:
            reason = failure.failures.get(number, "") if failure is not None else ""
            entries.append({**entry, "failed": reason})
        else:
            entries.append({**entry, **result_data(result)})
    return entries
