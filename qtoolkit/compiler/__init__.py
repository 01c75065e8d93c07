"""Circuits to execution plans: flat arrays that one kernel call runs.

`compile_circuit` does the work once; a plan takes new parameter values without being compiled again.
"""

from qtoolkit.compiler.compile import compile_circuit
from qtoolkit.compiler.plan import BranchStep, ExecutionPlan, InitializeStep, MeasureStep, ResetStep, Step, UnitaryStep
from qtoolkit.compiler.program import Differential, Opcode, Program

__all__ = [
    "compile_circuit",
    "ExecutionPlan",
    "Program",
    "Opcode",
    "Differential",
    "Step",
    "UnitaryStep",
    "MeasureStep",
    "ResetStep",
    "InitializeStep",
    "BranchStep",
]
