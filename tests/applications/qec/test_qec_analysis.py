"""Thresholds, suppression and both bases: recovered from made-up counts, and with the errors that they claim."""

import dataclasses
import math
import re

import numpy as np
import pytest

from qtoolkit.applications.qec import (
    ExperimentResult,
    NoisePreset,
    StabilizerCode,
    both_bases,
    code_named,
    correct_once,
    fit_suppression,
    fit_threshold,
    memory_experiment,
    memory_tasks,
    per_round_rate,
    run_experiments,
    threshold_crossing,
    unprotected_error_rate,
)
from qtoolkit.applications.qec.codes import rotated_surface_code
from qtoolkit.errors import InputError
from qtoolkit.noise import bit_flip

THRESHOLD, EXPONENT, CURVE, SIZE = 0.103, 1.5, (0.16, 0.9, 1.2), 0.03
RATES = np.linspace(0.09, 0.115, 6)


def counted(distance, rate, shots, errors, rounds=1, **labels):
    return ExperimentResult(
        "", {"distance": distance, "physical_error_rate": rate, **labels},
        rounds, "matching", shots, 0, errors, (errors,), 0, None, 0, 8192,
    )  # fmt: skip


def scaling(distances=(5, 7, 9, 11), rates=RATES, shots=10**8, draw=round, bend=0.0, size=0.0):
    """Counts on the curve; `draw` makes counts of expectations."""
    found = []
    for distance in distances:
        for rate in rates:
            x = (rate - THRESHOLD) * distance ** (1.0 / EXPONENT)
            failure = CURVE[0] + CURVE[1] * x + CURVE[2] * x**2 + bend * x**3 + size / distance
            found.append(counted(distance, float(rate), shots, draw(shots * failure)))
    return found


