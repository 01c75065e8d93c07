"""QAOA against matrices, known optima and brute force."""

import itertools
import tracemalloc

import numpy as np
import pytest

from qtoolkit import Circuit, Parameter, PauliSum, StatevectorSimulator
from qtoolkit.algorithms import (
    COBYLA,
    QAOA,
    SPSA,
    CompleteXYMixer,
    GroverMixer,
    RingXYMixer,
    Schedule,
    TransverseMixer,
    approximation_ratio,
    dicke_circuit,
    dicke_state,
    qaoa_circuit,
)
from qtoolkit.errors import InputError, OperatorError


def ring_cut(num_qubits):
    return PauliSum.from_sparse_list([("ZZ", (k, (k + 1) % num_qubits), 1.0) for k in range(num_qubits)], num_qubits)


def random_cost(num_qubits, seed, scale=1.0):
    rng = np.random.default_rng(seed)
    terms = [("Z", (k,), scale * rng.normal()) for k in range(num_qubits)]
    terms += [("ZZ", pair, scale * rng.normal()) for pair in itertools.combinations(range(num_qubits), 2)]
    return PauliSum.from_sparse_list([*terms, ("", (), 0.7 * scale)], num_qubits)


class ValuesOnly:
    """An estimator and sampler without gradients or states, as a backend is."""

    def __init__(self):
        self.simulator = StatevectorSimulator()

    def expectation_value(self, circuit, observable, parameters=None):
        return self.simulator.expectation_value(circuit, observable, parameters)

    def run(self, circuit, shots, seed=None, parameters=None):
        assert "initialize" not in circuit.count_ops()
        return self.simulator.run(circuit, shots, seed=seed, parameters=parameters)


def test_the_circuit_is_the_product_of_exponentials():
    cost = random_cost(3, 1) + PauliSum.from_list([("ZZZ", 0.4)])
    circuit = qaoa_circuit(cost, RingXYMixer(3), dicke_circuit(3, 1), 2, cost_scale=2.0)
    assert [parameter.name for parameter in circuit.parameters] == ["γ[0]", "β[0]", "γ[1]", "β[1]"]
    values = np.array([0.3, 0.5, -0.8, 0.2])
    state = dicke_state(3, 1)
    for gamma, beta in values.reshape(2, 2):
        mixer = Circuit(3)
        RingXYMixer(3).append_layer(mixer, beta)
        phases = np.exp(-0.5j * gamma * (cost.diagonal() - cost.constant.real))
        state = mixer.to_matrix() @ (phases * state)
    np.testing.assert_allclose(circuit.bind(values).to_matrix()[:, 0], state, atol=1e-12)


