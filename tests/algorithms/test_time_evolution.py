"""Exact propagation, qDRIFT, and expectation values over time."""

import math

import numpy as np
import pytest
from scipy.linalg import expm

from qtoolkit import Circuit, PauliSum, StatevectorSimulator
from qtoolkit.algorithms.dynamics import ProductFormula, QDrift, evolve, qdrift_circuit
from qtoolkit.algorithms.dynamics.propagation import propagated
from qtoolkit.backends import SamplingEstimator
from qtoolkit.circuit import KrausChannel, UnitaryGate
from qtoolkit.errors import ConvergenceError, InputError
from qtoolkit.noise import diamond_distance

ISING = PauliSum.from_list([("IZZ", -1.0), ("ZZI", -1.0), ("IIX", -0.6), ("IXI", -0.6), ("XII", -0.6), ("III", 0.5)])
OBSERVABLES = [PauliSum.from_list([("IIZ", 1.0)]), PauliSum.from_list([("XIX", 0.5), ("ZZI", -0.3)])]
PREPARATION = Circuit(3).h(0).cx(0, 1)
TIMES = [0.0, 0.5, 1.3, -0.4]


def exact_values(times=TIMES):
    start = PREPARATION.to_matrix()[:, 0]
    states = [expm(-1j * t * ISING.to_matrix()) @ start for t in times]
    return np.array([[np.vdot(s, o.to_matrix() @ s).real for o in OBSERVABLES] for s in states])


@pytest.mark.parametrize("time", [0.0, 0.3, -2.0, 40.0])
@pytest.mark.parametrize("size", [1, 2, 7, 120])
def test_propagation_is_the_matrix_exponential(size, time):
    rng = np.random.default_rng(size)
    matrix = rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size))
    matrix = matrix + matrix.conj().T
    state = rng.normal(size=size) + 1j * rng.normal(size=size)
    state /= np.linalg.norm(state)
    found = propagated(lambda vector: matrix @ vector, state, time, 1e-9)
    expected = expm(-1j * time * matrix) @ state
    assert np.linalg.norm(found.state - expected) <= found.error + 1e-11 * (1 + abs(time))
    assert found.error <= 1e-9


def test_propagation_reports_the_error_it_makes():
    rng = np.random.default_rng(3)
    matrix = rng.normal(size=(150, 150))
    matrix = matrix + matrix.T
    state = np.eye(150)[0]
    found = propagated(lambda vector: matrix @ vector, state, 2.0, 1e-3)
    error = np.linalg.norm(found.state - expm(-2j * matrix) @ state)
    assert 1e-9 < error <= found.error <= 1e-3


def test_propagation_refuses_what_is_not_finite():
    with pytest.raises(ConvergenceError, match="finite Hamiltonian"):
        propagated(lambda vector: vector * np.nan, np.ones(4) / 2, 1.0, 1e-8)


def test_exact_evolution():
    found = evolve(ISING, PREPARATION, TIMES, OBSERVABLES, method="exact")
    assert np.allclose(found.values, exact_values(), atol=1e-10)
    assert (np.abs(found.values - exact_values()) <= found.error_bounds + 1e-13).all()
    assert found.standard_errors is None
    assert found.steps is None
    assert found.seed is None


@pytest.mark.parametrize("order", [1, 2, 4])
def test_product_formulas_stay_within_their_bounds(order):
    found = evolve(ISING, PREPARATION, TIMES, OBSERVABLES, order=order, steps=12)
    assert np.allclose(found.exact_values, exact_values(), atol=1e-9)
    assert (np.abs(found.errors) <= found.error_bounds + 1e-9).all()
    assert found.steps == (1, 5, 12, 4)
    assert np.abs(found.errors[2]).max() > 1e-7
    assert found.values.shape == (4, 2)


def test_steps_follow_from_the_error():
    found = evolve(ISING, PREPARATION, 1.0, OBSERVABLES[0], error=1e-3, compare=False)
    assert found.steps == (ProductFormula(ISING).steps_for(1.0, 1e-3),)
    assert found.state_errors[0] <= 1e-3
    assert found.exact_values is None
    assert found.errors is None
    assert abs(found.values[0, 0] - exact_values([1.0])[0, 0]) <= found.error_bounds[0, 0]


