"""Azure Quantum's states of a job in the toolkit's terms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from qtoolkit.backends.cloud.client import VendorStatus
from qtoolkit.backends.job import JobStatus
from qtoolkit.backends.money.cost import read_amount

__all__ = ["STATES", "status_of", "without_queries"]

STATES = {
    "Queued": JobStatus.QUEUED,
    "Waiting": JobStatus.QUEUED,
    "Executing": JobStatus.RUNNING,
    "Finishing": JobStatus.RUNNING,
    "CancellationRequested": JobStatus.RUNNING,
    "Cancelling": JobStatus.RUNNING,
    "Completed": JobStatus.DONE,
    "Succeeded": JobStatus.DONE,
    "Failed": JobStatus.FAILED,
    "Cancelled": JobStatus.CANCELLED,
}
"""The states of the service's version 2026-01-15-preview."""


_QUERY = re.compile(r"\?[^\s'\"<>)]+")


def without_queries(text: str) -> str:
    """A text with what follows the question mark of an address replaced by dots: signatures of storage stand there."""
    return _QUERY.sub("?•••", text)


def status_of(details: Mapping[str, Any]) -> VendorStatus:
    """Where a job stands, by the service's description of it."""
    error = details.get("errorData")
    reason = ""
    if isinstance(error, Mapping):
        reason = without_queries(": ".join(str(error[key]) for key in ("code", "message") if error.get(key)))
    status = VendorStatus.of(str(details.get("status")), STATES, reason)
    if not status.status.is_terminal:
        return status
    # The service describes its estimate as the cost that the provider bills.
    cost, currency = _cost(details.get("costEstimate"))
    return VendorStatus(status.status, status.raw, reason, cost, currency=currency)


def _cost(estimate: object) -> tuple[Decimal | None, str]:
    if not isinstance(estimate, Mapping):
        return None, ""
    cost, currency = read_amount(estimate.get("estimatedTotal")), estimate.get("currencyCode")
    return (cost, currency) if cost is not None and isinstance(currency, str) and currency else (None, "")
