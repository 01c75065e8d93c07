"""`LocalJob`: a Qiskit job that runs in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any
from uuid import uuid4

from qiskit.providers import JobStatus, JobV1
from qiskit.result import Result

from qtoolkit.errors import JobError
from qtoolkit.simulators.worker import Worker, abandon

__all__ = ["LocalJob"]


class LocalJob(JobV1):  # type: ignore[misc]
    """One call of `Backend.run`, started at once.

    Args:
        backend: that runs it.
        work: computes the result for a job id.
    """

    def __init__(self, backend: Any, work: Callable[[str], Result]) -> None:
        super().__init__(backend, str(uuid4()))
        self._work = work
        self._future: Future[Result] | None = None

    def submit(self) -> None:
        """Start the work.

        Raises:
            JobError: if it was started before.
        """
        if self._future is not None:
            raise JobError(f"a job is submitted once, got job {self.job_id()} again; run the circuits anew")
        self._future = Worker("qtoolkit-job").submit(self._work, self.job_id())

    def result(self, timeout: float | None = None) -> Result:
        """The result, as soon as it is there; who is interrupted while waiting, by Ctrl-C for one, cancels the job.

        Args:
            timeout: seconds to wait at most.

        Raises:
            JobError: if the job was cancelled, not submitted, or takes longer.
            QToolkitError: what went wrong while it ran.
        """
        future = self._submitted()
        try:
            return future.result(timeout)
        except CancelledError as error:
            raise JobError(f"job {self.job_id()} was cancelled; run the circuits anew") from error
        except TimeoutError as error:
            raise JobError(f"job {self.job_id()} did not finish within {timeout} s; wait longer") from error
        except KeyboardInterrupt:
            abandon((future,))
            raise

    def cancel(self) -> bool:
        """Cancel the job if it has not started; whether that worked."""
        return self._submitted().cancel()

    def status(self) -> JobStatus:
        """Where the job stands."""
        future = self._future
        if future is None:
            return JobStatus.INITIALIZING
        if future.cancelled():
            return JobStatus.CANCELLED
        if future.done():
            failure = future.exception()
            if isinstance(failure, CancelledError):
                return JobStatus.CANCELLED
            return JobStatus.DONE if failure is None else JobStatus.ERROR
        return JobStatus.RUNNING if future.running() else JobStatus.QUEUED

    def _submitted(self) -> Future[Result]:
        if self._future is None:
            raise JobError(f"job {self.job_id()} has not been submitted; call submit() first")
        return self._future
