"""Jobs of the IBM Quantum service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtoolkit._optional import require
from qtoolkit.backends.backend import Backend
from qtoolkit.backends.job import Job, JobStatus, check_timeout
from qtoolkit.errors import JobError

__all__ = ["IBMJob"]

_STATUS = {
    "INITIALIZING": JobStatus.QUEUED,
    "QUEUED": JobStatus.QUEUED,
    "RUNNING": JobStatus.RUNNING,
    "DONE": JobStatus.DONE,
    "ERROR": JobStatus.FAILED,
    "CANCELLED": JobStatus.CANCELLED,
}


class IBMJob(Job[Any]):
    """A job of the service; its id is the service's.

    Args:
        backend: where it runs.
        vendor_job: a `qiskit_ibm_runtime.RuntimeJobV2`.
        decoded: the service's answer to what `result` returns.
    """

    def __init__(self, backend: Backend, vendor_job: Any, decoded: Callable[[Any], Any]) -> None:
        super().__init__(backend, vendor_job.job_id())
        self.vendor_job = vendor_job
        self._decoded = decoded

    def status(self) -> JobStatus:
        """Ask the service."""
        name = self.vendor_job.status()
        if name not in _STATUS:
            raise JobError(f"job {self.id} on {self.backend.name} has the status {name}, which this version lacks")
        return _STATUS[name]

    def result(self, timeout: float | None = None) -> Any:
        """Wait for the service's result."""
        timeout = check_timeout(timeout)
        errors = require("qiskit_ibm_runtime.exceptions", extra="ibm")
        where = f"job {self.id} on {self.backend.name}"
        try:
            answer = self.vendor_job.result(timeout=timeout)
        except errors.RuntimeJobTimeoutError as error:
            raise JobError(
                f"{where} is not finished after {timeout:g} s; ask for the result again with more time, or cancel it"
            ) from error
        except errors.RuntimeInvalidStateError as error:
            raise JobError(f"{where} was cancelled; run the circuit again") from error
        except errors.RuntimeJobFailureError as error:
            raise JobError(f"{where} failed: {error}") from error
        except Exception as error:
            raise JobError(f"the result of {where} cannot be fetched: {type(error).__name__}: {error}") from error
        results = self._decoded(answer)
        if isinstance(results, list):
            return [result.with_metadata(job_id=self.id) for result in results]
        return results.with_metadata(job_id=self.id)

    def cancel(self) -> bool:
        """Ask the service to cancel the job."""
        errors = require("qiskit_ibm_runtime.exceptions", extra="ibm")
        try:
            self.vendor_job.cancel()
        except errors.RuntimeInvalidStateError:
            return self.status() == JobStatus.CANCELLED
        return True
