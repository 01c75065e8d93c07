"""What is on record of a job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from qtoolkit.backends.cloud.payload import Payload
from qtoolkit.backends.job import JobStatus

__all__ = ["JobRecord", "PartRecord", "joint_status"]


@dataclass(frozen=True)
class PartRecord:
    """One submission of a job: a provider limits how many circuits one takes.

    Attributes:
        index: of the part in its job.
        first: index of its first circuit in the job.
        payload: what left, or was to leave.
        key: its idempotency key.
        status: as last known.
        vendor_id: the provider's id; None as long as none is known.
        vendor_status: the provider's last word on its state, verbatim.
        reason: why it failed, was lost or is unknown.
        cost: estimated before it left, or what the provider charged; None where no price is known.
        currency: of the cost, such as ``"USD"``; empty where no price is known.
        result: the raw answer; None until it has come.
        is_readable: whether the answer could be read; one that could not is asked for again.
        submitted_at: when the provider accepted it.
        ended_at: when its final state was seen.
        intended_at: when the intent was committed.
        sender: the process that was to send it.
        sent_at: when its request was about to leave; None as long as it surely has not.
    """

    index: int
    first: int
    payload: Payload
    key: str
    status: JobStatus = JobStatus.PREPARED
    vendor_id: str | None = None
    vendor_status: str = ""
    reason: str = ""
    cost: Decimal | None = None
    currency: str = ""
    result: bytes | None = None
    is_readable: bool = False
    submitted_at: datetime | None = None
    ended_at: datetime | None = None
    intended_at: datetime | None = None
    sender: str = ""
    sent_at: datetime | None = None

    @property
    def num_circuits(self) -> int:
        """Circuits of this part."""
        return len(self.payload.bits)


@dataclass(frozen=True)
class JobRecord:
    """A job as the store holds it.

    Attributes:
        id: of the toolkit's own; `qtoolkit.backends.job` finds it.
        backend: the backend's name, as in `get_backend`.
        options: with which it was opened, those that are plain values.
        parts: its submissions, in the order of the circuits.
        shots: of each circuit.
        is_batch: whether the answer is a list of results, even of one.
        created_at: when the intent was committed.
        calibration: of the device when the job was made, as JSON types; None where there is none.
        price: the price that the cost was estimated by, as JSON types: amounts, source and date.
    """

    id: str
    backend: str
    parts: tuple[PartRecord, ...]
    shots: int
    is_batch: bool
    created_at: datetime
    options: Mapping[str, Any] = field(default_factory=dict)
    calibration: Mapping[str, Any] | None = None
    price: Mapping[str, Any] | None = None

    @property
    def status(self) -> JobStatus:
        """Where the job stands, of what is known of its parts."""
        return joint_status([part.status for part in self.parts])

    @property
    def num_circuits(self) -> int:
        """Circuits of all parts."""
        return sum(part.num_circuits for part in self.parts)

    @property
    def vendor_ids(self) -> tuple[str, ...]:
        """The provider's ids of the parts that were accepted."""
        return tuple(part.vendor_id for part in self.parts if part.vendor_id is not None)

    @property
    def costs(self) -> dict[str, Decimal] | None:
        """What the parts cost by currency, empty where all are free; None where no price is known.

        A provider may charge in another currency than that of the estimate, which counts for what has not ended.
        """
        found: dict[str, Decimal] = {}
        for part in self.parts:
            if part.cost is None:
                return None
            if part.cost:
                found[part.currency] = found.get(part.currency, Decimal(0)) + part.cost
        return found

    @property
    def cost(self) -> Decimal | None:
        """The cost of all parts; None where no price is known, or they cost in several currencies (see `costs`)."""
        found = self.costs
        return None if found is None or len(found) > 1 else sum(found.values(), Decimal(0))

    @property
    def currency(self) -> str:
        """Of the cost."""
        return next(iter(self.costs or ()), self.parts[0].currency)


_URGENT = (JobStatus.UNKNOWN, JobStatus.PREPARED)
_ENDS = (JobStatus.LOST, JobStatus.FAILED, JobStatus.CANCELLED)


def joint_status(statuses: Sequence[JobStatus]) -> JobStatus:
    """The status of a job by those of its parts: what is unknown first, then what goes on, then how it ended."""
    for status in _URGENT:
        if status in statuses:
            return status
    if not all(status.is_terminal for status in statuses):
        waits = all(status == JobStatus.QUEUED for status in statuses)
        return JobStatus.QUEUED if waits else JobStatus.RUNNING
    for status in _ENDS:
        if status in statuses:
            return status
    return JobStatus.DONE
