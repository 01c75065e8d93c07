"""The angles that outcomes leave possible, by their likelihood."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["LikelihoodRegion"]

FloatArray = NDArray[np.float64]

_CELLS = 400
_CELLS_A_TURN = 120
"""Per π of the largest multiple of the angle over the interval."""


class LikelihoodRegion:
    """The interval of angles θ in [0, π/2] whose likelihood is at least ``1 - confidence`` of its mean over all angles.

    For the true θ, the ratio of the mean likelihood to its own is a martingale of mean 1, which by Ville's inequality
    reaches ``1/(1 - confidence)`` with no greater chance than ``1 - confidence``, at any time. So the interval, which
    is the hull of that region and only ever shrinks, covers θ with the confidence promised, whatever rule chose the
    numbers of iterations and the time to stop. In Bayes' words: the posterior density there is at least
    ``1 - confidence`` times that of the prior, which is uniform in θ.

    Source: Ville, Étude critique de la notion de collectif (1939); Robbins, Ann. Math. Stat. 41, 1397 (1970); as the
    ratio of prior and posterior: Waudby-Smith and Ramdas, NeurIPS 33, 20204 (2020).

    Attributes:
        low, high: the interval of θ.
        angles: the grid on which likelihoods were last evaluated, shape ``(cells + 1,)``.
        weights: the posterior on it, of sum 1.
    """

    def __init__(self, confidence: float) -> None:
        self.low, self.high = 0.0, math.pi / 2
        self.angles: FloatArray = np.linspace(0.0, math.pi / 2, _CELLS + 1)
        self.weights: FloatArray = np.full(_CELLS + 1, 1.0 / (_CELLS + 1))
        self._least = math.log(1.0 - confidence)
        self._outcomes: dict[int, tuple[int, int]] = {}

    @property
    def half_width(self) -> float:
        """Half the width of the interval of ``sin²θ``."""
        return (math.sin(self.high) ** 2 - math.sin(self.low) ** 2) / 2

    @property
    def most_likely(self) -> float:
        """The angle of largest likelihood."""
        return float(self.angles[int(self.weights.argmax())])

    @property
    def mean_amplitude(self) -> float:
        """The posterior mean of ``sin²θ``."""
        return float(self.weights @ np.sin(self.angles) ** 2)

    def add(self, multiple: int, good: int, bad: int) -> None:
        """Take in outcomes whose chance to be good is ``sin²(multiple θ)``, and shrink the interval."""
        before = self._outcomes.get(multiple, (0, 0))
        self._outcomes[multiple] = before[0] + good, before[1] + bad
        cells = max(_CELLS, math.ceil(_CELLS_A_TURN * max(self._outcomes) * (self.high - self.low) / math.pi))
        angles = np.linspace(self.low, self.high, cells + 1)
        logs = np.zeros(cells + 1)
        for each, (num_good, num_bad) in self._outcomes.items():
            # squares near 0 count as 1e-300: the logarithm of 0 times no outcome must be 0
            logs += num_good * np.log(np.maximum(np.sin(each * angles) ** 2, 1e-300))
            logs += num_bad * np.log(np.maximum(np.cos(each * angles) ** 2, 1e-300))
        top = float(logs.max())
        likelihood = np.exp(logs - top)
        inner = float(likelihood.sum() - (likelihood[0] + likelihood[-1]) / 2)
        mean = inner * (self.high - self.low) / cells / (math.pi / 2)  # angles given up before only add to it
        possible = np.flatnonzero(logs - top >= self._least + math.log(max(mean, 1e-300)))
        self.angles, self.weights = angles, likelihood / likelihood.sum()
        self.low, self.high = float(angles[max(possible[0] - 1, 0)]), float(angles[min(possible[-1] + 1, cells)])
