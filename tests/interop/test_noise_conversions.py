"""Channels and noise models from and to Qiskit Aer and Cirq, against what they say themselves."""

import cirq
import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit.library import PauliGate
from qiskit.quantum_info import DensityMatrix, Kraus, SuperOp

from qtoolkit import Circuit, StatevectorSimulator, from_cirq, from_qiskit, to_qiskit
from qtoolkit.circuit import KrausChannel, ReadoutError
from qtoolkit.errors import ConversionError
from qtoolkit.interop.qiskit import from_aer_noise, to_aer_noise
from qtoolkit.interop.qiskit.channels import channel_of
from qtoolkit.noise import NoiseModel, amplitude_damping, depolarizing, pauli_channel, phase_damping, thermal_relaxation

aer = pytest.importorskip("qiskit_aer")
noise = pytest.importorskip("qiskit_aer.noise")

ERRORS = {
    "depolarizing": lambda: noise.depolarizing_error(0.1, 1),
    "depolarizing pair": lambda: noise.depolarizing_error(0.2, 2),
    "amplitude damping": lambda: noise.amplitude_damping_error(0.3),
    "relaxation": lambda: noise.thermal_relaxation_error(50.0, 70.0, 10.0),
    "relaxation with reset": lambda: noise.thermal_relaxation_error(50.0, 30.0, 10.0, 0.2),
    "pauli": lambda: noise.pauli_error([("XZ", 0.1), ("IY", 0.2), ("II", 0.7)]),
    "coherent": lambda: noise.coherent_unitary_error(Circuit(1).rx(0.2, 0).to_matrix()),
}

CIRQ_CHANNELS = [
    cirq.depolarize(0.1),
    cirq.depolarize(0.1, 2),
    cirq.asymmetric_depolarize(0.1, 0.2, 0.3),
    cirq.asymmetric_depolarize(error_probabilities={"IX": 0.1, "ZY": 0.2, "II": 0.7}),
    cirq.amplitude_damp(0.2),
    cirq.generalized_amplitude_damp(0.3, 0.2),
    cirq.phase_damp(0.3),
    cirq.bit_flip(0.2),
    cirq.phase_flip(0.2),
    cirq.MixedUnitaryChannel([(0.7, cirq.unitary(cirq.CX)), (0.3, cirq.unitary(cirq.ISWAP))]),
    cirq.KrausChannel([np.sqrt(0.6) * cirq.unitary(cirq.H), np.sqrt(0.4) * cirq.unitary(cirq.T)]),
    cirq.RandomGateChannel(sub_gate=cirq.CX**0.5, probability=0.3),
]


def density_matrix(circuit):
    return DensityMatrix(to_qiskit(circuit)).data


def density_matrix_of_cirq(circuit, qubits):
    simulator = cirq.DensityMatrixSimulator(dtype=np.complex128)
    return simulator.simulate(circuit, qubit_order=qubits[::-1]).final_density_matrix


@pytest.mark.parametrize("name", ERRORS)
def test_errors_of_aer_in_a_circuit_become_channels(name):
    error = ERRORS[name]()
    qubits = list(range(error.num_qubits))[::-1]
    for form in (error, Kraus(error), SuperOp(error)):
        theirs = QuantumCircuit(2)
        theirs.append(form.to_instruction(), qubits)
        (operation,) = from_qiskit(theirs).operations
        assert operation.qubits == tuple(qubits)
        gate = operation.gate  # Qiskit writes a channel of one operator as a gate
        channel = gate if isinstance(gate, KrausChannel) else KrausChannel([gate.matrix()])
        np.testing.assert_allclose(channel.superoperator(), SuperOp(error).data, atol=1e-9)


def test_mixtures_of_paulis_stay_such():
    theirs = QuantumCircuit(2)
    theirs.append(noise.depolarizing_error(0.2, 2), [0, 1])
    (operation,) = from_qiskit(theirs).operations
    assert operation.gate.pauli_probabilities["ZX"] == pytest.approx(0.2 / 16)


@pytest.mark.parametrize(
    "channel", [depolarizing(0.1, num_qubits=2), amplitude_damping(0.2), thermal_relaxation(3.0, 2.0, 1.0, 0.1)]
)
def test_channels_go_there_and_back(channel):
    circuit = Circuit(3).channel(channel, [2, 0][: channel.num_qubits])
    (operation,) = from_qiskit(to_qiskit(circuit)).operations
    np.testing.assert_allclose(operation.gate.superoperator(), channel.superoperator(), atol=1e-9)
    assert operation.qubits == circuit.operations[0].qubits


