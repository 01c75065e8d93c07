"""Attacks on the job store: many who make and migrate it at once, files and folders that cannot be, odd values."""

import multiprocessing
import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from test_job_store import a_record

from qtoolkit.backends import JobStatus, JobStore
from qtoolkit.backends.cloud import schema
from qtoolkit.backends.cloud import store as store_module
from qtoolkit.errors import InputError, JobError, OutputError, UnknownSubmissionError

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks as on POSIX")


@pytest.fixture
def store(tmp_path):
    return JobStore(tmp_path / "jobs.sqlite3")


def filled(path, name, count, barrier, results):
    """Wait for the others, then put jobs on record."""
    try:
        barrier.wait(60)
        for number in range(count):
            JobStore(path).intend(a_record(f"toy-{name}-{number}", content=f"{name} {number}".encode()))
        results.put("")
    except BaseException as error:
        results.put(f"{type(error).__name__}: {error}")


@needs_fork
@pytest.mark.parametrize("is_old", [False, True], ids=["new", "of the first version"])
def test_many_processes_make_or_migrate_it_at_once(tmp_path, is_old):
    context = multiprocessing.get_context("fork")
    for attempt in range(3):
        path = tmp_path / str(attempt) / "folder" / "jobs.sqlite3"
        if is_old:
            of_the_first_version(path)
        barrier, results = context.Barrier(8), context.Queue()
        workers = [context.Process(target=filled, args=(path, k, 3, barrier, results)) for k in range(8)]
        for worker in workers:
            worker.start()
        assert [results.get(timeout=60) for _ in workers] == [""] * 8
        for worker in workers:
            worker.join(20)
        assert len(JobStore(path).jobs()) == 24 + is_old
        assert sound(path)


