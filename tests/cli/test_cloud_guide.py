"""The session in the guide to clouds, typed on the toy cloud under another name and price."""

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest

from qtoolkit.backends.money import price_table
from qtoolkit.backends.registry import PROVIDERS
from qtoolkit.cli import main
from qtoolkit.cli.entry import BAD_INPUT

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "run-on-a-cloud.md"
ID = re.compile(r"\b(?:braket|toy)-[0-9a-f]{16}\b")
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e[-+]\d+)?")


def session() -> list[tuple[str, str]]:
    """What is typed and what is printed below it, of all blocks."""
    text = GUIDE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```shell\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    return [entry for block in blocks for entry in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)]


def words_of(text: str) -> list[str]:
    """Without what differs from run to run: numbers, ids, bars and the rules of tables."""
    text = ID.sub("ID", text.replace("toy:", "braket:").replace("000-toy", "000-braket"))
    return re.sub("[█▏▎▍▌▋▊▉─]", "", NUMBER.sub("#", text)).split()


def typed(line: str) -> tuple[int, str]:
    """The exit code, and what a terminal shows."""
    screen = io.StringIO()
    with contextlib.redirect_stdout(screen), contextlib.redirect_stderr(screen):
        code = main(shlex.split(line.replace("braket:", "toy:").removeprefix("qtoolkit ")))
    return code, screen.getvalue()


@pytest.fixture
def same_prices(cloud, tmp_path):
    price = price_table().price_of("braket:iqm/Garnet")
    figures = [f'{name} = "{most}"' for name, (_, most) in price.rates.items()]
    words = [f'{name} = "{getattr(price, name)}"' for name in ("model", "currency", "note", "source")]
    lines = ["[[price]]", 'backends = ["toy:iqm/garnet"]', *words, *figures, f"as_of = {price.as_of}"]
    (tmp_path / "prices.toml").write_text("\n".join(lines))


def test_the_session_of_the_guide(cloud, same_prices, tmp_path):
    steps = session()
    assert len(steps) > 10
    ids: dict[str, str] = {}
    for line, expected in steps:
        for written, real in ids.items():
            line = line.replace(written, real)
        if "may or may not have accepted" in expected:
            cloud.faults({"match": "POST /jobs", "kind": "error_after"}, {"match": "GET /jobs", "kind": "error_before"})
        code, printed = typed(line)
        cloud.faults()
        assert code == (BAD_INPUT if "\nqtoolkit: " in f"\n{expected}" else 0), printed
        assert words_of(printed) == words_of(expected), line
        ids |= dict(zip(ID.findall(expected), ID.findall(printed), strict=True))


def test_the_guide_names_the_credentials_of_every_service():
    rows = {line.split("`")[1].partition(":")[0]: line for line in GUIDE.read_text(encoding="utf-8").splitlines()
            if line.startswith("| ") and line.count("`") > 2 and ":" in line.split("`")[1]}  # fmt: skip
    for provider in PROVIDERS:
        if provider.open_device is not None:
            row = rows[provider.name]
            assert [name for name in provider.credentials if f"`{name}`" not in row] == []
            assert f"| `{provider.extra}` |" in row if provider.extra else "| none |" in row


def test_the_prices_of_the_guide_are_read(tmp_path, monkeypatch):
    (block,) = re.findall(r"^```toml\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    (tmp_path / "own.toml").write_text(block)
    monkeypatch.setenv("QTOOLKIT_PRICES", str(tmp_path / "own.toml"))
    table = price_table()
    assert table.price_of("ionq:qpu.forte-1").source == "our contract"
    assert table.price_of("ibm:ibm_fez").plan == "flex"


def test_the_circuit_of_the_guide_is_the_one_that_is_submitted(cloud, tmp_path):
    (block,) = re.findall(r"^```qasm\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    assert block == (tmp_path / "bell.qasm").read_text(encoding="utf-8")
