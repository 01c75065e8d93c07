"""What lies in a cache folder and is no entry is a miss, and what others could have put there is not run."""

import json
import logging
import os
import socket
import subprocess
import sys
import threading

import pytest

from qtoolkit_kernels import _cache

pytestmark = pytest.mark.skipif(os.name != "posix", reason="permissions and pipes are those of POSIX")
as_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")

PLACE = _cache.Place("module.kernel-kinds", "version")
CODE = bytes(range(256)) * 10
ANOTHER_USER = 54321
NORM = """
import json
import numpy as np
from qtoolkit_kernels import measurement
from qtoolkit_kernels._jit import compiled_kernels

print(json.dumps([measurement.norm_squared(np.array([1.0, 2, 0, -2])), len(compiled_kernels())]))
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder that holds one entry."""
    monkeypatch.setenv(_cache.FOLDER_VARIABLE, str(tmp_path / "kernels"))
    monkeypatch.setattr(_cache, "_said", set())
    _cache.write(PLACE, CODE)
    assert _cache.read(PLACE) == CODE
    return tmp_path / "kernels"


def in_time(function, *arguments):
    """What a call returns; a test that waits for ever says nothing."""
    results = []
    thread = threading.Thread(target=lambda: results.append(function(*arguments)), daemon=True)
    thread.start()
    thread.join(60)
    assert results, "it hangs"
    return results[0]


def pipe(path):
    os.mkfifo(path)


def link_to_a_device(path):
    path.symlink_to("/dev/zero")


def link_to_a_pipe(path):
    os.mkfifo(path.with_name("pipe"))
    path.symlink_to("pipe")


def link_to_an_entry(path):
    path.with_name("elsewhere").write_bytes(_cache.pack(PLACE, CODE))
    path.symlink_to("elsewhere")


def link_to_itself(path):
    path.symlink_to(path.name)


def endless(path):
    with path.open("wb") as file:
        file.truncate(_cache.LARGEST + 1)


def empty(path):
    path.touch()


def text(path):
    path.write_text('["PyEval_SaveThread", 17')


def another_entry(path):
    path.write_bytes(_cache.pack(_cache.Place(PLACE.which, "another version"), CODE))


def written_by_all(path):
    path.write_bytes(_cache.pack(PLACE, CODE))
    path.chmod(0o666)


@pytest.mark.parametrize(
    "obstacle",
    [
        pipe, link_to_a_device, link_to_a_pipe, link_to_an_entry, link_to_itself, endless, empty, text, another_entry,
        written_by_all,
    ],
)  # fmt: skip
def test_what_is_no_entry_is_replaced(folder, obstacle):
    path = folder / PLACE.file_name
    path.unlink()
    obstacle(path)
    assert in_time(_cache.read, PLACE) is None
    assert in_time(_cache.is_kept, PLACE) is False
    in_time(_cache.write, PLACE, CODE)
    assert in_time(_cache.read, PLACE) == CODE


def full_folder(path):
    path.mkdir()
    (path / "file").touch()


def bound_socket(path):
    here = os.getcwd()
    os.chdir(path.parent)  # a socket's path has a hundred bytes
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)
    finally:
        os.chdir(here)


@pytest.mark.parametrize("obstacle", [full_folder, bound_socket])
def test_other_obstacles_are_a_miss(folder, obstacle):
    path = folder / PLACE.file_name
    path.unlink()
    obstacle(path)
    assert in_time(_cache.read, PLACE) is None
    in_time(_cache.write, PLACE, CODE)
    assert [item.name for item in folder.iterdir()] == [PLACE.file_name]


def test_every_damage_is_a_miss(folder):
    path = folder / PLACE.file_name
    whole = path.read_bytes()
    for place in range(0, len(whole), 37):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert _cache.read(PLACE) is None
        path.write_bytes(whole[:place])
        assert _cache.read(PLACE) is None
    path.write_bytes(whole + b"\0")
    assert _cache.read(PLACE) is None


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o757, 0o1777])
def test_a_folder_that_others_can_write_is_not_used(folder, caplog, mode):
    folder.chmod(mode)
    assert _cache.read(PLACE) is None
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with caplog.at_level(logging.WARNING):
        _cache.write(PLACE, b"other code")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert "others can write there (chmod go-w)" in caplog.text
    folder.chmod(0o755)
    assert _cache.read(PLACE) == CODE


@as_root
@pytest.mark.parametrize("what", ["folder", "file"])
def test_what_belongs_to_another_user_is_not_used(folder, caplog, what):
    os.chown(folder if what == "folder" else folder / PLACE.file_name, ANOTHER_USER, -1)
    assert _cache.read(PLACE) is None
    with caplog.at_level(logging.WARNING):
        _cache.write(PLACE, b"other code")
    assert ("it belongs to another user" in caplog.text) == (what == "folder")
    assert _cache.read(PLACE) == (None if what == "folder" else b"other code")


@as_root
def test_what_belongs_to_root_is_used_by_all(folder, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: ANOTHER_USER)
    assert _cache.read(PLACE) == CODE


def test_a_new_folder_is_nobody_elses(tmp_path, monkeypatch):
    monkeypatch.setenv(_cache.FOLDER_VARIABLE, str(tmp_path / "new" / "kernels"))
    before = os.umask(0)
    try:
        _cache.write(PLACE, CODE)
    finally:
        os.umask(before)
    assert _cache.read(PLACE) == CODE


def test_a_process_whose_folder_others_can_write_counts_right(tmp_path):
    folder = tmp_path / "kernels"
    folder.mkdir()
    folder.chmod(0o777)
    environment = {**os.environ, _cache.FOLDER_VARIABLE: str(folder)}
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", NORM], env=environment, capture_output=True, text=True, check=True, timeout=300
        )
        assert json.loads(done.stdout) == [9.0, 1]
        assert done.stderr.count("others can write there") == 1
    assert list(folder.iterdir()) == []
