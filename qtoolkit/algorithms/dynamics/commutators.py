"""Norms of the nested commutators that bound the errors of product formulas of order 1 and 2."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtoolkit._memory import reserved
from qtoolkit.algorithms.dynamics.ordering import Fragments

__all__ = [
    "MOST_TRIANGLE_TERMS",
    "Weighted",
    "bracket",
    "commutator_prefactor",
    "merged",
    "norm_of",
    "num_products",
    "triangle_prefactor",
    "weighted_terms",
]

MOST_TRIANGLE_TERMS = 8192
"""Beyond this, signs of all pairs of terms take more than half a gigabyte."""

_ROWS = 64
_PAIRS = 1 << 20
"""Pairs of terms that are looked at together."""


class Weighted(NamedTuple):
    """Strings with real weights, arrays of one length."""

    x_masks: NDArray[np.int64]
    z_masks: NDArray[np.int64]
    weights: NDArray[np.float64]

    def part(self, start: int, stop: int) -> Weighted:
        """Some of them."""
        return Weighted(self.x_masks[start:stop], self.z_masks[start:stop], self.weights[start:stop])


def num_products(fragments: Fragments, order: int) -> int:
    """How many products of strings the commutators take."""
    starts = fragments.starts
    sizes, after = np.diff(starts).astype(object), (starts[-1] - starts[1:]).astype(object)
    return int(np.sum(sizes * after if order == 1 else sizes * after * (after + sizes)))


def commutator_prefactor(fragments: Fragments, order: int) -> float:
    """The factor of ``|t|^{order + 1}``: commutators are formed exactly, and their norms bounded by those of the terms.

    A. M. Childs et al., Phys. Rev. X 11, 011020 (2021), propositions 9 and 10: with R the sum of the fragments after
    A, ``½ Σ_A ‖[R, A]‖`` for order 1 and ``Σ_A (‖[R, [R, A]]‖ / 12 + ‖[A, [A, R]]‖ / 24)`` for order 2.
    """
    total = 0.0
    starts = fragments.starts.tolist()
    for start, stop in itertools.pairwise(starts):
        part, rest = weighted_terms(fragments, start, stop), weighted_terms(fragments, stop, starts[-1])
        inner = bracket(rest, part)
        if order == 1:
            total += norm_of(inner) / 2
        else:
            total += norm_of(bracket(rest, inner)) / 12 + norm_of(bracket(part, inner)) / 24
    return total


def triangle_prefactor(fragments: Fragments, order: int) -> float:
    """The same with the triangle inequality inside the commutators, so that only signs of pairs are needed.

    Raises:
        InsufficientMemoryError: if the signs of all pairs do not fit into free memory.
    """
    count = len(fragments.weights)
    with reserved(8 * count * (count + 8 * _ROWS), f"the signs of {count} terms", 'use method="one-norm"'):
        return _triangle_sum(fragments, order)


def _triangle_sum(fragments: Fragments, order: int) -> float:
    weights = np.abs(fragments.weights)
    signs = _signs(fragments)
    stops = np.repeat(fragments.starts[1:], np.diff(fragments.starts))
    places = np.arange(len(weights))
    total = 0.0
    for start in range(0, len(weights), _ROWS):
        rows = slice(start, start + _ROWS)
        later = np.where(places >= stops[rows, None], weights, 0.0)
        anticommuting: NDArray[np.float64] = np.where(signs[rows] < 0, later, 0.0)
        if order == 1:
            total += float(weights[rows] @ anticommuting.sum(axis=1))
            continue
        # P3 anticommutes with P2 P1 where it anticommutes with one of them alone
        products = later * signs[rows] @ signs
        reached = (later.sum(axis=1)[:, None] - products) / 2
        total += float(weights[rows] @ (anticommuting * reached).sum(axis=1)) / 3
        total += float(weights[rows] @ _inner(fragments, rows, signs, anticommuting)) / 6
    return total


def _inner(
    fragments: Fragments, rows: slice, signs: NDArray[np.float64], anticommuting: NDArray[np.float64]
) -> NDArray[np.float64]:
    """For each row's term P1, ``Σ |w_2 w_3|`` over later P2 and P3 of its fragment with ``[P3, [P1, P2]] ≠ 0``."""
    weights = np.abs(fragments.weights)
    owner = np.repeat(np.arange(len(fragments.starts) - 1), np.diff(fragments.starts))
    same = np.where(owner[rows, None] == owner, weights, 0.0)
    products = (same * signs[rows]) @ signs
    reached = (same.sum(axis=1)[:, None] - products) / 2
    found: NDArray[np.float64] = (anticommuting * reached).sum(axis=1)
    return found


