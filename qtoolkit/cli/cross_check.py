"""The cross-check of a job as commands print it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qtoolkit.backends import CloudJob
    from qtoolkit.backends.cloud import JobRecord
    from qtoolkit.backends.verification import Verification
    from qtoolkit.circuit import Circuit

__all__ = ["cross_checked", "print_verification"]


def cross_checked(job: CloudJob | JobRecord, circuits: Sequence[Circuit] | None = None) -> Verification:
    """Simulate what a job sent on this machine, and compare the counts that came with that.

    Args:
        job: one that has ended.
        circuits: those that were asked for, to be compared with what was sent; None where they are not at hand.

    Raises:
        QToolkitError: if what was sent cannot be parsed back, or nothing came.
    """
    from qtoolkit.backends.verification import verify

    return verify(job, circuits=None if circuits is None else list(circuits), seed=0)


def print_verification(found: Verification) -> None:
    """A table of distances, what they mean, and the verdict."""
    from qtoolkit.cli.output import stdout_console
    from qtoolkit.report.verification import verification_notes, verification_table

    console = stdout_console()
    console.print()
    console.print(verification_table(found, min(console.width, 80)))
    for line in verification_notes(found):
        console.print(line)
    console.print(f"verdict: {found.verdict}", style="bold")