def model_of_aer(name_of_u="u3"):
    model = noise.NoiseModel()
    model.add_all_qubit_quantum_error(noise.depolarizing_error(0.05, 1), ["h", "x"])
    model.add_all_qubit_quantum_error(noise.amplitude_damping_error(0.1), ["reset"])
    model.add_quantum_error(noise.pauli_error([("XZ", 0.1), ("II", 0.9)]), ["cx"], [0, 1])
    model.add_quantum_error(noise.pauli_error([("YI", 0.2), ("II", 0.8)]), ["cx"], [1, 0])
    model.add_all_qubit_quantum_error(noise.amplitude_damping_error(0.2), [name_of_u])
    model.add_all_qubit_quantum_error(noise.phase_damping_error(0.2), ["measure"])
    model.add_readout_error([[0.9, 0.1], [0.3, 0.7]], [0])
    return model


def test_a_model_of_aer_gives_its_density_matrix():
    circuit = Circuit(2).h(0).cx(0, 1).u(0.3, 0.2, 0.1, 1).reset(0).x(0).cx(1, 0).h(1)
    model = model_of_aer()
    theirs = to_qiskit(circuit)
    theirs.data = [item.replace(operation=item.operation) for item in theirs.data]
    theirs.save_density_matrix()
    simulator = aer.AerSimulator(method="density_matrix", noise_model=model_of_aer("u"))
    expected = simulator.run(theirs).result().data()["density_matrix"].data
    np.testing.assert_allclose(density_matrix(from_aer_noise(model).apply(circuit)), expected, atol=1e-9)


def test_readout_of_aer():
    circuit = Circuit(1, 1).x(0).measure(0, 0)
    (error,) = [operation.gate for operation in from_aer_noise(model_of_aer()).apply(circuit) if not operation.qubits]
    np.testing.assert_allclose(error.confusion, [[0.9, 0.1], [0.3, 0.7]])


def test_models_go_to_aer_and_back():
    model = (
        NoiseModel().add(depolarizing(0.1), gates=["h", "sx"]).add(phase_damping(0.2), gates="h", qubits=[(1,), (3,)])
    )
    with pytest.raises(ConversionError, match="h has an error of all qubits and another"):
        to_aer_noise(model)
    model = NoiseModel().add(depolarizing(0.1), gates="sx").add(amplitude_damping(0.2), gates="sx")
    model.add(pauli_channel({"XZ": 0.1}), gates="cx", qubits=[(0, 1), (2, 1)]).add(phase_damping(0.3), gates="cz")
    model.add_readout(ReadoutError([[0.9, 0.1], [0.2, 0.8]]), [0, 2]).add_reset(amplitude_damping(0.4))
    model.add(phase_damping(0.1), gates=1, qubits=[(1,), (2,)], but=["sx", "rz"])
    circuit = Circuit(3).sx(0).cx(0, 1).cz(1, 2).reset(0).cx(2, 1).cx(1, 2).sx(2).h(0).h(2).rz(0.3, 1).x(1)
    found = from_aer_noise(to_aer_noise(model))
    np.testing.assert_allclose(density_matrix(found.apply(circuit)), density_matrix(model.apply(circuit)), atol=1e-9)
    assert [rule.qubits for rule in found.rules if hasattr(rule, "error")] == [(0,), (2,)]


def test_models_that_aer_has_not():
    with pytest.raises(ConversionError, match="no rule of time"):
        to_aer_noise(NoiseModel().add_idle(phase_damping(0.1)))
    with pytest.raises(ConversionError, match="name these as tuples"):
        to_aer_noise(NoiseModel().add(depolarizing(0.1), gates="cx", qubits=[0, 1]))
    with pytest.raises(ConversionError, match="NoiseModel of Aer"):
        from_aer_noise(NoiseModel())
    with pytest.raises(ConversionError, match="takes a NoiseModel"):
        to_aer_noise(noise.NoiseModel())
    wide = noise.NoiseModel()
    wide.add_all_qubit_quantum_error(noise.pauli_error([("XXXXX", 0.1), ("IIIII", 0.9)]), ["five"])
    with pytest.raises(ConversionError, match="at most 4 qubits"):
        from_aer_noise(wide)


@pytest.mark.parametrize("gate", CIRQ_CHANNELS, ids=str)
def test_channels_of_cirq(gate):
    qubits = cirq.LineQubit.range(cirq.num_qubits(gate))
    (operation,) = from_cirq(cirq.Circuit(gate.on(*qubits))).operations
    assert isinstance(operation.gate, KrausChannel)
    ours = DensityMatrix(to_qiskit(Circuit(len(qubits)).h(list(range(len(qubits)))).rz(0.3, 0).channel(
        operation.gate, operation.qubits)))  # fmt: skip
    theirs = cirq.Circuit([cirq.H(qubit) for qubit in qubits], cirq.rz(0.3)(qubits[0]), gate.on(*qubits))
    expected = density_matrix_of_cirq(theirs, qubits)
    np.testing.assert_allclose(ours.data, expected, atol=1e-6)


def test_a_circuit_with_a_noise_model_of_cirq():
    a, b = cirq.LineQubit.range(2)
    clean = cirq.Circuit(cirq.H(a), cirq.CX(a, b), cirq.T(b), cirq.CX(b, a), cirq.H(b))
    noisy = clean.with_noise(cirq.ConstantQubitNoiseModel(cirq.amplitude_damp(0.05)))
    expected = density_matrix_of_cirq(noisy, [a, b])
    np.testing.assert_allclose(density_matrix(from_cirq(noisy)), expected, atol=1e-6)


