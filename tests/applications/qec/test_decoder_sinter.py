"""Our decoders in sinter, and sinter's here."""

import pickle

import numpy as np
import pytest
import sinter
from decoder_models import repetition_memory, sampled, surface

from qtoolkit.applications.qec import (
    DetectorErrorModel,
    MatchingDecoder,
    SlidingWindowDecoder,
    compile_decoder,
    from_sinter,
    to_sinter,
)
from qtoolkit.errors import InputError

CIRCUIT = repetition_memory(3, 3, 0.03)
MODEL = CIRCUIT.detector_error_model(decompose_errors=True)
OURS = DetectorErrorModel.from_stim(MODEL)


@pytest.mark.parametrize("decoder", ["union-find", "maximum-likelihood", MatchingDecoder(), SlidingWindowDecoder()])
def test_our_decoders_there_predict_what_they_do_here(decoder):
    adapted = pickle.loads(pickle.dumps(to_sinter(decoder)))
    assert isinstance(adapted, sinter.Decoder)
    events, _ = sampled(OURS, 200, 1)
    packed = np.packbits(events, axis=1, bitorder="little")
    found = adapted.compile_decoder_for_dem(dem=MODEL).decode_shots_bit_packed(bit_packed_detection_event_data=packed)
    assert np.array_equal(found.astype(bool), compile_decoder(decoder, MODEL).decode_batch(events))


def test_sinter_collects_with_our_decoder():
    (stats,) = sinter.collect(
        num_workers=1,
        tasks=[sinter.Task(circuit=CIRCUIT, detector_error_model=MODEL)],
        decoders=["ours"],
        custom_decoders={"ours": to_sinter("union-find")},
        max_shots=2_000,
    )
    assert stats.shots == 2_000
    assert 0 < stats.errors < 400


@pytest.mark.parametrize("name", ["pymatching", "pymatching-correlated"])
def test_decoders_of_sinter_predict_here_what_they_do_there(name):
    decoder = from_sinter(name)
    assert decoder.name == name
    events, _ = sampled(OURS, 200, 2)
    ours = "matching" if name == "pymatching" else "correlated-matching"
    expected = compile_decoder(ours, MODEL).decode_batch(events)
    for model in (MODEL, OURS):
        assert np.array_equal(compile_decoder(decoder, model).decode_batch(events), expected)


def test_there_and_back():
    model = surface(3, 0.05)
    events, _ = sampled(model, 100, 3)
    again = compile_decoder(from_sinter(to_sinter("maximum-likelihood")), model)
    assert np.array_equal(again.decode_batch(events), compile_decoder("maximum-likelihood", model).decode_batch(events))


class ThroughFiles(sinter.Decoder):
    """A decoder of the old kind."""

    def __init__(self, content=None):
        self.content = content

    def decode_via_files(self, *, num_shots, num_obs, dem_path, dets_b8_in_path, obs_predictions_b8_out_path, **_):
        width = -(-OURS.num_detectors // 8)
        packed = np.fromfile(dets_b8_in_path, np.uint8).reshape(num_shots, width)
        decoder = compile_decoder("matching", DetectorErrorModel.from_file(dem_path))
        found = decoder.decode_packed(packed).tobytes()
        obs_predictions_b8_out_path.write_bytes(found if self.content is None else self.content)


def test_decoders_that_read_and_write_files_are_taken():
    events, _ = sampled(OURS, 100, 4)
    found = compile_decoder(from_sinter(ThroughFiles()), MODEL).decode_batch(events)
    assert np.array_equal(found, compile_decoder("matching", MODEL).decode_batch(events))
    with pytest.raises(InputError, match=r"must be packed into uint8 of shape \(100, 1\), got uint8 of shape \(3,\)"):
        compile_decoder(from_sinter(ThroughFiles(b"abc")), MODEL).decode_batch(events)


class Returning(sinter.Decoder, sinter.CompiledDecoder):
    def __init__(self, value):
        self.value = value

    def compile_decoder_for_dem(self, *, dem):
        return self

    def decode_shots_bit_packed(self, *, bit_packed_detection_event_data):
        return self.value


@pytest.mark.parametrize(
    "value", [None, np.zeros(5, np.uint8), np.zeros((5, 1)), np.zeros((5, 2), np.uint8), [[0]] * 5]
)
def test_what_they_return_is_checked(value):
    decoder = compile_decoder(from_sinter(Returning(value)), MODEL)
    with pytest.raises(InputError, match=r"predictions of Returning must be packed into uint8 of shape \(5, 1\)"):
        decoder.decode_batch(np.zeros((5, OURS.num_detectors), bool))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: to_sinter("best"), "decoder must be one of"),
        (lambda: to_sinter(MatchingDecoder), r"make one: MatchingDecoder\(\)"),
        (lambda: from_sinter("best"), "sinter has the decoders .*pymatching.*, got 'best'"),
        (lambda: from_sinter(MatchingDecoder()), "takes an object of sinter.Decoder, or a name, got MatchingDecoder"),
        (lambda: from_sinter(None), "takes an object of sinter.Decoder, or a name, got None"),
    ],
)
def test_what_is_no_decoder_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
