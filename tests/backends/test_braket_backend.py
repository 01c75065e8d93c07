"""Braket's simulators through the protocol: bit order, registers, noise, refusals.

Their generators take no seed. Statistical bounds here fail by chance once in 10⁹ runs.
"""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from backend_checks import chi_squared_p_value, names, two_register_circuit, uneven_circuit

from qtoolkit import Circuit, Parameter, PauliSum, StatevectorSimulator
from qtoolkit.backends import BackendSampler, JobStatus, SamplingEstimator, get_backend
from qtoolkit.backends.braket import BraketBackend
from qtoolkit.circuit import ControlledGate, StandardGate
from qtoolkit.errors import BackendError, InputError, JobError

pytest.importorskip("braket.devices")

CHANCE = 1e-9


@pytest.fixture(scope="module")
def backend() -> BraketBackend:
    return get_backend("braket:local")


def test_qubit_0_is_the_rightmost_bit(backend) -> None:
    result = backend.run(Circuit(3).x(0).measure_all(), 50, seed=1).result()
    assert dict(result.counts) == {"001": 50}
    assert result.memory is not None
    assert result.memory.shape == (50, 3)
    assert result.backend_name == "braket:local"
    assert result.metadata["task_id"]
    assert result.metadata["sdk"].startswith("amazon-braket-sdk 1.")


def test_a_seed_is_not_pretended(backend) -> None:
    assert not backend.capabilities.supports_seed
    assert backend.run(uneven_circuit(), 50, seed=1).result().seed is None
    assert backend.run([uneven_circuit()], 50, seed=np.random.default_rng(1)).result()[0].seed is None


def test_registers_keep_their_names_and_order(backend) -> None:
    result = backend.run(two_register_circuit(), 10).result()
    assert dict(result.counts) == {"010": 10}
    assert names(result.registers) == ["low", "high"]
    assert dict(result.register("low").counts) == {"10": 10}


def test_bits_measured_twice_never_or_over_each_other(backend) -> None:
    circuit = Circuit(3, 4).x(1).measure([1, 0, 1], [0, 2, 3]).measure([1, 0], [2, 3])
    assert dict(backend.run(circuit, 5).result().counts) == {"0101": 5}


def test_distribution(backend) -> None:
    circuit = uneven_circuit(4)
    assert chi_squared_p_value(backend.run(circuit, 20_000).result().counts, circuit) > CHANCE


def test_qubits_that_nothing_touches_do_not_count(backend) -> None:
    circuit = Circuit(200, 2).barrier().x(177).cx(177, 3).barrier(5, 6).measure([3, 177], [1, 0])
    assert dict(backend.run(circuit, 5).result().counts) == {"11": 5}


def test_controls_on_both_values(backend) -> None:
    circuit = Circuit(3).x(0).append(StandardGate("x").controlled(2, ctrl_state=0b01), [0, 1, 2])
    assert dict(backend.run(circuit.measure_all(), 5).result().counts) == {"101": 5}


def test_ghz(backend) -> None:
    counts = backend.run(Circuit(3).h(0).cx(0, 1).cx(1, 2).measure_all(), 1000).result().counts
    assert set(counts) == {"000", "111"}
    assert abs(counts["000"] - 500) < 6.2 * np.sqrt(250)


def test_batch_and_parameters(backend) -> None:
    circuit = Circuit(2).rx(Parameter("a"), 1).measure_all()
    results = backend.run([circuit, circuit], 9, parameters=[[0.0], {"a": np.pi}]).result()
    assert [dict(result.counts) for result in results] == [{"00": 9}, {"10": 9}]


def test_estimator_on_braket() -> None:
    observable = PauliSum.from_list([("ZZI", 1.0), ("XIY", 0.5), ("IYX", -0.3)])
    circuit = uneven_circuit()
    estimator = SamplingEstimator(BackendSampler(get_backend("braket:local")), shots=4000)
    estimate = estimator.estimate(circuit, observable)
    exact = StatevectorSimulator().expectation_value(circuit.without_final_measurements(), observable)
    assert abs(estimate.value - exact) < 6.5 * estimate.standard_error
    assert estimate.seed is None


