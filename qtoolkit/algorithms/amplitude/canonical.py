"""Canonical amplitude estimation: phase estimation of the Grover operator."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from qtoolkit._memory import check_memory
from qtoolkit.algorithms.amplitude.experiment import Experiment, Progress, check_settings
from qtoolkit.algorithms.amplitude.problem import MAX_EVALUATION_QUBITS, EstimationProblem
from qtoolkit.algorithms.amplitude.result import AmplitudeEstimate
from qtoolkit.backends import Backend
from qtoolkit.errors import InputError
from qtoolkit.primitives import Sampler

__all__ = ["CanonicalEstimation"]

_MOST_REPEATS = 99
_REACHES = [count / 2 for count in range(2, 65)]
"""Half widths of windows around the true angle, in steps of the phase grid."""
_BYTES_AN_OUTCOME = 64
_SHARE = 0.6
"""Of the chance to miss, what is spent: nothing else is conservative here, and a few hundred runs should show it."""


@dataclass(frozen=True)
class CanonicalEstimation:
    """Amplitude estimation by quantum phase estimation, run an odd number of times for the median angle.

    An outcome lies within t grid steps of the true angle with at least a probability that is known for each t, 8/π²
    for t = 1; where most of R outcomes do, so does their median. Of all R, t and numbers m of evaluation qubits with
    the confidence and precision wanted, those with the fewest queries are taken: they are known beforehand, and the
    amplitude does not change them.

    Source: Brassard, Høyer, Mosca and Tapp, AMS Contemporary Mathematics 305, 53 (2002), arXiv:quant-ph/0005055,
    theorems 11 and 12.

    Attributes:
        precision: half width of the interval wanted, to 1/2; from about 5e-6, where it takes 22 evaluation qubits.
        confidence: coverage that the interval promises, between 0 and 1.

    Raises:
        InputError: for a setting that is none of these, or a precision that takes more evaluation qubits.
    """

    precision: float
    confidence: float = 0.95

    def __post_init__(self) -> None:
        check_settings(self.precision, self.confidence)
        self._plan()

    @property
    def num_evaluation_qubits(self) -> int:
        """The number m of evaluation qubits that the precision takes."""
        return self._plan()[0]

    def run(
        self,
        problem: EstimationProblem,
        *,
        sampler: Sampler | Backend | None = None,
        seed: int | np.random.Generator | None = None,
        progress: Progress | None = None,
    ) -> AmplitudeEstimate:
        """Estimate the amplitude of a problem; see `AmplitudeEstimator.run`."""
        experiment = Experiment(self, problem, sampler, seed, progress)
        num_qubits, repeats, reach = self._plan()
        size = 1 << num_qubits
        if sampler is None:
            check_memory(_BYTES_AN_OUTCOME * size, f"the law of {size} outcomes", "ask for less precision")
        outcomes = experiment.phases(num_qubits, repeats)
        angle = math.pi / size * float(np.median(np.minimum(outcomes, size - outcomes)))
        low, high = max(0.0, angle - reach), min(math.pi / 2, angle + reach)
        experiment.tell(self.precision)
        return experiment.result(math.sin(angle) ** 2, (low, high), f"canonical, median of {repeats}")

    def _plan(self) -> tuple[int, int, float]:
        """Evaluation qubits, repetitions, and how far in θ the median may be off, for the fewest queries."""
        from scipy.special import bdtr

        widest = math.asin(min(1.0, 2 * self.precision)) / 2
        plans = []
        for steps in _REACHES:
            num_qubits = max(1, math.ceil(math.log2(steps * math.pi / widest)))
            for repeats in range(1, _MOST_REPEATS + 1, 2):
                if bdtr(repeats // 2, repeats, _chance_within(steps)) <= _SHARE * (1.0 - self.confidence):
                    plans.append((repeats * ((2 << num_qubits) - 1), steps, num_qubits, repeats))
                    break
        best = min(plans, default=None)
        if best is None or best[2] > MAX_EVALUATION_QUBITS:
            raise InputError(
                f"canonical estimation takes at most {MAX_EVALUATION_QUBITS} evaluation qubits and {_MOST_REPEATS} "
                f"repetitions, too few for precision {self.precision:g} at confidence {self.confidence}; use "
                "IterativeEstimation"
            )
        _, steps, num_qubits, repeats = best
        return num_qubits, repeats, steps * math.pi / (1 << num_qubits)


_CHANCES: dict[float, float] = {}


def _chance_within(steps: float) -> float:
    """The least probability of an outcome within so many grid steps of the true angle, for any angle and grid.

    An outcome j steps from the grid point below, of which the angle is δ steps away, has at least the probability
    ``sin²(πδ)/(π(j-δ))²``, its limit for fine grids.
    """
    if steps not in _CHANCES:
        is_whole = float(steps).is_integer()
        offsets = np.linspace(0.0, 1.0 if is_whole else 0.5, 2001)[1:-1]
        places = np.arange(1 - math.floor(steps) if is_whole else -math.floor(steps), math.floor(steps) + 1)
        found = (np.sin(np.pi * offsets) / (np.pi * (places[:, None] - offsets))) ** 2
        _CHANCES[steps] = float(found.sum(axis=0).min()) - 1e-5
    return _CHANCES[steps]
