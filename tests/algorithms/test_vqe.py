"""VQE on small Hamiltonians whose ground energy is known."""

import numpy as np
import pytest

from qtoolkit import Circuit, ParameterVector, PauliSum, StatevectorSimulator
from qtoolkit.algorithms import COBYLA, VQE, Adam
from qtoolkit.errors import InputError, OperatorError
from qtoolkit.primitives import DifferentiableEstimator

ISING = PauliSum.from_list([("IZZ", -1.0), ("ZZI", -1.0), ("IIX", -0.6), ("IXI", -0.6), ("XII", -0.6)])
GROUND_ENERGY = float(np.linalg.eigvalsh(ISING.to_matrix())[0])


def ansatz():
    theta = ParameterVector("θ", 9)
    circuit = Circuit(3)
    for layer in range(3):
        for qubit in range(3):
            circuit.ry(theta[3 * layer + qubit], qubit)
        if layer < 2:
            circuit.cx(0, 1).cx(1, 2)
    return circuit


START = np.random.default_rng(2).normal(size=9)


class ValuesOnly:
    """An estimator without gradients, as a backend is."""

    def __init__(self):
        self.simulator = StatevectorSimulator()

    def expectation_value(self, circuit, observable, parameters=None):
        assert isinstance(circuit, Circuit)
        assert isinstance(observable, PauliSum)
        return self.simulator.expectation_value(circuit, observable, parameters)


def test_reaches_the_ground_energy_with_adjoint_gradients():
    result = VQE(ansatz(), ISING).run(START, exact_energy=GROUND_ENERGY)
    assert result.converged, result.message
    assert result.optimizer == "LBFGSB"
    assert result.gap == pytest.approx(0.0, abs=1e-8)
    assert result.gap > -1e-12
    assert result.gradient_norm < 1e-4
    assert result.energy == result.history.min()
    assert len(result.history) == result.num_evaluations
    assert VQE(ansatz(), ISING).energy(result.parameters) == pytest.approx(result.energy, abs=1e-12)


def test_values_alone_are_enough():
    estimator = ValuesOnly()
    assert not isinstance(estimator, DifferentiableEstimator)
    result = VQE(ansatz(), ISING, estimator=estimator).run(START)
    assert result.optimizer == "COBYLA"
    assert result.energy == pytest.approx(GROUND_ENERGY, abs=1e-4)
    assert result.gradient_norm is None
    assert result.gap is None


def test_an_estimator_without_gradients_gets_them_by_parameter_shifts():
    shifted = VQE(ansatz(), ISING, estimator=ValuesOnly(), optimizer=Adam(max_evaluations=4)).run(START)
    adjoint = VQE(ansatz(), ISING, optimizer=Adam(max_evaluations=4)).run(START)
    np.testing.assert_allclose(shifted.history, adjoint.history, atol=1e-12)
    assert shifted.gradient_norm == pytest.approx(adjoint.gradient_norm)


def test_a_gradient_free_run_on_the_simulator_reports_the_gradient_norm():
    vqe = VQE(ansatz(), ISING, optimizer=COBYLA(max_evaluations=30))
    result = vqe.run(START)
    assert not result.converged
    assert result.gradient_norm == pytest.approx(np.linalg.norm(vqe.energy_and_gradient(result.parameters)[1]))


def test_diagonal_hamiltonians_and_starts_at_zero():
    diagonal = PauliSum.from_list([("IZ", 1.0), ("ZI", 0.5)])
    theta = ParameterVector("θ", 2)
    vqe = VQE(Circuit(2).ry(theta[0], 0).ry(theta[1], 1), diagonal)
    assert vqe.num_parameters == 2
    assert vqe.energy([0.0, 0.0]) == pytest.approx(1.5)
    assert vqe.run().energy == pytest.approx(-1.5, abs=1e-9)  # although the energy is stationary at zero
    assert vqe.run([0.1, 0.2]).energy == pytest.approx(-1.5, abs=1e-9)


def test_the_callback_stops_the_run():
    result = VQE(ansatz(), ISING).run(START, callback=lambda evaluation: evaluation.number >= 3)
    assert result.num_evaluations == 3
    assert not result.converged


def test_bad_input_is_refused():
    with pytest.raises(InputError, match="circuit's 2 qubits, got 3"):
        VQE(Circuit(2), ISING)
    with pytest.raises(OperatorError, match="Hermitian"):
        VQE(ansatz(), ISING * 1j)
    with pytest.raises(InputError, match="one entry for each of 9, got shape"):
        VQE(ansatz(), ISING).run([0.1])
    with pytest.raises(InputError, match="exact_energy must be finite"):
        VQE(ansatz(), ISING).run(START, exact_energy=float("nan"))
