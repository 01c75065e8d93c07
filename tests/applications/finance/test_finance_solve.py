"""QAOA on portfolio problems: what it finds, and whether its evidence is true."""

import numpy as np
import pytest

from qtoolkit import StatevectorSimulator
from qtoolkit.algorithms import COBYLA, LBFGSB, QAOA, CompleteXYMixer, RingXYMixer
from qtoolkit.applications.finance import PortfolioProblem, exact_selection, load_sp500_returns, select_assets
from qtoolkit.errors import InputError


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(11)
    factors = rng.normal(size=(8, 8)) * 0.01
    return PortfolioProblem(rng.normal(size=8) * 1e-3, factors @ factors.T, 0.5, 3, tuple("ABCDEFGH"))


@pytest.mark.parametrize("form", ["ring", "complete", "penalty"])
def test_every_form_beats_random_choices_and_says_so_truly(problem, form):
    progress = []
    result = select_assets(
        problem,
        form=form,
        seed=1,
        estimator=StatevectorSimulator(),
        progress=lambda done, total: progress.append((done, total)),
    )
    exact = exact_selection(problem)
    assert result.exact.best == exact.best
    assert result.value == problem.value(result.assets)
    assert result.gap == result.value - exact.value >= 0.0
    assert len(result.assets) == 3
    assert result.approximation_ratio > result.random_approximation_ratio
    assert result.probability_of_optimum > result.random_probability_of_optimum == 1 / 56
    assert progress[-1][0] == progress[-1][1] == 44
    assert [done for done, _ in progress] == sorted(done for done, _ in progress)
    assert result.num_evaluations == 4 + len(result.history)

    mixer = {"ring": RingXYMixer(8), "complete": CompleteXYMixer(8), "penalty": None}[form]
    cost = problem.cost_hamiltonian()
    scale = exact.standard_deviation
    if form == "penalty":
        assert result.penalty == problem.sufficient_penalty()
        cost = cost + problem.penalty_hamiltonian(result.penalty)
        scale = result.penalty
    circuit = QAOA(cost, 3, mixer=mixer, hamming_weight=3, cost_scale=scale).circuit
    probabilities = StatevectorSimulator().probabilities(circuit, parameters=result.schedule.to_parameters())
    feasible = np.bitwise_count(np.arange(256)) == 3
    assert result.feasible_probability == pytest.approx(probabilities[feasible].sum(), abs=1e-10)
    values = problem.cost_hamiltonian().diagonal()
    mean = probabilities[feasible] @ values[feasible] / probabilities[feasible].sum()
    assert result.expected_value == pytest.approx(mean, rel=1e-9)
    spread = exact.worst_value - exact.value
    assert result.approximation_ratio == pytest.approx((exact.worst_value - mean) / spread, abs=1e-9)
    assert result.random_approximation_ratio == pytest.approx((exact.worst_value - values[feasible].mean()) / spread)
    optimum = sum(1 << k for k in exact.best.indices)
    assert result.probability_of_optimum == pytest.approx(probabilities[optimum], abs=1e-10)


def test_constraints_keep_every_sample_feasible(problem):
    ring = select_assets(problem, form="ring", shots=500, seed=2)
    assert ring.feasible_probability == pytest.approx(1.0, abs=1e-5)
    assert ring.num_feasible_shots == sum(ring.counts.values()) == ring.shots == 500
    assert ring.penalty is None
    penalty = select_assets(problem, form="penalty", shots=500, seed=2)
    assert penalty.num_feasible_shots == sum(penalty.counts.values()) < 500
    assert all(len(set(assets)) == 3 for assets in penalty.counts)
    assert penalty.counts[penalty.assets] >= 1


