"""The job store: every job of this user on this machine, in one SQLite file that outlives processes."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from qtoolkit._arguments import check_instance, check_integer, items_of, shown
from qtoolkit.backends.cloud.processes import hold, is_sending, this_process
from qtoolkit.backends.cloud.records import JobRecord
from qtoolkit.backends.cloud.rows import insert_record, read_record
from qtoolkit.backends.cloud.schema import log_ahead, migrate
from qtoolkit.backends.job import JobStatus
from qtoolkit.errors import CostLimitError, InputError, JobError, OutputError, UnknownSubmissionError

__all__ = ["Cap", "Event", "JobStore", "Spending", "default_store"]

LOCATION = "QTOOLKIT_JOBS"
"""The variable that names another file than the default one."""

_MOST_JOBS = (1 << 63) - 1

_WAIT = 60.0
"""Seconds that a writer waits for another one."""

GIVEN_UP = "given up by the user"
"""The reason of a part that its user gave up while nobody knew its fate: the provider may have it, and charge."""

_NEVER_CHARGED = f"(vendor_id IS NULL AND status IN ('failed', 'cancelled', 'lost') AND reason != '{GIVEN_UP}')"


@dataclass(frozen=True)
class Cap:
    """The most that all jobs together may cost.

    Attributes:
        currency: such as ``"USD"``.
        amount: the most.
        since: jobs from then on count.
        spent: what they cost, by estimates and by what providers charged.
    """

    currency: str
    amount: Decimal
    since: datetime
    spent: Decimal


@dataclass(frozen=True)
class Spending:
    """What the jobs of a backend cost.

    Attributes:
        backend: its name.
        currency: of the amount; empty where no price was known.
        amount: by estimates, and by what the provider charged where it says so; None where no price was known.
        jobs: how many.
    """

    backend: str
    currency: str
    amount: Decimal | None
    jobs: int


@dataclass(frozen=True)
class Event:
    """A change of a part's state."""

    at: datetime
    part: int
    status: JobStatus
    text: str


