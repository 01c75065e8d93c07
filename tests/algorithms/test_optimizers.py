"""Every optimiser on functions with known minima, and the budget, callback and errors they share."""

import numpy as np
import pytest

from qtoolkit.algorithms.optimizers import COBYLA, LBFGSB, SPSA, Adam, NelderMead, Optimizer
from qtoolkit.errors import ConvergenceError, InputError

MINIMUM = np.array([0.3, -0.7, 1.1])
CURVATURE = np.array([1.0, 2.0, 0.5])


def bowl(x):
    return float(np.sum(CURVATURE * (x - MINIMUM) ** 2)) - 2.5


def bowl_and_gradient(x):
    return bowl(x), 2.0 * CURVATURE * (x - MINIMUM)


EXACT = [LBFGSB(), COBYLA(), NelderMead(), Adam(max_evaluations=3000)]
ALL = [*EXACT, SPSA(seed=1)]


def name(optimizer):
    return type(optimizer).__name__


def minimize(optimizer, callback=None):
    return optimizer.minimize(bowl, np.zeros(3), value_and_gradient=bowl_and_gradient, callback=callback)


@pytest.mark.parametrize("optimizer", EXACT, ids=name)
def test_finds_the_minimum_of_a_quadratic(optimizer):
    result = minimize(optimizer)
    assert result.converged, result.message
    np.testing.assert_allclose(result.parameters, MINIMUM, atol=2e-5)
    assert result.value == pytest.approx(-2.5, abs=1e-9)
    assert result.value == bowl(result.parameters) == result.history.min()
    assert len(result.history) == result.num_evaluations
    assert result.history[0] == bowl(np.zeros(3))
    assert (result.gradient_norm is not None) == optimizer.needs_gradient


def test_quasi_newton_solves_rosenbrock_where_its_gradient_vanishes():
    from scipy.optimize import rosen, rosen_der

    result = LBFGSB().minimize(rosen, [-1.2, 1.0], value_and_gradient=lambda x: (rosen(x), rosen_der(x)))
    np.testing.assert_allclose(result.parameters, 1.0, atol=1e-6)
    assert result.gradient_norm == pytest.approx(np.linalg.norm(rosen_der(result.parameters)))


def test_spsa_descends_under_noise_and_repeats_with_its_seed():
    def run(seed):
        noise = np.random.default_rng(5)
        return SPSA(max_evaluations=800, seed=seed).minimize(lambda x: bowl(x) + 0.02 * noise.normal(), np.zeros(3))

    result = run(3)
    assert bowl(result.parameters) < -2.5 + 0.02
    assert result.num_evaluations <= 800
    assert not result.converged
    np.testing.assert_array_equal(result.parameters, run(3).parameters)
    assert not np.array_equal(result.parameters, run(4).parameters)


@pytest.mark.parametrize("optimizer", ALL, ids=name)
def test_the_callback_sees_every_evaluation_and_stops(optimizer):
    seen = []

    def stop_at_seven(evaluation):
        seen.append(evaluation)
        return evaluation.number == 7

    # four evaluations would do for L-BFGS-B on a quadratic: give it something to chew on
    def quartic(x):
        return bowl(x) + float(np.sum((x - MINIMUM) ** 4)), bowl_and_gradient(x)[1] + 4 * (x - MINIMUM) ** 3

    result = optimizer.minimize(
        lambda x: quartic(x)[0], np.full(3, 3.0), value_and_gradient=quartic, callback=stop_at_seven
    )
    assert [evaluation.number for evaluation in seen] == list(range(1, 8))
    assert [evaluation.value for evaluation in seen] == list(result.history[:7])
    assert seen[-1].best_value == min(result.history[:7])
    assert not result.converged
    assert "callback" in result.message
    assert result.value == quartic(result.parameters)[0]


@pytest.mark.parametrize(
    "optimizer",
    [
        LBFGSB(max_evaluations=3),
        COBYLA(max_evaluations=3),
        NelderMead(max_evaluations=3),
        Adam(max_evaluations=3),
        SPSA(max_evaluations=5, calibration_pairs=1),
    ],
    ids=name,
)
def test_the_budget_is_never_exceeded(optimizer):
    calls = 0

    def counted(x):
        nonlocal calls
        calls += 1
        return float(np.sum(x**4)), 4.0 * x**3

    result = optimizer.minimize(lambda x: counted(x)[0], np.ones(3), value_and_gradient=counted)
    assert calls == result.num_evaluations <= optimizer.max_evaluations
    assert not result.converged


@pytest.mark.parametrize("optimizer", EXACT, ids=name)
def test_no_parameters_is_one_evaluation(optimizer):
    result = optimizer.minimize(lambda x: 4.0, [], value_and_gradient=lambda x: (4.0, np.zeros(0)))
    assert (result.value, result.num_evaluations, result.converged) == (4.0, 1, True)


