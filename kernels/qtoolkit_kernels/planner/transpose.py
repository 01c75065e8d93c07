"""Permutations as exchanges of pairs of values.

Every permutation is the product of two that are their own inverses: a cycle turns as two mirrors do, one after the
other. Each of the two exchanges disjoint pairs, and pairs that differ alike are exchanged together wherever a bit
makes no difference. So any permutation moves every amplitude twice at most.
"""

import numpy as np

from qtoolkit_kernels._bits import highest_bit
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Integers

__all__ = ["FLIPS", "MASK", "STEP_COLUMNS", "VALUE", "reordered", "transpositions"]

STEP_COLUMNS = 3
MASK, VALUE, FLIPS = range(STEP_COLUMNS)
"""Of an exchange: values x with ``x & mask == value`` change places with ``x ^ flips``; the highest flipped bit is in
the mask."""


@njit
def reordered(table: Integers, order: Integers, result: Integers) -> None:
    """Write the same permutation where bit k is what has been bit ``order[k]``.

    Args:
        table: int64[1 << size], the value that each value becomes.
        order: int64[size].
        result: int64[1 << size], changed.
    """
    old = np.empty(table.size, np.int64)
    new = np.empty(table.size, np.int64)
    for x in range(table.size):
        y = 0
        for k in range(order.size):
            y |= (x >> k & 1) << order[k]
        old[x] = y
        new[y] = x
    for x in range(table.size):
        result[x] = new[table[old[x]]]


@njit
def _mirrors(table: Integers, partners: Integers) -> None:
    """The two permutations, each its own inverse, whose product the table is: int64[2, :]."""
    for x in range(table.size):
        partners[0, x] = partners[1, x] = -1
    cycle = np.empty(table.size, np.int64)
    for begin in range(table.size):
        length, x = 0, begin
        while partners[0, x] < 0:
            # Any number but -1 will do until the cycle is known.
            partners[0, x] = x
            cycle[length] = x
            length += 1
            x = table[x]
        for k in range(length):
            partners[0, cycle[k]] = cycle[(length - k) % length]
            partners[1, cycle[k]] = cycle[(length + 1 - k) % length]


@njit
def _merge(cubes: Integers, following: Integers, first: int, flips: int) -> None:
    """Merge single values to sets of those that are equal in some bits.

    Args:
        cubes: zeros; receives by the lowest value of each set the bits in which its values are equal.
        following: by value the next one of them, -1 after the last.
        first: the first of them.
        flips: bits; the highest one stays.
    """
    value, bit = first, 1
    while value >= 0:
        cubes[value] = cubes.size - 1
        value = following[value]
    while bit < cubes.size:
        value = first if bit != highest_bit(flips) else -1
        while value >= 0:
            mask = cubes[value]
            if mask & bit and not value & bit and cubes[value | bit] == mask:
                cubes[value | bit] = 0
                cubes[value] = mask ^ bit
            value = following[value]
        bit <<= 1


@njit
def _add_step(steps: Integers, first: int, count: int, mask: int, value: int, flips: int) -> None:
    """Add an exchange where the order by mask and value, from step `first` on, wants it."""
    place = count
    while place > first and (
        steps[place - 1, MASK] > mask or (steps[place - 1, MASK] == mask and steps[place - 1, VALUE] > value)
    ):
        for column in range(STEP_COLUMNS):
            steps[place, column] = steps[place - 1, column]
        place -= 1
    steps[place, MASK], steps[place, VALUE], steps[place, FLIPS] = mask, value, flips


@njit
def transpositions(table: Integers, steps: Integers) -> int:
    """Find exchanges, in time order, that carry every value x to ``table[x]``.

    Args:
        table: int64[1 << size], a permutation.
        steps: int64[1 << size, 3], receives the exchanges.

    Returns:
        How many there are.
    """
    size = table.size
    partners = np.empty((2, size), np.int64)
    _mirrors(table, partners)
    head, following = np.empty(size, np.int64), np.empty(size, np.int64)
    cubes = np.zeros(size, np.int64)
    count = 0
    for half in range(2):
        for x in range(size):
            head[x] = -1
        for x in range(size - 1, -1, -1):
            flips = x ^ partners[half, x]
            if x < partners[half, x]:
                following[x] = head[flips]
                head[flips] = x
        for flips in range(1, size):
            if head[flips] < 0:
                continue
            _merge(cubes, following, head[flips], flips)
            first, value = count, head[flips]
            while value >= 0:
                if cubes[value]:
                    _add_step(steps, first, count, cubes[value], value, flips)
                    count += 1
                    cubes[value] = 0
                value = following[value]
    return count
