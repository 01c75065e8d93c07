"""Density matrices of random noisy circuits beside Qiskit, Aer and Cirq, state vectors and exact values."""

from __future__ import annotations

import pickle

import cirq
import numpy as np
import pytest
from interop.qiskit_reference import qiskit_branches
from qiskit.circuit.library import UnitaryGate as QiskitUnitary
from qiskit.quantum_info import DensityMatrix, Kraus
from random_circuits import random_dynamic_circuit, random_gate_circuit

from qtoolkit import Circuit, DensityMatrixSimulator, Parameter, PauliSum, StatevectorSimulator, to_qiskit
from qtoolkit.circuit import KrausChannel, PauliRotationGate, ReadoutError, StandardGate
from qtoolkit.errors import CircuitError, InputError, InsufficientMemoryError, OperatorError
from qtoolkit.noise import NoiseModel, amplitude_damping, bit_flip, depolarizing, phase_damping, thermal_relaxation

SIMULATORS = ((DensityMatrixSimulator(), 1e-12), (DensityMatrixSimulator(precision="single"), 1e-5))
DOUBLE = DensityMatrixSimulator()


def random_channel(rng: np.random.Generator, num_qubits: int, count: int) -> KrausChannel:
    size = 1 << num_qubits
    columns = rng.normal(size=(count * size, size)) + 1j * rng.normal(size=(count * size, size))
    return KrausChannel(np.linalg.qr(columns)[0].reshape(count, size, size))


def with_random_noise(circuit: Circuit, seed: int) -> Circuit:
    """The circuit with channels on one to three qubits behind a third of its operations."""
    rng = np.random.default_rng(seed)
    noisy = Circuit(circuit.num_qubits)
    for operation in circuit.operations:
        noisy.append(operation.gate, operation.qubits)
        if rng.random() < 0.35:
            count = int(rng.integers(1, min(3, circuit.num_qubits) + 1))
            kinds = [depolarizing(0.1, min(count, 2)), amplitude_damping(0.2), random_channel(rng, count, 3)]
            channel = kinds[rng.integers(3)]
            qubits = rng.permutation(circuit.num_qubits)[: channel.num_qubits]
            noisy.append(channel, [int(q) for q in qubits])
    return noisy


def qiskit_density_matrix(circuit: Circuit) -> np.ndarray:
    matrix = DensityMatrix.from_int(0, 1 << circuit.num_qubits)
    for operation in circuit.operations:
        gate = operation.gate
        if isinstance(gate, KrausChannel):
            matrix = matrix.evolve(Kraus(list(gate.operators)), list(operation.qubits))
        elif operation.qubits:
            matrix = matrix.evolve(QiskitUnitary(gate.matrix()), list(operation.qubits))
    return matrix.data


def layers(num_qubits: int, depth: int, noise: bool = True, seed: int = 0) -> Circuit:
    """Rotations and CX ladders with noise behind each gate."""
    rng = np.random.default_rng(seed)
    circuit = Circuit(num_qubits, num_qubits)
    one, two = depolarizing(0.01), depolarizing(0.03, 2)
    for _ in range(depth):
        for q in range(num_qubits):
            circuit.ry(rng.uniform(0, 6), q).rz(rng.uniform(0, 6), q)
            if noise:
                circuit.append(one, [q])
        for q in range(num_qubits - 1):
            circuit.cx(q, q + 1)
            if noise:
                circuit.append(two, [q, q + 1])
    return circuit


def random_sum(num_qubits: int, seed: int, terms: int = 20) -> PauliSum:
    rng = np.random.default_rng(seed)
    labels = ["".join(rng.choice(list("IXYZ"), num_qubits)) for _ in range(terms)]
    return PauliSum.from_list([(label, float(rng.normal())) for label in labels])


@pytest.mark.parametrize("num_qubits", range(1, 7))
@pytest.mark.parametrize("seed", range(3))
def test_noisy_circuits_of_every_gate_agree_with_qiskit(num_qubits: int, seed: int) -> None:
    circuit = with_random_noise(random_gate_circuit(num_qubits, 30, seed=seed), seed)
    expected = qiskit_density_matrix(circuit)
    for simulator, tolerance in SIMULATORS:
        found = simulator.density_matrix(circuit)
        assert np.abs(found - expected).max() < tolerance
        assert abs(np.trace(found) - 1.0) < tolerance
        assert np.abs(found - found.conj().T).max() < tolerance


