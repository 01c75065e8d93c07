"""Kernels that are not compiled yet are interpreted, while a process that nobody waits for compiles them."""

import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest

from qtoolkit_kernels import _ahead, _cache, _compile, _jit
from qtoolkit_kernels.planner import items, nodes, relabel
from qtoolkit_kernels.vector import skew

SWAPS = """
import json, sys
import numpy as np
from qtoolkit_kernels import _jit
from qtoolkit_kernels.planner import relabel

rows = np.empty((3, 10), np.int64)
count = _jit.run_soon(relabel.add_swaps, np.array([1, 2, 0]), rows)
_jit.compile_ordered()
print(json.dumps({
    "swaps": rows[:count, 1].tolist(), "compiled": len(_jit.compiled_kernels()), "numba": "numba" in sys.modules,
}))
"""
SWAPPED = [3, 5]
PLAN = """
import json, sys
import numpy as np
from qtoolkit import Circuit
from qtoolkit.compiler import Layout, compile_circuit, plan_sweeps
from qtoolkit_kernels._jit import compiled_kernels

circuit = Circuit(7).h(range(7)).cx(0, 1).rz(0.3, 1).cx(0, 1).ccx(0, 1, 2).swap(3, 4).rxx(0.3, 5, 6).ry(0.2, range(7))
(part,) = plan_sweeps(compile_circuit(circuit).unitary_program(), Layout.of(7, 16, 32), False)
print(json.dumps({
    "rows": part.operations.tolist(), "compiled": len(compiled_kernels()), "numba": "numba" in sys.modules,
}))
"""
PATIENCE = 300
"""Seconds for a compiler of low priority on a busy machine."""


def run(folder, code):
    """What a fresh process reports, and what it writes on stderr."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, _cache.FOLDER_VARIABLE: str(folder)},
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    return json.loads(done.stdout), done.stderr


def wait_for_entries(folder):
    """Wait until the process that compiles has removed its claim; the files that are there then."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and any(path.name.endswith(".claimed") for path in folder.iterdir()):
        time.sleep(0.05)
    return sorted(path.name for path in folder.iterdir())


def test_a_first_process_interprets_and_a_later_one_runs_what_was_compiled(tmp_path):
    folder = tmp_path / "kernels"
    assert run(folder, SWAPS) == ({"swaps": SWAPPED, "compiled": 0, "numba": False}, "")
    (entry,) = wait_for_entries(folder)
    assert entry.startswith("planner.relabel.add_swaps-")
    assert run(folder, SWAPS) == ({"swaps": SWAPPED, "compiled": 0, "numba": False}, "")
    assert wait_for_entries(folder) == [entry]


def test_a_folder_that_cannot_be_written(tmp_path):
    """Nothing is compiled, as nobody could find it, and nothing is said."""
    (tmp_path / "file").touch()
    for _ in range(2):
        assert run(tmp_path / "file" / "kernels", SWAPS) == ({"swaps": SWAPPED, "compiled": 0, "numba": False}, "")


