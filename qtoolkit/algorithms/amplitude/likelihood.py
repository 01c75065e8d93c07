"""Maximum-likelihood amplitude estimation: a fixed schedule of Grover iterations, one likelihood of all outcomes."""

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

__all__ = ["LikelihoodEstimation"]

_PARTS = 4
"""Parts in which a power's shots are drawn, so that the last power ends soon after the precision is reached."""


@dataclass(frozen=True)
class LikelihoodEstimation:
    """Maximum-likelihood amplitude estimation with exponentially growing powers, k = 0, 1, 2, 4, 8, …

    The estimate is the angle of largest likelihood. The interval holds the angles that a likelihood ratio leaves
    possible (`LikelihoodRegion`), with coverage that is proven rather than read off the Fisher information. Where the
    next power would leave several maxima, which chance brings about now and then, the powers so far are measured once
    more first.

    Source: Suzuki, Uno, Raymond, Tanaka, Onodera and Yamamoto, Quantum Inf. Process. 19, 75 (2020),
    arXiv:1904.10246, section 3.

    Attributes:
        precision: half width of the interval wanted, from 1e-8 to 1/2.
        confidence: coverage that the interval promises, between 0 and 1.
        shots: for each power.
        max_queries: where to stop at the latest, see `AmplitudeEstimate.num_queries`.

    Raises:
        InputError: for a setting that is none of these.
    """

    precision: float
    confidence: float = 0.95
    shots: int = 40
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
        powers, waiting = [0], [0] * _PARTS
        part = -(-self.shots // _PARTS)
        while region.half_width > self.precision:
            if not waiting:
                following = max(1, 2 * powers[-1])
                if (2 * following + 1) * (region.high - region.low) <= math.pi:
                    powers.append(following)
                    waiting = [following] * _PARTS
                else:
                    waiting = [power for power in powers for _ in range(_PARTS)]
            power = waiting.pop(0)
            shots = experiment.affordable(power, part)
            if not shots:
                break
            good = experiment.good_outcomes(power, shots)
            region.add(2 * power + 1, good, shots - good)
            experiment.tell(region.half_width)
        name = "maximum likelihood, likelihood ratio"
        return experiment.result(math.sin(region.most_likely) ** 2, (region.low, region.high), name)
