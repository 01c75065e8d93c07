"""QAOA schedules: ramps, interpolation, order of parameters."""

import numpy as np
import pytest

from qtoolkit.algorithms import Schedule
from qtoolkit.errors import InputError


def test_a_ramp_raises_gamma_and_lowers_beta():
    ramp = Schedule.ramp(4, 0.8, 0.4)
    np.testing.assert_allclose(ramp.gammas, [0.1, 0.3, 0.5, 0.7])
    np.testing.assert_allclose(ramp.betas, [0.35, 0.25, 0.15, 0.05])
    assert Schedule.ramp(1, 0.5) == Schedule((0.25,), (0.25,))


def test_parameters_alternate_and_round_trip():
    schedule = Schedule((0.1, 0.3), (0.2, 0.4))
    np.testing.assert_array_equal(schedule.to_parameters(), [0.1, 0.2, 0.3, 0.4])
    assert Schedule.from_parameters(schedule.to_parameters()) == schedule


def test_interpolation_adds_a_layer_along_the_same_curve():
    assert Schedule((0.3,), (0.2,)).interpolated() == Schedule((0.3, 0.3), (0.2, 0.2))
    longer = Schedule((1.0, 2.0), (2.0, 1.0)).interpolated()
    np.testing.assert_allclose(longer.gammas, [1.0, 1.5, 2.0])
    np.testing.assert_allclose(longer.betas, [2.0, 1.5, 1.0])
    assert Schedule.ramp(5).interpolated().num_layers == 6


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Schedule((), ()), "one gamma and one beta for each layer, got 0 and 0"),
        (lambda: Schedule((0.1,), ()), "got 1 and 0"),
        (lambda: Schedule((float("nan"),), (0.0,)), "must be finite"),
        (lambda: Schedule.from_parameters([0.1, 0.2, 0.3]), "got 2 and 1"),
        (lambda: Schedule.ramp(0), "num_layers must be at least 1, got 0"),
    ],
)
def test_malformed_schedules_are_refused(build, message):
    with pytest.raises(InputError, match=message):
        build()


def test_a_schedule_keeps_its_problem_until_it_is_detached():
    found = Schedule((0.3,), (0.2,), problem="0123456789abcdef")
    assert found.interpolated().problem == found.problem
    assert found.detached().problem is None
    assert found.detached() == found
