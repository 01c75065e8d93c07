"""Amplitude estimation: coverage, queries, agreement of the methods, and what results say."""

import itertools
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from qtoolkit import Circuit, Result, StatevectorSimulator, get_backend
from qtoolkit._intervals import binomial_interval
from qtoolkit.algorithms import EstimationProblem, estimate_amplitude
from qtoolkit.algorithms.amplitude import (
    AmplitudeEstimator,
    BayesianEstimation,
    CanonicalEstimation,
    ErrorBudget,
    IterativeEstimation,
    LikelihoodEstimation,
    MeasuredPower,
)
from qtoolkit.algorithms.amplitude.canonical import _chance_within
from qtoolkit.algorithms.amplitude.experiment import phase_law
from qtoolkit.algorithms.amplitude.region import LikelihoodRegion
from qtoolkit.backends import BackendSampler
from qtoolkit.errors import BackendError, InputError

METHODS = ["iterative", "likelihood", "bayesian", "canonical"]
AMPLITUDES = [0.0, 1e-4, 0.01, 0.2, 0.25, 0.5, 0.75, 0.99, 0.9999, 1.0]


def turned(amplitude):
    return EstimationProblem(Circuit(1).ry(2 * math.asin(math.sqrt(amplitude)), 0))


def estimators(precision, confidence=0.95):
    return [
        IterativeEstimation(precision, confidence),
        IterativeEstimation(precision, confidence, "chernoff"),
        LikelihoodEstimation(precision, confidence),
        BayesianEstimation(precision, confidence),
        CanonicalEstimation(precision, confidence),
    ]


def runs(estimator, amplitude, num_seeds, sampler=None):
    problem = turned(amplitude)
    return [estimator.run(problem, sampler=sampler, seed=seed) for seed in range(num_seeds)]


def num_covered(results, amplitude):
    return sum(low <= amplitude <= high for low, high in (result.interval for result in results))


def check_account(result):
    """What is counted, from the history of measurements."""
    assert result.shots == sum(power.shots for power in result.history)
    assert result.num_grover_iterations == sum(power.shots * power.num_iterations for power in result.history)
    assert result.num_queries == sum(power.shots * (2 * power.num_iterations + 1) for power in result.history)


@pytest.mark.parametrize("amplitude", AMPLITUDES)
@pytest.mark.parametrize("which", range(5))
def test_intervals_cover_and_are_as_narrow_as_asked(which, amplitude):
    results = runs(estimators(0.01)[which], amplitude, 20)
    assert num_covered(results, amplitude) >= 19
    for result in results:
        assert result.converged
        assert result.half_width <= 0.01 + 1e-11
        assert result.interval[0] <= result.estimate <= result.interval[1]
        assert 0.0 <= result.interval[0] < result.interval[1] <= 1.0
        assert result.evidence == "state vector"


@pytest.mark.slow
@pytest.mark.parametrize("precision", [0.01, 0.001])
@pytest.mark.parametrize("amplitude", AMPLITUDES)
@pytest.mark.parametrize("which", range(5))
def test_two_hundred_intervals_cover_as_often_as_promised(which, amplitude, precision):
    assert num_covered(runs(estimators(precision)[which], amplitude, 200), amplitude) >= 190


@pytest.mark.slow
@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.99])
@pytest.mark.parametrize("which", range(5))
def test_other_confidences_are_kept_too(which, confidence):
    for amplitude in (0.03, 0.37):
        results = runs(estimators(0.01, confidence)[which], amplitude, 200)
        assert num_covered(results, amplitude) >= 200 * confidence


@pytest.mark.parametrize(("which", "at_a_hundredth", "at_a_thousandth"), [
    (0, 3_000, 60_000), (2, 3_000, 60_000), (3, 3_000, 60_000), (4, 5_115, 49_149),
])  # fmt: skip
def test_queries_at_a_fifth(which, at_a_hundredth, at_a_thousandth):
    for precision, most in ((0.01, at_a_hundredth), (0.001, at_a_thousandth)):
        results = runs(estimators(precision)[which], 0.2, 20)
        assert np.mean([result.num_queries for result in results]) <= most