@pytest.mark.parametrize(("num_qubits", "num_layers"), [(6, 1), (8, 2)])
def test_reaches_the_known_values_of_the_ring(num_qubits, num_layers):
    # Farhi, Goldstone and Gutmann, arXiv:1411.4028: p layers cut (2p + 1)/(2p + 2) of a ring longer than 2p + 2
    result = QAOA(ring_cut(num_qubits), num_layers).run(seed=1)
    assert result.converged, result.message
    assert result.value == pytest.approx(-num_qubits * num_layers / (num_layers + 1), abs=1e-5)
    assert (result.optimal_value, result.worst_value) == (-num_qubits, num_qubits)
    assert result.approximation_ratio == pytest.approx((num_layers + 0.5) / (num_layers + 1), abs=1e-5)
    assert result.best_bitstring in {"01" * (num_qubits // 2), "10" * (num_qubits // 2)}
    assert result.best_value == -num_qubits
    assert result.gap == 0.0
    assert result.random_probability_of_optimum == 2 / 2**num_qubits


@pytest.mark.parametrize(
    "mixer", [RingXYMixer(6), CompleteXYMixer(6), CompleteXYMixer(6, False), GroverMixer(dicke_circuit(6, 2), True)]
)
def test_weight_conserving_mixers_stay_feasible_and_the_statistics_are_exact(mixer):
    cost = random_cost(6, 3, scale=1e-3)
    qaoa = QAOA(cost, 2, mixer=mixer, hamming_weight=2)
    result = qaoa.run(shots=2000, seed=4)
    assert result.feasible_probability == pytest.approx(1.0, abs=1e-12)
    assert result.feasible_value == pytest.approx(result.value, abs=1e-15)
    feasible = np.array([bin(index).count("1") == 2 for index in range(64)])
    costs = cost.diagonal()
    probabilities = StatevectorSimulator().probabilities(qaoa.circuit, parameters=result.schedule.to_parameters())
    assert result.value == pytest.approx(probabilities @ costs, abs=1e-14)
    assert result.optimal_value == pytest.approx(costs[feasible].min(), abs=1e-15)
    assert result.worst_value == pytest.approx(costs[feasible].max(), abs=1e-15)
    optimum = int(np.flatnonzero(feasible)[np.argmin(costs[feasible])])
    assert result.probability_of_optimum == pytest.approx(probabilities[optimum], abs=1e-12)
    assert result.random_probability_of_optimum == pytest.approx(1 / 15)
    assert result.approximation_ratio == pytest.approx(
        (costs[feasible].max() - probabilities @ costs) / np.ptp(costs[feasible])
    )
    assert all(key.count("1") == 2 for key in result.samples.counts)
    sampled = [int(key, 2) for key in result.samples.counts]
    assert result.best_value == pytest.approx(costs[sampled].min(), abs=1e-15)
    assert costs[int(result.best_bitstring, 2)] == pytest.approx(result.best_value, abs=1e-15)
    assert result.evidence == "state vector"
    assert result.approximation_ratio > (costs[feasible].max() - costs[feasible].mean()) / np.ptp(costs[feasible])


def test_a_penalty_leaves_some_probability_infeasible():
    cost = random_cost(5, 5)
    count = PauliSum.from_sparse_list([("", (), 2.5 - 2), *[("Z", (k,), -0.5) for k in range(5)]], 5)
    penalised = cost + 3.0 * (count @ count)
    result = QAOA(penalised, 2, hamming_weight=2).run(seed=0)
    feasible = np.array([bin(index).count("1") == 2 for index in range(32)])
    np.testing.assert_allclose(penalised.diagonal()[feasible], cost.diagonal()[feasible], atol=1e-12)
    assert 10 / 32 < result.feasible_probability < 1.0
    assert result.feasible_value < result.value
    assert result.optimal_value == pytest.approx(cost.diagonal()[feasible].min())
    assert result.best_bitstring.count("1") == 2


def test_gradients_follow_the_schedule():
    qaoa = QAOA(random_cost(4, 6, scale=1e-3), 2)
    schedule = Schedule((0.4, 0.7), (0.5, 0.2))
    value, gradient = qaoa.value_and_gradient(schedule)
    assert value == pytest.approx(qaoa.value(schedule), abs=1e-15)
    parameters = schedule.to_parameters()
    for index in range(4):
        step = 1e-5 * np.eye(4)[index]
        rise = qaoa.value(Schedule.from_parameters(parameters + step))
        fall = qaoa.value(Schedule.from_parameters(parameters - step))
        assert gradient[index] == pytest.approx((rise - fall) / 2e-5, abs=1e-10)


def test_angles_do_not_depend_on_the_unit_of_cost():
    schedule = Schedule.ramp(2)
    small, large = (QAOA(random_cost(4, 7, scale), 2) for scale in (1e-3, 1e3))
    assert small.value(schedule) == pytest.approx(1e-6 * large.value(schedule), rel=1e-10)
    assert large.cost_scale == pytest.approx(np.std(random_cost(4, 7, 1e3).diagonal()))


def test_single_precision_is_enough_for_the_angles():
    cost, schedule = random_cost(9, 15), Schedule.ramp(2)
    single = QAOA(cost, 2, mixer=RingXYMixer(9), hamming_weight=4, estimator=StatevectorSimulator("single"))
    double = QAOA(cost, 2, mixer=RingXYMixer(9), hamming_weight=4)
    assert single.value(schedule) == pytest.approx(double.value(schedule), rel=1e-5)


def test_seeds_repeat_runs():
    qaoa = QAOA(random_cost(5, 8), 1)
    first, again, other = (qaoa.run(num_starts=3, shots=200, seed=seed) for seed in (5, 5, 6))
    assert first.samples.counts == again.samples.counts
    np.testing.assert_array_equal(first.history, again.history)
    assert first.samples.counts != other.samples.counts
    assert first.seed == 5
    assert qaoa.run(seed=np.random.default_rng(1)).seed is None
    drawn = qaoa.run(shots=50)
    assert qaoa.run(shots=50, seed=drawn.seed).samples.counts == drawn.samples.counts


def test_more_starts_and_more_layers_do_no_worse():
    cost = random_cost(6, 9)
    one = QAOA(cost, 1).run(seed=2)
    assert QAOA(cost, 1).run(num_starts=4, seed=2).value <= one.value + 1e-12
    layered = QAOA(cost, 3).run(layerwise=True, seed=2)
    assert layered.num_layers == 3
    assert layered.value < one.value
    assert layered.num_evaluations == len(layered.history)


def test_the_best_ramp_is_the_lowest_of_its_grid():
    qaoa = QAOA(random_cost(5, 10), 2)
    calls = []
    ramp = qaoa.best_ramp((0.5, 1.0), (0.25, 0.75), progress=lambda done, total: calls.append((done, total)))
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]
    values = [qaoa.value(Schedule.ramp(2, gamma, beta)) for gamma in (0.5, 1.0) for beta in (0.25, 0.75)]
    assert qaoa.value(ramp) == min(values)


def test_the_callback_sees_costs_and_stops():
    qaoa = QAOA(random_cost(5, 11, scale=1e-3), 1)
    seen = []
    result = qaoa.run(seed=1, num_starts=2, callback=lambda e: bool(seen.append(e)) or e.number in (3, 5))
    assert [evaluation.number for evaluation in seen] == [1, 2, 3, 4, 5]
    np.testing.assert_allclose([evaluation.value for evaluation in seen], result.history, rtol=1e-12)
    assert result.value == pytest.approx(result.history.min())
    assert not result.converged
    assert seen[0].gradient_norm == pytest.approx(np.linalg.norm(qaoa.value_and_gradient(Schedule.ramp(1))[1]))


@pytest.mark.parametrize("optimizer", [None, SPSA(max_evaluations=60, seed=3)])
def test_estimators_and_samplers_without_states_are_enough(optimizer):
    cost = random_cost(4, 12)
    backend = ValuesOnly()
    qaoa = QAOA(cost, 1, mixer=RingXYMixer(4), hamming_weight=2, estimator=backend, optimizer=optimizer)
    result = qaoa.run(shots=500, seed=1)
    assert result.evidence == "samples"
    assert result.optimizer == ("COBYLA" if optimizer is None else "SPSA")
    indices = np.array([int(key, 2) for key in result.samples.counts])
    frequencies = np.array(list(result.samples.counts.values())) / 500
    assert result.feasible_value == pytest.approx(frequencies @ cost.diagonal()[indices])
    assert result.gap == 0.0
    assert result.probability_of_optimum == pytest.approx(frequencies[np.argmin(cost.diagonal()[indices])])


def test_without_a_feasible_sample_there_is_no_best():
    result = QAOA(random_cost(4, 13), 1, initial_state=Circuit(4), mixer=RingXYMixer(4), hamming_weight=2).run(seed=1)
    assert (result.best_bitstring, result.best_value, result.gap) == (None, None, None)
    assert (result.feasible_probability, result.feasible_value, result.approximation_ratio) == (0.0, None, None)


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: QAOA(PauliSum.from_list([("XX", 1.0)]), 1), OperatorError, "strings of I and Z"),
        (lambda: QAOA(PauliSum.from_list([("ZZ", 1.0j)]), 1), OperatorError, "strings of I and Z"),
        (lambda: QAOA(PauliSum.identity(2), 1), OperatorError, "got a constant"),
        (lambda: QAOA(ring_cut(4), 0), InputError, "num_layers must be at least 1, got 0"),
        (lambda: QAOA(ring_cut(4), 1, mixer=TransverseMixer(3)), InputError, r"got \(4, 3, 3\)"),
        (lambda: QAOA(ring_cut(4), 1, mixer=RingXYMixer(4)), InputError, "initial_state or hamming_weight"),
        (lambda: QAOA(ring_cut(4), 1, hamming_weight=5), InputError, r"hamming_weight must be in \[0, 4\], got 5"),
        (lambda: QAOA(ring_cut(4), 1, cost_scale=0.0), InputError, "cost_scale must be a positive number"),
        (lambda: QAOA(ring_cut(2), 1, initial_state=Circuit(2).rx(Parameter("a"), 0)), InputError, "free parameters"),
        (lambda: QAOA(ring_cut(4), 2).run(Schedule.ramp(1)), InputError, "must have 2 layers, got 1"),
        (lambda: QAOA(ring_cut(4), 1).best_ramp((), (0.5,)), InputError, "at least one gamma step"),
        (lambda: QAOA(ring_cut(4), 1).run(num_starts=0), InputError, "num_starts must be at least 1"),
        (lambda: QAOA(ring_cut(4), 1).run(shots=0), InputError, "shots must be at least 1"),
        (lambda: QAOA(ring_cut(4), 1).run(seed=-1), InputError, "seed must be at least 0"),
    ],
)
def test_bad_input_is_refused(build, error, message):
    with pytest.raises(error, match=message):
        build()


