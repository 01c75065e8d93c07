"""Patterns of one weight, and quadratic forms of their bits, equal their twins."""

from math import comb

import numpy as np
import pytest

from qtoolkit_kernels import subsets
from qtoolkit_kernels.reference import subsets as twins


@pytest.mark.parametrize("num_bits", range(1, 11))
def test_forms_and_patterns_equal_their_twins(num_bits):
    rng = np.random.default_rng(num_bits)
    for weight in range(num_bits + 1):
        size = comb(num_bits, weight)
        linear, pairs = rng.normal(size=num_bits), rng.normal(size=(num_bits, num_bits))
        found = rng.normal(size=size)
        expected = found.copy()
        subsets.add_quadratic(0.7, linear, pairs + pairs.T, weight, found)
        twins.add_quadratic(0.7, linear, pairs + pairs.T, weight, expected)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)
        patterns, listed = np.zeros(size, np.int64), np.zeros(size, np.int64)
        subsets.list_patterns(weight, patterns)
        twins.list_patterns(weight, listed)
        assert np.array_equal(patterns, listed)
        assert patterns[-1] == (1 << num_bits) - (1 << num_bits - weight)


@pytest.mark.parametrize("weight", [0, 1, 61, 62])
def test_patterns_of_as_many_bits_as_there_can_be(weight):
    patterns = np.zeros(comb(62, weight), np.int64)
    subsets.list_patterns(weight, patterns)
    assert (np.bitwise_count(patterns) == weight).all()
    assert (np.diff(patterns) > 0).all()
    assert 0 <= patterns[-1] < 1 << 62
