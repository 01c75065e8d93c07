"""IBM's fake devices, Aer and other Qiskit backends through the protocol."""

from __future__ import annotations

import os

import numpy as np
import pytest
from backend_checks import chi_squared_p_value, names, two_register_circuit, uneven_circuit

from qtoolkit import Circuit, Parameter, PauliSum, StatevectorSimulator
from qtoolkit.backends import BackendSampler, JobStatus, SamplingEstimator, get_backend, list_backends
from qtoolkit.backends import job as recalled
from qtoolkit.backends.ibm import IBMBackend
from qtoolkit.backends.ibm.catalog import PROVIDER
from qtoolkit.backends.ibm.circuits import device_circuit
from qtoolkit.errors import BackendError, InputError, JobError

runtime = pytest.importorskip("qiskit_ibm_runtime")

BELL = Circuit(2).h(0).cx(0, 1).measure_all()


@pytest.fixture(scope="module")
def manila() -> IBMBackend:
    return get_backend("ibm:fake_manila")


@pytest.fixture(scope="module")
def noiseless() -> IBMBackend:
    from qiskit_aer import AerSimulator

    return IBMBackend(AerSimulator())


def dynamic_circuit() -> Circuit:
    """Mid-circuit measurement, a condition on a register with an else branch, a reset; each outcome its own weight."""
    circuit = Circuit(3)
    first = circuit.add_clbits(2, "first")
    circuit.add_clbits(2, "second")
    circuit.ry(1.1, 0).ry(0.7, 1).measure([0, 1], first.clbits)
    circuit.if_(first == 2, lambda body: body.ry(0.9, 2), lambda body: body.ry(2.0, 2))
    circuit.reset(0).ry(0.4, 0)
    return circuit.measure([0, 2], [2, 3])


def test_qubit_0_is_the_rightmost_bit(manila) -> None:
    result = manila.run(Circuit(3).x(0).measure_all(), 400, seed=1).result()
    assert next(iter(result.counts)) == "001"
    assert result.counts["001"] > 300
    assert result.memory is not None
    assert result.memory.shape == (400, 3)
    assert result.shots == 400
    assert result.backend_name == "ibm:fake_manila"
    assert result.metadata["device"] == "fake_manila"
    assert result.metadata["sdk"].startswith("qiskit-ibm-runtime")


def test_registers_keep_their_names_and_order(manila) -> None:
    result = manila.run(two_register_circuit(), 400, seed=2).result()
    assert next(iter(result.counts)) == "010"
    assert names(result.registers) == ["low", "high"]
    assert next(iter(result.register("low").counts)) == "10"


@pytest.mark.parametrize(
    "groups", [[("b", (2, 0)), ("a", (1,))], [("a", (0, 1))], [("class", (0, 1, 2))], [("a b", (0, 1)), ("c", (2,))]]
)
def test_registers_that_ibm_cannot_hold_are_kept_all_the_same(noiseless, groups) -> None:
    circuit = Circuit(3)
    circuit.num_clbits = 3
    for name, clbits in groups:
        circuit.name_clbits(name, clbits)
    circuit.x(0).x(1).measure([0, 1, 2], [0, 2, 1])
    result = noiseless.run(circuit, 5, seed=1).result()
    assert dict(result.counts) == {"101": 5}
    assert names(result.registers) == [name for name, _ in groups]


def test_a_seed_repeats_the_result(manila) -> None:
    first, again, other = (manila.run(BELL, 300, seed=seed).result() for seed in (0, 0, 1))
    assert first.seed == 0
    assert np.array_equal(first.memory, again.memory)
    assert not np.array_equal(first.memory, other.memory)


def test_a_batch_gives_equal_circuits_independent_seeds(manila) -> None:
    first, second = manila.run([BELL, BELL], 300, seed=3).result()
    assert not np.array_equal(first.memory, second.memory)
    assert np.array_equal(second.memory, manila.run(BELL, 300, seed=second.seed).result().memory)


def test_the_fake_device_is_noisy_as_the_real_one(manila) -> None:
    counts = manila.run(BELL, 4000, seed=4).result().counts
    wrong = (counts["01"] + counts["10"]) / 4000
    # one CX at about 1 % and two readouts at about 2 % each
    assert 0.015 < wrong < 0.12
    assert abs(counts["00"] - counts["11"]) < 400


def test_a_circuit_is_routed_to_the_couplings(manila) -> None:
    circuit = Circuit(4).x(0).cx(0, 1).cx(0, 2).cx(0, 3).x(1).measure_all()
    result = manila.run(circuit, 400, seed=5).result()
    assert next(iter(result.counts)) == "1101"
    assert result.metadata["two_qubit_gates"] > 3
    assert manila.capabilities.connectivity == ((0, 1), (1, 2), (2, 3), (3, 4))


def test_parameters(manila) -> None:
    circuit = Circuit(1).rx(Parameter("a"), 0).measure_all()
    results = manila.run([circuit, circuit], 200, seed=6, parameters=[[0.0], {"a": np.pi}]).result()
    assert results[0].counts["0"] > 170
    assert results[1].counts["1"] > 170