def test_probabilities_of_the_default_single_precision_are_true(problem):
    result = select_assets(problem, seed=2)
    scale = result.exact.standard_deviation
    qaoa = QAOA(problem.cost_hamiltonian(), 3, mixer=RingXYMixer(8), hamming_weight=3, cost_scale=scale)
    exact = StatevectorSimulator().probabilities(qaoa.circuit, parameters=result.schedule.to_parameters())
    optimum = sum(1 << k for k in result.exact.best.indices)
    assert result.probability_of_optimum == pytest.approx(exact[optimum], rel=1e-4)
    assert result.expected_value == pytest.approx(qaoa.value(result.schedule), rel=1e-5)


def test_the_chosen_assets_are_the_best_of_the_samples(problem):
    result = select_assets(problem, shots=5, seed=3, num_layers=1)
    assert result.value == min(problem.value(assets) for assets in result.counts)


def test_the_chance_of_the_optimum_is_that_of_independent_shots(problem):
    result = select_assets(problem, shots=20, seed=4, num_layers=1)
    assert result.chance_of_optimum == pytest.approx(1 - (1 - result.probability_of_optimum) ** 20)
    assert result.random_chance_of_optimum == pytest.approx(1 - (55 / 56) ** 20)


def test_seeds_repeat_runs(problem):
    first, again, other = (select_assets(problem, shots=100, seed=seed, num_layers=1) for seed in (5, 5, 6))
    assert first.counts == again.counts
    assert first.schedule == again.schedule
    assert first.seed == 5
    assert other.counts != first.counts


def test_a_weak_penalty_may_leave_no_feasible_sample():
    # every asset loses money, so without a real penalty the best is to buy none
    losing = PortfolioProblem(np.full(6, -1.0), np.eye(6) * 1e-3, 0.5, 6)
    result = select_assets(losing, form="penalty", penalty=1e-6, shots=1, seed=1)
    assert (result.assets, result.value, result.gap, result.counts) == (None, None, None, {})
    assert result.exact.best.indices == tuple(range(6))
    assert result.feasible_probability < 0.1


def test_choosing_all_assets_has_one_answer(problem):
    everything = PortfolioProblem(problem.expected_returns, problem.covariance, 0.5, 8)
    result = select_assets(everything, seed=1, num_layers=1)
    assert result.gap == 0.0
    assert result.approximation_ratio == result.random_approximation_ratio == 1.0
    assert result.probability_of_optimum == pytest.approx(1.0)
    assert result.chance_of_optimum == pytest.approx(1.0)


def test_optimiser_estimator_and_enumeration_may_be_given(problem):
    exact = exact_selection(problem, top=3)
    result = select_assets(
        problem,
        num_layers=1,
        seed=1,
        optimizer=LBFGSB(max_evaluations=10),
        estimator=StatevectorSimulator(num_threads=1),
        exact=exact,
    )
    assert result.optimizer == "LBFGSB"
    assert result.exact is exact
    assert result.num_evaluations <= 14
    assert result.backend_name == "statevector"


def test_bad_requests_are_refused(problem):
    with pytest.raises(InputError, match="form must be one of ring, complete, penalty, got 'star'"):
        select_assets(problem, form="star")
    with pytest.raises(InputError, match="a penalty belongs to form"):
        select_assets(problem, form="ring", penalty=1.0)
    with pytest.raises(InputError, match="num_layers must be at least 1"):
        select_assets(problem, num_layers=0)


@pytest.mark.slow
def test_twenty_real_stocks():
    pytest.importorskip("skfolio")
    problem = PortfolioProblem.from_returns(load_sp500_returns(), risk_aversion=0.5, budget=5)
    search = COBYLA(max_evaluations=20, initial_step=0.15)
    result = select_assets(problem, seed=7, optimizer=search)
    assert result.assets == ("AAPL", "BBY", "JNJ", "MSFT", "UNH")
    assert result.value == pytest.approx(-2.33555e-3, abs=5e-9)
    assert result.gap == 0.0
    # the state holds the optimum because the circuit put it there, not by luck of 4096 draws out of 15504
    assert result.probability_of_optimum > 50 * result.random_probability_of_optimum
    assert result.chance_of_optimum > 0.999
    assert result.random_chance_of_optimum < 0.25
