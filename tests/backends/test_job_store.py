"""The store of jobs: transactions, migrations, caps, and what it says of bad input."""

import json
import multiprocessing
import os
import sqlite3
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from qtoolkit import Circuit
from qtoolkit.backends import JobStatus, JobStore
from qtoolkit.backends.cloud import BitMap, JobRecord, PartRecord, Payload
from qtoolkit.backends.cloud.processes import is_alive, this_process
from qtoolkit.backends.cloud.records import joint_status
from qtoolkit.backends.cloud.schema import VERSION
from qtoolkit.errors import CostLimitError, InputError, JobError, OutputError, UnknownSubmissionError

BITS = BitMap.of(Circuit(2).measure_all(), {0: ("m", 1), 1: ("m", 0)})


def a_record(job_id="toy-1", *, content=b"work", cost="0.35", parts=1, backend="toy:one", currency="USD"):
    def payload(index):
        return Payload(content + b"%d %s-%d" % (index, job_id.encode(), index), "toy.json", 10, (BITS, BITS))

    made = tuple(
        PartRecord(
            index,
            2 * index,
            payload(index),
            f"{job_id}-{index}",
            cost=None if cost is None else Decimal(cost),
            currency=currency,
        )
        for index in range(parts)
    )
    return JobRecord(
        job_id, backend, made, 10, True, datetime.now(UTC), {"region": "here"}, {"t1": [1.0]}, {"as_of": ""}
    )


@pytest.fixture
def store(tmp_path):
    return JobStore(tmp_path / "folder" / "jobs.sqlite3")


