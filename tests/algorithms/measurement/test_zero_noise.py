"""Extrapolation to zero noise: folded circuits, exact fits, and error bars that hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_circuits import random_gate_circuit
from shot_statistics import assert_honest, assert_unbiased

from qtoolkit import Circuit, DensityMatrixSimulator, Parameter, PauliSum, StatevectorSimulator
from qtoolkit.algorithms.measurement import ShotEstimator, ZeroNoiseExtrapolation, folded_circuit
from qtoolkit.backends import BackendSampler, LocalBackend, device_noise
from qtoolkit.errors import ConvergenceError, InputError
from qtoolkit.noise import NoiseModel, amplitude_damping, depolarizing

FOLDINGS = ("global", "local", "two-qubit")


@pytest.mark.parametrize("folding", FOLDINGS)
@pytest.mark.parametrize("factor", [1.0, 1.4, 2.0, 3.0, 3.7, 5.0])
def test_folding_keeps_the_unitary_and_meets_the_factor(folding, factor):
    for seed in range(5):
        circuit = random_gate_circuit(3, 15, seed)
        folded, reached = folded_circuit(circuit, factor, folding)
        assert np.abs(folded.to_matrix() - circuit.to_matrix()).max() < 1e-10
        least = 2 if folding == "two-qubit" else 1
        before, after = (
            sum(op.gate.name != "barrier" and len(op.qubits) >= least for op in item) for item in (circuit, folded)
        )
        if before:
            assert after == pytest.approx(reached * before)
            assert abs(reached - factor) <= 1.0 / before + 1e-12


def test_folding_keeps_parameters_and_measurements():
    b, a = Parameter("b"), Parameter("a")
    circuit = Circuit(2, 2).declare_parameters([a, b]).rx(b, 0).cx(0, 1).ry(2 * a, 1).measure([0, 1], [1, 0])
    for folding in FOLDINGS:
        folded, _ = folded_circuit(circuit, 3, folding)
        assert folded.parameters == circuit.parameters == (a, b)
        assert folded.clbit_registers == circuit.clbit_registers
        assert folded.split_final_measurements()[1] == circuit.split_final_measurements()[1]
        bound = folded.bind([0.3, 0.4]).without_final_measurements().to_matrix()
        expected = circuit.bind([0.3, 0.4]).without_final_measurements().to_matrix()
        assert np.abs(bound - expected).max() < 1e-12


def test_folds_are_spread_over_the_circuit():
    circuit = Circuit(1)
    for angle in range(8):
        circuit.rx(angle, 0)
    folded, _ = folded_circuit(circuit, 1.5, "local")
    angles = [op.gate.params[0] for op in folded if op.gate.name == "rx"]
    assert [angle for angle in range(8) if angles.count(angle) == 2] == [2, 6]


def test_noise_of_a_model_and_of_a_compiled_device_grows_by_the_factor():
    circuit = Circuit(2).h(0).cx(0, 1).ry(0.3, 1).cx(0, 1)
    folded, _ = folded_circuit(circuit, 3)
    model = NoiseModel().add(depolarizing(0.01)).add(depolarizing(0.02, 2))
    before, after = (model.apply(item).count_ops()["depolarizing"] for item in (circuit, folded))
    assert after == 3 * before
    device = device_noise("ibm:fake_manila")
    before, after = (device.apply(item).count_ops()["noise of cx"] for item in (circuit, folded))
    assert after == 3 * before  # its compiler cancels nothing across barriers


def test_the_local_backend_simulates_the_noise_of_folds():
    """The fidelity of a folded circuit is that of depolarising noise applied as often as there are gates."""
    noise = NoiseModel().add(depolarizing(0.03))
    folded, _ = folded_circuit(Circuit(1).x(0).measure_all(), 5)
    found = LocalBackend(noise=noise).run(folded, 200_000, seed=1).result().probabilities["1"]
    exact = (1.0 + (1.0 - 4 * 0.03 / 3) ** 5) / 2.0
    assert abs(found - exact) < 4.5 * np.sqrt(exact * (1 - exact) / 200_000)


FACTORS = (1.0, 2.0, 3.0, 5.0)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-3.0, 3.0), min_size=4, max_size=4))
def test_polynomials_are_continued_exactly(coefficients):
    errors = [0.1, 0.02, 0.3, 0.05]
    for degree, model in ((1, {"model": "linear"}), (2, {"model": "polynomial"}), (3, {"model": "richardson"})):
        values = np.polynomial.polynomial.polyval(np.array(FACTORS), coefficients[: degree + 1])
        found = ZeroNoiseExtrapolation(FACTORS, **model).extrapolated(values, errors)
        assert found.value == pytest.approx(coefficients[0], abs=1e-9)
        assert found.chi_squared == pytest.approx(0.0, abs=1e-9)
        assert found.degrees_of_freedom == 3 - degree


def test_richardson_is_the_sum_known():
    """Temme, Bravyi and Gambetta: γ_i = ∏ λ_j / (λ_j − λ_i), whose squares weigh the variances."""
    errors = np.array([0.1, 0.2, 0.3, 0.4])
    values = np.array([1.0, 0.7, 0.6, 0.2])
    gammas = [np.prod([b / (b - a) for b in FACTORS if b != a]) for a in FACTORS]
    found = ZeroNoiseExtrapolation(FACTORS, "richardson").extrapolated(values, errors)
    assert found.value == pytest.approx(gammas @ values)
    assert found.standard_error == pytest.approx(np.sqrt(np.square(gammas) @ errors**2))


def test_an_error_asked_for_is_that_of_the_extrapolation():
    assert ZeroNoiseExtrapolation((1.0, 3.0), "richardson").amplification == pytest.approx(np.sqrt(1.5**2 + 0.5**2))
    zne = ZeroNoiseExtrapolation((1.0, 2.0, 3.0))
    estimator = ShotEstimator(StatevectorSimulator(), 200_000, standard_error=0.02, mitigation=[zne], seed=6)
    found = estimator.estimate(STATE, OBSERVABLE)
    assert found.standard_error == pytest.approx(0.02, rel=0.1)
    assert found.shots < 60_000


@pytest.mark.parametrize(("size", "rate", "asymptote"), [(0.8, 0.3, 0.0), (-1.5, 0.1, -0.4), (0.2, 0.02, 1.0)])
def test_exponentials_are_continued_exactly(size, rate, asymptote):
    values = asymptote + size * np.exp(-rate * np.array(FACTORS))
    model = ZeroNoiseExtrapolation(FACTORS, "exponential")
    found = model.extrapolated(values, [1e-3] * 4, asymptote=asymptote)
    assert found.value == pytest.approx(asymptote + size, abs=1e-6)
    own = ZeroNoiseExtrapolation(FACTORS, "exponential", asymptote=asymptote)
    assert own.extrapolated(values, [1e-3] * 4, asymptote=99.0).value == pytest.approx(asymptote + size, abs=1e-6)


@pytest.mark.parametrize("model", ["linear", "polynomial", "richardson", "exponential"])
def test_errors_go_through_the_fit(model):
    """Propagated to first order, by resampling, and as the scatter of repeated fits."""
    rng = np.random.default_rng(8)
    exact = 0.9 * np.exp(-0.1 * np.array(FACTORS))
    errors = np.array([0.004, 0.006, 0.005, 0.008])
    fit = ZeroNoiseExtrapolation(FACTORS, model)
    found = [fit.extrapolated(rng.normal(exact, errors), errors) for _ in range(400)]
    assert_honest([item.value for item in found], [item.standard_error for item in found])
    resampled = ZeroNoiseExtrapolation(FACTORS, model, errors="bootstrap").extrapolated(exact, errors, seed=1)
    # the deviation of 400 values is known to 1 / √800 = 3.5 %
    assert resampled.standard_error == pytest.approx(fit.extrapolated(exact, errors).standard_error, rel=0.16)


def test_a_wrong_model_shows():
    values = 0.9 * np.exp(-0.4 * np.array(FACTORS))
    found = ZeroNoiseExtrapolation(FACTORS, "linear").extrapolated(values, [0.001] * 4)
    assert found.chi_squared > 100 * found.degrees_of_freedom


def test_certain_values_have_no_error():
    found = ZeroNoiseExtrapolation().extrapolated([1.0, 0.8, 0.6], [0.0, 0.0, 0.0])
    assert (found.value, found.standard_error) == (pytest.approx(1.1), 0.0)
    mixed = ZeroNoiseExtrapolation().extrapolated([1.0, 0.8, 0.6], [0.0, 0.1, 0.1])
    assert mixed.standard_error > 0.0


STATE = Circuit(2).ry(0.7, 0).cx(0, 1).rx(0.3, 1).cx(0, 1)
OBSERVABLE = PauliSum.from_list([("ZZ", 1.0), ("IZ", 0.5), ("II", 0.25)])
NOISE = NoiseModel().add(depolarizing(0.01), gates=1).add(amplitude_damping(0.02), gates=2)


@pytest.mark.parametrize("model", ["linear", "richardson", "exponential"])
def test_shots_extrapolate_as_exact_noisy_values_do(model):
    """The reference folds, simulates density matrices, and fits with the same weights of equal shots."""
    zne = ZeroNoiseExtrapolation((1.0, 2.0, 3.0), model)
    density = DensityMatrixSimulator()
    folded = [folded_circuit(STATE, factor) for factor in zne.factors]
    noisy = [density.expectation_value(item, OBSERVABLE, noise=NOISE) for item, _ in folded]
    spread = [np.sqrt(density.variance(item, OBSERVABLE, noise=NOISE)) for item, _ in folded]
    factors = [factor for _, factor in folded]
    exact = zne.extrapolated(noisy, spread, factors=factors, asymptote=0.25).value
    sampler = BackendSampler(LocalBackend(noise=NOISE))
    estimator = ShotEstimator(sampler, 30_000, allocation="uniform", mitigation=[zne], seed=9)
    found = [estimator.estimate(STATE, OBSERVABLE) for _ in range(60)]
    assert found[0].extrapolation.factors == tuple(factors)
    assert found[0].shots == 30_000
    assert_unbiased([item.value for item in found], exact, [item.standard_error for item in found])
    assert_honest([item.value for item in found], [item.standard_error for item in found])


def test_what_is_left_of_exact_noise():
    """Depolarising noise behind each of many gates: a decay that an exponential continues best, a line least well."""
    circuit = Circuit(2)
    for _ in range(6):
        circuit.ry(0.2, 0).rx(0.1, 1).cx(0, 1).cx(0, 1)
    noise = NoiseModel().add(depolarizing(0.004)).add(depolarizing(0.008, 2))
    observable = PauliSum.from_list([("ZZ", 1.0), ("IZ", 0.5)])
    clean = StatevectorSimulator().expectation_value(circuit, observable)
    density = DensityMatrixSimulator()
    noisy = [
        density.expectation_value(folded_circuit(circuit, factor)[0], observable, noise=noise) for factor in (1, 3, 5)
    ]
    left = {
        model: abs(ZeroNoiseExtrapolation(model=model).extrapolated(noisy, [1e-3] * 3).value - clean)
        for model in ("linear", "richardson", "exponential")
    }
    raw = abs(noisy[0] - clean)
    assert raw > 0.05
    assert left["linear"] < 0.6 * raw
    assert left["richardson"] < 0.1 * raw
    assert left["exponential"] < 0.05 * raw


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ZeroNoiseExtrapolation((1.0,)), InputError, "2 to 20 different noise factors"),
        (lambda: ZeroNoiseExtrapolation((1.0, 1.0)), InputError, "2 to 20 different noise factors"),
        (lambda: ZeroNoiseExtrapolation((0.5, 1.0)), InputError, "a noise factor must be a number"),
        (lambda: ZeroNoiseExtrapolation(model="cubic"), InputError, "model must be one of"),
        (lambda: ZeroNoiseExtrapolation((1, 3), "polynomial"), InputError, "needs at least 3 noise factors"),
        (lambda: ZeroNoiseExtrapolation().extrapolated([1, 2], [1, 1, 1]), InputError, "values must"),
        (lambda: ZeroNoiseExtrapolation().extrapolated([1, 2, 3], [1, 1, -1]), InputError, "at least 0, got -1"),
        (
            lambda: ZeroNoiseExtrapolation().extrapolated([1, 2, 3], [1, 1, 1], factors=[1, 1, 3]),
            InputError,
            "noise factors must differ",
        ),
        (
            lambda: ZeroNoiseExtrapolation((1, 3), "exponential").extrapolated([1, -1], [0.1, 0.1]),
            ConvergenceError,
            "no exponential fits",
        ),
        (lambda: folded_circuit(Circuit(1).h(0), 0.9), InputError, "a noise factor must be a number"),
        (lambda: folded_circuit(Circuit(1).reset(0).h(0), 3), InputError, "needs their inverses, got reset"),
        (lambda: folded_circuit(Circuit(1).h(0), 3, "some"), InputError, "folding must be one of"),
        (lambda: folded_circuit(Circuit(1).h(0), 1e9), InputError, "a folded circuit holds at most"),
        (lambda: folded_circuit("h", 3), InputError, "must be a Circuit"),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
