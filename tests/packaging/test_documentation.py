"""The code in the documentation runs and prints what stands below it, and links lead somewhere."""

import math
import re
import shlex
from pathlib import Path

import pytest

from qtoolkit.cli import main

CHECKOUT = Path(__file__).resolve().parents[2]
GUIDES = sorted(path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "docs").rglob("*.md"))
PAGES = [*GUIDES, "README.md", "CONTRIBUTING.md", "CHANGELOG.md"]

FINGERPRINT = re.compile(r"\b[0-9a-f]{16}\b")
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:e[-+]\d+)?")
UNDECIDED = 1e-8
"""What solvers leave open of an objective."""


def python_blocks(text: str) -> list[tuple[str, str]]:
    """Blocks marked `python`, each with the block marked `text` below it, or nothing.

    Fragments that cannot run by themselves are marked `py`.
    """
    return re.findall(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", text, flags=re.DOTALL | re.MULTILINE)


def commands(text: str) -> list[tuple[str, str]]:
    """Calls of our command line that are shown with what they print, each with that."""
    return re.findall(r"^```console\n\$ qtoolkit (.*?)\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def words_of(text: str) -> list[str]:
    """Without the numbers, and the bars that are as long as they."""
    return NUMBER.sub("#", FINGERPRINT.sub("fingerprint", text).replace("█", "")).split()


def last_digit(number: str) -> float:
    """One in the last digit of a number as it is printed."""
    mantissa, _, exponent = number.partition("e")
    return 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))


def assert_prints(printed: str, expected: str) -> None:
    """The same words, and numbers that differ by one in the last digit at most; fingerprints are of the last bits."""
    ours, theirs = (FINGERPRINT.sub("fingerprint", text) for text in (printed, expected))
    assert NUMBER.sub("#", ours) == NUMBER.sub("#", theirs)
    for found, wanted in zip(NUMBER.findall(ours), NUMBER.findall(theirs), strict=True):
        slack = max(1.001 * last_digit(wanted), UNDECIDED)
        assert math.isclose(float(found.replace(",", "")), float(wanted.replace(",", "")), rel_tol=0, abs_tol=slack)


@pytest.mark.parametrize("page", [page for page in GUIDES if python_blocks((CHECKOUT / page).read_text("utf-8"))])
def test_code_of_the_page_runs(page, capsys, monkeypatch, tmp_path):
    """The blocks of one page build on each other; commands may read the files that they write."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    text = (CHECKOUT / page).read_text(encoding="utf-8")
    names: dict[str, object] = {"__name__": page}
    for block, expected in python_blocks(text):
        capsys.readouterr()
        exec(compile(block, page, "exec"), names)
        printed = capsys.readouterr().out
        if expected:
            assert_prints(printed, expected)
    for arguments, expected in commands(text):
        assert main(shlex.split(arguments)) == 0
        assert words_of(capsys.readouterr().out) == words_of(expected)


@pytest.mark.parametrize("page", PAGES)
def test_relative_links_lead_somewhere(page):
    path = CHECKOUT / page
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)#\s]+)", text)
    broken = [target for target in targets if "://" not in target and not (path.parent / target).exists()]
    assert broken == []