def test_distribution_without_noise(noiseless) -> None:
    circuit = uneven_circuit(4)
    result = noiseless.run(circuit, 20_000, seed=7).result()
    assert chi_squared_p_value(result.counts, circuit) > 1e-3


def test_dynamic_circuit_without_noise(noiseless) -> None:
    circuit = dynamic_circuit()
    shots = 40_000
    here = StatevectorSimulator().run(circuit, shots, seed=8).counts
    there = noiseless.run(circuit, shots, seed=8).result()
    assert names(there.registers) == ["first", "second"]
    keys = sorted(set(here) | set(there.counts))
    a, b = (np.array([counts.get(key, 0) for key in keys]) for counts in (here, there.counts))
    assert (np.abs(a - b) < 5 * np.sqrt(a + b + 1)).all()
    assert len(keys) == 16


def test_dynamic_circuit_on_a_fake_device(manila) -> None:
    circuit = Circuit(2, 2).x(0).measure(0, 0).if_(0, lambda body: body.x(1)).measure(1, 1)
    assert next(iter(manila.run(circuit, 200, seed=9).result().counts)) == "11"


def test_estimator_on_a_fake_device(manila) -> None:
    estimator = SamplingEstimator(BackendSampler(manila), shots=2000, seed=10)
    observables = [
        PauliSum.from_list([("ZZ", 1.0)]),
        PauliSum.from_list([("XX", 1.0)]),
        PauliSum.from_list([("YY", 1)]),
    ]
    values = estimator.expectation_value(Circuit(2).h(0).cx(0, 1), observables)
    assert (np.abs(values - [1, 1, -1]) < 0.3).all()
    assert (np.abs(values) < 1).all()


def test_capabilities_are_the_devices(manila) -> None:
    capabilities = manila.capabilities
    assert capabilities.num_qubits == 5
    assert capabilities.max_shots == 100_000
    assert {"cx", "sx", "rz", "x"} <= capabilities.native_gates
    assert capabilities.supports_seed
    assert capabilities.is_simulator
    assert capabilities.is_local


@pytest.mark.parametrize(
    ("circuit", "shots", "message"),
    [
        (Circuit(6).measure_all(), 1, "ibm:fake_manila has 5 qubits, got a circuit of 6"),
        (BELL, 100_001, "ibm:fake_manila takes at most 100000 shots, got 100001"),
    ],
)
def test_refused_before_submission(manila, circuit, shots, message) -> None:
    with pytest.raises(BackendError, match=message):
        manila.run(circuit, shots)


def test_a_circuit_that_the_transpiler_rejects(manila, monkeypatch) -> None:
    from qiskit.transpiler import PassManager, TranspilerError

    def refuse(*_, **__):
        raise TranspilerError("no path")

    monkeypatch.setattr(PassManager, "run", refuse)
    with pytest.raises(BackendError, match=r"cannot be compiled for fake_manila: .*no path"):
        manila.run(BELL, 1)


def test_a_failing_device(manila, monkeypatch) -> None:
    monkeypatch.setattr(manila, "_sampler", lambda _: {}["no such device"])
    job = manila.run(BELL, 1)
    with pytest.raises(JobError, match="on ibm:fake_manila failed: KeyError"):
        job.result(timeout=60)
    assert job.status() is JobStatus.FAILED


def test_another_qiskit_backend_is_run_and_not_simulated() -> None:
    from qtoolkit.interop.qiskit import Backend

    calls = []

    class Counted(Backend):
        def run(self, run_input, **options):
            calls.append(options["shots"])
            return super().run(run_input, **options)

    backend = IBMBackend(Counted())
    circuit = uneven_circuit()
    first, again = (backend.run(circuit, 5000, seed=11).result() for _ in range(2))
    assert calls == [5000, 5000]
    assert np.array_equal(first.memory, again.memory)
    assert chi_squared_p_value(first.counts, circuit) > 1e-3
    assert backend.name == "ibm:qtoolkit_statevector"


def test_bad_input() -> None:
    with pytest.raises(InputError, match="made of a Qiskit BackendV2, got str"):
        IBMBackend("ibm_torino")
    with pytest.raises(InputError, match="optimization_level is 0, 1, 2 or 3, got 4"):
        get_backend("ibm:fake_manila", optimization_level=4)


def test_a_name_that_the_installed_version_lacks() -> None:
    from qtoolkit.backends.ibm.backend import fake_device

    with pytest.raises(BackendError, match="installed qiskit-ibm-runtime has no device fake_nowhere"):
        fake_device("fake_nowhere")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Properties of fake_nighthawk:UserWarning")
def test_the_catalog_is_the_sdks() -> None:
    from qiskit_ibm_runtime.fake_provider import FakeProviderForBackendV2

    theirs = {f"ibm:{device.name}": device.num_qubits for device in FakeProviderForBackendV2().backends()}
    ours = {info.name: info.num_qubits for info in list_backends() if info.provider == "ibm"}
    # later versions may add devices and drop old ones
    assert {name: size for name, size in theirs.items() if name in ours} == {
        name: size for name, size in ours.items() if name in theirs
    }
    assert len(set(ours) & set(theirs)) > 50