def test_shots_give_standard_errors():
    estimator = SamplingEstimator(StatevectorSimulator(), 4000, seed=5)
    found = evolve(ISING, PREPARATION, [1.0], OBSERVABLES, steps=20, estimator=estimator)
    assert found.standard_errors.shape == (1, 2)
    assert (np.abs(found.errors) < 5 * found.standard_errors + found.error_bounds).all()
    assert (np.abs(found.errors) > 0).all()


def test_qdrift_averages_to_the_evolution():
    found = evolve(ISING, PREPARATION, [0.6], OBSERVABLES, method="qdrift", steps=60, num_circuits=400, seed=7)
    slack = QDrift(ISING).error_bound(0.6, 60) * np.array([1.0, 0.8])
    assert np.allclose(found.error_bounds, np.minimum(slack, [2.0, 1.6]))
    # the bound is loose, the mean far better: what is seen is the scatter of the circuits
    assert (np.abs(found.errors) < 4 * found.standard_errors + 0.1 * slack).all()
    assert (found.standard_errors > 1e-4).all()
    again = evolve(ISING, PREPARATION, [0.6], OBSERVABLES, method="qdrift", steps=60, num_circuits=400, seed=7)
    assert np.array_equal(found.values, again.values)
    assert found.seed == 7


def test_the_mean_channel_of_qdrift_is_within_its_bound():
    hamiltonian = PauliSum.from_list([("X", 0.6), ("Z", -0.4), ("Y", 0.2)])
    drift, time, samples = QDrift(hamiltonian), 0.5, 6
    turns = [
        math.sqrt(abs(c)) * expm(-1j * np.sign(c.real) * 1.2 * time / samples * string.to_matrix())
        for string, c in hamiltonian
    ]
    step = KrausChannel([turn / math.sqrt(1.2) for turn in turns])
    mean = step
    for _ in range(samples - 1):
        mean = mean.compose(step)
    exact = UnitaryGate(expm(-1j * time * hamiltonian.to_matrix()))
    distance = diamond_distance(mean, exact)
    assert 0.01 < distance <= drift.error_bound(time, samples)
    count = drift.samples_for(time, 0.05)
    assert drift.error_bound(time, count) <= 0.05 < drift.error_bound(time, count - 1)


def test_a_qdrift_circuit_has_its_rotations_from_the_weights():
    hamiltonian = PauliSum.from_list([("ZI", 0.9), ("XX", -0.3), ("II", 0.4)])
    circuit = qdrift_circuit(hamiltonian, 0.5, 4000, seed=1)
    angles = {"Z": 0.0, "XX": 0.0}
    for operation in circuit:
        if operation.gate.name == "pauli_rotation":
            angles[operation.gate.label] += operation.gate.params[0]
    # 2 c t each, to the scatter of the draws
    assert angles["Z"] == pytest.approx(0.9, abs=0.03)
    assert angles["XX"] == pytest.approx(-0.3, abs=0.03)
    assert qdrift_circuit(hamiltonian, 0.5, 100, seed=2) == qdrift_circuit(hamiltonian, 0.5, 100, seed=2)
    plain = qdrift_circuit(hamiltonian, 0.5, 9, seed=2).to_matrix()
    switched = qdrift_circuit(hamiltonian, 0.5, 9, seed=2, controlled=True).to_matrix()
    assert np.allclose(switched, np.kron(np.diag([1, 0]), np.eye(4)) + np.kron(np.diag([0, 1]), plain))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "magic"}, "one of exact, trotter, qdrift"),
        ({"times": []}, "times are one number or several"),
        ({"times": [math.nan]}, "times must be finite"),
        ({"observables": []}, "at least one observable"),
        ({"observables": PauliSum.from_list([("Z", 1.0)])}, "the Hamiltonian's 3 qubits, got 1"),
        ({"preparation": Circuit(2)}, "the Hamiltonian's 3 qubits, got 2"),
        ({"steps": 0}, "steps must be an integer of at least 1"),
        ({"num_circuits": 1}, "num_circuits must be an integer of at least 2"),
        ({"tolerance": 0.0}, "tolerance must be"),
        ({"error": 3.0}, "error must be a positive number"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    arguments = {"preparation": PREPARATION, "times": [0.1], "observables": OBSERVABLES} | change
    with pytest.raises(InputError, match=message):
        evolve(ISING, **arguments)
