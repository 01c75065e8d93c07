"""Searches that begin or end where the gradient vanishes, and energies that are noisy."""

import dataclasses
import itertools

import numpy as np
import pytest

from qtoolkit import Circuit, Parameter, ParameterVector, PauliSum, StatevectorSimulator
from qtoolkit.algorithms import COBYLA, LBFGSB, QAOA, SPSA, VQE, Adam, NelderMead, Schedule
from qtoolkit.backends import SamplingEstimator
from qtoolkit.errors import InputError

Z = PauliSum.from_list([("Z", 1.0)])


def rotation():
    return Circuit(1).rx(Parameter("a"), 0)


def product_of_cosines(count):
    """``cos θ_0 cos θ_1 …``: its curvature at θ = π/2 is indefinite for two angles, and vanishes for more."""
    theta = ParameterVector("θ", count)
    circuit = Circuit(count)
    for qubit in range(count):
        circuit.ry(theta[qubit], qubit)
    return circuit, PauliSum.from_list([("Z" * count, 1.0)])


@pytest.mark.parametrize(
    "optimizer",
    [LBFGSB(), Adam(), COBYLA(), NelderMead(), SPSA(seed=3)],
    ids=lambda optimizer: type(optimizer).__name__,
)
def test_no_optimizer_stays_at_the_maximum_where_it_starts(optimizer):
    result = VQE(rotation(), Z, optimizer=optimizer).run()
    assert result.history[0] > 0.99
    assert result.energy == pytest.approx(-1.0, abs=1e-2 if isinstance(optimizer, SPSA) else 1e-9)
    assert result.converged == (not isinstance(optimizer, SPSA))


def test_the_result_says_that_a_maximum_was_left():
    result = VQE(rotation(), Z).run()
    assert result.num_escapes == 1
    assert "left a maximum or saddle point 1 time" in result.message
    assert len(result.history) == result.num_evaluations
    assert (result.history[0], result.history.min()) == (1.0, result.energy)
    assert result.gradient_norm < 1e-6
    assert result.num_probes > 0
    assert result.seed == 0


