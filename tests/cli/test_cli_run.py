import io
import json
import math
import subprocess
import sys

import pytest
from random_circuits import turned_bricks
from typer.testing import CliRunner

from qtoolkit import Circuit, StatevectorSimulator, to_qasm
from qtoolkit.backends import Capabilities
from qtoolkit.cli import main
from qtoolkit.cli.app import app
from qtoolkit.cli.entry import BAD_INPUT

BELL = """OPENQASM 2.0;
include "qelib1.inc";
qreg q[2];
creg c[2];
h q[0];
cx q[0],q[1];
measure q -> c;
"""
ROTATION = """OPENQASM 3.0;
include "stdgates.inc";
input float theta;
input float phi;
qubit[2] q;
ry(theta) q[0];
rx(phi) q[1];
"""


@pytest.fixture
def bell(tmp_path):
    path = tmp_path / "bell.qasm"
    path.write_text(BELL)
    return str(path)


@pytest.fixture
def rotation(tmp_path):
    path = tmp_path / "rotation.qasm"
    path.write_text(ROTATION)
    return str(path)


def run_json(*arguments: str) -> dict:
    result = CliRunner().invoke(app, ["run", *arguments, "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_table_and_evidence(bell, capsys):
    assert main(["run", bell, "--shots", "1000", "--seed", "7"]) == 0
    out, err = capsys.readouterr()
    expected = StatevectorSimulator().run(Circuit(2, 2).h(0).cx(0, 1).measure([0, 1], [0, 1]), 1000, seed=7).counts
    lines = out.splitlines()
    assert lines[0].split() == ["bits", "count", "share"]
    assert {line.split()[0]: int(line.split()[1]) for line in lines[2:4]} == expected
    assert all("█" in line for line in lines[2:4])
    assert lines[-1].startswith("1,000 shots; 2 qubits; backend local; seed 7; precision double")
    assert max(map(len, lines)) <= 80
    assert err == ""


def test_json_has_counts_and_evidence(bell):
    data = run_json(bell, "--shots", "100", "--seed", "3")
    assert sum(entry["count"] for entry in data["counts"]) == data["shots"] == 100
    assert {entry["bits"] for entry in data["counts"]} == {"00", "11"}
    assert (data["seed"], data["backend"], data["num_qubits"], data["num_clbits"]) == (3, "local", 2, 2)
    assert data["registers"] == {"c": [0, 1]}
    assert data["metadata"]["precision"] == "double"
    assert data["metadata"]["wall_time"] > 0


def test_without_a_seed_the_one_drawn_is_given_and_repeats_the_run(bell):
    first = run_json(bell)
    assert first["shots"] == 1024
    again = run_json(bell, "--seed", str(first["seed"]))
    assert again["counts"] == first["counts"]


def test_a_circuit_that_measures_nothing_is_measured(rotation, capsys):
    assert main(["run", rotation, "--parameters", "theta=pi", "phi=0", "--shots", "10"]) == 0
    out, err = capsys.readouterr()
    assert err == "The circuit measures nothing: every qubit was measured at its end.\n"
    assert out.splitlines()[2].split()[:2] == ["01", "10"]


def test_bits_that_nothing_is_measured_into_do_not_show(tmp_path):
    path = tmp_path / "x.qasm"
    path.write_text('OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg meas[3]; x q[1];')
    data = run_json(str(path), "--shots", "5")
    assert data["counts"] == [{"bits": "10", "count": 5, "share": 1.0}]


def test_a_measurement_in_a_branch_counts(tmp_path, capsys):
    path = tmp_path / "branch.qasm"
    path.write_text(
        'OPENQASM 3.0; include "stdgates.inc"; qubit q; bit a; bit b; x q; if (a == false) { b = measure q; }'
    )
    assert main(["run", str(path), "--shots", "4"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines()[2].split()[:2] == ["10", "4"]


@pytest.mark.parametrize(
    "typed", [["--parameters", "theta=0.4", "--parameters", "phi=pi"], ["--parameters", "theta=0.4", "phi=pi"]]
)
def test_parameters_are_bound_by_name(rotation, typed):
    data = run_json(rotation, *typed, "--shots", "20000", "--seed", "1")
    counts = {entry["bits"]: entry["count"] for entry in data["counts"]}
    assert set(counts) == {"10", "11"}
    expected = math.sin(0.2) ** 2
    assert abs(counts["11"] / 20000 - expected) < 5 * math.sqrt(expected * (1 - expected) / 20000)


def test_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(BELL))
    assert main(["run", "-", "--shots", "1"]) == 0


def test_single_precision_backend(bell):
    data = run_json(bell, "--backend", "local:single")
    assert data["backend"] == "local:single"
    assert data["metadata"]["precision"] == "single"


def refused(arguments, capsys) -> str:
    assert main(["run", *arguments]) == BAD_INPUT
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("qtoolkit: ")
    assert err.count("\n") == 1
    return err


def test_a_missing_file(tmp_path, capsys):
    assert "No such file" in refused([str(tmp_path / "none.qasm")], capsys)


def test_a_folder(tmp_path, capsys):
    assert "Is a directory" in refused([str(tmp_path)], capsys)


def test_a_file_that_is_no_text(tmp_path, capsys):
    path = tmp_path / "circuit.qasm"
    path.write_bytes(b"\xff\xfe\x00q")
    assert "text in UTF-8" in refused([str(path)], capsys)


def test_a_file_without_end_is_refused(capsys, monkeypatch):
    monkeypatch.setattr("qtoolkit.cli.circuits._MAX_CHARACTERS", 1000)
    assert "may have 1,000 characters, got more in /dev/zero" in refused(["/dev/zero"], capsys)
    assert "must be a file that can be read" in refused(["a\0b"], capsys)


def test_files_are_included_from_a_folder_that_is_given(tmp_path, capsys):
    (tmp_path / "mine.inc").write_text("gate mine a { U(pi, 0, pi) a; }")
    path = tmp_path / "circuit.qasm"
    path.write_text('OPENQASM 2.0; include "mine.inc"; qreg q[1]; creg c[1]; mine q[0]; measure q -> c;')
    assert "give include_path" in refused([str(path)], capsys)
    assert run_json(str(path), "--include-path", str(tmp_path), "--shots", "5")["counts"][0]["bits"] == "1"


def test_integers_divided_with_a_remainder_are_told(tmp_path, capsys):
    path = tmp_path / "circuit.qasm"
    path.write_text('OPENQASM 3.0; include "stdgates.inc"; qubit q; pow(1/2) @ x q;')
    assert main(["run", str(path), "--shots", "1"]) == 0
    assert "1/2 is 0" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "OPENQASM 3.0; nonsense q;", "OPENQASM 2.0; qreg q[1]; h q[0];", "hello"])
def test_text_that_does_not_parse(tmp_path, capsys, text):
    path = tmp_path / "circuit.qasm"
    path.write_text(text)
    refused([str(path)], capsys)


def test_an_unknown_backend_names_those_that_exist(bell, capsys):
    err = refused([bell, "--backend", "loacl"], capsys)
    assert "'loacl'" in err
    assert "did you mean 'local'?" in err


def test_a_parameter_without_value(rotation, capsys):
    assert "phi" in refused([rotation, "--parameters", "theta=1"], capsys)


def test_a_parameter_that_the_circuit_lacks(rotation, capsys):
    assert "zeta" in refused([rotation, "--parameters", "theta=1", "phi=1", "zeta=1"], capsys)


def test_a_malformed_parameter(rotation, capsys):
    assert "name=value" in refused([rotation, "--parameters", "theta"], capsys)


def test_more_qubits_than_memory_holds(tmp_path, capsys):
    path = tmp_path / "wide.qasm"
    path.write_text(to_qasm(turned_bricks(100, 20)))
    assert f"{16 << 100:,} bytes" in refused([str(path)], capsys)


def test_a_wide_clifford_circuit_runs(tmp_path, capsys):
    path = tmp_path / "wide.qasm"
    ghz = Circuit(300).h(0)
    for qubit in range(299):
        ghz.cx(qubit, qubit + 1)
    path.write_text(to_qasm(ghz.measure_all()))
    assert main(["run", str(path), "--shots", "100"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "method stabilizer" in out
    assert "precision" not in out


def test_qubits_that_nothing_touches_need_no_memory(tmp_path, capsys):
    path = tmp_path / "wide.qasm"
    path.write_text('OPENQASM 2.0; include "qelib1.inc"; qreg q[127]; creg c[1]; x q[99]; measure q[99] -> c[0];')
    assert main(["run", str(path), "--shots", "7"]) == 0
    assert "7" in capsys.readouterr().out


def test_a_missing_extra(bell, capsys, monkeypatch):
    from qtoolkit.errors import MissingExtraError

    def missing(name):
        raise MissingExtraError('this feature needs "acme": pip install "qtoolkit-quantum[acme]"')

    monkeypatch.setattr("qtoolkit.backends.get_backend", missing)
    assert 'pip install "qtoolkit-quantum[acme]"' in refused([bell, "--backend", "acme"], capsys)


def test_a_seed_that_a_backend_ignores_is_said(bell, capsys, monkeypatch):
    class Deaf:
        capabilities = Capabilities(num_qubits=2)

        def run(self, circuit, shots, seed=None, parameters=None):
            self.done = StatevectorSimulator().run(circuit, shots)
            return self

        def result(self):
            return type(self.done).from_counts(self.done.counts, backend_name="deaf", registers=self.done.registers)

    monkeypatch.setattr("qtoolkit.backends.get_backend", lambda name: Deaf())
    assert main(["run", bell, "--backend", "deaf", "--seed", "1", "--shots", "2"]) == 0
    out, err = capsys.readouterr()
    assert err == "The backend deaf takes no seed: another run will give other counts.\n"
    assert "seed" not in out


def test_a_process_of_its_own(bell):
    command = [sys.executable, "-m", "qtoolkit", "run", bell, "--json", "--seed", "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["seed"] == 2


def test_with_the_noise_of_a_device(bell, capsys):
    pytest.importorskip("qiskit_aer")
    assert main(["run", bell, "--noise", "ibm:fake_manila", "--seed", "1", "--shots", "2000", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["noise"], data["backend"], data["num_qubits"]) == ("ibm:fake_manila", "local", 2)
    counts = {entry["bits"]: entry["count"] for entry in data["counts"]}
    assert 0 < counts["01"] + counts["10"] < 400
    assert main(["run", bell, "--noise", "ibm:fake_manila", "--seed", "1"]) == 0
    out = capsys.readouterr().out
    assert "noise of ibm:fake_manila" in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--noise", "fake_manila"], "did you mean 'ibm:fake_manila'?"),
        (["--noise", "ibm:fake_manila", "--backend", "braket:local"], "noise is for the backends local"),
        (["--noise", "ibm:fake_manila", "--backend", "nonsense"], "no backend is named 'nonsense'"),
    ],
)
def test_noise_that_is_refused(bell, capsys, options, message):
    assert message in refused([bell, *options], capsys)