def test_the_threshold_of_counts_on_a_curve_is_found():
    fit = fit_threshold(scaling(size=SIZE))
    assert fit.has_size_term
    assert fit.threshold == pytest.approx(THRESHOLD, abs=2e-5)
    assert fit.exponent == pytest.approx(EXPONENT, rel=0.02)
    assert fit.coefficients == pytest.approx((*CURVE, SIZE), rel=0.03)
    assert fit.distances == (5, 7, 9, 11)
    assert fit.physical_error_rates == pytest.approx(tuple(RATES))
    assert fit.degrees_of_freedom == 24 - 6
    assert fit.deviance < 1.0 < 20.0 * fit.goodness
    assert fit.without_smallest == pytest.approx(THRESHOLD, abs=5e-5)
    wanted = [result.logical_error_rate for result in scaling(size=SIZE) if result.distance == 9]
    np.testing.assert_allclose(fit.logical_error_rate(RATES, 9), wanted, rtol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(("size_term", "shots"), [(False, 20_000), (True, 400_000)])
def test_intervals_of_the_threshold_cover_it_as_often_as_they_say(size_term, shots):
    """95 % within four standard deviations of that share, and intervals no wider than they must be."""
    rng = np.random.default_rng(8)
    fits = [
        fit_threshold(
            scaling(shots=shots, draw=lambda mean: int(rng.binomial(shots, mean / shots)), size=SIZE * size_term),
            size_term=size_term,
            leave_out=False,
        )
        for _ in range(150)
    ]
    covered = sum(fit.confidence_interval[0] <= THRESHOLD <= fit.confidence_interval[1] for fit in fits)
    assert 0.88 <= covered / len(fits) <= 1.0
    scatter = np.std([fit.threshold for fit in fits])
    assert np.median([fit.standard_error for fit in fits]) == pytest.approx(scatter, rel=0.35)


def test_curves_that_bend_are_fitted_near_the_threshold_or_given_wider_intervals():
    wide = np.linspace(0.07, 0.136, 12)
    bent = scaling(rates=wide, shots=200_000, bend=3.0)
    every = fit_threshold(bent, leave_out=False)
    near = fit_threshold(bent)
    assert every.goodness < 1e-6
    assert len(near.physical_error_rates) < 12 == len(every.physical_error_rates)
    assert near.goodness > 0.01
    assert abs(near.threshold - THRESHOLD) < 2 * near.standard_error
    straight = fit_threshold(scaling(rates=wide, shots=200_000), leave_out=False)
    assert every.standard_error > 1.5 * straight.standard_error


def test_curves_of_small_codes_that_do_not_meet_mislead_without_a_term_for_their_size():
    shifted = scaling(size=SIZE, shots=10**6)
    blind = fit_threshold(shifted, size_term=False)
    assert not blind.has_size_term
    assert blind.coefficients[3] == 0.0
    assert abs(blind.threshold - THRESHOLD) > 5 * blind.standard_error
    seeing = fit_threshold(shifted)
    assert abs(seeing.threshold - THRESHOLD) < seeing.standard_error
    assert seeing.standard_error > 3 * blind.standard_error


def test_the_threshold_needs_three_distances_and_says_what_two_have():
    with pytest.raises(InputError, match="three distances or more, got 5, 7: two have a crossing"):
        fit_threshold(scaling(distances=(5, 7)))
    crossing = threshold_crossing(scaling(distances=(5, 7)), 5, 7)
    assert crossing.physical_error_rate == pytest.approx(THRESHOLD, rel=1e-2)
    three = fit_threshold(scaling(distances=(5, 7, 9)))
    assert (three.without_smallest, three.has_size_term) == (None, False)


@pytest.mark.parametrize(
    ("results", "message"),
    [
        (scaling(rates=RATES[:3]), "four rates or more at each distance, got 3"),
        (scaling(rates=np.linspace(0.06, 0.09, 6)), "there must be a threshold within the rates 0.06 to 0.09"),
        (scaling(rates=np.linspace(0.11, 0.13, 6)), "there must be a threshold within the rates 0.11 to 0.13"),
        (scaling(shots=40), "must bound the threshold near|must be a threshold within"),
        (
            [counted(d, p, 1000, 100, rounds=r) for d, r in ((3, 3), (5, 3), (7, 20)) for p in RATES],
            "got 3 at distance 3",
        ),
        ([*scaling(), scaling()[0]], r"must come once, got \(5, 0.09\) twice"),
        ([counted(3, 0.1, 9, 1, noise="a"), counted(5, 0.1, 9, 1, noise="b")], "must share their noise, got a, b"),
        ([dataclasses.replace(counted(3, 0.1, 9, 0), discards=9)], "must have accepted shots, got none"),
        ([3], "results must be ExperimentResults or BothBases, got 3"),
        ([], "at least one, got none"),
        ([dataclasses.replace(counted(3, 0.1, 9, 1), labels={})], "must have a label distance"),
    ],
)
def test_results_without_a_threshold_are_refused(results, message):
    with pytest.raises(InputError, match=message):
        fit_threshold(results)


def suppressed(factor=4.0, distances=(3, 5, 7), shots=10**9, draw=round, rate=0.005):
    found = []
    for distance in distances:
        per_round = 0.02 / factor ** (distance / 2.0)
        failure = 0.5 * (1.0 - (1.0 - 2.0 * per_round) ** distance)
        found.append(counted(distance, rate, shots, draw(shots * failure), rounds=distance))
    return found


def test_suppression_and_the_code_for_a_target():
    fit = fit_suppression(suppressed())
    assert fit.factor == pytest.approx(4.0, rel=1e-4)
    assert fit.confidence_interval[0] < 4.0 < fit.confidence_interval[1]
    assert fit.logical_error_rate_per_round(9) == pytest.approx(0.02 / 4.0**4.5, rel=1e-3)
    assert fit.band(9)[0] < 0.02 / 4.0**4.5 < fit.band(9)[1]
    # 0.02 / 4^(d/2) ≤ 1e-9 from d = 24.3 on
    projected = fit.project(1e-9)
    assert (projected.distance, projected.num_qubits, projected.is_extrapolated) == (25, 2 * 625 - 1, True)
    assert projected.distance_interval[0] <= 25 <= projected.distance_interval[1]
    assert fit.project(1e-3, num_qubits=lambda d: d).num_qubits == fit.project(1e-3).distance == 5
    assert not fit.project(1e-3).is_extrapolated


def test_intervals_of_suppression_cover_it_as_often_as_they_say():
    rng = np.random.default_rng(4)
    fits = [
        fit_suppression(suppressed(shots=100_000, draw=lambda mean: int(rng.binomial(100_000, mean / 100_000))))
        for _ in range(300)
    ]
    covered = sum(fit.confidence_interval[0] <= 4.0 <= fit.confidence_interval[1] for fit in fits)
    assert covered / len(fits) >= 0.92
    projected = [fit.project(1e-9).distance_interval for fit in fits]
    assert sum(low <= 25 <= high for low, high in projected) / len(fits) >= 0.92


def test_distances_without_errors_count():
    few = suppressed(factor=30.0, distances=(3, 5), shots=1_000_000)
    none = counted(7, 0.005, 1_000_000, 0, rounds=7)
    with_none, without = fit_suppression([*few, none]), fit_suppression(few)
    assert with_none.factor > without.factor
    assert (with_none.degrees_of_freedom, without.degrees_of_freedom) == (1, 0)


def test_suppression_of_two_distances_is_their_ratio():
    small, large = suppressed(distances=(3, 5), shots=100_000)
    fit = fit_suppression([small, large])
    ratio = small.logical_error_rate_per_round / large.logical_error_rate_per_round
    assert fit.factor == pytest.approx(ratio, rel=1e-6)


def test_no_distance_reaches_a_target_above_the_threshold():
    fit = fit_suppression(suppressed(factor=0.8))
    with pytest.raises(InputError, match=r"larger codes must do better for a target to be reached, got Λ = 0.8"):
        fit.project(1e-9)
    unsure = fit_suppression(suppressed(factor=1.01, shots=2_000))
    assert unsure.project(1e-3).distance_interval[1] is None
    assert unsure.project(1e-3).num_qubits_interval[1] is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fit_suppression([*suppressed(), *suppressed(rate=0.1)]), "of one physical error rate, got 0.005, 0.1"),
        (lambda: fit_suppression(suppressed(distances=(3,))), "errors at two distances or more, got 1"),
        (lambda: fit_suppression([counted(3, 0.1, 10, 6), counted(5, 0.1, 10, 4)]), "must be below 1/2, got 0.6"),
        (lambda: fit_suppression(suppressed()).project(0.6), "strictly between 0 and 1/2, got 0.6"),
        (lambda: fit_suppression(suppressed()).project(1e-9, num_qubits=3), "num_qubits must be"),
        (lambda: fit_suppression(suppressed()).band(0), "distance must be"),
    ],
)
def test_bad_input_of_suppression_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_both_bases_are_compared_with_a_physical_qubit_like_with_like():
    tasks = memory_tasks("rotated-surface", [3, 5], [0.002, 0.02], bases=("x", "z"))
    pairs = both_bases(run_experiments(tasks, max_shots=40_000, seed=2))
    assert [(pair.distance, pair.physical_error_rate) for pair in pairs] == [
        (3, 0.002), (3, 0.02), (5, 0.002), (5, 0.02)
    ]  # fmt: skip
    for pair in pairs:
        mean = 0.5 * (pair.x.logical_error_rate + pair.z.logical_error_rate)
        low, high = pair.confidence_interval
        assert low < pair.logical_error_rate < high
        assert pair.logical_error_rate == mean
        assert pair.logical_error_rate_per_round == per_round_rate(mean, pair.rounds)
        single = pair.x.confidence_interval
        assert high - low < single[1] - single[0]
        assert pair.any_error_per_round[0] <= 2 * pair.logical_error_rate_per_round * 1.1
        assert pair.any_error_per_round[1] == pytest.approx(
            pair.x.logical_error_rate_per_round + pair.z.logical_error_rate_per_round
        )
    assert [pair.against(unprotected_error_rate(pair.physical_error_rate)) for pair in pairs] == [
        "better", "worse", "better", "worse"
    ]  # fmt: skip
    assert pairs[0].against(pairs[0].logical_error_rate_per_round) == "undecided"
    fits = [fit_suppression([pair.x for pair in pairs[::2]]), fit_suppression([pair.z for pair in pairs[::2]])]
    together = fit_suppression([one for pair in pairs[::2] for one in (pair.x, pair.z)])
    assert together == fit_suppression(pairs[::2])
    width = [math.log(fit.confidence_interval[1] / fit.confidence_interval[0]) for fit in [*fits, together]]
    assert width[2] < 0.85 * min(width[:2])


