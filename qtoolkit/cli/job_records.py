"""What is on record of jobs, as commands print it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qtoolkit.backends.cloud import JobRecord, PartRecord
    from qtoolkit.backends.cloud.store import Event

__all__ = ["HEADINGS", "age_of", "cost_of", "event_data", "job_data", "job_lines", "job_row", "part_rows"]

HEADINGS = ("job", "backend", "status", "shots", "cost", "age")
"""Of the rows that `job_row` makes."""


def job_row(record: JobRecord) -> tuple[str, ...]:
    """A line of a table of jobs."""
    shots = f"{record.shots:,}" if record.num_circuits == 1 else f"{record.num_circuits} × {record.shots:,}"
    return record.id, record.backend, str(record.status), shots, cost_of(record), age_of(record.created_at)


def job_lines(record: JobRecord) -> list[tuple[str, str]]:
    """A job, one fact a line."""
    circuits = "1 circuit" if record.num_circuits == 1 else f"{record.num_circuits} circuits"
    lines = [
        ("job", record.id),
        ("backend", record.backend),
        ("status", str(record.status)),
        ("circuits", f"{circuits}, {record.shots:,} shots" + (" each" if record.num_circuits > 1 else "")),
        ("created", _moment(record.created_at)),
        ("cost", cost_of(record)),
    ]
    if record.price:
        lines.append(("price", str(record.price.get("reason", ""))))
        if record.price.get("source"):
            lines.append(("published", f"{record.price['source']} ({record.price.get('as_of') or 'no date'})"))
    if record.options:
        lines.append(("options", ", ".join(f"{name}={value}" for name, value in record.options.items())))
    if record.calibration is not None:
        lines.append(("calibration", "of the device on that day, on record"))
    if len(record.parts) == 1:
        lines += _part_lines(record.parts[0])
    return lines


def part_rows(record: JobRecord) -> list[tuple[str, ...]]:
    """A line for each submission: its index, circuits, status, the provider's id and word, and what went wrong."""
    return [
        (
            str(part.index),
            _circuits(part),
            str(part.status),
            part.vendor_id or "–",
            " ".join(text for text in (part.vendor_status, part.reason) if text) or "–",
        )
        for part in record.parts
    ]


def job_data(record: JobRecord) -> dict[str, Any]:
    """A job as JSON types; bodies and answers by their sizes."""
    return {
        "id": record.id,
        "backend": record.backend,
        "status": str(record.status),
        "num_circuits": record.num_circuits,
        "shots": record.shots,
        "is_batch": record.is_batch,
        "created_at": record.created_at.isoformat(),
        "cost": None if record.cost is None else str(record.cost),
        "currency": record.currency,
        "price": None if record.price is None else dict(record.price),
        "options": dict(record.options),
        "calibration": None if record.calibration is None else dict(record.calibration),
        "parts": [_part_data(part) for part in record.parts],
    }


def event_data(events: Sequence[Event]) -> list[dict[str, Any]]:
    """Changes of a job's state as JSON types."""
    return [
        {"at": event.at.isoformat(), "part": event.part, "status": str(event.status), "text": event.text}
        for event in events
    ]


def cost_of(record: JobRecord) -> str:
    """A job's cost in a few words."""
    if record.costs is None:
        return "unknown"
    return " + ".join(f"{amount} {currency}" for currency, amount in record.costs.items()) or "free"


def age_of(moment: datetime) -> str:
    """How long ago, in one unit."""
    seconds = max(0.0, (datetime.now(UTC) - moment).total_seconds())
    for size, unit in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if seconds >= size:
            return f"{int(seconds / size)} {unit}"
    return f"{int(seconds)} s"


def _part_lines(part: PartRecord) -> list[tuple[str, str]]:
    facts = [
        ("provider's id", part.vendor_id or "–"),
        ("provider's word", part.vendor_status),
        ("reason", part.reason),
        ("sent as", f"{part.payload.format}, {len(part.payload.body):,} bytes"),
        ("accepted", "" if part.submitted_at is None else _moment(part.submitted_at)),
        ("ended", "" if part.ended_at is None else _moment(part.ended_at)),
        ("answer", "" if part.result is None else _answer(part)),
    ]
    return [(name, text) for name, text in facts if text]


def _part_data(part: PartRecord) -> dict[str, Any]:
    moments = {"intended_at": part.intended_at, "submitted_at": part.submitted_at, "ended_at": part.ended_at}
    return {
        "index": part.index,
        "first_circuit": part.first,
        "num_circuits": part.num_circuits,
        "status": str(part.status),
        "key": part.key,
        "vendor_id": part.vendor_id,
        "vendor_status": part.vendor_status,
        "reason": part.reason,
        "cost": None if part.cost is None else str(part.cost),
        "currency": part.currency,
        "format": part.payload.format,
        "num_bytes": len(part.payload.body),
        "content_hash": part.payload.content_hash(part.key),
        "result_bytes": None if part.result is None else len(part.result),
        "is_readable": part.is_readable,
        **{name: None if moment is None else moment.isoformat() for name, moment in moments.items()},
    }


def _circuits(part: PartRecord) -> str:
    last = part.first + part.num_circuits - 1
    return str(part.first) if last == part.first else f"{part.first}–{last}"


def _answer(part: PartRecord) -> str:
    assert part.result is not None
    return f"{len(part.result):,} bytes" + ("" if part.is_readable else ", which cannot be read")


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
