"""Bayesian amplitude estimation: each number of Grover iterations is the one that should teach most."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from qtoolkit.algorithms.amplitude.experiment import Experiment, Progress, check_settings
from qtoolkit.algorithms.amplitude.problem import EstimationProblem
from qtoolkit.algorithms.amplitude.region import LikelihoodRegion
from qtoolkit.algorithms.amplitude.result import AmplitudeEstimate
from qtoolkit.backends import Backend
from qtoolkit.primitives import Sampler

__all__ = ["BayesianEstimation"]

_CANDIDATES = 16
_ENOUGH = 3.0
"""A multiple of the angle of which one measurement reaches the precision, times precision and root of its shots."""


@dataclass(frozen=True)
class BayesianEstimation:
    """Adaptive Bayesian amplitude estimation with a prior uniform in θ.

    Before each measurement, numbers of iterations up to what keeps the interval within a quarter turn are compared by
    how much one shot is expected to lower the amplitude's posterior variance for each query, and the best is taken.
    The estimate is the posterior mean. The interval holds the angles where the posterior has not fallen too far below
    the prior (`LikelihoodRegion`): it covers any amplitude as often as promised, which a credible interval does for
    amplitudes drawn from the prior only.

    Source: Ramôa and Santos, Quantum 9, 1856 (2025), arXiv:2412.04394, for the adaptive choice.

    Attributes:
        precision: half width of the interval wanted, from 1e-8 to 1/2.
        confidence: coverage that the interval promises, between 0 and 1.
        shots: for each measurement.
        max_queries: where to stop at the latest, see `AmplitudeEstimate.num_queries`.

    Raises:
        InputError: for a setting that is none of these.
    """

    precision: float
    confidence: float = 0.95
    shots: int = 10
    max_queries: int | None = None

    def __post_init__(self) -> None:
        check_settings(self.precision, self.confidence, self.shots, self.max_queries)

    def run(
        self,
        problem: EstimationProblem,
        *,
        sampler: Sampler | Backend | None = None,
        seed: int | np.random.Generator | None = None,
        progress: Progress | None = None,
    ) -> AmplitudeEstimate:
        """Estimate the amplitude of a problem; see `AmplitudeEstimator.run`."""
        experiment = Experiment(self, problem, sampler, seed, progress, self.max_queries)
        region = LikelihoodRegion(self.confidence)
        multiple = 1
        while region.half_width > self.precision:
            shots = experiment.affordable(multiple // 2, self.shots)
            if not shots:
                break
            good = experiment.good_outcomes(multiple // 2, shots)
            region.add(multiple, good, shots - good)
            experiment.tell(region.half_width)
            slope = 2 * region.half_width / (region.high - region.low)
            multiple = _best_multiple(region, _ENOUGH * slope / (math.sqrt(self.shots) * self.precision))
        name = "Bayesian, prior to posterior ratio"
        return experiment.result(region.mean_amplitude, (region.low, region.high), name)


def _best_multiple(region: LikelihoodRegion, enough: float) -> int:
    """The odd multiple of the angle with the largest expected fall of the amplitude's variance for each query."""
    largest = max(1.0, min(enough, math.pi / 2 / (region.high - region.low)))
    spread = np.geomspace(max(1.0, largest / 4), largest, _CANDIDATES)
    multiples = np.unique(2 * ((spread - 1) // 2).astype(np.int64) + 1)
    amplitudes = np.sin(region.angles) ** 2
    centred = amplitudes - region.weights @ amplitudes
    good = np.sin(multiples[:, None] * region.angles) ** 2 * region.weights
    chance, moment = good.sum(axis=1), good @ centred
    # the variance of the posterior means after a good and after a bad outcome
    fall = moment**2 / np.maximum(chance, 1e-12) + moment**2 / np.maximum(1.0 - chance, 1e-12)
    return int(multiples[np.argmax(fall / multiples)])
