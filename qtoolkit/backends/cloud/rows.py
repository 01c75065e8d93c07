"""Records of jobs as rows of the store's tables."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from decimal import Decimal
from typing import Any

from qtoolkit.backends.cloud.bits import BitMap
from qtoolkit.backends.cloud.payload import Payload
from qtoolkit.backends.cloud.processes import this_process
from qtoolkit.backends.cloud.records import JobRecord, PartRecord
from qtoolkit.backends.job import JobStatus
from qtoolkit.errors import JobError

__all__ = ["insert_record", "read_record"]


def insert_record(connection: sqlite3.Connection, record: JobRecord) -> None:
    """Write a new job down, as one that this process is to send."""
    connection.execute(
        "INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            record.id,
            record.backend,
            json.dumps(dict(record.options)),
            record.shots,
            record.is_batch,
            record.created_at.isoformat(),
            _json_or_none(record.calibration),
            _json_or_none(record.price),
        ),
    )
    for part in record.parts:
        connection.execute(
            "INSERT INTO parts (job_id, number, first, key, content_hash, format, media_type, body, facts, bits, "
            "status, reason, cost, currency, intended_at, sender) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                record.id,
                part.index,
                part.first,
                part.key,
                part.payload.content_hash(part.key),
                part.payload.format,
                part.payload.media_type,
                part.payload.body,
                json.dumps(dict(part.payload.facts)),
                json.dumps([bits.to_json() for bits in part.payload.bits]),
                part.status,
                part.reason,
                None if part.cost is None else str(part.cost),
                part.currency,
                record.created_at.isoformat(),
                this_process(),
            ),
        )


def read_record(connection: sqlite3.Connection, job_id: str) -> JobRecord:
    """Read a job, which is there.

    Raises:
        JobError: if what is there is no job.
    """
    job = connection.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
    rows = connection.execute("SELECT * FROM parts WHERE job_id = ? ORDER BY number", (job_id,)).fetchall()
    try:
        if not rows:
            raise LookupError("it has no parts")
        return JobRecord(
            job["id"],
            job["backend"],
            tuple(_part(row, job["shots"]) for row in rows),
            job["shots"],
            bool(job["is_batch"]),
            datetime.fromisoformat(job["created_at"]),
            json.loads(job["options"]),
            None if job["calibration"] is None else json.loads(job["calibration"]),
            None if job["price"] is None else json.loads(job["price"]),
        )
    except (ValueError, TypeError, LookupError, ArithmeticError) as error:
        raise JobError(f"what the job store holds of job {job_id} is damaged: {error!r}; set it right") from error


def _part(row: sqlite3.Row, shots: int) -> PartRecord:
    bits = tuple(BitMap.from_json(data) for data in json.loads(row["bits"]))
    payload = Payload(row["body"], row["format"], shots, bits, row["media_type"], json.loads(row["facts"]))
    return PartRecord(
        row["number"],
        row["first"],
        payload,
        row["key"],
        JobStatus(row["status"]),
        row["vendor_id"],
        row["vendor_status"],
        row["reason"],
        None if row["cost"] is None else Decimal(row["cost"]),
        row["currency"],
        row["result"],
        bool(row["is_readable"]),
        _time(row["submitted_at"]),
        _time(row["ended_at"]),
        _time(row["intended_at"]),
        row["sender"],
        _time(row["sent_at"]),
    )


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _json_or_none(value: Any) -> str | None:
    return None if value is None else json.dumps(value)
