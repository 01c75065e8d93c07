"""Readout errors undone: exactly on exact frequencies, and with honest error bars on calibrated ones."""

import numpy as np
import pytest
from shot_statistics import assert_honest, assert_unbiased

from qtoolkit import Circuit, PauliSum, StatevectorSimulator
from qtoolkit.algorithms.measurement import ReadoutMitigation, ShotEstimator, calibrate_readout
from qtoolkit.algorithms.measurement.readout import function_scores, parity_scores, read_together
from qtoolkit.backends import BackendSampler, LocalBackend, device_noise
from qtoolkit.circuit import ReadoutError
from qtoolkit.errors import InputError
from qtoolkit.noise import NoiseModel, depolarizing

RNG = np.random.default_rng(3)
ONE = ReadoutError([[0.97, 0.03], [0.08, 0.92]])
OTHER = ReadoutError([[0.9, 0.1], [0.05, 0.95]])


def correlated():
    matrix = np.eye(4) * 4 + RNG.random((4, 4))
    return ReadoutError(matrix / matrix.sum(axis=1, keepdims=True))


def read_frequencies(true, errors, num_qubits):
    """What is read of true frequencies, by the definition of a confusion, entry by entry."""
    for qubits, error in errors:
        found = np.zeros_like(true)
        for state in range(1 << num_qubits):
            local = sum((state >> qubit & 1) << place for place, qubit in enumerate(qubits))
            for read, chance in enumerate(error.confusion[local]):
                target = state
                for place, qubit in enumerate(qubits):
                    target = target & ~(1 << qubit) | (read >> place & 1) << qubit
                found[target] += chance * true[state]
        true = found
    return true


CASES = [
    [((0,), ONE), ((2,), OTHER)],
    [((2, 0), correlated()), ((1,), ONE)],
    [((3, 1), correlated()), ((0, 2), correlated())],
]


@pytest.mark.parametrize("errors", CASES, ids=["tensored", "pair", "pairs"])
def test_parities_of_what_is_read_are_those_of_what_is_true(errors):
    true = RNG.dirichlet(np.ones(16))
    read = read_frequencies(true, errors, 4)
    states, masks = np.arange(16), np.arange(16)
    exact = true @ (1.0 - 2.0 * (np.bitwise_count(states[:, None] & masks) & 1))
    mitigation = ReadoutMitigation(errors)
    assert read @ parity_scores(mitigation, states, masks) == pytest.approx(exact, abs=1e-12)
    functions = RNG.normal(size=(16, 3))
    assert read @ function_scores(mitigation, functions, states, (0, 1, 2, 3)) == pytest.approx(
        true @ functions, abs=1e-12
    )


def test_functions_of_some_qubits_in_any_place():
    errors = [((2, 0), correlated()), ((5,), OTHER)]
    true = RNG.dirichlet(np.ones(8))  # of qubits 0, 2 and 5
    spread = np.array([(k & 1) | (k >> 1 & 1) << 2 | (k >> 2 & 1) << 5 for k in range(8)])
    wide = np.zeros(64)
    wide[spread] = true
    read = read_frequencies(wide, errors, 6)[spread]
    function = RNG.normal(size=(8, 1))
    found = read @ function_scores(ReadoutMitigation(errors), function, spread, (0, 2, 5))
    assert found == pytest.approx(true @ function, abs=1e-12)


def test_correlated_qubits_are_read_together():
    mitigation = ReadoutMitigation(CASES[1])
    assert read_together(mitigation, [0]) == (0, 2)
    assert read_together(mitigation, [1, 3]) == (1, 3)
    assert mitigation.qubits == {0, 1, 2}


def test_a_noise_model_tells_its_readout_errors():
    pair = correlated()
    noise = NoiseModel().add(depolarizing(0.1)).add_readout(ONE).add_readout(OTHER, [1, 7]).add_readout(pair, [3, 2])
    with pytest.raises(InputError, match="each qubit has one readout error, got several"):
        ReadoutMitigation.from_noise_model(noise, 4)  # qubits 2 and 3 alone, and together
    alone = NoiseModel().add_readout(ONE, [0, 1]).add_readout(OTHER, [1, 7]).add_readout(pair, [3, 2])
    found = dict(ReadoutMitigation.from_noise_model(alone, 4).errors)
    assert set(found) == {(0,), (1,), (3, 2)}
    assert found[0,] == ONE
    assert found[1,].confusion == pytest.approx(ONE.confusion @ OTHER.confusion)
    assert found[3, 2].confusion == pytest.approx(pair.confusion)
    assert set(dict(ReadoutMitigation.from_noise_model(alone, 2).errors)) == {(0,), (1,)}
    assert ReadoutMitigation.from_noise_model(NoiseModel(), 3).errors == ()