@pytest.mark.slow
@pytest.mark.parametrize(("precision", "most"), [(0.01, 3_000), (0.001, 60_000)])
def test_the_default_stays_within_its_queries_over_two_hundred_seeds(precision, most):
    results = runs(IterativeEstimation(precision), 0.2, 200)
    assert np.mean([result.num_queries for result in results]) <= 0.8 * most
    assert num_covered(results, 0.2) >= 190


@pytest.mark.parametrize("which", range(5))
@pytest.mark.parametrize("amplitude", [0.2, 0.5])
def test_queries_grow_as_the_inverse_of_the_precision(which, amplitude):
    precisions = np.geomspace(0.02, 2e-4, 9)
    means = [
        np.mean([result.num_queries for result in runs(estimators(precision)[which], amplitude, 12)])
        for precision in precisions
    ]
    slope = np.polyfit(-np.log(precisions), np.log(means), 1)[0]
    assert 0.9 <= slope <= 1.1


@pytest.mark.parametrize("which", range(4))
def test_the_account_is_that_of_the_measurements(which):
    for amplitude in (0.0, 0.3):
        result = estimators(0.005)[which].run(turned(amplitude), seed=3)
        check_account(result)
        deepest = max(power.num_iterations for power in result.history)
        assert result.depth == turned(amplitude).depth(deepest)


def test_canonical_estimation_counts_every_turn():
    method = CanonicalEstimation(0.01, 0.99)
    result = method.run(turned(0.3), seed=1)
    turns = 2**method.num_evaluation_qubits - 1
    assert result.method == "canonical, median of 9"
    assert result.shots == 9
    assert result.num_grover_iterations == 9 * turns
    assert result.num_queries == 9 * (2 * turns + 1)
    assert result.depth == turned(0.3).phase_depth(method.num_evaluation_qubits)
    assert result.history == ()


def spread():
    circuit = Circuit(3).ry(0.7, 0).ry(1.9, 1).cx(0, 2).cx(1, 2).rx(0.4, 2)
    return EstimationProblem(circuit, [2, 0], ["10", "11"])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seed", range(3))
def test_methods_agree_on_circuits(method, seed):
    problem = spread()
    for sampler in (None, StatevectorSimulator()):
        result = estimate_amplitude(problem, 0.03, method=method, confidence=0.999, sampler=sampler, seed=seed)
        assert result.converged
        assert result.interval[0] <= problem.amplitude <= result.interval[1]
        assert result.method.startswith({"likelihood": "maximum", "bayesian": "Bayesian"}.get(method, method))
        assert result.evidence == ("samples" if sampler else "state vector")
        assert result.backend_name == ("statevector" if sampler else "")
        assert result.problem_fingerprint == problem.fingerprint


@pytest.mark.parametrize("method", METHODS)
def test_a_seed_repeats_a_run_on_every_sampler(method):
    samplers = [StatevectorSimulator(), get_backend("local"), BackendSampler(get_backend("local"))]
    found = [estimate_amplitude(spread(), 0.05, method=method, sampler=s, seed=8) for s in samplers]
    assert found[1] == found[2]
    assert replace(found[0], backend_name=found[1].backend_name) == found[1]
    exact = [estimate_amplitude(spread(), 0.05, method=method, seed=seed) for seed in (8, 8, *range(9, 20))]
    assert exact[0] == exact[1]
    assert len({(result.num_queries, result.estimate) for result in exact}) > 1
    assert estimate_amplitude(spread(), 0.05, method=method, seed=exact[0].seed) == exact[0]


def test_outcomes_of_circuits_follow_the_exact_law():
    problem = spread()
    for count in range(4):
        counts = StatevectorSimulator().run(problem.circuit(count), 20_000, seed=count).counts
        good = sum(number for bits, number in counts.items() if int(bits, 2) in problem.good_states)
        chance = math.sin((2 * count + 1) * problem.angle) ** 2
        assert stats.binomtest(good, 20_000, chance).pvalue > 1e-4


@pytest.mark.parametrize("kind", ["clopper-pearson", "chernoff"])
@pytest.mark.parametrize("miss", [0.3, 0.05, 1e-3])
def test_binomial_intervals_cover_exactly(kind, miss):
    shots = 23
    ends = np.array([binomial_interval(kind, good, shots, miss) for good in range(shots + 1)])
    for chance in np.linspace(0.0, 1.0, 201):
        inside = (ends[:, 0] <= chance) & (chance <= ends[:, 1])
        assert stats.binom.pmf(np.arange(shots + 1), shots, chance)[inside].sum() >= 1 - miss


