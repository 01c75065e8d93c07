"""A job on a cloud: on record here, asked for there, found from any process."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

from qtoolkit.backends.backend import Backend
from qtoolkit.backends.cloud.client import CloudClient, VendorStatus
from qtoolkit.backends.cloud.payload import Failure, Serializer
from qtoolkit.backends.cloud.records import JobRecord, PartRecord
from qtoolkit.backends.cloud.secrets import redacted_bytes, safe_cause, told
from qtoolkit.backends.cloud.store import JobStore
from qtoolkit.backends.job import Job, JobStatus, check_timeout
from qtoolkit.backends.money.cost import read_amount
from qtoolkit.errors import JobError, PartialFailureError, QToolkitError, UnknownSubmissionError
from qtoolkit.primitives import Result

__all__ = ["CloudJob"]

MOST_WAIT = 24 * 3600.0
"""Seconds that `result` waits where no time-out is given: every wait has a bound."""

PATIENCE = 600.0
"""Seconds for which a service may be out of reach, or name a state that is not known, while a result is waited for."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 30.0


class CloudJob(Job[Any]):
    """A job that a provider runs.

    What is known of it is in the job store, so any process can go on with it: `qtoolkit.backends.job`.

    Args:
        store: where the job is on record.
        record: the job.
        backend: opens its backend, when it is needed first: a result on record needs none.
    """

    def __init__(self, store: JobStore, record: JobRecord, backend: Callable[[], Backend]) -> None:
        self.id = record.id
        self.store = store
        self.backend_name = record.backend
        self._record = record
        self._open = backend
        self._queue_position = ""

    @cached_property
    def backend(self) -> Backend:  # type: ignore[override]
        """Where it was submitted, opened when it is first asked for.

        Raises:
            QToolkitError: if it cannot be opened here: a package or a credential is missing.
        """
        return self._open()

    @property
    def record(self) -> JobRecord:
        """What is on record of the job now."""
        self._record = self.store.job(self.id)
        return self._record

    @property
    def queue_position(self) -> str:
        """Its place in the queue when the provider last said so; empty where it has not, or it has begun."""
        return self._queue_position

    @property
    def vendor_ids(self) -> tuple[str, ...]:
        """The provider's ids of its submissions, as far as they are known."""
        return self.record.vendor_ids

    def status(self) -> JobStatus:
        """Ask the service, unless the status is terminal already.

        A state that this version does not know is `JobStatus.UNKNOWN`; ``job.record.parts[k].vendor_status`` has the
        provider's word.

        Raises:
            JobError: if the service cannot be asked; the job stays as it is.
        """
        record = self.record
        for part in record.parts:
            if not part.status.is_terminal and part.vendor_id is not None:
                try:
                    self._poll(part)
                except QToolkitError:
                    raise
                except Exception as error:
                    raise JobError(
                        f"the status of job {self.id} on {self.backend_name} cannot be asked: {_said(error)}; it was "
                        f"{part.status} when last seen, and stays on record"
                    ) from safe_cause(error)
        return self.record.status

    def result(self, timeout: float | None = None) -> Any:
        """Wait for the result, or read it from the record.

        Args:
            timeout: seconds to wait, at least 0; None waits for at most a day. The job goes on when they have passed.

        Raises:
            InputError: if `timeout` is no such number.
            UnknownSubmissionError: if nobody knows whether the provider has the job.
            PartialFailureError: if some circuits of a batch failed; it has the results of the others.
            JobError: if the job failed, was cancelled or lost, is not finished in time, or its answer does not fit what
                was asked for (the raw answer stays on record).
        """
        given = check_timeout(timeout)
        self._wait(MOST_WAIT if given is None else given)
        record = self.record
        self._refuse_ended(record)
        results: list[Result | None] = []
        failures: dict[int, str] = {}
        for part in record.parts:
            if part.status != JobStatus.DONE:
                found: list[Result | Failure] = [Failure(part.reason or part.status)] * part.num_circuits
            else:
                found = self._decoded(record, part)
            for offset, item in enumerate(found):
                if isinstance(item, Failure):
                    failures[part.first + offset] = item.reason
                results.append(None if isinstance(item, Failure) else item)
        if failures:
            first = min(failures)
            which = f"circuit {first} of " if record.is_batch else ""
            count = f"{len(failures)} of {len(results)} circuits failed; " if record.is_batch else ""
            message = f"{which}job {self.id} on {record.backend} failed: {failures[first]}"
            raise PartialFailureError(f"{count}{message}", results, failures)
        return results if record.is_batch else results[0]

    def cancel(self) -> bool:
        """Ask the provider to cancel what has not ended, and return whether the job is cancelled.

        Raises:
            JobError: if the service cannot be asked of a part; the others are cancelled all the same.
        """
        trouble: Exception | None = None
        for part in self.record.parts:
            if not part.status.is_terminal and part.vendor_id is not None:
                try:
                    self._client.cancel(part.vendor_id)
                    self._poll(part)
                except Exception as error:
                    trouble = error
        if isinstance(trouble, QToolkitError):
            raise trouble
        if trouble is not None:
            raise JobError(
                f"job {self.id} on {self.backend_name} could not be cancelled: {_said(trouble)}; ask for its status"
            ) from safe_cause(trouble)
        return self.record.status == JobStatus.CANCELLED

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r} on {self.backend_name}, {self._record.status} when last seen)"

    @property
    def _client(self) -> CloudClient:
        from qtoolkit.backends.cloud.backend import CloudBackend

        backend = self.backend
        if not isinstance(backend, CloudBackend):
            raise JobError(
                f"job {self.id} ran on {self.backend_name} in a process of its own, which ended before it; run it again"
            )
        return backend.client

    def _poll(self, part: PartRecord) -> VendorStatus:
        assert part.vendor_id is not None
        seen = self._client.poll(part.vendor_id)
        place = (seen.facts or {}).get("queue_position", "") if seen.status == JobStatus.QUEUED else ""
        self._queue_position = told(place)
        # One that is no amount, such as NaN or less than nothing, would spoil every sum and cap; the estimate stays.
        cost = read_amount(seen.cost)
        self.store.moved(
            self.id,
            part.index,
            seen.status,
            raw=told(seen.raw),
            reason=told(seen.reason),
            cost=cost,
            currency="" if cost is None else seen.currency,
        )
        return seen

    def _wait(self, seconds: float) -> None:
        """Poll until every part has ended; each pause, and the whole, has an end."""
        deadline = time.monotonic() + seconds
        well_since = time.monotonic()
        pause = _FIRST_PAUSE
        trouble = ""
        cause: BaseException | None = None
        while True:
            record = self.record
            waiting = [part for part in record.parts if not part.status.is_terminal]
            if not waiting:
                return
            self._refuse_unknown(record)
            seen = []
            for part in waiting:
                try:
                    answer = self._poll(part)
                    seen.append(answer.status)
                    if answer.status == JobStatus.UNKNOWN:
                        trouble = f"the provider says {told(answer.raw)!r}, which this version does not know"
                except QToolkitError:
                    raise
                except Exception as error:
                    seen.append(JobStatus.UNKNOWN)
                    trouble = f"the service cannot be asked: {_said(error)}"
                    cause = safe_cause(error)
                if time.monotonic() >= deadline:
                    break  # each answer may take as long as the client lets it
            now = time.monotonic()
            if JobStatus.UNKNOWN not in seen:
                well_since, cause = now, None
                if len(seen) == len(waiting) and all(status.is_terminal for status in seen):
                    return
            elif now - well_since > PATIENCE or now >= deadline:
                raise JobError(
                    f"job {self.id} on {self.backend_name} has no known state ({now - well_since:.0f} s): {trouble}; "
                    "it stays on record, ask again later"
                ) from cause
            if now >= deadline:
                raise JobError(
                    f"job {self.id} on {self.backend_name} is {self.record.status} after {seconds:g} s; ask for the "
                    "result again with more time, or cancel it"
                )
            time.sleep(min(pause, max(0.0, deadline - now)))
            pause = min(1.5 * pause, _LONGEST_PAUSE)

    def _refuse_unknown(self, record: JobRecord) -> None:
        for part in record.parts:
            if not part.status.is_terminal and part.vendor_id is None:
                raise UnknownSubmissionError(
                    f"job {self.id} may or may not be with {record.backend} ({part.reason or part.status}); say "
                    "qtoolkit reconcile",
                    self.id,
                )

    def _refuse_ended(self, record: JobRecord) -> None:
        """Raise for a job of which nothing is done."""
        if any(part.status == JobStatus.DONE for part in record.parts):
            return
        part = next(part for part in record.parts if part.status == record.status)
        where = f"job {self.id} on {record.backend}"
        if record.status == JobStatus.CANCELLED:
            raise JobError(f"{where} was cancelled; run the circuit again")
        if record.status == JobStatus.LOST:
            raise JobError(f"{where} was lost: {part.reason}; run the circuit again")
        raise JobError(f"{where} failed: {part.reason or part.vendor_status or 'the provider gives no reason'}")

    def _decoded(self, record: JobRecord, part: PartRecord) -> list[Result | Failure]:
        from qtoolkit.backends.registry import serializer_of

        serializer = serializer_of(part.payload.format)
        if part.is_readable and part.result is not None:
            return self._results(record, part, part.result, serializer)
        assert part.vendor_id is not None
        try:
            raw = self._client.fetch(part.vendor_id)
        except QToolkitError:
            raise
        except Exception as error:
            raise JobError(
                f"the result of job {self.id} on {record.backend} cannot be fetched: {_said(error)}; ask again"
            ) from safe_cause(error)
        try:
            found = self._results(record, part, raw, serializer)
        except JobError:
            self.store.arrived(self.id, part.index, redacted_bytes(raw), is_readable=False)
            raise
        self.store.arrived(self.id, part.index, redacted_bytes(raw), is_readable=True)
        return found

    def _results(
        self, record: JobRecord, part: PartRecord, raw: bytes, serializer: Serializer
    ) -> list[Result | Failure]:
        where = f"job {self.id} on {record.backend}"
        try:
            outcomes = list(serializer.outcomes(part.payload, raw))
            if len(outcomes) != part.num_circuits:
                raise JobError(f"the provider answered for {len(outcomes)} circuits, {part.num_circuits} were sent")
            evidence: dict[str, Any] = {"job_id": self.id, "vendor_id": part.vendor_id, "wall_time": _seconds(part)}
            if part.cost is not None:
                evidence["cost"] = f"{part.cost} {part.currency}"
            results: list[Result | Failure] = []
            for outcome, bits in zip(outcomes, part.payload.bits, strict=True):
                if isinstance(outcome, Failure):
                    results.append(Failure(told(outcome.reason)))
                else:
                    results.append(
                        bits.result(outcome, record.shots, backend_name=record.backend, metadata=dict(evidence))
                    )
        except JobError as error:
            raise JobError(f"the answer to {where} cannot be taken: {told(error)}") from safe_cause(error)
        except Exception as error:
            raise JobError(
                f"the answer to {where} cannot be read: {type(error).__name__}: {told(error)}"
            ) from safe_cause(error)
        return results


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {told(error)}"


def _seconds(part: PartRecord) -> float | None:
    """From acceptance until the end was seen, waiting in the queue included."""
    if part.submitted_at is None or part.ended_at is None:
        return None
    return (part.ended_at - part.submitted_at).total_seconds()
