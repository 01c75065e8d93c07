"""What IBM's service says of a job, in the terms of this toolkit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qtoolkit.backends.cloud.client import VendorStatus
from qtoolkit.backends.job import JobStatus

__all__ = ["STATES", "status_of"]

STATES: Mapping[str, JobStatus] = {
    "QUEUED": JobStatus.QUEUED,
    "RUNNING": JobStatus.RUNNING,
    "COMPLETED": JobStatus.DONE,
    "FAILED": JobStatus.FAILED,
    "CANCELLED": JobStatus.CANCELLED,
    "CANCELLED - RAN TOO LONG": JobStatus.FAILED,
}
"""By IBM's words in capitals."""

_RAN_TOO_LONG = 1305
"""The code with which IBM cancels a job that passed its execution time; nobody asked for that."""


def status_of(data: Any) -> VendorStatus:
    """The status that a job's description holds.

    Args:
        data: what ``GET /jobs/{id}`` answered.

    Raises:
        ValueError: if it describes no job.
    """
    state = data.get("state") if isinstance(data, dict) else None
    if not isinstance(state, dict) or not isinstance(state.get("status"), str):
        raise ValueError(f"IBM's answer describes no state of a job: {str(data)[:100]}")
    word = state["status"]
    status = STATES.get(word.upper(), JobStatus.UNKNOWN)
    code = state.get("reason_code") or state.get("reasonCode")
    if status is JobStatus.CANCELLED and code == _RAN_TOO_LONG:
        status = JobStatus.FAILED
    reason = str(state.get("reason") or "")
    if code:
        reason = f"{reason} (code {code})".strip()
    usage = data.get("usage")
    return VendorStatus(status, word, reason, facts={"usage": usage} if isinstance(usage, dict) else None)
