"""Algorithms on the `Sampler` and `Estimator` protocols: QAOA, VQE, amplitude estimation, optimisers, preparation.

One argument moves them from the local simulator to a backend.
"""

from qtoolkit.algorithms.amplitude import AmplitudeEstimate, EstimationProblem, estimate_amplitude
from qtoolkit.algorithms.dicke import dicke_circuit, dicke_state
from qtoolkit.algorithms.mixers import CompleteXYMixer, GroverMixer, Mixer, RingXYMixer, TransverseMixer
from qtoolkit.algorithms.optimizers import (
    COBYLA,
    LBFGSB,
    SPSA,
    Adam,
    Callback,
    Evaluation,
    NelderMead,
    OptimizationResult,
    Optimizer,
)
from qtoolkit.algorithms.outcomes import approximation_ratio
from qtoolkit.algorithms.parameter_shift import parameter_shift_gradient
from qtoolkit.algorithms.qaoa import QAOA
from qtoolkit.algorithms.qaoa_circuit import qaoa_circuit
from qtoolkit.algorithms.qaoa_result import QAOAResult
from qtoolkit.algorithms.schedules import Schedule
from qtoolkit.algorithms.vqe import VQE, VQEResult

__all__ = [
    # variational algorithms
    "VQE",
    "VQEResult",
    "QAOA",
    "QAOAResult",
    "approximation_ratio",
    # parts of QAOA
    "qaoa_circuit",
    "Schedule",
    "Mixer",
    "TransverseMixer",
    "RingXYMixer",
    "CompleteXYMixer",
    "GroverMixer",
    # amplitude estimation
    "EstimationProblem",
    "estimate_amplitude",
    "AmplitudeEstimate",
    # state preparation
    "dicke_circuit",
    "dicke_state",
    # optimisers
    "Optimizer",
    "OptimizationResult",
    "Callback",
    "Evaluation",
    "LBFGSB",
    "Adam",
    "COBYLA",
    "NelderMead",
    "SPSA",
    # gradients
    "parameter_shift_gradient",
]
