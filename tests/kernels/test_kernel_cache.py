"""The cache of compiled kernels, seen by fresh processes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import qtoolkit_kernels
from qtoolkit_kernels import _cache

PACKAGE = Path(qtoolkit_kernels.__file__).parent

NORM = """
import json, sys
import numpy as np
from qtoolkit_kernels import measurement
from qtoolkit_kernels._jit import compiled_kernels

values = [measurement.norm_squared(np.array([1, 2, 0, -2], dtype)) for dtype in (np.float64, np.float32)]
print(json.dumps({"values": values, "compiled": len(compiled_kernels()), "numba": "numba" in sys.modules}))
"""
VALUES = [9.0, 9.0]


def environment(**changed):
    return {**os.environ, **{name: str(value) for name, value in changed.items()}}


def run(folder, code=NORM, **changed):
    """What a fresh process reports, and what it writes on stderr."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(QTOOLKIT_CACHE_DIR=folder, **changed),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout), done.stderr


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A folder that one process has filled."""
    folder = tmp_path_factory.mktemp("kernels") / "new"
    report, _ = run(folder)
    assert report == {"values": VALUES, "compiled": 2, "numba": True}
    return folder


@pytest.fixture
def folder(filled, tmp_path):
    return shutil.copytree(filled, tmp_path / "kernels")


def test_a_later_process_needs_no_compiler(folder):
    report, messages = run(folder)
    assert report == {"values": VALUES, "compiled": 0, "numba": False}
    assert messages == ""
    assert len(list(folder.iterdir())) == 2


def test_damaged_entries_are_written_anew(folder):
    whole = {path: path.read_bytes() for path in folder.iterdir()}
    cut, changed = whole
    cut.write_bytes(whole[cut][:-100])
    changed.write_bytes(whole[changed][:-1] + bytes([whole[changed][-1] ^ 1]))
    report, _ = run(folder)
    assert report["values"] == VALUES
    assert report["compiled"] == 2
    assert set(folder.iterdir()) == set(whole)
    assert run(folder)[0]["compiled"] == 0


def test_entries_that_are_no_code_are_written_anew(folder):
    for path in folder.iterdir():
        path.write_bytes(_cache._pack(_cache.MachineCode(b"no object file", ())))
    report, _ = run(folder)
    assert report["values"] == VALUES
    assert run(folder)[0]["compiled"] == 0


def test_another_processor_has_code_of_its_own(folder):
    report, _ = run(folder, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="")
    assert report == {"values": VALUES, "compiled": 2, "numba": True}
    assert len(list(folder.iterdir())) == 4
    assert run(folder)[0]["compiled"] == 0


def test_a_folder_that_cannot_be_written_is_named_once(tmp_path):
    """A path below a file: root may write anywhere else."""
    (tmp_path / "file").touch()
    report, messages = run(tmp_path / "file" / "kernels")
    assert report == {"values": VALUES, "compiled": 2, "numba": True}
    assert messages.count("cannot be kept") == 1
    assert str(tmp_path / "file") in messages
    assert "QTOOLKIT_CACHE_DIR" in messages


def test_processes_that_start_together(tmp_path):
    command = [sys.executable, "-c", NORM]
    variables = environment(QTOOLKIT_CACHE_DIR=tmp_path)
    processes = [subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [json.loads(process.communicate()[0])["values"] for process in processes] == [VALUES] * 3
    assert len(list(tmp_path.iterdir())) == 2
    assert run(tmp_path)[0]["compiled"] == 0


def test_edits_of_imported_modules_are_noticed(folder, tmp_path):
    sources = shutil.copytree(PACKAGE, tmp_path / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    assert run(folder, PYTHONPATH=path)[0]["compiled"] == 0

    helper = sources / "_bits.py"
    helper.write_text(helper.read_text().replace("return np.uint64(index)", "return np.uint64(1)"))
    report, _ = run(folder, PYTHONPATH=path)
    assert report == {"values": [16.0, 16.0], "compiled": 2, "numba": True}

    other = sources / "sampling.py"
    other.write_text(other.read_text() + "\n")
    assert run(folder, PYTHONPATH=path)[0]["compiled"] == 0


def test_what_is_edited_while_in_use_is_not_kept(tmp_path):
    sources = shutil.copytree(PACKAGE, tmp_path / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    helper = sources / "_bits.py"
    edit = f"""
