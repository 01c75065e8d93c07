"""The cache of compiled kernels, seen by fresh processes."""

import json
import marshal
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import qtoolkit_kernels
from qtoolkit_kernels import _cache, _code, _machine, measurement
from qtoolkit_kernels._slow_start import TESTED

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
        timeout=300,
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


@pytest.fixture
def sources(tmp_path):
    return shutil.copytree(PACKAGE, tmp_path / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))


def path_to(sources):
    return os.pathsep.join([str(sources.parent), os.environ.get("PYTHONPATH", "")])


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
        which, _, version = path.stem.rpartition("-")
        path.write_bytes(_cache.pack(_cache.Place(which, version), b"no object file"))
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


def test_edits_of_imported_modules_are_noticed(folder, sources):
    path = path_to(sources)
    assert run(folder, PYTHONPATH=path)[0]["compiled"] == 0

    helper = sources / "_bits.py"
    helper.write_text(helper.read_text().replace("return np.uint64(index)", "return np.uint64(1)"))
    report, _ = run(folder, PYTHONPATH=path)
    assert report == {"values": [16.0, 16.0], "compiled": 2, "numba": True}

    other = sources / "sampling.py"
    other.write_text(other.read_text() + "\nUNUSED = 1\n")
    assert run(folder, PYTHONPATH=path)[0]["compiled"] == 0


RIGHT, WRONG = "return np.uint64(index)", "return np.uint64(1    )"
"""A line of `_bits.py`, and one of the same length with which the norm comes out as 16."""

UPGRADE = """
import os, pathlib
from qtoolkit_kernels import measurement

helper = pathlib.Path({helper!r})
status = helper.stat()
helper.write_text(helper.read_text().replace({right!r}, {wrong!r}))
os.utime(helper, ns=(status.st_atime_ns, status.st_mtime_ns))
"""


def test_an_upgrade_under_a_running_process(sources, tmp_path):
    """Files are replaced, with their times and sizes, after a process has imported them and before it compiles."""
    helper, folder, path = sources / "_bits.py", tmp_path / "kernels", path_to(sources)
    upgrade = UPGRADE.format(helper=str(helper), right=RIGHT, wrong=WRONG)
    variables = {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}  # or Python would run what it compiled before
    assert run(folder, upgrade + NORM, **variables)[0] == {"values": VALUES, "compiled": 2, "numba": True}
    for compiled in (2, 0):
        report, _ = run(folder, **variables)
        assert (report["values"], report["compiled"]) == ([16.0, 16.0], compiled)

    helper.write_text(helper.read_text().replace(WRONG, RIGHT))
    assert run(folder, **variables)[0] == {"values": VALUES, "compiled": 0, "numba": False}


