"""The states that IQM Server has for jobs."""

from __future__ import annotations

from typing import Any

from qtoolkit.backends.cloud import VendorStatus
from qtoolkit.backends.job import JobStatus

__all__ = ["STATES", "status_of"]

STATES = {
    "waiting": JobStatus.QUEUED,
    "processing": JobStatus.RUNNING,
    "completed": JobStatus.DONE,
    "failed": JobStatus.FAILED,
    "cancelled": JobStatus.CANCELLED,
}


def status_of(data: Any) -> VendorStatus:
    """Where a job stands, by what the server says of it.

    Raises:
        ValueError: if it says no status.
    """
    word = data.get("status") if isinstance(data, dict) else None
    if not isinstance(word, str):
        raise ValueError("IQM Server's answer holds no status")
    errors = data.get("errors") or []
    reason = "; ".join(str(error.get("message", error)) if isinstance(error, dict) else str(error) for error in errors)
    position = data.get("queue_position")
    return VendorStatus.of(word, STATES, reason, facts=None if position is None else {"queue_position": position})