def test_clopper_pearson_is_the_known_one():
    for good, shots in ((0, 10), (3, 10), (10, 10), (57, 400)):
        known = stats.binomtest(good, shots).proportion_ci(0.95, method="exact")
        assert binomial_interval("clopper-pearson", good, shots, 0.05) == pytest.approx(tuple(known), abs=1e-9)


@pytest.mark.parametrize(("good", "bad"), [(0, 7), (3, 5), (40, 2)])
def test_the_posterior_of_plain_shots_is_a_beta_distribution(good, bad):
    """A prior uniform in θ is Beta(1/2, 1/2) of the amplitude, which plain shots turn into another Beta."""
    region = LikelihoodRegion(0.9)
    region.add(1, good, bad)
    posterior = stats.beta(good + 0.5, bad + 0.5)
    assert region.mean_amplitude == pytest.approx(posterior.mean(), abs=1e-3)
    assert math.sin(region.most_likely) ** 2 == pytest.approx(good / (good + bad), abs=5e-3)
    amplitudes = np.sin(np.linspace(0, math.pi / 2, 20_001)[1:-1]) ** 2
    inside = amplitudes[posterior.pdf(amplitudes) >= 0.1 * stats.beta(0.5, 0.5).pdf(amplitudes)]
    ends = math.sin(region.low) ** 2, math.sin(region.high) ** 2
    assert ends == pytest.approx((inside.min(), inside.max()), abs=8e-3)
    assert ends[0] <= inside.min() + 1e-6
    assert ends[1] >= inside.max() - 1e-6


def test_regions_hold_at_every_time_at_once():
    """Of many sequences of outcomes, few ever exclude the truth: what lets a method stop when it wants."""
    rng = np.random.default_rng(5)
    angle, missed = 0.63, 0
    for _ in range(150):
        region = LikelihoodRegion(0.8)
        for multiple in (1, 1, 3, 3, 5, 9, 9, 17):
            good = int(rng.binomial(12, math.sin(multiple * angle) ** 2))
            region.add(multiple, good, 12 - good)
        missed += not region.low <= angle <= region.high
    assert 0 < missed <= 30


def test_a_region_never_grows():
    region = LikelihoodRegion(0.9)
    ends = [(region.low, region.high)]
    for multiple, good in ((1, 4), (3, 8), (5, 2), (5, 9), (9, 5)):
        region.add(multiple, good, 10 - good)
        ends.append((region.low, region.high))
    assert all(a[0] <= b[0] < b[1] <= a[1] for a, b in itertools.pairwise(ends))


@pytest.mark.parametrize("steps", [1, 1.5, 2, 4.5])
def test_phase_outcomes_are_as_near_as_canonical_estimation_counts_on(steps):
    assert _chance_within(1) == pytest.approx(8 / math.pi**2, abs=2e-5)
    size = 64
    outcomes = np.arange(size)
    folded = np.minimum(outcomes, size - outcomes) * math.pi / size
    angles = np.linspace(0.0, math.pi / 2, 1231)
    chances = [phase_law(a, 6)[abs(folded - a) <= steps * math.pi / size + 1e-12].sum() for a in angles]
    assert _chance_within(steps) <= min(chances) <= _chance_within(steps) + 0.02


def test_an_affine_map_takes_everything_along():
    found = estimate_amplitude(turned(0.2), 0.01, seed=1)
    price = found.transformed(-40.0, 3.0)
    assert price.estimate == pytest.approx(3 - 40 * found.estimate)
    assert price.interval == pytest.approx((3 - 40 * found.interval[1], 3 - 40 * found.interval[0]))
    assert price.half_width == pytest.approx(40 * found.half_width)
    assert price.budget.sampling == pytest.approx(40 * found.budget.sampling)
    assert price.classical_standard_error == pytest.approx(40 * found.classical_standard_error)
    assert price.classical_half_width == pytest.approx(40 * found.classical_half_width)
    assert (price.precision, price.num_queries) == (found.precision, found.num_queries)
    back = price.transformed(-1 / 40, 3 / 40)
    assert back.estimate == pytest.approx(found.estimate)
    assert (back.scale, back.offset) == pytest.approx((1.0, 0.0))
    assert back.interval == pytest.approx(found.interval)


