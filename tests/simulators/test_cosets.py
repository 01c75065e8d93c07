"""Sums over cosets against sums written out, with every relation that two shifts can have."""

import numpy as np
import pytest

from qtoolkit.simulators import cosets
from qtoolkit.simulators.cosets import exchange_letter, mix_classes, transform_characters


def mixed(table, shifts, weights, signs):
    numbers = np.arange(table.size)
    letters = (0, *shifts, shifts[0] ^ shifts[1])
    masks = (0, *signs, signs[0] ^ signs[1])
    found = np.zeros_like(table)
    for weight, shift, mask in zip(weights, letters, masks, strict=True):
        source = numbers ^ shift
        found += weight * (1.0 - 2.0 * (np.bitwise_count(source & mask) & 1)) * table[source]
    return found


@pytest.mark.parametrize("shifts", [(0, 0), (5, 0), (0, 5), (5, 5), (1, 2), (1, 3), (3, 1), (3, 2), (6, 5), (9, 15)])
@pytest.mark.parametrize("block", [4, 1 << 21])
def test_classes_are_mixed_as_written(shifts, block, monkeypatch):
    monkeypatch.setattr(cosets, "_ENTRIES", block)
    rng = np.random.default_rng(sum(shifts))
    weights = rng.normal(size=4) + 1j * rng.normal(size=4)
    for signs in ((0, 0), (3, 12), (15, 15), (0, 9)):
        table = rng.normal(size=16) + 1j * rng.normal(size=16)
        expected = mixed(table, shifts, weights, signs)
        mix_classes(table, shifts, weights, signs)
        np.testing.assert_allclose(table, expected, rtol=0, atol=1e-13)
        reals = rng.normal(size=16)
        expected = mixed(reals, shifts, weights.real, signs)
        mix_classes(reals, shifts, weights.real, signs)
        np.testing.assert_allclose(reals, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("num_bits", [0, 2, 5])
def test_characters_are_summed_over_the_lowest_bits(num_bits):
    table = np.random.default_rng(num_bits).normal(size=32)
    rows = np.arange(1 << num_bits)
    signs = 1.0 - 2.0 * (np.bitwise_count(rows[:, None] & rows) & 1)
    expected = table.reshape(-1, len(rows)) @ signs
    transform_characters(table, num_bits)
    np.testing.assert_allclose(table, expected.ravel(), rtol=0, atol=1e-13)


@pytest.mark.parametrize("block", [1, 1 << 21])
def test_letters_are_exchanged_as_written(block, monkeypatch):
    monkeypatch.setattr(cosets, "_ENTRIES", block)
    rng = np.random.default_rng(0)
    source, weights = rng.normal(size=(4, 12)), rng.normal(size=(4, 4))
    letters_out, letters_in = (rng.integers(0, 4, size, dtype=np.uint8) for size in (8, 12))
    found = exchange_letter(source, weights, letters_out, letters_in, 6)
    for row in range(8):
        for column in range(6):
            expected = sum(
                weights[letters_out[row], letters_in[place]] * source[row % 4, place]
                for place in (2 * column, 2 * column + 1)
            )
            assert found[row, column] == pytest.approx(expected, abs=1e-13)
