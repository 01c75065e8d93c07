"""Erasures, probabilities of single shots and uncertain detection events, against models that say the same."""

import numpy as np
import pytest
from decoder_models import enumerated, repetition, sampled, surface, surface_memory

from qtoolkit.applications.qec import DetectorErrorModel, compile_decoder
from qtoolkit.errors import InputError

NAMES = ["maximum-likelihood", "matching", "correlated-matching", "union-find", "bp-osd", "bp-lsd"]


@pytest.mark.parametrize("name", NAMES)
def test_probabilities_of_a_shot_are_those_of_a_model_of_its_own(name):
    model = DetectorErrorModel.from_stim(surface_memory(3, 1, 0.02).detector_error_model(decompose_errors=True))
    rng = np.random.default_rng(2)
    events, _ = sampled(model, 30, 2)
    rates = model.probabilities * rng.uniform(0.2, 5.0, (30, model.num_mechanisms))
    found = compile_decoder(name, model).decode_reweighted(events, rates)
    alone = [
        compile_decoder(name, model.with_probabilities(own)).decode_batch(row[None])[0]
        for own, row in zip(rates, events, strict=True)
    ]
    assert np.array_equal(found, alone)
    same = compile_decoder(name, model).decode_reweighted(events, model.probabilities)
    assert np.array_equal(same, compile_decoder(name, model).decode_batch(events))


@pytest.mark.parametrize("name", NAMES)
def test_errors_on_erased_qubits_are_corrected_up_to_the_distance(name):
    """Any errors on d − 1 erased qubits are corrected: twice as many as unknown ones."""
    model = repetition(5, 0.001)
    rng = np.random.default_rng(1)
    erased = np.array([rng.permutation(5) < 4 for _ in range(60)])
    errors = erased & (rng.random((60, 5)) < 0.5)
    events = (errors.astype(int) @ model.detector_matrix.toarray().T % 2).astype(bool)
    flips = (errors.astype(int) @ model.observable_matrix.toarray().T % 2).astype(bool)
    decoder = compile_decoder(name, model)
    assert np.array_equal(decoder.decode_erasures(events, erased), flips)
    assert not np.array_equal(decoder.decode_batch(events), flips)


@pytest.mark.parametrize("name", NAMES)
def test_certain_events_are_hard_events(name):
    model = surface(3, 0.05)
    events, _ = sampled(model, 40, 4)
    decoder = compile_decoder(name, model)
    ratios = np.where(events, -60.0, 60.0)
    assert np.array_equal(decoder.decode_soft(ratios), decoder.decode_batch(events))


def test_soft_events_are_weighed_by_bayes():
    """Maximum likelihood: P(flip) from the sum over all syndromes of P(ratio | syndrome) P(syndrome, flip)."""
    model = repetition(4, 0.1)
    ratios = np.random.default_rng(8).normal(0, 2, (60, 3))
    found = compile_decoder("maximum-likelihood", model).decode_soft(ratios)
    for row, prediction in zip(ratios, found, strict=True):
        quiet = 1 / (1 + np.exp(-row))  # P(no event)
        weights = {False: 0.0, True: 0.0}
        for events, flipped in enumerated(model).items():
            seen = np.where(events, 1 - quiet, quiet).prod()
            for flips, probability in flipped.items():
                weights[flips[0]] += seen * probability
        assert prediction[0] == (weights[True] > weights[False])


@pytest.mark.parametrize("name", ["matching", "union-find"])
def test_doubtful_events_are_given_up_first(name):
    """Events at both ends of a chain: with the left one in doubt, nothing but a misreading happened there."""
    model = repetition(5, 0.01)
    decoder = compile_decoder(name, model)
    sure, doubtful = -9.0, -0.1
    assert decoder.decode_soft(np.array([[sure, 9.0, 9.0, 9.0], [doubtful, 9.0, 9.0, 9.0]])).tolist() == [
        [True],
        [False],
    ]


@pytest.mark.parametrize("name", ["matching", "union-find"])
def test_of_two_errors_with_the_same_detectors_the_likelier_of_a_shot_is_predicted(name):
    model = DetectorErrorModel.from_text(
        "error(0.2) D0\nerror(0.1) D0 L0\nerror(0) D0 D1 D2\nerror(0.1) D1\nerror(0.1) D2"
    )
    decoder = compile_decoder(name, model)
    events = [[1, 0, 0]] * 2
    assert decoder.decode_erasures(events, [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0]]).tolist() == [[False], [True]]
    with pytest.raises(InputError, match=r"probability of its own to error\(0\) D0 D1 D2, which flips more than two"):
        decoder.decode_erasures(events, [[0, 0, 1, 0, 0]] * 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda decoder: decoder.decode_reweighted([[0, 0]], np.ones((2, 3))),
            r"shape \(1, 3\), .*, or \(3,\), got \(2, 3\)",
        ),
        (lambda decoder: decoder.decode_reweighted([[0, 0]], [0.1, 0.2, 1.3]), r"in \[0, 1\], got 1.3"),
        (lambda decoder: decoder.decode_reweighted([[0, 0]], "abc"), "probabilities"),
        (lambda decoder: decoder.decode_reweighted([[0]], [0.1, 0.2, 0.3]), "detection events must"),
        (lambda decoder: decoder.decode_erasures([[0, 0]], [[0, 0]]), "erasures must have shape"),
        (lambda decoder: decoder.decode_erasures([[0, 0]], [[0.5, 0, 0]]), "erasures must be bools"),
        (lambda decoder: decoder.decode_soft([[0.1]]), "log-likelihood ratios"),
        (lambda decoder: decoder.decode_soft([[0.1, np.nan]]), "log-likelihood ratios"),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_soft_input_is_checked(name, call, message):
    with pytest.raises(InputError, match=message):
        call(compile_decoder(name, repetition(3, 0.1)))
