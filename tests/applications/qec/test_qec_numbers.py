"""Numbers of the literature and of other programs, recovered by sampling."""

import math

import pytest
import stim

from qtoolkit.applications.qec import ExperimentTask, NoisePreset, fit_threshold, memory_tasks, run_experiments
from qtoolkit.noise import bit_flip

CIRCUIT_NOISE = {3: (1.728e-2, 2.1e-4), 5: (1.359e-2, 3.0e-4), 7: (8.66e-3, 4.2e-4)}
"""Logical error rates of rotated memories in basis z by matching, with errors; rounds as the distance, p = 0.005."""


def generated(distance):
    circuit = stim.Circuit.generated(
        "surface_code:rotated_memory_z",
        distance=distance,
        rounds=distance,
        after_clifford_depolarization=0.005,
        before_round_data_depolarization=0.005,
        before_measure_flip_probability=0.005,
        after_reset_flip_probability=0.005,
    )
    return ExperimentTask(circuit, rounds=distance)


@pytest.mark.slow
@pytest.mark.parametrize("whose", ["ours", "stim"])
def test_rotated_memories_under_circuit_noise(whose):
    tasks = (
        memory_tasks("rotated-surface", CIRCUIT_NOISE, [0.005])
        if whose == "ours"
        else [generated(distance) for distance in CIRCUIT_NOISE]
    )
    for result, (rate, error) in zip(
        run_experiments(tasks, max_shots=100_000, seed=6), CIRCUIT_NOISE.values(), strict=True
    ):
        ours = math.sqrt(rate / result.shots)
        assert abs(result.logical_error_rate - rate) < 4.0 * math.hypot(ours, error)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("preset", "distances", "rates", "rounds", "known"),
    [
        (
            lambda p: NoisePreset("flips, perfect checks", data=bit_flip(p)),
            [9, 13, 17, 21],
            [0.092, 0.097, 0.102, 0.107, 0.112],
            1,
            0.103,
        ),
        (
            lambda p: NoisePreset("flips, noisy checks", data=bit_flip(p), measure=bit_flip(p)),
            [5, 7, 9, 11],
            [0.023, 0.026, 0.029, 0.032, 0.035],
            lambda distance: distance,
            0.029,
        ),
    ],
    ids=["code capacity", "phenomenological"],
)
def test_thresholds_of_matching(preset, distances, rates, rounds, known):
    """Wang, Harrington and Preskill, Ann. Phys. 303, 31 (2003): 0.1031 and 0.0293, for toric codes."""
    tasks = memory_tasks("rotated-surface", distances, rates, rounds=rounds, noise=preset)
    fit = fit_threshold(run_experiments(tasks, max_shots=32_768, seed=2))
    low, high = fit.confidence_interval
    slack = 0.5 * (high - low)  # with it, an interval that is right misses once in ten thousand times
    assert low - slack < known < high + slack
    assert high - low < 0.25 * known
    assert fit.goodness > 1e-3
