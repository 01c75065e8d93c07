"""What users plug in, and input that Stim, PyMatching and NumPy would refuse in their own way or not at all."""

import numpy as np
import pytest
import stim

from qtoolkit.applications.qec import (
    MatchingDecoder,
    MaximumLikelihoodDecoder,
    MemoryExperiment,
    RotatedSurfaceCode,
    clopper_pearson,
    coherent_error_rates,
    coherent_repetition_memory,
    compile_decoder,
    exact_logical_error_rate,
    logical_error_rates,
    memory_experiment,
    per_round_rate,
    repetition_memory_circuit,
    threshold_crossing,
)
from qtoolkit.errors import InputError, InsufficientMemoryError

CODE = RotatedSurfaceCode(3)
MODEL = MemoryExperiment(CODE, 1, 0.01).detector_error_model
SHOTS = 300


class Predicting:
    """A decoder that predicts what a function makes of the number of shots, compiled or not."""

    def __init__(self, make):
        self.make = make

    def compile(self, model):
        return self

    def decode_batch(self, detection_events):
        return self.make(len(detection_events))


def run(make):
    return MemoryExperiment(CODE, 1, 0.01, decoder=Predicting(make)).run(max_shots=SHOTS, seed=1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda shots: np.zeros(shots, bool), r"must have shape \(\d+, 1\), .*, got \(\d+,\)"),
        (lambda shots: np.zeros((shots, 2), bool), r"must have shape .*, got \(\d+, 2\)"),
        (lambda shots: np.zeros((1, shots), bool), r"must have shape .*, got \(1, \d+\)"),
        (lambda shots: np.zeros((shots - 1, 1), bool), "must have shape"),
        (lambda shots: np.zeros((1, 1), bool), "must have shape"),
        (lambda shots: None, "must have shape"),
        (lambda shots: "0" * shots, "must have shape"),
        (lambda shots: [[0]] * (shots - 1) + [[]], r"must be an array of shape \(shots, 1\)"),
        (lambda shots: np.full((shots, 1), 0.3), "bools, or integers that are 0 or 1, got dtype float64"),
        (lambda shots: np.zeros((shots, 1), complex), "got dtype complex128"),
        (lambda shots: np.full((shots, 1), "0"), "got dtype <U1"),
        (lambda shots: np.full((shots, 1), 2), "must be 0 or 1, got 2"),
        (lambda shots: np.full((shots, 1), -1), "must be 0 or 1, got -1"),
    ],
)
def test_predictions_of_another_shape_or_type_are_refused(make, message):
    with pytest.raises(InputError, match=f"the predictions of Predicting {message}|{message}"):
        run(make)
    with pytest.raises(InputError, match=message):
        exact_logical_error_rate(MODEL, Predicting(make))


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64])
def test_bits_of_any_integer_type_are_taken(dtype):
    assert run(lambda shots: np.zeros((shots, 1), dtype)).errors == run(lambda shots: [[0]] * shots).errors > 0


def compiling_to(value):
    """A decoder whose `compile` returns this."""
    return type("Compiling", (), {"compile": lambda self, model: value})()


@pytest.mark.parametrize(
    ("decoder", "message"),
    [
        (3, r"must have a method compile\(model\), or be a name such as 'matching', got 3"),
        (MatchingDecoder, r"got <class .*MatchingDecoder'>; make one: MatchingDecoder\(\)"),
        (lambda model: MatchingDecoder().compile(model), r"must have a method compile\(model\)"),
        ("perfect", "decoder must be one of lookup, maximum-likelihood, matching, .*, got 'perfect'"),
        (compiling_to(None), "must return an object with a method decode_batch, got None from Compiling"),
        (compiling_to(lambda events: events), "must return an object with a method decode_batch"),
        (
            compiling_to(MatchingDecoder().compile(stim.DetectorErrorModel("error(0.1) D0 L0"))),
            "num_detectors 8, got 1",
        ),
    ],
)
def test_decoders_that_are_none_are_refused(decoder, message):
    with pytest.raises(InputError, match=message):
        MemoryExperiment(CODE, 1, 0.01, decoder=decoder).run(max_shots=10, seed=1)
    with pytest.raises(InputError, match=message):
        compile_decoder(decoder, MODEL)


@pytest.mark.parametrize("value", [3, None, MatchingDecoder, lambda events: events])
def test_what_is_no_decoder_predicts_nothing(value):
    with pytest.raises(InputError, match="a decoder must have a method compile"):
        exact_logical_error_rate(MODEL, value)


@pytest.mark.parametrize(
    "decoder", [MatchingDecoder().compile(MODEL), MaximumLikelihoodDecoder().compile(MODEL)], ids=["matching", "ml"]
)
def test_detection_events_of_another_shape_or_type_are_refused(decoder):
    columns = MODEL.num_detectors
    wrong = [
        np.zeros((2, columns + 1), bool),
        np.zeros((2, columns - 1), bool),
        np.zeros(columns, bool),
        np.zeros((2, columns)),
        np.full((2, columns), 2),
        np.full((2, columns), -1),
        np.zeros((2, 1), np.uint8),
        "events",
        None,
    ]
    for events in wrong:
        with pytest.raises(InputError, match="detection events must"):
            decoder.decode_batch(events)
    expected = decoder.decode_batch(np.eye(columns, dtype=bool))
    np.testing.assert_array_equal(decoder.decode_batch(np.eye(columns, dtype=np.uint8)), expected)
    assert decoder.decode_batch(np.zeros((0, columns), bool)).shape == (0, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("error(1) D0 D1", r"probability below 1, got error\(1\) D0 D1"),
        ("error(1) D0 L0", r"probability below 1, got error\(1\) D0 L0"),
        ("error(0.1) D0 D1 D2", r"at most two detectors, got error\(0.1\) D0 D1 D2: decompose"),
        ("error(0.1) D0 D1\nerror(0.2) D0 D1 D2 L0", r"got error\(0.2\) D0 D1 D2 L0"),
        ("error(0.1) D0 ^ D1 D2 D3", r"at most two detectors, got error\(0.1\) D0 \^ D1 D2 D3"),
        ("repeat 2 {\nerror(1) D0\nshift_detectors 1\n}", r"probability below 1, got error\(1\) D0"),
    ],
)
def test_models_that_matching_cannot_take_are_refused(text, message):
    with pytest.raises(InputError, match=message):
        MatchingDecoder().compile(stim.DetectorErrorModel(text))


