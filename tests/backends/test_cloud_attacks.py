"""Attacks on what all clouds share: services that lie, stores that fail, races, interrupts. None loses or doubles."""

import contextlib
import pickle
import threading
import time
from datetime import timedelta

import numpy as np
import pytest
from toy_cloud import ToyBackend, ToyInMemory

from qtoolkit import Circuit
from qtoolkit.backends import JobStatus, JobStore, MeteredBackend, get_backend, job, reconcile, registry
from qtoolkit.backends.cloud import BitMap, CloudJob, Outcomes, Refused, Secret, VendorStatus
from qtoolkit.backends.cloud import job as job_module
from qtoolkit.backends.cloud import store as store_module
from qtoolkit.backends.cloud.processes import is_sending, this_process
from qtoolkit.errors import BackendError, InputError, JobError, OutputError, UnknownSubmissionError

SECRET = "top-secret/token+1"
NOW = timedelta(0)


@pytest.fixture
def cloud(monkeypatch, tmp_path, toy_provider):
    monkeypatch.setenv("TOY_TOKEN", SECRET)
    Secret(SECRET)
    return ToyInMemory(JobStore(tmp_path / "jobs.sqlite3"))


def one():
    return Circuit(1).x(0).measure_all()


def several(count):
    """Circuits of which the toy cloud takes three at once."""
    return [Circuit(2).x(k % 2).measure_all() for k in range(count)]


def reconciled(cloud, **options):
    return reconcile(cloud.store, clients=lambda record: cloud.client, **options)


# --- a job that the service has is neither lost nor sent again ---


@contextlib.contextmanager
def a_full_disk(monkeypatch):
    """The store's file cannot grow."""
    connect = store_module.sqlite3.connect

    def full(*arguments, **options):
        connection = connect(*arguments, **options)
        connection.execute("PRAGMA max_page_count = 1")
        return connection

    with monkeypatch.context() as patch:
        patch.setattr(store_module.sqlite3, "connect", full)
        yield


def test_acceptance_that_cannot_be_written_is_not_sent_again(cloud, monkeypatch):
    accepted = cloud.store.accepted
    monkeypatch.setattr(cloud.store, "accepted", lambda *_: (_ for _ in ()).throw(OutputError("no space is left")))
    with pytest.raises(UnknownSubmissionError, match=r"accepted as v-toy-.*no space is left.*reconcile") as caught:
        cloud.run(one(), 10)
    monkeypatch.setattr(cloud.store, "accepted", accepted)
    with pytest.raises(UnknownSubmissionError, match="nothing is sent a second time"):
        cloud.run(one(), 10)
    assert len(cloud.client.accepted) == 1
    (verdict,) = reconciled(cloud)
    assert (verdict.verdict, verdict.job_id) == ("accepted", caught.value.job_id)
    assert cloud.job(caught.value.job_id).result(5).counts == {"1": 10}


def test_a_full_disk_is_named_and_takes_nothing_with_it(cloud, monkeypatch):
    here = cloud.run(one(), 10)
    cloud.client.answers["result"] = b'{"counts": [{"1": 10}], "more": "%s"}' % (b"x" * 500_000)
    with a_full_disk(monkeypatch), pytest.raises(OutputError, match="database or disk is full"):
        here.result(1)
    with a_full_disk(monkeypatch), pytest.raises(OutputError, match="database or disk is full"):
        cloud.run([*several(1)] * 2000, 10)
    assert len(cloud.client.accepted) == 1
    assert here.result(1).counts == {"1": 10}


