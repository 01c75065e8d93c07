"""Composite instructions of Qiskit's as circuits of this toolkit's gates."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import qiskit.circuit as qc
from qiskit import QuantumCircuit
from qiskit.circuit import library
from qiskit.circuit.annotated_operation import ControlModifier, InverseModifier, PowerModifier
from qiskit.exceptions import QiskitError

from qtoolkit.circuit import (
    STANDARD_GATES,
    Barrier,
    Circuit,
    Gate,
    Operation,
    ParameterValue,
    StandardGate,
    UnitaryGate,
)
from qtoolkit.errors import ConversionError
from qtoolkit.interop._phases import add_controlled_phase, global_phase
from qtoolkit.interop.qiskit.angles import AngleReader
from qtoolkit.interop.qiskit.gates import read_evolution, read_gate

__all__ = ["Unroller", "with_controls"]

_MAX_MATRIX_QUBITS = 10
_ANGLE_TOLERANCE = 1e-14

Adder = Callable[[Circuit, QuantumCircuit, Sequence[int], Mapping[Any, int], str], None]
"""Adds a Qiskit circuit to one of this toolkit's: target, source, qubits, place of its clbits, where it stands."""


class Unroller:
    """Turns one instruction into a circuit on its own qubits and classical bits."""

    def __init__(self, read_angle: AngleReader, add: Adder) -> None:
        self._read_angle = read_angle
        self._add = add

    def circuit_of(self, operation: Any, inside: str) -> Circuit:
        """The circuit of an instruction.

        Args:
            operation: the instruction.
            inside: for error messages, where it stands.

        Raises:
            ConversionError: if it has no definition, and no matrix of at most 10 qubits either.
        """
        result = Circuit(operation.num_qubits)
        result.num_clbits = operation.num_clbits
        gate = read_gate(operation, self._read_angle)
        if gate is not None:
            return result.append(gate, range(gate.num_qubits))
        if isinstance(operation, qc.AnnotatedOperation):
            return self._annotated(operation, inside)
        if isinstance(operation, qc.ControlledGate):
            controlled = self._controlled(operation, inside)
            if controlled is not None:
                return controlled
        if isinstance(operation, library.PauliEvolutionGate):
            rotations = read_evolution(operation, self._read_angle)
            if rotations is not None:
                for rotation, qubits in rotations:
                    result.append(rotation, qubits)
                return result
        definition = _definition(operation)
        if definition is None:
            return result.append(_by_matrix(operation), range(operation.num_qubits))
        clbit_of = {bit: k for k, bit in enumerate(definition.clbits)}
        self._add(result, definition, range(operation.num_qubits), clbit_of, inside)
        return self._recognised(operation, result)

    def _controlled(self, operation: Any, inside: str) -> Circuit | None:
        base, count = operation.base_gate, operation.num_ctrl_qubits
        if operation.num_qubits != count + base.num_qubits:
            return None  # the others are ancillas, which only the definition knows
        if isinstance(base, library.UGate) and len(base.params) != 3:
            return None  # Qiskit hangs the phase of a controlled CU on its base, where no gate has a place for it
        inner = self.circuit_of(base, inside)
        if isinstance(operation, library.CUGate):
            gamma = self._read_angle(operation.params[3])
            if gamma != 0.0:
                inner.gphase(gamma)
        return with_controls(inner, count, operation.ctrl_state)

    def _annotated(self, operation: Any, inside: str) -> Circuit:
        result = self.circuit_of(operation.base_op, inside)
        for modifier in operation.modifiers:
            if isinstance(modifier, InverseModifier):
                result = result.inverse()
            elif isinstance(modifier, ControlModifier):
                result = with_controls(result, modifier.num_ctrl_qubits, modifier.ctrl_state)
            elif isinstance(modifier, PowerModifier):
                result = result.power(modifier.power)
            else:
                raise ConversionError(f"its modifier {modifier!r} has no counterpart")
        return result

    def _recognised(self, operation: Any, unrolled: Circuit) -> Circuit:
        """The record's gate where a gate has a record's name and its decomposition.

        So gates that a text format spells out come back as what they were.
        """
        record = STANDARD_GATES.get(operation.name)
        params = getattr(operation, "params", ())
        if record is None or (record.num_qubits, record.num_params) != (operation.num_qubits, len(params)):
            return unrolled
        gate = StandardGate(record, tuple(self._read_angle(p) for p in params))
        steps = gate.decomposition()
        if steps is None or not _same_operations(unrolled.operations, [Operation(*step) for step in steps]):
            return unrolled
        return Circuit(record.num_qubits).append(gate, range(record.num_qubits))


def _definition(operation: Any) -> QuantumCircuit | None:
    try:
        definition = getattr(operation, "definition", None)
        if definition is None and hasattr(operation, "to_circuit"):
            definition = operation.to_circuit()
    except (QiskitError, TypeError) as error:
        raise ConversionError(f"its definition cannot be built: {error}") from error
    return definition


def _by_matrix(operation: Any) -> Gate:
    if hasattr(operation, "to_matrix") and 0 < operation.num_qubits <= _MAX_MATRIX_QUBITS:
        with contextlib.suppress(QiskitError, TypeError):
            return UnitaryGate(np.asarray(operation.to_matrix(), dtype=np.complex128), label=operation.name)
    raise ConversionError(
        "it is opaque: it has no definition and no matrix; define it or transpile it in Qiskit before"
    )


def _same_operations(left: Sequence[Operation], right: Sequence[Operation]) -> bool:
    return len(left) == len(right) and all(
        a.qubits == b.qubits
        and a.gate.name == b.gate.name
        and all(_same_angle(p, q) for p, q in zip(a.gate.params, b.gate.params, strict=True))
        for a, b in zip(left, right, strict=True)
    )


def _same_angle(left: ParameterValue, right: ParameterValue) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=_ANGLE_TOLERANCE, abs_tol=_ANGLE_TOLERANCE)
    return left == right


def with_controls(circuit: Circuit, num_controls: int, ctrl_state: int) -> Circuit:
    """A circuit of gates controlled by qubits that come first; its global phases become phases of the controls."""
    result = Circuit(circuit.num_qubits + num_controls)
    controls = tuple(range(num_controls))
    for operation in circuit.operations:
        moved = tuple(q + num_controls for q in operation.qubits)
        if isinstance(operation.gate, Barrier):
            result.append(operation.gate, moved)
        elif not isinstance(operation.gate, Gate):
            raise ConversionError(f"only gates can be controlled, got {operation.gate.name} inside")
        elif operation.gate.num_qubits:
            result.append(operation.gate.controlled(num_controls, ctrl_state), (*controls, *moved))
        else:
            add_controlled_phase(result, global_phase(operation.gate), controls, ctrl_state)
    return result
