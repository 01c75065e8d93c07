"""Quadratic functions of bits: their constraints, solvers and evidence, whatever the application."""

from qtoolkit.algorithms.quadratic.constraints import ConstraintCheck, Constraints, Group
from qtoolkit.algorithms.quadratic.enumerate import Enumeration, RankedChoice, enumerate_choices
from qtoolkit.algorithms.quadratic.penalties import PenalisedProblem, penalised, sufficient_penalty
from qtoolkit.algorithms.quadratic.problem import QuadraticProblem
from qtoolkit.operators.binary_program import BinaryProgram, LinearRow
from qtoolkit.operators.quadratic import BinaryQuadratic, Moments

__all__ = [
    # the function and its bounds
    "BinaryQuadratic",
    "Moments",
    "BinaryProgram",
    "LinearRow",
    "Constraints",
    "ConstraintCheck",
    "Group",
    "QuadraticProblem",
    # constraints as penalties
    "penalised",
    "sufficient_penalty",
    "PenalisedProblem",
    # every choice
    "enumerate_choices",
    "Enumeration",
    "RankedChoice",
]
