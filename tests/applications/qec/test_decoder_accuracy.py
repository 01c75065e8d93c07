"""What decoders predict, against enumerations of all errors and values known exactly."""

import numpy as np
import pytest
from decoder_models import (
    ALL_NAMES,
    enumerated,
    failure_rate,
    light_errors,
    repetition,
    repetition_memory,
    sampled,
    surface,
    surface_memory,
    symplectic,
    symptoms,
)

from qtoolkit.applications.qec import (
    DetectorErrorModel,
    LookupDecoder,
    MaximumLikelihoodDecoder,
    RotatedSurfaceCode,
    TableDecoder,
    clopper_pearson,
    compile_decoder,
    exact_logical_error_rate,
    pauli_noise_model,
)
from qtoolkit.errors import InputError

FIVE_QUBITS = ["XZZXI", "IXZZX", "XIXZZ", "ZXIXZ"]


def pauli_code(stabilizers, logicals, rate):
    return pauli_noise_model(symplectic(stabilizers), symplectic(logicals), (rate / 3,) * 3)


def rotated_code(rate):
    code = RotatedSurfaceCode(3)
    x, z = code.x_checks, code.z_checks
    return pauli_noise_model(
        np.block([[x, 0 * x], [0 * z, z]]),
        np.block([[code.logical_x, 0 * code.logical_x], [0 * code.logical_z, code.logical_z]]),
        (rate / 3,) * 3,
    )


@pytest.mark.parametrize("name", ALL_NAMES)
@pytest.mark.parametrize(
    ("model", "weight"),
    [(repetition(5, 0.05), 2), (repetition(7, 0.05), 3), (surface(3, 0.05), 1), (surface(5, 0.05), 2)],
    ids=["repetition-5", "repetition-7", "surface-3", "surface-5"],
)
def test_every_decoder_corrects_what_the_distance_promises(name, model, weight):
    events, flips = symptoms(model, light_errors(model.num_mechanisms, weight))
    assert np.array_equal(compile_decoder(name, model).decode_batch(events), flips)


@pytest.mark.parametrize("name", ALL_NAMES)
def test_no_decoder_beats_maximum_likelihood(name):
    """Nine qubits of unequal rates, summed over all 512 errors."""
    code = surface(3, 0.1)
    model = code.with_probabilities(np.linspace(0.02, 0.3, 9))
    best = failure_rate(model, compile_decoder("maximum-likelihood", model).decode_batch)
    rate = failure_rate(model, compile_decoder(name, model).decode_batch)
    assert best <= rate * (1 + 1e-12)
    assert rate < 2 * best
    assert exact_logical_error_rate(model, compile_decoder(name, model)) == pytest.approx(rate, rel=1e-10)
    assert best == pytest.approx(1 - sum(max(flipped.values()) for flipped in enumerated(model).values()), abs=1e-12)


@pytest.mark.parametrize("name", ALL_NAMES)
def test_no_decoder_beats_maximum_likelihood_where_errors_are_decomposed(name):
    """The rotated code under depolarising noise, summed over all 2^10 pairs of syndrome and flip."""
    model = rotated_code(0.05)
    best = exact_logical_error_rate(model, compile_decoder("maximum-likelihood", model))
    assert best <= exact_logical_error_rate(model, compile_decoder(name, model)) * (1 + 1e-12)


def test_exact_rates_of_known_codes():
    five = pauli_code(FIVE_QUBITS, ["XXXXX", "ZZZZZ"], 0.01)
    assert exact_logical_error_rate(five, LookupDecoder().compile(five)) == pytest.approx(9.7795508e-4, rel=1e-8)
    generators = ("1010101", "0110011", "0001111")
    checks = [row.replace("1", letter).replace("0", "I") for letter in "XZ" for row in generators]
    steane = pauli_code(checks, ["X" * 7, "Z" * 7], 0.01)
    likelihood = MaximumLikelihoodDecoder()
    assert exact_logical_error_rate(steane, likelihood.compile(steane)) == pytest.approx(1.5782072e-3, rel=1e-7)
    rotated = rotated_code(0.01)
    assert exact_logical_error_rate(rotated, likelihood.compile(rotated)) == pytest.approx(1.3000141e-3, rel=1e-7)
    for distance, rate in ((3, 1.730989234e-3), (5, 2.713480012e-4)):
        model = surface(distance, 0.01)
        assert exact_logical_error_rate(model, likelihood.compile(model)) == pytest.approx(rate, rel=1e-9)


def test_the_break_even_rate_of_five_qubits():
    """Where the code under lookup fails as often as a bare qubit."""
    for rate, is_better in ((0.1376276 - 1e-7, True), (0.1376276 + 1e-7, False)):
        model = pauli_code(FIVE_QUBITS, ["XXXXX", "ZZZZZ"], rate)
        assert (exact_logical_error_rate(model, LookupDecoder().compile(model)) < rate) is is_better


def random_model(rng):
    """A hypergraph of few mechanisms, some likelier than not, some twice."""
    num_mechanisms = int(rng.integers(1, 9))
    detectors = rng.random((4, num_mechanisms)) < 0.5
    observables = rng.random((2, num_mechanisms)) < 0.4
    rates = rng.choice([0.01, 0.2, 0.5, 0.7, 1.0, 0.0], num_mechanisms)
    return DetectorErrorModel(rates, detectors.astype(int), observables.astype(int))


