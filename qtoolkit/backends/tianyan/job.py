"""What Tianyan's service says of the experiments of a submission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qtoolkit.backends.cloud.answers import first_text
from qtoolkit.backends.cloud.client import VendorStatus
from qtoolkit.backends.job import JobStatus

__all__ = ["STATES", "joint_state", "state_of"]

STATES = {
    "failed": JobStatus.FAILED,
    "failure": JobStatus.FAILED,
    "error": JobStatus.FAILED,
    "cancelled": JobStatus.CANCELLED,
    "canceled": JobStatus.CANCELLED,
    "queued": JobStatus.QUEUED,
    "waiting": JobStatus.QUEUED,
    "pending": JobStatus.QUEUED,
    "running": JobStatus.RUNNING,
}
"""Words in lower case. An experiment that is done has results, one that waits is mostly not in the answer at all."""


def state_of(entry: Mapping[str, Any]) -> VendorStatus:
    """Where one experiment of the answer stands: it is done if it has results, else what its word says."""
    if entry.get("resultStatus") or entry.get("probability"):
        return VendorStatus(JobStatus.DONE, "results")
    word = next((str(entry[name]) for name in ("status", "taskStatus") if entry.get(name) is not None), "")
    reason = first_text(entry, "errorMessage", "errorMsg", "message")
    if not word:
        return VendorStatus(JobStatus.RUNNING, "")
    return VendorStatus(STATES.get(word.strip().lower(), JobStatus.UNKNOWN), word, reason)


def joint_state(states: Sequence[VendorStatus], count: int) -> VendorStatus:
    """Where a submission of several experiments stands.

    Args:
        states: of those that the service told of.
        count: those that were submitted.
    """
    for state in states:
        if state.status is JobStatus.UNKNOWN:
            return state
    ended = sum(state.status.is_terminal for state in states)
    word = f"{ended} of {count} ended"
    if ended < count:
        started = any(state.status is not JobStatus.QUEUED for state in states)
        return VendorStatus(JobStatus.RUNNING if started else JobStatus.QUEUED, word)
    if any(state.status is JobStatus.DONE for state in states):
        return VendorStatus(JobStatus.DONE, word)
    return states[0]
