"""After a crash or an unanswered request: which submissions were accepted, which are lost, which nobody can tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from qtoolkit._arguments import check_instance, shown
from qtoolkit.backends.cloud.client import CannotTell, CloudClient, check_vendor_id
from qtoolkit.backends.cloud.processes import is_alive
from qtoolkit.backends.cloud.records import JobRecord, PartRecord
from qtoolkit.backends.cloud.secrets import told
from qtoolkit.backends.cloud.store import JobStore, default_store
from qtoolkit.backends.job import JobStatus
from qtoolkit.errors import InputError, JobError, QToolkitError

__all__ = ["Reconciled", "client_of", "look_up", "reconcile", "reconciled_part"]

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

    Raises:
        InputError: if `settling` is no duration, or `store` no store.
        OutputError: if the store cannot be used.
    """
    if not isinstance(settling, timedelta):
        raise InputError(f"settling is a timedelta, got {shown(settling)}")
    rule = "jobs are reconciled in a JobStore"
    chosen = default_store() if store is None else check_instance(store, JobStore, rule)
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
        vendor_id = look_up(store, clients(record), record, part)
    except CannotTell as error:
        return unknown(f"{record.backend} has no way to look a submission up{_detail(error)}")
    except QToolkitError as error:
        return unknown(told(error))
    except Exception as error:
        return unknown(f"{record.backend} could not be asked: {type(error).__name__}: {told(error)}")
    if vendor_id is not None:
        store.accepted(record.id, part.index, vendor_id)
        return verdict("accepted", f"{record.backend} has it", vendor_id)
    begun = part.sent_at or part.intended_at
    assert begun is not None
    age = datetime.now(UTC) - begun
    if part.status == JobStatus.PREPARED and is_alive(part.sender) and age < SETTLING:
        return verdict("unknown", f"the process that is to send it ({part.sender}) still runs")
    if age < settling:
        return unknown(
            f"{record.backend} does not have it yet; it is younger than {settling.total_seconds():g} s and may be "
            "on its way"
        )
    reason = f"{record.backend} has no submission under the key {part.key}"
    store.moved(record.id, part.index, JobStatus.LOST, reason=reason)
    now = store.job(record.id).parts[part.index]
    if now.vendor_id is not None:  # its sender was faster
        return verdict("accepted", f"{record.backend} has it", now.vendor_id)
    return verdict("lost", reason)


def look_up(store: JobStore, client: CloudClient, record: JobRecord, part: PartRecord) -> str | None:
    """The provider's id of a part, if the provider has it.

    Raises:
        JobError: if the provider names what is no id, or that of another job on record.
        Exception: as for `CloudClient.find`.
    """
    found = client.find(part.payload, part.key)
    if found is None:
        return None
    vendor_id = check_vendor_id(found)
    keys = store.keys_of(record.backend, vendor_id)
    if keys and part.key not in keys:
        raise JobError(f"{record.backend} answers with {vendor_id}, which it accepted under the key {keys[0]}")
    return vendor_id


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
    return f": {told(error)}" if str(error) else ""
