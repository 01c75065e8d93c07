"""`CloudBackend`: circuits to a provider, on record before they leave and sent once."""

from __future__ import annotations

import os
import uuid
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from qtoolkit._arguments import check_instance, check_integer
from qtoolkit.backends.backend import Backend, Request
from qtoolkit.backends.cloud.client import CloudClient, NotSent, Refused, check_vendor_id
from qtoolkit.backends.cloud.job import CloudJob
from qtoolkit.backends.cloud.payload import Payload
from qtoolkit.backends.cloud.processes import let_go
from qtoolkit.backends.cloud.reconcile import look_up
from qtoolkit.backends.cloud.records import JobRecord, PartRecord
from qtoolkit.backends.cloud.secrets import safe_cause, told
from qtoolkit.backends.cloud.store import JobStore, default_store
from qtoolkit.backends.job import Job, JobStatus
from qtoolkit.backends.money import CostEstimate, check_max_cost, estimate_cost, total_cost
from qtoolkit.circuit import Circuit, ParameterValues
from qtoolkit.errors import (
    BackendError,
    CostLimitError,
    CredentialsError,
    InputError,
    OutputError,
    UnknownSubmissionError,
)

if TYPE_CHECKING:
    from qtoolkit.backends.calibration import Calibration

__all__ = ["CloudBackend"]

MAX_COST = "QTOOLKIT_MAX_COST"
"""The variable that caps each job where a backend was opened without a cap."""

_SENDINGS = 3
"""How often a request may be sent where the provider takes a repetition for the same."""


