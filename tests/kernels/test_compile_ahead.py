"""A second process compiles a kernel and hands it over; where it cannot, this process compiles for itself."""

import os
import subprocess
import sys

import pytest

from qtoolkit_kernels import _ahead, _cache, _compile, _jit
from qtoolkit_kernels.vector import skew


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    """A small kernel that nobody has compiled, in an empty cache."""
    monkeypatch.setenv(_cache.FOLDER_VARIABLE, str(tmp_path / "kernels"))
    monkeypatch.setattr(_ahead, "_running", {})
    made = _jit.Kernel(skew.skew_of.py_func, _jit.FASTMATH)
    monkeypatch.setattr(skew, "skew_of", made)
    return made


def place_of(kernel):
    return _cache.place(kernel.py_func, ("int64",))


def no_compiler(*_arguments):
    raise AssertionError("this process compiles")


def test_another_process_compiles_while_this_one_does_not(kernel, monkeypatch):
    monkeypatch.setattr(_compile, "machine_code", no_compiler)
    _jit.compile_ahead(kernel, 128)
    assert list(_ahead._running) == [(os.getpid(), place_of(kernel).file_name)]
    assert kernel(128) == 5
    assert not _ahead._running
    assert _cache.read(place_of(kernel)) is not None


def test_what_is_kept_or_on_its_way_is_not_ordered_again(kernel, monkeypatch):
    started = []
    start = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *args, **named: started.append(args) or start(*args, **named))
    for _ in range(2):
        _jit.compile_ahead(kernel, 128)
    assert len(started) == 1
    assert kernel(128) == 5
    _jit.compile_ahead(kernel, 256)
    assert len(started) == 1


@pytest.mark.parametrize(
    "command", ["raise SystemExit(1)", "import sys; sys.stdin.close()", "print('no code')", "import os; os.abort()"]
)
def test_a_process_that_fails(kernel, monkeypatch, command):
    monkeypatch.setattr(_ahead, "_COMMAND", command)
    _jit.compile_ahead(kernel, 128)
    assert kernel(128) == 5
    assert not _ahead._running
    assert _cache.is_kept(place_of(kernel))


def test_an_interpreter_that_is_not_there(kernel, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    _jit.compile_ahead(kernel, 128)
    assert not _ahead._running
    assert kernel(128) == 5


def test_a_process_that_does_not_end(kernel, monkeypatch):
    monkeypatch.setattr(_ahead, "_COMMAND", "while True: pass")
    monkeypatch.setattr(_ahead, "PATIENCE", 0.1)
    _jit.compile_ahead(kernel, 128)
    (process,) = _ahead._running.values()
    assert kernel(128) == 5
    assert process.returncode is not None


def test_a_fork_waits_for_no_process_of_its_parents(kernel, monkeypatch):
    _jit.compile_ahead(kernel, 128)
    with monkeypatch.context() as in_the_fork:
        in_the_fork.setattr(os, "getpid", lambda: -1)
        assert _ahead.wait_for(place_of(kernel)) is None
    assert _ahead.wait_for(place_of(kernel))


def test_no_folder_is_needed(kernel, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(_cache.FOLDER_VARIABLE, str(tmp_path / "file"))
    monkeypatch.setattr(_compile, "machine_code", no_compiler)
    _jit.compile_ahead(kernel, 128)
    assert kernel(128) == 5


def in_a_pool(monkeypatch, tmp_path):
    monkeypatch.setattr("multiprocessing.parent_process", object)


def in_an_application(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", "/opt/application")


@pytest.mark.parametrize("condition", [in_a_pool, in_an_application])
def test_where_no_process_is_started(kernel, monkeypatch, tmp_path, condition):
    condition(monkeypatch, tmp_path)
    monkeypatch.setattr(subprocess, "Popen", no_compiler)
    _jit.compile_ahead(kernel, 128)
    assert not _ahead._running


def test_arguments_that_only_numba_takes_are_left_to_it(kernel, monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", no_compiler)
    _jit.compile_ahead(kernel, object())
    assert not _ahead._running
