"""The tables of the job store, and how a store of an older version becomes one of this."""

from __future__ import annotations

import sqlite3

from qtoolkit.errors import JobError

__all__ = ["VERSION", "migrate"]

_MIGRATIONS = (
    """
    CREATE TABLE jobs (
        id TEXT PRIMARY KEY,
        backend TEXT NOT NULL,
        options TEXT NOT NULL,
        shots INTEGER NOT NULL,
        is_batch INTEGER NOT NULL,
        created_at TEXT NOT NULL,
        calibration TEXT,
        price TEXT
    );
    CREATE TABLE parts (
        job_id TEXT NOT NULL REFERENCES jobs(id),
        number INTEGER NOT NULL,
        first INTEGER NOT NULL,
        key TEXT NOT NULL UNIQUE,
        content_hash TEXT NOT NULL,
        format TEXT NOT NULL,
        media_type TEXT NOT NULL,
        body BLOB NOT NULL,
        facts TEXT NOT NULL,
        bits TEXT NOT NULL,
        status TEXT NOT NULL,
        vendor_id TEXT,
        vendor_status TEXT NOT NULL DEFAULT '',
        reason TEXT NOT NULL DEFAULT '',
        cost TEXT,
        currency TEXT NOT NULL DEFAULT '',
        result BLOB,
        is_readable INTEGER NOT NULL DEFAULT 0,
        intended_at TEXT NOT NULL,
        sender TEXT NOT NULL,
        submitted_at TEXT,
        ended_at TEXT,
        PRIMARY KEY (job_id, number)
    );
    CREATE INDEX parts_by_vendor_id ON parts (vendor_id);
    CREATE INDEX parts_by_status ON parts (status);
    CREATE INDEX parts_by_content ON parts (content_hash);
    CREATE TABLE events (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        job_id TEXT NOT NULL,
        part INTEGER NOT NULL,
        at TEXT NOT NULL,
        status TEXT NOT NULL,
        text TEXT NOT NULL
    );
    CREATE INDEX events_by_job ON events (job_id);
    CREATE TABLE caps (
        currency TEXT PRIMARY KEY,
        amount TEXT NOT NULL,
        since TEXT NOT NULL
    );
    """,
)
"""Each brings a store one version on; those that have been released stay as they are."""

VERSION = len(_MIGRATIONS)


def migrate(connection: sqlite3.Connection, path: str) -> None:
    """Bring a store to this version, in one transaction; what is in it stays.

    Raises:
        JobError: if it was written by a later version.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == VERSION:
        return
    if version > VERSION:
        raise JobError(
            f"the job store {path} is of version {version}, this toolkit reads up to {VERSION}; upgrade "
            "qtoolkit-quantum"
        )
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been faster.
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        for script in _MIGRATIONS[version:]:
            for statement in script.split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {max(version, VERSION)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
