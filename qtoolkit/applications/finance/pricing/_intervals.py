"""Products of intervals of independent normal variables: probabilities, moments and ranges of exponentials in them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from qtoolkit.applications.finance.pricing._claim import FloatArray

__all__ = ["EPSILON", "Boxes", "LogRange"]

EPSILON = 2.0**-48
"""Rounding of some operations."""

_SUMS = 1e-14
"""What sums of products lose."""

_CHUNK = 1 << 21
"""Numbers of one step of a sum over exponentials."""


@dataclass(frozen=True, eq=False)
class LogRange:
    """Least and largest logarithm of an exponential in each cell, but for the factors that are not divided.

    Attributes:
        low, high: as far as divided factors decide.
        spread: standard deviation of what the others add.
    """

    low: FloatArray
    high: FloatArray
    spread: float

    def exponentials(self) -> tuple[FloatArray, FloatArray]:
        """Least and largest exponential."""
        if self.spread > 0.0:
            return np.zeros_like(self.low), np.full_like(self.high, np.inf)
        return np.exp(self.low), np.exp(self.high)


class Boxes:
    """Cells that divide the space of factors: 2^bits[j] intervals of factor j, the outermost without end.

    Intervals end at the quantiles of a normal distribution of variance 3, with which mean squared errors are least for
    many cells: Zador, IEEE Trans. Inf. Theory 28, 139 (1982).
    """

    def __init__(self, bits: Sequence[int]) -> None:
        self.bits = tuple(bits)
        self.divided = [axis for axis, n in enumerate(bits) if n]
        self._edges = [_edges(bits[axis]) for axis in self.divided]
        self._masses = [_tilted(edges, np.zeros(1))[0] for edges in self._edges]
        self.shape = tuple(masses.size for masses in self._masses)

    def probabilities(self) -> FloatArray:
        """Of the cells, one axis for each factor that is divided."""
        return np.asarray(reduce(np.multiply.outer, self._masses), dtype=np.float64)

    def rounding(self) -> FloatArray:
        """By what share of itself a moment in each cell may be off.

        Differences of Φ lose digits in narrow intervals.
        """
        lost = [EPSILON * (1.0 + 2.0 / np.diff(edges)) for edges in self._edges]
        return np.asarray(_SUMS + reduce(np.add.outer, lost), dtype=np.float64)

    def mean(self, weights: FloatArray, offsets: FloatArray, loadings: FloatArray) -> FloatArray:
        """The mean of ``Σ weights[k] exp(offsets[k] + loadings[k] · z)`` in each cell."""
        total = np.zeros(math.prod(self.shape))
        scales = weights * np.exp(offsets + 0.5 * np.sum(loadings**2, axis=1))
        step = max(1, _CHUNK * self.shape[-1] // total.size)
        for start in range(0, len(weights), step):
            part = slice(start, start + step)
            product = scales[part, None]
            for axis, edges, masses in zip(self.divided[:-1], self._edges, self._masses, strict=False):
                ratios = _tilted(edges, loadings[part, axis]) / masses
                product = (product[:, :, None] * ratios[:, None, :]).reshape(len(ratios), -1)
            ratios = _tilted(self._edges[-1], loadings[part, self.divided[-1]]) / self._masses[-1]
            total += (product.T @ ratios).reshape(-1)
        return total.reshape(self.shape)

    def log_range(self, offset: float, loadings: FloatArray) -> LogRange:
        """Of ``exp(offset + loadings · z)``."""
        lows, highs = [], []
        for axis, edges in zip(self.divided, self._edges, strict=True):
            ends = loadings[axis] * edges if loadings[axis] != 0.0 else np.zeros(edges.size)
            lows.append(np.minimum(ends[:-1], ends[1:]))
            highs.append(np.maximum(ends[:-1], ends[1:]))
        spread = float(np.linalg.norm(np.delete(loadings, self.divided)))
        return LogRange(offset + reduce(np.add.outer, lows), offset + reduce(np.add.outer, highs), spread)


def _edges(bits: int) -> FloatArray:
    from scipy.special import ndtri

    return np.asarray(math.sqrt(3.0) * ndtri(np.arange((1 << bits) + 1) / (1 << bits)), dtype=np.float64)


def _tilted(edges: FloatArray, tilts: FloatArray) -> FloatArray:
    """``∫ e^{tz - t²/2} φ(z) dz`` over intervals for each t, shape ``(num_tilts, num_intervals)``."""
    from scipy.special import ndtr

    ends = edges - tilts[:, None]
    is_above = ends[:, :-1] + ends[:, 1:] > 0.0
    # where Φ is near 1, a difference of its complement keeps more digits
    below, above = np.diff(ndtr(ends), axis=1), -np.diff(ndtr(-ends), axis=1)
    return np.asarray(np.where(is_above, above, below), dtype=np.float64)
