"""What Quafu says of a task."""

from __future__ import annotations

from qtoolkit.backends.job import JobStatus

__all__ = ["REFUSALS", "STATES"]

STATES = {
    "0": JobStatus.QUEUED,
    "1": JobStatus.RUNNING,
    "2": JobStatus.DONE,
    "3": JobStatus.CANCELLED,
    "4": JobStatus.FAILED,
    "5": JobStatus.QUEUED,
}
"""`status` of a task: in queue, running, completed, cancelled, failed, pending."""

REFUSALS = frozenset({201, 205, 400, 5001, 5004})
"""`status` or `code` in place of a task: of the user's doing, or a circuit that is wrong or cannot be compiled.

5003, a failure of the service's own, is not among them: it leaves open whether there is a task.
"""
