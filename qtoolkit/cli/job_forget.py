"""``qtoolkit job forget``: give up a job of which nobody knows whether the provider has it."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["forget"]


def forget(
    job_id: Annotated[str, typer.Argument(metavar="ID", help="Of the job, or the beginning of it.")],
) -> None:
    """Give up a job of which nobody knows whether it was accepted, so that its circuits can be submitted again.

    The provider may have it, and charge for it: it goes on counting against caps. Say qtoolkit reconcile first.
    """
    from qtoolkit.backends.cloud import forget as give_up

    record = give_up(job_id)
    print(f"{record.id} is given up; {record.backend} may run it all the same.")