@pytest.mark.parametrize("num_qubits", range(1, 6))
def test_measurements_resets_and_conditions_agree_with_all_branches_of_qiskit(num_qubits: int) -> None:
    circuit = random_dynamic_circuit(num_qubits, 12, seed=300 + num_qubits)
    states = [state for state, _ in qiskit_branches(to_qiskit(circuit))]
    expected = sum(np.outer(state, state.conj()) for state in states)
    assert np.abs(DOUBLE.density_matrix(circuit) - expected).max() < 1e-10


@pytest.mark.parametrize("num_qubits", [9, 10])
def test_states_of_several_blocks_agree_with_the_state_vector(num_qubits: int) -> None:
    circuit = layers(num_qubits, 3, noise=False)
    observable = random_sum(num_qubits, 1)
    vectors = StatevectorSimulator()
    for simulator, tolerance in SIMULATORS:
        found = simulator.expectation_value(circuit, [observable, np.arange(1 << num_qubits) * 0.01])
        expected = vectors.expectation_value(circuit, [observable, np.arange(1 << num_qubits) * 0.01])
        assert np.abs(found - expected).max() < 50 * tolerance
        assert abs(simulator.variance(circuit, observable) - vectors.variance(circuit, observable)) < 200 * tolerance
        outcomes = simulator.probabilities(circuit, [7, 2, num_qubits - 1])
        assert np.abs(outcomes - vectors.probabilities(circuit, [7, 2, num_qubits - 1])).max() < tolerance


def test_results_do_not_depend_on_the_number_of_threads() -> None:
    circuit = layers(9, 2)
    alone, together = DensityMatrixSimulator(num_threads=1), DensityMatrixSimulator()
    assert np.array_equal(alone.density_matrix(circuit), together.density_matrix(circuit))


def test_noise_after_each_gate_agrees_with_cirq() -> None:
    rng, line = np.random.default_rng(5), cirq.LineQubit.range(5)
    ours, theirs = Circuit(5), []
    for _ in range(4):
        for q in range(5):
            angle = rng.uniform(0, 6)
            ours.ry(angle, q).append(depolarizing(0.02), [q]).append(amplitude_damping(0.05), [q])
            theirs += [cirq.ry(angle)(line[q]), cirq.depolarize(0.02)(line[q]), cirq.amplitude_damp(0.05)(line[q])]
        for q in range(4):
            ours.cx(q, q + 1).append(depolarizing(0.03, 2), [q, q + 1]).append(phase_damping(0.04), [q])
            noise = [cirq.depolarize(0.03, 2)(line[q], line[q + 1]), cirq.phase_damp(0.04)(line[q])]
            theirs += [cirq.CNOT(line[q], line[q + 1]), *noise]
    simulator = cirq.DensityMatrixSimulator(dtype=np.complex128)
    expected = simulator.simulate(cirq.Circuit(theirs), qubit_order=line[::-1]).final_density_matrix
    assert np.abs(DOUBLE.density_matrix(ours) - expected).max() < 1e-12


def test_a_noise_model_agrees_with_aer() -> None:
    from qiskit_aer import AerSimulator
    from qiskit_aer.noise import NoiseModel as AerModel
    from qiskit_aer.noise import depolarizing_error, thermal_relaxation_error

    circuit = layers(6, 3, noise=False)
    model = AerModel()
    model.add_all_qubit_quantum_error(thermal_relaxation_error(50.0, 70.0, 1.0), ["ry", "rz"])
    model.add_all_qubit_quantum_error(depolarizing_error(0.03 * 16 / 15, 2), ["cx"])
    theirs = to_qiskit(circuit)
    theirs.save_density_matrix()
    run = AerSimulator(method="density_matrix", noise_model=model).run(theirs)
    expected = np.asarray(run.result().data()["density_matrix"])
    noise = NoiseModel().add(thermal_relaxation(50.0, 70.0, 1.0), gates=["ry", "rz"])
    noise.add(depolarizing(0.03, 2), gates=["cx"])
    assert np.abs(DOUBLE.density_matrix(circuit, noise=noise) - expected).max() < 1e-10
    observable = random_sum(6, 2)
    value = np.trace(expected @ observable.to_matrix()).real
    assert DOUBLE.expectation_value(circuit, observable, noise=noise) == pytest.approx(value, abs=1e-10)


