"""After a crash or an unanswered request: which submissions were accepted, which are lost, which nobody can tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from qtoolkit.backends.cloud.client import CannotTell, CloudClient
from qtoolkit.backends.cloud.processes import is_alive
from qtoolkit.backends.cloud.records import JobRecord, PartRecord
from qtoolkit.backends.cloud.secrets import redacted
from qtoolkit.backends.cloud.store import JobStore, default_store
from qtoolkit.backends.job import JobStatus
from qtoolkit.errors import QToolkitError

if TYPE_CHECKING:
    pass

__all__ = ["Reconciled", "client_of", "reconcile", "reconciled_part"]

SETTLING = timedelta(minutes=5)
"""A submission younger than this may still be on its way, or not yet be in the provider's lists."""

_OPEN = (JobStatus.PREPARED, JobStatus.UNKNOWN)


@dataclass(frozen=True)
class Reconciled:
    """What became of one submission whose fate was open.

    Attributes:
        job_id: of its job.
        part: its index in the job.
        backend: where it went.
        verdict: ``"accepted"``, ``"lost"`` or ``"unknown"``.
        vendor_id: the provider's id, if it was accepted.
        reason: of the verdict.
    """

    job_id: str
    part: int
    backend: str
    verdict: str
    vendor_id: str | None
    reason: str


def reconcile(
    store: JobStore | None = None,
    *,
    settling: timedelta = SETTLING,
    clients: Callable[[JobRecord], CloudClient] | None = None,
) -> list[Reconciled]:
    """Ask providers for every submission whose fate is open; nothing is submitted.

    Args:
        store: of the jobs; the default one without.
        settling: submissions younger than this are not called lost, since they may still be on their way.
        clients: the client of a job; by default that of its backend, opened by its name.

    Returns:
        A verdict for each open submission, oldest first. What a provider accepted is written down as such, what
        surely never arrived as lost; the rest stays unknown, and is asked for the next time.
    """
    chosen = default_store() if store is None else store
    found = []
    for record in reversed(chosen.jobs(statuses=_OPEN)):
        still_open = [part for part in record.parts if part.status in _OPEN and part.vendor_id is None]
        found += [reconciled_part(chosen, record, part, settling, clients or client_of) for part in still_open]
    return found


def reconciled_part(
    store: JobStore,
    record: JobRecord,
    part: PartRecord,
    settling: timedelta,
    clients: Callable[[JobRecord], CloudClient],
) -> Reconciled:
    """The verdict on one submission, written down."""

    def verdict(name: str, reason: str, vendor_id: str | None = None) -> Reconciled:
        return Reconciled(record.id, part.index, record.backend, name, vendor_id, reason)

    def unknown(reason: str) -> Reconciled:
        store.moved(record.id, part.index, JobStatus.UNKNOWN, reason=reason)
        return verdict("unknown", reason)

    try:
        vendor_id = clients(record).find(part.payload, part.key)
    except CannotTell as error:
        return unknown(f"{record.backend} has no way to look a submission up{_detail(error)}")
    except QToolkitError as error:
        return unknown(redacted(error))
    except Exception as error:
        return unknown(f"{record.backend} could not be asked: {type(error).__name__}: {redacted(error)}")
    if vendor_id is not None:
        store.accepted(record.id, part.index, vendor_id)
        return verdict("accepted", f"{record.backend} has it", vendor_id)
    assert part.intended_at is not None
    if part.status == JobStatus.PREPARED and is_alive(part.sender) and datetime.now(UTC) - part.intended_at < SETTLING:
        return verdict("unknown", f"the process that is to send it ({part.sender}) still runs")
    if datetime.now(UTC) - part.intended_at < settling:
        return unknown(
            f"{record.backend} does not have it yet; it is younger than {settling.total_seconds():g} s and may be "
            "on its way"
        )
    reason = f"{record.backend} has no submission under the key {part.key}"
    store.moved(record.id, part.index, JobStatus.LOST, reason=reason)
    return verdict("lost", reason)


def client_of(record: JobRecord) -> CloudClient:
    """The client of a job's backend.

    Raises:
        QToolkitError: if the backend cannot be opened here.
    """
    from qtoolkit.backends.cloud.backend import CloudBackend
    from qtoolkit.backends.registry import get_backend
    from qtoolkit.errors import BackendError

    backend = get_backend(record.backend, **record.options)
    if not isinstance(backend, CloudBackend):
        raise BackendError(f"{record.backend} is no cloud: what was not finished in the process that ran it is gone")
    return backend.client


def _detail(error: Exception) -> str:
    return f": {redacted(error)}" if str(error) else ""
