"""Backends of this toolkit in programs of Qiskit, Cirq and PennyLane, by those projects' own tools and tests."""

import os
import subprocess
import sys
from pathlib import Path

import cirq
import numpy as np
import pytest
import qiskit
from cloud_contract import canary
from qiskit.primitives import BackendEstimatorV2, BackendSamplerV2
from qiskit.providers import JobStatus
from qiskit.quantum_info import SparsePauliOp
from stubs.server import running
from stubs.toy import TOKEN

from qtoolkit import to_qiskit
from qtoolkit.backends import job
from qtoolkit.backends.plugins import as_cirq_sampler, as_pennylane_device, as_qiskit_backend
from qtoolkit.errors import BackendError, InputError, JobError, UnknownBackendError


@pytest.fixture
def toy(toy_provider, tmp_path, monkeypatch):
    with running("toy") as server:
        monkeypatch.setenv("QTOOLKIT_JOBS", str(tmp_path / "jobs.sqlite3"))
        monkeypatch.setenv("TOY_URL", server.address)
        monkeypatch.setenv("TOY_TOKEN", TOKEN)
        yield server


def test_what_is_no_backend_is_refused():
    for plug in (as_qiskit_backend, as_cirq_sampler, as_pennylane_device):
        with pytest.raises(InputError, match="a backend is a Backend or the name of one"):
            plug(3)
        with pytest.raises(UnknownBackendError):
            plug("nowhere:else")


# --- Qiskit ---


def ghz(num_qubits=3):
    circuit = qiskit.QuantumCircuit(num_qubits)
    circuit.h(0)
    for target in range(1, num_qubits):
        circuit.cx(0, target)
    circuit.measure_all()
    return circuit


def test_qiskit_transpiles_for_a_backend_and_runs_there():
    backend = as_qiskit_backend("ibm:fake_manila")
    assert backend.num_qubits == 5
    circuit = qiskit.transpile(ghz(), backend, seed_transpiler=1)
    assert {instruction.operation.name for instruction in circuit.data} <= {*backend.operation_names, "barrier"}
    done = backend.run(circuit, shots=2000, seed_simulator=7)
    counts = done.result().get_counts()
    assert sum(counts.values()) == 2000
    assert counts["000"] + counts["111"] > 1600
    assert done.status() is JobStatus.DONE
    assert backend.run(circuit, shots=2000, seed_simulator=7).result().get_counts() == counts


def test_couplings_and_gates_become_the_target():
    target = as_qiskit_backend("ibm:fake_manila").target
    assert set(target.build_coupling_map("cx")) == {(a, b) for a, b in [(0, 1), (1, 2), (2, 3), (3, 4)]} | {
        (b, a) for a, b in [(0, 1), (1, 2), (2, 3), (3, 4)]
    }
    assert "h" not in target.operation_names
    everything = as_qiskit_backend("local").target
    assert {"h", "ccx", "reset", "if_else", "measure"} <= set(everything.operation_names)


def test_qiskits_own_primitives_take_it():
    backend = as_qiskit_backend("local")
    bound = qiskit.QuantumCircuit(2)
    bound.ry(0.7, 0)
    bound.cx(0, 1)
    measured = bound.measure_all(inplace=False)
    counts = BackendSamplerV2(backend=backend).run([measured], shots=4000).result()[0].data.meas.get_counts()
    assert abs(counts["11"] / 4000 - np.sin(0.35) ** 2) < 0.04
    observable = SparsePauliOp.from_list([("ZZ", 1.0), ("XX", 0.5), ("IZ", 0.25)])
    (found,) = BackendEstimatorV2(backend=backend).run([(bound, observable)], precision=0.01).result()
    exact = qiskit.quantum_info.Statevector(bound).expectation_value(observable).real
    assert abs(float(found.data.evs) - exact) < 0.06


def test_several_circuits_are_one_job_of_a_cloud(toy):
    backend = as_qiskit_backend("toy:one")
    circuits = []
    for k in range(5):
        circuit = qiskit.QuantumCircuit(3, name=f"circuit {k}")
        circuit.x(k % 3)
        circuit.measure_all()
        circuits.append(circuit)
    done = backend.run(circuits, shots=20)
    result = done.result()
    assert [result.get_counts(k) for k in range(5)] == [{format(1 << k % 3, "03b"): 20} for k in range(5)]
    assert [result.get_counts(f"circuit {k}") for k in range(5)] == result.get_counts()
    assert job(done.job_id()).status() == "done"


def test_registers_come_back_to_qiskit(toy):
    circuit, outcome = canary()
    counts = as_qiskit_backend("toy:one").run(to_qiskit(circuit), shots=10).result().get_counts()
    assert {key.replace(" ", ""): count for key, count in counts.items()} == {outcome: 10}


def test_troubles_of_a_cloud_come_through(toy):
    backend = as_qiskit_backend("toy:one")
    with pytest.raises(InputError, match="options of this backend are"):
        backend.run(ghz(), colour=3)
    with pytest.raises(BackendError, match="has 17 qubits"):
        backend.run(ghz(18))
    toy.faults({"kind": "failed_job"})
    done = backend.run(ghz(), shots=10)
    assert done.status() is JobStatus.ERROR
    with pytest.raises(JobError, match="the cryostat is warm"):
        done.result()
    toy.faults({"kind": "unknown_status"})
    assert backend.run(ghz(), shots=11).status() is JobStatus.INITIALIZING