def test_all_satisfy_the_protocol_and_leave_their_start_alone():
    for optimizer in ALL:
        assert isinstance(optimizer, Optimizer)
        start = np.zeros(3)
        optimizer.minimize(bowl, start, value_and_gradient=bowl_and_gradient)
        assert not start.any()


def test_results_are_read_only():
    result = minimize(LBFGSB())
    with pytest.raises(ValueError, match="read-only"):
        result.parameters[0] = 1.0


def test_a_missing_gradient_is_refused_with_a_remedy():
    for optimizer in (LBFGSB(), Adam()):
        with pytest.raises(InputError, match=r"needs a gradient, got none: .*COBYLA"):
            optimizer.minimize(bowl, np.zeros(3))


def test_bad_starts_objectives_and_gradients_are_refused():
    with pytest.raises(InputError, match="vector of finite numbers"):
        COBYLA().minimize(bowl, [0.0, np.nan, 0.0])
    with pytest.raises(InputError, match="vector of finite numbers"):
        COBYLA().minimize(bowl, np.zeros((3, 1)))
    with pytest.raises(ConvergenceError, match="finite, got value nan"):
        COBYLA().minimize(lambda x: float("nan"), np.zeros(3))
    with pytest.raises(InputError, match=r"parameters' shape \(3,\), got \(2,\)"):
        LBFGSB().minimize(bowl, np.zeros(3), value_and_gradient=lambda x: (0.0, np.zeros(2)))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: LBFGSB(max_evaluations=0), "max_evaluations must be an integer of at least 1, got 0"),
        (lambda: LBFGSB(max_evaluations=2.5), "max_evaluations must be an integer"),
        (lambda: COBYLA(initial_step=-1.0), "initial_step must be a positive number, got -1.0"),
        (lambda: NelderMead(value_tolerance=float("inf")), "value_tolerance must be a positive number"),
        (lambda: Adam(decay=(0.9, 1.0)), "decay must be two numbers"),
        (lambda: SPSA(max_evaluations=20), "max_evaluations must be at least 23"),
    ],
)
def test_bad_settings_are_refused(build, message):
    with pytest.raises(InputError, match=message):
        build()


def test_rounding_at_the_minimum_is_convergence_and_a_wrong_gradient_is_not():
    strict = LBFGSB(gradient_tolerance=1e-300, value_tolerance=1e-300)

    def rounded(x):
        return bowl(x) + 1e3 + 1e-11 * float(np.sin(1e9 * np.sum(x)))  # as a sum of many terms is

    at_rounding = strict.minimize(
        rounded, np.zeros(3), value_and_gradient=lambda x: (rounded(x), bowl_and_gradient(x)[1])
    )
    assert at_rounding.converged, at_rounding.message
    assert "no step lowers the value by more than its rounding" in at_rounding.message
    np.testing.assert_allclose(at_rounding.parameters, MINIMUM, atol=1e-4)
    uphill = strict.minimize(bowl, np.zeros(3), value_and_gradient=lambda x: (bowl(x), -bowl_and_gradient(x)[1]))
    assert not uphill.converged
    assert "is it the gradient?" in uphill.message


def test_spsa_leaves_a_symmetric_maximum():
    result = SPSA(seed=4, max_evaluations=600).minimize(lambda x: float(np.sum(np.cos(x))), np.zeros(3))
    assert result.value < -2.9


def test_scales_lead_to_the_same_minimum_in_fewer_steps():
    curvatures = np.array([1e-2, 1.0, 1e4])
    target = np.array([3.0, -1.0, 0.5])

    def function(parameters):
        shift = parameters - target
        return 0.5 * float(shift @ (curvatures * shift)), curvatures * shift

    plain, scaled = (
        LBFGSB(scales=scales).minimize(lambda x: function(x)[0], np.zeros(3), value_and_gradient=function)
        for scales in (None, tuple(curvatures**-0.5))
    )
    np.testing.assert_allclose(scaled.parameters, target, atol=1e-5)
    assert scaled.num_evaluations < plain.num_evaluations
    # evaluations are recorded in the caller's own parameters
    assert scaled.gradient_norm == pytest.approx(np.linalg.norm(function(scaled.parameters)[1]))


def test_scales_and_memory_are_checked():
    for wrong in ((1.0, -1.0), (0.0,), (np.nan,)):
        with pytest.raises(InputError, match="a scale"):
            LBFGSB(scales=wrong)
    with pytest.raises(InputError, match="memory"):
        LBFGSB(memory=0)
    with pytest.raises(InputError, match="a scale for each of 2 parameters, got 1"):
        LBFGSB(scales=(1.0,)).minimize(lambda x: 0.0, np.zeros(2), value_and_gradient=lambda x: (0.0, 0 * x))
