"""Commands on the toy cloud: its server, its prices, and a job store of the test's own."""

from __future__ import annotations

import json

import pytest
from stubs.server import running
from stubs.toy import TOKEN
from toy_cloud import toy_provider  # noqa: F401

from qtoolkit.cli import main

BELL = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[2] c;\nh q[0];\ncx q[0], q[1];\nc = measure q;\n'
ROTATION = 'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput float theta;\nqubit[2] q;\nrx(theta) q[0];\n'
PRICES = """
[[price]]
backends = ["toy:one"]
model = "task and shot"
currency = "USD"
per_task = "0.30"
per_shot = "0.001"
note = "a toy"
source = "https://example.org/prices"
as_of = 2026-11-01

[[price]]
backends = ["toy:free"]
model = "free"
"""


@pytest.fixture(scope="module")
def server():
    with running("toy") as stub:
        yield stub


@pytest.fixture
def cloud(
    server,
    toy_provider,  # noqa: F811
    tmp_path,
    monkeypatch,
):
    """The server, with what commands need around them; the working folder has two circuits."""
    (tmp_path / "prices.toml").write_text(PRICES)
    (tmp_path / "bell.qasm").write_text(BELL)
    (tmp_path / "rotation.qasm").write_text(ROTATION)
    monkeypatch.setenv("QTOOLKIT_PRICES", str(tmp_path / "prices.toml"))
    monkeypatch.setenv("QTOOLKIT_JOBS", str(tmp_path / "jobs.sqlite3"))
    monkeypatch.setenv("TOY_TOKEN", TOKEN)
    monkeypatch.setenv("TOY_URL", server.address)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("QTOOLKIT_MAX_COST", raising=False)
    monkeypatch.chdir(tmp_path)
    server.faults()
    return server


@pytest.fixture
def command(capsys):
    """Runs a command, checks its exit code and the width of what it prints, and gives stdout and stderr."""

    def run(*arguments: str, code: int = 0, width: int | None = 80) -> tuple[str, str]:
        capsys.readouterr()
        found = main(list(arguments))
        out, err = capsys.readouterr()
        assert found == code, err
        assert width is None or max(map(len, out.splitlines()), default=0) <= width, out
        return out, err

    return run


@pytest.fixture
def data(command):
    """Runs a command with --json, and gives what it prints."""

    def run(*arguments: str, code: int = 0):
        return json.loads(command(*arguments, "--json", code=code, width=None)[0])

    return run