class CloudBackend(Backend):
    """A provider's device or simulator.

    A subclass says what it can do (`capabilities`), and writes circuits down (`_encode`); the rest is here: the intent
    is committed to the job store, then each part is sent once, and what the provider answered is written down.

    Args:
        name: as in `get_backend`, ``"provider:device"``.
        client: speaks to the service.
        store: where jobs are on record; the default one without.
        max_cost: of each job: a number in the currency of the price, or such as ``"5 USD"``; the variable
            ``QTOOLKIT_MAX_COST`` without, and no cap without either.

    Raises:
        InputError: if the cap is no amount, or the store no `JobStore`.
    """

    def __init__(
        self,
        name: str,
        client: CloudClient,
        *,
        store: JobStore | None = None,
        max_cost: Decimal | int | str | None = None,
    ) -> None:
        super().__init__(name)
        self.client = client
        rule = "a cloud's store must be a JobStore"
        self.store = default_store() if store is None else check_instance(store, JobStore, rule, InputError)
        self.max_cost = check_max_cost(os.environ.get(MAX_COST) or None if max_cost is None else max_cost)
        self.options: Mapping[str, Any] = {}

    @abstractmethod
    def _encode(self, circuits: Sequence[Circuit], shots: int, key: str) -> Payload:
        """Circuits in the provider's dialect, compiled for its device, as one submission under a key.

        Raises:
            ConversionError: naming what the dialect cannot hold.
            BackendError: if a circuit does not fit the device.
        """

    def _parts(self, circuits: Sequence[Circuit], shots: int) -> list[Sequence[Circuit]]:
        """The circuits of each submission, in order: as many as the provider takes at once."""
        most = self.capabilities.max_circuits or len(circuits)
        return [circuits[first : first + most] for first in range(0, len(circuits), most)]

    def calibration(self) -> Calibration | None:
        """The device's calibration now, which is stored with each job; None where the provider gives none.

        Raises:
            BackendError: if the provider cannot be asked.
        """
        return None

    def estimate_cost(self, circuits: Circuit | Sequence[Circuit], shots: int) -> CostEstimate:
        """What a job would cost, by the table of prices; nothing is sent.

        Raises:
            InputError: for no circuits, or shots below 1.
        """
        chosen = [circuits] if isinstance(circuits, Circuit) else list(circuits)
        shots = check_integer(shots, "shots", 1)
        parts = self._parts(chosen, shots) if chosen else []
        if len(parts) > 1:
            return total_cost([self.estimate_cost(part, shots) for part in parts])
        return estimate_cost(self.name, chosen, shots)

    def payloads(
        self, circuit: Circuit | Sequence[Circuit], shots: int, parameters: ParameterValues | Any = None
    ) -> list[Payload]:
        """What `run` would send: exactly these bytes, under another key; nothing is sent or put on record.

        Raises:
            QToolkitError: as for `run`.
        """
        request = self._request(circuit, shots, None, parameters)
        parts = self._parts(request.circuits, request.shots)
        job_id = self._new_id()
        return [self._encode(part, request.shots, _key(job_id, index)) for index, part in enumerate(parts)]

    def job(self, job_id: str) -> Job[Any]:
        """Find a job again by its id, or the provider's, from any process.

        Raises:
            JobError: if the store has no such job.
        """
        record = self.store.job(job_id)
        return CloudJob(self.store, record, lambda: self)

    def _new_id(self) -> str:
        return f"{self.name.partition(':')[0]}-{uuid.uuid4().hex[:16]}"

    def _submit(self, request: Request) -> Job[Any]:
        job_id = self._new_id()
        parts = self._parts(request.circuits, request.shots)
        estimates = [self.estimate_cost(part, request.shots) for part in parts]
        self._check_cost(estimates)
        records, first = [], 0
        for index, (part, estimate) in enumerate(zip(parts, estimates, strict=True)):
            key = _key(job_id, index)
            payload = self._encode(part, request.shots, key)
            records.append(PartRecord(index, first, payload, key, cost=estimate.amount, currency=estimate.currency))
            first += len(part)
        calibration = self.calibration()
        record = JobRecord(
            job_id,
            self.name,
            tuple(records),
            request.shots,
            request.is_batch,
            datetime.now(UTC),
            dict(self.options),
            None if calibration is None else calibration.to_json(),
            total_cost(estimates).to_json(),
        )
        try:
            self._send(self.store.intend(record))
        finally:
            let_go(job_id)
        return CloudJob(self.store, self.store.job(job_id), lambda: self)

    def _check_cost(self, estimates: Sequence[CostEstimate]) -> None:
        if self.max_cost is None:
            return
        limit, currency = self.max_cost
        estimate = total_cost(estimates)
        cap = f"the cap of a job is {limit} {currency}".rstrip()
        if estimate.amount is None:
            raise CostLimitError(
                f"the price of {self.name} is unknown ({estimate.reason}), and {cap}; nothing has left: give its price "
                "in the file that QTOOLKIT_PRICES names, or lift the cap"
            )
        theirs = estimate.currency
        if currency and theirs and estimate.amount and currency != theirs:
            raise CostLimitError(
                f"{self.name} is paid in {theirs}, and {cap}; nothing has left: give a cap in {theirs}"
            )
        if estimate.amount > limit:
            raise CostLimitError(f"the job would cost {estimate.amount} {theirs}, and {cap}; nothing has left")

    def _send(self, record: JobRecord) -> None:
        """Send each part once, and write down what became of it."""
        refusals = []
        for part in record.parts:
            try:
                self._sent(record, part)
            except Refused as error:
                self.store.moved(record.id, part.index, JobStatus.FAILED, reason=f"refused: {told(error)}")
                refusals.append(error)
            except (NotSent, CredentialsError) as error:
                self._give_up(record, part.index, f"not sent: {told(error)}")
                if any(earlier.vendor_id for earlier in self.store.job(record.id).parts):
                    return
                if isinstance(error, CredentialsError):
                    raise
                raise BackendError(
                    f"{self.name} cannot be reached, nothing was submitted: {told(error)}"
                ) from safe_cause(error)
            except BaseException as error:
                # Where the store cannot be written, it says already that the part was about to leave.
                with suppress(OutputError):
                    self.store.moved(record.id, part.index, JobStatus.UNKNOWN, reason=_said(error))
                    reason = f"not sent, because nobody knows whether part {part.index} was accepted"
                    self._give_up(record, part.index + 1, reason)
                if not isinstance(error, Exception):
                    raise
                raise UnknownSubmissionError(
                    f"{self.name} may or may not have accepted job {record.id}: {_said(error)}; it is not sent again: "
                    "say qtoolkit reconcile, or qtoolkit.backends.reconcile()",
                    record.id,
                ) from safe_cause(error)
        if len(refusals) == len(record.parts):
            raise BackendError(f"{self.name} refused the job: {told(refusals[0])}") from safe_cause(refusals[0])

    def _sent(self, record: JobRecord, part: PartRecord) -> None:
        """Send a part, and write down that it was accepted.

        Raises:
            Refused, NotSent, CredentialsError: if it surely was not.
            Exception: any other leaves it open.
        """
        if not self.store.leaves(record.id, part.index):
            raise NotSent("the job was given up while it waited to be sent")
        vendor_id = self._accepted(record, part)
        try:
            self.store.accepted(record.id, part.index, vendor_id)
        except OutputError as error:
            raise OutputError(f"it was accepted as {vendor_id}, which is not on record: {error}") from error

    def _accepted(self, record: JobRecord, part: PartRecord) -> str:
        """Submit a part. Where nobody knows whether it arrived, the provider is asked once for its key."""
        trouble: Exception | None = None
        for _ in range(_SENDINGS if self.client.is_idempotent else 1):
            try:
                return check_vendor_id(self.client.submit(part.payload, part.key))
            except (Refused, NotSent, CredentialsError):
                if trouble is None:
                    raise  # a refused repetition says nothing of the first sending
            except Exception as error:
                trouble = error
        assert trouble is not None
        try:
            found = look_up(self.store, self.client, record, part)
        except Exception:
            found = None
        if found is None:
            raise trouble
        return found

    def _give_up(self, record: JobRecord, first: int, reason: str) -> None:
        """Write down that parts from a first one on will not be sent."""
        for part in record.parts[first:]:
            self.store.moved(record.id, part.index, JobStatus.FAILED, reason=reason)


def _key(job_id: str, index: int) -> str:
    return f"{job_id}-{index}"


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {told(error)}".rstrip(": ")