def test_many_threads_make_it_at_once(tmp_path):
    path = tmp_path / "folder" / "jobs.sqlite3"
    barrier, failures = threading.Barrier(8), []

    class Results:
        put = staticmethod(failures.append)

    threads = [threading.Thread(target=filled, args=(path, k, 3, barrier, Results)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == [""] * 8
    assert len(JobStore(path).jobs()) == 24
    assert sound(path)


def sound(path):
    with sqlite3.connect(path) as connection:
        return connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


# --- versions ---


def of_the_first_version(path):
    """A store with a job, as the first version wrote it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(path) as connection:
        connection.executescript(schema._MIGRATIONS[0] + "PRAGMA user_version = 1;")
        connection.execute(
            "INSERT INTO jobs VALUES ('toy-old', 'toy:one', '{}', 10, 0, '2026-01-01T00:00:00+00:00', NULL, NULL)"
        )
        connection.execute(
            "INSERT INTO parts (job_id, number, first, key, content_hash, format, media_type, body, facts, bits, "
            "status, intended_at, sender) VALUES ('toy-old', 0, 0, 'toy-old-0', 'x', 'toy.json', 'a/b', x'00', '{}', "
            "'[]', 'prepared', '2026-01-01T00:00:00+00:00', 'here:1:1')"
        )
    connection.close()


def test_a_store_of_the_first_version_is_read_and_written(store):
    of_the_first_version(store.path)
    (part,) = store.job("toy-old").parts
    assert (part.status, part.sent_at) == (JobStatus.PREPARED, None)
    assert store.leaves("toy-old", 0)
    assert store.job("toy-old").parts[0].sent_at is not None
    store.intend(a_record("toy-new"))


@pytest.fixture
def a_later_version(monkeypatch):
    """A migration more, as the next release may have one."""
    added = (
        "ALTER TABLE jobs ADD COLUMN note TEXT NOT NULL DEFAULT 'nothing'; CREATE INDEX jobs_by_note ON jobs (note)",
    )
    monkeypatch.setattr(schema, "_MIGRATIONS", schema._MIGRATIONS + added)
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)


def test_every_version_before_becomes_a_later_one(store, request):
    store.intend(a_record("toy-now"))
    request.getfixturevalue("a_later_version")
    store.accepted("toy-now", 0, "v")
    assert store.job("v").id == "toy-now"
    old = JobStore(store.path.with_name("old.sqlite3"))
    of_the_first_version(old.path)
    assert [record.id for record in old.jobs()] == ["toy-old"]
    for path in (store.path, old.path):
        with sqlite3.connect(path) as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)
            assert connection.execute("SELECT DISTINCT note FROM jobs").fetchall() == [("nothing",)]


def test_a_migration_that_fails_leaves_the_store_as_it_was(store, monkeypatch):
    store.intend(a_record())
    before = schema.VERSION
    with monkeypatch.context() as patch:
        patch.setattr(schema, "_MIGRATIONS", (*schema._MIGRATIONS, "CREATE TABLE more (a TEXT); SELECT * FROM none"))
        patch.setattr(schema, "VERSION", before + 1)
        with pytest.raises(OutputError, match="no such table: none"):
            store.jobs()
    assert [record.id for record in store.jobs()] == ["toy-1"]
    with sqlite3.connect(store.path) as connection:
        assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'more'").fetchall() == []


def test_two_versions_migrate_it_at_once(store, request, monkeypatch):
    """Another process of a later version is faster between the first look and the lock."""
    of_the_first_version(store.path)
    mine = schema.VERSION

    class Slow(sqlite3.Connection):
        def execute(self, statement, *arguments):
            if statement == "BEGIN IMMEDIATE" and not seen:
                seen.append(1)
                with sqlite3.connect(store.path) as other:
                    other.execute(f"PRAGMA user_version = {mine + 1}")
                other.close()
            return super().execute(statement, *arguments)

    seen = []
    connect = sqlite3.connect
    monkeypatch.setattr(store_module.sqlite3, "connect", lambda *a, **k: connect(*a, **{"factory": Slow} | k))
    with pytest.raises(JobError, match=f"is of version {mine + 1}"):
        store.jobs()
    monkeypatch.undo()
    with sqlite3.connect(store.path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (mine + 1,)


# --- files ---


def test_a_relative_path_stays_where_it_was(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    store = JobStore("jobs.sqlite3")
    store.intend(a_record())
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert [record.id for record in store.jobs()] == ["toy-1"]


def test_the_name_that_sqlite_takes_for_memory_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QTOOLKIT_JOBS", ":memory:")
    JobStore().intend(a_record())
    assert JobStore().job("toy-1").id == "toy-1"
    assert (tmp_path / ":memory:").stat().st_size > 0


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_its_log_is_the_owners_alone_too(store):
    store.intend(a_record())
    with store._transaction() as connection:
        connection.execute("UPDATE jobs SET shots = 11")
        for path in store.path.parent.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only(store):
    store.path.parent.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="job store"):
            store.jobs()
    finally:
        store.path.parent.chmod(0o700)


def test_a_store_that_cannot_be_written(store, monkeypatch):
    """As on a disk that is mounted read-only, which refuses root as well."""
    store.intend(a_record())
    connect = sqlite3.connect

    def read_only(path, **options):
        return connect(f"file:{path}?mode=ro", uri=True, **options)

    with monkeypatch.context() as patch:
        patch.setattr(store_module.sqlite3, "connect", read_only)
        assert store.job("toy-1").id == "toy-1"
        with pytest.raises(OutputError, match="readonly"):
            store.accepted("toy-1", 0, "v")
    assert store.job("toy-1").parts[0].vendor_id is None


def test_a_store_that_is_locked_for_longer_than_anybody_waits(store, monkeypatch):
    store.intend(a_record())
    monkeypatch.setattr(store_module, "_WAIT", 0.2)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    begin = time.monotonic()
    with pytest.raises(OutputError, match="database is locked"):
        store.accepted("toy-1", 0, "v")
    assert time.monotonic() - begin < 5.0
    assert store.job("toy-1").id == "toy-1"  # reading goes on
    other.execute("ROLLBACK")
    other.close()
    store.accepted("toy-1", 0, "v")


def test_a_file_that_is_cut_off(store):
    store.intend(a_record())
    for path in store.path.parent.glob("jobs.sqlite3*"):
        path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(OutputError, match="cannot be used"):
        store.jobs()


# --- values ---


def test_odd_ids_and_letters(store):
    odd = "toy-\N{SNOWMAN}'; DROP TABLE jobs; --"
    record = a_record(odd, content="ü\0\n".encode())
    store.intend(record)
    assert store.job(odd).parts[0].payload.body == record.parts[0].payload.body
    store.accepted(odd, 0, "v\N{SNOWMAN}")
    assert store.job("v\N{SNOWMAN}").id == odd
    for wrong in ("\ud800", "x" * 10**6, "%", "_", "\0"):
        with pytest.raises(JobError):
            store.job(wrong)
    with pytest.raises(OutputError, match="surrogates not allowed"):
        store.moved(odd, 0, JobStatus.RUNNING, raw="\ud800")
    assert store.job(odd).parts[0].vendor_status == ""
    with pytest.raises(InputError, match="limit must be an integer of at most"):
        store.jobs(limit=10**30)


def test_huge_payloads_and_answers(store):
    store.intend(a_record(content=b"x" * 3_000_000))
    store.arrived("toy-1", 0, b"y" * 3_000_000, is_readable=True)
    (part,) = store.job("toy-1").parts
    assert len(part.payload.body) > 3_000_000
    assert part.result == b"y" * 3_000_000


def test_the_same_key_twice_is_refused(store):
    store.intend(a_record())
    with pytest.raises(OutputError, match="UNIQUE"):
        store.intend(a_record(content=b"other"))
    assert store.job("toy-1").parts[0].payload.body.startswith(b"work")


def test_a_clock_that_goes_backwards(store, monkeypatch):
    class Early(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(1999, 1, 1, tzinfo=UTC)

    store.intend(a_record())
    store.leaves("toy-1", 0)
    store.accepted("toy-1", 0, "v")
    monkeypatch.setattr(store_module, "datetime", Early)
    store.moved("toy-1", 0, JobStatus.DONE, raw="DONE")
    monkeypatch.undo()
    (part,) = store.job("toy-1").parts
    assert part.status is JobStatus.DONE
    assert part.ended_at - part.submitted_at < timedelta(0)
    assert [str(event.status) for event in store.events("toy-1")][-1] == "done"


# --- forks ---


@needs_fork
def test_a_fork_within_a_transaction_takes_no_lock_along(store):
    store.intend(a_record())
    with store._transaction() as connection:
        connection.execute("UPDATE jobs SET shots = 11")
        child = os.fork()
        if not child:
            os._exit(0)
        os.waitpid(child, 0)
    child = os.fork()
    if not child:
        code = 1
        try:
            store.accepted("toy-1", 0, "v-child")
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    record = store.job("v-child")
    assert record.shots == 11
    assert sound(store.path)


_HOLDS = """
import sys
from qtoolkit.backends import JobStore
store = JobStore(sys.argv[1])
with store._transaction() as connection:
    connection.execute("UPDATE jobs SET shots = 12")
    print("held", flush=True)
    sys.stdin.read()
"""


def test_who_is_killed_within_a_transaction_leaves_nothing_behind(store):
    store.intend(a_record())
    command = [sys.executable, "-c", _HOLDS, str(store.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        holder.kill()
        holder.wait()
    store.accepted("toy-1", 0, "v")
    assert store.job("v").shots == 10


@needs_fork
def test_a_child_does_not_send_what_its_parent_holds(store):
    """What the parent has in hand is not in the child's, and the child's work beside it is its own."""
    store.intend(a_record("toy-parent"))
    child = os.fork()
    if not child:
        code = 1
        try:
            store.intend(a_record("toy-child"))  # the parent lives and may be at it
            code = 0
        finally:
            os._exit(code)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if os.path.exists("/proc/self/stat"):
        assert status == 0
        with pytest.raises(UnknownSubmissionError, match="toy-child"):
            store.intend(a_record("toy-again"))  # the child has died with it in hand
