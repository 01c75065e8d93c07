"""What a store keeps through kills, cuts and company, and what it refuses."""

import os
import signal
import sqlite3
import subprocess
import sys
import types
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from qtoolkit.applications.qec import (
    ExperimentStore,
    MatchingDecoder,
    default_store,
    memory_tasks,
    run_experiment,
    run_experiments,
)
from qtoolkit.errors import InputError, MissingExtraError, OutputError

TASK = memory_tasks("rotated-surface", [3], [0.02], batch_shots=256)[0]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "experiments.sqlite"


def rows(path):
    """Index of batch to shots, as another program reads them."""
    database = sqlite3.connect(path)
    found = dict(database.execute("SELECT number, shots FROM batches").fetchall())
    database.close()
    return found


def test_runs_go_on_from_what_is_kept(path):
    alone = {shots: run_experiment(TASK, max_shots=shots, seed=4) for shots in (100, 300, 1_000, 5_000)}
    for shots in (300, 100, 5_000, 1_000):
        with ExperimentStore(path) as store:
            assert run_experiment(TASK, max_shots=shots, seed=4, store=store) == alone[shots]
    assert rows(path) == {index: 256 if index < 19 else 5_000 - 19 * 256 for index in range(20)}


def test_only_what_is_missing_is_drawn(path):
    """A batch of which more is kept than is wanted is drawn once more, for its first shots."""
    drawn = []
    with ExperimentStore(path) as store:
        for shots in (1_000, 1_000, 1_024, 1_024, 900):
            before = len(drawn)
            run_experiment(TASK, max_shots=shots, seed=4, store=store, progress=drawn.append)
            drawn.append(None)
            drawn[before:] = [len(drawn) - before - 1]
    assert drawn == [4, 0, 1, 0, 1]


def test_a_store_without_a_seed_goes_on_with_the_one_it_has(path):
    with ExperimentStore(path) as store:
        first = run_experiment(TASK, max_shots=1_000, seed=9, store=store)
        assert run_experiment(TASK, max_shots=1_000, store=store) == first
        assert run_experiment(TASK, max_shots=2_000, store=store).seed == 9
        assert run_experiment(TASK, max_shots=1_000, seed=10, store=store) != first
        assert store.seed_of(TASK) == 9
        assert store.seed_of(replace(TASK, heralds=(0,))) is None
        large = 2**200
        assert run_experiment(TASK, max_shots=300, seed=large, store=store).seed == large
        assert sum(batch.shots for batch in store.batches(TASK, large).values()) == 300


def test_executors_keep_every_batch(path):
    with ExperimentStore(path) as store, ThreadPoolExecutor(3) as threads:
        result = run_experiment(TASK, max_shots=5_000, seed=4, store=store, executor=threads)
        assert sum(batch.errors for batch in store.batches(TASK, 4).values()) == result.errors
    assert len(rows(path)) == 20


PROGRAM = """
import sys
from qtoolkit.applications.qec import ExperimentStore, memory_tasks, run_experiment
task = memory_tasks("rotated-surface", [3], [0.02], batch_shots=256)[0]
run_experiment(task, max_shots=10**9, seed=4, store=ExperimentStore(sys.argv[1]),
               progress=lambda state: print(state.shots, flush=True))
"""


def test_a_killed_process_loses_no_finished_batch(path):
    """By SIGKILL, which nothing can catch; what it said was done is there."""
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = [int(process.stdout.readline()) for _ in range(5)]
    os.kill(process.pid, signal.SIGKILL)
    told += [int(line) for line in process.stdout.read().split("\n") if line]
    process.wait()
    process.stdout.close()
    kept = rows(path)
    assert told == [256 * (k + 1) for k in range(len(told))]
    assert len(told) <= len(kept) <= len(told) + 1
    drawn = []
    shots = 256 * (len(kept) + 2)
    with ExperimentStore(path) as store:
        resumed = run_experiment(TASK, max_shots=shots, seed=4, store=store, progress=drawn.append)
    assert len(drawn) == 2
    assert resumed == run_experiment(TASK, max_shots=shots, seed=4)