@pytest.mark.slow
def test_the_planner_of_a_first_process(tmp_path):
    folder = tmp_path / "kernels"
    first, _ = run(folder, PLAN)
    assert (first["compiled"], first["numba"]) == (0, False)
    entries = wait_for_entries(folder)
    assert len(entries) > 5
    assert all(entry.startswith("planner.") and entry.endswith(".kernel") for entry in entries)
    assert run(folder, PLAN) == (first, "")
    assert wait_for_entries(folder) == entries


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty cache, in a process that has ordered nothing and waits for nothing."""
    monkeypatch.setenv(_cache.FOLDER_VARIABLE, str(tmp_path / "kernels"))
    monkeypatch.setattr(_ahead, "_ordered", {})
    monkeypatch.setattr(_jit, "_waiting", [])
    monkeypatch.setattr(_jit, "LOOK_AGAIN", 0.0)
    return tmp_path / "kernels"


@pytest.fixture
def kernel(folder, monkeypatch):
    """A small kernel that nobody has compiled."""
    made = _jit.Kernel(skew.skew_of.py_func, _jit.FASTMATH)
    monkeypatch.setattr(skew, "skew_of", made)
    return made


@pytest.fixture
def started(monkeypatch):
    """The processes that are started."""
    processes = []
    start = subprocess.Popen

    def starting(*arguments, **named):
        processes.append(start(*arguments, **named))
        return processes[-1]

    monkeypatch.setattr(subprocess, "Popen", starting)
    return processes


def place_of(kernel):
    return _cache.place(kernel.py_func, ("int64",))


def no_compiler(*_arguments, **_named):
    raise AssertionError("this process compiles")


def test_the_process_ends_by_itself_and_leaves_entries(kernel, folder, started, monkeypatch):
    monkeypatch.setattr(_compile, "machine_code", no_compiler)
    assert _jit.run_soon(kernel, 128) == 5
    assert started == []
    _jit.compile_ordered()
    _jit.compile_ordered()
    (process,) = started
    assert _jit.run_soon(kernel, 128) == 5
    assert process.wait(PATIENCE) == 0
    assert [path.name for path in folder.iterdir()] == [place_of(kernel).file_name]
    assert kernel._entries == ()
    assert _jit.run_soon(kernel, 128) == 5
    assert len(kernel._entries) == 1
    assert _jit.run_soon(kernel, 256) == skew.skew_of.py_func(256)


def test_the_disk_is_not_asked_every_time(kernel, monkeypatch):
    asked = []
    kept = _cache.is_kept
    monkeypatch.setattr(_cache, "is_kept", lambda place: asked.append(place) or kept(place))
    monkeypatch.setattr(_jit, "LOOK_AGAIN", 3600.0)
    for _ in range(5):
        assert _jit.run_soon(kernel, 128) == 5
    assert len(asked) == 1
    assert len(_ahead._ordered) == 1


def test_who_waits_for_the_compiler(kernel, folder):
    with _jit.waiting_for_compiler():
        assert _jit.run_soon(kernel, 128) == 5
    assert len(kernel._entries) == 1
    assert _cache.is_kept(place_of(kernel))
    assert not _ahead._ordered
    assert not _jit._waiting


def test_functions_and_arguments_that_cannot_be_ordered(kernel, monkeypatch):
    assert _jit.run_soon(max, 3, 4) == 4
    calls = []
    monkeypatch.setattr(_jit.Kernel, "__call__", lambda self, *arguments: calls.append(arguments))
    _jit.run_soon(kernel, "text")
    assert calls == [("text",)]
    assert not _ahead._ordered


def test_one_process_at_a_time(kernel, folder, started):
    _jit.run_soon(kernel, 128)
    claim = _cache.claim(place_of(kernel).file_name)
    _jit.compile_ordered()
    assert started == []
    assert claim.exists()
    claim.unlink()
    _jit.compile_ordered()
    assert started == [], "what was ordered is forgotten"


@pytest.mark.parametrize("name", ["application", "python"])
def test_where_no_process_can_be_started(kernel, folder, monkeypatch, tmp_path, name):
    """Nothing stays that would keep others from it."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / name))
    _jit.run_soon(kernel, 128)
    _jit.compile_ordered()
    assert not folder.exists() or list(folder.iterdir()) == []


def test_a_process_that_fails_leaves_a_claim_that_grows_stale(kernel, folder, started, monkeypatch):
    monkeypatch.setattr(_ahead, "_COMMAND_ORDERED", "raise SystemExit(3)")
    _jit.run_soon(kernel, 128)
    _jit.compile_ordered()
    assert started[0].wait(PATIENCE) == 3
    (claim,) = folder.iterdir()
    long_ago = time.time() - 2 * _cache.ABANDONED
    os.utime(claim, (long_ago, long_ago))
    monkeypatch.undo()
    monkeypatch.setenv(_cache.FOLDER_VARIABLE, str(folder))
    assert _cache.claim(place_of(kernel).file_name) == claim


def test_claims(folder):
    first = _cache.claim("kernel")
    assert first.parent == folder
    assert _cache.claim("kernel") is None
    assert _cache.claim("another kernel") not in (None, first)
    first.unlink()
    assert _cache.claim("kernel") == first
    long_ago = time.time() - 2 * _cache.ABANDONED
    os.utime(first, (long_ago, long_ago))
    assert _cache.claim("kernel") == first
    assert time.time() - first.stat().st_mtime < _cache.ABANDONED
    assert _cache.claim("kernel") is None


def test_claims_where_nothing_can_be_written(folder, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv(_cache.FOLDER_VARIABLE, str(tmp_path / "file"))
    assert _cache.claim("kernel") is None
    monkeypatch.setattr(_cache, "folders", lambda: (tmp_path / "file", folder))
    assert _cache.claim("kernel").parent == folder


def test_interpreted_kernels_call_interpreted_ones(monkeypatch):
    monkeypatch.setattr(_jit.Kernel, "__call__", no_compiler)
    rows = np.full((3, nodes.NODE_COLUMNS), -7)
    names = np.array([2, 0, 1])
    assert _jit.interpreted(relabel.add_swaps)(names, rows) == 2
    assert names.tolist() == [0, 1, 2]
    assert rows[:2, nodes.TARGETS].tolist() == [0b101, 0b011]
    assert (rows[2] == -7).all()


def test_interpreted_kernels_have_names_and_defaults():
    plain = _jit.interpreted(nodes.set_node)
    assert plain is _jit.interpreted(nodes.set_node)
    assert plain.__name__ == "set_node"
    row = np.zeros((1, nodes.NODE_COLUMNS), np.int64)
    plain(row, 0, nodes.SWAP, 3, 0)
    assert row[0, [nodes.FIRST, nodes.GATES]].tolist() == [-1, 1]
    assert _jit.interpreted(max) is max
    assert _jit.interpreted(items.is_waiting)(row[0]) is False