class JobStore:
    """Jobs on record, safe under any number of processes and threads.

    Each call is a transaction that is on disk when it returns (write-ahead log, fully synchronous), so a process that
    ends at any moment leaves what it has said. The file is readable by its owner alone. It belongs on a disk of this
    machine: SQLite's log does not work on network file systems.

    Args:
        path: the file; made if it is not there. By default the variable ``QTOOLKIT_JOBS``, or ``jobs.sqlite3`` in the
            user's data folder of this system.

    Raises:
        InputError: if the path is none.
        OutputError: if the file cannot be made or opened.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        if path is not None and not isinstance(path, str | os.PathLike):
            raise InputError(f"a job store is given by its path, got {shown(path)}")
        # A relative path would lead elsewhere in another folder, and SQLite takes ":memory:" for no file.
        self.path = (_default_path() if path is None else Path(os.fsdecode(path))).absolute()

    def __repr__(self) -> str:
        return f"JobStore({str(self.path)!r})"

    @contextmanager
    def _transaction(self, *, writes: bool = True) -> Iterator[sqlite3.Connection]:
        # A connection of its own for each: they must not cross threads or forks.
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # Only if it is not there: to open and close the file drops the locks that this process has on it.
            with suppress(FileExistsError):
                self.path.touch(mode=0o600, exist_ok=False)
            connection = sqlite3.connect(self.path, timeout=_WAIT, isolation_level=None)
        except (OSError, ValueError, sqlite3.Error) as error:
            raise OutputError(
                f"the job store {self.path} cannot be opened: {error}; set {LOCATION} to another"
            ) from None
        try:
            connection.row_factory = sqlite3.Row
            log_ahead(connection, _WAIT)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            migrate(connection, str(self.path))
            connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # a full disk ends it; and an interrupt may come behind the commit
                    connection.execute("ROLLBACK")
                raise
        except (sqlite3.Error, UnicodeError, OverflowError) as error:  # the latter of values that no table takes
            raise OutputError(f"the job store {self.path} cannot be used: {error}") from error
        finally:
            connection.close()

    # --- what is written before, during and after a submission ---

    def intend(self, record: JobRecord) -> JobRecord:
        """Commit the intent of a job: all that is needed to know it again, before anything leaves.

        From then on the job is in the hands of this process, until it lets go of it.

        Returns:
            The record, with the time of the intent.

        Raises:
            CostLimitError: if its cost would pass a cap together with that of the other jobs.
            UnknownSubmissionError: if another job of the same content, on the same backend, may have been accepted.
        """
        now = datetime.now(UTC)
        record = replace(record, created_at=now, parts=tuple(replace(part, intended_at=now) for part in record.parts))
        hold(record.id)
        with self._transaction() as connection:
            self._check_doubles(connection, record)
            self._check_caps(connection, record)
            insert_record(connection, record)
            for part in record.parts:
                _event(connection, record.id, part.index, part.status, "intent committed")
        return record

    def leaves(self, job_id: str, part: int) -> bool:
        """The request of a part is about to leave; False if it may not, because it has been given up meanwhile."""
        with self._transaction() as connection:
            changed = connection.execute(
                "UPDATE parts SET sent_at = ?, sender = ? WHERE job_id = ? AND number = ? AND status = 'prepared'",
                (_now(), this_process(), job_id, part),
            )
            return changed.rowcount == 1

    def accepted(self, job_id: str, part: int, vendor_id: str) -> None:
        """The provider has accepted a part, whatever was believed before."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE parts SET vendor_id = ?, submitted_at = ?, reason = '', "
                "status = CASE WHEN status IN ('prepared', 'unknown', 'lost') THEN 'queued' ELSE status END "
                "WHERE job_id = ? AND number = ?",
                (vendor_id, _now(), job_id, part),
            )
            _event(connection, job_id, part, JobStatus.QUEUED, f"accepted as {vendor_id}")

    def moved(
        self,
        job_id: str,
        part: int,
        status: JobStatus,
        *,
        raw: str = "",
        reason: str = "",
        cost: Decimal | None = None,
        currency: str = "",
    ) -> None:
        """A part has another status, or a reason for it; terminal ones stay but for `accepted`.

        A cost is what the provider charges, in this currency, or in that of the estimate where it is empty.
        What a provider has accepted is not lost, whatever it said before.
        """
        with self._transaction() as connection:
            row = connection.execute(
                "SELECT status, vendor_status, reason, vendor_id FROM parts WHERE job_id = ? AND number = ?",
                (job_id, part),
            ).fetchone()
            if row is None or JobStatus(row["status"]).is_terminal:
                return
            if status == JobStatus.LOST and row["vendor_id"] is not None:
                return
            if (row["status"], row["vendor_status"], row["reason"]) == (status, raw, reason) and cost is None:
                return
            connection.execute(
                "UPDATE parts SET status = ?, vendor_status = ?, reason = ?, cost = coalesce(?, cost), "
                "currency = coalesce(nullif(?, ''), currency), ended_at = ? WHERE job_id = ? AND number = ?",
                (
                    status,
                    raw,
                    reason,
                    None if cost is None else str(cost),
                    "" if cost is None else currency,
                    _now() if status.is_terminal else None,
                    job_id,
                    part,
                ),
            )
            _event(connection, job_id, part, status, " ".join(text for text in (raw, reason) if text))

    def arrived(self, job_id: str, part: int, raw: bytes, *, is_readable: bool) -> None:
        """The raw answer of a part has come; one that could be read stays."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE parts SET result = ?, is_readable = ? WHERE job_id = ? AND number = ? AND NOT is_readable",
                (raw, is_readable, job_id, part),
            )
            text = f"{'result' if is_readable else 'an answer that cannot be read'}, {len(raw)} bytes"
            _event(connection, job_id, part, JobStatus.DONE, text)

    # --- what is read ---

    def job(self, job_id: str) -> JobRecord:
        """The record of a job.

        Args:
            job_id: the toolkit's id, the beginning of one that no other begins with, or a provider's id.

        Raises:
            JobError: if there is none, or several begin so.
        """
        if not isinstance(job_id, str) or not job_id or not _is_text(job_id):
            raise JobError(f"a job is named by its id, got {shown(job_id)}; qtoolkit jobs lists them")
        with self._transaction(writes=False) as connection:
            found = (
                _ids(connection, "SELECT id FROM jobs WHERE id = ?", job_id)
                or _ids(connection, "SELECT DISTINCT job_id FROM parts WHERE vendor_id = ? LIMIT 5", job_id)
                or _ids(connection, "SELECT id FROM jobs WHERE substr(id, 1, ?) = ? LIMIT 5", len(job_id), job_id)
            )
            if len(found) == 1:
                return read_record(connection, found[0])
        if found:
            raise JobError(f"several jobs are named {shown(job_id)}: {', '.join(found)}; give more letters")
        raise JobError(f"no job {shown(job_id)} is in the job store {self.path}; qtoolkit jobs lists them")

    def keys_of(self, backend: str, vendor_id: str) -> list[str]:
        """The keys of the parts that a backend's provider has accepted under an id of its own."""
        query = "SELECT key FROM parts JOIN jobs ON jobs.id = parts.job_id WHERE vendor_id = ? AND backend = ?"
        with self._transaction(writes=False) as connection:
            return _ids(connection, query, vendor_id, backend)

    def jobs(
        self, *, backend: str | None = None, statuses: Sequence[JobStatus] | None = None, limit: int | None = None
    ) -> list[JobRecord]:
        """Records of jobs, the latest first.

        Args:
            backend: on this backend alone.
            statuses: of those with a part in one of these.
            limit: no more than so many.

        Raises:
            InputError: for another kind of argument.
        """
        if backend is not None:
            check_instance(backend, str, "a backend is named by a string")
        wanted = [] if statuses is None else items_of(statuses, "statuses are a sequence of JobStatus")
        for status in wanted:
            check_instance(status, JobStatus, "statuses are a sequence of JobStatus")
        if limit is not None:
            check_integer(limit, "limit", 0, _MOST_JOBS)
        where, values = ["1"], []
        if backend is not None:
            where.append("backend = ?")
            values.append(backend)
        if statuses is not None:
            marks = ", ".join("?" * len(wanted))
            where.append(f"id IN (SELECT job_id FROM parts WHERE status IN ({marks}))")
            values += [str(status) for status in wanted]
        query = f"SELECT id FROM jobs WHERE {' AND '.join(where)} ORDER BY created_at DESC, id LIMIT ?"
        with self._transaction(writes=False) as connection:
            ids = _ids(connection, query, *values, -1 if limit is None else limit)
            return [read_record(connection, found) for found in ids]

    def events(self, job_id: str) -> list[Event]:
        """All changes of a job's state, in order; none where no job has this id of the toolkit's."""
        check_instance(job_id, str, "a job is named by its id")
        with self._transaction(writes=False) as connection:
            rows = connection.execute("SELECT * FROM events WHERE job_id = ? ORDER BY number", (job_id,)).fetchall()
        return [
            Event(datetime.fromisoformat(row["at"]), row["part"], JobStatus(row["status"]), row["text"]) for row in rows
        ]

    # --- money ---

    def set_cap(self, currency: str, amount: Decimal | None, since: datetime | None = None) -> None:
        """Set the most that all jobs together may cost, or lift it.

        Args:
            currency: such as ``"USD"``.
            amount: at least 0; None lifts the cap.
            since: jobs from then on count; by default from now on.

        Raises:
            InputError: if the amount is negative or no number, the currency no text or the time none.
        """
        check_instance(currency, str, "a currency is named by text such as 'USD'")
        _check_time(since)
        if amount is not None and (not isinstance(amount, Decimal) or not amount.is_finite() or amount < 0):
            raise InputError(f"a cap is a Decimal of at least 0, got {shown(amount)}")
        with self._transaction() as connection:
            connection.execute("DELETE FROM caps WHERE currency = ?", (currency,))
            if amount is not None:
                start = datetime.now(UTC) if since is None else since.astimezone(UTC)
                connection.execute("INSERT INTO caps VALUES (?, ?, ?)", (currency, str(amount), start.isoformat()))

    def caps(self) -> list[Cap]:
        """Every cap, with what is spent of it."""
        with self._transaction(writes=False) as connection:
            return _caps(connection)

    def spent(self, since: datetime | None = None) -> dict[str, Decimal]:
        """What jobs cost, by currency: by estimates, and by what providers charged where they say so."""
        _check_time(since)
        with self._transaction(writes=False) as connection:
            rows = connection.execute(
                f"SELECT cost, currency FROM parts WHERE cost IS NOT NULL AND NOT {_NEVER_CHARGED} "
                "AND intended_at >= ?",
                ("" if since is None else since.astimezone(UTC).isoformat(),),
            ).fetchall()
        return _totals(rows)

    def spending(self, since: datetime | None = None) -> list[Spending]:
        """What jobs cost, by backend and currency; those that surely never arrived are left out."""
        _check_time(since)
        with self._transaction(writes=False) as connection:
            rows = connection.execute(
                "SELECT backend, currency, cost, job_id FROM parts JOIN jobs ON jobs.id = parts.job_id "
                f"WHERE NOT {_NEVER_CHARGED} AND intended_at >= ? ORDER BY backend, cost IS NULL, currency",
                ("" if since is None else since.astimezone(UTC).isoformat(),),
            ).fetchall()
        groups: dict[tuple[str, str, bool], list[sqlite3.Row]] = {}
        for row in rows:
            groups.setdefault((row["backend"], row["currency"], row["cost"] is None), []).append(row)
        return [
            Spending(
                backend,
                currency,
                None if is_unknown else sum((Decimal(row["cost"]) for row in group), Decimal(0)),
                len({row["job_id"] for row in group}),
            )
            for (backend, currency, is_unknown), group in groups.items()
        ]

    # --- inside a transaction ---

    def _check_doubles(self, connection: sqlite3.Connection, record: JobRecord) -> None:
        """Refuse what may be with the provider already: its fate is unknown, or who was to send it has died."""
        for part in record.parts:
            rows = connection.execute(
                "SELECT jobs.id, parts.status, parts.sender FROM parts JOIN jobs ON jobs.id = parts.job_id "
                "WHERE parts.content_hash = ? AND jobs.backend = ? AND parts.vendor_id IS NULL "
                "AND parts.status IN ('unknown', 'prepared')",
                (part.payload.content_hash(part.key), record.backend),
            )
            for row in rows:
                if row["status"] == JobStatus.UNKNOWN or not is_sending(row["id"], row["sender"]):
                    raise UnknownSubmissionError(
                        f"job {row['id']} holds the same circuits for {record.backend}, and may have been accepted: "
                        "nothing is sent a second time; say qtoolkit reconcile, or qtoolkit job forget with its id",
                        row["id"],
                    )

    def _check_caps(self, connection: sqlite3.Connection, record: JobRecord) -> None:
        for cap in _caps(connection):
            if record.cost is None:
                raise CostLimitError(
                    f"the price of {record.backend} is unknown, and a cap of {cap.amount} {cap.currency} is set; "
                    "nothing has left: give its price in the file that QTOOLKIT_PRICES names, or lift the cap"
                )
            if record.currency == cap.currency and cap.spent + record.cost > cap.amount:
                raise CostLimitError(
                    f"the job would cost {record.cost} {cap.currency} beside {cap.spent} spent since "
                    f"{cap.since:%Y-%m-%d}, the cap is {cap.amount}; nothing has left"
                )


