"""Shots of noisy circuits on state vectors: distributions of density matrices, Aer and Cirq, whoever runs them."""

from __future__ import annotations

from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor

import cirq
import numpy as np
import pytest
from random_circuits import random_gate_circuit
from scipy.stats import chi2

from qtoolkit import Circuit, DensityMatrixSimulator, Parameter, StatevectorSimulator, to_qiskit
from qtoolkit.circuit import ReadoutError, UnitaryGate
from qtoolkit.errors import InputError
from qtoolkit.noise import (
    NoiseModel,
    amplitude_damping,
    bit_flip,
    depolarizing,
    pauli_channel,
    thermal_relaxation,
)
from qtoolkit.simulators.trajectories import runs
from qtoolkit.simulators.trajectories.noisy_shots import has_channels
from qtoolkit.simulators.trajectories.signed import signed_circuit
from qtoolkit.simulators.trajectories.stretches import stretches_of

SIMULATOR, EXACT = StatevectorSimulator(), DensityMatrixSimulator()
ODDS = 1e-4
"""Of a distribution that is right and yet refused, at a seed drawn at random; those of the tests are fixed."""


def assert_follows(counts: dict[str, int], probabilities: np.ndarray) -> None:
    """Chi squared, outcomes rarer than 5 counts together."""
    shots = sum(counts.values())
    num_bits = len(next(iter(counts)))
    found = np.array([counts.get(f"{k:0{num_bits}b}", 0) for k in range(1 << num_bits)], float)
    expected = probabilities * shots
    often = expected >= 5.0
    pairs = [*zip(found[often], expected[often], strict=True), (found[~often].sum(), expected[~often].sum())]
    pairs = [(count, mean) for count, mean in pairs if mean > 1e-9 * shots or count > 0]
    statistic = sum((count - mean) ** 2 / mean for count, mean in pairs)
    assert statistic < chi2.isf(ODDS, max(1, len(pairs) - 1))


def with_errors(circuit: Circuit, seed: int) -> Circuit:
    """The circuit with Pauli channels behind its gates, and all qubits measured."""
    rng = np.random.default_rng(seed)
    noisy = Circuit(circuit.num_qubits, circuit.num_qubits)
    kinds = [depolarizing(0.1), depolarizing(0.2, 2), pauli_channel({"Y": 0.1}), pauli_channel({"XZ": 0.1, "YI": 0.05})]
    for operation in circuit.operations:
        noisy.append(operation.gate, operation.qubits)
        channel = kinds[rng.integers(len(kinds))]
        if channel.num_qubits <= circuit.num_qubits:
            noisy.append(channel, [int(q) for q in rng.permutation(circuit.num_qubits)[: channel.num_qubits]])
    return noisy.measure(range(noisy.num_qubits), range(noisy.num_qubits))


@pytest.mark.parametrize("num_qubits", range(1, 6))
@pytest.mark.parametrize("in_lanes", [True, False])
def test_pauli_noise_on_every_gate_follows_the_density_matrix(
    num_qubits: int, in_lanes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "BATCH_QUBITS", 8 if in_lanes else 0)
    circuit = with_errors(random_gate_circuit(num_qubits, 12, seed=num_qubits, arrays=False), num_qubits)
    assert signed_circuit(SIMULATOR.compile(circuit).active, np.zeros(0)) is not None
    result = SIMULATOR.run(circuit, 4000, seed=num_qubits)
    assert_follows(dict(result.counts), EXACT.probabilities(circuit))


def test_errors_before_resets_and_measurements_on_the_way() -> None:
    """Bit 0 is read between two errors, bit 1 after a reset."""
    circuit = Circuit(2, 3).ry(0.8, 0).append(bit_flip(0.2), [0]).measure(0, 0).append(bit_flip(0.3), [0])
    circuit.cx(0, 1).measure(0, 1).append(bit_flip(0.4), [0]).reset(0).rx(0.3, 0).measure(0, 2)
    one, last = 0.5 - 0.5 * np.cos(0.8) * 0.6, 0.5 - 0.5 * np.cos(0.3)
    expected = np.zeros(8)
    for bits in range(8):
        first, second, third = bits & 1, bits >> 1 & 1, bits >> 2
        expected[bits] = (one if first else 1 - one) * (0.3 if first != second else 0.7) * (last if third else 1 - last)
    assert signed_circuit(SIMULATOR.compile(circuit), np.zeros(0)) is not None
    assert_follows(dict(SIMULATOR.run(circuit, 20_000, seed=2).counts), expected)