def test_what_is_intended_is_read_back(store):
    record = store.intend(a_record(parts=2))
    found = store.job("toy-1")
    assert found == record or found.parts[0].sender == this_process()
    assert found.parts[1].payload == record.parts[1].payload
    assert found.status is JobStatus.PREPARED
    assert found.num_circuits == 4
    assert found.cost == Decimal("0.70")
    assert found.options == {"region": "here"}
    assert found.calibration == {"t1": [1.0]}
    assert found.parts[0].payload.bits[0] == BITS
    assert [event.text for event in store.events("toy-1")] == ["intent committed"] * 2


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_the_file_is_the_owners_alone(store):
    store.intend(a_record())
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.path.parent.stat().st_mode) & 0o077 == 0
    with sqlite3.connect(store.path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_the_life_of_a_part(store):
    store.intend(a_record())
    store.accepted("toy-1", 0, "v-9")
    assert store.job("v-9").id == "toy-1"
    store.moved("toy-1", 0, JobStatus.RUNNING, raw="EXECUTING")
    store.moved("toy-1", 0, JobStatus.RUNNING, raw="EXECUTING")
    store.moved("toy-1", 0, JobStatus.DONE, raw="COMPLETED", cost=Decimal("0.31"))
    store.arrived("toy-1", 0, b"{", is_readable=False)
    store.arrived("toy-1", 0, b"{}", is_readable=True)
    store.arrived("toy-1", 0, b"other", is_readable=True)
    store.moved("toy-1", 0, JobStatus.FAILED, raw="late")
    (part,) = store.job("toy-1").parts
    assert (part.status, part.vendor_status, part.result) == (JobStatus.DONE, "COMPLETED", b"{}")
    assert part.cost == Decimal("0.31")
    assert part.submitted_at <= part.ended_at
    assert [str(event.status) for event in store.events("toy-1")].count("running") == 1


def test_acceptance_wins_over_what_was_believed(store):
    store.intend(a_record())
    store.moved("toy-1", 0, JobStatus.LOST, reason="not there")
    store.accepted("toy-1", 0, "v-1")
    (part,) = store.job("toy-1").parts
    assert (part.status, part.vendor_id, part.reason) == (JobStatus.QUEUED, "v-1", "")


def test_jobs_are_named_by_beginnings(store):
    for job_id in ("toy-12", "toy-13", "toy-2"):
        store.intend(a_record(job_id, content=job_id.encode()))
    assert store.job("toy-2").id == "toy-2"
    with pytest.raises(JobError, match="several jobs are named 'toy-1': toy-12, toy-13"):
        store.job("toy-1")
    for wrong in ("none", "", None, 3, "toy-%"):
        with pytest.raises(JobError):
            store.job(wrong)
    assert [record.id for record in store.jobs(limit=2)] == ["toy-2", "toy-13"]
    assert store.jobs(backend="toy:other") == []
    assert store.jobs(statuses=[JobStatus.DONE]) == []


def test_a_store_of_a_later_version_is_left_alone(store):
    store.intend(a_record())
    with sqlite3.connect(store.path) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(JobError, match="upgrade"):
        store.jobs()


def test_paths_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("no database")
    with pytest.raises(OutputError, match="cannot be used"):
        JobStore(tmp_path / "file").jobs()
    with pytest.raises(OutputError, match="cannot be opened"):
        JobStore(tmp_path / "file" / "below").jobs()
    with pytest.raises(InputError, match="by its path"):
        JobStore(3)


def test_the_same_content_waits_until_its_fate_is_known(store):
    store.intend(a_record("toy-a"))
    store.intend(a_record("toy-b"))  # its sender lives
    store.moved("toy-a", 0, JobStatus.UNKNOWN, reason="503")
    with pytest.raises(UnknownSubmissionError) as caught:
        store.intend(a_record("toy-c"))
    assert caught.value.job_id == "toy-a"
    store.intend(a_record("toy-d", backend="toy:two"))
    store.intend(a_record("toy-e", content=b"else"))
    store.accepted("toy-a", 0, "v")
    store.intend(a_record("toy-f"))


_DIES = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from test_job_store import a_record
from qtoolkit.backends import JobStore
JobStore(sys.argv[1]).intend(a_record("toy-dead"))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_who_died_before_sending_is_not_repeated(store):
    subprocess.run([sys.executable, "-c", _DIES, str(store.path), os.path.dirname(__file__)], check=False)
    assert store.job("toy-dead").status is JobStatus.PREPARED
    assert not is_alive(store.job("toy-dead").parts[0].sender)
    with pytest.raises(UnknownSubmissionError, match="nothing is sent a second time"):
        store.intend(a_record("toy-again"))


def test_processes_tell_each_other_apart():
    assert is_alive(this_process())
    host, number, _ = this_process().rsplit(":", 2)
    assert not is_alive(f"{host}:999999999:1")
    assert is_alive(f"elsewhere:{number}:1")
    if os.path.exists("/proc/self/stat"):
        assert not is_alive(f"{host}:{number}:1")


def test_caps(store):
    store.set_cap("USD", Decimal("1.00"))
    store.intend(a_record("toy-1", content=b"1"))
    store.intend(a_record("toy-2", content=b"2"))
    with pytest.raises(CostLimitError, match=r"0.35 USD beside 0.70 spent .* the cap is 1.00; nothing has left"):
        store.intend(a_record("toy-3", content=b"3"))
    store.moved("toy-1", 0, JobStatus.FAILED, reason="refused")
    store.intend(a_record("toy-4", content=b"4"))
    (cap,) = store.caps()
    assert (cap.currency, cap.amount, cap.spent) == ("USD", Decimal("1.00"), Decimal("0.70"))
    store.intend(a_record("toy-5", content=b"5", currency="EUR"))
    with pytest.raises(CostLimitError, match="price of toy:one is unknown"):
        store.intend(a_record("toy-6", content=b"6", cost=None, currency=""))
    store.set_cap("USD", None)
    store.intend(a_record("toy-7", content=b"7", cost="50"))
    assert store.spent() == {"USD": Decimal("50.70"), "EUR": Decimal("0.35")}
    assert store.spent(datetime.now(UTC) + timedelta(hours=1)) == {}
    for wrong in (Decimal(-1), Decimal("NaN"), 3, "5"):
        with pytest.raises(InputError, match="a cap is a Decimal"):
            store.set_cap("USD", wrong)


def _spend(path, name, count, results):
    store = JobStore(path)
    made = 0
    for number in range(count):
        try:
            store.intend(a_record(f"toy-{name}-{number}", content=f"{name} {number}".encode()))
            made += 1
        except CostLimitError:
            pass
    results.put(made)


def test_no_two_submit_past_a_cap_together(store):
    store.set_cap("USD", Decimal("3.50"))
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [context.Process(target=_spend, args=(store.path, name, 5, results)) for name in range(4)]
    for process in processes:
        process.start()
    made = [results.get(timeout=120) for _ in processes]
    for process in processes:
        process.join(60)
    assert sum(made) == 10
    (cap,) = store.caps()
    assert cap.spent == Decimal("3.50")


def test_what_is_known_of_parts_makes_the_status_of_a_job():
    status = JobStatus
    assert joint_status([status.DONE, status.QUEUED]) is status.RUNNING
    assert joint_status([status.QUEUED, status.QUEUED]) is status.QUEUED
    assert joint_status([status.DONE, status.UNKNOWN]) is status.UNKNOWN
    assert joint_status([status.DONE, status.FAILED]) is status.FAILED
    assert joint_status([status.DONE, status.DONE]) is status.DONE
    assert [one for one in status if one.is_terminal] == [status.DONE, status.FAILED, status.CANCELLED, status.LOST]


def test_the_default_store_follows_its_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("QTOOLKIT_JOBS", str(tmp_path / "x"))
    assert JobStore().path == tmp_path / "x"
    monkeypatch.delenv("QTOOLKIT_JOBS")
    assert JobStore().path.name == "jobs.sqlite3"
    assert json.dumps(str(JobStore().path)).count("qtoolkit") >= 1


@pytest.mark.parametrize(
    "change",
    [
        *("UPDATE parts SET status = 'odd'", "UPDATE parts SET facts = '{'", "UPDATE parts SET bits = '[1]'"),
        *("UPDATE parts SET cost = 'cheap'", "UPDATE jobs SET created_at = 'once'", "DELETE FROM parts"),
    ],
)
def test_a_damaged_record_is_named(store, change):
    store.intend(a_record())
    connection = sqlite3.connect(store.path)
    connection.execute(change)
    connection.commit()
    connection.close()
    for read in (store.jobs, lambda: store.job("toy-1")):
        with pytest.raises(JobError, match="holds of job toy-1 is damaged"):
            read()


def test_charges_in_another_currency_are_not_added_to_estimates(store):
    store.intend(a_record(parts=2, currency="HQC"))
    store.accepted("toy-1", 0, "v0")
    store.moved("toy-1", 0, JobStatus.DONE, cost=Decimal("1.25"), currency="USD")
    record = store.job("toy-1")
    assert record.costs == {"USD": Decimal("1.25"), "HQC": Decimal("0.35")}
    assert record.cost is None
    store.accepted("toy-1", 1, "v1")
    store.moved("toy-1", 1, JobStatus.DONE, cost=Decimal("1.25"), currency="USD")
    assert (store.job("toy-1").cost, store.job("toy-1").currency) == (Decimal("2.50"), "USD")
