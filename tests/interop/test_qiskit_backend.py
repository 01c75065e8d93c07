import time
from threading import Event

import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, transpile
from qiskit.circuit import Clbit, Parameter
from qiskit.circuit import library as lib
from qiskit.circuit.random import random_circuit
from qiskit.primitives import BackendEstimatorV2, BackendSamplerV2
from qiskit.providers import BackendV2, JobStatus, JobV1
from qiskit.providers.basic_provider import BasicSimulator
from qiskit.quantum_info import SparsePauliOp, random_unitary
from qiskit.result import Result
from qiskit.transpiler.exceptions import TranspilerError
from qiskit_reference import assert_drawn_from, qiskit_probabilities

from qtoolkit.errors import ConversionError, InputError, JobError, UnboundParameterError
from qtoolkit.interop.qiskit import Backend, LocalJob, from_qiskit, to_qiskit

SHOTS = 20_000


def test_interface():
    backend = Backend()
    assert isinstance(backend, BackendV2)
    job = backend.run(bell(), shots=10)
    assert isinstance(job, JobV1)
    assert isinstance(job, LocalJob)
    result = job.result(timeout=60)
    assert isinstance(result, Result)
    assert (result.success, result.job_id, result.backend_name) == (True, job.job_id(), "qtoolkit_statevector")
    assert job.status() is JobStatus.DONE
    assert job.backend() is backend
    assert backend.max_circuits is None
    assert Backend(num_qubits=5, name="mine").num_qubits == 5
    assert {"cx", "rzz", "u3", "measure", "reset", "delay", "if_else"} <= set(backend.target.operation_names)


def bell() -> QuantumCircuit:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


def test_counts_memory_and_seeds():
    backend = Backend()
    result = backend.run(bell(), shots=1000, memory=True, seed_simulator=0).result()
    memory = result.get_memory()
    assert set(memory) == {"00", "11"}
    assert len(memory) == 1000
    assert result.get_counts() == {key: memory.count(key) for key in ("00", "11")}
    assert result.data()["counts"].keys() == {"0x0", "0x3"}
    assert backend.run(bell(), shots=1000, seed_simulator=0).result().get_counts() == result.get_counts()
    unseeded = backend.run(bell(), shots=1000).result()
    seed = unseeded.results[0].seed_simulator
    again = backend.run(bell(), shots=1000, seed_simulator=seed).result()
    assert again.get_counts() == unseeded.get_counts()
    assert "memory" not in unseeded.data()
    assert Backend(shots=7).run(bell()).result().get_counts().shots() == 7


def test_several_circuits_in_one_job():
    flipped = QuantumCircuit(1, 1, name="flipped", metadata={"number": 2})
    flipped.x(0)
    flipped.measure(0, 0)
    result = Backend().run([bell(), flipped], shots=50, seed_simulator=1).result()
    assert result.get_counts("flipped") == {"1": 50}
    assert result.results[1].header["metadata"] == {"number": 2}
    assert sum(result.get_counts(0).values()) == 50


def test_registers_are_separated_by_spaces():
    a, b = ClassicalRegister(2, "a"), ClassicalRegister(3, "b")
    circuit = QuantumCircuit(QuantumRegister(2, "q"), a, b)
    circuit.x(0)
    circuit.measure([0, 1], [a[0], b[2]])
    counts = Backend().run(circuit, shots=5).result().get_counts()
    assert counts == BasicSimulator().run(circuit, shots=5).result().get_counts() == {"000 01": 5}


def test_registers_that_overlap_are_not_separated():
    bits = [Clbit(), Clbit()]
    circuit = QuantumCircuit(QuantumRegister(1, "q"), bits)
    circuit.add_register(ClassicalRegister(name="both", bits=bits), ClassicalRegister(name="high", bits=bits[1:]))
    circuit.x(0)
    circuit.measure(0, 1)
    assert Backend().run(circuit, shots=5).result().get_counts() == {"10": 5}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("precision", ["double", "single"])
def test_dynamic_circuits_are_sampled_from_the_exact_distribution(seed, precision):
    n = seed % 4 + 1
    circuit = random_circuit(n, 4, max_operands=min(n, 3), measure=True, conditional=True, reset=True, seed=seed)
    counts = Backend(precision=precision).run(circuit, shots=SHOTS, seed_simulator=seed).result().get_counts()
    assert_drawn_from(counts, qiskit_probabilities(circuit))


