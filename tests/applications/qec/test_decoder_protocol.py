"""What every decoder takes, returns and refuses, and what decoders of others may not do unnoticed."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import stim
from decoder_models import ALL_NAMES, NAMES, repetition, sampled, surface, surface_memory

from qtoolkit.applications.qec import (
    DECODERS,
    BeliefDecoder,
    BeliefMatchingDecoder,
    CheckedDecoder,
    DetectorErrorModel,
    LookupDecoder,
    MatchingDecoder,
    MaximumLikelihoodDecoder,
    SlidingWindowDecoder,
    TesseractDecoder,
    UnionFindDecoder,
    compile_decoder,
    decoder_named,
    exact_logical_error_rate,
)
from qtoolkit.errors import InputError

MODEL = surface(3, 0.05)


@pytest.mark.parametrize("name", DECODERS)
def test_decoders_have_the_names_that_they_are_found_by(name):
    decoder = decoder_named(name)
    assert decoder.name == name
    assert pickle.loads(pickle.dumps(decoder)) == decoder


def test_unknown_names_are_refused():
    with pytest.raises(InputError, match=r"one of lookup, .*, sliding-window, got 'best'"):
        decoder_named("best")


@pytest.mark.parametrize("name", ALL_NAMES)
def test_every_decoder_checks_its_input(name):
    decoder = compile_decoder(name, MODEL)
    assert (decoder.name, decoder.num_detectors, decoder.num_observables) == (name, 4, 1)
    wrong = [np.zeros((2, 5), bool), np.zeros(4, bool), np.zeros((2, 4)), np.full((2, 4), 2), "0000", None, [[0, 1]]]
    for events in wrong:
        with pytest.raises(InputError, match="detection events must"):
            decoder.decode_batch(events)
    for events in [np.zeros((2, 4), np.uint8), np.zeros((2, 1), bool), [[0]], np.full((2, 1), 16, np.uint8)]:
        with pytest.raises(InputError, match="packed detection events must"):
            decoder.decode_packed(events)
    found = decoder.decode_batch(np.eye(4, dtype=bool))
    assert found.shape == (4, 1)
    assert found.dtype == bool
    for events in (np.eye(4, dtype=int), np.eye(4, dtype=int).tolist(), np.asfortranarray(np.eye(4, dtype=bool))):
        assert np.array_equal(decoder.decode_batch(events), found)
    assert decoder.decode_batch(np.zeros((0, 4), bool)).shape == (0, 1)


@pytest.mark.parametrize("name", ALL_NAMES)
def test_events_stay_as_they_were(name):
    events = np.eye(4, dtype=bool)
    compile_decoder(name, MODEL).decode_batch(events)
    assert np.array_equal(events, np.eye(4, dtype=bool))


@pytest.mark.parametrize("name", sorted(set(ALL_NAMES) - {"correlated-matching", "belief-matching"}))
@pytest.mark.parametrize("num_observables", [1, 9])
def test_packed_bits_are_the_same_bits(name, num_observables):
    flips = np.zeros((num_observables, 9), int)
    flips[-1] = MODEL.observable_matrix.toarray()[0]
    model = DetectorErrorModel(MODEL.probabilities, MODEL.detector_matrix, flips)
    decoder = compile_decoder(name, model)
    events, _ = sampled(model, 50, 3)
    packed = decoder.decode_packed(np.packbits(events, axis=1, bitorder="little"))
    assert packed.dtype == np.uint8
    expected = decoder.decode_batch(events)
    assert expected.any()
    assert np.array_equal(packed, np.packbits(expected, axis=1, bitorder="little"))


@pytest.mark.parametrize("name", NAMES)
def test_stims_models_and_ours_are_taken_alike(name):
    theirs = surface_memory(3, 1, 0.02).detector_error_model(decompose_errors=True)
    ours = DetectorErrorModel.from_stim(theirs)
    events, _ = sampled(ours, 40, 5)
    predictions = [compile_decoder(name, model).decode_batch(events) for model in (theirs, ours)]
    assert np.array_equal(*predictions)


@pytest.mark.parametrize("name", ALL_NAMES)
def test_models_without_mechanisms_or_observables_are_decoded(name):
    nothing = compile_decoder(name, stim.DetectorErrorModel("detector D2\nlogical_observable L1"))
    assert not nothing.decode_batch(np.zeros((3, 3), bool)).any()
    blind = compile_decoder(name, stim.DetectorErrorModel("error(0.1) D0 D1\nerror(0.1) D1"))
    assert blind.decode_batch(np.ones((3, 2), bool)).shape == (3, 0)


@pytest.mark.parametrize("name", ALL_NAMES)
def test_events_that_no_errors_give_are_refused(name):
    decoder = compile_decoder(name, stim.DetectorErrorModel("error(0.1) D0 D1\nerror(0.1) D1 D2 L0"))
    events = np.array([[False, False, False], [True, True, False], [True, False, False]])
    message = r"must be those of errors in the model, but those of shot 2 are not: D0$"
    with pytest.raises(InputError, match=message):
        decoder.decode_batch(events)
    with pytest.raises(InputError, match=message):
        decoder.decode_packed(np.packbits(events, axis=1, bitorder="little"))


@pytest.mark.parametrize("name", ALL_NAMES)
def test_compiled_decoders_are_pickled_and_copied(name):
    decoder = compile_decoder(name, MODEL)
    events, _ = sampled(MODEL, 30, 3)
    expected = decoder.decode_batch(events)
    for other in (pickle.loads(pickle.dumps(decoder)), copy.deepcopy(decoder)):
        assert repr(other) == repr(decoder)
        assert np.array_equal(other.decode_batch(events), expected)


@pytest.mark.parametrize("name", sorted(set(ALL_NAMES) - {"lookup"}))
def test_threads_may_share_a_compiled_decoder(name):
    circuit = surface_memory(3, 3, 0.02)
    decoder = compile_decoder(name, circuit.detector_error_model(decompose_errors=True))
    events = circuit.compile_detector_sampler(seed=1).sample(500)
    with ThreadPoolExecutor(3) as threads:
        found = list(threads.map(lambda _: decoder.decode_batch(events), range(3)))
    expected = decoder.decode_batch(events)
    assert all(np.array_equal(predictions, expected) for predictions in found)


@pytest.mark.parametrize("name", ["matching", "union-find"])
def test_many_shots_are_decoded_in_pieces(name):
    """Of more bits than one call takes: the last shot has the number that it has among all."""
    decoder = compile_decoder(name, stim.DetectorErrorModel("error(0.1) D0 D1 L0\ndetector D4095"))
    events = np.zeros((1200, 4096), bool)
    events[1::2, :2] = True
    assert decoder.decode_batch(events)[:, 0].tolist() == [False, True] * 600
    events[-1, 1] = False
    with pytest.raises(InputError, match=r"those of shot 1199 are not: D0$"):
        decoder.decode_batch(events)


def test_correlated_matching_names_the_error_that_happens_more_often_than_not():
    model = stim.DetectorErrorModel("error(0.1) D0\nerror(0.7) D0 D1 L0")
    with pytest.raises(InputError, match=r"at most 1/2, got error\(0.7\) D0 D1 L0"):
        compile_decoder("correlated-matching", model)


@pytest.mark.parametrize(
    "name", sorted({"maximum-likelihood", "lookup", "bp-osd", "bp-lsd", "tesseract"} & set(ALL_NAMES))
)
def test_hypergraphs_and_certain_errors_are_taken_where_they_can_be(name):
    """D0 D1 D2 together are one error; that D3 happens is certain and says nothing."""
    model = stim.DetectorErrorModel(
        "error(0.1) D0 D1 D2 L0\nerror(0.01) D0\nerror(0.01) D1\nerror(0.01) D2\nerror(1) D3 L1"
    )
    decoder = compile_decoder(name, model)
    events = np.array([[1, 1, 1, 1], [0, 0, 0, 1], [1, 0, 0, 1]], bool)
    assert decoder.decode_batch(events).tolist() == [[True, True], [False, True], [False, True]]


@pytest.mark.parametrize("name", ["matching", "correlated-matching", "union-find", "belief-matching"])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("error(0.1) D0\nerror(0.1) D0 D1 D2 L0", r"got error\(0.1\) D0 D1 D2 L0: decompose it by \^"),
        ("error(0.1) D0 ^ D1 D2 D3", r"got error\(0.1\) D0 \^ D1 D2 D3"),
        # the edge D0 D1 is likelier without L0
        ("error(0.2) D0 D1\nerror(0.2) D2\nerror(0.01) D0 D1 L0 ^ D2",
         r"got error\(0.01\) D0 D1 L0 \^ D2, whose edges flip none \^ none"),
        ("error(0.2) D0 D1\nerror(0.01) D0 D1 ^ L0", r"got error\(0.01\) D0 D1 \^ L0, whose edges flip none \^ none"),
    ],
)  # fmt: skip
def test_what_is_no_graph_is_refused_by_the_error(name, text, message):
    with pytest.raises(InputError, match=message + '.*use a decoder of hypergraphs, such as "lookup", "bp-osd"'):
        compile_decoder(name, stim.DetectorErrorModel(text))


@pytest.mark.parametrize("name", ["matching", "union-find", "belief-matching"])
def test_of_two_errors_with_the_same_detectors_the_likelier_is_predicted(name):
    """In either order: PyMatching by itself keeps the flips of the first."""
    for text in ("error(0.3) D0 L0\nerror(0.1) D0", "error(0.1) D0\nerror(0.3) D0 L0"):
        model = stim.DetectorErrorModel(text)
        rate = exact_logical_error_rate(model, compile_decoder(name, model))
        assert exact_logical_error_rate(model, name) == exact_logical_error_rate(model, decoder_named(name)) == rate
        assert rate == pytest.approx(exact_logical_error_rate(model, MaximumLikelihoodDecoder().compile(model)))


def test_likely_errors_are_decoded_as_such():
    model = surface(3, 0.05).with_probabilities([0.9, 0.05, 0.05, 0.05, 0.8, 0.05, 0.05, 0.05, 0.6])
    best = exact_logical_error_rate(model, compile_decoder("maximum-likelihood", model))
    for name in ("lookup", "matching", "union-find", "bp-osd", "bp-lsd"):
        assert best <= exact_logical_error_rate(model, compile_decoder(name, model)) < 1.6 * best


class Theirs(CheckedDecoder):
    """A decoder of somebody who derives from ours."""

    def __init__(self, predictions):
        super().__init__("theirs", 4, 1)
        self.predictions = predictions

    def compile(self, model):
        return self

    def _decode(self, events):
        return self.predictions


@pytest.mark.parametrize(
    "predictions", [np.zeros(2, bool), np.zeros((2, 1)), np.zeros((3, 1), bool), None, [0, 1], "01", np.full((2, 1), 7)]
)
def test_decoders_derived_from_ours_are_checked(predictions):
    decoder = compile_decoder(Theirs(predictions), MODEL)
    with pytest.raises(InputError, match="the predictions of theirs must"):
        decoder.decode_batch(np.zeros((2, 4), bool))
    with pytest.raises(InputError, match="the predictions of theirs must"):
        decoder.decode_packed(np.zeros((2, 1), np.uint8))


def test_a_decoder_that_overrides_the_checks_is_checked():
    class Careless(Theirs):
        def decode_batch(self, events):
            return np.zeros(len(events), bool)

    with pytest.raises(InputError, match=r"must have shape \(2, 1\)"):
        compile_decoder(Careless(None), MODEL).decode_batch(np.zeros((2, 4), bool))


@pytest.mark.parametrize(
    "call",
    [
        lambda: LookupDecoder(0),
        lambda: LookupDecoder("2"),
        lambda: MaximumLikelihoodDecoder(0),
        lambda: MaximumLikelihoodDecoder(99),
        lambda: MatchingDecoder(correlations="yes"),
        lambda: BeliefDecoder("bp"),
        lambda: BeliefDecoder(order=-1),
        lambda: BeliefDecoder("lsd", order=1),
        lambda: BeliefDecoder(max_iterations=0),
        lambda: BeliefDecoder(method="sum"),
        lambda: BeliefDecoder(scaling=0),
        lambda: BeliefMatchingDecoder(0),
        lambda: TesseractDecoder(0),
        lambda: TesseractDecoder(max_queue=0),
        lambda: SlidingWindowDecoder("best"),
        lambda: SlidingWindowDecoder(MatchingDecoder),
        lambda: SlidingWindowDecoder(window=5, commit=6),
        lambda: SlidingWindowDecoder(commit=0),
        lambda: SlidingWindowDecoder(window="5"),
        lambda: SlidingWindowDecoder(axis=0.5),
        lambda: LookupDecoder().compile(repetition(30, 0.1)),
        lambda: LookupDecoder(10).compile(repetition(60, 0.1)),
        lambda: LookupDecoder().compile(stim.DetectorErrorModel("error(0.1) D0 L70")),
        lambda: BeliefMatchingDecoder().compile(stim.DetectorErrorModel("error(0.6) D0 L0")),
        lambda: UnionFindDecoder().compile("model"),
    ],
)
def test_options_and_models_of_other_kinds_are_refused(call):
    with pytest.raises(InputError, match=", got "):
        call()