def test_what_matching_can_take_is_taken():
    model = stim.DetectorErrorModel(
        "error(0.1) D0 D1 ^ D2\nerror(0.6) D0 L0\nerror(0) D0 D1 D2\nerror(0.2) D1\nerror(0.1) D2"
    )
    best = exact_logical_error_rate(model, MaximumLikelihoodDecoder().compile(model))
    assert best <= exact_logical_error_rate(model, MatchingDecoder().compile(model)) < 0.5


def test_syndromes_that_no_error_gives_are_refused():
    decoder = MatchingDecoder().compile(stim.DetectorErrorModel("error(0.1) D0 D1"))
    with pytest.raises(InputError, match="must be those of errors in the model"):
        decoder.decode_batch(np.array([[True, False]]))


@pytest.mark.parametrize("model", [None, "error(0.1) D0", stim.Circuit()])
def test_models_of_another_type_are_refused(model):
    for use in (
        MatchingDecoder().compile,
        MaximumLikelihoodDecoder().compile,
        lambda m: compile_decoder("union-find", m),
        lambda m: exact_logical_error_rate(m, MatchingDecoder().compile(MODEL)),
    ):
        with pytest.raises(InputError, match=r"needs a DetectorErrorModel or a stim\.DetectorErrorModel"):
            use(model)


@pytest.mark.parametrize(
    "call",
    [
        lambda: MemoryExperiment(3, 1, 0.01),
        lambda: MemoryExperiment(CODE, True, 0.01),
        lambda: MemoryExperiment(CODE, 1.0, 0.01),
        lambda: MemoryExperiment(CODE, 1, "0.01"),
        lambda: MemoryExperiment(CODE, 1, None),
        lambda: MemoryExperiment(CODE, 1, 1j),
        lambda: MemoryExperiment(CODE, 1, 0.01).run(max_shots=10, previous=3),
        lambda: MemoryExperiment(CODE, 1, 0.01).run(max_shots=10, seed="a"),
        lambda: memory_experiment(3, 1, 0.01, shots="10"),
        lambda: logical_error_rates("35", [0.01], max_shots=10),
        lambda: logical_error_rates(3, 0.01, max_shots=10),
        lambda: logical_error_rates([3], ["0.01"], max_shots=10),
        lambda: logical_error_rates([3], [float("nan"), 0.1], max_shots=10),
        lambda: threshold_crossing(None, 3, 5),
        lambda: coherent_repetition_memory("a", 1, 10),
        lambda: coherent_repetition_memory(0.1, "12", 10),
        lambda: coherent_repetition_memory(0.1, [1.5], 10),
        lambda: coherent_repetition_memory(0.1, 1, 10, sampler=3),
        lambda: coherent_error_rates(0.1, 2**63),
        lambda: clopper_pearson(1, 10, "0.95"),
        lambda: clopper_pearson(1, 10, None),
        lambda: clopper_pearson(1, 10**400),
        lambda: per_round_rate("0.1", 3),
    ],
)
def test_values_of_other_types_are_refused(call):
    with pytest.raises(InputError, match=", got "):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: MemoryExperiment(CODE, 1, 0.01).run(max_shots=10**13, batch_shots=10**12, seed=1),
        lambda: MemoryExperiment(CODE, 10**20, 0.01),
        lambda: RotatedSurfaceCode(100_001),
        lambda: repetition_memory_circuit(0.1, 10**12),
        lambda: coherent_repetition_memory(0.1, 10**12, 10),
    ],
)
def test_what_the_memory_cannot_hold_is_refused(call):
    with pytest.raises(InsufficientMemoryError, match=r"needs [\d,]+ bytes"):
        call()


def test_samplers_return_the_shots_that_were_asked_for():
    from qtoolkit import StatevectorSimulator

    class Half:
        def run(self, circuit, shots, seed=None, parameters=None):
            return StatevectorSimulator().run(circuit, shots // 2, seed, parameters)

    with pytest.raises(InputError, match="must return 10 shots of 3 bits for the register readout, got 5 of 3"):
        coherent_repetition_memory(0.1, 1, 10, sampler=Half())


def test_many_rounds_are_as_exact_as_few():
    rounds = [1, 2, 3, 50, 1000]
    found = coherent_error_rates(0.2, rounds)
    # the map of one round, applied again and again
    density, by_round = np.diag([1.0 + 0j, 0.0]), []
    from qtoolkit.applications.qec.coherent import _corrected_round

    for _ in range(1000):
        density = sum(kraus @ density @ kraus.conj().T for kraus in _corrected_round(0.2))
        by_round.append(density[1, 1].real)
    np.testing.assert_allclose(found, [by_round[r - 1] for r in rounds], atol=1e-12)
    assert 0.0 <= coherent_error_rates(0.2, 10**12)[0] <= 1.0
