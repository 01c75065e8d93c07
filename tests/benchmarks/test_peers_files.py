"""Circuits from files of OpenQASM are asked once, as what they are up to a global phase."""

import numpy as np
import pytest
from peers import plain, transpiled
from peers.fidelity import error_of
from peers.files import circuits_below
from peers.tasks import FULL, Case, build_task, chosen_cases
from random_circuits import random_gate_circuit

from qtoolkit.interop.openqasm import from_qasm, to_qasm
from qtoolkit.simulators import StatevectorSimulator

HEAD = 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[3];\ncreg c[3];\n'
FILES = {
    "all.qasm": "u3(0.1,0.2,0.3) q[0]; u2(0.4,0.5) q[1]; h q[2]; t q[0]; tdg q[1]; s q[2]; sdg q[0]; sx q[1];"
    "sxdg q[2]; y q[0]; id q[1]; ccx q[0],q[1],q[2]; cswap q[2],q[0],q[1]; cy q[1],q[2]; ch q[0],q[2]; "
    "crz(0.7) q[1],q[0]; cu3(0.1,0.2,0.3) q[0],q[1]; cry(0.3) q[2],q[1]; barrier q; rzz(0.2) q[0],q[2]; "
    "csx q[0],q[1]; rccx q[2],q[1],q[0];"
    "measure q[0] -> c[0]; barrier q; measure q[1] -> c[1];",
    "inner/qft.qasm": "h q[0]; cu1(pi/2) q[0],q[1]; measure q -> c;",
    "inner/twice.qasm": "x q[0];",
    "twice.qasm": "y q[0];",
    "early.qasm": "measure q[0] -> c[0]; x q[0];",
    "reset.qasm": "reset q[0]; x q[0];",
    "branch.qasm": "measure q[0] -> c[0]; if (c == 1) x q[1];",
    "large.qasm": "qreg r[24];",
    "wrong.qasm": "x q[3];",
    "note.txt": "",
}


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(HEAD + text)
    return tmp_path


def test_what_is_unitary_and_small_is_asked_once(folder):
    files, reasons = circuits_below([folder], transpiled.NAMES)
    assert set(files) == {"all", "inner-qft", "twice", "inner-twice"}
    assert reasons == {"not unitary": 3, "not of 2 to 26 qubits": 1, "unreadable": 1}
    paths = {"all": "all.qasm", "inner-qft": "inner/qft.qasm", "twice": "twice.qasm", "inner-twice": "inner/twice.qasm"}
    for name, path in paths.items():
        task = build_task(Case("once", name, 3, "double"), files)
        circuit = from_qasm((folder / path).read_text()).without_final_measurements()
        assert task.question == "once"
        assert error_of(task, plain.answer(task), StatevectorSimulator().state_vector(circuit)) < 1e-7


def test_files_pass_the_filters_that_circuits_pass(folder):
    files, _ = circuits_below([folder], transpiled.NAMES)
    names = {case.circuit for case in chosen_cases(FULL, questions=["once"], sizes=[3], files=files)}
    assert names == {*files, *transpiled.NAMES}
    assert chosen_cases(FULL, names=["twice"], files=files) == [
        Case("once", "twice", 3, p) for p in ("double", "single")
    ]
    assert not chosen_cases(FULL, names=["twice"], sizes=[4], files=files)
    assert not chosen_cases(FULL, questions=["state"], names=["twice"], files=files)
    assert chosen_cases(FULL) == chosen_cases(FULL, files={})


@pytest.mark.parametrize("seed", range(5))
def test_random_circuits_from_files(seed, tmp_path):
    circuit = random_gate_circuit(4, 30, seed)
    (tmp_path / "random.qasm").write_text(to_qasm(circuit, 2))
    files, reasons = circuits_below([tmp_path])
    if not reasons:
        task = build_task(Case("once", "random", 4, "double"), files)
        assert error_of(task, plain.answer(task), circuit.to_matrix()[:, 0]) < 1e-7
    assert reasons.total() + len(files) == 1


def test_sizes_that_a_circuit_cannot_have_are_left_out():
    assert "mqt-graphstate" not in {case.circuit for case in chosen_cases(FULL, questions=["once"], sizes=[2])}
    for sizes in ((), (2, 3)):
        cases = chosen_cases(FULL, names=["mqt-graphstate"], sizes=sizes)
        assert cases
        assert min(case.num_qubits for case in cases) > 2


def test_circuits_of_mqt_bench_have_two_qubits():
    pytest.importorskip("mqt.bench")
    for case in chosen_cases(FULL, questions=["once"], sizes=[2], precisions=["double"]):
        assert build_task(case).circuit.num_qubits == 2


def test_files_of_one_name_in_two_folders(folder):
    files, reasons = circuits_below([folder, folder], ())
    assert reasons["with the name of another"] == 3
    np.testing.assert_equal(sorted(files), ["all", "inner-qft", "inner-twice", "qft", "twice"])
