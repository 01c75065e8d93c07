"""What Origin's cloud says of a task."""

from __future__ import annotations

from qtoolkit.backends.job import JobStatus

__all__ = ["STATES"]

STATES = {
    "1": JobStatus.QUEUED,
    "2": JobStatus.RUNNING,
    "3": JobStatus.DONE,
    "4": JobStatus.FAILED,
    "5": JobStatus.QUEUED,
    "7": JobStatus.FAILED,
    "8": JobStatus.FAILED,
}
"""`taskState`: waiting, computing, finished, failed, queuing, not built, too long.

pyqpanda3 takes every other number for a failure, and earlier SDKs take 6 and 9 for steps on the way, so those stay
unknown here.
"""
