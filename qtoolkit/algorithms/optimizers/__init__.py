"""Minimisers of a function of circuit parameters: one protocol, one result, five methods.

L-BFGS-B and Adam use gradients; COBYLA, Nelder-Mead and SPSA use values only, SPSA noisy ones too.
"""

from qtoolkit.algorithms.optimizers.adam import Adam
from qtoolkit.algorithms.optimizers.base import (
    Callback,
    Evaluation,
    Objective,
    OptimizationResult,
    Optimizer,
    ValueAndGradient,
)
from qtoolkit.algorithms.optimizers.scipy_methods import COBYLA, LBFGSB, NelderMead
from qtoolkit.algorithms.optimizers.spsa import SPSA

__all__ = [
    # what every method shares
    "Optimizer",
    "OptimizationResult",
    "Objective",
    "ValueAndGradient",
    "Callback",
    "Evaluation",
    # methods with gradients
    "LBFGSB",
    "Adam",
    # methods without
    "COBYLA",
    "NelderMead",
    "SPSA",
]