def test_intervals_of_both_bases_cover():
    rng = np.random.default_rng(1)
    x_rate, z_rate = 0.02, 0.005
    covered = 0
    for _ in range(1000):
        results = [
            counted(3, 0.01, n, int(rng.binomial(n, rate)), basis=basis)
            for basis, rate, n in (("x", x_rate, 500), ("z", z_rate, 2000))
        ]
        low, high = both_bases(results)[0].confidence_interval
        covered += low <= 0.5 * (x_rate + z_rate) <= high
    assert covered >= 935


def test_partners_are_needed():
    x, z = (counted(3, 0.01, 100, 3, basis=basis) for basis in "xz")
    with pytest.raises(InputError, match="needs its partner in the other basis"):
        both_bases([x, z, counted(5, 0.01, 100, 3, basis="x")])
    with pytest.raises(InputError, match="each basis must come once, got x twice"):
        both_bases([x, z, x])
    with pytest.raises(InputError, match="a label basis that is x or z, got ''"):
        both_bases([counted(3, 0.01, 100, 3)])
    with pytest.raises(InputError, match="ExperimentResults, got 3"):
        both_bases([3])


def test_depolarising_flips_an_unprotected_qubit_as_often_as_its_memory_says():
    """A circuit of one bare qubit beside the closed form."""
    import stim

    for basis in "XZ":
        circuit = stim.Circuit(f"R{basis} 0\nDEPOLARIZE1(0.3) 0\nM{basis} 0\nOBSERVABLE_INCLUDE(0) rec[-1]")
        flips = circuit.compile_detector_sampler(seed=1).sample(100_000, separate_observables=True)[1]
        assert flips.mean() == pytest.approx(unprotected_error_rate(0.3), abs=0.006)


