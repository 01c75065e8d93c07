"""Jobs that their user gives up while nobody knows whether the provider has them."""

from __future__ import annotations

from qtoolkit.backends.cloud.records import JobRecord
from qtoolkit.backends.cloud.store import GIVEN_UP, JobStore, default_store
from qtoolkit.backends.job import JobStatus
from qtoolkit.errors import JobError

__all__ = ["forget"]


def forget(job_id: str, *, store: JobStore | None = None) -> JobRecord:
    """Give up what of a job may or may not have been accepted, so that the same circuits can be submitted again.

    It is called lost from then on. What it would cost goes on counting against caps, since the provider may have it;
    `reconcile` does not ask for it any more.

    Args:
        job_id: as for `qtoolkit.backends.job`.
        store: of the jobs; the default one without.

    Returns:
        The job as it is then.

    Raises:
        JobError: if the store has no such job, or its fate is known.
    """
    chosen = default_store() if store is None else store
    record = chosen.job(job_id)
    unsettled = [part for part in record.parts if not part.status.is_terminal and part.vendor_id is None]
    if not unsettled:
        known = ", ".join(record.vendor_ids)
        has = f"{record.backend} has it as {known}; cancel it instead" if known else "there is nothing to give up"
        raise JobError(f"only a job whose fate is unknown is given up, {record.id} is {record.status}: {has}")
    for part in unsettled:
        chosen.moved(record.id, part.index, JobStatus.LOST, reason=GIVEN_UP)
    return chosen.job(record.id)