def _signs(fragments: Fragments) -> NDArray[np.float64]:
    """1 where two terms commute, -1 where they do not, shape (terms, terms)."""
    count = len(fragments.weights)
    signs = np.empty((count, count), np.float64)
    x, z = fragments.x_masks, fragments.z_masks
    for row in range(count):
        swaps = np.bitwise_count(x & z[row]) + np.bitwise_count(z & x[row])
        signs[row] = 1.0 - 2.0 * (swaps & 1)
    return signs


def weighted_terms(fragments: Fragments, start: int, stop: int) -> Weighted:
    """Terms by their places."""
    part = slice(start, stop)
    return Weighted(fragments.x_masks[part], fragments.z_masks[part], fragments.weights[part])


def bracket(left: Weighted, right: Weighted) -> Weighted:
    """``[L, R] / i`` with equal strings added up: real, as L and R are Hermitian."""
    rows = max(1, _PAIRS // max(1, len(right.weights)))
    parts = [
        _anticommuting_products(left.part(start, start + rows), right) for start in range(0, len(left.weights), rows)
    ]
    if not parts:
        return left
    return parts[0] if len(parts) == 1 else merged(Weighted(*map(np.concatenate, zip(*parts, strict=True))))


def _anticommuting_products(left: Weighted, right: Weighted) -> Weighted:
    swaps = np.bitwise_count(left.z_masks[:, None] & right.x_masks)
    crossed = np.bitwise_count(left.x_masks[:, None] & right.z_masks)
    i, j = np.nonzero((swaps + crossed) & 1)
    x_left, z_left, x_right, z_right = left.x_masks[i], left.z_masks[i], right.x_masks[j], right.z_masks[j]
    x_masks, z_masks = x_left ^ x_right, z_left ^ z_right
    # the product is i to this power, 1 or 3, times a string; counts are uint8, and 256 is a multiple of 4
    power = np.bitwise_count(x_left & z_left) + np.bitwise_count(x_right & z_right) + 2 * swaps[i, j]
    signs = 2.0 - ((power - np.bitwise_count(x_masks & z_masks)) & 3)
    return merged(Weighted(x_masks, z_masks, 2.0 * left.weights[i] * right.weights[j] * signs))


def merged(terms: Weighted) -> Weighted:
    """Equal strings added up."""
    if not len(terms.weights):
        return terms
    width = int((terms.x_masks | terms.z_masks).max()).bit_length()
    if 2 * width <= 62:
        keys = terms.x_masks << width | terms.z_masks
        order = np.argsort(keys)
        changes = np.flatnonzero(np.diff(keys[order])) + 1
    else:
        order = np.lexsort((terms.z_masks, terms.x_masks))
        changes = np.flatnonzero(np.diff(terms.x_masks[order]) | np.diff(terms.z_masks[order])) + 1
    starts = np.concatenate(([0], changes))
    first = order[starts]
    return Weighted(terms.x_masks[first], terms.z_masks[first], np.add.reduceat(terms.weights[order], starts))


def norm_of(terms: Weighted) -> float:
    """A bound of the spectral norm."""
    return float(np.abs(terms.weights).sum())