def test_processes_share_a_file(path):
    program = PROGRAM.replace("10**9", "3000")
    several = [
        subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    for process in several:
        assert process.communicate()[1] == b""
        assert process.returncode == 0
    assert sum(rows(path).values()) == 3_000


def test_many_open_a_new_file_at_once(path):
    with ThreadPoolExecutor(8) as threads:
        stores = list(threads.map(ExperimentStore, [path] * 16))
    for store in stores:
        store.close()
    assert rows(path) == {}


def test_other_files_are_refused_and_left_alone(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("the quick brown fox jumps over the lazy dog " * 40)
    foreign = tmp_path / "other.sqlite"
    database = sqlite3.connect(foreign)
    database.execute("CREATE TABLE mine (x)")
    database.commit()
    database.close()
    for file in (text, foreign):
        before = file.read_bytes()
        with pytest.raises(InputError, match="a store of experiments must be a file of ours"):
            ExperimentStore(file)
        assert file.read_bytes() == before
    for wrong in (tmp_path, tmp_path / "missing" / "a.sqlite"):
        with pytest.raises(InputError, match="a store is a file in a folder that exists"):
            ExperimentStore(wrong)
    with pytest.raises(InputError, match="must be text or a path, got 3"):
        ExperimentStore(3)


def test_a_newer_format_is_refused(path):
    ExperimentStore(path).close()
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(InputError, match="newer version of qtoolkit"):
        ExperimentStore(path)


def test_a_damaged_file_is_named(path):
    with ExperimentStore(path) as store:
        run_experiment(TASK, max_shots=20_000, seed=4, store=store)
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(InputError, match="must be one of ours and whole"), ExperimentStore(path) as store:
        run_experiment(TASK, max_shots=20_000, seed=4, store=store)


def test_a_store_that_is_locked_or_closed_says_so(path, monkeypatch):
    monkeypatch.setattr("qtoolkit.applications.qec.experiments.store._PATIENCE", 0.05)
    with ExperimentStore(path) as store:
        other = sqlite3.connect(path)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OutputError, match=r"cannot be used .*locked"):
            run_experiment(TASK, max_shots=100, seed=4, store=store)
        other.close()
    with pytest.raises(InputError, match="must be one of ours"):
        run_experiment(TASK, max_shots=100, seed=4, store=store)


class Holding:
    """A decoder of which nothing can be known but what it does."""

    def __init__(self):
        self.inner = MatchingDecoder()

    def compile(self, model):
        return self.inner.compile(model)


def test_decoders_that_are_not_known_again_are_refused(path):
    class Local:
        def compile(self, model):
            return MatchingDecoder().compile(model)

    with ExperimentStore(path) as store:
        for decoder in (Local(), Holding()):
            with pytest.raises(InputError, match="must be a name, a dataclass, or an object of a module's class"):
                run_experiments([replace(TASK, decoder=decoder)], max_shots=10, seed=1, store=store)
        named = replace(TASK, decoder=Holding(), decoder_id="matching, as of today")
        assert run_experiment(named, max_shots=10, seed=1, store=store).shots == 10


def test_the_store_of_the_user(tmp_path, monkeypatch):
    folders = types.SimpleNamespace(user_data_dir=lambda name, appauthor: str(tmp_path / "data" / name))
    monkeypatch.setitem(sys.modules, "platformdirs", folders)
    with default_store() as store:
        assert store.path == tmp_path / "data" / "qtoolkit" / "experiments.sqlite"
        assert repr(store) == f"ExperimentStore({str(store.path)!r})"
    monkeypatch.setitem(sys.modules, "platformdirs", None)
    with pytest.raises(MissingExtraError, match="platformdirs"):
        default_store()


def test_seconds_of_kept_batches_are_those_of_the_first_time(path):
    with ExperimentStore(path) as store:
        first = run_experiment(TASK, max_shots=20_000, seed=4, store=store)
        again = run_experiment(TASK, max_shots=20_000, seed=4, store=store)
    assert again.wall_time == pytest.approx(first.wall_time)