# --- Cirq ---

Q = cirq.LineQubit.range(3)


def test_cirqs_sampler_interface(toy):
    sampler = as_cirq_sampler("toy:one")
    program = cirq.Circuit(
        cirq.X(Q[0]), cirq.CNOT(Q[0], Q[2]), cirq.measure(Q[2], Q[1], key="b"), cirq.measure(Q[0], key="a")
    )
    result = sampler.run(program, repetitions=12)
    assert np.array_equal(result.measurements["b"], [[1, 0]] * 12)
    assert np.array_equal(result.measurements["a"], [[1]] * 12)
    table = sampler.sample(program, repetitions=4)
    assert list(table["b"]) == [2, 2, 2, 2]


def test_a_sweep_is_one_job(toy):
    import sympy

    sampler = as_cirq_sampler("toy:one")
    program = cirq.Circuit(cirq.rx(sympy.Symbol("t") * np.pi)(Q[0]), cirq.measure(Q[0], key="m"))
    results = sampler.run_sweep(program, cirq.Points("t", [0, 1, 2, 3]), repetitions=5)
    assert [int(result.measurements["m"].sum()) for result in results] == [0, 5, 0, 5]
    assert len(toy.jobs()) == 2  # three circuits fit into a submission
    assert [result.params["t"] for result in results] == [0, 1, 2, 3]


def test_a_sweep_without_points_has_no_results():
    program = cirq.Circuit(cirq.X(Q[0]), cirq.measure(Q[0], key="m"))
    assert as_cirq_sampler("local").run_sweep(program, []) == []


def test_cirqs_own_tools_take_it():
    sampler = as_cirq_sampler("local", seed=3)
    program = cirq.Circuit(cirq.ry(0.8)(Q[0]), cirq.CNOT(Q[0], Q[1]))
    observables = [cirq.Z(Q[0]) * cirq.Z(Q[1]), cirq.X(Q[0]) * cirq.X(Q[1]) + 0.5 * cirq.Z(Q[1])]
    (found,) = sampler.sample_expectation_values(program, observables, num_samples=20_000)
    exact = [
        observable.expectation_from_state_vector(program.final_state_vector(), {Q[0]: 0, Q[1]: 1}).real
        for observable in map(cirq.PauliSum.wrap, observables)
    ]
    assert np.allclose(found, exact, atol=0.04)
    tomography = cirq.experiments.state_tomography(sampler, Q[:2], program, repetitions=4000)
    state = program.final_state_vector()
    assert abs((state.conj() @ tomography.data @ state).real - 1.0) < 0.05
    assert np.array_equal(
        as_cirq_sampler("local", seed=3).run(program + cirq.measure(*Q[:2], key="m"), repetitions=50).measurements["m"],
        as_cirq_sampler("local", seed=3).run(program + cirq.measure(*Q[:2], key="m"), repetitions=50).measurements["m"],
    )
    with pytest.raises(InputError, match="repetitions"):
        sampler.run(program + cirq.measure(Q[0]), repetitions=0)


# --- PennyLane ---


def test_pennylane_programs(toy):
    qml = pytest.importorskip("pennylane")
    device = as_pennylane_device("toy:one", wires=["a", "b", "c"])

    @qml.set_shots(4000)
    @qml.qnode(device)
    def program(angle):
        qml.RX(angle, "a")
        qml.CNOT(["a", "c"])
        return qml.expval(qml.Z("a")), qml.expval(qml.X("b")), qml.probs(wires=["c", "b"]), qml.var(qml.Z("c"))

    mean, none, chances, variance = program(1.1)
    assert abs(mean - np.cos(1.1)) < 0.06
    assert abs(none) < 0.06
    assert np.allclose(chances, [np.cos(0.55) ** 2, 0, np.sin(0.55) ** 2, 0], atol=0.04)
    assert abs(variance - np.sin(1.1) ** 2) < 0.06


def test_pennylane_differentiates_by_shifts():
    qml = pytest.importorskip("pennylane")
    device = qml.device("qtoolkit.backend", wires=2, backend="local", seed=1)

    @qml.set_shots(20_000)
    @qml.qnode(device, diff_method="parameter-shift")
    def program(angle):
        qml.RY(angle, 0)
        qml.CNOT([0, 1])
        return qml.expval(qml.Z(1))

    gradient = qml.grad(program)(qml.numpy.array(0.6, requires_grad=True))
    assert abs(gradient + np.sin(0.6)) < 0.04


def test_pennylane_needs_shots():
    qml = pytest.importorskip("pennylane")

    @qml.qnode(as_pennylane_device("local", wires=1))
    def program():
        return qml.sample(wires=0)

    with pytest.raises(qml.exceptions.DeviceError, match="not accepted for analytic simulation"):
        program()


@pytest.mark.slow
def test_pennylanes_own_tests_of_devices(tmp_path):
    qml = pytest.importorskip("pennylane")
    folder = Path(qml.__file__).parent / "devices" / "tests"
    command = [sys.executable, "-m", "pytest", str(folder), "--device=qtoolkit.backend", "--shots=10000", "-q"]
    command += ["--no-header", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "ignore", "--no-flaky-report"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=900, cwd=tmp_path, env=os.environ | {"PYTHONPATH": ""}
    )
    last = done.stdout.strip().splitlines()[-1]
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert int(last.split(" passed")[0].split()[-1]) > 200, last
