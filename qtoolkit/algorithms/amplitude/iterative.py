"""Iterative amplitude estimation: ever more Grover iterations, as many as the interval so far leaves unambiguous."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from qtoolkit._checks import require_choice
from qtoolkit._intervals import IntervalKind, binomial_interval
from qtoolkit.algorithms.amplitude.experiment import Experiment, Progress, check_settings, contradiction
from qtoolkit.algorithms.amplitude.problem import EstimationProblem
from qtoolkit.algorithms.amplitude.result import AmplitudeEstimate
from qtoolkit.backends import Backend
from qtoolkit.primitives import Sampler

__all__ = ["IterativeEstimation"]

_QUARTER = math.pi / 2
_GROWTH = 1.5
"""Factor of the shots from one look at a round to the next."""
_RATIO = 2
"""Least factor between the multiples of the angle of successive rounds."""
_SPARE = 1.3
"""How much more than what should do for the last round is taken."""
_CHUNK = 1 << 12
"""Candidates for the next multiple that are looked at together."""
_TOLERANCE = 1e-9
"""By which an angle may lie beyond a quadrant, in quadrants: rounding."""


@dataclass(frozen=True)
class IterativeEstimation:
    """Iterative quantum amplitude estimation, without phase estimation.

    Each round measures after k iterations, where ``Kθ``, K = 2k + 1, is known to lie in one quadrant, until the next
    round may at least double K. Of the chance to miss, a round gets a share in proportion to K, and its j-th look at
    the shots so far the part 1/(j(j+1)) of that; so the interval's coverage is proven, however often one looks, and
    the early, cheap rounds pay for it.

    Source: Grinko, Gacon, Zoufal and Woerner, npj Quantum Inf. 7, 52 (2021), arXiv:1912.05559, algorithms 1 and 2;
    shares in proportion to K from Fukuzawa, Ho, Irani and Zion, ALENEX 2023, 135 (arXiv:2208.14612).

    Attributes:
        precision: half width of the interval wanted, from 1e-8 to 1/2.
        confidence: coverage that the interval promises, between 0 and 1.
        interval: ``"clopper-pearson"``, or ``"chernoff"``, which takes about twice the queries.
        shots: of a round's first look.
        max_queries: where to stop at the latest, see `AmplitudeEstimate.num_queries`.

    Raises:
        InputError: for a setting that is none of these.
    """

    precision: float
    confidence: float = 0.95
    interval: IntervalKind = "clopper-pearson"
    shots: int = 30
    max_queries: int | None = None

    def __post_init__(self) -> None:
        check_settings(self.precision, self.confidence, self.shots, self.max_queries)
        require_choice("interval", self.interval, ("clopper-pearson", "chernoff"))

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
        low, high, found = 0.0, _QUARTER, _QUARTER / 2
        multiple, quadrant, trouble = 1, 0, ""
        good = drawn = look = 0
        while math.sin(high) ** 2 - math.sin(low) ** 2 > 2 * self.precision:
            look += 1
            wanted = math.ceil(self.shots * _GROWTH ** (look - 1)) - drawn
            shots = experiment.affordable(multiple // 2, wanted)
            if not shots:
                break
            good += experiment.good_outcomes(multiple // 2, shots)
            drawn += shots
            miss = self._miss(multiple) / (look * (look + 1))
            ends = [_angle(p, quadrant) / multiple for p in binomial_interval(self.interval, good, drawn, miss)]
            if max(low, min(ends)) > min(high, max(ends)):
                low, high = min(low, *ends), max(high, *ends)
                trouble = contradiction(multiple // 2)
                break
            low, high = max(low, min(ends)), min(high, max(ends))
            found = min(max(_angle(good / drawn, quadrant) / multiple, low), high)
            experiment.tell((math.sin(high) ** 2 - math.sin(low) ** 2) / 2)
            following = self._next(low, high, multiple)
            if following is not None:
                multiple, quadrant = following
                good = drawn = look = 0
        name = f"iterative, {'Clopper–Pearson' if self.interval == 'clopper-pearson' else 'Chernoff'}"
        return experiment.result(math.sin(found) ** 2, (low, high), name, trouble)

    def _miss(self, multiple: int) -> float:
        """The chance to miss that a round may take: multiples at least double and stay below π/(4 precision)."""
        return (1.0 - self.confidence) * (1.0 - 1.0 / _RATIO) * min(1.0, multiple * 4 * self.precision / math.pi)

    def _next(self, low: float, high: float, multiple: int) -> tuple[int, int] | None:
        """The next multiple of the angle and its quadrant; None where more shots are needed first.

        It is the largest that is unambiguous and not far beyond what reaches the precision within one look.
        """
        slope = 1.0 if low < math.pi / 4 < high else max(math.sin(2 * low), math.sin(2 * high))
        reach = math.sqrt(2 * math.log(2 / min(1.0, self._miss(_RATIO * multiple) / 2)))
        enough = _SPARE * reach * slope / (2 * math.sqrt(self.shots) * self.precision)
        largest = min(_QUARTER / max(high - low, 1e-15), max(_RATIO * multiple, enough))
        first, least = math.floor(largest) - (math.floor(largest) + 1) % 2, _RATIO * multiple
        for start in range(first, least - 1, -2 * _CHUNK):
            candidates = np.arange(start, max(start - 2 * _CHUNK, least - 1), -2)
            quadrants = np.floor(candidates * (low / _QUARTER) + _TOLERANCE)
            fitting = np.flatnonzero(candidates * (high / _QUARTER) <= quadrants + 1 + _TOLERANCE)
            if len(fitting):
                return int(candidates[fitting[0]]), int(quadrants[fitting[0]])
        return None


def _angle(probability: float, quadrant: int) -> float:
    """The angle in a quadrant whose squared sine is the probability."""
    part = math.asin(math.sqrt(probability))
    return (quadrant + 1) * _QUARTER - part if quadrant % 2 else quadrant * _QUARTER + part