import pathlib, time
from qtoolkit_kernels import measurement

helper = pathlib.Path({str(helper)!r})
time.sleep(0.05)
helper.write_text(helper.read_text().replace("return np.uint64(index)", "return np.uint64(1)"))
"""
    assert run(tmp_path / "kernels", edit + NORM, PYTHONPATH=path)[0]["values"] == VALUES
    assert not (tmp_path / "kernels").exists()
    assert run(tmp_path / "kernels", PYTHONPATH=path)[0]["values"] == [16.0, 16.0]


def test_old_versions_are_removed(tmp_path, monkeypatch):
    monkeypatch.setenv(_cache.FOLDER_VARIABLE, str(tmp_path))
    code = _cache.MachineCode(b"code", ("table",))
    for version in range(2 * _cache.KEPT):
        place = _cache.Place("kernel", str(version))
        _cache.write(place, code)
        os.utime(tmp_path / place.file_name, (version, version))
    _cache.write(_cache.Place("kernel-of-other-name", "0"), code)
    kept = {path.name for path in tmp_path.iterdir()}
    assert len(kept) == _cache.KEPT + 1
    assert _cache.read(place) == code


def test_without_a_choice_the_folder_is_beside_the_package_or_the_users(tmp_path, monkeypatch):
    monkeypatch.delenv(_cache.FOLDER_VARIABLE, raising=False)
    beside, of_user = _cache.folders()
    assert beside == PACKAGE / "__pycache__"
    assert of_user.is_absolute()
    assert of_user.is_relative_to(Path.home()) or "XDG_CACHE_HOME" in os.environ or sys.platform == "win32"

    monkeypatch.setattr(_cache, "folders", lambda: (tmp_path / "file" / "below", tmp_path / "second"))
    (tmp_path / "file").touch()
    place, code = _cache.Place("kernel", "1"), _cache.MachineCode(b"code", ())
    _cache.write(place, code)
    assert [path.name for path in (tmp_path / "second").iterdir()] == [place.file_name]
    assert _cache.read(place) == code


def test_the_hash_covers_all_that_a_module_imports():
    digests = {name: _cache.source_digest(f"{PACKAGE.name}.{name}") for name in ("measurement", "sampling", "_jit")}
    assert len(set(digests.values())) == len(digests)
    imported = set(_cache._imported((PACKAGE / "vector" / "sweep.py").read_text()))
    assert {"qtoolkit_kernels._jit", "qtoolkit_kernels.vector.tiles", "qtoolkit_kernels.vector.lanes"} <= imported


@pytest.mark.parametrize("made_by", ["a function", "another package"])
def test_what_its_source_does_not_tell_apart_is_not_kept(made_by):
    def kernel():
        pass

    if made_by == "another package":
        kernel.__qualname__ = "kernel"
    else:
        kernel.__module__ = "qtoolkit_kernels.measurement"
    assert _cache.place(kernel, ("int64",)) is None


def test_plain_numba_where_its_insides_are_others(tmp_path):
    broken = "import numba.core.codegen\ndel numba.core.codegen.AOTCodeLibrary\n"
    report, _ = run(tmp_path, broken + NORM)
    assert report["values"] == VALUES
    assert list(tmp_path.iterdir()) == []


def test_modules_of_kernels_do_not_import_numba():
    """But for those that only the compiler loads."""
    paths = [path for path in PACKAGE.rglob("*.py") if path.name != "_compile.py" and not path.match("_*_type.py")]
    names = [".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in paths]
    code = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
    if "numba" in sys.modules:
        sys.exit(f"{name} imports numba; take what it needs from qtoolkit_kernels._jit")
"""
    done = subprocess.run([sys.executable, "-c", code, *sorted(names)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_long_compiling_is_announced_once(tmp_path):
    code = "from qtoolkit_kernels import _jit\n_jit.NOTICE_AFTER = 0.0\n" + NORM
    _, messages = run(tmp_path, code)
    assert messages.count("compiling kernels for this processor") == 1
    silent = "import logging\nlogging.getLogger('qtoolkit').setLevel(logging.ERROR)\n" + code
    assert run(tmp_path / "other", silent)[1] == ""