@pytest.mark.parametrize(
    ("rounds", "expected"), [(None, [3, 5]), (4, [4, 4]), ({3: 1, 5: 9}, [1, 9]), (lambda d: 2 * d, [6, 10])]
)
def test_rounds_of_each_distance(rounds, expected):
    tasks = memory_tasks("rotated-surface", [3, 5], [0.01], rounds=rounds)
    assert [task.rounds for task in tasks] == expected
    assert [task.labels["distance"] for task in tasks] == [3, 5]
    assert tasks[0].circuit.num_detectors == 8 * expected[0]


def test_rounds_measured_without_errors_are_one_by_default():
    (task,) = memory_tasks("rotated-surface", [3], [0.01], noise="code-capacity")
    assert task.rounds == 1


def test_tasks_of_memories_are_those_of_the_experiment():
    """The circuits are other texts of the same thing: errors of both agree as counts do."""
    (task,) = memory_tasks("rotated-surface", [3], [0.01], rounds=2)
    ours = run_experiments([task], max_shots=100_000, seed=1)[0]
    direct = memory_experiment(3, 2, 0.01, shots=100_000, seed=1)
    assert abs(ours.errors - direct.errors) < 4 * math.sqrt(ours.errors + direct.errors)
    assert dict(task.labels) == {
        "code": "rotated-surface", "distance": 3, "physical_error_rate": 0.01, "basis": "z", "noise": "circuit",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "distances", "noise", "decoder"),
    [
        ("steane", None, "circuit", "maximum-likelihood"),
        ("repetition", [3, 5], "phenomenological", "union-find"),
        ("color-666", [3], "si1000", "bp-osd"),
        ("toric", [4], "biased", "matching"),
        ("bivariate-bicycle-72", None, "code-capacity", "bp-lsd"),
        (rotated_surface_code(3), None, lambda p: NoisePreset("flips", data=bit_flip(p)), "lookup"),
    ],
)
def test_memories_of_any_code_noise_and_decoder(code, distances, noise, decoder):
    tasks = memory_tasks(code, distances, [0.004], noise=noise, decoder=decoder, rounds=1, batch_shots=500)
    for task, result in zip(tasks, run_experiments(tasks, max_shots=500, seed=3), strict=True):
        assert 0 <= result.errors < 50
        assert len(result.observable_errors) == task.circuit.num_observables
        assert result.decoder == decoder
    named = noise if isinstance(noise, str) else "flips"
    assert tasks[0].labels["noise"] == named


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: memory_tasks("mystery", [3], [0.01]), "code must be one of .*rotated-surface.*, got 'mystery'"),
        (lambda: memory_tasks(3, [3], [0.01]), "code must be a name or a code, got 3"),
        (lambda: memory_tasks("toric", None, [0.01]), "the code toric has a distance to choose, got none"),
        (lambda: memory_tasks("steane", [3], [0.01]), "a single code has its own distance, got distances for 'steane'"),
        (lambda: memory_tasks(StabilizerCode(["XX", "ZZ"]), None, [0.1]), "must know its distance"),
        (lambda: memory_tasks("steane", None, [0.1], noise=lambda p: 3), "make NoisePresets, got one that makes 3"),
        (
            lambda: memory_tasks("rotated-surface", [3], [0.01], noise="loud"),
            "noise must be one of .*circuit.*, got 'loud'",
        ),
        (lambda: memory_tasks("rotated-surface", [], [0.01]), "distances must be distinct and at least one"),
        (lambda: memory_tasks("rotated-surface", [3, 3], [0.01]), "distances must be distinct and at least one"),
        (lambda: memory_tasks("rotated-surface", [3], ["a"]), "physical_error_rates must be"),
        (lambda: memory_tasks("rotated-surface", [3], [0.01], bases=("y",)), "basis must be one of x, z, got 'y'"),
        (lambda: memory_tasks("rotated-surface", [3], [0.01], rounds={5: 1}), "got none for 3"),
        (lambda: memory_tasks("rotated-surface", [3], [0.01], rounds=lambda d: 0), "rounds must be"),
        (lambda: unprotected_error_rate(2.0), r"must lie in \[0, 1\], got 2"),
    ],
)
def test_bad_input_of_tasks_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


