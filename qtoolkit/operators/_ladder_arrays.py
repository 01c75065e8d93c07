"""Products of ladder operators as arrays, all of one length together: what a dictionary of them is slow at.

A factor is 2 mode + creates. Arrays of products have shape (products, length), int64.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np

from qtoolkit.operators._types import ComplexArray, IntArray

__all__ = ["LadderProduct", "Ladders", "as_arrays", "as_terms", "commutator", "joined", "normal_ordered", "num_modes"]

LadderProduct = tuple[tuple[int, bool], ...]
"""Factors from left to right, each a mode and whether it is created; `()` is the identity."""

Ladders = dict[int, tuple[IntArray, ComplexArray]]
"""By length, the products and their coefficients, complex128."""

_KEY_BITS = 63
_PAIRS_PER_CHUNK = 1 << 16  # bounds the temporaries of a commutator to some tens of MB


def as_arrays(terms: Mapping[LadderProduct, complex]) -> Ladders:
    """The products of a dictionary, in its order."""
    coefficients: ComplexArray = np.fromiter(terms.values(), np.complex128, len(terms))
    lengths: IntArray = np.fromiter(map(len, terms), np.int64, len(terms))
    pairs = chain.from_iterable(chain.from_iterable(terms))
    numbers: IntArray = np.fromiter(pairs, np.int64, 2 * int(lengths.sum()))
    factors = 2 * numbers[::2] + numbers[1::2]
    starts = np.cumsum(lengths) - lengths
    found: Ladders = {}
    for length in np.flatnonzero(np.bincount(lengths)).tolist():
        chosen = np.flatnonzero(lengths == length)
        found[length] = factors[starts[chosen, None] + np.arange(length)], coefficients[chosen]
    return found


def as_terms(ladders: Ladders) -> dict[LadderProduct, complex]:
    """The dictionary of products that are all different."""
    terms: dict[LadderProduct, complex] = {}
    for length, (factors, coefficients) in ladders.items():
        values = coefficients.tolist()
        if length == 0:
            terms.update(zip([()] * len(values), values, strict=True))
            continue
        most = int(factors.max(initial=-1))
        pair_of = [(factor >> 1, bool(factor & 1)) for factor in range(most + 1)].__getitem__
        columns = (map(pair_of, column) for column in factors.T.tolist())
        terms.update(zip(zip(*columns, strict=True), values, strict=True))
    return terms


def num_modes(terms: Mapping[LadderProduct, complex]) -> int:
    """One more than the highest mode in use."""
    return 1 + max(map(max, filter(None, terms)), default=(-1, False))[0]


def merged(factors: IntArray, coefficients: ComplexArray) -> tuple[IntArray, ComplexArray]:
    """Equal products added up, exact zeros dropped, sorted by their factors from left to right."""
    if len(factors) == 0:
        return factors, coefficients
    width = int(factors.max(initial=0)).bit_length()
    if width * factors.shape[1] <= _KEY_BITS:
        keys = np.zeros(len(factors), np.int64)
        for column in factors.T:
            keys = keys << width | column
        order = np.argsort(keys, kind="stable")
    else:
        order = np.lexsort(factors.T[::-1])
    rows = factors[order]
    is_first = np.ones(len(rows), dtype=bool)
    is_first[1:] = (rows[1:] != rows[:-1]).any(axis=1)
    starts = np.flatnonzero(is_first)
    totals = np.add.reduceat(coefficients[order], starts)
    kept = totals != 0
    return rows[starts][kept], totals[kept]


def normal_ordered(ladders: Ladders) -> Ladders:
    """Creations left of annihilations, modes falling within each kind, equal products added up."""
    pending = {length: [part] for length, part in ladders.items()}
    ordered: Ladders = {}
    while pending:
        length = max(pending)
        parts = pending.pop(length)
        factors, coefficients = merged(*joined(parts))
        rows, values, contracted = _sorted_factors(factors, coefficients)
        if contracted:
            pending.setdefault(length - 2, []).extend(contracted)
        ordered[length] = merged(rows, values)
    return dict(sorted(ordered.items()))


def _sorted_factors(
    factors: IntArray, coefficients: ComplexArray
) -> tuple[IntArray, ComplexArray, list[tuple[IntArray, ComplexArray]]]:
    """Sort the factors of each product, and put aside what a_p a†_p = 1 − a†_p a_p leaves on the way.

    An insertion sort of all products at once: each step compares two neighbouring factors of every product.
    """
    columns = [column.copy() for column in factors.T]
    values = coefficients.copy()
    contracted: list[tuple[IntArray, ComplexArray]] = []
    for position in range(1, len(columns)):
        for right in range(position, 0, -1):
            first, second = columns[right - 1], columns[right]
            vanish = first == second  # a mode is filled or emptied once only
            if vanish.any():
                columns = [column[~vanish] for column in columns]
                values = values[~vanish]
                first, second = columns[right - 1], columns[right]
            swap = _rank(first) < _rank(second)
            if not swap.any():
                continue
            meet = np.flatnonzero(first + 1 == second) if len(first) else first
            meet = meet[first[meet] & 1 == 0]
            if len(meet):
                rest = [column[meet] for place, column in enumerate(columns) if place not in (right - 1, right)]
                contracted.append((np.array(rest, np.int64).reshape(len(rest), len(meet)).T, values[meet]))
            columns[right - 1], columns[right] = np.where(swap, second, first), np.where(swap, first, second)
            values = np.where(swap, -values, values)
    return np.array(columns, np.int64).reshape(factors.shape[1], len(values)).T, values, contracted


def _rank(factors: IntArray) -> IntArray:
    """Where a factor stands among others, the greatest leftmost."""
    return factors + ((factors & 1) << 32)


def commutator(left: Ladders, right: Ladders) -> Ladders:
    """left · right − right · left, normal-ordered.

    Products of which one is of even length commute unless they have a mode in common; the others are multiplied in
    parts, each of which is brought to order and added up, so that memory follows the size of the result.
    """
    total: dict[int, list[tuple[IntArray, ComplexArray]]] = {}
    for first, first_values in left.values():
        for second, second_values in right.values():
            rows = max(1, _PAIRS_PER_CHUNK // max(1, len(second)))
            for start in range(0, len(first), rows):
                part, values = first[start : start + rows], first_values[start : start + rows]
                one, other = _pairs(part, second)
                weights = values[one] * second_values[other]
                forth, back = (part[one], second[other]), (second[other], part[one])
                factors = np.concatenate([np.concatenate(pair, axis=1) for pair in (forth, back)])
                chunk = {factors.shape[1]: (factors, np.concatenate((weights, -weights)))}
                for length, found in normal_ordered(chunk).items():
                    total.setdefault(length, []).append(found)
    return {length: merged(*joined(parts)) for length, parts in sorted(total.items())}


def joined(parts: Sequence[tuple[IntArray, ComplexArray]]) -> tuple[IntArray, ComplexArray]:
    """Products of one length from several places, one after the other."""
    return np.concatenate([factors for factors, _ in parts]), np.concatenate([values for _, values in parts])


def _pairs(first: IntArray, second: IntArray) -> tuple[IntArray, IntArray]:
    """Indices of products that may fail to commute."""
    if first.shape[1] % 2 and second.shape[1] % 2:
        found = np.indices((len(first), len(second))).reshape(2, -1)
        return found[0], found[1]
    one, other = (np.bitwise_or.reduce(1 << (factors >> 1) % _KEY_BITS, axis=1) for factors in (first, second))
    meets = np.nonzero(one[:, None] & other)
    return meets[0], meets[1]
