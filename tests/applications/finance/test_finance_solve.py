"""QAOA on portfolio problems: what it finds, and whether its evidence is true."""

import numpy as np
import pytest

from qtoolkit import StatevectorSimulator, _memory
from qtoolkit.algorithms import COBYLA, LBFGSB, QAOA, CompleteXYMixer, RingXYMixer
from qtoolkit.applications.finance import PortfolioProblem, exact_selection, load_sp500_returns, select_assets
from qtoolkit.errors import InputError, InsufficientMemoryError


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


def test_the_enumeration_of_another_problem_is_refused(problem):
    mu, sigma, names = problem.expected_returns, problem.covariance, problem.asset_names
    others = [
        PortfolioProblem(mu[::-1], sigma, 0.5, 3, names),
        PortfolioProblem(mu, 1.001 * sigma, 0.5, 3, names),
        PortfolioProblem(mu, sigma, 0.6, 3, names),
        PortfolioProblem(mu, sigma, 0.5, 4, names),
        PortfolioProblem(mu, sigma, 0.5, 3, names[::-1]),
    ]
    same = PortfolioProblem(mu.tolist(), sigma.tolist(), 0.5, 3, list(names))
    assert same.fingerprint == problem.fingerprint
    assert len({other.fingerprint for other in (problem, *others)}) == 6
    for other in others:
        with pytest.raises(InputError, match=f"of this problem .{problem.fingerprint}., got {other.fingerprint}; call"):
            select_assets(problem, exact=exact_selection(other))
    for nonsense in ("exact", 0.5, exact_selection(problem).best):
        with pytest.raises(InputError, match="exact must be the enumeration of this problem"):
            select_assets(problem, exact=nonsense)
    result = select_assets(problem, exact=exact_selection(same), num_layers=1, shots=10, seed=1)
    assert result.problem_fingerprint == result.exact.problem_fingerprint == problem.fingerprint


@pytest.mark.parametrize(
    ("form", "estimator", "enough", "remedy"),
    [
        ("penalty", None, 32 << 20, 'or form="ring"'),
        ("penalty", StatevectorSimulator(), 40 << 20, 'or form="ring"'),
        ("ring", StatevectorSimulator("single"), 32 << 20, "take fewer assets"),
        ("ring", None, 224 * 184_756, "QAOA on 184,756 choices"),
    ],
)
def test_what_does_not_fit_is_refused_before_the_enumeration(monkeypatch, form, estimator, enough, remedy):
    def enumerated(problem):
        raise RecursionError("enumerated")

    free = []
    monkeypatch.setattr(_memory, "free_bytes", lambda: free[0])
    monkeypatch.setattr("qtoolkit.applications.finance.solve.exact_selection", enumerated)
    large = PortfolioProblem(np.ones(20), np.eye(20), 0.5, 10)
    for bytes_free, error in ((enough - 1, InsufficientMemoryError), (enough, RecursionError)):
        monkeypatch.setattr(_memory, "_last_look", _memory._Look(0.0, 0))
        free[:] = [bytes_free]
        with pytest.raises(error, match=remedy if error is InsufficientMemoryError else "^enumerated$"):
            select_assets(large, form=form, estimator=estimator)


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
