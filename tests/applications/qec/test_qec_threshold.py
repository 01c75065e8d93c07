import dataclasses

import numpy as np
import pytest

from qtoolkit.applications.qec import ExperimentResult, MemorySweep, logical_error_rates, threshold_crossing
from qtoolkit.errors import InputError

SHOTS = 10**9


def counted(distance, rate, shots, errors):
    """A result of one round with so many errors."""
    return ExperimentResult(
        task_id="",
        labels={"distance": distance, "physical_error_rate": rate, "basis": "z", "noise": "circuit_level"},
        rounds=1,
        decoder="matching",
        shots=shots,
        discards=0,
        errors=errors,
        observable_errors=(errors,),
        accepted_before=0,
        max_errors=None,
        seed=0,
        batch_shots=8192,
    )


def made_up_sweep(rates, threshold=0.008, shots=SHOTS, scale=0.1):
    """Counts that follow ε = scale·(p/threshold)^((d + 1)/2) in one round."""
    results = tuple(
        tuple(
            counted(distance, rate, shots, round(shots * scale * (rate / threshold) ** ((distance + 1) / 2)))
            for rate in rates
        )
        for distance in (3, 5)
    )
    return MemorySweep((3, 5), tuple(rates), results, seed=0)


def test_crossing_of_power_laws_is_their_threshold():
    crossing = threshold_crossing(made_up_sweep([0.004, 0.006, 0.009, 0.012]), 3, 5)
    assert crossing.physical_error_rate == pytest.approx(0.008, rel=1e-6)
    assert crossing.bracket == pytest.approx((0.006, 0.009), rel=1e-12)
    assert crossing.interpolation_error < 1e-8
    assert crossing.distances == (3, 5)


def test_standard_error_of_the_crossing_is_its_scatter():
    sweep = made_up_sweep([0.006, 0.011], shots=40_000)
    claimed = threshold_crossing(sweep, 3, 5)
    rng = np.random.default_rng(11)
    found = []
    for _ in range(600):
        rows = tuple(
            tuple(
                dataclasses.replace(result, errors=int(rng.binomial(result.shots, result.logical_error_rate)))
                for result in row
            )
            for row in sweep.results
        )
        found.append(threshold_crossing(MemorySweep((3, 5), sweep.physical_error_rates, rows, 0), 3, 5))
    scatter = np.std([crossing.physical_error_rate for crossing in found])
    assert claimed.statistical_error == pytest.approx(scatter, rel=0.15)


def test_interpolation_error_is_what_a_bent_curve_does_to_the_crossing():
    """The logarithm of the ratio is u + 0.6 u² in u = log(p / 0.0095): a parabola through its points finds it."""
    rates = [0.004, 0.0065, 0.0105, 0.016]
    u = np.log(np.array(rates) / 0.0095)
    rows = tuple(
        tuple(counted(d, p, SHOTS, round(SHOTS * 0.01 * np.exp(bend))) for p, bend in zip(rates, bends, strict=True))
        for d, bends in ((3, 0.0 * u), (5, u + 0.6 * u**2))
    )
    found = threshold_crossing(MemorySweep((3, 5), tuple(rates), rows, seed=0), 3, 5)
    off = abs(found.physical_error_rate - 0.0095)
    assert off > 1e-5
    assert found.interpolation_error == pytest.approx(off, rel=0.05)
    assert found.standard_error == pytest.approx(np.hypot(found.statistical_error, found.interpolation_error))


def test_two_rates_know_nothing_of_the_curve_between_them():
    crossing = threshold_crossing(made_up_sweep([0.004, 0.016], scale=0.01), 3, 5)
    assert crossing.interpolation_error == pytest.approx(0.008 * np.log(4.0) / np.sqrt(12.0), rel=1e-6)


def test_sweep_finds_the_threshold_of_circuit_noise():
    calls = []
    sweep = logical_error_rates(
        [5, 3], [0.016, 0.004], max_shots=24_000, max_errors=800, seed=4, progress=lambda *c: calls.append(c)
    )
    assert sweep.distances == (3, 5)
    assert sweep.physical_error_rates == (0.004, 0.016)
    assert [[r.rounds for r in row] for row in sweep.results] == [[3, 3], [5, 5]]
    rates, (low, high) = sweep.logical_error_rates_per_round, sweep.confidence_intervals_per_round
    assert rates.shape == low.shape == high.shape == (2, 2)
    assert high[1, 0] < low[0, 0]
    assert low[1, 1] > high[0, 1]
    assert np.all((low < rates) & (rates < high))
    low, high = sweep.confidence_intervals
    assert np.all((low < sweep.logical_error_rates) & (sweep.logical_error_rates < high))
    crossing = threshold_crossing(sweep, 3, 5)
    assert 0.008 < crossing.physical_error_rate < 0.014
    assert crossing.statistical_error < 0.001
    done = [shots for shots, _ in calls]
    assert done == sorted(done)
    assert calls[-1] == (96_000, 96_000)


def test_sweep_is_reproducible_and_its_points_are_independent():
    def run(seed):
        return logical_error_rates([3], [0.01, 0.02], rounds=1, max_shots=500, seed=seed, noise="phenomenological")

    sweep = run(6)
    assert sweep == run(sweep.seed)
    assert len({result.task_id for result in sweep}) == 2
    assert len({result.errors for result in sweep}) == 2
    assert sweep.results[0][0].rounds == 1


@pytest.mark.parametrize(
    ("distances", "rates", "message"),
    [
        ([], [0.01], r"distances must be distinct and at least one, got \(\)"),
        ([3, 3], [0.01], r"distances must be distinct and at least one, got \(3, 3\)"),
        ([3], [], "physical_error_rates must be distinct and at least one"),
        ([4], [0.01], "distance must be odd, got 4"),
        ([3], [2.0], "physical_error_rate must lie in"),
    ],
)
def test_bad_sweep_is_refused(distances, rates, message):
    with pytest.raises(InputError, match=message):
        logical_error_rates(distances, rates, max_shots=10)


@pytest.mark.parametrize(
    ("sweep", "pair", "message"),
    [
        (made_up_sweep([0.006, 0.009]), (5, 3), "the smaller distance must come first, got 5 and 3"),
        (made_up_sweep([0.006, 0.009]), (3, 7), r"one of the sweep's \(3, 5\), got 7"),
        (made_up_sweep([0.006, 0.007]), (3, 5), "must cross once.*got 0 crossings"),
        (made_up_sweep([0.009, 0.012]), (3, 5), "must cross once.*got 0 crossings"),
        (made_up_sweep([0.0001, 0.009], shots=1000), (3, 5), "got 0 errors in 1000 shots at distance 3"),
        (made_up_sweep([0.006, 0.009], scale=0.5), (3, 5), "between 0 and 1/2"),
    ],
)
def test_crossing_says_why_there_is_none(sweep, pair, message):
    with pytest.raises(InputError, match=message):
        threshold_crossing(sweep, *pair)
