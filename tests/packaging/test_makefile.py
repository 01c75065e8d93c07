"""The two commands of the README, as far as they can be tested without installing anything."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make as from a shell, without what an outer `make unit` hands down."""
    clean = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}
    return subprocess.run(["make", *arguments], cwd=CHECKOUT, env=clean, capture_output=True, text=True)


def test_help_lists_every_target():
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE)[:1]
    listed = re.findall(r"^  make (\w+) +\S", make("help").stdout, flags=re.MULTILINE)
    assert set(listed) == set(phony.split())
    assert {"demo", "test"} <= set(listed)


def test_an_interpreter_that_does_not_exist_is_named(tmp_path):
    done = make("venv", f"VENV={tmp_path}/venv", "PYTHON=/nowhere/python3")
    assert done.returncode != 0
    assert "/nowhere/python3 is older or does not run" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_an_interpreter_that_is_too_old_is_named(tmp_path):
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\ncase $2 in *print*) echo 3.9;; *) exit 1;; esac\n", encoding="utf-8")
    old.chmod(0o755)
    done = make("venv", f"VENV={tmp_path}/venv", f"PYTHON={old}")
    assert done.returncode != 0
    assert f"Python 3.11 or newer is needed, and {old} is older or does not run" in done.stderr


def test_an_interpreter_without_venv_is_named(tmp_path):
    bare = tmp_path / "python3"
    bare.write_text("#!/bin/sh\ncase $2 in *venv*) exit 1;; *) echo 3.12;; esac\n", encoding="utf-8")
    bare.chmod(0o755)
    done = make("venv", f"VENV={tmp_path}/venv", f"PYTHON={bare}")
    assert done.returncode != 0
    assert f"{bare} lacks the venv module" in done.stderr
    assert "apt install python3.12-venv" in done.stderr


def test_a_folder_that_is_no_environment_is_left_alone(tmp_path):
    precious = tmp_path / "thesis.tex"
    precious.write_text("years of work", encoding="utf-8")
    for target in ("venv", "distclean"):
        done = make("--dry-run", target, f"VENV={tmp_path}", f"PYTHON={sys.executable}")
        assert done.returncode == 0, done.stderr
        assert f"test -f {tmp_path}/pyvenv.cfg" in done.stdout
    done = make("venv", f"VENV={tmp_path}", f"PYTHON={sys.executable}")
    assert done.returncode != 0
    assert "is not a virtual environment" in done.stderr
    assert precious.read_text(encoding="utf-8") == "years of work"


def test_ci_runs_the_command_of_the_readme():
    script = (CHECKOUT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.search(r"^make test\b", script, flags=re.MULTILINE)
    assert (CHECKOUT / ".ci" / "run").stat().st_mode & 0o111
