"""Amplitude estimation: a probability from far fewer runs of a circuit than Monte Carlo takes, with a proven interval.

Four methods behind one protocol, on circuits or on the exact law that their outcomes follow.
"""

from qtoolkit.algorithms.amplitude.bayesian import BayesianEstimation
from qtoolkit.algorithms.amplitude.canonical import CanonicalEstimation
from qtoolkit.algorithms.amplitude.estimation import estimate_amplitude
from qtoolkit.algorithms.amplitude.experiment import AmplitudeEstimator
from qtoolkit.algorithms.amplitude.iterative import IterativeEstimation
from qtoolkit.algorithms.amplitude.likelihood import LikelihoodEstimation
from qtoolkit.algorithms.amplitude.problem import EstimationProblem
from qtoolkit.algorithms.amplitude.result import AmplitudeEstimate, ErrorBudget, MeasuredPower

__all__ = [
    "EstimationProblem",
    "estimate_amplitude",
    # what is found
    "AmplitudeEstimate",
    "ErrorBudget",
    "MeasuredPower",
    # methods
    "AmplitudeEstimator",
    "IterativeEstimation",
    "LikelihoodEstimation",
    "BayesianEstimation",
    "CanonicalEstimation",
]
