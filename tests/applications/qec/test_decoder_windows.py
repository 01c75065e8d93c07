"""The sliding window, beside the inner decoder on all rounds at once."""

import numpy as np
import pytest
from decoder_models import repetition_memory, sampled, surface_memory

from qtoolkit.applications.qec import DetectorErrorModel, MatchingDecoder, SlidingWindowDecoder, compile_decoder
from qtoolkit.errors import InputError

REPETITION = DetectorErrorModel.from_stim(repetition_memory(3, 30, 0.02).detector_error_model(decompose_errors=True))
SURFACE = DetectorErrorModel.from_stim(surface_memory(3, 8, 0.01).detector_error_model(decompose_errors=True))


@pytest.mark.parametrize("inner", ["matching", "correlated-matching", "union-find", "maximum-likelihood"])
@pytest.mark.parametrize("model", [REPETITION, SURFACE], ids=["repetition", "surface"])
def test_a_window_over_all_rounds_is_the_inner_decoder(inner, model):
    events, _ = sampled(model, 300, 1)
    decoder = SlidingWindowDecoder(inner, window=100, commit=50).compile(model)
    assert decoder.num_windows == 1
    assert decoder.name == f"sliding-window({inner})"
    assert np.array_equal(decoder.decode_batch(events), compile_decoder(inner, model).decode_batch(events))


@pytest.mark.parametrize(
    ("inner", "window", "commit"), [("matching", 9, 3), ("union-find", 10, 4), ("matching", 12, 1)]
)
def test_a_long_buffer_changes_nothing_where_errors_are_few(inner, window, commit):
    """With at most one error a window every choice is the same: single errors and pairs far apart."""
    first, last = (
        np.eye(REPETITION.num_mechanisms, dtype=int),
        np.roll(np.eye(REPETITION.num_mechanisms, dtype=int), 1, 0),
    )
    errors = np.concatenate([first, first ^ last[::-1]])
    events = (errors @ REPETITION.detector_matrix.T.toarray() % 2).astype(bool)
    decoder = SlidingWindowDecoder(inner, window, commit).compile(REPETITION)
    assert decoder.num_windows > 5
    assert np.array_equal(
        decoder.decode_batch(events)[: len(first)], REPETITION.observable_matrix.T.toarray().astype(bool)
    )
    whole = compile_decoder(inner, REPETITION).decode_batch(events)
    assert (decoder.decode_batch(events) != whole).mean() < 0.002


@pytest.mark.parametrize("inner", ["matching", "correlated-matching", "union-find", "bp-lsd", MatchingDecoder()])
def test_windows_are_about_as_good_as_the_whole(inner):
    events, flips = sampled(SURFACE, 1_500, 2)
    whole = (compile_decoder(inner, SURFACE).decode_batch(events) != flips).mean()
    windows = (SlidingWindowDecoder(inner, 6, 3).compile(SURFACE).decode_batch(events) != flips).mean()
    assert 0.6 * whole < windows < 1.4 * whole


def test_without_a_buffer_errors_are_torn_apart():
    events, flips = sampled(REPETITION, 3_000, 3)
    whole = (compile_decoder("matching", REPETITION).decode_batch(events) != flips).mean()
    torn = (SlidingWindowDecoder("matching", 1, 1).compile(REPETITION).decode_batch(events) != flips).mean()
    assert torn > 1.3 * whole


def test_what_is_decided_explains_the_events_of_its_region():
    """After the last window nothing is left: the decoded errors give the events, whatever the windows."""
    named = DetectorErrorModel(
        REPETITION.probabilities, REPETITION.detector_matrix, np.eye(REPETITION.num_mechanisms, dtype=int),
        REPETITION.coordinates,
    )  # fmt: skip
    events, _ = sampled(named, 60, 4)
    for window, commit in ((5, 2), (3, 3), (8, 1)):
        found = SlidingWindowDecoder("union-find", window, commit).compile(named).decode_batch(events)
        assert np.array_equal((found.astype(int) @ named.detector_matrix.T.toarray() % 2).astype(bool), events)


def test_time_is_another_axis_where_it_is_said():
    turned = DetectorErrorModel(
        REPETITION.probabilities, REPETITION.detector_matrix, REPETITION.observable_matrix,
        tuple(place[::-1] for place in REPETITION.coordinates), REPETITION.parts,
    )  # fmt: skip
    events, _ = sampled(REPETITION, 100, 5)
    expected = SlidingWindowDecoder("matching", 6, 3).compile(REPETITION).decode_batch(events)
    assert np.array_equal(SlidingWindowDecoder("matching", 6, 3, axis=0).compile(turned).decode_batch(events), expected)


def test_detectors_without_time_are_refused():
    for text in ("error(0.1) D0", "error(0.1) D0 D1\ndetector(1) D0"):
        with pytest.raises(InputError, match=r"needs coordinate -1 of every detector for its time, but D\d has"):
            SlidingWindowDecoder().compile(DetectorErrorModel.from_text(text))
