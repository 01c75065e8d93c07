"""A claim on a grid: for each cell of the space of factors, bounds of the mean payoff within it.

Cells are products of intervals, the outermost without end: nothing is cut off. Probabilities, and means and variances
of y within a cell, are exact, since ``∫ e^{tz} φ(z) dz`` over an interval is ``e^{t²/2}`` times a difference of Φ. For
the positive part the mean lies between its value at the mean of y (Jensen) and the least of two upper bounds, the chord
over the range of y (Edmundson and Madansky) and ``(√(v + y²) + y)/2`` (Scarf); both ends are the same in every cell
without a kink. For the sign it lies between the bounds of Cantelli.

Source: Madansky, Ann. Math. Stat. 30, 743 (1959); Scarf, in Studies in the Mathematical Theory of Inventory and
Production, 201 (1958).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from qtoolkit._memory import reserved
from qtoolkit.applications.finance.pricing._claim import Claim, FloatArray
from qtoolkit.applications.finance.pricing._intervals import EPSILON, Boxes
from qtoolkit.errors import InputError

__all__ = ["CellTable", "cell_table", "table_on"]

_AXES = 8
"""Of factors, the first so many may be divided."""

_TRIALS = 300
_TRIED_CELLS = 1 << 19
"""Most allocations that are tried, and cells in all of them."""

_INDEPENDENT = 1e-12
"""Correlations up to this are rounding."""

_ARRAYS = 30
"""As large as the cells, at the peak."""


@dataclass(frozen=True, eq=False)
class CellTable:
    """Bounds of a claim's mean payoff in each cell, undiscounted.

    Attributes:
        bits: qubits of each factor; those with 0 are not divided.
        probabilities: of the cells, one axis for each factor that is divided.
        values: of the payoff, in the same shape.
        slacks: how far the mean payoff in a cell may be from its value.
    """

    bits: tuple[int, ...]
    probabilities: FloatArray
    values: FloatArray
    slacks: FloatArray

    @property
    def mean(self) -> float:
        """The mean of the values."""
        return float(np.sum(self.probabilities * self.values))

    @property
    def error(self) -> float:
        """A bound on how far that is from the mean payoff."""
        return float(np.sum(self.probabilities * (self.slacks + EPSILON * np.abs(self.values))))


def cell_table(claim: Claim, num_qubits: int, refinement: int) -> CellTable:
    """The claim on 2^num_qubits cells, each bounded by way of 2^refinement smaller ones.

    Qubits go to the factors where they lower the bound on the error most.

    Raises:
        InputError: if means are too large for floating-point numbers.
        InsufficientMemoryError: if there is no memory for the cells.
    """
    total = num_qubits + refinement
    needed = 8 * _ARRAYS << total
    room = reserved(needed, f"a grid of 2**{total} cells", "take fewer qubits, or less refinement")
    with room:
        table = _divided(claim.turned, total)
        return _merged(table, refinement) if refinement else table


def _divided(claim: Claim, num_qubits: int) -> CellTable:
    """The claim on so many cells.

    With few qubits all allocations are tried; from the best ones that divide 1, 2, … factors, further qubits go where
    they help, and the best of what comes of them is taken.
    """
    axes = min(claim.num_factors, _AXES)
    rest = (0,) * (claim.num_factors - axes)
    tried = 1
    while tried < num_qubits and math.comb(tried + axes, axes - 1) <= min(_TRIALS, _TRIED_CELLS >> tried + 1):
        tried += 1
    groups: dict[int, CellTable] = {}
    for bits in _compositions(tried, axes):
        number = sum(n > 0 for n in bits)
        table = table_on(claim, (*bits, *rest))
        groups[number] = _best([groups.get(number, table), table])
    return _best(_extended(claim, table, num_qubits - tried) for table in groups.values())


def _extended(claim: Claim, table: CellTable, count: int) -> CellTable:
    """The claim on cells divided `count` times more, each time in the factor that helps most."""
    for _ in range(count):
        bits = table.bits
        axes = range(min(len(bits), _AXES))
        table = _best(table_on(claim, (*bits[:axis], bits[axis] + 1, *bits[axis + 1 :])) for axis in axes)
    return table


def _best(tables: Iterable[CellTable]) -> CellTable:
    return min(tables, key=lambda each: (each.error, max(each.bits)))


def _compositions(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    """All ways to write a number as an ordered sum of so many."""
    if parts == 1:
        yield (total,)
        return
    for first in range(total, -1, -1):
        for others in _compositions(total - first, parts - 1):
            yield (first, *others)


@np.errstate(over="ignore", invalid="ignore", under="ignore", divide="ignore")
def table_on(claim: Claim, bits: Sequence[int]) -> CellTable:
    """The claim on a product of intervals, 2^bits[j] of factor j, at least one of them divided."""
    boxes = Boxes(bits)
    low, high = _bounds(claim, boxes)
    values, slacks = (low + high) / 2, (high - low) / 2
    if claim.barrier is not None:
        least, most = _chances(claim, boxes)
        reached = (least * low + most * high) / 2  # of the mean payoff, the part of paths that reach the level
        if claim.barrier.pays_if_reached:
            values, slacks = reached, (most * high - least * low) / 2
        else:
            values = values - reached
            slacks = np.maximum((1.0 - least) * high - values, values - (1.0 - most) * low)
    return CellTable(tuple(bits), boxes.probabilities(), claim.scale * values, claim.scale * slacks)


def _bounds(claim: Claim, boxes: Boxes) -> tuple[FloatArray, FloatArray]:
    """Bounds of the mean payoff in each cell, barrier and scale left out."""
    used = claim.weights != 0.0
    weights, offsets, loadings = claim.weights[used], claim.offsets[used], claim.loadings[used]
    total = boxes.mean(weights, offsets, loadings)
    size = boxes.mean(np.abs(weights), offsets, loadings)
    if not np.isfinite(size).all():
        raise InputError("means of prices must be numbers, got some too large: lower the volatility or the maturity")
    # exponentials lose as many digits as their exponents have before the point
    rounding = boxes.rounding() + 2.0 * EPSILON * float(np.max(np.abs(offsets) + np.sum(loadings**2, axis=1)))
    mean = total - claim.strike
    if claim.shape == "linear":
        return mean - rounding * size, mean + rounding * size
    second, most_second = _second_moments(boxes, weights, offsets, loadings)
    variance = np.maximum(second - total**2, 0.0) + rounding * most_second
    if not np.isfinite(variance).all():
        raise InputError("squares of prices must be numbers, got some too large: lower the volatility or the maturity")
    # ends of the weighted prices in each cell: apart from the strike, beside which they may be small
    low_prices, high_prices = np.zeros(boxes.shape), np.zeros(boxes.shape)
    for weight, offset, loading in zip(weights, offsets, loadings, strict=True):
        ends = [weight * end for end in boxes.log_range(offset, loading).exponentials()]
        low_prices += np.minimum(*ends)
        high_prices += np.maximum(*ends)
    low, high = low_prices - claim.strike, high_prices - claim.strike
    if claim.shape == "sign":
        share = variance / np.maximum(variance + mean**2, math.ulp(0.0))
        least = np.where(low > 0.0, 1.0, np.where((high > 0.0) & (mean > 0.0), 1.0 - share, 0.0))
        most = np.where(high <= 0.0, 0.0, np.where((low <= 0.0) & (mean < 0.0), share, 1.0))
        return least, most
    reach = np.hypot(np.sqrt(variance), mean)
    # the sum as a quotient where its parts would cancel
    most = np.where(mean < 0.0, variance / (reach - mean), reach + mean) / 2
    above = total - low_prices
    chord = np.where(np.isneginf(low), high, above / (high_prices - low_prices) * high)
    most = np.minimum(most, np.where(np.isposinf(high), above, chord))
    least = np.maximum(mean, 0.0)
    most = np.where(low >= 0.0, least, np.maximum(least, most)) + rounding * size
    return np.where(high <= 0.0, 0.0, np.maximum(mean - rounding * size, 0.0)), np.where(high <= 0.0, 0.0, most)


def _second_moments(
    boxes: Boxes, weights: FloatArray, offsets: FloatArray, loadings: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Of the weighted sum of exponentials in each cell, and of the sum with all weights positive."""
    first, second = np.triu_indices(len(weights))
    products = weights[first] * weights[second] * np.where(first == second, 1.0, 2.0)
    exponents = offsets[first] + offsets[second], loadings[first] + loadings[second]
    found = boxes.mean(products, *exponents)
    return found, found if products.min() >= 0.0 else boxes.mean(np.abs(products), *exponents)