def test_only_different_signs_are_run() -> None:
    """Errors behind the last rotation flip bits and no angle; all shots are of one state."""
    circuit = Circuit(3, 3).ry(0.4, 0).cx(0, 1).cx(1, 2).append(depolarizing(0.5, 2), [0, 2]).h(1)
    circuit.measure([0, 1, 2], [0, 1, 2])
    signed = signed_circuit(SIMULATOR.compile(circuit), np.zeros(0))
    assert signed is not None
    drawn = runs.draw_errors(signed, 500, np.random.default_rng(1))
    assert not drawn.signs.any()
    assert drawn.flips[:, [0, 2]].any()
    assert_follows(dict(SIMULATOR.run(circuit, 20_000, seed=1).counts), EXACT.probabilities(circuit))


def test_parameters_idle_qubits_and_readout_errors() -> None:
    theta = Parameter("theta")
    circuit = Circuit(6, 2).rx(theta, 4).append(bit_flip(0.1), [4]).rz(theta, 4).measure([4, 1], [0, 1])
    circuit.readout_error(ReadoutError([[0.8, 0.2], [0.0, 1.0]]), 1)
    one = 0.5 - 0.5 * np.cos(1.1) * 0.8
    result = SIMULATOR.run(circuit, 20_000, seed=3, parameters={"theta": 1.1})
    assert_follows(dict(result.counts), np.kron([0.8, 0.2], [1 - one, one]))


def damped(num_qubits: int) -> Circuit:
    circuit = Circuit(num_qubits, num_qubits)
    for q in range(num_qubits):
        circuit.ry(0.7 + q, q).append(amplitude_damping(0.2), [q])
    for q in range(num_qubits - 1):
        circuit.cx(q, q + 1).append(depolarizing(0.1, 2), [q, q + 1])
    return circuit.measure(range(num_qubits), range(num_qubits))


def with_any_noise(num_qubits: int, seed: int) -> Circuit:
    rng = np.random.default_rng(seed)
    noisy = Circuit(num_qubits, num_qubits)
    kinds = [amplitude_damping(0.3), amplitude_damping(1.0), thermal_relaxation(1.0, 0.7, 0.4), depolarizing(0.2, 2)]
    for operation in random_gate_circuit(num_qubits, 10, seed=seed, arrays=False).operations:
        noisy.append(operation.gate, operation.qubits)
        channel = kinds[rng.choice(4, p=[0.4, 0.05, 0.25, 0.3])]
        if channel.num_qubits <= num_qubits:
            noisy.append(channel, [int(q) for q in rng.permutation(num_qubits)[: channel.num_qubits]])
    return noisy.measure(range(num_qubits), range(num_qubits))


@pytest.mark.parametrize("num_qubits", range(1, 6))
@pytest.mark.parametrize("precision", ["double", "single"])
def test_any_noise_follows_the_density_matrix(num_qubits: int, precision: str) -> None:
    circuit = with_any_noise(num_qubits, num_qubits)
    simulator = StatevectorSimulator(precision)
    assert stretches_of(simulator.compile(circuit).active, np.zeros(0)) is not None
    result = simulator.run(circuit, 4000, seed=num_qubits)
    assert_follows(dict(result.counts), EXACT.probabilities(circuit))


def test_what_a_channel_leaves_is_the_probability_of_no_jump() -> None:
    """Three damped qubits in |1⟩, each still there with probability 0.9."""
    circuit = Circuit(3, 3).x([0, 1, 2])
    for qubit in range(3):
        circuit.append(amplitude_damping(0.1), [qubit])
    circuit.cx(0, 1).cx(0, 1).measure([0, 1, 2], [0, 1, 2])
    stay = np.array([0.1, 0.9])
    counts = SIMULATOR.run(circuit, 20_000, seed=11).counts
    assert_follows(dict(counts), np.kron(np.kron(stay, stay), stay))


