import math
import sys

import numpy as np
import pytest
import stim

from qtoolkit.applications.qec import MemoryExperiment, RotatedSurfaceCode, code_named, memory_experiment
from qtoolkit.errors import InputError, MissingExtraError

NOISY = MemoryExperiment(RotatedSurfaceCode(3), 3, 0.02)


@pytest.mark.parametrize(
    ("noise", "noisy_operations"),
    [
        ("circuit_level", {"DEPOLARIZE1", "DEPOLARIZE2", "X_ERROR"}),
        ("phenomenological", {"DEPOLARIZE1", "X_ERROR"}),
        ("code_capacity", {"DEPOLARIZE1"}),
    ],
)
def test_noise_strikes_only_where_its_kind_says(noise, noisy_operations):
    circuit = MemoryExperiment(RotatedSurfaceCode(3), 2, 0.01, "z", noise).circuit
    noisy = [step for step in circuit.flattened() if step.name in {"DEPOLARIZE1", "DEPOLARIZE2", "X_ERROR", "Z_ERROR"}]
    assert {step.name for step in noisy} == noisy_operations
    assert {step.gate_args_copy()[0] for step in noisy} == {0.01}
    assert circuit.without_noise() == stim.Circuit.generated("surface_code:rotated_memory_z", distance=3, rounds=2)
    if noise == "code_capacity":
        assert all(len(step.targets_copy()) == 9 for step in noisy)


@pytest.mark.parametrize("basis", ["x", "z"])
def test_distance_5_beats_distance_3_below_threshold(basis):
    small, large = (memory_experiment(d, d, 0.003, basis=basis, shots=60_000, seed=1) for d in (3, 5))
    assert large.confidence_interval[1] < small.confidence_interval[0]
    assert large.confidence_interval_per_round[1] < small.confidence_interval_per_round[0]
    assert large.confidence_interval[0] <= large.logical_error_rate <= large.confidence_interval[1]


def test_distance_5_is_worse_above_threshold():
    small, large = (memory_experiment(d, d, 0.03, shots=8_000, seed=1) for d in (3, 5))
    assert large.confidence_interval_per_round[0] > small.confidence_interval_per_round[1]


def test_without_noise_nothing_fails():
    result = memory_experiment(3, 4, 0.0, shots=500, seed=0)
    assert result.errors == 0
    assert result.confidence_interval[0] == 0.0


def test_same_seed_same_counts_and_other_seed_other_counts():
    first, again, other = (NOISY.run(max_shots=20_000, seed=seed) for seed in (7, 7, 8))
    assert first == again
    assert first.errors != other.errors


def test_continued_run_equals_the_run_in_one_piece():
    part = NOISY.run(max_shots=2_000, batch_shots=1_000, seed=5)
    whole = NOISY.run(max_shots=5_000, batch_shots=1_000, seed=5)
    continued = NOISY.run(max_shots=5_000, previous=part)
    assert continued == whole
    assert continued.batch_shots == 1_000
    assert continued.wall_time > part.wall_time
    assert NOISY.run(max_shots=1_000, previous=part) == part


def test_batches_differ_from_each_other():
    results = [NOISY.run(max_shots=1_000 * k, batch_shots=1_000, seed=5) for k in range(1, 6)]
    new_errors = np.diff([0, *(result.errors for result in results)])
    assert len(set(new_errors.tolist())) > 1


def test_generator_and_no_seed_leave_a_seed_that_repeats_the_run():
    for seed in (np.random.default_rng(3), None):
        result = NOISY.run(max_shots=3_000, seed=seed)
        assert NOISY.run(max_shots=3_000, seed=result.seed) == result


def test_error_limit_stops_after_the_batch_that_reaches_it():
    calls = []
    result = NOISY.run(
        max_shots=100_000, max_errors=50, batch_shots=50, seed=2, progress=lambda *counts: calls.append(counts)
    )
    assert result.errors >= 50
    assert 50 < result.shots < 100_000
    assert calls == [(shots, 100_000) for shots in range(50, result.shots + 1, 50)]
    before = NOISY.run(max_shots=result.shots - 50, batch_shots=50, seed=2)
    assert before.errors < 50


def test_a_run_has_the_shots_that_were_asked_for():
    assert NOISY.run(max_shots=1_234, batch_shots=1_000, seed=0).shots == 1_234


def test_result_carries_its_evidence():
    result = memory_experiment(3, 2, 0.01, basis="x", noise="phenomenological", shots=100, seed=9)
    assert (result.distance, result.rounds, result.physical_error_rate) == (3, 2, 0.01)
    assert (result.basis, result.noise, result.decoder) == ("x", "phenomenological", "matching")
    assert (result.shots, result.seed, result.observable_errors) == (100, 9, (result.errors,))
    assert result.wall_time > 0
    assert set(result.versions) == {"qtoolkit", "numpy", "stim", "pymatching"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"distance": 4}, "distance must be odd, got 4"),
        ({"rounds": 0}, "rounds must be at least 1, got 0"),
        ({"physical_error_rate": -0.1}, r"physical_error_rate must lie in \[0, 0.75\], got -0.1"),
        ({"physical_error_rate": 1.1}, r"physical_error_rate must lie in \[0, 0.75\], got 1.1"),
        ({"physical_error_rate": math.nan}, "got nan"),
        ({"shots": 0}, "shots must be at least 1, got 0"),
        ({"shots": 10.5}, "shots must be an integer, got 10.5"),
        ({"max_errors": 0}, "max_errors must be at least 1, got 0"),
        ({"basis": "y"}, "basis must be one of x, z, got 'y'"),
        ({"noise": "thermal"}, "noise must be one of circuit_level, phenomenological, code_capacity, got 'thermal'"),
        ({"seed": -1}, "seed must be at least 0, got -1"),
    ],
)
def test_bad_input_is_refused(changes, message):
    good = {"distance": 3, "rounds": 1, "physical_error_rate": 0.01, "shots": 10}
    with pytest.raises(InputError, match=message):
        memory_experiment(**(good | changes))


def test_only_the_same_experiment_and_seed_can_be_continued():
    part = NOISY.run(max_shots=100, seed=1)
    with pytest.raises(InputError, match="only a result of the same task can be continued"):
        MemoryExperiment(RotatedSurfaceCode(3), 3, 0.01).run(max_shots=200, previous=part)
    with pytest.raises(InputError, match="keeps its seed 1, got 2"):
        NOISY.run(max_shots=200, seed=2, previous=part)


def test_other_codes_are_sent_to_tasks():
    with pytest.raises(InputError, match=r"RotatedSurfaceCode, got <CSSCode Steane .*memory_tasks, or ExperimentTask"):
        MemoryExperiment(code_named("steane"), 3, 0.01)


@pytest.mark.parametrize("package", ["stim", "pymatching"])
def test_missing_package_names_the_extra(monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf'"{package}".*qtoolkit-quantum\[qec\]'):
        memory_experiment(3, 1, 0.01, shots=10)
