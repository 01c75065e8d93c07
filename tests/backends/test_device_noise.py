"""The noise of devices, by their calibrations, on simulators of ours."""

import copy
import pickle

import numpy as np
import pytest
from qiskit.quantum_info import DensityMatrix, SuperOp

from qtoolkit import Circuit, Parameter, PauliSum, StatevectorSimulator, get_backend, to_qiskit
from qtoolkit.backends import SamplingEstimator, device_noise, list_device_noise
from qtoolkit.circuit import ReadoutError
from qtoolkit.errors import BackendError, ConversionError, InputError, UnknownBackendError
from qtoolkit.noise import NoiseModel, depolarizing

SHOTS = 8000


def ghz(num_qubits=3):
    circuit = Circuit(num_qubits, num_qubits + 1).h(0)
    for k in range(1, num_qubits):
        circuit.cx(0, k)
    return circuit.measure(list(range(num_qubits)), list(range(num_qubits)))


def assert_close(left, right):
    for bits in {*left, *right}:
        a, b = left.get(bits, 0), right.get(bits, 0)
        assert abs(a - b) < 5.0 * np.sqrt(a + b + 1.0)


def test_ibms_noise_is_that_of_its_fake_device():
    pytest.importorskip("qiskit_aer")
    circuit = ghz()
    ours = StatevectorSimulator().run(circuit, shots=SHOTS, seed=1, noise=device_noise("ibm:fake_manila"))
    theirs = get_backend("ibm:fake_manila").run(circuit, shots=SHOTS, seed=2).result()
    assert_close(ours.counts, theirs.counts)


def test_qubits_stay_where_they_are():
    pytest.importorskip("qiskit_aer")
    circuit = Circuit(4, 4).x(2).cx(2, 0).cx(2, 3).x(1).measure([0, 1, 2, 3], [0, 1, 2, 3])
    noisy = device_noise("ibm:fake_montreal").apply(circuit)
    counts = StatevectorSimulator().run(noisy, shots=500, seed=4).counts
    assert max(counts, key=counts.get) == "1111"
    assert noisy.num_clbits == circuit.num_clbits
    assert noisy.clbit_registers == circuit.clbit_registers


@pytest.mark.parametrize("processor", ["rainbow", "weber", "willow_pink"])
def test_googles_noise_is_what_cirq_makes_of_it(processor):
    pytest.importorskip("cirq_google")
    import cirq

    noise = device_noise(f"google:{processor}")
    circuit = Circuit(3, 4).h(0).cx(0, 1).t(1).cx(0, 2).h(2).cx(1, 2).measure([0, 1, 2], [2, 0, 3])
    noisy = noise.apply(circuit)
    measured = [operation.clbits for operation in noisy if operation.gate.name == "measure"]
    assert sorted(measured) == [(0,), (2,), (3,)]
    theirs, ends = noise.compiled(circuit)
    unmeasured = cirq.Circuit(operation for operation in theirs.all_operations() if not cirq.is_measurement(operation))
    simulator = cirq.DensityMatrixSimulator(dtype=np.complex128)
    expected = simulator.simulate(unmeasured, qubit_order=ends[::-1]).final_density_matrix
    quiet = Circuit(noisy.num_qubits)
    for operation in noisy:
        if not operation.clbits:
            quiet.append(operation.gate, operation.qubits)
    found = DensityMatrix(to_qiskit(quiet)).data
    np.testing.assert_allclose(found, expected, atol=1e-5)
    clean = DensityMatrix(to_qiskit(circuit.without_final_measurements())).data
    assert np.abs(np.diag(found - clean)).max() > 0.01


def test_names():
    names = list_device_noise()
    assert {"ibm:fake_manila", "google:rainbow"} <= set(names)
    with pytest.raises(UnknownBackendError, match="did you mean 'google:rainbow'"):
        device_noise("google:rainbo")


def test_what_a_device_cannot_run():
    pytest.importorskip("qiskit_aer")
    manila = device_noise("ibm:fake_manila")
    with pytest.raises(BackendError, match="cannot be compiled for fake_manila"):
        manila.apply(ghz(6))
    with pytest.raises(InputError, match="a Circuit"):
        manila.apply("h 0")
    pytest.importorskip("cirq_google")
    rainbow = device_noise("google:rainbow")
    with pytest.raises(BackendError, match="classical bit 0 is measured 2 times"):
        rainbow.apply(Circuit(1, 1).h(0).measure(0, 0).h(0).measure(0, 0))
    with pytest.raises(InputError, match="a Circuit"):
        rainbow.apply(None)