def test_values_of_observables_are_those_of_the_matrix() -> None:
    circuit = with_random_noise(random_gate_circuit(4, 40, seed=9), 9)
    matrix = DOUBLE.density_matrix(circuit)
    observable, diagonal = random_sum(4, 3), np.random.default_rng(4).normal(size=16)
    dense = observable.to_matrix()
    mean = np.trace(dense @ matrix).real
    assert DOUBLE.expectation_value(circuit, observable) == pytest.approx(mean, abs=1e-12)
    assert DOUBLE.variance(circuit, observable) == pytest.approx(np.trace(dense @ dense @ matrix).real - mean**2)
    weights = np.diag(matrix).real
    spread = weights @ diagonal**2 - (weights @ diagonal) ** 2
    assert DOUBLE.variance(circuit, diagonal) == pytest.approx(spread)
    assert np.abs(DOUBLE.probabilities(circuit) - weights).max() < 1e-14


def test_parameters_are_bound_and_the_same_plan_runs_again() -> None:
    circuit = Circuit(3)
    a, b = Parameter("a"), Parameter("b")
    circuit.rx(a, 0).append(amplitude_damping(0.3), [0]).rzz(2 * b, 0, 1).crx(a + b, 1, 2)
    circuit.append(PauliRotationGate("XYZ", b), [0, 1, 2]).reset(1).append(StandardGate("gphase", (a,)), []).h(1)
    plan = DOUBLE.compile(circuit)
    for values in ([0.3, 1.2], [2.0, -0.4]):
        bound = circuit.bind(dict(zip("ab", values, strict=True)))
        cleared = Circuit(3)
        for operation in bound.operations:
            gate = amplitude_damping(1.0) if operation.gate.name == "reset" else operation.gate
            cleared.append(gate, operation.qubits)
        expected = qiskit_density_matrix(cleared)
        assert np.abs(DOUBLE.density_matrix(plan, values) - expected).max() < 1e-12


def test_initial_states_are_vectors_or_matrices() -> None:
    rng = np.random.default_rng(2)
    vector = rng.normal(size=8) + 1j * rng.normal(size=8)
    vector /= np.linalg.norm(vector)
    circuit = Circuit(3).h(0).cx(0, 2).append(amplitude_damping(0.1), [2])
    first = DOUBLE.density_matrix(circuit, initial_state=vector)
    mixed = 0.3 * np.outer(vector, vector.conj()) + 0.7 * np.eye(8) / 8
    second = DOUBLE.density_matrix(circuit, initial_state=mixed)
    third = DOUBLE.density_matrix(circuit, initial_state=np.eye(8) / 8)
    assert np.abs(second - 0.3 * first - 0.7 * third).max() < 1e-14
    one = DOUBLE.density_matrix(Circuit(1), initial_state=[0.6, 0.8j])
    assert np.abs(one - [[0.36, -0.48j], [0.48j, 0.64]]).max() < 1e-15


def test_idle_qubits_stay_zero_and_take_no_memory() -> None:
    circuit = Circuit(40, 2).h(3).append(depolarizing(0.3), [3]).measure(3, 0).measure(20, 1)
    observable = PauliSum.from_list([("Z" + "I" * 39, 2.0), ("I" * 36 + "XIII", 1.0)])
    assert DOUBLE.expectation_value(circuit, observable) == pytest.approx(2.0 + 1.0 - 4 / 3 * 0.3)
    assert DOUBLE.probabilities(circuit, [20, 3]) == pytest.approx([0.5, 0, 0.5, 0])
    assert set(DOUBLE.run(circuit, 50, seed=1).counts) == {"00", "01"}
    with pytest.raises(InsufficientMemoryError):
        DOUBLE.density_matrix(circuit)


