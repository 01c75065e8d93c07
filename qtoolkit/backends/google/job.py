"""States of the Quantum Engine's jobs in the toolkit's terms."""

from __future__ import annotations

from typing import Any

from qtoolkit.backends.cloud.client import VendorStatus
from qtoolkit.backends.job import JobStatus

__all__ = ["STATES", "status_of"]

STATES = {
    "READY": JobStatus.QUEUED,
    "RUNNING": JobStatus.RUNNING,
    "CANCELLING": JobStatus.RUNNING,
    "CANCELLED": JobStatus.CANCELLED,
    "SUCCESS": JobStatus.DONE,
    "FAILURE": JobStatus.FAILED,
}


def status_of(job: Any) -> VendorStatus:
    """Where a job stands.

    Args:
        job: a `QuantumJob` of the service. A state without a name in this version's messages is its number.
    """
    # The wrapper warns of numbers that it does not know; the message below keeps them.
    status = type(job).pb(job).execution_status
    states = status.DESCRIPTOR.fields_by_name["state"].enum_type.values_by_number
    raw = states[status.state].name if status.state in states else str(status.state)
    reason = ""
    if status.HasField("failure"):
        codes = status.failure.DESCRIPTOR.fields_by_name["error_code"].enum_type.values_by_number
        code = status.failure.error_code
        name = codes[code].name if code in codes else str(code)
        reason = ": ".join(text for text in (name, status.failure.error_message) if text)
    return VendorStatus.of(raw, STATES, reason)