def test_confusion_maps_of_cirq():
    a, b = cirq.LineQubit.range(2)
    confusion = np.array([[0.7, 0.3, 0, 0], [0, 1, 0, 0], [0, 0.2, 0.8, 0], [0, 0, 0, 1]])
    theirs = cirq.Circuit(
        cirq.X(a), cirq.measure(a, b, key="m", confusion_map={(0, 1): confusion}, invert_mask=(False,))
    )
    counts = StatevectorSimulator().run(from_cirq(theirs), shots=4000, seed=3).counts
    # Cirq's value 2 is the first qubit's 1, which here is bit 0: it stays, or reads as Cirq's 1, bit 1.
    assert set(counts) == {"01", "10"}
    assert abs(counts["10"] - 800) < 5 * np.sqrt(640)


def test_noise_of_cirq_that_cannot_come_over():
    a, *rest = cirq.LineQubit.range(5)
    with pytest.raises(ConversionError, match="cannot convert MixedUnitaryChannel"):
        from_cirq(cirq.Circuit(cirq.MixedUnitaryChannel([(0.5, np.eye(32)[::-1]), (0.5, np.eye(32))]).on(a, *rest)))


def test_what_aer_lets_override_is_refused_and_what_follows_is_composed():
    first, second = [[0.9, 0.1], [0.2, 0.8]], [[0.8, 0.2], [0.1, 0.9]]
    both = noise.NoiseModel()
    both.add_all_qubit_readout_error(first)
    both.add_readout_error(second, [0])
    with pytest.raises(ConversionError, match="the readout has an error of all qubits and others"):
        from_aer_noise(both)
    everywhere = NoiseModel().add_readout(ReadoutError(first))
    with pytest.raises(ConversionError, match="the readout has an error of all qubits and another"):
        to_aer_noise(everywhere.add_readout(ReadoutError(second), 0))
    twice = NoiseModel().add_readout(ReadoutError(first), 0).add_readout(ReadoutError(second), 0)
    (entry,) = to_aer_noise(twice).to_dict()["errors"]
    np.testing.assert_allclose(entry["probabilities"], np.array(first) @ second)


def test_what_would_be_no_noise_in_aer_is_refused():
    with pytest.raises(ConversionError, match="each measurement for itself, got an error on 2 bits"):
        to_aer_noise(NoiseModel().add_readout(ReadoutError(np.eye(4)), [0, 1]))
    with pytest.raises(ConversionError, match="no standard one on 4 qubits"):
        to_aer_noise(NoiseModel().add(depolarizing(0.1), gates=4))


def test_gates_of_qiskit_that_are_one_here():
    legacy = noise.NoiseModel()
    legacy.add_all_qubit_quantum_error(noise.depolarizing_error(0.1, 1), ["u1", "u2", "u3"])
    model = from_aer_noise(legacy)
    assert model.apply(Circuit(1).u(0.1, 0.2, 0.3, 0).p(0.1, 0)).count_ops() == {
        "noise of u1": 2,
        "u": 1,
        "p": 1,
    }
    for names in (["u2"], ["u3", "u"]):
        other = noise.NoiseModel()
        for rate, name in enumerate(names, 1):
            other.add_all_qubit_quantum_error(noise.depolarizing_error(0.1 * rate, 1), name)
        with pytest.raises(ConversionError, match="u"):
            from_aer_noise(other)


@pytest.mark.parametrize("places", [[0, 1], [1, 0]])
def test_errors_that_are_short_circuits(places):
    """Of each kind of instruction that errors of Aer are made of, on either order of qubits."""
    first, second = QuantumCircuit(2), QuantumCircuit(2)
    first.cx(*places)
    first.append(Kraus([np.diag([1, 0.6]), [[0, 0.8], [0, 0]]]), [places[0]])
    first.append(PauliGate("XY"), places)
    second.reset(places[1])
    second.append(Kraus([np.sqrt(0.5) * np.eye(4), np.sqrt(0.5) * np.diag([1, 1j, -1, 1])]), places)
    second.h(places[0])
    error = noise.QuantumError([(first, 0.3), (second, 0.7)])
    np.testing.assert_allclose(channel_of(error).superoperator(), SuperOp(error).data, atol=1e-12)


def test_measurements_of_cirq_that_look_like_channels():
    a, b = cirq.LineQubit.range(2)
    product = cirq.Circuit(cirq.H(a), cirq.measure_single_paulistring(cirq.X(a) * cirq.Z(b), key="m"))
    assert StatevectorSimulator().run(from_cirq(product), shots=50, seed=1).counts == {"0": 50}
    recorded = cirq.KrausChannel([0.6 * np.eye(2), 0.8 * np.eye(2)], key="k")
    with pytest.raises(ConversionError, match="records no outcome"):
        from_cirq(cirq.Circuit(recorded.on(a)))
