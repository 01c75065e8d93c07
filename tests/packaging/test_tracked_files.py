"""What must never be committed: lock files, addresses of package registries, large or generated files."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
LOCK_FILES = re.compile(
    r"(^|/)(\w+\.lock|Pipfile\.lock|pylock(\.\w+)?\.toml|conda-lock\.yml|package-lock\.json|requirements.*\.txt)$"
)
# Written so that this file does not match itself.
REGISTRIES = "|".join(
    ["[p]ypi\\.org", "[p]ythonhosted", "[a]naconda\\.(org|com)", "[-]index-url", "[f]ind-links", "[t]rusted-host"]
)


def git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], cwd=CHECKOUT, capture_output=True, text=True)


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    if shutil.which("git") is None:
        pytest.skip("git is not installed, so there is no list of tracked files")
    listed = git("ls-files", "-z")
    if listed.returncode != 0:
        pytest.skip("this is not a git checkout, so there is no list of tracked files")
    return [name for name in listed.stdout.split("\0") if name and (CHECKOUT / name).exists()]


@pytest.mark.parametrize("name", ["uv.lock", "docs/poetry.lock", "pylock.dev.toml", "requirements-dev.txt"])
def test_a_lock_file_is_recognised(name):
    assert LOCK_FILES.search(name)


def test_no_lock_files(tracked):
    assert [name for name in tracked if LOCK_FILES.search(name)] == []


def test_no_registry_addresses(tracked):
    assert "pyproject.toml" in tracked
    found = git("grep", "--line-number", "-I", "--extended-regexp", "--ignore-case", REGISTRIES)
    assert found.returncode in {0, 1}, found.stderr
    assert found.stdout == ""


def test_no_file_is_larger_than_a_megabyte(tracked):
    assert [name for name in tracked if (CHECKOUT / name).stat().st_size > 1_000_000] == []


def test_no_source_file_grows_past_five_hundred_lines(tracked):
    """A file answers one question; past 500 lines it answers several."""
    sources = [name for name in tracked if name.startswith(("qtoolkit/", "kernels/")) and name.endswith(".py")]
    assert sources
    long = [name for name in sources if len((CHECKOUT / name).read_text(encoding="utf-8").splitlines()) > 500]
    assert long == []