@pytest.mark.parametrize("seed", range(3))
def test_same_distribution_as_aer_with_conditions(seed):
    aer = pytest.importorskip("qiskit_aer", reason="the ibm extra is not installed").AerSimulator()
    circuit = random_circuit(3, 4, max_operands=3, measure=True, conditional=True, reset=True, seed=100 + seed)
    theirs = aer.run(transpile(circuit, aer), shots=SHOTS, seed_simulator=seed).result().get_counts()
    assert_drawn_from(theirs, qiskit_probabilities(to_qiskit(from_qiskit(circuit))))
    assert_drawn_from(
        Backend().run(circuit, shots=SHOTS, seed_simulator=seed).result().get_counts(), qiskit_probabilities(circuit)
    )


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_transpile_keeps_native_gates(level):
    circuit = QuantumCircuit(3, 3)
    circuit.append(lib.UnitaryGate(random_unitary(8, seed=1)), [0, 1, 2])
    circuit.append(lib.XXPlusYYGate(0.3, 0.4), [0, 2])
    circuit.append(lib.QFTGate(3), [2, 0, 1])
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], True)):
        circuit.append(lib.QFTGate(2), [1, 2])
    circuit.reset(0)
    circuit.measure([0, 1, 2], [0, 1, 2])
    backend = Backend()
    ready = transpile(circuit, backend, optimization_level=level)
    assert {"unitary", "if_else"} <= set(ready.count_ops()) <= set(backend.target.operation_names)
    counts = backend.run(ready, shots=SHOTS, seed_simulator=3).result().get_counts()
    assert_drawn_from(counts, qiskit_probabilities(circuit))


def test_width_limit():
    narrow = Backend(num_qubits=1)
    with pytest.raises(TranspilerError, match="greater than maximum"):
        transpile(bell(), narrow)
    with pytest.raises(InputError, match="takes at most 1 qubits, got 2"):
        narrow.run(bell())


def test_qiskits_primitives_on_this_backend():
    sampler = BackendSamplerV2(backend=Backend(), options={"seed_simulator": 3})
    assert set(sampler.run([bell()], shots=100).result()[0].data.meas.get_counts()) == {"00", "11"}
    estimator = BackendEstimatorV2(backend=Backend(), options={"seed_simulator": 3})
    state = bell().remove_final_measurements(inplace=False)
    assert estimator.run([(state, SparsePauliOp("ZZ"))]).result()[0].data.evs == pytest.approx(1.0)


def test_circuits_without_classical_bits_have_no_counts():
    result = Backend().run(QuantumCircuit(1)).result()
    assert result.data() == {}


def test_bad_input_is_named():
    backend = Backend()
    with pytest.raises(InputError, match="options of this backend are shots, memory and seed_simulator, got shot"):
        backend.run(bell(), shot=3)
    with pytest.raises(InputError, match="got noise_model"):
        Backend(noise_model=None)
    with pytest.raises(InputError, match="shots must be an integer of at least 1, got 0"):
        backend.run(bell(), shots=0)
    free = QuantumCircuit(1, 1)
    free.rx(Parameter("theta"), 0)
    with pytest.raises(UnboundParameterError, match="theta"):
        backend.run(free)
    endless = QuantumCircuit(1, 1)
    with endless.while_loop((endless.clbits[0], 0)):
        endless.x(0)
    with pytest.raises(ConversionError, match="'while_loop' at position 0"):
        backend.run(endless)


def test_job_life_cycle():
    release = Event()

    def work(job_id: str) -> Result:
        release.wait(30)
        raise InputError(f"nothing to do in {job_id}")

    job = LocalJob(None, work)
    assert job.status() is JobStatus.INITIALIZING
    with pytest.raises(JobError, match="has not been submitted"):
        job.result()
    job.submit()
    with pytest.raises(JobError, match="submitted once"):
        job.submit()
    with pytest.raises(JobError, match=r"did not finish within 0\.01 s"):
        job.result(timeout=0.01)
    while job.status() is not JobStatus.RUNNING:
        time.sleep(0.001)
    assert not job.cancel()
    release.set()
    with pytest.raises(InputError, match="nothing to do"):
        job.result()
    assert job.status() is JobStatus.ERROR