@pytest.mark.parametrize("seed", range(8))
def test_sums_over_errors_are_those_of_an_enumeration(seed):
    rng = np.random.default_rng(seed)
    for _ in range(6):
        model = random_model(rng)
        decoder = MaximumLikelihoodDecoder().compile(model)
        joint = {events: flipped for events, flipped in enumerated(model).items() if sum(flipped.values()) > 0}
        logs = decoder.log_likelihoods(np.array(list(joint)))
        posterior = decoder.posterior(np.array(list(joint)))
        for row, share, flipped in zip(np.exp(logs), posterior, joint.values(), strict=True):
            expected = [flipped.get((bool(k & 1), bool(k & 2)), 0.0) for k in range(4)]
            np.testing.assert_allclose(row, expected, rtol=1e-9, atol=1e-300)
            np.testing.assert_allclose(share, np.array(expected) / sum(expected), rtol=1e-9, atol=1e-300)


@pytest.mark.parametrize("seed", range(6))
def test_the_most_likely_set_of_mechanisms_is_looked_up(seed):
    """Lookup and Tesseract, on hypergraphs, against all sets of mechanisms: their sets are as likely as any."""
    rng = np.random.default_rng(seed)
    model = random_model(rng)
    model = model.with_probabilities(rng.uniform(0.01, 0.45, model.num_mechanisms))
    # with every mechanism an observable of its own, the prediction is the set
    named = DetectorErrorModel(model.probabilities, model.detector_matrix, np.eye(model.num_mechanisms, dtype=int))
    joint = enumerated(named)
    events = np.array(list(joint))
    for name in {"lookup", "tesseract"} & set(ALL_NAMES):
        for flipped, found in zip(joint.values(), compile_decoder(name, named).decode_batch(events), strict=True):
            assert flipped[tuple(found.tolist())] == pytest.approx(max(flipped.values()), rel=1e-9)


def test_listed_errors_are_a_part_of_the_complete_table():
    model = surface(3, 0.03)
    events, _ = symptoms(model, light_errors(9, 2))
    complete = LookupDecoder().compile(model).decode_batch(events)
    assert np.array_equal(LookupDecoder(max_errors=9).compile(model).decode_batch(events), complete)
    single, single_flips = symptoms(model, light_errors(9, 1))
    assert np.array_equal(LookupDecoder(max_errors=1).compile(model).decode_batch(single), single_flips)
    unknown = np.array([[True, True, True, True]])
    assert not LookupDecoder(max_errors=1).compile(model).decode_batch(unknown).any()


@pytest.mark.parametrize(
    ("circuit", "width"),
    [(surface_memory(3, 3, 0.01), 12), (repetition_memory(5, 5, 0.03), 8), (repetition_memory(5, 30, 0.01), 8)],
    ids=["surface-3", "repetition-5", "repetition-5-long"],
)
def test_posteriors_of_many_rounds_foretell_how_often_decoders_fail(circuit, width):
    model = DetectorErrorModel.from_stim(circuit.detector_error_model(decompose_errors=True))
    events, flips = sampled(model, 10_000, 7)
    decoder = compile_decoder("maximum-likelihood", model)
    assert decoder.width <= width
    posterior = decoder.posterior(events)
    assert np.array_equal(decoder.decode_batch(events)[:, 0], posterior[:, 1] > posterior[:, 0])
    for name in ("maximum-likelihood", "matching", "union-find"):
        predictions = compile_decoder(name, model).decode_batch(events)
        low, high = clopper_pearson(int((predictions != flips).sum()), 10_000, confidence=0.9999)
        assert low <= 1 - posterior[np.arange(10_000), predictions[:, 0].astype(int)].mean() <= high


@pytest.mark.slow
def test_rates_under_circuit_noise_are_in_order():
    """Union–find fails a little more often than matching, what knows of correlations less; by exact posteriors."""
    pytest.importorskip("tesseract_decoder")
    circuit = surface_memory(3, 3, 0.01)
    model = DetectorErrorModel.from_stim(circuit.detector_error_model(decompose_errors=True))
    events, _ = sampled(model, 4_000, 11)
    posterior = compile_decoder("maximum-likelihood", model).posterior(events)
    rates = {}
    for name in ("maximum-likelihood", "tesseract", "bp-osd", "correlated-matching", "belief-matching", "matching",
                 "union-find"):  # fmt: skip
        predictions = compile_decoder(name, model).decode_batch(events)
        rates[name] = 1 - posterior[np.arange(len(events)), predictions[:, 0].astype(int)].mean()
    assert rates["maximum-likelihood"] == min(rates.values())
    assert max(rates["tesseract"], rates["bp-osd"]) < rates["belief-matching"] < rates["matching"]
    assert rates["tesseract"] < rates["correlated-matching"] < rates["matching"]
    assert rates["matching"] < rates["union-find"] < 1.1 * rates["matching"]


def test_a_table_decodes_by_its_largest_entry():
    joint = np.array([[0.4, 0.1, 0.0, 0.05], [0.1, 0.3, 0.0, 0.05]])
    decoder = TableDecoder(joint, name="mine")
    assert (decoder.num_detectors, decoder.num_observables, decoder.name) == (2, 1, "mine")
    events = np.array([[0, 0], [1, 0], [1, 1]])
    assert decoder.decode_batch(events).ravel().tolist() == [False, True, False]
    np.testing.assert_allclose(decoder.posterior(events), [[0.8, 0.2], [0.25, 0.75], [0.5, 0.5]])
    with pytest.raises(InputError, match=r"those of shot 1 are not: D1"):
        decoder.decode_batch(np.array([[0, 0], [0, 1]]))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (np.ones((3, 4)), r"shape \(2\^observables, 2\^detectors\), got \(3, 4\)"),
        (-np.ones((2, 4)), "probabilities of at least 0, got -1"),
        (np.full((2, 2), np.nan), "the table"),
        (np.ones(4), "the table"),
        ("table", "the table"),
    ],
)
def test_what_is_no_table_is_refused(table, message):
    with pytest.raises(InputError, match=message):
        TableDecoder(table)
