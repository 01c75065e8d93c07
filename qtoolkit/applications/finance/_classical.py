"""The classical method beside each quantum one: a mean of as many samples, with its error bar."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_SAMPLES", "MonteCarlo", "monte_carlo"]

MOST_SAMPLES = 10_000_000
_CHUNK = 1 << 16


@dataclass(frozen=True)
class MonteCarlo:
    """A classical Monte Carlo estimate.

    Attributes:
        estimate: the mean.
        standard_error: of it.
        interval: by the normal approximation, at the confidence of the quantum estimate; no proven one.
        num_samples: as many as that made queries, at least 2 and at most 10,000,000.
    """

    estimate: float
    standard_error: float
    interval: tuple[float, float]
    num_samples: int


def monte_carlo(
    draw: Callable[[np.random.Generator, int], NDArray[np.float64]],
    num_queries: int,
    confidence: float,
    rng: np.random.Generator,
) -> MonteCarlo:
    """The mean of draws, taken in chunks.

    Args:
        draw: gives so many independent values.
        num_queries: how many to draw, within limits.
        confidence: of the interval.
        rng: the source of randomness.
    """
    from scipy.special import ndtri

    count = min(max(num_queries, 2), MOST_SAMPLES)
    mean = squares = 0.0
    done = 0
    while done < count:
        values = draw(rng, min(_CHUNK, count - done))
        # means and sums of squares about them, merged as in Chan, Golub and LeVeque (1979)
        here, total = float(values.mean()), done + values.size
        squares += float(np.sum((values - here) ** 2)) + (here - mean) ** 2 * done * values.size / total
        mean += (here - mean) * values.size / total
        done = total
    error = math.sqrt(squares / (count - 1) / count)
    reach = float(ndtri((1.0 + confidence) / 2)) * error
    return MonteCarlo(mean, error, (mean - reach, mean + reach), count)