def test_what_python_has_compiled_before(sources, tmp_path):
    """Python believes times and sizes, and runs what it compiled from the file that was there before."""
    helper, folder, path = sources / "_bits.py", tmp_path / "kernels", path_to(sources)
    variables = {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": tmp_path / "python"}
    assert run(folder, **variables)[0]["values"] == VALUES
    exec(UPGRADE.format(helper=str(helper), right=RIGHT, wrong=WRONG))
    assert run(folder, **variables)[0] == {"values": VALUES, "compiled": 0, "numba": False}
    shutil.rmtree(tmp_path / "python")
    assert run(folder, **variables)[0]["values"] == [16.0, 16.0]


def test_a_compiler_that_is_replaced_before_its_first_use(sources, tmp_path):
    compiler, folder, path = sources / "_compile.py", tmp_path / "kernels", path_to(sources)
    upgrade = f"""
import pathlib
from qtoolkit_kernels import _code, measurement

_code.module_digest("qtoolkit_kernels.measurement")
pathlib.Path({str(compiler)!r}).write_text("raise ImportError('half of an upgrade')")
"""
    assert run(folder, upgrade + NORM, PYTHONPATH=path)[0]["values"] == VALUES
    assert len(list(folder.iterdir())) == 2
    assert run(folder, PYTHONPATH=path)[0] == {"values": VALUES, "compiled": 2, "numba": True}
    assert len(list(folder.iterdir())) == 2


def test_what_a_reload_mixes_is_not_kept(tmp_path):
    reload = "import importlib\nfrom qtoolkit_kernels import _bits, measurement\nimportlib.reload(_bits)\n"
    assert run(tmp_path / "kernels", reload + NORM)[0]["values"] == VALUES
    assert not (tmp_path / "kernels").exists()


@pytest.mark.parametrize("change", ["numba on disk", "an option"])
def test_what_a_replaced_compiler_makes_is_not_kept(tmp_path, monkeypatch, change):
    monkeypatch.setenv(_cache.FOLDER_VARIABLE, str(tmp_path))
    place = _cache.place(measurement.norm_squared, ("float64[1]",))
    with monkeypatch.context() as changed:
        if change == "an option":
            changed.setenv("NUMBA_OPT", "1")
        else:
            changed.setattr(_machine, "_numba_version", lambda: "0.0")
        _cache.write(place, b"code")
    assert list(tmp_path.iterdir()) == []
    _cache.write(place, b"code")
    assert _cache.read(place) == b"code"


def test_an_entry_is_for_the_kernel_that_it_was_made_for(folder):
    first, second = folder.iterdir()
    kept = first.read_bytes()
    second.replace(first)
    second.write_bytes(kept)
    report, _ = run(folder)
    assert (report["values"], report["compiled"]) == (VALUES, 2)


def test_old_versions_are_removed(tmp_path, monkeypatch):
    monkeypatch.setenv(_cache.FOLDER_VARIABLE, str(tmp_path))
    for version in range(2 * _cache.KEPT):
        place = _cache.Place("kernel", str(version))
        _cache.write(place, b"code")
        os.utime(tmp_path / place.file_name, (version, version))
    _cache.write(_cache.Place("kernel-of-other-name", "0"), b"code")
    kept = {path.name for path in tmp_path.iterdir()}
    assert len(kept) == _cache.KEPT + 1
    assert _cache.read(place) == b"code"


def test_what_killed_processes_left_is_removed(tmp_path, monkeypatch):
    monkeypatch.setenv(_cache.FOLDER_VARIABLE, str(tmp_path))
    place = _cache.Place("kernel", "1")
    names = [f".{place.file_name}.{number}" for number in ("4711", "1.140", "00ff")]
    for name in names:
        (tmp_path / name).write_bytes(b"half of")
    long_ago = time.time() - 2 * _cache.ABANDONED
    for name in names[:2]:
        os.utime(tmp_path / name, (long_ago, long_ago))
    _cache.write(place, b"code")
    assert {path.name for path in tmp_path.iterdir()} == {place.file_name, names[2]}


def test_without_a_choice_the_folder_is_beside_the_package_or_the_users(tmp_path, monkeypatch):
    monkeypatch.delenv(_cache.FOLDER_VARIABLE, raising=False)
    beside, of_user = _cache.folders()
    assert beside == PACKAGE / "__pycache__"
    assert of_user.is_absolute()
    assert of_user.is_relative_to(Path.home()) or "XDG_CACHE_HOME" in os.environ or sys.platform == "win32"

    monkeypatch.setattr(_cache, "folders", lambda: (tmp_path / "file" / "below", tmp_path / "second"))
    (tmp_path / "file").touch()
    place = _cache.Place("kernel", "1")
    _cache.write(place, b"code")
    assert [path.name for path in (tmp_path / "second").iterdir()] == [place.file_name]
    assert _cache.read(place) == b"code"


@pytest.mark.parametrize("home", [None, "", "relative"])
@pytest.mark.skipif(os.name != "posix", reason="other systems name the home folder in other ways")
def test_without_a_home_folder(tmp_path, monkeypatch, home):
    import pwd

    def nobody(uid):
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.delenv("HOME", raising=False)
    if home is not None:
        monkeypatch.setenv("HOME", home)
    monkeypatch.delenv(_cache.FOLDER_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.chdir(tmp_path)
    assert _cache.folders() == (PACKAGE / "__pycache__",)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "absolute"))
    assert _cache.folders()[1:] == (tmp_path / "absolute" / "qtoolkit" / "kernels",)


