"""Counts in place of probabilities: all shots, each outcome within one of its share, and no number that is none."""

from __future__ import annotations

import numpy as np
import pytest

from qtoolkit.backends.cloud.frequencies import counts_of_frequencies, nearest_counts
from qtoolkit.errors import JobError


def test_frequencies_in_few_digits_are_the_counts_they_were() -> None:
    counts = np.random.default_rng(3).multinomial(7001, np.full(50, 0.02))
    assert counts_of_frequencies([round(count / 7001, 9) for count in counts], 7001).tolist() == counts.tolist()


@pytest.mark.parametrize("wrong", [0.25 + 1e-4, float("nan"), float("inf")])
def test_what_is_no_frequency_is_refused(wrong) -> None:
    with pytest.raises(JobError, match=r"none of 1000 shots: number 1 would be"):
        counts_of_frequencies([0.5, wrong], 1000)


@pytest.mark.parametrize("shots", [1, 2, 997, 10**6])
def test_nearest_counts_share_out_all_shots(shots) -> None:
    weights = np.random.default_rng(shots).dirichlet(np.full(300, 0.1))
    counts = nearest_counts(weights, shots, 1e-6)
    assert counts.sum() == shots
    assert (np.abs(counts - weights * shots) < 1).all()


def test_what_divides_evenly_stays_so_and_ties_go_to_the_first() -> None:
    assert nearest_counts([0.1, 0.2, 0.7], 10, 1e-6).tolist() == [1, 2, 7]
    assert nearest_counts([0.25] * 4, 6, 1e-6).tolist() == [2, 2, 1, 1]
    assert nearest_counts([0.25, 0.75 + 5e-4], 4, 1e-3).tolist() == [1, 3]


@pytest.mark.parametrize("wrong", [[], [0.5], [0.5, 0.6], [1.5, -0.5], [float("nan"), 1.0]])
def test_what_are_no_probabilities_is_refused(wrong) -> None:
    with pytest.raises(JobError, match="at least 0 and sum to 1"):
        nearest_counts(wrong, 10, 1e-3)