def test_large_costs_are_judged_bitstring_by_bitstring():
    from qtoolkit.algorithms.qaoa_result import CostLandscape

    cost = random_cost(6, 14)
    indices = np.array([0, 5, 12, 33, 63])
    landscape = CostLandscape(cost, 2, enumerate_all=False)
    np.testing.assert_allclose(landscape.costs(indices), cost.diagonal()[indices], atol=1e-12)
    statistics = landscape.statistics(indices, np.full(5, 0.2))
    assert statistics.feasible_probability == pytest.approx(0.6)
    assert statistics.feasible_value == pytest.approx(cost.diagonal()[[5, 12, 33]].mean())
    assert (statistics.probability_of_optimum, landscape.ratio(statistics.feasible_value)) == (None, None)
    assert landscape.optimal_value is None


def test_cobyla_may_be_chosen():
    assert QAOA(ring_cut(4), 1, optimizer=COBYLA(max_evaluations=30)).run(seed=1).optimizer == "COBYLA"


def test_the_approximation_ratio_runs_from_worst_to_optimal():
    assert approximation_ratio(-3.0, -3.0, 5.0) == 1.0
    assert approximation_ratio(5.0, -3.0, 5.0) == 0.0
    assert approximation_ratio(1.0, -3.0, 5.0) == approximation_ratio(101.0, 97.0, 105.0) == 0.5
    assert approximation_ratio(0.3, 0.1 + 0.2, 0.3) == 1.0


