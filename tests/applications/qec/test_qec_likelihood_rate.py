"""Maximum-likelihood rates by elimination against tables of all syndromes, and against products of models."""

import re

import numpy as np
import pytest
import stim

from qtoolkit.applications.qec import MaximumLikelihoodDecoder, exact_logical_error_rate, maximum_likelihood_rate
from qtoolkit.errors import InputError


def repetition(distance, rounds, rate):
    circuit = stim.Circuit.generated(
        "repetition_code:memory",
        distance=distance,
        rounds=rounds,
        before_round_data_depolarization=rate,
        before_measure_flip_probability=rate,
    )
    return circuit.detector_error_model()


def random_model(seed, num_detectors, num_observables, num_errors):
    rng = np.random.default_rng(seed)
    lines = [f"detector D{num_detectors - 1}", f"logical_observable L{num_observables - 1}"]
    for _ in range(num_errors):
        first = int(rng.integers(0, num_detectors))
        targets = [f"D{d}" for d in range(first, min(first + 3, num_detectors)) if d == first or rng.random() < 0.5]
        targets += [f"L{o}" for o in range(num_observables) if rng.random() < 0.4]
        lines.append(f"error({rng.uniform(0.01, 0.3)}) {' '.join(targets)}")
    lines.append("error(0.05) L0")
    return stim.DetectorErrorModel("\n".join(lines))


MODELS = {
    "repetition": repetition(3, 4, 0.02),
    "surface": stim.Circuit.generated(
        "surface_code:rotated_memory_z", distance=3, rounds=1, after_clifford_depolarization=0.01
    ).detector_error_model(),
    "one observable": random_model(1, 9, 1, 25),
    "two observables": random_model(2, 8, 2, 30),
    "few errors": random_model(3, 8, 1, 4),
}


@pytest.mark.parametrize("name", MODELS)
def test_elimination_agrees_with_the_table(name):
    model = MODELS[name]
    best = exact_logical_error_rate(model, MaximumLikelihoodDecoder().compile(model))
    found = maximum_likelihood_rate(model)
    assert found.lower == found.upper == float(found) == pytest.approx(best, rel=1e-9, abs=1e-15)
    assert found.dropped == 0.0


@pytest.mark.parametrize("tolerance", [1e-2, 1e-4, 1e-6])
def test_bounds_hold_the_rate_and_are_as_close_as_allowed(tolerance):
    model = MODELS["repetition"]
    best = exact_logical_error_rate(model, MaximumLikelihoodDecoder().compile(model))
    found = maximum_likelihood_rate(model, tolerance=tolerance)
    assert found.lower - 1e-15 <= best <= found.upper + 1e-15
    assert 0.0 < found.upper - found.lower == pytest.approx(found.dropped)
    assert found.dropped <= tolerance
    assert found.histories < maximum_likelihood_rate(model).histories


def test_models_side_by_side_fail_independently():
    """28 detectors and two observables: a table of eight gigabytes."""
    single = repetition(3, 6, 0.004)
    text = str(single.flattened())
    shifted = re.sub(r"D(\d+)", lambda found: f"D{int(found[1]) + single.num_detectors}", text.replace("L0", "L1"))
    both = stim.DetectorErrorModel(f"{text}\n{shifted}")
    assert both.num_detectors == 28
    one, two = maximum_likelihood_rate(single), maximum_likelihood_rate(both, tolerance=1e-4)
    expected = 1.0 - (1.0 - one.value) ** 2
    assert two.lower <= expected <= two.upper


def test_what_it_cannot_take_is_refused():
    wide = "\n".join(["error(0.1) " + " ".join(f"D{k}" for k in range(24)) + " L0", "error(0.1) D0"])
    with pytest.raises(InputError, match="at most 20 open detectors and observables at a time, got 25"):
        maximum_likelihood_rate(stim.DetectorErrorModel(wide))
    with pytest.raises(InputError, match="follows at most 5 histories, got"):
        maximum_likelihood_rate(MODELS["repetition"], max_histories=5)
    with pytest.raises(InputError, match="a model must have an error that a detector sees"):
        maximum_likelihood_rate(stim.DetectorErrorModel("error(0.1) L0"))
    with pytest.raises(InputError, match="DetectorErrorModel"):
        maximum_likelihood_rate("model")
    with pytest.raises(InputError, match=r"tolerance must lie in \[0, 1\], got -1"):
        maximum_likelihood_rate(MODELS["repetition"], tolerance=-1)
