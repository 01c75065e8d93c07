"""How far counts are from a reference, and how far shots alone would bring them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit.backends.verification.reference import Reference
from qtoolkit.primitives import Result

__all__ = ["Aligned", "aligned", "chi_square", "confidence_bound", "expected_distance", "hellinger_fidelity"]

CONFIDENCE = 0.95

LEAST_EXPECTED = 5.0
"""Counts that a cell of χ² must expect: below, its distribution is no χ²."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Aligned:
    """Counts and a reference by the same outcomes.

    Attributes:
        observed: counts, float64 of shape ``(outcomes,)``; 0 for those that the reference has and nobody saw.
        reference: probabilities of the same outcomes, or counts of a sample.
        shots: sum of the observed ones.
        reference_shots: of the sample; None where the reference is exact.
    """

    observed: Floats
    reference: Floats
    shots: int
    reference_shots: int | None

    @property
    def probabilities(self) -> Floats:
        """Of the reference, or their estimates."""
        return self.reference if self.reference_shots is None else self.reference / self.reference_shots

    @property
    def total_variation(self) -> float:
        """Half the sum of the differences of the frequencies from the reference."""
        return 0.5 * float(np.abs(self.observed / self.shots - self.probabilities).sum())


def aligned(result: Result, reference: Reference) -> Aligned:
    """Counts by the outcomes of a reference.

    Where that is exact, the last outcome stands for all in which a bit is 1 that the circuit never writes.
    """
    if reference.probabilities is None:
        sample = reference.counts
        keys = tuple(sorted({*result.counts, *sample}))
        observed = np.array([result.counts.get(key, 0) for key in keys], dtype=np.float64)
        theirs = np.array([sample.get(key, 0) for key in keys], dtype=np.float64)
        return Aligned(observed, theirs, result.shots, reference.shots)
    width = result.num_clbits
    places = [width - 1 - bit for bit in reversed(reference.bits)]
    mask = sum(1 << bit for bit in range(width) if bit not in reference.bits)
    observed = np.zeros(len(reference.probabilities) + 1)
    for key, count in result.counts.items():
        outside = int(key, 2) & mask if mask else 0
        observed[-1 if outside else int("".join(key[place] for place in places), 2)] += count
    return Aligned(observed, np.append(reference.probabilities, 0.0), result.shots, None)


def expected_distance(drawn: Floats, asked: Floats, shots: int) -> float:
    """The mean total variation from probabilities of the frequencies of shots.

    Exact: the sum of the mean absolute deviations of binomial counts.

    Args:
        drawn: probabilities that shots are drawn from, shape ``(outcomes,)``.
        asked: probabilities that the frequencies are compared with.
        shots: how many.
    """
    from scipy.stats import binom

    live = drawn > 0.0
    p, a = drawn[live], shots * asked[live]
    floor = np.floor(a)
    above = shots * p * binom.sf(floor - 1.0, shots - 1, p) - a * binom.sf(floor, shots, p)
    deviations = a - shots * p + 2.0 * above
    return 0.5 * float(deviations.sum() / shots + asked[~live].sum())


def confidence_bound(expected: float, shots: int) -> float:
    """What the total variation stays below in 95 % of all runs.

    One shot changes it by at most ``1/shots``, so it is above its mean by t with a probability of at most
    ``exp(-2 shots t²)``: C. McDiarmid, Surveys in Combinatorics (1989), p. 148.
    """
    return min(1.0, expected + math.sqrt(math.log(1.0 / (1.0 - CONFIDENCE)) / (2.0 * shots)))


def hellinger_fidelity(pair: Aligned) -> float:
    """``(Σ √(p q))²`` of the frequencies and the reference, 1 where they are alike."""
    return min(1.0, float(np.sqrt(pair.observed / pair.shots * pair.probabilities).sum()) ** 2)


