"""How work items become amplitude indices.

A gate fixes some index bits (its targets and controls) and leaves the others free. Its work items are numbered
0, 1, 2, ...; item i belongs to the index whose free bits spell i. Walking through the items never needs that
spelling twice: subsets of a bit mask are enumerated in ascending order by one subtraction and one `and`, and all
items below the lowest fixed bit lie side by side in memory (a *run*).

A gate reads and writes several runs of one array in one loop. The compiler vectorises it only if it can prove that the
runs do not overlap, which `as_index`, `non_negative` and `start_beyond` let it do (a factor of three to five).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Integers

SHORT_RUN = 8
"""Runs below this many amplitudes are walked one by one: a vector loop would be all prologue."""

_INDEX_BITS = (1 << 48) - 1


@njit
def as_index(index: int) -> np.uint64:
    """Return `index` unsigned: signed indices make numba test for wrap-around, which keeps loops from vectorising."""
    return np.uint64(index)


@njit
def non_negative(value: int) -> int:
    """Return `value`, which is not negative, in a form that tells the compiler so."""
    return value & _INDEX_BITS


@njit
def start_beyond(first: int, length: int, distance: int) -> int:
    """Return `first + distance` in a form that tells the compiler that `distance >= length`."""
    return first + length + non_negative(distance - length)


@njit
def lowest_bit(mask: int, size: int) -> int:
    """Return the lowest set bit of `mask` as a power of two, or `size` if the mask is empty."""
    return mask & -mask if mask else size


@njit
def count_bits(mask: int) -> int:
    """Return the number of set bits."""
    count = 0
    while mask:
        mask &= mask - 1
        count += 1
    return count


@njit
def parity(mask: int) -> int:
    """Return the number of set bits modulo two, without branches so that loops over it vectorise."""
    mask ^= mask >> 32
    mask ^= mask >> 16
    mask ^= mask >> 8
    mask ^= mask >> 4
    mask ^= mask >> 2
    mask ^= mask >> 1
    return mask & 1


@njit
def highest_bit(mask: int) -> int:
    """Return the highest set bit of a non-empty `mask` as a power of two."""
    while mask & (mask - 1):
        mask &= mask - 1
    return mask


@njit
def lowest_index(mask: int) -> int:
    """Return the number of the lowest set bit of a non-empty `mask`."""
    return count_bits((mask & -mask) - 1)


@njit
def map_bits(mask: int, places: NDArray[Any]) -> int:
    """Return the mask in which every bit of `mask` is moved to the number that stands at its own in `places`."""
    moved = 0
    while mask:
        moved |= 1 << int(places[lowest_index(mask)])
        mask &= mask - 1
    return moved


@njit
def deposit(item: int, mask: int) -> int:
    """Spread the low bits of `item` over the set bits of `mask`, lowest first."""
    result = 0
    while item and mask:
        bit = mask & -mask
        if item & 1:
            result |= bit
        item >>= 1
        mask ^= bit
    return result


@njit
def next_subset(subset: int, mask: int) -> int:
    """Return the subset of `mask` that follows `subset`; bits of `subset` below the lowest of `mask` are dropped."""
    return (subset - mask) & mask


@njit
def next_without(j: int, mask: int) -> int:
    """The next number in which no bit of the mask is set."""
    return ((j | mask) + 1) & ~mask


@njit
def gather_bits(index: int, targets: Integers) -> int:
    """Return the number whose bit j is bit `targets[j]` of `index`."""
    result = 0
    for j in range(targets.size):
        result |= ((index >> targets[j]) & 1) << j
    return result


@njit
def scatter_bits(sub_index: int, targets: Integers) -> int:
    """Return the index whose bit `targets[j]` is bit j of `sub_index`, all other bits zero."""
    result = 0
    for j in range(targets.size):
        result |= ((sub_index >> j) & 1) << targets[j]
    return result
