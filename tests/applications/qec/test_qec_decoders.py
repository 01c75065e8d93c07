"""Decoders and exact sums, against enumerations that share no code with them."""

import itertools

import numpy as np
import pytest
import stim
from hypothesis import given, settings
from hypothesis import strategies as st

from qtoolkit.applications.qec import (
    MatchingDecoder,
    MaximumLikelihoodDecoder,
    MemoryExperiment,
    RotatedSurfaceCode,
    clopper_pearson,
    exact_logical_error_rate,
)
from qtoolkit.applications.qec.decoders.table import joint_distribution
from qtoolkit.errors import InputError


def code_capacity_rate_by_minimum_weight(code, flip_rate):
    """Exact error rate of lightest-error decoding of bit flips, from the weight enumerators of all 2^d² errors.

    Stabilizers have even and logicals odd weight, so the lightest errors of the two classes of a syndrome
    never tie, and every minimum-weight decoder has this rate.
    """
    n = code.num_data_qubits
    columns = np.vstack([code.z_checks, code.logical_z]).astype(np.int64)
    columns = (1 << np.arange(len(columns))) @ columns
    indices = np.arange(2 ** (len(code.z_checks) + 1))
    count = np.zeros((len(indices), n + 1))
    count[0, 0] = 1
    for column in columns:
        count[:, 1:] += count[indices ^ column, :-1]
    count = count.reshape(2, -1, n + 1)
    lightest = (count > 0).argmax(axis=2)
    assert np.all(lightest[0] != lightest[1])
    weights = np.arange(n + 1)
    probability = count @ (flip_rate**weights * (1 - flip_rate) ** (n - weights))
    assert probability.sum() == pytest.approx(1)
    return np.where(lightest[0] < lightest[1], probability[1], probability[0]).sum()


def test_matching_corrects_each_of_the_512_bit_flips_as_the_lightest_error_does():
    code = RotatedSurfaceCode(3)
    errors = np.array(list(itertools.product((0, 1), repeat=9)))
    syndromes = errors @ code.z_checks.T % 2
    flips = errors @ code.logical_z % 2
    lightest: dict[tuple[int, ...], tuple[int, int]] = {}
    for error, syndrome, flip in zip(errors, map(tuple, syndromes), flips, strict=True):
        candidate = (int(error.sum()), int(flip))
        lightest[syndrome] = min(lightest.get(syndrome, candidate), candidate)
    expected = np.array([lightest[tuple(syndrome)][1] for syndrome in syndromes])

    lines = []
    for qubit in range(9):
        targets = [f"D{row}" for row in np.flatnonzero(code.z_checks[:, qubit])]
        lines.append(f"error(0.01) {' '.join(targets)}{' L0' if code.logical_z[qubit] else ''}")
    decoder = MatchingDecoder().compile(stim.DetectorErrorModel("\n".join(lines)))
    predicted = decoder.decode_batch(syndromes.astype(np.bool_))
    assert predicted.dtype == np.bool_
    assert np.array_equal(predicted[:, 0], expected)


@pytest.mark.parametrize("basis", ["x", "z"])
def test_exact_sum_agrees_with_the_enumeration_of_all_bit_flips(basis):
    rate = 0.06
    experiment = MemoryExperiment(RotatedSurfaceCode(3), 1, rate, basis, "code_capacity")
    exact = exact_logical_error_rate(experiment.detector_error_model, experiment.compiled_decoder)
    # Depolarising noise flips a basis state by two of its three Pauli errors.
    assert exact == pytest.approx(code_capacity_rate_by_minimum_weight(RotatedSurfaceCode(3), 2 * rate / 3), rel=1e-10)


@pytest.mark.parametrize(("distance", "shots"), [(3, 100_000), (5, 50_000)])
def test_sampling_agrees_with_the_enumeration_of_all_bit_flips(distance, shots):
    rate = 0.09
    code = RotatedSurfaceCode(distance)
    result = MemoryExperiment(code, 1, rate, "z", "code_capacity").run(max_shots=shots, seed=17)
    low, high = clopper_pearson(result.errors, shots, confidence=0.9999)
    assert low <= code_capacity_rate_by_minimum_weight(code, 2 * rate / 3) <= high


