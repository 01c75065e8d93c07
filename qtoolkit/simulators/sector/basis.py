"""Basis states of one Hamming weight: their bit patterns in ascending order, and where a pattern stands.

A pattern splits into high and low bits. States that share the high bits lie side by side, and among them the low bits
run through all patterns of the weight that is left: the index is the start of the block plus the rank of the low bits.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import shown
from qtoolkit.errors import InputError
from qtoolkit_kernels.subsets import list_patterns

__all__ = ["MAX_SECTOR_QUBITS", "SectorLayout", "check_sector", "parities", "patterns_of_weight"]

IntArray = NDArray[np.int64]

MAX_SECTOR_QUBITS = 62
"""Bit patterns are int64."""


def patterns_of_weight(num_bits: int, weight: int) -> IntArray:
    """All patterns of `num_bits` bits with `weight` ones, ascending, int64 of shape ``(C(num_bits, weight),)``."""
    if not 0 <= weight <= num_bits:
        return np.zeros(0, np.int64)
    patterns = np.empty(math.comb(num_bits, weight), np.int64)
    list_patterns(weight, patterns)
    return patterns


def parities(patterns: IntArray) -> IntArray:
    """Number of ones of each pattern modulo 2, int64."""
    return np.bitwise_count(patterns).astype(np.int64) & 1


class SectorLayout:
    """The basis of `num_qubits` qubits with `weight` ones, cut after the lowest `num_low` bits.

    Args:
        num_qubits: at most `MAX_SECTOR_QUBITS`.
        weight: 0 to `num_qubits`.
        num_low: number of low bits; all of them by default.

    Attributes:
        size: number of basis states.
        high: patterns of the high bits, in place, ascending, int64 of shape ``(num_blocks,)``.
        base: index of the first state of each block, int64 of the same shape.
    """

    def __init__(self, num_qubits: int, weight: int, num_low: int | None = None) -> None:
        self.num_qubits, self.weight = num_qubits, weight
        self.num_low = num_qubits if num_low is None else num_low
        self.size = math.comb(num_qubits, weight)
        num_high = num_qubits - self.num_low
        weights = range(max(0, weight - self.num_low), min(weight, num_high) + 1)
        high = np.sort(np.concatenate([patterns_of_weight(num_high, w) for w in weights]))
        self.high = high << self.num_low
        self.low_weight = weight - np.bitwise_count(self.high).astype(np.int64)
        sizes = np.array([math.comb(self.num_low, w) for w in range(self.num_low + 1)], dtype=np.int64)
        ends = np.cumsum(sizes[self.low_weight])
        self.base = np.concatenate([np.zeros(1, np.int64), ends[:-1]])
        self._low: dict[int, IntArray] = {}

    @property
    def low_mask(self) -> int:
        """The low bits."""
        return (1 << self.num_low) - 1

    def low_patterns(self, weight: int) -> IntArray:
        """Patterns of the low bits with `weight` ones, ascending."""
        if weight not in self._low:
            self._low[weight] = patterns_of_weight(self.num_low, weight)
        return self._low[weight]

    def high_blocks(self, patterns: IntArray) -> IntArray:
        """Block of each pattern of high bits."""
        return np.searchsorted(self.high, patterns).astype(np.int64)

    def low_ranks(self, patterns: IntArray, weight: int) -> IntArray:
        """Rank of each pattern of low bits among those of its weight."""
        return np.searchsorted(self.low_patterns(weight), patterns).astype(np.int64)


def check_sector(num_qubits: int, weight: int) -> None:
    """Refuse a sector that does not exist.

    Raises:
        InputError: if there are not 1 to 62 qubits, or they cannot have this weight.
    """
    if not 1 <= num_qubits <= MAX_SECTOR_QUBITS:
        raise InputError(f"a sector has 1 to {MAX_SECTOR_QUBITS} qubits (patterns are 64-bit), got {shown(num_qubits)}")
    if not 0 <= weight <= num_qubits:
        raise InputError(f"hamming_weight on {num_qubits} qubits is 0 to {num_qubits}, got {shown(weight)}")