def test_shots_follow_the_probabilities() -> None:
    circuit = layers(3, 2)
    expected = DOUBLE.probabilities(circuit)
    circuit.measure([0, 1, 2], [0, 1, 2])
    shots = 200_000
    result = DOUBLE.run(circuit, shots, seed=7)
    counts = np.array([result.counts.get(f"{k:03b}", 0) for k in range(8)])
    # Chi squared on 7 degrees of freedom is above 24.3 once in a thousand seeds.
    assert ((counts - shots * expected) ** 2 / (shots * expected)).sum() < 24.3
    assert DOUBLE.run(circuit, shots, seed=7).counts == result.counts


def test_feedback_on_bits_that_are_misread_is_followed_exactly() -> None:
    """A bit of 0.3 is read as 1 where it is 0 in a tenth of cases, as 0 where it is 1 in a fifth, and then undone."""
    circuit = Circuit(2, 2).ry(2 * np.arcsin(np.sqrt(0.3)), 0).cx(0, 1).measure(0, 0)
    circuit.readout_error(ReadoutError([[0.9, 0.1], [0.2, 0.8]]), 0)
    circuit.if_(circuit.clbit(0) == 1, lambda body: body.x(1))
    exact = 0.3 * 0.2 + 0.7 * 0.1
    assert DOUBLE.probabilities(circuit, 1)[1] == pytest.approx(exact, abs=1e-14)
    assert DOUBLE.explain(circuit).most_members == 2
    shots = 100_000
    result = DOUBLE.run(circuit.measure(1, 1), shots, seed=3)
    ones = sum(count for bits, count in result.counts.items() if bits[0] == "1")
    assert abs(ones - shots * exact) < 4 * np.sqrt(shots * exact * (1 - exact))


def test_a_decoder_in_the_middle_undoes_a_flip() -> None:
    """Three copies of a bit, each flipped with probability p, whose majority is wrong with 3 p² - 2 p³."""
    p = 0.1
    circuit = Circuit(4, 4)
    for q in range(3):
        circuit.append(bit_flip(p), [q]).measure(q, q)
    circuit.decode(lambda bits: bits.sum(axis=1, keepdims=True) > 1, [0, 1, 2], [3])
    circuit.if_(circuit.clbit(3) == 1, lambda body: body.x(3))
    exact = 3 * p**2 - 2 * p**3
    assert DOUBLE.probabilities(circuit, 3)[1] == pytest.approx(exact, abs=1e-14)
    shots = 50_000
    result = DOUBLE.run(circuit.measure(3, 0), shots, seed=5)
    ones = sum(count for bits, count in result.counts.items() if bits[-1] == "1")
    assert abs(ones - shots * exact) < 4 * np.sqrt(shots * exact)


def test_prepared_qubits_are_cleared_before() -> None:
    vector = np.array([0.6, 0.0, 0.0, 0.8j])
    circuit = Circuit(3, 1).h(0).cx(0, 1).cx(1, 2).initialize(vector, [0, 2])
    found = DOUBLE.density_matrix(circuit)
    full = np.zeros(8, complex)
    full[[0, 5]] = 0.6, 0.8j
    other = full[[2, 3, 0, 1, 6, 7, 4, 5]]
    expected = (np.outer(full, full.conj()) + np.outer(other, other.conj())) / 2
    assert np.abs(found - expected).max() < 1e-15


def test_dephasing_by_a_measurement_that_nobody_reads() -> None:
    circuit = Circuit(1, 1).h(0).measure(0, 0).h(0)
    assert np.abs(DOUBLE.density_matrix(circuit) - np.eye(2) / 2).max() < 1e-15


def test_reports_say_what_it_takes() -> None:
    report = DOUBLE.explain(layers(10, 3))
    assert (report.num_qubits, report.num_idle, report.num_wide, report.most_members) == (10, 0, 0, 1)
    assert report.num_gates == 3 * (20 + 9)
    assert report.num_matrices < report.num_gates
    assert report.memory == 8 << 20
    assert "1,048,576 real Pauli coefficients" in str(report)
    assert DOUBLE.explain(Circuit(3).h(0).ccx(0, 1, 2)).num_wide == 1


def test_simulators_are_pickled() -> None:
    simulator = pickle.loads(pickle.dumps(DensityMatrixSimulator("single", 1)))
    assert (simulator.precision, simulator.num_threads) == ("single", 1)
    assert repr(simulator) == "DensityMatrixSimulator(precision='single', num_threads=1)"


