"""Quadratic functions of bits: their constraints, solvers and evidence, whatever the application."""

from qtoolkit.algorithms.quadratic.constraints import ConstraintCheck, Constraints, Group
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
]
