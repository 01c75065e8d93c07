"""`ExperimentStore`: batches kept in one SQLite file, from which a run that was killed goes on."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from qtoolkit._arguments import check_instance, check_integer, seed_number, shown
from qtoolkit._optional import require
from qtoolkit.applications.qec.experiments.batch import BatchCounts
from qtoolkit.applications.qec.experiments.task import ExperimentTask
from qtoolkit.errors import InputError, OutputError

__all__ = ["ExperimentStore", "default_store"]

_APPLICATION = 0x71746578
"""What the header of our files says: SQLite's application_id."""

_FORMAT = 1
_PATIENCE = 60.0
"""Seconds to wait for another process that writes."""

_TABLES = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS tasks (
    id TEXT PRIMARY KEY,
    labels TEXT NOT NULL,
    content TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batches (
    task TEXT NOT NULL,
    seed TEXT NOT NULL,
    number INTEGER NOT NULL,
    shots INTEGER NOT NULL,
    discards INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    observable_errors TEXT NOT NULL,
    seconds REAL NOT NULL,
    PRIMARY KEY (task, seed, number)
) WITHOUT ROWID;
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {_FORMAT};
COMMIT;
"""


class ExperimentStore:
    """Finished batches of tasks, one row each, written as they finish.

    A process that is killed loses the batch it was at and none before. Several processes may share a file on one
    machine; on network file systems SQLite's locks cannot be relied on. Whoever copies the file while it is in use
    takes its companions ``-wal`` and ``-shm`` along.

    Args:
        path: of the file, made where it is missing.

    Raises:
        InputError: if the path is no file that can be written, or a file of something else.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            self.path = Path(path)
        except TypeError:
            raise InputError(f"the path of a store must be text or a path, got {shown(path)}") from None
        if not _could_be(self.path):
            raise InputError(f"a store is a file in a folder that exists, got {shown(str(self.path))}")
        self._lock = threading.Lock()
        self._written: set[str] = set()
        try:
            self._database = sqlite3.connect(
                self.path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
            self._open()
        except (sqlite3.Error, ValueError) as error:
            raise InputError(
                f"a store of experiments must be a file of ours that can be written, got {self.path} ({error})"
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"ExperimentStore({str(self.path)!r})"

    def close(self) -> None:
        """Close the file; what is written stays."""
        self._database.close()

    def batches(self, task: ExperimentTask, seed: int) -> dict[int, BatchCounts]:
        """Counts by index of batch.

        Raises:
            InputError: if the file is damaged, or an argument is none of these.
        """
        check_instance(task, ExperimentTask, "batches are those of an ExperimentTask")
        seed = seed_number(seed, "seed")
        with self._guarded():
            rows = self._database.execute(
                "SELECT number, shots, discards, errors, observable_errors, seconds FROM batches "
                "WHERE task = ? AND seed = ?",
                (task.id, str(seed)),
            ).fetchall()
        return {
            number: BatchCounts(shots, discards, errors, tuple(json.loads(observables)), seconds)
            for number, shots, discards, errors, observables, seconds in rows
        }

    def seed_of(self, task: ExperimentTask) -> int | None:
        """The seed with which most shots of a task were drawn; None where there are none.

        Raises:
            InputError: if the file is damaged, or it is no task.
        """
        check_instance(task, ExperimentTask, "a seed is that of an ExperimentTask")
        with self._guarded():
            row = self._database.execute(
                "SELECT seed FROM batches WHERE task = ? GROUP BY seed ORDER BY SUM(shots) DESC, seed LIMIT 1",
                (task.id,),
            ).fetchone()
        return None if row is None else int(row[0])

    def add(self, task: ExperimentTask, seed: int, index: int, counts: BatchCounts) -> None:
        """Keep a batch; what is there with fewer shots is replaced, what is there with as many stays.

        Raises:
            InputError: if the file is damaged, or an argument is none of these.
            OutputError: if it cannot be written.
        """
        check_instance(task, ExperimentTask, "batches are those of an ExperimentTask")
        check_instance(counts, BatchCounts, "what is kept of a batch are BatchCounts")
        seed, index = seed_number(seed, "seed"), check_integer(index, "index", least=0, most=2**62)
        with self._guarded():
            if task.id not in self._written:
                self._database.execute(
                    "INSERT OR IGNORE INTO tasks VALUES (?, ?, ?)",
                    (task.id, json.dumps(dict(task.labels)), json.dumps(task.content, sort_keys=True)),
                )
                self._written.add(task.id)
            self._database.execute(
                "INSERT INTO batches VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET shots = excluded.shots, "
                "discards = excluded.discards, errors = excluded.errors, "
                "observable_errors = excluded.observable_errors, seconds = excluded.seconds "
                "WHERE excluded.shots > batches.shots",
                (
                    task.id,
                    str(seed),
                    index,
                    counts.shots,
                    counts.discards,
                    counts.errors,
                    json.dumps(counts.observable_errors),
                    counts.seconds,
                ),
            )

    def _open(self) -> None:
        # one statement, between whose parts no other process makes the tables
        ours, version, tables = self._database.execute(
            "SELECT application_id, user_version, (SELECT COUNT(*) FROM sqlite_master) "
            "FROM pragma_application_id, pragma_user_version"
        ).fetchone()
        if ours not in (0, _APPLICATION) or (ours == 0 and tables):
            raise ValueError("it is a database of something else")
        if version > _FORMAT:
            raise ValueError("it was written by a newer version of qtoolkit")
        self._database.execute("PRAGMA journal_mode = WAL")
        # A process that is killed loses nothing; a machine that loses power may lose the last batches, not the file.
        self._database.execute("PRAGMA synchronous = NORMAL")
        if ours == 0:
            self._database.executescript(_TABLES)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """One thread at a time, and errors of SQLite as ours."""
        with self._lock:
            try:
                yield
            except sqlite3.OperationalError as error:
                raise OutputError(f"the store {self.path} cannot be used ({error}); what it holds is kept") from None
            except (sqlite3.Error, ValueError) as error:
                raise InputError(
                    f"the store {self.path} must be one of ours and whole, got a file with {error}"
                ) from None


def default_store() -> ExperimentStore:
    """The store in the user's folder of data, where programs of this system keep what they make.

    Raises:
        InputError: if the folder cannot be made.
        MissingExtraError: if platformdirs is not installed.
    """
    folder = Path(require("platformdirs", extra="qec").user_data_dir("qtoolkit", appauthor=False))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"the folder of the store must be writable, got {folder} ({error.strerror})") from None
    return ExperimentStore(folder / "experiments.sqlite")


def _could_be(path: Path) -> bool:
    """Whether a file could have this path."""
    try:
        return not path.is_dir() and path.absolute().parent.is_dir()
    except (OSError, ValueError):  # longer than names can be, or with letters that none has
        return False
