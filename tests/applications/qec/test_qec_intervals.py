import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from qtoolkit.applications.qec import clopper_pearson, per_round_rate
from qtoolkit.errors import InputError


@given(st.integers(1, 10**6), st.floats(0, 1), st.floats(0.5, 0.999))
def test_ends_leave_half_the_doubt_in_each_binomial_tail(shots, fraction, confidence):
    errors = round(fraction * shots)
    low, high = clopper_pearson(errors, shots, confidence)
    tail = (1 - confidence) / 2
    if errors > 0:
        assert stats.binom.sf(errors - 1, shots, low) == pytest.approx(tail, rel=1e-6)
    if errors < shots:
        assert stats.binom.cdf(errors, shots, high) == pytest.approx(tail, rel=1e-6)


@pytest.mark.parametrize("rate", [0.001, 0.03, 0.5, 0.9])
def test_interval_covers_the_true_rate_as_often_as_promised(rate):
    shots = 60
    coverage = 0.0
    for errors in range(shots + 1):
        low, high = clopper_pearson(errors, shots)
        if low <= rate <= high:
            coverage += math.comb(shots, errors) * rate**errors * (1 - rate) ** (shots - errors)
    assert 0.95 <= coverage <= 1 + 1e-12


def test_no_errors_give_the_closed_form():
    assert clopper_pearson(0, 1000) == (0.0, pytest.approx(1 - 0.025 ** (1 / 1000)))
    assert clopper_pearson(1000, 1000) == (pytest.approx(0.025 ** (1 / 1000)), 1.0)


@given(st.floats(0, 0.49), st.integers(1, 40))
def test_per_round_rate_composes_back(rate, rounds):
    flipped = 0.0
    epsilon = per_round_rate(rate, rounds)
    for _ in range(rounds):
        flipped = flipped * (1 - epsilon) + (1 - flipped) * epsilon
    assert flipped == pytest.approx(rate, rel=1e-12, abs=1e-15)


def test_per_round_rate_saturates():
    assert per_round_rate(0.5, 3) == per_round_rate(0.8, 3) == 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, 0), "shots must be at least 1, got 0"),
        ((-1, 5), "errors must be at least 0, got -1"),
        ((6, 5), "errors must not exceed shots, got 6 errors in 5 shots"),
        ((1, 5, 1.0), "confidence must lie strictly between 0 and 1, got 1"),
    ],
)
def test_bad_counts_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        clopper_pearson(*arguments)


def test_bad_rate_per_round_is_refused():
    with pytest.raises(InputError, match=r"rate must lie in \[0, 1\], got nan"):
        per_round_rate(math.nan, 2)
    with pytest.raises(InputError, match="rounds must be at least 1, got 0"):
        per_round_rate(0.1, 0)
