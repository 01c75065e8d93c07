"""The tables of the job store, and how a store of an older version becomes one of this."""

from __future__ import annotations

import sqlite3
import time

from qtoolkit.errors import JobError

__all__ = ["VERSION", "log_ahead", "migrate"]

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
    "ALTER TABLE parts ADD COLUMN sent_at TEXT",
)
"""Each brings a store one version on; those that have been released stay as they are."""

VERSION = len(_MIGRATIONS)


_PAUSE = 0.01


def log_ahead(connection: sqlite3.Connection, seconds: float) -> None:
    """Have changes written to a log ahead of the file, so that readers and a writer do not wait for each other.

    The file remembers it. SQLite does not wait for others that are at the file just then, as it does elsewhere.

    Args:
        connection: to the store.
        seconds: to wait for others.

    Raises:
        sqlite3.Error: if it cannot be done.
    """
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    if mode == "wal":
        return
    deadline = time.monotonic() + seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(_PAUSE)
        else:
            return


def migrate(connection: sqlite3.Connection, path: str) -> None:
    """Bring a store to this version, in one transaction; what is in it stays.

    Raises:
        JobError: if it was written by a later version.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == VERSION:
        return
    _refuse_later(version, path)
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been faster.
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        _refuse_later(version, path)
        for script in _MIGRATIONS[version:]:
            for statement in script.split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk ends it
            connection.execute("ROLLBACK")
        raise


def _refuse_later(version: int, path: str) -> None:
    if version > VERSION:
        raise JobError(
            f"the job store {path} is of version {version}, this toolkit reads up to {VERSION}; upgrade "
            "qtoolkit-quantum"
        )
