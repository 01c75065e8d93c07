"""The processes: answers, absence, crashes, limits; and a whole campaign with the simulators that are always here."""

import json
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from peers import plain, reference
from peers.campaign import Campaign, Progress, run_campaign
from peers.portable import load_task, save_task
from peers.results import load_results, save_results
from peers.tasks import Case, build_task
from peers.timing import Rules
from peers.workers import AbsentError, BrokenError, Pool, Worker

CASE = Case("state", "qft", 4, "double")


@pytest.fixture
def worker():
    found = Worker("qiskit", sys.executable, 1)
    yield found
    found.stop()


@pytest.fixture
def files(tmp_path):
    task = build_task(CASE)
    save_task(task, tmp_path / "task")
    np.save(tmp_path / "right.npy", plain.answer(task))
    return str(tmp_path / "task"), str(tmp_path / "right.npy")


def test_a_worker_prepares_runs_and_checks(worker, files, tmp_path):
    task, right = files
    assert worker.about["title"] == "Qiskit"
    assert worker.about["versions"]["qiskit"]
    ready = worker.ask("prepare", 60.0, task=task, precision="double", threads=1, settings=None)
    assert ready["run_s"] > 0 < ready["tolerance"]
    turn = worker.ask("turn", 60.0, min_seconds=0.01)
    assert turn["runs"] >= 1
    assert turn["seconds"] > 0
    assert worker.ask("check", 60.0, reference=right)["error"] < ready["tolerance"]
    worker.ask("write", 60.0, path=str(tmp_path / "written.npy"))
    np.testing.assert_allclose(np.load(tmp_path / "written.npy"), np.load(right), atol=1e-12)
    assert worker.resident > 1 << 20
    assert "cannot" in worker.ask(
        "prepare", 60.0, task=_gradient_task(tmp_path), precision="double", threads=1, settings=None
    )


def _gradient_task(folder):
    path = folder / "gradient"
    save_task(build_task(Case("gradient", "ansatz", 3, "double")), path)
    return str(path)


def test_a_failure_is_told_and_the_process_stays(worker, files):
    with pytest.raises(BrokenError, match="FileNotFoundError"):
        worker.ask("prepare", 60.0, task="/nowhere", precision="double", threads=1, settings=None)
    assert worker.is_alive
    worker.ask("prepare", 60.0, task=files[0], precision="double", threads=1, settings=None)


def test_who_takes_too_long_is_ended(worker, files):
    worker.ask("prepare", 60.0, task=files[0], precision="double", threads=1, settings=None)
    with pytest.raises(BrokenError, match="over the limit"):
        worker.ask("turn", 0.05, min_seconds=30.0)
    assert not worker.is_alive
    with pytest.raises(BrokenError):
        worker.ask("release", 1.0)


def test_a_dead_process_is_told(tmp_path):
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\necho 'no such thing' >&2\nexit 3\n")
    script.chmod(0o755)
    with pytest.raises(BrokenError, match=r"ended with 3 \(no such thing\)"):
        Worker("qiskit", str(script), 1)


def test_a_simulator_that_is_not_there_is_absent_and_asked_once():
    pool = Pool({}, 1, 1 << 40)
    for _ in range(2):
        with pytest.raises(AbsentError, match="ModuleNotFoundError"):
            pool.worker("no_such_rival")
    assert set(pool.absent) == {"no_such_rival"}
    pool.close()


def test_the_pool_stops_who_was_used_longest_ago_when_memory_is_short():
    pool = Pool({}, 1, 1 << 40)
    first, fresh = pool.worker("qiskit")
    assert fresh
    assert pool.worker("qiskit") == (first, False)
    first.resident = 1 << 39
    second, _ = pool.worker("cirq", needed=1 << 40)
    assert not first.is_alive
    assert second.is_alive
    assert pool.worker("qiskit")[1]
    pool.close()
    assert not second.is_alive


def test_interpreters_by_rival():
    pool = Pool({"": "/others", "aer": "/aer"}, 1, 0)
    assert (pool.python("aer"), pool.python("qulacs"), pool.python("qtoolkit")) == ("/aer", "/others", sys.executable)


class Listener:
    """Notes what a campaign tells, and interrupts it when asked to."""

    def __init__(self, interrupt_after=None):
        self.races, self.absent, self.interrupt_after = [], [], interrupt_after
        self.progress = Progress(lambda *_: None, self.step, self.race, lambda *told: self.absent.append(told))

    def step(self, text):
        if len(self.races) == self.interrupt_after:
            raise KeyboardInterrupt

    def race(self, race):
        self.races.append(race)


@pytest.fixture
def quiet_rates(monkeypatch):
    monkeypatch.setattr("peers.campaign.measure_rates", lambda threads: {"bandwidth": 1e10, "gate_double": 1e10})


