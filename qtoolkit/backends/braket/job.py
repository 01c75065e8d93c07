"""The states of a quantum task on Braket."""

from __future__ import annotations

from qtoolkit.backends.job import JobStatus

__all__ = ["STATES"]

STATES = {
    "CREATED": JobStatus.QUEUED,
    "QUEUED": JobStatus.QUEUED,
    "RUNNING": JobStatus.RUNNING,
    "CANCELLING": JobStatus.RUNNING,
    "COMPLETED": JobStatus.DONE,
    "FAILED": JobStatus.FAILED,
    "CANCELLED": JobStatus.CANCELLED,
}
"""The service's word to the toolkit's; a task that is being cancelled can still end otherwise."""