@pytest.mark.parametrize(("name", "distance"), [("toric", 4), ("surface", 3), ("color-666", 5), ("steane", None)])
def test_corrections_undo_what_they_can(name, distance):
    code = code_named(name, **({} if distance is None else {"distance": distance}))
    for seed in range(20):
        shot = correct_once(code, 0.08, seed=seed)
        assert code.syndrome(shot.correction[None, :])[0].tolist() == shot.syndrome.tolist()
        left = shot.error ^ shot.correction
        assert not code.syndrome(left[None, :]).any()
        assert shot.logical_error == bool(code.logical_action(left[None, :]).any())
        weight = np.count_nonzero(left[: code.num_qubits] | left[code.num_qubits :])
        assert not shot.logical_error or weight >= (distance or 3)
    assert not correct_once(code, 0.0, seed=1).error.any()
    assert correct_once(code, 0.1, seed=4).error.tolist() == correct_once(code, 0.1, seed=4).error.tolist()


def test_results_say_in_a_line_what_they_are():
    result = dataclasses.replace(counted(3, 0.01, 1_000, 20, basis="z"), seed=7)
    assert repr(result) == (
        "ExperimentResult(distance=3, physical_error_rate=0.01, basis=z: 20 errors in 1,000 shots, 0.02 (0.01226 to "
        "0.03072), matching, seed 7)"
    )
    assert repr(dataclasses.replace(result, labels={})).startswith("ExperimentResult(20 errors in 1,000 shots, ")
    assert repr(fit_threshold(scaling())).startswith("ThresholdFit(0.103 (0.10")
    assert re.fullmatch(
        r"SuppressionFit\(Λ = 4 \([34][.\d]* to 4[.\d]*\), p = 0.005, distances 3, 5, 7\)",
        repr(fit_suppression(suppressed())),
    )
