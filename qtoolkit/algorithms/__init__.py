"""Algorithms written against the `Sampler` and `Estimator` protocols: QAOA, VQE, optimisers, state preparation.

One argument moves them from the local simulator to a backend.
"""

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
from qtoolkit.algorithms.parameter_shift import parameter_shift_gradient
from qtoolkit.algorithms.vqe import VQE, VQEResult

__all__ = [
    # variational algorithms
    "VQE",
    "VQEResult",
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