@pytest.mark.parametrize("noise", ["circuit_level", "phenomenological"])
@pytest.mark.parametrize("basis", ["x", "z"])
def test_sampling_of_noisy_rounds_agrees_with_the_exact_sum(noise, basis):
    experiment = MemoryExperiment(RotatedSurfaceCode(3), 2, 0.02, basis, noise)
    exact = exact_logical_error_rate(experiment.detector_error_model, experiment.compiled_decoder)
    result = experiment.run(max_shots=100_000, seed=3)
    low, high = clopper_pearson(result.errors, result.shots, confidence=0.9999)
    assert low <= exact <= high


def test_matching_comes_close_to_but_never_beats_maximum_likelihood():
    model = MemoryExperiment(RotatedSurfaceCode(3), 2, 0.01).detector_error_model
    best = exact_logical_error_rate(model, MaximumLikelihoodDecoder().compile(model))
    matching = exact_logical_error_rate(model, MatchingDecoder().compile(model))
    assert best < matching < 1.2 * best


def test_experiment_runs_with_a_decoder_of_choice():
    experiment = MemoryExperiment(
        RotatedSurfaceCode(3), 2, 0.02, noise="phenomenological", decoder=MaximumLikelihoodDecoder()
    )
    exact = exact_logical_error_rate(experiment.detector_error_model, experiment.compiled_decoder)
    result = experiment.run(max_shots=50_000, seed=8)
    low, high = clopper_pearson(result.errors, result.shots, confidence=0.9999)
    assert result.decoder == "maximum-likelihood"
    assert low <= exact <= high


@st.composite
def small_models(draw):
    num_detectors, num_observables = draw(st.integers(1, 4)), draw(st.integers(1, 2))
    names = [f"D{k}" for k in range(num_detectors)] + [f"L{k}" for k in range(num_observables)]
    mechanisms = draw(
        st.lists(st.tuples(st.floats(0, 1), st.sets(st.sampled_from(names), min_size=1)), min_size=1, max_size=7)
    )
    declared = f"detector D{num_detectors - 1}\nlogical_observable L{num_observables - 1}\n"
    return num_detectors, num_observables, mechanisms, declared


@settings(max_examples=50, deadline=None)
@given(small_models())
def test_joint_distribution_is_the_sum_over_all_subsets_of_mechanisms(case):
    num_detectors, num_observables, mechanisms, text = case
    for probability, names in mechanisms:
        text += f"error({probability!r}) {' '.join(sorted(names))}\n"
    model = stim.DetectorErrorModel(text)
    expected = np.zeros((2**num_observables, 2**num_detectors))
    for happened in itertools.product((False, True), repeat=len(mechanisms)):
        weight, bits = 1.0, {"D": 0, "L": 0}
        for (probability, names), hit in zip(mechanisms, happened, strict=True):
            weight *= probability if hit else 1 - probability
            for name in names if hit else ():
                bits[name[0]] ^= 1 << int(name[1:])
        expected[bits["L"], bits["D"]] += weight
    np.testing.assert_allclose(joint_distribution(model), expected, atol=1e-13)
    best = exact_logical_error_rate(model, MaximumLikelihoodDecoder().compile(model))
    assert best == pytest.approx(1 - expected.max(axis=0).sum(), abs=1e-12)


def test_model_too_large_for_a_table_is_refused():
    model = MemoryExperiment(RotatedSurfaceCode(3), 3, 0.01).detector_error_model
    with pytest.raises(InputError, match=r"at most 21 detectors and observables, got 24 \+ 1"):
        exact_logical_error_rate(model, MatchingDecoder().compile(model))


def test_model_too_wide_for_maximum_likelihood_is_refused():
    model = MemoryExperiment(RotatedSurfaceCode(3), 3, 0.01).detector_error_model
    width = MaximumLikelihoodDecoder().compile(model).width
    with pytest.raises(InputError, match=rf"width of at most {width - 1}, got {width} for 24 detectors and 1 observ"):
        MaximumLikelihoodDecoder(max_width=width - 1).compile(model)
