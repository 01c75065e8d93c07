"""Sums of Pauli strings as bare arrays: merging, products, commutators.

A term (x, z, c) stands for c · i^{|x∧z|} X^x Z^z, so c multiplies the string of letters I, X, Y, Z itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np

from qtoolkit.operators._types import ComplexArray, IntArray

__all__ = ["Terms", "merge_terms", "move_bits", "multiply_terms", "x_group_starts", "y_phases"]

Terms: TypeAlias = tuple[IntArray, IntArray, ComplexArray]
PairFilter: TypeAlias = Literal["all", "commuting", "anticommuting"]

_POWERS_OF_I: ComplexArray = np.array([1, 1j, -1, -1j], dtype=np.complex128)
_PAIRS_PER_CHUNK = 1 << 20  # bounds the temporaries of a product to some tens of MB


def y_phases(x_masks: IntArray, z_masks: IntArray) -> ComplexArray:
    """Return i^{number of Y letters} per term: the factor between a string and X^x Z^z."""
    phases: ComplexArray = _POWERS_OF_I[np.bitwise_count(x_masks & z_masks) & 3]
    return phases


def merge_terms(x_masks: IntArray, z_masks: IntArray, coefficients: ComplexArray, atol: float = 0.0) -> Terms:
    """Add up equal strings, drop coefficients of magnitude at most `atol`, and sort by x mask, then z mask."""
    if len(x_masks) == 0:
        return x_masks.copy(), z_masks.copy(), coefficients.copy()
    order = np.lexsort((z_masks, x_masks))
    x_sorted, z_sorted = x_masks[order], z_masks[order]
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = (x_sorted[1:] != x_sorted[:-1]) | (z_sorted[1:] != z_sorted[:-1])
    starts = np.flatnonzero(is_first)
    totals = np.add.reduceat(coefficients[order], starts)
    kept = np.abs(totals) > atol
    return x_sorted[starts][kept], z_sorted[starts][kept], totals[kept]


def move_bits(masks: IntArray, targets: Sequence[int]) -> IntArray:
    """Return masks whose bit `targets[k]` is bit k of the given ones."""
    moved = np.zeros_like(masks)
    for source, target in enumerate(targets):
        moved |= (masks >> source & 1) << target
    return moved


def x_group_starts(x_masks: IntArray) -> IntArray:
    """Return where runs of equal x mask begin, and the number of terms as last entry: int64[runs + 1]."""
    changes = np.flatnonzero(x_masks[1:] != x_masks[:-1]) + 1
    starts = [0] if len(x_masks) else []
    return np.concatenate((starts, changes, [len(x_masks)])).astype(np.int64)


def multiply_terms(left: Terms, right: Terms, pairs: PairFilter = "all") -> Terms:
    """Multiply two sums, term by term, over all pairs or only those that commute or anticommute.

    The work goes through the outer product in chunks and merges each, so memory follows the size of the
    result rather than the number of pairs.
    """
    rows = max(1, _PAIRS_PER_CHUNK // max(1, len(right[0])))
    merged: Terms = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.complex128))
    for start in range(0, len(left[0]), rows):
        part = slice(start, start + rows)
        chunk = merge_terms(*_multiply_chunk((left[0][part], left[1][part], left[2][part]), right, pairs))
        merged = merge_terms(
            np.concatenate((merged[0], chunk[0])),
            np.concatenate((merged[1], chunk[1])),
            np.concatenate((merged[2], chunk[2])),
        )
    return merged


def _multiply_chunk(left: Terms, right: Terms, pairs: PairFilter) -> Terms:
    x_left, z_left, c_left = left[0][:, None], left[1][:, None], left[2][:, None]
    x_right, z_right, c_right = right
    x_out, z_out = x_left ^ x_right, z_left ^ z_right
    swaps = np.bitwise_count(z_left & x_right)
    # counts are uint8 and may wrap, which is harmless: 256 is a multiple of 4
    power = np.bitwise_count(x_left & z_left) + np.bitwise_count(x_right & z_right)
    power = power + 2 * swaps - np.bitwise_count(x_out & z_out)
    c_out = c_left * c_right * _POWERS_OF_I[power & 3]
    if pairs == "all":
        return x_out.ravel(), z_out.ravel(), c_out.ravel()
    anticommute = ((swaps + np.bitwise_count(x_left & z_right)) & 1).astype(bool)
    kept = anticommute if pairs == "anticommuting" else ~anticommute
    return x_out[kept], z_out[kept], c_out[kept]
