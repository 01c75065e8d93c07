"""What a client of a provider's service does, and how it says what became of a request."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from qtoolkit.backends.cloud.secrets import redacted, told
from qtoolkit.backends.job import JobStatus
from qtoolkit.errors import JobError

if TYPE_CHECKING:
    from qtoolkit.backends.cloud.payload import Payload

__all__ = ["CannotTell", "CloudClient", "NotSent", "Refused", "VendorStatus", "check_vendor_id"]

_LONGEST_ID = 20_000
"""Letters: some services name the circuits of a job one by one."""


class Refused(Exception):  # noqa: N818
    """The service answered that it does not take the request: surely no job was made."""


class NotSent(Exception):  # noqa: N818
    """No byte of the request reached the service: surely no job was made."""


class CannotTell(Exception):  # noqa: N818
    """The service offers no way to look a submission up."""


@dataclass(frozen=True)
class VendorStatus:
    """Where a submission stands, in the toolkit's terms and the provider's own.

    Attributes:
        status: `JobStatus.UNKNOWN` for a state that this version does not know.
        raw: the provider's word.
        reason: why it failed, in the provider's words.
        cost: what the provider says that it charges; None where it says nothing.
        currency: of the cost, such as ``"USD"``; empty for that of the estimate.
        facts: what else it says; ``"queue_position"`` is its place in the queue, as the provider writes it.
    """

    status: JobStatus
    raw: str
    reason: str = ""
    cost: Decimal | None = None
    facts: Mapping[str, Any] | None = None
    currency: str = ""

    @classmethod
    def of(cls, raw: str, known: Mapping[str, JobStatus], reason: str = "", **more: Any) -> VendorStatus:
        """The status of a provider's word, by a table of the words that are known."""
        return cls(known.get(raw, JobStatus.UNKNOWN), raw, reason, **more)


class CloudClient(ABC):
    """A provider's service, over its SDK or over HTTP.

    Every request is sent once: retries of an SDK are off for what submits. Every request ends: each has a time-out.

    Attributes:
        is_idempotent: whether sending the same payload under the same key again makes no second job.
    """

    is_idempotent: ClassVar[bool] = False

    @abstractmethod
    def submit(self, payload: Payload, key: str) -> str:
        """Send a payload, once, and return the id that the provider gives the job.

        Args:
            payload: `Payload.body` is what leaves.
            key: names the submission; it goes along as the provider's token, id, tag, name or metadata.

        Raises:
            Refused: if the service says that it takes no such job.
            NotSent: if nothing reached the service.
            Exception: any other leaves open whether there is a job.
        """

    @abstractmethod
    def find(self, payload: Payload, key: str) -> str | None:
        """The provider's id of the job that was submitted under a key; None if the service surely has none.

        Raises:
            CannotTell: if the service offers no such look-up.
            Exception: if it cannot be asked now.
        """

    @abstractmethod
    def poll(self, vendor_id: str) -> VendorStatus:
        """Where a job stands. Any exception means that the service did not say."""

    @abstractmethod
    def fetch(self, vendor_id: str) -> bytes:
        """The raw answer of a job that is done: all that `Serializer.outcomes` needs, in one piece of bytes."""

    @abstractmethod
    def cancel(self, vendor_id: str) -> None:
        """Ask the service to cancel a job; one that has ended is left alone."""


def check_vendor_id(given: object) -> str:
    """A provider's id of a job, fit for records, messages and addresses.

    Raises:
        JobError: if it is none: another type, empty, with blanks or letters that are not printed, or a secret.
    """
    is_text = isinstance(given, str) and 0 < len(given) <= _LONGEST_ID and given.isascii() and given.isprintable()
    if not is_text or " " in str(given) or redacted(given) != given:
        raise JobError(f"the provider names the job by {told(repr(given))[:80]}, which is no id")
    return str(given)