@pytest.fixture(params=["ibm:fake_manila", "google:rainbow"])
def device(request):
    pytest.importorskip("qiskit_aer" if request.param.startswith("ibm") else "cirq_google")
    return device_noise(request.param)


def test_detectors_and_observables_stay(device):
    circuit = Circuit(2, 3).x(0).cx(0, 1).measure([0, 1], [0, 2]).detector([2, 0], (1, 2)).observable([2], 1)
    noisy = device.apply(circuit)
    assert noisy.detectors == circuit.detectors
    assert noisy.observables == circuit.observables
    again = Circuit(2, 2).x(0).measure(0, 0).detector([0]).measure(1, 0)
    with pytest.raises(BackendError, match="classical bit 0, which is measured again behind it"):
        device.apply(again)


def test_qubits_that_nothing_happens_to(device):
    circuit = Circuit(3, 2).measure(1, 0).reset(1).x(1).measure(1, 1)
    counts = StatevectorSimulator().run(circuit, shots=300, seed=1, noise=device).counts
    assert max(counts, key=counts.get) == "10"
    assert device.apply(Circuit(2)).count_ops() == {}


def test_noise_and_decoders_of_its_own_are_refused(device):
    for circuit in (
        Circuit(1).h(0).channel(depolarizing(0.1), 0),
        Circuit(1, 1).measure(0, 0).readout_error(ReadoutError(np.eye(2)), 0),
        Circuit(1, 2).measure(0, 0).decode(lambda bits: bits, [0], [1]),
        Circuit(1, 1).measure(0, 0).if_(0, lambda body: body.channel(depolarizing(0.1), 0)),
    ):
        with pytest.raises(InputError, match="add it to what apply returns"):
            device.apply(circuit)


def test_parameters_are_bound_before_a_circuit_is_compiled(device):
    theta = Parameter("theta")
    circuit = Circuit(1).rx(theta, 0)
    with pytest.raises(InputError, match="bind them first"):
        device.apply(circuit)
    measured = circuit.copy().measure_all()
    counts = StatevectorSimulator().run(measured, shots=300, seed=1, parameters=[np.pi], noise=device).counts
    assert counts["1"] > 200
    estimator = SamplingEstimator(StatevectorSimulator(), shots=300, seed=1, noise=device)
    assert estimator.estimate(circuit, PauliSum.from_list([("Z", 1.0)]), [np.pi]).value < -0.5


def test_models_of_devices_are_compared_shown_and_pickled(device):
    assert pickle.loads(pickle.dumps(device)) == device == copy.deepcopy(device)
    assert device != NoiseModel()
    assert NoiseModel() != device
    assert "\n" not in str(device)


def test_a_median_takes_no_further_rules():
    pytest.importorskip("cirq_google")
    rainbow = device_noise("google:rainbow")
    error = ReadoutError([[0.9, 0.1], [0.1, 0.9]])
    for call in (
        lambda: rainbow.add(depolarizing(0.1)),
        lambda: rainbow.add_reset(depolarizing(0.1)),
        lambda: rainbow.add_readout(error),
        lambda: rainbow.add_idle(depolarizing(0.1)),
        lambda: rainbow.add_relaxation(1.0, 1.0, {}),
    ):
        with pytest.raises(InputError, match="apply a NoiseModel of them"):
            call()
    pytest.importorskip("qiskit_aer")
    from qtoolkit.interop.qiskit import to_aer_noise

    with pytest.raises(ConversionError, match="no set of rules"):
        to_aer_noise(rainbow)


@pytest.mark.slow
def test_one_pulse_has_the_error_of_one():
    """Of devices whose gates are u2, one pulse, and u3, two."""
    noise = pytest.importorskip("qiskit_aer.noise")
    model = device_noise("ibm:fake_rochester")
    (channel,) = [item.gate for item in model.apply(Circuit(1).h(0)) if item.gate.name.startswith("noise")]
    aers = noise.NoiseModel.from_backend(model.device).to_dict(serializable=False)["errors"]
    errors = [error for error in aers if error["type"] == "qerror"]
    nearest = {
        name: min(
            np.abs(SuperOp(noise.QuantumError.from_dict(error)).data - channel.superoperator()).max()
            for error in errors
            if name in error["operations"]
        )
        for name in ("u2", "u3")
    }
    assert nearest["u2"] < 1e-9
    assert nearest["u3"] > 1e-6