@pytest.mark.parametrize("method", ["tensored", "full"])
def test_calibration_finds_the_errors(method):
    noise = NoiseModel().add_readout(ONE, 0).add_readout(OTHER, 1)
    found = calibrate_readout(StatevectorSimulator(), 2, 200_000, method=method, seed=4, noise=noise)
    again = calibrate_readout(BackendSampler(LocalBackend(noise=noise)), 2, 100, method=method, seed=4)
    assert (found.shots, found.seed, again.shots) == (200_000, 4, 100)
    exact = {(0,): ONE.confusion, (1,): OTHER.confusion}
    if method == "full":
        exact = {(0, 1): np.kron(OTHER.confusion, ONE.confusion)}
    for qubits, error in found.errors:
        spread = np.sqrt(exact[qubits] * (1 - exact[qubits]) / 200_000)
        assert (np.abs(error.confusion - exact[qubits]) < 4.5 * spread + 1e-9).all()


OBSERVABLE = PauliSum.from_list([("ZZ", 1.0), ("IZ", 0.5), ("XX", 0.7)])
STATE = Circuit(2).ry(0.7, 0).cx(0, 1).rx(0.3, 1)
EXACT = StatevectorSimulator().expectation_value(STATE, OBSERVABLE)
NOISE = NoiseModel().add_readout(ONE, 0).add_readout(OTHER, 1)


def test_known_errors_are_undone_without_bias():
    mitigation = ReadoutMitigation.from_noise_model(NOISE, 2)
    estimator = ShotEstimator(StatevectorSimulator(), 600, mitigation=[mitigation], noise=NOISE, seed=5)
    found = [estimator.estimate(STATE, OBSERVABLE) for _ in range(200)]
    values, errors = [item.value for item in found], [item.standard_error for item in found]
    assert_unbiased(values, EXACT, errors)
    assert_honest(values, errors)
    assert {item.calibration_error for item in found} == {0.0}
    raw = ShotEstimator(StatevectorSimulator(), 100_000, noise=NOISE, seed=5).estimate(STATE, OBSERVABLE)
    assert abs(raw.value - EXACT) > 20 * raw.standard_error


@pytest.mark.parametrize("method", ["tensored", "full"])
def test_the_error_of_a_calibration_is_part_of_the_error_bar(method):
    """Few shots calibrate, so that theirs is the larger part; each repetition calibrates anew."""
    found = []
    for seed in range(200):
        mitigation = calibrate_readout(StatevectorSimulator(), 2, 400, method=method, seed=seed, noise=NOISE)
        estimator = ShotEstimator(StatevectorSimulator(), 4000, mitigation=[mitigation], noise=NOISE, seed=seed)
        found.append(estimator.estimate(STATE, OBSERVABLE))
    values, errors = [item.value for item in found], [item.standard_error for item in found]
    assert np.mean([item.calibration_error for item in found]) > 0.6 * np.mean(errors)
    assert_unbiased(values, EXACT, errors)
    assert_honest(values, errors)


def test_error_bars_grow_by_what_the_errors_cost():
    hard = NoiseModel().add_readout(ReadoutError([[0.7, 0.3], [0.3, 0.7]]))
    mitigation = ReadoutMitigation.from_noise_model(hard, 1)
    estimator = ShotEstimator(StatevectorSimulator(), 1000, allocation="uniform", mitigation=[mitigation], noise=hard)
    z = PauliSum.from_list([("Z", 1.0)])
    found = estimator.estimate(Circuit(1).h(0), z, seed=1)
    assert found.standard_error == pytest.approx(1.0 / 0.4 / np.sqrt(1000), rel=0.01)


def test_a_device_is_calibrated_by_its_circuits():
    noise = device_noise("ibm:fake_manila")
    with pytest.raises(InputError, match="measure them with calibrate_readout"):
        ReadoutMitigation.from_noise_model(noise, 2)
    found = calibrate_readout(StatevectorSimulator(), 2, 2000, seed=1, noise=noise)
    assert all(0.001 < error.flips[1] < 0.2 for _, error in found.errors)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ReadoutMitigation([((0,), ReadoutError([[0.5, 0.5], [0.5, 0.5]]))]), "hides the true value"),
        (lambda: ReadoutMitigation([((0,), ONE), ((0, 1), CASES[1][0][1])]), "each qubit has one readout error"),
        (lambda: ReadoutMitigation([((0, 1), ONE)]), "on 1 bits needs as many qubits"),
        (lambda: ReadoutMitigation([ONE]), "pairs of qubits and a ReadoutError"),
        (lambda: ReadoutMitigation([((0,), ONE)], shots=0), "shots must be an integer of at least 2"),
        (lambda: calibrate_readout(StatevectorSimulator(), 6, 10, method="full"), "for at most 5 qubits, got 6"),
        (lambda: calibrate_readout(StatevectorSimulator(), 2, 10, method="m3"), "method must be one of"),
        (lambda: calibrate_readout(Circuit(1), 2, 10), "must be a Sampler"),
        (lambda: ReadoutMitigation.from_noise_model(ONE, 2), "noise must be a NoiseModel"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