def test_a_choice_below_a_home_folder_that_is_not_known(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(_cache.FOLDER_VARIABLE, "~nobody-of-this-name/kernels")
    place = _cache.Place("kernel", "1")
    _cache.write(place, b"code")
    assert _cache.read(place) is None
    assert list(tmp_path.iterdir()) == []


def test_the_hash_covers_all_that_a_module_imports():
    names = ("measurement", "sampling", "_jit", "vector.sweep")
    digests = {name: _code.module_digest(f"{PACKAGE.name}.{name}") for name in names}
    assert None not in digests.values()
    assert len(set(digests.values())) == len(digests)
    code = compile((PACKAGE / "vector" / "batch" / "run.py").read_text(), "run.py", "exec")
    imported = {f"{PACKAGE.name}.{name}" for name in ("_jit", "vector.batch.tiles", "vector.lanes")}
    assert imported <= set(_code.dependencies(code))
    code = compile((PACKAGE / "vector" / "lanes.py").read_text(), "lanes.py", "exec")
    assert f"{PACKAGE.name}.vector._lanes_type" in set(_code.dependencies(code))


FUNCTION = "def f(x, *, y=2):\n    return x {operator} {number} if x in {{'a', 'b', 'c'}} else [z for z in x]\n"


@pytest.mark.parametrize("changes", [{"operator": "-"}, {"number": "1.0"}, {"number": "True"}, {"number": "'1'"}])
def test_the_hash_of_a_code_object_tells_code_apart(changes):
    source = FUNCTION.format(operator="+", number="1")
    other = FUNCTION.format(**{"operator": "+", "number": "1", **changes})
    assert _code.digest(compile(source, "a", "exec")) != _code.digest(compile(other, "a", "exec"))


def test_the_hash_of_a_code_object_is_that_of_every_process():
    source = FUNCTION.format(operator="+", number="1")
    code = compile(source, "one.py", "exec")
    expected = _code.digest(code)
    names = {}
    exec(code, names)
    for _ in range(100):
        names["f"]("a b")
    assert _code.digest(code) == expected
    assert _code.digest(compile(f"# a comment\n{source}", "other.py", "exec")) == expected
    assert _code.digest(marshal.loads(marshal.dumps(code))) == expected
    program = f"from qtoolkit_kernels import _code\nprint(_code.digest(compile({source!r}, 'a', 'exec')))"
    for seed in ("1", "2"):
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, env=environment(PYTHONHASHSEED=seed), capture_output=True, text=True, check=True)
        assert done.stdout.strip() == expected


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
    report, messages = run(tmp_path, broken + NORM)
    assert report["values"] == VALUES
    assert list(tmp_path.iterdir()) == []
    assert messages.count("SlowStartWarning: qtoolkit: numba") == 1, "two kernels, one warning"
    assert "AOTCodeLibrary" in messages
    assert f"pip install '{TESTED}'" in messages


def test_what_is_warned_of_is_a_warning_of_our_own(tmp_path):
    broken = """
import warnings
import numba.core.codegen
from qtoolkit_kernels._slow_start import SlowStartWarning
del numba.core.codegen.AOTCodeLibrary
warnings.simplefilter("ignore", SlowStartWarning)
warnings.filterwarnings("error", category=Warning, append=True)
"""
    report, messages = run(tmp_path, broken + NORM)
    assert report["values"] == VALUES
    assert "Warning" not in messages


def test_a_kernel_that_numba_refuses_is_no_surprise(tmp_path):
    """Arguments that a kernel cannot take are the caller's matter, and numba says so."""
    refused = """
try:
    measurement.norm_squared(3)
except Exception:
    pass
"""
    report, messages = run(tmp_path, NORM + refused)
    assert report["values"] == VALUES
    assert "SlowStartWarning" not in messages


def test_modules_of_kernels_do_not_import_numba():
    """But for those that only the compiler loads."""
    of_compiler = {"_compile.py", "_frontend.py"}
    paths = [path for path in PACKAGE.rglob("*.py") if path.name not in of_compiler and not path.match("_*_type.py")]
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
