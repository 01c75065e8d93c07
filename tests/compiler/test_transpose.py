"""Permutations as exchanges of pairs of values."""

import numpy as np
import pytest
from planner_passes import both, compiled, reordered, transpositions


def carried(steps, size):
    """Where values go, and how many of them every step moves."""
    place = np.arange(1 << size)
    moved = []
    for mask, value, flips in steps:
        assert flips.bit_length() == (mask & flips).bit_length(), "partners would be exchanged twice"
        assert not value & ~mask
        here = (place & mask == value) | ((place ^ flips) & mask == value)
        place = np.where(here, place ^ flips, place)
        moved.append(np.count_nonzero(here))
    return place, moved


@pytest.mark.parametrize("size", range(11))
def test_any_permutation_moves_every_value_twice_at_most(size):
    rng = np.random.default_rng(size)
    for table in [rng.permutation(1 << size) for _ in range(4)]:
        place, moved = carried(transpositions(table, both if size < 7 else compiled), size)
        np.testing.assert_array_equal(place, table)
        assert sum(moved) <= 2 << size


@pytest.mark.parametrize("size", [1, 2, 5, 9])
def test_cycles_and_permutations_without_effect(size):
    cycle = np.roll(np.arange(1 << size), -1)
    np.testing.assert_array_equal(carried(transpositions(cycle), size)[0], cycle)
    assert transpositions(range(1 << size)) == []


def test_alike_exchanges_are_merged():
    for flips in range(1, 16):
        (step,) = transpositions([x ^ flips for x in range(16)], both)
        assert step == (1 << flips.bit_length() - 1, 0, flips)
    assert transpositions([0, 2, 1, 3]) == [(3, 1, 3)]
    toffoli = [x ^ (4 if x & 3 == 3 else 0) for x in range(8)]
    assert transpositions(toffoli) == [(7, 3, 4)]


@pytest.mark.parametrize("seed", range(5))
def test_bits_in_another_order(seed):
    rng = np.random.default_rng(seed)
    table, order = rng.permutation(32), rng.permutation(5).tolist()
    renamed = reordered(table, order, both)

    def old(x):
        return sum((x >> k & 1) << bit for k, bit in enumerate(order))

    assert [old(renamed[x]) for x in range(32)] == [table[old(x)] for x in range(32)]
