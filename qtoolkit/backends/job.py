"""Jobs: what `Backend.run` returns at once, while the circuits wait, run and end."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

from qtoolkit._arguments import check_number
from qtoolkit.primitives import Result

if TYPE_CHECKING:
    from qtoolkit.backends.backend import Backend

__all__ = ["Job", "JobStatus", "check_timeout"]

MOST_SECONDS = threading.TIMEOUT_MAX
"""What the system can wait for at once, some centuries; more is as long as it takes."""


def check_timeout(timeout: object) -> float | None:
    """Seconds to wait, None for as long as it takes.

    Raises:
        InputError: if it is neither None nor a number of at least 0.
    """
    if timeout is None:
        return None
    seconds = check_number(timeout, "timeout", kind="a number of seconds of at least 0", accept=lambda x: x >= 0.0)
    return None if seconds > MOST_SECONDS else seconds


Answer = TypeVar("Answer", Result, list[Result], covariant=True)


class JobStatus(StrEnum):
    """Where a job stands; there are no others."""

    PREPARED = "prepared"
    """On record here; its request has not left, as far as is known."""
    UNKNOWN = "unknown"
    """Its request may have been accepted, or the provider names a state that this version does not know."""
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"
    """The provider has no such job: its request never arrived."""

    @property
    def is_terminal(self) -> bool:
        """Whether the status will not change any more."""
        return self in (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.LOST)


class Job(ABC, Generic[Answer]):
    """One submission to a backend: a circuit, with a `Result`, or several, with a list of them.

    Args:
        backend: where it was submitted.
        job_id: names it on that backend; `Backend.job` finds it again.
    """

    def __init__(self, backend: Backend, job_id: str) -> None:
        self.backend = backend
        self.id = job_id

    @abstractmethod
    def status(self) -> JobStatus:
        """Where the job stands now."""

    @abstractmethod
    def result(self, timeout: float | None = None) -> Answer:
        """Wait for the result.

        Args:
            timeout: seconds to wait, at least 0; None waits as long as it takes. The job goes on when they have
                passed.

        Raises:
            InputError: if `timeout` is no such number.
            JobError: if the job failed (with its cause), was cancelled, or is not finished in time.
        """

    @abstractmethod
    def cancel(self) -> bool:
        """Cancel what has not started, and return whether the job is cancelled."""

    def done(self) -> bool:
        """Whether the job has ended, well or not."""
        return self.status().is_terminal

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r} on {self.backend.name}, {self.status()})"