def chi_square(pair: Aligned, rng: np.random.Generator) -> tuple[float, int, float]:
    """χ², its degrees of freedom, and the probability that right counts have more.

    Outcomes are put together, from the most probable to the least, until a cell expects five counts. What is left
    expects fewer: its count is compared by a binomial of its own, and of the two probabilities the smaller one counts
    twice. A sample is halved: one half gives the order, the other is compared, as in a χ² of two samples, whose cells
    expect five counts of either by what both have together.

    Returns:
        The three; a χ² of 0 with no degrees where all is in one cell.
    """
    if pair.reference_shots is None:
        return _one_sample(pair.observed, pair.reference, pair.shots)
    return _two_samples(pair, rng)


def _one_sample(observed: Floats, probabilities: Floats, shots: int) -> tuple[float, int, float]:
    from scipy.stats import binom, chi2

    order = np.argsort(-probabilities, kind="stable")
    cells, rest = _cells(shots * probabilities[order])
    left, p_left = float(observed[order][rest:].sum()), min(1.0, float(probabilities[order][rest:].sum()))
    # Given the count of the rest, the others are multinomial among themselves.
    inside = shots - left
    ps = []
    statistic, degrees = 0.0, 0
    if len(cells) > 1 and inside > 0:
        counts = np.add.reduceat(observed[order][:rest], cells)
        expected = np.add.reduceat(probabilities[order][:rest], cells)
        expected *= inside / expected.sum()
        statistic, degrees = float(((counts - expected) ** 2 / expected).sum()), len(cells) - 1
        ps.append(float(chi2.sf(statistic, degrees)))
    if left > 0 or p_left > 0.0:
        upper, lower = binom.sf(left - 1.0, shots, p_left), binom.cdf(left, shots, p_left)
        ps.append(min(1.0, 2.0 * float(min(upper, lower))))
    return statistic, degrees, _smallest(ps)


def _two_samples(pair: Aligned, rng: np.random.Generator) -> tuple[float, int, float]:
    from scipy.stats import chi2, hypergeom

    assert pair.reference_shots is not None
    sorting = rng.multivariate_hypergeometric(
        pair.reference.astype(np.int64), pair.reference_shots // 2, method="marginals"
    )
    compared = pair.reference - sorting
    total = float(compared.sum())
    order = np.argsort(-sorting, kind="stable")
    ours, theirs = pair.observed[order], compared[order]
    cells, rest = _cells((ours + theirs) * min(pair.shots, total) / (pair.shots + total))
    left, their_left = float(ours[rest:].sum()), float(theirs[rest:].sum())
    ps = []
    statistic, degrees = 0.0, 0
    if len(cells) > 1 and left < pair.shots and their_left < total:
        counts, others = np.add.reduceat(ours[:rest], cells), np.add.reduceat(theirs[:rest], cells)
        inside, their_inside = pair.shots - left, total - their_left
        ratio = math.sqrt(their_inside / inside)
        statistic = float(((counts * ratio - others / ratio) ** 2 / (counts + others)).sum())
        degrees = len(cells) - 1
        ps.append(float(chi2.sf(statistic, degrees)))
    if left + their_left > 0:
        everything = round(pair.shots + total), round(left + their_left), pair.shots
        upper, lower = hypergeom.sf(left - 1.0, *everything), hypergeom.cdf(left, *everything)
        ps.append(min(1.0, 2.0 * float(min(upper, lower))))
    return statistic, degrees, _smallest(ps)


def _cells(expected: Floats) -> tuple[NDArray[np.int64], int]:
    """Where cells of outcomes in order begin, each of which expects enough, and where the rest begins."""
    running = np.cumsum(expected)
    starts: list[int] = []
    rest, last = 0, 0.0
    while True:
        step = int(np.searchsorted(running, last + LEAST_EXPECTED * (1.0 - 1e-12)))
        if step >= len(running):
            return np.array(starts, dtype=np.int64), rest
        starts.append(rest)
        last, rest = float(running[step]), step + 1


def _smallest(ps: list[float]) -> float:
    """The probability that right counts have a smaller one than the smallest of some, by Bonferroni's bound."""
    return min(1.0, len(ps) * min(ps)) if ps else 1.0