def test_what_is_no_state_is_refused() -> None:
    circuit = Circuit(2).h(0)
    for given, message in [
        (np.ones(3), "has shape"),
        (np.ones(4), "trace 1"),
        (np.eye(4), "trace 1"),
        (np.eye(4) / 4 + np.triu(np.ones((4, 4)), 1), "Hermitian"),
    ]:
        with pytest.raises(InputError, match=message):
            DOUBLE.density_matrix(circuit, initial_state=given)


def test_bad_input_is_refused() -> None:
    circuit = Circuit(2, 1).h(0)
    with pytest.raises(InputError, match=r"compile noise\.apply"):
        DOUBLE.run(DOUBLE.compile(circuit), 5, noise=NoiseModel())
    with pytest.raises(CircuitError, match="measure something"):
        DOUBLE.run(circuit, 5)
    with pytest.raises(OperatorError):
        DOUBLE.expectation_value(circuit, random_sum(3, 0))
    with pytest.raises(OperatorError):
        DOUBLE.variance(circuit, np.ones(3))
    with pytest.raises(InputError):
        DensityMatrixSimulator(precision="half")
    with pytest.raises(InsufficientMemoryError, match="trajectories"):
        DOUBLE.expectation_value(layers(25, 1), random_sum(25, 0))


@pytest.mark.parametrize(("simulator", "tolerance"), SIMULATORS)
def test_rotations_by_pauli_strings_under_controls(simulator, tolerance):
    rng = np.random.default_rng(4)
    bases = [
        *(StandardGate(name, (0.7,)) for name in ("rxx", "ryy", "rzx")),
        *(PauliRotationGate(letters, 1.3) for letters in ("XYZ", "ZZZ", "YY", "IXY")),
    ]
    for base in bases:
        for num_controls in (1, 2):
            qubits = [int(q) for q in rng.permutation(6)]
            state = int(rng.integers(1 << num_controls))
            circuit = random_gate_circuit(6, 12, int(rng.integers(1 << 31)), arrays=False)
            gate = base.controlled(num_controls, state)
            circuit.append(gate, qubits[: gate.num_qubits]).h(qubits[0])
            amplitudes = StatevectorSimulator().state_vector(circuit)
            matrix = simulator.density_matrix(circuit)
            np.testing.assert_allclose(matrix, np.outer(amplitudes, amplitudes.conj()), atol=tolerance)


@pytest.mark.parametrize("num_controls", [1, 2, 3])
def test_rotations_by_strings_under_controls(num_controls: int) -> None:
    rng = np.random.default_rng(num_controls)
    theta = Parameter("theta")
    for label in ("X", "YX", "ZZ", "XZY", "IYZ", "II"):
        num_qubits = len(label) + num_controls
        circuit = Circuit(num_qubits)
        for q in range(num_qubits):
            circuit.u(*rng.uniform(0.0, 3.0, 3), q)
        state = int(rng.integers(1 << num_controls))
        gate = PauliRotationGate(label, theta).controlled(num_controls, ctrl_state=state)
        circuit.append(gate, [int(q) for q in rng.permutation(num_qubits)])
        for q in range(num_qubits):
            circuit.u(*rng.uniform(0.0, 3.0, 3), q)
        circuit = circuit.bind({theta: 1.3})
        for simulator, tolerance in SIMULATORS:
            vector = circuit.to_matrix()[:, 0]
            np.testing.assert_allclose(
                simulator.density_matrix(circuit), np.outer(vector, vector.conj()), rtol=0.0, atol=10.0 * tolerance
            )


def test_standard_rotations_of_two_qubits_under_controls() -> None:
    for name in ("rxx", "ryy", "rzx", "rzz"):
        circuit = Circuit(3).h([0, 1, 2]).t([0, 1, 2]).append(StandardGate(name, [0.7]).controlled(1), [2, 0, 1])
        circuit.h([0, 1, 2])
        np.testing.assert_allclose(
            DOUBLE.probabilities(circuit), StatevectorSimulator().probabilities(circuit), rtol=0.0, atol=1e-12
        )
