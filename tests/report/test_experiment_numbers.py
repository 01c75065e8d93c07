"""Error rates and their uncertainties as they are written."""

import math

import pytest

from qtoolkit.report.experiments.numbers import interval_text, rate_text, uncertain


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.234e-4, "1.23e-4"),
        (9.994e-4, "9.99e-4"),
        (9.996e-4, "1.00e-3"),
        (9.996e-3, "1.00e-2"),
        (0.1234, "0.1234"),
        (0.5, "0.5000"),
        (0.99996, "1.000"),
        (math.nan, "–"),
    ],
)
def test_rates_have_one_digit_before_the_point(value, text):
    assert rate_text(value) == text


def test_intervals_take_the_power_of_their_value():
    assert interval_text((5e-4, 2e-3), 9.996e-4) == "(0.50–2.00)e-3"


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [(0.1034, 0.0015, "0.1034(15)"), (0.5, 0.0996, "0.50(10)"), (0.5, 0.0994, "0.500(99)"), (12.0, 3.2, "12.0(32)")],
)
def test_uncertainties_have_two_digits(value, error, text):
    assert uncertain(value, error) == text