@pytest.mark.parametrize("circuit", [damped(3), with_errors(random_gate_circuit(3, 8, seed=1, arrays=False), 1)])
def test_results_do_not_depend_on_who_runs_them(circuit: Circuit) -> None:
    def with_executor(executor: Executor) -> np.ndarray:
        with executor:
            return SIMULATOR.run(circuit, 700, seed=9, executor=executor).memory

    alone = with_executor(ThreadPoolExecutor(1))
    assert np.array_equal(alone, with_executor(ThreadPoolExecutor(3)))
    assert_follows(dict(SIMULATOR.run(circuit, 8000, seed=4).counts), EXACT.probabilities(circuit))


@pytest.mark.slow
def test_processes_run_them_as_well() -> None:
    for circuit in (damped(3), with_errors(random_gate_circuit(3, 8, seed=1, arrays=False), 1)):
        with ProcessPoolExecutor(2) as processes, ThreadPoolExecutor(2) as threads:
            found = [SIMULATOR.run(circuit, 300, seed=9, executor=e).memory for e in (processes, threads)]
        assert np.array_equal(*found)


def test_what_noise_makes_no_signs_of_is_left_to_branches() -> None:
    plans = [
        damped(2),
        Circuit(2, 1).append(bit_flip(0.1), [0]).measure(0, 0).if_(0, lambda body: body.x(1)).measure(1, 0),
        Circuit(2, 1).append(UnitaryGate(np.diag(np.exp(1j * np.arange(4) ** 2))), [0, 1]).append(bit_flip(0.1), [0]),
    ]
    for circuit in plans:
        plan = SIMULATOR.compile(circuit)
        assert has_channels(plan.steps)
        assert signed_circuit(plan, np.zeros(0)) is None


def test_shots_agree_with_aer_and_cirq() -> None:
    from qiskit_aer import AerSimulator
    from qiskit_aer.noise import NoiseModel as AerModel
    from qiskit_aer.noise import depolarizing_error

    rng, line = np.random.default_rng(8), cirq.LineQubit.range(4)
    circuit, theirs = Circuit(4, 4), []
    for _ in range(3):
        for q in range(4):
            angle = rng.uniform(0, 6)
            circuit.ry(angle, q)
            theirs += [cirq.ry(angle)(line[q]), cirq.depolarize(0.03)(line[q])]
        for q in range(3):
            circuit.cx(q, q + 1)
            theirs += [cirq.CNOT(line[q], line[q + 1]), cirq.depolarize(0.06, 2)(line[q], line[q + 1])]
    circuit.measure(range(4), range(4))
    noise = NoiseModel().add(depolarizing(0.03), gates="ry").add(depolarizing(0.06, 2), gates="cx")
    shots = 20_000
    ours = SIMULATOR.run(circuit, shots, seed=1, noise=noise).counts
    simulator = cirq.DensityMatrixSimulator(dtype=np.complex128)
    matrix = simulator.simulate(cirq.Circuit(theirs), qubit_order=line[::-1]).final_density_matrix
    assert_follows(dict(ours), np.diag(matrix).real)
    model = AerModel()
    model.add_all_qubit_quantum_error(depolarizing_error(0.03 * 4 / 3, 1), ["ry"])
    model.add_all_qubit_quantum_error(depolarizing_error(0.06 * 16 / 15, 2), ["cx"])
    aer = AerSimulator(method="statevector", noise_model=model)
    assert_follows(
        aer.run(to_qiskit(circuit), shots=shots, seed_simulator=3).result().get_counts(), np.diag(matrix).real
    )


def test_an_executor_is_one() -> None:
    with pytest.raises(InputError, match=r"concurrent.futures.Executor"):
        SIMULATOR.run(damped(2), 5, executor=4)
