"""Files are written whole or not at all, and impossible paths are refused before the work."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from qtoolkit._files import check_output, write_whole
from qtoolkit.errors import InputError, OutputError

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's special files")

FULL_DISK = """
import resource, sys
from qtoolkit._files import write_whole
from qtoolkit.errors import OutputError

resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_whole(sys.argv[1], "new" * 1000)
except OutputError as error:
    print(error)
"""


def only_file(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


@pytest.mark.parametrize("content", ["new Σ\n", b"new \xff"])
def test_the_new_content_takes_the_place_of_the_old(tmp_path, content):
    report = tmp_path / "report.html"
    for _ in range(2):
        check_output(report)
        write_whole(report, content)
        assert only_file(tmp_path) == report
        assert report.read_bytes() == (content.encode() if isinstance(content, str) else content)


def test_nobody_ever_reads_a_part(tmp_path, monkeypatch):
    report = tmp_path / "report.html"
    report.write_text("old")
    seen = []
    replace = os.replace

    def watched(source, target):
        seen.append((Path(source).read_text(), Path(target).read_text()))
        replace(source, target)

    monkeypatch.setattr(os, "replace", watched)
    write_whole(report, "new")
    assert seen == [("new", "old")]
    assert report.read_text() == "new"


@pytest.mark.parametrize("old", [None, "old"])
def test_a_full_disk_leaves_what_was_there(tmp_path, old):
    pytest.importorskip("resource")
    report = tmp_path / "report.html"
    if old is not None:
        report.write_text(old)
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(report)], capture_output=True, text=True, check=True)
    assert done.stdout == f"{report} cannot be written (File too large); what was there before is untouched\n"
    assert [path.read_text() for path in tmp_path.iterdir()] == ([] if old is None else [old])


def test_an_interruption_leaves_what_was_there(tmp_path, monkeypatch):
    report = tmp_path / "report.html"
    report.write_text("old")

    def interrupted(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(report, "new")
    assert only_file(tmp_path).read_text() == "old"


def test_links_and_permissions_stay(tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    report, link = folder / "report.html", tmp_path / "link.html"
    report.write_text("old")
    report.chmod(0o640)
    link.symlink_to(report)
    write_whole(link, "new")
    assert link.is_symlink()
    assert report.read_text() == "new"
    assert stat.S_IMODE(report.stat().st_mode) == 0o640
    fresh = folder / "fresh.html"
    write_whole(fresh, "new")
    plain = folder / "plain.html"
    plain.write_text("new")
    assert fresh.stat().st_mode == plain.stat().st_mode


def test_a_name_as_long_as_names_can_be(tmp_path):
    report = tmp_path / ("r" * 250 + ".html")
    check_output(report)
    write_whole(report, "new")
    assert report.read_text() == "new"


def impossible(folder: Path) -> list[tuple[str, str]]:
    (folder / "file").write_text("old")
    (folder / "loop").symlink_to(folder / "loop")
    return [
        (str(folder), "names a file, got the directory"),
        ("", "names a file, got the directory"),
        (str(folder / "missing" / "report.html"), "the folder of --output must exist"),
        (str(folder / "file" / "report.html"), "the folder of --output must exist"),
        (str(folder / ("r" * 300)), "must be writable"),
        (str(folder / "a\0b"), "must be a path"),
        (str(folder / "\ud800"), "must be a path"),
    ]


@pytest.mark.parametrize("case", range(7))
def test_an_impossible_path_is_refused_before_and_after(tmp_path, case):
    path, said = impossible(tmp_path)[case]
    with pytest.raises(InputError, match=said):
        check_output(path, "--output")
    with pytest.raises(OutputError, match="cannot be written"):
        write_whole(path, "new")
    assert sorted(found.name for found in tmp_path.iterdir()) == ["file", "loop"]


def test_a_write_protected_file_is_refused(tmp_path, monkeypatch):
    report = tmp_path / "report.html"
    report.write_text("old")
    report.chmod(0o444)
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # whoever is root may write everywhere
    with pytest.raises(InputError, match=r"must be writable, got .*; choose another place"):
        check_output(report, "--output")


@on_linux
def test_a_folder_that_takes_no_files_is_refused():
    with pytest.raises(InputError, match=r"--output must be writable, got /proc/report.html \(.*\); choose another"):
        check_output("/proc/report.html", "--output")


@on_linux
def test_devices_are_written_to_and_stay_devices():
    check_output("/dev/null")
    write_whole("/dev/null", "new")
    check_output("/dev/full")
    with pytest.raises(OutputError, match="No space left on device"):
        write_whole("/dev/full", "new")
    assert all(stat.S_ISCHR(os.stat(device).st_mode) for device in ("/dev/null", "/dev/full"))
