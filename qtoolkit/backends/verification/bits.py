"""Single bits and pairs of them, which tell where counts differ when outcomes are too many to come twice."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from qtoolkit.backends.verification.reference import Reference
from qtoolkit.primitives import Result

__all__ = ["pair_distances", "parities", "parity_test"]

MOST_PAIRS = 2016
"""Of bits, all of which are compared: those of 64 bits; of more, neighbours alone."""

_ENTRIES = 1 << 22
"""Bits that are unpacked at a time."""


def parities(result: Result, groups: list[tuple[int, ...]]) -> NDArray[np.float64]:
    """In how many shots the parity of one bit or two is odd, shape ``(len(groups),)``."""
    found = np.zeros(len(groups))
    first = np.array([group[0] for group in groups])
    second = np.array([group[-1] for group in groups])
    single = first == second
    keys, width = list(result.counts), result.num_clbits
    at_a_time = max(1, _ENTRIES // max(width, len(groups)))
    for start in range(0, len(keys), at_a_time):
        part = keys[start : start + at_a_time]
        rows = np.frombuffer("".join(part).encode(), np.uint8).reshape(len(part), width)[:, ::-1] - ord("0")
        odd = np.where(single, rows[:, first], rows[:, first] ^ rows[:, second])
        found += np.array([result.counts[key] for key in part], dtype=np.float64) @ odd
    return found


def parity_test(result: Result, reference: Reference) -> tuple[float, tuple[int, ...]]:
    """How probable it is that right counts differ so much in a bit, or in the parity of two, and in which.

    Each is compared by its own binomial, or by the hypergeometric distribution where the reference is sampled; the
    smallest probability counts as often as there are bits and pairs, after Bonferroni.
    """
    from scipy.stats import binom, hypergeom

    bits = reference.bits
    pairs = list(combinations(bits, 2))
    if len(pairs) > MOST_PAIRS:
        pairs = list(pairwise(bits))
    groups: list[tuple[int, ...]] = [*((bit,) for bit in bits), *pairs]
    odd, shots = parities(result, groups), result.shots
    if reference.sample is None:
        chances = _exact_parities(reference, groups)
        lower, upper = binom.cdf(odd, shots, chances), binom.sf(odd - 1.0, shots, chances)
    else:
        theirs, total = parities(reference.sample, groups), reference.sample.shots
        arguments = shots + total, odd + theirs, shots
        lower, upper = hypergeom.cdf(odd, *arguments), hypergeom.sf(odd - 1.0, *arguments)
    ps = np.minimum(1.0, 2.0 * np.minimum(lower, upper))
    worst = int(ps.argmin())
    return min(1.0, len(groups) * float(ps[worst])), groups[worst]


def _exact_parities(reference: Reference, groups: list[tuple[int, ...]]) -> NDArray[np.float64]:
    """Probabilities of odd parities, all from one Walsh-Hadamard transform."""
    assert reference.probabilities is not None
    values = reference.probabilities.copy()
    size = 1
    while size < len(values):
        pairs = values.reshape(-1, 2, size)
        values = np.stack((pairs[:, 0] + pairs[:, 1], pairs[:, 0] - pairs[:, 1]), axis=1).reshape(-1)
        size *= 2
    places = {bit: place for place, bit in enumerate(reference.bits)}
    masks = [sum(1 << places[bit] for bit in group) for group in groups]
    odd: NDArray[np.float64] = np.clip(0.5 * (1.0 - values[masks]), 0.0, 1.0)
    odd[odd < 1e-12] = 0.0
    odd[odd > 1.0 - 1e-12] = 1.0
    return odd


def pair_distances(ours: Result, theirs: Result) -> float:
    """The largest total variation of any bit, or two bits, of two samples; neighbours alone where pairs are many."""
    count = ours.num_clbits
    pairs = list(combinations(range(count), 2))
    if len(pairs) > MOST_PAIRS:
        pairs = [(bit, bit + 1) for bit in range(count - 1)]
    singles = [(bit,) for bit in range(count)]
    groups: list[tuple[int, ...]] = [*singles, *pairs]
    means = [1.0 - 2.0 * parities(result, groups) / result.shots for result in (ours, theirs)]
    difference = means[0] - means[1]
    ones, largest = difference[:count], float(np.abs(difference[:count]).max(initial=0.0)) / 2.0
    for (a, b), both in zip(pairs, difference[count:], strict=True):
        outcomes = [x * ones[a] + y * ones[b] + x * y * both for x in (1.0, -1.0) for y in (1.0, -1.0)]
        largest = max(largest, 0.5 * sum(abs(value) for value in outcomes) / 4.0)
    return largest
