"""Jobs by their id, from any process."""

from __future__ import annotations

from typing import Any

from qtoolkit._arguments import check_instance
from qtoolkit.backends.cloud.job import CloudJob
from qtoolkit.backends.cloud.store import JobStore, default_store
from qtoolkit.backends.job import Job
from qtoolkit.backends.registry import get_backend

__all__ = ["job"]


def job(job_id: str, *, store: JobStore | None = None) -> Job[Any]:
    """A job on record, by its id: the toolkit's, the beginning of one, or the provider's.

    Its backend is opened, with the credentials of this process, when the service must be asked; a result on record
    needs neither.

    Raises:
        JobError: if the store has no such job.
        InputError: if `store` is none.
    """
    rule = "jobs are found in a JobStore"
    chosen = default_store() if store is None else check_instance(store, JobStore, rule)
    record = chosen.job(job_id)
    return CloudJob(chosen, record, lambda: get_backend(record.backend, **record.options))