@pytest.mark.slow
def test_a_campaign_keeps_what_it_measured_and_goes_on_from_there(tmp_path, quiet_rates):
    cases = [CASE, Case("state", "ghz", 4, "double"), Case("startup", "qft", 4, "double")]
    rules = Rules(threads=1, rounds=1, turn_s=0.01, pause_s=0.0)
    output = tmp_path / "results.json"
    campaign = Campaign(cases, rules, output, ("qtoolkit", "no_such_rival", "qiskit", "cirq"))
    interrupted = Listener(interrupt_after=1)
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_campaign(campaign, interrupted.progress)
    kept = load_results(output)
    assert [race.case for race in kept.races] == [CASE]
    assert interrupted.absent[0][0] == "no_such_rival"
    again = Listener()
    results = run_campaign(campaign, again.progress, kept)
    assert [race.case for race in again.races] == cases[1:]
    again_saved = tmp_path / "again.json"
    save_results(results, again_saved)
    assert again_saved.read_text() == output.read_text()
    for race in results.races:
        measured = {entry.rival: entry for entry in race.entries}
        assert set(measured) == {"qtoolkit", "qiskit", "cirq"}
        for entry in measured.values():
            assert entry.status == "ok", (race.case, entry)
            assert entry.turns
            assert entry.seconds < time.monotonic() - started
            assert entry.error <= entry.tolerance
        assert race.ratio() is not None
    assert json.loads(output.read_text())["rivals"]["no_such_rival"]["absent"]


def runner(*races):
    from pathlib import Path

    from peers.campaign import _Runner
    from peers.results import Results

    names = ("qtoolkit", "prism_q", "qsim", "aer")
    precisions = {"prism_q": ["double"], "qsim": ["single"]}
    rivals = {
        name: {"precisions": precisions.get(name, ["double", "single"]), "questions": ["state"]} for name in names
    }
    campaign = Campaign([], Rules(1, run_limit_s=100.0), Path("none"))
    return _Runner(
        campaign, Pool({}, 1, 0), Results({}, {}, {}, rivals, list(races)), Listener().progress, Path("none"), names
    )


def measured(num_qubits, precision="double", **seconds):
    from peers.results import Measurement, Race

    entries = [
        Measurement(name, precision, "ok", settings={"of": num_qubits}, turns=[s]) for name, s in seconds.items()
    ]
    return Race(Case("state", "qft", num_qubits, precision), "", {}, entries)


def chosen(case, *races):
    runners, skipped = runner(*races)._contestants(case)
    return [(one.rival, one.precision, one.settings) for one in runners], {one.rival: one.note for one in skipped}


def test_who_lacks_a_precision_runs_in_the_other_or_not_at_all():
    runners, skipped = chosen(CASE)
    assert [name for name, *_ in runners] == ["qtoolkit", "prism_q", "aer"]
    assert skipped == {"qsim": "has no double precision"}
    runners, skipped = chosen(Case("state", "qft", 4, "single"))
    assert [(name, precision) for name, precision, _ in runners] == [
        ("qtoolkit", "single"), ("prism_q", "double"), ("qsim", "single"), ("aer", "single"),
    ]  # fmt: skip
    _, skipped = chosen(Case("gradient", "qft", 4, "double"))
    assert set(skipped.values()) == {"does not do gradient"}


def test_who_is_far_behind_the_fastest_peer_does_not_run_at_large_sizes():
    smaller = measured(20, qtoolkit=0.001, prism_q=1.0, aer=9.0)
    runners, skipped = chosen(Case("state", "qft", 22, "double"), smaller)
    assert [name for name, *_ in runners] == ["qtoolkit", "prism_q"]
    assert skipped["aer"] == "9 times slower than the fastest peer at 20 qubits"
    runners, _ = chosen(Case("state", "qft", 21, "double"), smaller)
    assert [name for name, *_ in runners] == ["qtoolkit", "prism_q", "aer"]
    _, skipped = chosen(Case("state", "qft", 27, "double"), measured(20, qtoolkit=9.0, prism_q=1.0))
    assert skipped["prism_q"] == "would take about 128 s for a run"


def test_double_precision_runs_against_single_where_it_is_not_far_behind():
    case = Case("state", "qft", 8, "single")
    for seconds, runs in ((2.9, True), (3.1, False)):
        double = measured(8, qtoolkit=0.1, prism_q=seconds, aer=1.0)
        runners, skipped = chosen(case, double)
        assert ("prism_q" in [name for name, *_ in runners]) is runs
        assert ("prism_q" in skipped) is not runs


def test_large_circuits_take_the_settings_of_22_qubits():
    races = measured(20, qtoolkit=1.0, prism_q=1.0), measured(22, qtoolkit=1.0, prism_q=1.0)
    settings = [found for _, _, found in chosen(Case("state", "qft", 24, "double"), *races)[0]]
    assert settings == [{"of": 22}, {"of": 22}, None]
    settings = [found for _, _, found in chosen(Case("state", "qft", 24, "double"), races[0])[0]]
    assert settings == [None, None, None]


@pytest.mark.parametrize("question", ["once", "samples"])
def test_a_reference_from_a_simulator_leaves_the_task_as_it_is(question, tmp_path, monkeypatch):
    monkeypatch.setattr(reference, "_PLAIN_QUBITS", 2)
    monkeypatch.setattr(reference, "_SOURCES", ("qiskit",))
    task = replace(build_task(CASE), question=question, shots=10)
    path = tmp_path / "case.task"
    save_task(task, path)
    pool = Pool({}, 1, 1 << 30)
    try:
        assert reference.write_reference(task, tmp_path / "case.npy", pool, 1, 60.0) == "Qiskit"
    finally:
        pool.close()
    assert load_task(path).question == question
    assert np.load(tmp_path / "case.npy").shape == (16,)