def test_a_saddle_that_symmetry_leads_to_is_left():
    circuit, observable = product_of_cosines(2)
    result = VQE(circuit, observable).run([0.3, 0.3])  # equal angles stay equal, and cos² is least at π/2
    assert result.num_escapes == 1
    assert abs(result.history[: result.num_evaluations // 2]).min() < 1e-6
    assert result.energy == pytest.approx(-1.0, abs=1e-9)
    assert result.converged


@pytest.mark.parametrize("optimizer", [LBFGSB(), COBYLA()], ids=["LBFGSB", "COBYLA"])
def test_a_start_where_the_curvature_vanishes_too_is_left(optimizer):
    circuit, observable = product_of_cosines(4)
    start = np.full(4, np.pi / 2)
    assert VQE(circuit, observable).energy_and_gradient(start)[1] == pytest.approx(0.0, abs=1e-12)
    result = VQE(circuit, observable, optimizer=optimizer).run(start)
    assert result.energy == pytest.approx(-1.0, abs=1e-6)
    assert result.converged


def test_one_falling_direction_among_many_is_found():
    """Of ten angles, one is at its maximum, the others at their minima."""
    count = 10
    theta = ParameterVector("θ", count)
    circuit = Circuit(count)
    for qubit in range(count):
        circuit.ry(theta[qubit], qubit)
    terms = [("I" * (count - 1 - qubit) + "Z" + "I" * qubit, 1.0 + 0.2 * qubit) for qubit in range(count)]
    start = np.full(count, np.pi)
    start[4] = 0.0
    result = VQE(circuit, PauliSum.from_list(terms)).run(start)
    assert result.num_escapes == 1
    assert result.energy == pytest.approx(-sum(weight for _, weight in terms), abs=1e-9)


def test_runs_repeat_with_their_seed():
    circuit, observable = product_of_cosines(3)
    vqe, start = VQE(circuit, observable), np.full(3, np.pi / 2)
    first, again = vqe.run(start, seed=5), vqe.run(start, seed=5)
    np.testing.assert_array_equal(first.parameters, again.parameters)
    np.testing.assert_array_equal(first.history, again.history)
    assert first.seed == again.seed == 5
    assert any(not np.array_equal(first.parameters, vqe.run(start, seed=seed).parameters) for seed in range(6, 10))
    drawn = vqe.run(start, seed=None)
    np.testing.assert_array_equal(drawn.parameters, vqe.run(start, seed=drawn.seed).parameters)
    assert vqe.run(start, seed=np.random.default_rng(1)).seed is None
    with pytest.raises(InputError, match="a seed is an integer, a numpy Generator or None, got 'one'"):
        vqe.run(start, seed="one")


@pytest.mark.parametrize("precision", ["double", "single"])
def test_a_minimum_costs_no_evaluation_more_than_the_optimizer_takes(precision):
    vqe = VQE(rotation(), Z, estimator=StatevectorSimulator(precision))
    alone = LBFGSB().minimize(vqe.energy, [0.4], value_and_gradient=vqe.energy_and_gradient)
    result = vqe.run([0.4])
    assert (result.num_escapes, result.num_evaluations) == (0, alone.num_evaluations)
    assert result.message == alone.message
    at_minimum = vqe.run([np.pi])
    assert (at_minimum.num_escapes, at_minimum.converged) == (0, True)
    assert at_minimum.energy == pytest.approx(-1.0, abs=1e-6)


def test_the_budget_holds_for_all_searches_together():
    for budget in (1, 2, 3, 5):
        result = VQE(rotation(), Z, optimizer=LBFGSB(max_evaluations=budget)).run()
        assert result.num_evaluations <= budget
        assert not result.converged


def test_a_callback_sees_one_numbered_record_and_stops_it():
    seen = []
    VQE(rotation(), Z).run(callback=seen.append)
    assert [evaluation.number for evaluation in seen] == list(range(1, len(seen) + 1))
    assert all(b.best_value <= a.best_value for a, b in itertools.pairwise(seen))
    stopped = VQE(rotation(), Z).run(callback=lambda evaluation: evaluation.number == 3)
    assert stopped.num_evaluations == 3
    assert not stopped.converged


def test_qaoa_leaves_angles_of_zero():
    ring = PauliSum.from_list([("IIZZ", 1.0), ("IZZI", 1.0), ("ZZII", 1.0), ("ZIIZ", 1.0)])
    result = QAOA(ring, 1).run(Schedule((0.0,), (0.0,)), seed=1)
    usual = QAOA(ring, 1).run(seed=1)
    assert result.history[0] == pytest.approx(0.0)
    assert result.num_escapes == 1
    assert result.value == pytest.approx(usual.value, abs=1e-5)
    assert (result.standard_error, usual.num_escapes) == (None, 0)


def noisy_vqe(seed):
    theta = ParameterVector("θ", 2)
    circuit = Circuit(2).ry(theta[0], 0).cx(0, 1).ry(theta[1], 1)
    hamiltonian = PauliSum.from_list([("ZZ", 1.0), ("XI", 0.7), ("IX", 0.3)])
    estimator = SamplingEstimator(StatevectorSimulator(), shots=100, seed=seed)
    return VQE(circuit, hamiltonian, estimator=estimator, optimizer=COBYLA(max_evaluations=40)), circuit, hamiltonian


def test_a_noisy_energy_is_a_fresh_estimate_with_its_standard_error():
    pulls, lowest = [], []
    for seed in range(5):
        vqe, circuit, hamiltonian = noisy_vqe(seed)
        result = vqe.run([0.3, 0.2])
        exact = StatevectorSimulator().expectation_value(circuit, hamiltonian, result.parameters)
        pulls.append((result.energy - exact) / result.standard_error)
        lowest.append((result.history.min() - exact) / result.standard_error)
        assert not result.converged
        assert "standard error" in result.message
        assert result.num_evaluations == len(result.history) + 1
    assert np.abs(pulls).max() < 4.5
    assert abs(np.mean(pulls)) < 4.5 / np.sqrt(len(pulls))
    assert np.mean(lowest) < -4.5 / np.sqrt(len(pulls))  # what the lowest of noisy values would have been


def test_noise_of_an_estimator_that_says_nothing_of_it_is_found():
    class Noisy:
        def __init__(self):
            self.rng = np.random.default_rng(7)
            self.calls = 0

        def expectation_value(self, circuit, observable, parameters=None):
            self.calls += 1
            exact = StatevectorSimulator().expectation_value(circuit, observable, parameters)
            return exact + 0.05 * self.rng.normal()

    estimator = Noisy()
    result = VQE(rotation(), Z, estimator=estimator, optimizer=COBYLA(max_evaluations=30)).run([1.0])
    assert result.num_evaluations == estimator.calls == len(result.history) + 8
    assert 0.005 < result.standard_error < 0.05
    assert abs(result.energy - np.cos(result.parameters[0])) < 4.5 * 0.05 / np.sqrt(8)
    assert not result.converged


def test_the_lowest_of_several_noisy_starts_is_estimated_once_more():
    class Recording(SamplingEstimator):
        def __init__(self):
            super().__init__(StatevectorSimulator(), shots=20, seed=5)
            self.estimates = []

        def estimate(self, circuit, observable, parameters=None, seed=None):
            found = super().estimate(circuit, observable, parameters, seed)
            self.estimates.append((tuple(parameters), found))
            return found

    estimator = Recording()
    cost = PauliSum.from_list([("IZZ", 1.0), ("ZZI", 1.0), ("IIZ", 0.5)])
    qaoa = QAOA(cost, 1, estimator=estimator, sampler=StatevectorSimulator(), optimizer=COBYLA(15))
    result = qaoa.run(num_starts=6, seed=1, shots=10)
    parameters, last = estimator.estimates[-1]
    assert result.value == last.value * qaoa.cost_scale
    assert result.standard_error == last.standard_error * qaoa.cost_scale
    earlier = [found for given, found in estimator.estimates[:-1] if given == parameters]
    assert len(earlier) >= 2  # by the optimiser, and fresh, by which it was chosen
    assert last.value not in [found.value for found in earlier]


def test_the_value_of_noisy_qaoa_is_a_fresh_estimate():
    ring = PauliSum.from_list([("IZZ", 1.0), ("ZZI", 2.0), ("ZIZ", 1.0)])
    estimator = SamplingEstimator(StatevectorSimulator(), shots=100, seed=3)
    qaoa = QAOA(ring, 1, estimator=estimator, sampler=StatevectorSimulator(), optimizer=COBYLA(max_evaluations=40))
    result = qaoa.run(seed=2)
    exact = QAOA(ring, 1).value(result.schedule)
    assert result.value != result.history.min()
    assert 0.0 < result.standard_error < 0.5
    assert abs(result.value - exact) < 4.5 * result.standard_error
    assert not result.converged


@pytest.mark.parametrize("wrong", [np.zeros(1), np.zeros((2, 2)), "-1", None, 1j, True])
def test_estimators_return_one_real_number(wrong):
    class Wrong:
        def expectation_value(self, circuit, observable, parameters=None):
            return wrong

    with pytest.raises(InputError, match="an expectation value must be a finite number, got"):
        VQE(rotation(), Z, estimator=Wrong()).run([0.1])


def test_gradients_are_real_numbers():
    with pytest.raises(InputError, match="a gradient must be an array of real numbers, got entries of type complex128"):
        LBFGSB().minimize(np.sum, [1.0], value_and_gradient=lambda x: (0.0, np.array([1j])))


@pytest.mark.parametrize("start", [["a"], [None], [[0.1]], [np.nan], [1j]])
def test_starts_are_finite_vectors(start):
    with pytest.raises(InputError, match="parameters must"):
        VQE(rotation(), Z).run(start)


def test_optimizers_return_results_of_their_own():
    class Returning:
        needs_gradient = False

        def __init__(self, change):
            self.change = change

        def minimize(self, objective, initial_parameters, *, value_and_gradient=None, callback=None):
            return self.change(COBYLA().minimize(objective, initial_parameters))

    def run(change):
        return VQE(rotation(), Z, optimizer=Returning(change)).run([1.0])

    assert run(lambda found: found).energy == pytest.approx(-1.0, abs=1e-9)
    with pytest.raises(InputError, match=r"Returning.minimize must return an OptimizationResult, got None"):
        run(lambda found: None)
    with pytest.raises(InputError, match=r"the parameters that Returning returns must have shape \(1,\), got \(2,\)"):
        run(lambda found: dataclasses.replace(found, parameters=np.zeros(2)))
