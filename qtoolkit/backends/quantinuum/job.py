"""The states that Nexus has for jobs and their items."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from qtoolkit.backends.cloud import VendorStatus
from qtoolkit.backends.job import JobStatus

__all__ = ["STATES", "reason_of", "status_of"]

STATES = {
    "SUBMITTED": JobStatus.QUEUED,
    "QUEUED": JobStatus.QUEUED,
    "RETRYING": JobStatus.QUEUED,
    "RUNNING": JobStatus.RUNNING,
    "CANCELLING": JobStatus.RUNNING,
    "COMPLETED": JobStatus.DONE,
    "ERROR": JobStatus.FAILED,
    "DEPLETED": JobStatus.FAILED,
    "TERMINATED": JobStatus.FAILED,
    "CANCELLED": JobStatus.CANCELLED,
}
"""Nexus's words; a job is depleted when the account's credits are spent."""

_MOST_CREDITS = 10**12


def status_of(attributes: Mapping[str, Any]) -> VendorStatus:
    """Where a job stands, by its attributes; one that failed in parts is done, and its items tell which.

    Raises:
        ValueError: if they hold no status.
    """
    status = attributes.get("status")
    if not isinstance(status, dict) or not isinstance(status.get("status"), str):
        raise ValueError("Nexus's answer holds no status")
    word = status["status"]
    known = STATES.get(word, JobStatus.UNKNOWN)
    items = [item.get("status", {}).get("status") for item in attributes.get("definition", {}).get("items", [])]
    if known in (JobStatus.FAILED, JobStatus.CANCELLED) and "COMPLETED" in items:
        known = JobStatus.DONE
    reason = reason_of(status) if known in (JobStatus.FAILED, JobStatus.UNKNOWN) else ""
    facts = {"queue_position": status["queue_position"]} if status.get("queue_position") is not None else None
    return VendorStatus(known, word, reason, _cost(status.get("cost")), facts)


def reason_of(status: Mapping[str, Any]) -> str:
    """Why a job or an item ended as it did, in Nexus's words."""
    return str(status.get("error_detail") or status.get("message") or "")


def _cost(given: object) -> Decimal | None:
    """What is charged, in Quantinuum's credits (HQC); None for what is no amount, with which caps could not reckon."""
    try:
        found = None if given is None or isinstance(given, bool) else Decimal(str(given))
    except InvalidOperation:
        return None
    return found if found is not None and found.is_finite() and 0 <= found < _MOST_CREDITS else None
