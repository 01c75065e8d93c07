"""Circuits to execution plans: flat arrays that one kernel call runs.

`compile_circuit` does the work once; a plan takes new parameter values without being compiled again.
"""

from qtoolkit.compiler.compile import compile_circuit
from qtoolkit.compiler.kept import Kept, Key
from qtoolkit.compiler.layout import Layout
from qtoolkit.compiler.padded_plan import PaddedPlan
from qtoolkit.compiler.plan import (
    BranchStep,
    ChannelStep,
    ClassicalStep,
    DecodeStep,
    ExecutionPlan,
    InitializeStep,
    MeasureStep,
    ReadoutErrorStep,
    ResetStep,
    Step,
    UnitaryStep,
)
from qtoolkit.compiler.plan_cache import Known, PlanCache, plans
from qtoolkit.compiler.plan_report import PassReport, PlanReport, StepReport, SweepReport
from qtoolkit.compiler.program import PLANNER_CONSTANTS, Differential, Opcode, Program, with_constants
from qtoolkit.compiler.steps import used_qubits
from qtoolkit.compiler.sweep_plan import GatePart, Part, SweepPart
from qtoolkit.compiler.sweeps import is_planned, plan_sweeps

__all__ = [
    "compile_circuit",
    "used_qubits",
    "ExecutionPlan",
    "PaddedPlan",
    "Known",
    "PlanCache",
    "plans",
    "Kept",
    "Key",
    "PassReport",
    "PlanReport",
    "SweepReport",
    "StepReport",
    "Program",
    "Opcode",
    "Differential",
    "Layout",
    "plan_sweeps",
    "is_planned",
    "PLANNER_CONSTANTS",
    "with_constants",
    "Part",
    "SweepPart",
    "GatePart",
    "Step",
    "UnitaryStep",
    "MeasureStep",
    "ResetStep",
    "InitializeStep",
    "ChannelStep",
    "ReadoutErrorStep",
    "DecodeStep",
    "ClassicalStep",
    "BranchStep",
]