def default_store() -> JobStore:
    """The store that jobs go into unless a backend was given another; see `JobStore`."""
    return JobStore()


def _default_path() -> Path:
    given = os.environ.get(LOCATION)
    if given:
        return Path(given)
    import platformdirs

    return platformdirs.user_data_path("qtoolkit", appauthor=False) / "jobs.sqlite3"


def _is_text(text: str) -> bool:
    """Whether a table takes it: no halves of characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _ids(connection: sqlite3.Connection, query: str, *values: Any) -> list[str]:
    return [row[0] for row in connection.execute(query, values)]


def _event(connection: sqlite3.Connection, job_id: str, part: int, status: JobStatus, text: str) -> None:
    connection.execute(
        "INSERT INTO events (job_id, part, at, status, text) VALUES (?, ?, ?, ?, ?)",
        (job_id, part, _now(), status, text),
    )


def _caps(connection: sqlite3.Connection) -> list[Cap]:
    found = []
    for cap in connection.execute("SELECT * FROM caps ORDER BY currency").fetchall():
        rows = connection.execute(
            f"SELECT cost, currency FROM parts WHERE cost IS NOT NULL AND NOT {_NEVER_CHARGED} "
            "AND currency = ? AND intended_at >= ?",
            (cap["currency"], cap["since"]),
        ).fetchall()
        spent = _totals(rows).get(cap["currency"], Decimal(0))
        found.append(Cap(cap["currency"], Decimal(cap["amount"]), datetime.fromisoformat(cap["since"]), spent))
    return found


def _check_time(given: object) -> None:
    if given is not None:
        check_instance(given, datetime, "the time from which jobs count is a datetime")


def _totals(rows: Sequence[sqlite3.Row]) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for row in rows:
        if not row["currency"]:
            continue  # it was free
        totals[row["currency"]] = totals.get(row["currency"], Decimal(0)) + Decimal(row["cost"])
    return totals


def _now() -> str:
    return datetime.now(UTC).isoformat()
