"""Sums of phase terms over a sector against their definition, for every number of ones."""

import itertools

import numpy as np
import pytest

from qtoolkit.simulators.sector.basis import SectorLayout, patterns_of_weight
from qtoolkit.simulators.sector.diagonals import sum_of_terms


def by_definition(bits, terms, coefficients):
    values = np.zeros(bits.size)
    for (mask, value, parity), coefficient in zip(terms, coefficients, strict=True):
        signs = 1 - 2 * (np.bitwise_count(bits & parity).astype(int) & 1)
        values += coefficient * np.where(bits & mask == value, signs, 0)
    return values


def one_or_two_bits(num_qubits):
    """Every way in which a term can depend on two bits at most."""
    masks = [0] + [1 << q for q in range(num_qubits)] + [1 << q | 1 << r for r in range(num_qubits) for q in range(r)]
    for match, parity in itertools.product(masks, masks):
        if (match | parity).bit_count() <= 2:
            for value in {match & pattern for pattern in masks}:
                yield match, value, parity


@pytest.mark.parametrize("num_qubits", [1, 2, 5, 8])
def test_terms_of_few_bits(num_qubits):
    terms = np.array(list(one_or_two_bits(num_qubits)), np.int64)
    coefficients = np.random.default_rng(num_qubits).normal(size=len(terms))
    for weight in range(num_qubits + 1):
        bits = patterns_of_weight(num_qubits, weight)
        found = sum_of_terms(SectorLayout(num_qubits, weight), terms, coefficients)
        np.testing.assert_allclose(found, by_definition(bits, terms, coefficients), rtol=0, atol=1e-11)
        assert found.flags.c_contiguous


@pytest.mark.parametrize("num_low", [0, 4, 9])
def test_terms_of_many_bits_beside_them(num_low):
    rng = np.random.default_rng(num_low)
    terms = rng.integers(0, 1 << 9, (40, 3))
    terms[:20] &= terms[:20, ::-1] & rng.integers(0, 1 << 9, (20, 1))
    terms[:, 1] &= terms[:, 0]
    coefficients = rng.normal(size=40)
    support = np.bitwise_count(terms[:, 0] | terms[:, 2])
    assert (support <= 2).any()
    assert (support > 2).any()
    for weight in (3, 4, 6):
        found = sum_of_terms(SectorLayout(9, weight, num_low), terms, coefficients)
        expected = by_definition(patterns_of_weight(9, weight), terms, coefficients)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
