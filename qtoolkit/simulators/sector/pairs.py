"""Tables of the pairs of amplitudes that exchange, cut into high and low bits so that they stay small."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from qtoolkit._masks import distinct
from qtoolkit.simulators.sector.basis import SectorLayout, parities
from qtoolkit.simulators.sector.steps import PairPattern
from qtoolkit_kernels.sector import Pairs

__all__ = ["PairTables", "low_bits_for"]

IntArray = NDArray[np.int64]

BLOCK_PAIRS = 4096
"""Pairs that one thread takes at a time: a few microseconds."""

MAX_LISTED = 1 << 21
"""Pairs listed for all patterns together; 8 bytes each."""


def low_bits_for(num_qubits: int, weight: int, patterns: Iterable[PairPattern]) -> int:
    """How many low bits to list pairs on: all where the lists stay small, else as many as keep them small."""
    distinct = set(patterns)
    listed = sum(
        math.comb(num_qubits - p.fixed_mask.bit_count(), weight - p.fixed_value.bit_count())
        for p in distinct
        if weight >= p.fixed_value.bit_count()
    )
    if listed <= MAX_LISTED:
        return num_qubits
    for low in range(num_qubits - 1, num_qubits // 2, -1):
        # Half of the low patterns at most have one of two bits set that differ; a quarter have both as wanted.
        rows = sum(math.comb(low, w) for w in range(max(0, weight - num_qubits + low), min(weight, low) + 1))
        if len(distinct) * rows <= 2 * MAX_LISTED:
            return low
    return max(num_qubits // 2, 1)


class PairTables:
    """The patterns of pairs that `qtoolkit_kernels.sector` reads.

    Args:
        layout: the basis.
        patterns: distinct ones, in order.
    """

    def __init__(self, layout: SectorLayout, patterns: Iterable[PairPattern]) -> None:
        self._layout = layout
        self._lists: list[NDArray[np.int32]] = [np.zeros((0, 2), np.int32)]
        self._listed = 0
        self._known: dict[tuple[int, ...], list[tuple[int, int, int]]] = {}
        pattern_start, block_rows, tables, total = [0], [0], [np.zeros((0, 5), np.int64)], 0
        for pattern in patterns:
            rows = _split(self._rows(pattern))
            blocks = np.cumsum(rows[:, 3]) // BLOCK_PAIRS
            ends = np.flatnonzero(np.diff(blocks)) + 1
            block_rows += [total + int(end) for end in ends]
            total += len(rows)
            if len(rows):
                block_rows.append(total)
            pattern_start.append(len(block_rows) - 1)
            tables.append(rows)
        self.pairs = Pairs(
            np.array(pattern_start, np.int64),
            np.array(block_rows, np.int64),
            np.concatenate(tables),
            np.concatenate(self._lists),
        )

    def _rows(self, pattern: PairPattern) -> IntArray:
        layout, low = self._layout, self._layout.low_mask
        fixed, wanted = pattern.fixed_mask & ~low, pattern.fixed_value & ~low
        blocks = np.flatnonzero(layout.high & fixed == wanted)
        partners = layout.high[blocks] ^ (pattern.x_mask & ~low)
        signs = 1 - 2 * parities(layout.high[blocks] & (pattern.z_mask & ~low))
        found = [np.zeros((0, 5), np.int64)]
        for weight in distinct(layout.low_weight[blocks]).tolist():
            chosen = layout.low_weight[blocks] == weight
            for first, count, sign in self._low_lists(pattern, weight):
                rows = np.empty((int(chosen.sum()), 5), np.int64)
                rows[:, 0] = layout.base[blocks[chosen]]
                rows[:, 1] = layout.base[layout.high_blocks(partners[chosen])]
                rows[:, 2:4] = first, count
                rows[:, 4] = sign * signs[chosen]
                found.append(rows)
        joined = np.concatenate(found)
        return joined[np.argsort(joined[:, 0], kind="stable")]

    def _low_lists(self, pattern: PairPattern, weight: int) -> list[tuple[int, int, int]]:
        """Lists of pairs of low ranks for one weight: (first, count, sign); first is -1 for all in order."""
        layout, low = self._layout, self._layout.low_mask
        fixed, wanted = pattern.fixed_mask & low, pattern.fixed_value & low
        x_mask, z_mask = pattern.x_mask & low, pattern.z_mask & low
        key = (fixed, wanted, x_mask, z_mask, weight)
        if key in self._known:
            return self._known[key]
        found = []
        if not fixed and not z_mask:
            found.append((-1, math.comb(layout.num_low, weight), 1))
        else:
            patterns = layout.low_patterns(weight)
            ranks = np.flatnonzero(patterns & fixed == wanted)
            partners = patterns[ranks] ^ x_mask
            partner_weight = weight - (wanted & x_mask).bit_count() + (~wanted & x_mask).bit_count()
            pairs = np.stack([ranks, layout.low_ranks(partners, partner_weight)], axis=1).astype(np.int32)
            odd = parities(patterns[ranks] & z_mask)
            for parity in (0, 1):
                listed = pairs[odd == parity]
                if len(listed):
                    found.append((self._listed, len(listed), 1 - 2 * parity))
                    self._lists.append(listed)
                    self._listed += len(listed)
        self._known[key] = found
        return found


def _split(rows: IntArray) -> IntArray:
    """Cut rows of more than `BLOCK_PAIRS` pairs."""
    pieces = -(-rows[:, 3] // BLOCK_PAIRS)
    if not (pieces > 1).any():
        return rows
    repeated = np.repeat(rows, pieces, axis=0)
    offset = (np.arange(len(repeated)) - np.repeat(np.cumsum(pieces) - pieces, pieces)) * BLOCK_PAIRS
    repeated[:, 3] = np.minimum(repeated[:, 3] - offset, BLOCK_PAIRS)
    listed = repeated[:, 2] >= 0
    repeated[listed, 2] += offset[listed]
    repeated[~listed, 0] += offset[~listed]
    repeated[~listed, 1] += offset[~listed]
    return repeated
