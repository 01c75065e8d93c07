"""Quadratic functions of bits: their constraints, solvers and evidence, whatever the application."""

from qtoolkit.algorithms.quadratic.annealing import AnnealingSolver
from qtoolkit.algorithms.quadratic.constraints import ConstraintCheck, Constraints, Group
from qtoolkit.algorithms.quadratic.decompose import DecompositionSolver
from qtoolkit.algorithms.quadratic.enumerate import Enumeration, RankedChoice, enumerate_choices
from qtoolkit.algorithms.quadratic.evidence import Bound, Luck, Run, Solution, judge, luck_of, require_solution
from qtoolkit.algorithms.quadratic.grover import GroverSolver
from qtoolkit.algorithms.quadratic.imaginary_time import ImaginaryTimeSolver
from qtoolkit.algorithms.quadratic.milp import ScipSolver, conflict_by_scip
from qtoolkit.algorithms.quadratic.penalties import PenalisedProblem, penalised, sufficient_penalty
from qtoolkit.algorithms.quadratic.problem import QuadraticProblem
from qtoolkit.algorithms.quadratic.qaoa import QaoaSolver
from qtoolkit.algorithms.quadratic.recursive import RecursiveQaoaSolver
from qtoolkit.algorithms.quadratic.solver import (
    EnumerationSolver,
    LuckSolver,
    Solver,
    register_solver,
    solve,
    solver_named,
    solver_names,
)
from qtoolkit.algorithms.quadratic.vqe import VqeSolver
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
    # solvers
    "solve",
    "Solver",
    "EnumerationSolver",
    "LuckSolver",
    "ScipSolver",
    "QaoaSolver",
    "RecursiveQaoaSolver",
    "VqeSolver",
    "ImaginaryTimeSolver",
    "GroverSolver",
    "AnnealingSolver",
    "DecompositionSolver",
    "conflict_by_scip",
    "register_solver",
    "solver_named",
    "solver_names",
    # their answers
    "Solution",
    "Run",
    "Bound",
    "Luck",
    "judge",
    "luck_of",
    "require_solution",
    # every choice
    "enumerate_choices",
    "Enumeration",
    "RankedChoice",
]

register_solver("scip", ScipSolver)
register_solver("qaoa", QaoaSolver)
register_solver("recursive-qaoa", RecursiveQaoaSolver)
register_solver("vqe", VqeSolver)
register_solver("imaginary-time", ImaginaryTimeSolver)
register_solver("grover-adaptive", GroverSolver)
register_solver("annealing", AnnealingSolver)
register_solver("decomposition", DecompositionSolver)