def test_classical_errors_are_those_of_as_many_samples():
    found = estimate_amplitude(turned(0.2), 0.001, seed=2)
    error = math.sqrt(found.estimate * (1 - found.estimate) / found.num_queries)
    assert found.classical_standard_error == pytest.approx(error)
    assert found.classical_half_width == pytest.approx(1.96 * error, rel=0.01)
    assert found.classical_half_width > 4 * found.half_width
    nothing = estimate_amplitude(turned(0.0), 0.001, seed=2)
    assert nothing.estimate == pytest.approx(0.0, abs=1e-9)
    assert nothing.classical_standard_error < 1e-6
    assert nothing.classical_half_width > nothing.half_width


def test_a_budget_is_the_sum_of_its_parts():
    assert ErrorBudget(1.0, 0.5, 0.25, 0.125).total == 1.875
    found = estimate_amplitude(turned(0.3), 0.02, seed=4)
    low, high = found.interval
    assert found.budget == ErrorBudget(max(found.estimate - low, high - found.estimate))
    assert found.half_width <= found.budget.total <= 2 * found.half_width


@pytest.mark.parametrize("method", METHODS)
def test_confidences_next_to_one_are_reached(method):
    """The chance to miss is smaller than the rounding of 1."""
    found = estimate_amplitude(turned(0.3), 0.01, method=method, confidence=1.0 - 1e-15, seed=1)
    assert found.converged
    assert found.interval[0] <= 0.3 <= found.interval[1]


def test_settings_of_other_numeric_types_become_floats():
    found = estimate_amplitude(turned(0.3), Fraction(1, 20), confidence=Fraction(9, 10), seed=1)
    assert (type(found.confidence), type(found.precision)) == (float, float)
    assert "at 0.9," in repr(found)


def test_results_are_short_to_read():
    found = estimate_amplitude(turned(0.2), 0.001, method="likelihood", seed=1)
    assert len(repr(found)) < 200
    for part in ("AmplitudeEstimate(0.", "at 0.95", f"{found.num_queries} queries", "maximum likelihood"):
        assert part in repr(found)
    assert "not converged" in repr(replace(found, converged=False))


@pytest.mark.parametrize("which", range(4))
@pytest.mark.parametrize("most", [1, 40, 3_000])
def test_a_run_ends_when_its_queries_are_spent(which, most):
    method = replace(estimators(1e-4)[which], max_queries=most)
    for seed in range(5):
        result = method.run(turned(0.2), seed=seed)
        assert not result.converged
        assert result.message == "max_queries are spent"
        assert result.num_queries <= most
        assert result.interval[0] <= 0.2 <= result.interval[1]
        check_account(result)


@pytest.mark.parametrize("method", METHODS)
def test_progress_is_told_and_can_end_a_run(method):
    seen = []
    found = estimate_amplitude(turned(0.2), 0.01, method=method, seed=1, progress=lambda *told: seen.append(told))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert all(0 < done <= total for done, total in seen)
    assert seen[-1] == (found.num_queries, found.num_queries)

    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        estimate_amplitude(turned(0.2), 0.01, method=method, seed=1, progress=interrupt)


