"""One function for all methods of amplitude estimation."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from qtoolkit._checks import require_choice
from qtoolkit.algorithms.amplitude.bayesian import BayesianEstimation
from qtoolkit.algorithms.amplitude.canonical import CanonicalEstimation
from qtoolkit.algorithms.amplitude.experiment import AmplitudeEstimator, Progress
from qtoolkit.algorithms.amplitude.iterative import IterativeEstimation
from qtoolkit.algorithms.amplitude.likelihood import LikelihoodEstimation
from qtoolkit.algorithms.amplitude.problem import EstimationProblem
from qtoolkit.algorithms.amplitude.result import AmplitudeEstimate
from qtoolkit.backends import Backend
from qtoolkit.primitives import Sampler

__all__ = ["Method", "estimate_amplitude"]

Method: TypeAlias = Literal["iterative", "likelihood", "bayesian", "canonical"]

_METHODS: dict[str, type[AmplitudeEstimator]] = {
    "iterative": IterativeEstimation,
    "likelihood": LikelihoodEstimation,
    "bayesian": BayesianEstimation,
    "canonical": CanonicalEstimation,
}


def estimate_amplitude(
    problem: EstimationProblem,
    precision: float,
    *,
    method: Method = "iterative",
    confidence: float = 0.95,
    sampler: Sampler | Backend | None = None,
    seed: int | np.random.Generator | None = None,
    progress: Progress | None = None,
) -> AmplitudeEstimate:
    """Estimate an amplitude to a precision, by one of four methods with their usual settings.

    >>> from qtoolkit import Circuit
    >>> problem = EstimationProblem(Circuit(1).ry(1.0, 0))
    >>> estimate_amplitude(problem, 0.01, seed=1).converged
    True

    Args:
        problem: the amplitude.
        precision: half width of the interval wanted.
        method: ``"iterative"`` (`IterativeEstimation`), ``"likelihood"`` (`LikelihoodEstimation`), ``"bayesian"``
            (`BayesianEstimation`) or ``"canonical"`` (`CanonicalEstimation`), which alone takes further qubits.
        confidence: coverage that the interval promises, for every amplitude.
        sampler: runs the circuits; by default outcomes are drawn from the exact law, see `AmplitudeEstimator.run`.
        seed: makes the outcomes reproducible.
        progress: called after each measurement, see `AmplitudeEstimator.run`.

    Raises:
        InputError: if an argument is none of these.
        BackendError: if the sampler returns other bits than were measured.
    """
    chosen: type = _METHODS[require_choice("method", method, _METHODS)]
    estimator: AmplitudeEstimator = chosen(precision, confidence)
    return estimator.run(problem, sampler=sampler, seed=seed, progress=progress)
