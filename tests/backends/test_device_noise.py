"""The noise of devices, by their calibrations, on simulators of ours."""

import numpy as np
import pytest
from qiskit.quantum_info import DensityMatrix

from qtoolkit import Circuit, StatevectorSimulator, get_backend, to_qiskit
from qtoolkit.backends import device_noise, list_device_noise
from qtoolkit.errors import BackendError, InputError, UnknownBackendError

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
