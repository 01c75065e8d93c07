"""Shots of groups: whole numbers that add up, and are best."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtoolkit.algorithms.measurement.allocation import allocated_shots, shares_of
from qtoolkit.errors import InputError


@given(st.lists(st.floats(0.0, 1e6), min_size=1, max_size=30), st.integers(0, 10_000), st.integers(1, 9))
def test_shots_add_up_and_every_group_has_its_least(weights, more, least):
    shares = shares_of("weighted", np.array(weights), np.ones((len(weights), 1)))
    assert shares.sum() == pytest.approx(1.0)
    shots = least * len(weights) + more
    counts = allocated_shots(shares, shots, least)
    assert counts.sum() == shots
    assert counts.min() >= least
    heavier = np.argsort(weights, kind="stable")
    assert (np.diff(counts[heavier]) >= -1).all()  # remainders of equal weights go to the first


def test_shots_follow_the_shares():
    assert allocated_shots(np.array([0.5, 0.3, 0.2]), 100).tolist() == [50, 30, 20]
    assert allocated_shots(np.array([1.0, 0.0]), 100).tolist() == [98, 2]
    assert allocated_shots(np.array([0.98, 0.01, 0.01]), 100, 4).tolist() == [92, 4, 4]
    assert allocated_shots(np.zeros(0), 5).tolist() == []


def test_variance_allocation_is_best_of_all():
    deviations = np.array([[2.0], [1.0], [0.5]])
    chosen = allocated_shots(shares_of("variance", np.ones(3), deviations**2), 28)
    every = (c for c in itertools.product(range(2, 25), repeat=3) if sum(c) == 28)
    best = min((deviations[:, 0] ** 2 / np.array(counts)).sum() for counts in every)
    assert (deviations[:, 0] ** 2 / chosen).sum() == pytest.approx(best)


def test_nothing_to_go_by_is_shared_alike():
    assert shares_of("variance", np.ones(4), np.zeros((4, 2))).tolist() == [0.25] * 4


def test_too_few_shots_are_refused():
    with pytest.raises(InputError, match="3 groups need at least 6 shots, 2 each, got 5; give more, or take grouping="):
        allocated_shots(np.full(3, 1 / 3), 5)