def _chances(claim: Claim, boxes: Boxes) -> tuple[FloatArray, FloatArray]:
    """Bounds, in each cell and wherever in it the divided factors are, of the chance that the level is reached.

    What the other factors add to different rows is normal. Where it is correlated nowhere negatively, as on a Brownian
    bridge, no row reaches the level with at least the product of the rows' chances (Slepian, Bell Syst. Tech. J. 41,
    463 (1962)); where it is independent, with exactly that. Chances hold for the payoff's paths too where the payoff
    depends on divided factors alone; else they are anything.
    """
    from scipy.special import ndtr

    assert claim.barrier is not None
    never_most, never_least = np.ones(boxes.shape), np.ones(boxes.shape)
    others = np.delete(claim.loadings, boxes.divided, axis=1)
    if others[claim.weights != 0.0].any():
        return 1.0 - never_most, never_least
    watched = others[list(claim.barrier.rows)]
    products = watched @ watched.T
    sizes = np.sqrt(np.diag(products))
    products -= np.diag(np.diag(products))
    tolerance = _INDEPENDENT * np.outer(sizes, sizes)
    is_positive, is_independent = (products >= -tolerance).all(), (np.abs(products) <= tolerance).all()
    for row in claim.barrier.rows:
        found = boxes.log_range(claim.offsets[row], claim.loadings[row])
        excesses = found.low - claim.barrier.log_level, found.high - claim.barrier.log_level
        if not claim.barrier.is_up:
            excesses = -excesses[1], -excesses[0]
        if found.spread > 0.0:
            most, least = (ndtr(-excess / found.spread) for excess in excesses)
        else:
            most, least = ((excess < 0.0).astype(np.float64) for excess in excesses)
        never_most = never_most * most if is_independent else np.minimum(never_most, most)
        never_least = never_least * least if is_positive else np.maximum(never_least + least - 1.0, 0.0)
    return 1.0 - never_most, 1.0 - never_least


def _merged(table: CellTable, count: int) -> CellTable:
    """Means over 2^count cells at a time, neighbours along the factors with the most of them."""
    left = list(table.bits)
    for _ in range(count):
        left[left.index(max(left))] -= 1
    shape = [(1 << c, 1 << f - c) for c, f in zip(left, table.bits, strict=True) if f]
    inner = tuple(range(1, 2 * len(shape), 2))
    final = [1 << c for c in left if c]

    def total(values: FloatArray) -> FloatArray:
        return np.asarray(values.reshape([n for pair in shape for n in pair]).sum(axis=inner).reshape(final))

    probabilities = total(table.probabilities)
    values, slacks = (total(table.probabilities * part) / probabilities for part in (table.values, table.slacks))
    return CellTable(tuple(left), probabilities, values, slacks)