@pytest.mark.parametrize("moment", ["before", "behind"])
def test_an_interrupt_while_acceptance_is_written(cloud, monkeypatch, moment):
    accepted = cloud.store.accepted

    def interrupted(*arguments):
        if moment == "behind":
            accepted(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(cloud.store, "accepted", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cloud.run(several(5), 10)
    monkeypatch.setattr(cloud.store, "accepted", accepted)
    if moment == "before":
        with pytest.raises(UnknownSubmissionError):
            cloud.run(several(5), 10)
    reconciled(cloud)
    (record,) = cloud.store.jobs()
    assert record.vendor_ids == tuple(cloud.client.accepted.values())
    assert record.parts[1].status is JobStatus.FAILED


def test_an_interrupt_behind_the_intent_sends_nothing_and_says_so(cloud, monkeypatch):
    monkeypatch.setattr(ToyBackend, "_send", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        cloud.run(one(), 10)
    monkeypatch.undo()
    with pytest.raises(UnknownSubmissionError):
        cloud.run(one(), 10)
    assert cloud.client.accepted == {}


def test_what_is_called_lost_while_it_waits_to_be_sent_does_not_leave(cloud, monkeypatch):
    """A batch takes its time; its last part, long on record, is looked up meanwhile by another process."""
    leaves = cloud.store.leaves

    def slow(job_id, part):
        if part == 1:
            cloud.store.moved(job_id, 1, JobStatus.LOST, reason="the service does not have it")
        return leaves(job_id, part)

    monkeypatch.setattr(cloud.store, "leaves", slow)
    here = cloud.run(several(6), 10)
    assert len(cloud.client.accepted) == 1
    assert [part.status for part in here.record.parts] == [JobStatus.QUEUED, JobStatus.LOST]


def test_time_to_settle_runs_from_when_the_request_left(cloud, monkeypatch):
    monkeypatch.setattr(cloud.client, "submit", lambda *_: (_ for _ in ()).throw(TimeoutError("silence")))
    with pytest.raises(UnknownSubmissionError):
        cloud.run(one(), 10)
    with cloud.store._transaction() as connection:
        connection.execute("UPDATE parts SET intended_at = '2020-01-01T00:00:00+00:00'")
    (verdict,) = reconciled(cloud)
    assert verdict.verdict == "unknown"
    assert reconciled(cloud, settling=NOW)[0].verdict == "lost"


def test_a_sender_that_is_faster_than_who_looks_it_up(cloud, monkeypatch):
    """The look-up finds nothing, the job is accepted, and only then the verdict is written."""
    monkeypatch.setattr(cloud.client, "submit", lambda *_: (_ for _ in ()).throw(TimeoutError("silence")))
    with pytest.raises(UnknownSubmissionError) as caught:
        cloud.run(one(), 10)

    def late(payload, key):
        cloud.store.accepted(caught.value.job_id, 0, "v-late")

    monkeypatch.setattr(cloud.client, "find", late)
    (verdict,) = reconciled(cloud, settling=NOW)
    assert (verdict.verdict, verdict.vendor_id) == ("accepted", "v-late")
    assert cloud.store.job("v-late").status is JobStatus.QUEUED


@pytest.mark.parametrize("sender", ["elsewhere:1:1", "{host}:1:", "{host}:999999999:5"])
def test_a_sender_of_whom_nobody_knows_whether_it_lives_is_not_repeated(cloud, monkeypatch, sender):
    """A container that is started again has another name; some systems do not say when a process began."""
    monkeypatch.setattr(ToyBackend, "_send", lambda *_: None)
    cloud.run(one(), 10)
    with cloud.store._transaction() as connection:
        host = this_process().rsplit(":", 2)[0]
        connection.execute("UPDATE parts SET sender = ?", (sender.format(host=host),))
    monkeypatch.undo()
    with pytest.raises(UnknownSubmissionError, match="nothing is sent a second time"):
        cloud.run(one(), 10)


def test_two_threads_may_send_the_same_work(cloud):
    """It is the same by intention: both are at it."""
    barrier = threading.Barrier(2)
    submit = cloud.client.submit

    def together(payload, key):
        assert is_sending(key.rpartition("-")[0], this_process())
        barrier.wait(20)
        return submit(payload, key)

    cloud.client.submit = together
    threads = [threading.Thread(target=cloud.run, args=(one(), 10)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(cloud.client.accepted) == len({record.id for record in cloud.store.jobs()}) == 2


# --- services that answer nonsense ---


@pytest.mark.parametrize(
    "vendor_id",
    [None, 7, "", [], {"id": "x"}, True, "two\nlines", "a b", "\x1b[31m", "é", "\ud800", "x" * 50_000, SECRET, b"x"],
)
def test_an_id_that_is_none(cloud, vendor_id):
    """The service has the job, and is asked for it by its key."""
    cloud.client.answers["id"] = vendor_id
    here = cloud.run(one(), 10)
    assert here.vendor_ids == tuple(cloud.client.accepted.values())
    cloud.client.answers["find"] = vendor_id
    if vendor_id is not None:
        with pytest.raises(UnknownSubmissionError, match="which is no id") as caught:
            cloud.run(several(1), 10)
        assert len(str(caught.value).splitlines()) == 1
        assert SECRET not in str(caught.value)
        assert reconciled(cloud)[0].verdict == "unknown"
        assert reconciled(cloud, settling=NOW)[0].verdict == "unknown"


def test_a_look_up_that_finds_the_job_of_another(cloud):
    """A service that ignores the key in a query lists all jobs."""
    first = cloud.run(one(), 10)
    cloud.client.answers = {"id": None, "find": first.vendor_ids[0]}
    with pytest.raises(UnknownSubmissionError):
        cloud.run(several(1), 10)
    (verdict,) = reconciled(cloud, settling=NOW)
    assert verdict.verdict == "unknown"
    assert "which it accepted under the key" in verdict.reason


def test_an_id_that_is_another_jobs_own_name(cloud):
    first = cloud.run(one(), 10)
    cloud.client.answers["id"] = first.id
    second = cloud.run(several(1), 10)
    assert first.record.id == first.id != second.id
    assert first.result(5).counts == {"1": 10}
    cloud.client.answers["id"] = "shared"
    third, fourth = cloud.run(several(2), 10), cloud.run(several(3), 10)
    with pytest.raises(JobError, match=f"several jobs are named 'shared': .*{third.id}"):
        cloud.job("shared")
    assert third.id != fourth.id


@pytest.mark.parametrize("reason", ["half \ud800", "two\nlines\x1b[2J\r\x00", "x" * 10**6, {"a": [1]}, None])
def test_reasons_in_strange_letters(cloud, reason):
    here = cloud.run(one(), 10)
    cloud.client.answers["poll"] = VendorStatus(JobStatus.FAILED, reason, reason)
    with pytest.raises(JobError, match="failed") as caught:
        here.result(2)
    assert here.record.status is JobStatus.FAILED
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 3000
    assert str(caught.value).isprintable()


def test_refusals_in_strange_letters(cloud, monkeypatch):
    monkeypatch.setattr(cloud.client, "submit", lambda *_: (_ for _ in ()).throw(Refused("no\n\ud800" + "x" * 10**5)))
    with pytest.raises(BackendError, match="refused the job") as caught:
        cloud.run(one(), 10)
    assert str(caught.value).isprintable()
    assert cloud.store.jobs()[0].status is JobStatus.FAILED


@pytest.mark.parametrize(
    "answer",
    [b"", b"null", b"[]", b"{}", b'{"counts": {}}', b'{"counts": [null]}', b'{"counts": [{"1": 10}, {"1": 10}]}',
     b'{"counts": [{"1": 10.0}]}', b'{"counts": [{"1": "10"}]}', b'{"counts": [{"1": true, "0": 9}]}',
     b'{"counts": [{"2": 10}]}', b'{"counts": [{"-1": 10}]}', b'{"counts": [{"1": NaN}]}', b'{"counts": [{"1": 9}]}',
     b'{"counts": [{"1": -1, "0": 11}]}', b'{"counts": [{"1": 1' + b"0" * 5000 + b"}]}", b"[" * 100_000,
     b'{"counts": [{"0": 9223372036854775807, "1": 9223372036854775807, "01": 12}]}', b"\xff\xfe", b"<html>\n</html>"],
)  # fmt: skip
def test_answers_whose_shape_lies(cloud, answer):
    here = cloud.run(one(), 10)
    cloud.client.answers["result"] = answer
    with pytest.raises(JobError, match=f"the answer to job {here.id}") as caught:
        here.result(2)
    assert len(str(caught.value).splitlines()) == 1
    assert here.record.parts[0].result == answer
    cloud.client.answers.clear()
    assert here.result(2).counts == {"1": 10}


def test_counts_whose_sum_comes_round_to_the_shots():
    bits = BitMap.of(Circuit(2).measure_all(), {0: ("q", 0), 1: ("q", 1)})
    outcomes = Outcomes.of_integers("q", 2, {0: 1 << 62, 1: 1 << 62, 2: 1 << 62, 3: (1 << 62) + 5})
    assert outcomes.shots == (1 << 64) + 5
    with pytest.raises(JobError, match="5 were asked for"):
        bits.result(outcomes, 5)
    with pytest.raises(JobError, match="integers of at least 0"):
        Outcomes.of_integers("q", 2, {0: 1 << 63})


@pytest.mark.parametrize("value", [2, 255, 0.5, np.nan, -1])
@pytest.mark.parametrize("counts", [None, np.array([3])])
def test_bits_that_are_neither(value, counts):
    bits = BitMap.of(Circuit(1).measure_all(), {0: ("q", 0)})
    with pytest.raises(JobError, match="bits of a provider are 0 or 1"):
        bits.result(Outcomes({"q": np.array([[value]])}, counts), 1 if counts is None else 3)


# --- states ---


def test_a_state_does_not_come_back_from_its_end(cloud):
    here = cloud.run(one(), 10)
    assert here.status() is JobStatus.DONE
    cloud.client.answers["poll"] = VendorStatus(JobStatus.RUNNING, "RUNNING")
    assert here.status() is JobStatus.DONE
    cloud.store.moved(here.id, 0, JobStatus.RUNNING, raw="RUNNING")
    assert here.result(1).counts == {"1": 10}


def test_done_without_a_result_is_asked_for_again(cloud, monkeypatch):
    here = cloud.run(one(), 10)
    with monkeypatch.context() as patch:
        patch.setattr(cloud.client, "fetch", lambda *_: (_ for _ in ()).throw(Refused("404: no result yet")))
        with pytest.raises(JobError, match="cannot be fetched: Refused: 404: no result yet; ask again"):
            here.result(1)
    assert here.result(1).counts == {"1": 10}


def test_cancelling_what_is_done_meanwhile(cloud):
    here = cloud.run(one(), 10)
    assert here.cancel() is False
    assert here.status() is JobStatus.DONE


def test_a_part_that_cannot_be_cancelled_leaves_the_others_to_be_cancelled(cloud, monkeypatch):
    here = cloud.run(several(9), 10)
    asked = []

    def cancel(vendor_id):
        asked.append(vendor_id)
        if vendor_id.endswith("-0"):
            raise OSError("the service hangs up")
        cloud.client.answers["poll"] = VendorStatus(JobStatus.CANCELLED, "CANCELLED")

    monkeypatch.setattr(cloud.client, "cancel", cancel)
    with pytest.raises(JobError, match="could not be cancelled: OSError: the service hangs up"):
        here.cancel()
    assert asked == list(here.vendor_ids)
    assert [part.status for part in here.record.parts] == [JobStatus.QUEUED] + [JobStatus.CANCELLED] * 2


def test_the_reason_is_of_the_part_that_failed(cloud):
    here = cloud.run(several(6), 10)
    cloud.store.moved(here.id, 0, JobStatus.CANCELLED, raw="CANCELLED")
    cloud.store.moved(here.id, 1, JobStatus.FAILED, raw="FAILED", reason="the cryostat is warm")
    with pytest.raises(JobError, match="failed: the cryostat is warm"):
        here.result(1)


def test_a_wait_ends_in_time_though_each_part_takes_its_own(cloud, monkeypatch):
    here = cloud.run(several(30), 10)

    def slow(vendor_id):
        time.sleep(0.3)
        return VendorStatus(JobStatus.RUNNING, "RUNNING")

    monkeypatch.setattr(cloud.client, "poll", slow)
    begin = time.monotonic()
    with pytest.raises(JobError, match=r"after 0\.1 s"):
        here.result(0.1)
    assert time.monotonic() - begin < 2.0


def test_the_state_that_is_not_known_is_the_one_that_is_named(cloud, monkeypatch):
    here = cloud.run(several(6), 10)
    states = {"0": VendorStatus(JobStatus.UNKNOWN, "DEFRAGMENTING"), "1": VendorStatus(JobStatus.RUNNING, "RUNNING")}
    monkeypatch.setattr(cloud.client, "poll", lambda vendor_id: states[vendor_id[-1]])
    monkeypatch.setattr(job_module, "PATIENCE", 0.3)
    with pytest.raises(JobError, match="the provider says 'DEFRAGMENTING', which this version does not know"):
        here.result(30)


def test_an_interrupt_while_waiting_leaves_the_job(cloud, monkeypatch):
    here = cloud.run(one(), 10)
    with monkeypatch.context() as patch:
        patch.setattr(cloud.client, "poll", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            here.result(5)
    assert here.result(5).counts == {"1": 10}


def test_a_job_whose_backend_is_gone(cloud, monkeypatch):
    here = cloud.run(one(), 10)
    waiting = cloud.run(several(1), 10)
    assert here.result(5).counts == {"1": 10}
    with monkeypatch.context() as patch:
        patch.setattr(registry, "providers", dict)
        with pytest.raises(BackendError, match=r"no provider here reads the format 'toy\.json'; install what wrote it"):
            job(here.id, store=cloud.store).result(1)
        assert job(here.id, store=cloud.store).status() is JobStatus.DONE
        with pytest.raises(BackendError, match="no backend is named 'toy:one'"):
            job(waiting.id, store=cloud.store).status()
    assert here.record.parts[0].result is not None


# --- secrets ---


def test_a_secret_in_a_result_is_not_put_on_disk(cloud):
    here = cloud.run(one(), 10)
    cloud.client.answers["result"] = b'{"counts": [{"1": 10}], "by": "%s"}' % SECRET.encode()
    assert here.result(2).counts == {"1": 10}
    for path in cloud.store.path.parent.glob("jobs.sqlite3*"):
        assert SECRET.encode() not in path.read_bytes()
    assert job(here.id, store=cloud.store).result(1).counts == {"1": 10}


def test_options_that_are_secrets_are_not_on_record(cloud, monkeypatch):
    Secret("given-as-an-option")
    backend = get_backend("toy:one", address="http://127.0.0.1:9/?given-as-an-option", seconds=3)
    assert backend.options == {"seconds": 3}


def test_clients_are_not_pickled_with_their_secret(cloud):
    cloud.client.token = Secret("pickled-secret")
    with pytest.raises(TypeError, match="a secret is not written anywhere"):
        pickle.dumps(cloud.client)


# --- plug-ins and meters ---


def test_a_metered_backend_finds_its_jobs():
    metered = MeteredBackend(get_backend("local"))
    here = metered.run(one(), 10)
    assert metered.job(here.id) is here
    with pytest.raises(JobError, match="has no job 'none'"):
        metered.job("none")


def test_a_metered_cloud_finds_jobs_on_record(cloud):
    metered = MeteredBackend(cloud)
    here = metered.run(one(), 10)
    found = MeteredBackend(cloud).job(here.id)
    assert isinstance(found, CloudJob)
    assert found.result(2).counts == {"1": 10}


def test_nonsense_to_reconcile(cloud):
    with pytest.raises(InputError, match="settling is a timedelta"):
        reconcile(cloud.store, settling=5)
    with pytest.raises(InputError, match="in a JobStore"):
        reconcile("jobs.sqlite3")