class Drifting:
    """A machine whose outcomes have another chance each time, as no amplitude gives them."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def run(self, circuit, shots, seed=None, parameters=None):
        good = int(self.rng.binomial(shots, self.rng.random()))
        return Result.from_counts({"1": good, "0": shots - good}, 1)


@pytest.mark.parametrize("which", range(4))
def test_outcomes_that_contradict_each_other_are_told_of(which):
    method = replace(estimators(0.005)[which], shots=100, max_queries=100_000)
    results = [method.run(turned(0.1), sampler=Drifting(seed), seed=seed) for seed in range(20)]
    told = [result for result in results if "contradict the others: noise" in result.message]
    assert len(told) >= 3
    assert not any(result.converged for result in told)


class Wrong:
    """A sampler that returns something else than it was asked for."""

    def __init__(self, answer):
        self.answer = answer

    def run(self, circuit, shots, seed=None, parameters=None):
        return self.answer


@pytest.mark.parametrize(
    "answer",
    [None, Result.from_counts({"1": 1}, 1), Result.from_counts({"11": 30}, 2)],
    ids=["nothing", "shots", "bits"],
)
@pytest.mark.parametrize("method", METHODS)
def test_samplers_that_return_something_else_are_refused(method, answer):
    with pytest.raises(BackendError, match="must return"):
        estimate_amplitude(turned(0.3), 0.02, method=method, sampler=Wrong(answer), seed=1)


def test_every_method_is_an_amplitude_estimator():
    assert all(isinstance(method, AmplitudeEstimator) for method in estimators(0.1))
    assert estimate_amplitude(turned(0.2), 0.01, seed=1) == IterativeEstimation(0.01).run(turned(0.2), seed=1)


@pytest.mark.parametrize("method", [IterativeEstimation, LikelihoodEstimation, BayesianEstimation])
@pytest.mark.parametrize("amplitude", [1e-9, 0.3, 0.5, 1.0])
def test_the_finest_precision_is_reached(method, amplitude):
    for result in runs(method(1e-8, 0.999), amplitude, 3):
        assert result.converged
        assert result.interval[0] <= amplitude <= result.interval[1]


@pytest.mark.parametrize("which", [0, 2, 3])
def test_more_shots_for_each_measurement_take_fewer_measurements(which):
    """They cost queries, since the angle is multiplied less, but not beyond reason."""
    method = replace(estimators(0.001)[which], shots=1_000)
    results = runs(method, 0.3, 5)
    assert np.mean([result.num_queries for result in results]) < 250_000
    assert max(len(result.history) for result in results) < 12


def test_a_precision_that_needs_nothing_costs_nothing():
    for method in estimators(0.5)[:4]:
        result = method.run(turned(0.2), seed=1)
        assert result.converged
        assert (result.num_queries, result.history, result.interval) == (0, (), (0.0, 1.0))


def test_the_history_holds_the_outcomes():
    found = IterativeEstimation(0.1, shots=50).run(turned(0.0), seed=1)
    assert found.history[0] == MeasuredPower(0, found.history[0].shots, 0)


HALF = turned(0.5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: estimate_amplitude(None, 0.1), "that of an EstimationProblem, got None"),
        (lambda: estimate_amplitude(HALF, 0.0), "precision must be a number from 1e-08 to 0.5, got 0.0"),
        (lambda: estimate_amplitude(HALF, 0.6), "precision must be"),
        (lambda: estimate_amplitude(HALF, "0.1"), "precision must be .* got '0.1'"),
        (lambda: estimate_amplitude(HALF, float("nan")), "precision must be"),
        (lambda: estimate_amplitude(HALF, 0.1, confidence=1.0), "confidence must be a number between 0 and 1, got 1"),
        (lambda: estimate_amplitude(HALF, 0.1, confidence=None), "confidence must be .* got None"),
        (lambda: estimate_amplitude(HALF, 0.1, method="fast"), "method must be one of iterative, likelihood, bayes"),
        (lambda: estimate_amplitude(HALF, 0.1, seed=-1), "a seed must be at least 0, got -1"),
        (lambda: estimate_amplitude(HALF, 0.1, seed="1"), "a seed is an integer"),
        (lambda: estimate_amplitude(HALF, 0.1, sampler=3), "a Sampler, a Backend or the name of one, got 3"),
        (lambda: estimate_amplitude(HALF, 0.1, progress=3), "progress must be a function, got 3"),
        (lambda: estimate_amplitude(HALF, 1e-6, method="canonical"), "at most 22 evaluation qubits .* use Iterative"),
        (lambda: CanonicalEstimation(1e-8), "too few for precision 1e-08 at confidence 0.95"),
        (lambda: IterativeEstimation(0.1, shots=0), "shots must be an integer of at least 1, got 0"),
        (lambda: IterativeEstimation(0.1, interval="wald"), "interval must be one of clopper-pearson, chernoff, got"),
        (lambda: LikelihoodEstimation(0.1, shots=2.5), "shots must be an integer"),
        (lambda: BayesianEstimation(0.1, max_queries=0), "max_queries must be an integer of at least 1, got 0"),
        (lambda: estimate_amplitude(HALF, 0.1).transformed(0.0), "scale must be other than 0"),
        (lambda: estimate_amplitude(HALF, 0.1).transformed(float("inf")), "scale must be a finite number"),
        (lambda: estimate_amplitude(HALF, 0.1).transformed(1.0, "2"), "offset must be a finite number, got '2'"),
    ],
)  # fmt: skip
def test_odd_arguments_are_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
