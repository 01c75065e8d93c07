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
    first, last = int(binom.ppf(miss, count, level)), int(binom.ppf(1.0 - miss, count, level)) + 1
    interval = float(samples[max(first, 1) - 1]), float(samples[min(last, count) - 1])
    value = float(samples[max(math.ceil(level * count), 1) - 1])
    return MonteCarlo(value, (interval[1] - interval[0]) / 2 / _reach(confidence), interval, count)


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
