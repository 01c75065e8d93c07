"""Gradients in a sector against the full space's adjoint method and differences."""

import numpy as np
import pytest
from sector_circuits import random_sector_circuit

from qtoolkit import Circuit, ParameterVector, PauliSum, StatevectorSimulator
from qtoolkit.algorithms import CompleteXYMixer, GroverMixer, RingXYMixer, dicke_circuit, qaoa_circuit
from qtoolkit.simulators import SectorSimulator
from qtoolkit_kernels import sector as kernels

FULL = StatevectorSimulator()


def random_observable(num_qubits, seed, diagonal=False):
    rng = np.random.default_rng(seed)
    letters = list("IZ" if diagonal else "IIXYZ")
    labels = ["".join(rng.choice(letters, num_qubits)) for _ in range(40)]
    return PauliSum.from_list([(label, float(rng.normal())) for label in labels])


@pytest.mark.parametrize("seed", range(8))
def test_random_circuits_against_the_full_space(seed):
    num_qubits, weight = 5 + seed % 3, 2 + seed % 2
    parameters = ParameterVector("t", 5)
    circuit = random_sector_circuit(num_qubits, weight, 40, seed, parameters)
    simulator = SectorSimulator(weight)
    values = np.random.default_rng(seed).uniform(-1, 1, circuit.num_parameters)
    for diagonal in (False, True):
        observable = random_observable(num_qubits, seed, diagonal)
        value, gradient = simulator.gradient(circuit, observable, values)
        expected_value, expected = FULL.gradient(circuit, observable, values)
        assert value == pytest.approx(expected_value, abs=1e-12)
        np.testing.assert_allclose(gradient, expected, atol=1e-10)
        assert np.abs(gradient).max() > 0.01
    vector = simulator.diagonal(observable)
    np.testing.assert_allclose(simulator.gradient(circuit, vector, values)[1], gradient, atol=1e-12)


@pytest.mark.parametrize("seed", [20, 21])
def test_random_circuits_against_differences(seed):
    circuit = random_sector_circuit(6, 3, 40, seed, ParameterVector("t", 4))
    simulator = SectorSimulator(3)
    plan = simulator.compile(circuit)
    observable = random_observable(6, seed)
    values = np.random.default_rng(seed).uniform(-1, 1, circuit.num_parameters)
    _, gradient = simulator.gradient(plan, observable, values)
    for j, shift in enumerate(1e-5 * np.eye(values.size)):
        above = simulator.expectation_value(plan, observable, values + shift)
        below = simulator.expectation_value(plan, observable, values - shift)
        assert gradient[j] == pytest.approx((above - below) / 2e-5, abs=2e-7)


@pytest.mark.parametrize("mixer", [RingXYMixer, CompleteXYMixer])
@pytest.mark.parametrize(("num_qubits", "weight"), [(8, 3), (7, 2), (3, 3)])
def test_qaoa_circuits(mixer, num_qubits, weight):
    check_qaoa(mixer(num_qubits), num_qubits, weight)


@pytest.mark.parametrize(("num_qubits", "weight"), [(8, 3), (6, 1), (5, 4)])
def test_grover_mixers_become_reflections(num_qubits, weight):
    mixer = GroverMixer(dicke_circuit(num_qubits, weight), conserves_hamming_weight=True)
    kinds = check_qaoa(mixer, num_qubits, weight)
    assert kinds.count(kernels.REFLECTION) == 2


def check_qaoa(mixer, num_qubits, weight):
    rng = np.random.default_rng(num_qubits)
    cost = random_observable(num_qubits, weight, diagonal=True)
    circuit = qaoa_circuit(cost, mixer, dicke_circuit(num_qubits, weight), 2)
    values = rng.normal(size=4)
    simulator = SectorSimulator(weight)
    plan = simulator.compile(circuit)
    state = simulator.embed(simulator.state_vector(plan, values), num_qubits)
    np.testing.assert_allclose(state, FULL.state_vector(circuit, values), atol=1e-13)
    value, gradient = simulator.gradient(plan, cost, values)
    expected_value, expected = FULL.gradient(circuit, cost, values)
    assert value == pytest.approx(expected_value, abs=1e-12)
    np.testing.assert_allclose(gradient, expected, atol=1e-11)
    return plan.program.kinds.tolist()


def test_one_vector_serves_all_cost_layers():
    cost = random_observable(8, 1, diagonal=True)
    plan = SectorSimulator(3).compile(qaoa_circuit(cost, RingXYMixer(8), dicke_circuit(8, 3), 5))
    assert plan.program.operations.layers.vectors.shape == (1, 56)
    assert plan.program.kinds.tolist().count(kernels.PHASES) == 5


def test_circuits_without_parameters_and_unused_values():
    circuit = Circuit(4).x([0, 1]).swap(0, 2)
    value, gradient = SectorSimulator(2).gradient(circuit, PauliSum.from_list([("IZII", 1.0)]), [])
    assert value == pytest.approx(-1.0)
    assert gradient.shape == (0,)


def test_single_precision():
    circuit = random_sector_circuit(6, 3, 30, 2, ParameterVector("t", 4))
    values = np.random.default_rng(2).uniform(-1, 1, circuit.num_parameters)
    observable = random_observable(6, 2)
    _, gradient = SectorSimulator(3, precision="single").gradient(circuit, observable, values)
    np.testing.assert_allclose(gradient, SectorSimulator(3).gradient(circuit, observable, values)[1], atol=1e-3)
