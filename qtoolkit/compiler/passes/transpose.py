"""Permutations as exchanges of pairs of values.

Every permutation is the product of two that are their own inverses: a cycle turns as two mirrors do, one after the
other. Each of the two exchanges disjoint pairs, and pairs that differ alike are exchanged together wherever a bit
makes no difference. So any permutation moves every amplitude twice at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Transposition", "reordered", "transpositions"]


class Transposition(NamedTuple):
    """Values x with ``x & mask == value`` change places with ``x ^ flips``; the highest flipped bit is in the mask."""

    mask: int
    value: int
    flips: int


def reordered(table: Sequence[int], order: Sequence[int]) -> list[int]:
    """The same permutation where bit k is what has been bit ``order[k]``."""
    size = range(len(order))
    old = [sum((x >> k & 1) << order[k] for k in size) for x in range(len(table))]
    new = {y: x for x, y in enumerate(old)}
    return [new[table[y]] for y in old]


def transpositions(table: Sequence[int]) -> list[Transposition]:
    """Exchanges, in time order, that carry every value x to ``table[x]``."""
    first: dict[int, set[int]] = {}
    second: dict[int, set[int]] = {}
    visited = [False] * len(table)
    for begin in range(len(table)):
        cycle = []
        x = begin
        while not visited[x]:
            visited[x] = True
            cycle.append(x)
            x = table[x]
        for k in range(len(cycle) if len(cycle) > 1 else 0):
            for pairs, partner in ((first, cycle[-k]), (second, cycle[1 - k])):
                if cycle[k] < partner:
                    pairs.setdefault(cycle[k] ^ partner, set()).add(cycle[k])
    steps = []
    for pairs in (first, second):
        for flips in sorted(pairs):
            steps += _merged(flips, pairs[flips], len(table) - 1)
    return steps


def _merged(flips: int, values: set[int], all_bits: int) -> list[Transposition]:
    """Exchanges of these values with those that differ in `flips`, as few as merging pairs finds."""
    cubes = {(all_bits, value) for value in values}
    for bit in (1 << k for k in range(all_bits.bit_length())):
        if bit.bit_length() == flips.bit_length():
            continue
        for mask, value in sorted(cubes):
            if not value & bit and mask & bit and (mask, value | bit) in cubes:
                cubes -= {(mask, value), (mask, value | bit)}
                cubes.add((mask ^ bit, value))
    return [Transposition(mask, value, flips) for mask, value in sorted(cubes)]
