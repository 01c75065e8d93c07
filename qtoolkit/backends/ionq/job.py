"""IonQ's states of a job in the toolkit's terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qtoolkit.backends.cloud.client import VendorStatus
from qtoolkit.backends.job import JobStatus

__all__ = ["STATES", "status_of"]

STATES = {
    "submitted": JobStatus.QUEUED,
    "ready": JobStatus.QUEUED,
    "started": JobStatus.RUNNING,
    "completed": JobStatus.DONE,
    "failed": JobStatus.FAILED,
    "canceled": JobStatus.CANCELLED,
}
"""The states of version 0.4 of the service; there are no others."""


def status_of(job: Mapping[str, Any]) -> VendorStatus:
    """Where a job stands, by the service's description of it."""
    failure = job.get("failure")
    reason = ""
    if isinstance(failure, Mapping):
        # `message` in the service's description of itself, `error` in what its SDK reads.
        words = (failure.get("code"), failure.get("message") or failure.get("error"))
        reason = ": ".join(str(word) for word in words if word)
    facts = {
        name: job[name]
        for name in ("predicted_wait_time_ms", "execution_duration_ms")
        if isinstance(job.get(name), int | float)
    }
    return VendorStatus.of(str(job.get("status")), STATES, reason, facts=facts)