@pytest.mark.parametrize(
    ("circuit", "message"),
    [
        (Circuit(1, 1).h(0).measure(0, 0).x(0), "braket:local measures only at the end"),
        (Circuit(1).h(0).reset(0).measure_all(), "braket:local cannot reset qubits"),
        (Circuit(2, 1).measure(0, 0).if_(0, lambda body: body.x(1)), "braket:local runs no operations under a cond"),
        (Circuit(27).measure_all(), "braket:local has 26 qubits, got a circuit of 27"),
    ],
)
def test_refused_before_submission(backend, circuit, message) -> None:
    with pytest.raises(BackendError, match=message):
        backend.run(circuit, 10)


def test_capabilities_are_the_devices(backend) -> None:
    assert backend.capabilities.num_qubits == 26
    assert backend.capabilities.max_shots is None
    assert backend.capabilities.is_local
    assert {"cx", "rxx", "ccx"} <= backend.capabilities.native_gates


def test_density_matrix_with_noise() -> None:
    from braket.circuits import Gate
    from braket.circuits.noise_model import GateCriteria, NoiseModel
    from braket.circuits.noises import BitFlip

    noise_model = NoiseModel().add_noise(BitFlip(0.25), GateCriteria(Gate.X))
    noisy = get_backend("braket:local_dm", noise_model=noise_model)
    assert noisy.capabilities.num_qubits == 13
    counts = noisy.run(Circuit(3).x(0).h(2).h(2).measure_all(), 4000).result().counts
    assert set(counts) == {"001", "000"}
    assert abs(counts["000"] - 1000) < 6.2 * np.sqrt(750)


@pytest.mark.filterwarnings("ignore:You are running a noise-free circuit:UserWarning")
def test_density_matrix_without_noise() -> None:
    circuit = uneven_circuit(2)
    counts = get_backend("braket:local_dm").run(circuit, 4000).result().counts
    assert chi_squared_p_value(counts, circuit) > CHANCE


def test_a_failing_device(backend, monkeypatch) -> None:
    monkeypatch.setattr(backend.device, "run", lambda *_, **__: {}["no such task"])
    job = backend.run(Circuit(1).measure_all(), 1)
    with pytest.raises(JobError, match="on braket:local failed: KeyError") as caught:
        job.result(timeout=60)
    assert isinstance(caught.value.__cause__, KeyError)
    assert job.status() is JobStatus.FAILED


@pytest.mark.parametrize(
    "load",
    [
        'from braket.devices import LocalSimulator; LocalSimulator("braket_sv")',
        'from qtoolkit import get_backend; get_backend("braket:local")',
    ],
    ids=["the SDK alone", "the backend"],
)
def test_the_simulator_here_keeps_its_threads(load) -> None:
    script = f"""
import numba
layer, threads = numba.config.THREADING_LAYER, numba.config.NUMBA_NUM_THREADS
{load}
from qtoolkit import Circuit, StatevectorSimulator
simulator = StatevectorSimulator()
assert simulator.num_threads == threads, simulator
state = simulator.state_vector(Circuit(16).h(range(16)))
assert abs(state[-1] - 2**-8) < 1e-12
if "get_backend" in {load!r}:
    assert numba.config.THREADING_LAYER == layer
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_only_a_local_simulator_is_taken() -> None:
    with pytest.raises(InputError, match="made of a Braket LocalSimulator, got str"):
        BraketBackend("braket_sv")


def test_simulators_say_nothing_of_quantum_computers(caplog):
    circuit = Circuit(3).h(0).append(ControlledGate(StandardGate("ry", [0.3]), 2), [0, 1, 2]).measure_all()
    get_backend("braket:local").run(circuit, 10).result()
    assert "QPU" not in caplog.text