@pytest.mark.slow
def test_a_device_of_27_qubits() -> None:
    backend = get_backend("ibm:fake_hanoi")
    assert backend.capabilities.num_qubits == 27
    counts = backend.run(BELL, 500, seed=12).result(timeout=300).counts
    assert counts["00"] + counts["11"] > 400


@pytest.mark.slow
def test_what_nothing_touches_costs_nothing_on_a_device_of_127_qubits() -> None:
    backend = get_backend("ibm:fake_brisbane")
    wide = Circuit(300, 2).barrier().h(0).cx(0, 277).barrier(3, 4).measure([0, 277], [0, 1])
    counts = backend.run(wide, 500, seed=3).result(timeout=300).counts
    assert counts["00"] + counts["11"] > 400
    with pytest.raises(BackendError, match="a circuit of 128"):
        backend.run(Circuit(128).measure_all(), 5)

    circuit = Circuit(60).h(7).cx(7, 8).measure_all()  # 58 qubits are measured and nothing else
    memory = backend.run(circuit, 4000, seed=3).result(timeout=300).memory
    assert memory is not None
    assert np.mean(memory[:, 7] == memory[:, 8]) > 0.85
    rest = np.delete(memory, [7, 8], axis=1).astype(np.float64)
    assert 0.0 < rest.mean() < 0.1
    # Readout errors of different qubits have nothing to do with each other.
    often = rest[:, rest.mean(axis=0) > 0.01]
    correlations = np.corrcoef(often.T)[np.triu_indices(often.shape[1], 1)]
    assert correlations.max() < 0.3
    np.testing.assert_array_equal(backend.run(circuit, 4000, seed=3).result(timeout=300).memory, memory)


def test_splitting_measures_every_bit_once() -> None:
    from qiskit import QuantumCircuit

    from qtoolkit.backends.ibm.splitting import split_measured

    small = QuantumCircuit(20, 20)
    small.measure(range(20), range(20))
    assert split_measured(small) == [small]
    large = QuantumCircuit(70, 70)
    large.h(3)
    large.measure(range(65), range(65))
    with large.if_test((large.clbits[6], 1)):
        large.x(66)
    large.measure([67, 68], [69, 69])  # one bit of two qubits
    parts = split_measured(large)
    measured = [
        [large.find_bit(item.qubits[0]).index for item in part.data if item.name == "measure"] for part in parts
    ]
    assert measured[0] == [3, 6, 67, 68]
    assert sorted(qubit for part in measured for qubit in part) == [*range(65), 67, 68]
    assert max(map(len, measured)) == 20
    idle = QuantumCircuit(30, 30)
    idle.measure(range(30), range(30))
    assert [len(part.data) for part in split_measured(idle)] == [20, 10]


@pytest.mark.cloud
def test_a_live_device() -> None:
    if not os.environ.get("QISKIT_IBM_TOKEN"):
        pytest.skip("needs QISKIT_IBM_TOKEN and QISKIT_IBM_INSTANCE")
    online = [device for device in PROVIDER.devices() if device.status == "online" and device.queue is not None]
    backend = get_backend(min(online, key=lambda device: device.queue).name)
    started = backend.run(Circuit(3).x(0).measure_all(), 100)
    result = started.result(timeout=3600)
    assert next(iter(result.counts)) == "001"
    assert recalled(started.id).result().counts == result.counts


def test_circuits_lie_where_the_layout_says():
    from qtoolkit.backends.ibm.noise import IBMNoise

    placed = get_backend("ibm:fake_manila", layout=[4, 3, 2])
    circuit = Circuit(2).h(0).cx(0, 1).measure_all()
    isa = device_circuit(circuit, placed.device, 1, layout=placed.layout)
    assert sorted(isa.find_bit(bit).index for bit in {q for item in isa.data for q in item.qubits}) == [3, 4]
    assert set(placed.run(circuit, 200, seed=1).result().counts) <= {"00", "01", "10", "11"}
    assert IBMNoise(placed.device, layout=[4, 3, 2]).apply(circuit) != IBMNoise(placed.device).apply(circuit)
    with pytest.raises(BackendError, match="the layout has 3 qubits of the device, the circuit 4"):
        placed.run(Circuit(4).h(3).measure_all(), 10)
    for wrong, message in (([0, 0], "distinct"), ([5], "integer"), (3, "a layout is a sequence")):
        with pytest.raises(InputError, match=message):
            get_backend("ibm:fake_manila", layout=wrong)


def test_a_circuit_is_compiled_the_same_way_whatever_the_seed_of_its_shots():
    backend = get_backend("ibm:fake_algiers")
    ring = Circuit(9)
    for qubit in range(9):
        ring.h(qubit).cx(qubit, (qubit + 4) % 9)
    ring.measure_all()
    gates = {backend.run(ring, 1, seed=seed).result().metadata["two_qubit_gates"] for seed in range(3)}
    assert len(gates) == 1