def test_a_schedule_of_another_problem_is_refused():
    cost = random_cost(4, 3)
    qaoa = QAOA(cost, 1)
    found = qaoa.run(seed=1, shots=10).schedule
    ramp = qaoa.best_ramp()
    assert found.problem == ramp.problem == qaoa.fingerprint
    in_another_order = PauliSum(cost.x_masks[::-1], cost.z_masks[::-1], cost.coefficients[::-1], 4)
    for same in (qaoa, QAOA(cost, 1, optimizer=SPSA()), QAOA(in_another_order, 1, mixer=TransverseMixer(4))):
        assert same.value(found) == pytest.approx(qaoa.value(found))
    longer = qaoa.with_layers(2)
    longer.value(found.interpolated())
    foreign = [
        QAOA(random_cost(4, 4), 1),
        QAOA(2.0 * cost, 1),
        QAOA(cost, 1, cost_scale=2.0 * qaoa.cost_scale),
        QAOA(cost, 1, hamming_weight=2),
        QAOA(cost, 1, hamming_weight=2, mixer=RingXYMixer(4)),
        QAOA(cost, 1, hamming_weight=2, mixer=CompleteXYMixer(4)),
        QAOA(cost, 1, hamming_weight=2, mixer=CompleteXYMixer(4, exact=False)),
        QAOA(cost, 1, hamming_weight=2, mixer=GroverMixer(dicke_circuit(4, 2), True)),
    ]
    assert len({other.fingerprint for other in foreign}) == len(foreign)
    for other in foreign:
        for ask in (other.value, other.value_and_gradient, other.run):
            for schedule in (found, ramp):
                with pytest.raises(InputError, match=r"one of this problem .* pass schedule.detached\(\)"):
                    ask(schedule)
        other.value(found.detached())


