"""Classical Monte Carlo for risk measures, with as many samples as there were queries."""

from __future__ import annotations

import math

import numpy as np

from qtoolkit._memory import check_memory
from qtoolkit.applications.finance._classical import MOST_SAMPLES, MonteCarlo, monte_carlo
from qtoolkit.applications.finance.risk._law import ExactLosses, FloatArray

__all__ = ["mean_loss", "tail_mean", "tail_start"]

_CHUNK = 1 << 16


def mean_loss(losses: ExactLosses, num_queries: int, confidence: float, rng: np.random.Generator) -> MonteCarlo:
    """The mean of samples."""
    return monte_carlo(losses.draw, num_queries, confidence, rng)


def tail_start(
    losses: ExactLosses, level: float, num_queries: int, confidence: float, rng: np.random.Generator
) -> MonteCarlo:
    """The quantile of samples; its interval lies between order statistics, and holds for any distribution."""
    from scipy.stats import binom

    samples = _samples(losses, num_queries, rng)
    count = samples.size
    miss = (1.0 - confidence) / 2
    middle, spread = level * count, math.sqrt(level * (1.0 - level) * count)

    def between(first: float, last: float) -> tuple[float, float]:
        ends = np.clip([first, last], 1, count).astype(np.int64) - 1
        return float(samples[ends[0]]), float(samples[ends[1]])

    interval = between(binom.ppf(miss, count, level), binom.ppf(1.0 - miss, count, level) + 1)
    around = between(middle - spread, middle + spread)
    value = float(samples[max(math.ceil(middle), 1) - 1])
    return MonteCarlo(value, (around[1] - around[0]) / 2, interval, count)


def tail_mean(
    losses: ExactLosses, level: float, num_queries: int, confidence: float, rng: np.random.Generator
) -> MonteCarlo:
    """The mean of the worst samples; the error of their threshold is of second order and left out."""
    samples = _samples(losses, num_queries, rng)
    threshold = float(samples[max(math.ceil(level * samples.size), 1) - 1])
    excess = np.maximum(samples - threshold, 0.0) / (1.0 - level)
    value = threshold + float(excess.mean())
    error = float(excess.std(ddof=1)) / math.sqrt(samples.size)
    reach = _reach(confidence) * error
    return MonteCarlo(value, error, (value - reach, value + reach), samples.size)


def _samples(losses: ExactLosses, num_queries: int, rng: np.random.Generator) -> FloatArray:
    """Ascending."""
    count = min(max(num_queries, 2), MOST_SAMPLES)
    check_memory(8 * 4 * count, f"{count} samples of losses", "ask for less precision")
    parts = [losses.draw(rng, min(_CHUNK, count - done)) for done in range(0, count, _CHUNK)]
    return np.sort(np.concatenate(parts))


def _reach(confidence: float) -> float:
    from scipy.special import ndtri

    return float(ndtri((1.0 + confidence) / 2))
