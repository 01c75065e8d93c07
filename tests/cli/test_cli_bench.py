import json
import signal

import pytest

from qtoolkit.cli import bench as bench_module
from qtoolkit.cli import main
from qtoolkit.cli.entry import BAD_INPUT, INTERRUPTED


@pytest.fixture
def quick_rates(monkeypatch):
    bench_module._benchmarks()
    monkeypatch.setattr("peers.campaign.measure_rates", lambda threads: {"bandwidth": 1e10, "gate_double": 1e10})


TINY = ["bench", "--quick", "--question", "state", "--circuit", "qft", "--qubits", "3", "--precision", "double"]


@pytest.mark.slow
def test_a_tiny_benchmark(tmp_path, capsys, quick_rates):
    output = tmp_path / "found.json"
    assert main([*TINY, "--rival", "qiskit", "--rounds", "1", "--threads", "1", "-o", str(output)]) == 0
    line, *rest = capsys.readouterr().out.splitlines()
    assert line.split()[:4] == ["state", "qft", "3", "f64"]
    assert "qiskit" in line
    assert max(map(len, [line, *rest])) <= 80
    (race,) = json.loads(output.read_text())["races"]
    assert {entry["rival"]: entry["status"] for entry in race["entries"]} == {"qtoolkit": "ok", "qiskit": "ok"}
    assert main(["bench", "--from", str(output)]) == 0
    assert capsys.readouterr().out.splitlines()[0] == line


def ctrl_c(*_):
    raise KeyboardInterrupt


def request_to_end(*_):
    signal.raise_signal(signal.SIGTERM)


@pytest.mark.parametrize("interrupted", [ctrl_c, request_to_end])
def test_an_end_before_anything_is_measured(interrupted, tmp_path, monkeypatch):
    before = signal.getsignal(signal.SIGTERM)
    bench_module._benchmarks()
    monkeypatch.setattr("peers.campaign.run_campaign", interrupted)
    assert main([*TINY, "-o", str(tmp_path / "none.json")]) == INTERRUPTED
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--qubits", "4;5"], "such as 4,8,20-24"),
        (["--qubits", "40"], "from 2 to 34"),
        (["--circuit", "square"], "quantum-volume"),
        (["--rival", "nobody"], "prism_q"),
        (["--python", "nobody=/usr/bin/python3"], "nobody"),
        (["--python", "/no/such/python"], "no file /no/such/python"),
        (["--output", "/no/such/folder/file.json"], "folder of --output must exist"),
        (["--from", "/no/such/file.json"], "No such file"),
        (["--question", "life"], "--question"),
        (["--qasm", "/no/such/folder"], "no folder /no/such/folder"),
        (["--qasm", "/proc/self/fd"], "no file .qasm below /proc/self/fd"),
    ],
)
def test_wrong_options_are_one_line(arguments, said, capsys):
    assert main(["bench", *arguments]) == BAD_INPUT
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("qtoolkit: ")
    assert err.count("\n") == 1
    assert said in err


def test_pages_that_cannot_be_published_are_refused_before_measuring(tmp_path, monkeypatch, capsys):
    bench_module._benchmarks()
    monkeypatch.setattr(bench_module, "_benchmarks", lambda: tmp_path / "checkout" / "benchmarks")
    monkeypatch.setattr("peers.campaign.run_campaign", lambda *_: pytest.fail("measured in vain"))
    assert main([*TINY, "--publish", "-o", str(tmp_path / "found.json")]) == BAD_INPUT
    assert "the folder of --publish must exist" in capsys.readouterr().err


def test_outside_a_checkout_it_says_where_the_benchmarks_are(tmp_path, monkeypatch, capsys):
    import qtoolkit

    monkeypatch.setattr(qtoolkit, "__file__", str(tmp_path / "site-packages" / "qtoolkit" / "__init__.py"))
    monkeypatch.chdir(tmp_path)
    assert main(["bench"]) == BAD_INPUT
    err = capsys.readouterr().err
    assert "run this from a checkout" in err
    assert err.count("\n") == 1


def test_sizes_as_they_are_typed():
    assert bench_module._sizes("4, 8,20-22") == [4, 8, 20, 21, 22]
    assert bench_module._sizes("") == []
