"""Circuits: gates as data, operations in time order, parameters, classical bits and conditions.

Knows no vendor: conversions to and from other toolkits live in `qtoolkit.interop`.
"""

from qtoolkit.circuit.annotations import Detector, Observable
from qtoolkit.circuit.channel import KrausChannel
from qtoolkit.circuit.circuit import Circuit
from qtoolkit.circuit.decode import Decode
from qtoolkit.circuit.exchange_gate import CompleteXYGate
from qtoolkit.circuit.gate import ControlledGate, Gate, Instruction, StandardGate, UnitaryGate
from qtoolkit.circuit.gates import STANDARD_GATES, GateRecord
from qtoolkit.circuit.operation import Barrier, IfElse, Initialize, Measure, Operation, Reset
from qtoolkit.circuit.parameter import (
    Parameter,
    ParameterExpression,
    ParameterValue,
    ParameterValues,
    ParameterVector,
)
from qtoolkit.circuit.readout import ReadoutError
from qtoolkit.circuit.registers import (
    ClassicalCondition,
    ClassicalRegister,
    Clbit,
    Condition,
    Parity,
    ParityCondition,
    QuantumRegister,
    parity,
)
from qtoolkit.circuit.structured_gates import DiagonalGate, PauliRotationGate, PermutationGate

__all__ = [
    "Circuit",
    "Operation",
    "Instruction",
    "Gate",
    "GateRecord",
    "STANDARD_GATES",
    "StandardGate",
    "ControlledGate",
    "UnitaryGate",
    "DiagonalGate",
    "PermutationGate",
    "PauliRotationGate",
    "CompleteXYGate",
    "Measure",
    "Reset",
    "Barrier",
    "Initialize",
    "IfElse",
    "KrausChannel",
    "ReadoutError",
    "Detector",
    "Observable",
    "Decode",
    "Parameter",
    "ParameterExpression",
    "ParameterValue",
    "ParameterValues",
    "ParameterVector",
    "ClassicalRegister",
    "Clbit",
    "Condition",
    "ParityCondition",
    "ClassicalCondition",
    "Parity",
    "parity",
    "QuantumRegister",
]