class WithoutLimits:
    """An estimator that says nothing of how exact it is, as those of machines."""

    def __init__(self):
        self.simulator = StatevectorSimulator()

    def expectation_value(self, circuit, observable, parameters=None):
        return self.simulator.expectation_value(circuit, observable, parameters)


def test_results_name_the_mixer_that_was_run():
    cost = random_cost(4, 3)
    for estimator, mixer, name in [
        (None, None, "transverse field"),
        (None, CompleteXYMixer(4), "complete XY, exact"),
        (StatevectorSimulator(), CompleteXYMixer(4), "complete XY, exact"),
        (None, CompleteXYMixer(4, exact=False), "complete XY, one Trotter step"),
        (WithoutLimits(), CompleteXYMixer(4), "complete XY, one Trotter step"),
        (WithoutLimits(), RingXYMixer(4), "ring XY"),
    ]:
        weight = None if mixer is None else 2
        qaoa = QAOA(
            cost, 1, mixer=mixer, hamming_weight=weight, estimator=estimator, optimizer=COBYLA(max_evaluations=3)
        )
        assert qaoa.run(shots=10, seed=1).mixer == name


@pytest.mark.parametrize("mixer", [None, RingXYMixer(20)])
def test_no_state_is_kept_between_evaluations(mixer):
    tracemalloc.start()
    try:
        QAOA(random_cost(20, 1), 1, mixer=mixer, hamming_weight=2, estimator=StatevectorSimulator())
        assert tracemalloc.get_traced_memory()[1] < 12 << 20  # a state has 16 MiB
    finally:
        tracemalloc.stop()


def test_one_layer_on_labs_overlaps_with_the_optima_as_is_known():
    """Low autocorrelation binary sequences of 10 bits: E = Σ_k (Σ_i s_i s_{i+k})²."""
    size = 10
    spins = 1 - 2 * (np.arange(1 << size)[:, None] >> np.arange(size) & 1)
    energies = sum((spins[:, : size - k] * spins[:, k:]).sum(axis=1) ** 2 for k in range(1, size)).astype(float)
    cost = PauliSum.from_diagonal(energies)
    circuit = qaoa_circuit(cost, TransverseMixer(size), Circuit(size).h(range(size)), 1)
    # there the phase is exp(-iγE/2) and the mixer exp(-iβΣX), here exp(-iγE) and exp(iβΣX)
    chances = StatevectorSimulator().probabilities(circuit, parameters=[0.0788139605 / 2.0, 0.1899602111])
    assert energies.min() == 13.0
    assert chances[energies == 13.0].sum() == pytest.approx(0.1272187238, abs=1e-9)
