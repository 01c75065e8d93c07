"""`qtoolkit warmup`: everything is compiled once, and said so."""

import json
import subprocess
import sys

import pytest

from qtoolkit.simulators import warm_up
from qtoolkit_kernels import _cache

COMMAND = "import sys; from qtoolkit.cli import main; sys.exit(main(sys.argv[1:]))"


def qtoolkit(*arguments):
    """A fresh process, which shares the cache of the tests."""
    return subprocess.run([sys.executable, "-c", COMMAND, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_second_run_compiles_nothing():
    """Also the test that no kernel is left to numba, which would compile it in every process."""
    first = qtoolkit("warmup", "--json")
    assert first.returncode == 0, first.stderr
    assert set(json.loads(first.stdout)) == {"compiled", "seconds", "folder"}
    second = qtoolkit("warmup")
    assert second.stdout.startswith("Already warm: all kernels are kept in ")
    assert [line.split(":")[0] for line in second.stderr.splitlines()] == list(warm_up.STEPS)


@pytest.fixture
def short(monkeypatch):
    """Steps that take no time, of which one finds what it needs and one does not."""
    monkeypatch.setattr(warm_up, "STEPS", {"found": lambda precision: None, "missing": compile_one})
    monkeypatch.setattr(_cache, "_used", [])
    monkeypatch.setattr("qtoolkit_kernels._jit._compiled", [])


def compile_one(precision):
    from qtoolkit_kernels import _jit

    _jit._compiled.append(precision)


def test_what_is_compiled_and_where_it_is_kept(short, capsys, tmp_path):
    from qtoolkit.cli import main

    _cache._used.append(tmp_path)
    assert main(["warmup"]) == 0
    out, err = capsys.readouterr()
    assert out == f"2 kernels compiled in 0 s; they are kept in {tmp_path}\n"
    assert [line.split(":")[0] for line in err.splitlines()] == ["found", "missing"]


def test_what_cannot_be_kept(short, capsys):
    from qtoolkit.cli import main

    assert main(["warmup", "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["folder"] is None
    assert "set QTOOLKIT_CACHE_DIR" in err
