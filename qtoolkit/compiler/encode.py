"""Encode gates as the arrays of a `Program`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import (
    CompleteXYGate,
    DiagonalGate,
    Gate,
    GateRecord,
    ParameterExpression,
    ParameterValue,
    PauliRotationGate,
    PermutationGate,
    StandardGate,
    UnitaryGate,
)
from qtoolkit.compiler.program import Opcode, ParameterGroup, Program, Slots

__all__ = ["ProgramBuilder"]

ComplexArray = NDArray[np.complex128]

_PAULI_ROTATIONS = {"rxx": "XX", "ryy": "YY", "rzx": "XZ"}
_DENSE_OPCODES = {1: Opcode.DENSE_1Q, 2: Opcode.DENSE_2Q}
_PERMUTATIONS = {"x": (1, 0), "swap": (0, 2, 1, 3)}


class ProgramBuilder:
    """Collects gates and builds the program.

    Args:
        parameter_index: place of each parameter in the vector of values.
    """

    def __init__(self, parameter_index: Mapping[str, int]) -> None:
        self._parameter_index = parameter_index
        self._opcodes: list[int] = []
        self._qubits: list[int] = []
        self._qubit_start = [0]
        self._control_masks: list[int] = []
        self._control_values: list[int] = []
        self._coefficients: list[ComplexArray] = []
        self._coefficient_start = [0]
        self._table: list[NDArray[np.int64]] = []
        self._table_start = [0]
        self._slot_constants = [0.0]
        self._slot_terms: list[tuple[int, int, float]] = []
        self._groups: dict[GateRecord | None, tuple[Callable[..., ComplexArray], list[tuple[int, ...]], list[int], int]]
        self._groups = {}

    @property
    def num_operations(self) -> int:
        """How many operations there are so far."""
        return len(self._opcodes)

    def add(self, gate: Gate, qubits: tuple[int, ...]) -> None:
        """Add one gate."""
        if type(gate) is UnitaryGate:
            self._add_matrix(gate, qubits, 0, 0)
            return
        base, num_controls, state = gate.control_structure()
        controls, targets = qubits[:num_controls], qubits[num_controls:]
        mask = sum(1 << q for q in controls)
        value = sum(1 << q for position, q in enumerate(controls) if state >> position & 1)
        if isinstance(base, StandardGate):
            self._add_standard(base, targets, mask, value)
        elif isinstance(base, PauliRotationGate):
            self._add_pauli_rotation(base.label, base.params[0], targets, mask, value)
        elif isinstance(base, CompleteXYGate):
            self._add_half_angle(Opcode.COMPLETE_XY, base.theta, targets, mask, value)
        elif isinstance(base, DiagonalGate):
            self._add(Opcode.DIAGONAL, targets, mask, value, base.entries)
        elif isinstance(base, PermutationGate):
            self._add(Opcode.PERMUTATION, targets, mask, value, table=base.table)
        else:
            self._add_matrix(base, targets, mask, value)

    def add_operator(self, matrix: ComplexArray, targets: tuple[int, ...], is_dense: bool = False) -> None:
        """Add a matrix, unitary or not, for who runs operations one by one.

        Args:
            matrix: of shape ``(2**k, 2**k)``.
            targets: its qubits, the first the lowest bit.
            is_dense: whether it is to be run as a matrix even if it is diagonal.
        """
        diagonal = np.diag(matrix)
        if not is_dense and np.array_equal(matrix, np.diag(diagonal)):
            self._add(Opcode.DIAGONAL, targets, 0, 0, diagonal.copy())
        else:
            self._add(_dense_opcode(len(targets)), targets, 0, 0, matrix.ravel())

    def _add_matrix(self, gate: Gate, targets: tuple[int, ...], mask: int, value: int) -> None:
        if gate.is_diagonal:
            self._add(Opcode.DIAGONAL, targets, mask, value, np.diag(gate.matrix()).copy())
        else:
            self._add(_dense_opcode(len(targets)), targets, mask, value, gate.matrix().ravel())

    def _add_standard(self, gate: StandardGate, targets: tuple[int, ...], mask: int, value: int) -> None:
        record = gate.record
        if record.name == "gphase" and mask == 0:
            self._add_to_slot(0, gate.params[0])
            return
        if record.name in _PERMUTATIONS:
            self._add(Opcode.PERMUTATION, targets, mask, value, table=np.array(_PERMUTATIONS[record.name]))
            return
        if record.name in _PAULI_ROTATIONS:
            self._add_pauli_rotation(_PAULI_ROTATIONS[record.name], gate.params[0], targets, mask, value)
            return
        opcode = Opcode.DIAGONAL if record.is_diagonal else _dense_opcode(len(targets))
        if not gate.expressions:
            self._add(opcode, targets, mask, value, _flat(gate.matrix(), record.is_diagonal))
            return
        side = 1 << len(targets)
        length = side if record.is_diagonal else side * side
        self._add(opcode, targets, mask, value, np.zeros(length, np.complex128))
        slots = tuple(self._new_slot(p) for p in gate.params)
        self._register(record, partial(_standard_coefficients, record), slots, length)

    def _add_pauli_rotation(
        self, label: str, theta: ParameterValue, targets: tuple[int, ...], mask: int, value: int
    ) -> None:
        letters = list(zip(reversed(label), targets, strict=True))
        x_mask = sum(1 << q for letter, q in letters if letter in "XY")
        z_mask = sum(1 << q for letter, q in letters if letter in "ZY")
        masks = np.array([x_mask, z_mask], dtype=np.int64)
        self._add_half_angle(Opcode.PAULI_ROTATION, theta, (), mask, value, masks)

    def _add_half_angle(
        self,
        opcode: Opcode,
        theta: ParameterValue,
        targets: tuple[int, ...],
        mask: int,
        value: int,
        table: NDArray[np.int64] | None = None,
    ) -> None:
        """What has the cosine and sine of half its angle for coefficients."""
        if not isinstance(theta, ParameterExpression):
            self._add(opcode, targets, mask, value, _half_angle(np.array([theta]))[0], table)
            return
        self._add(opcode, targets, mask, value, np.zeros(2, np.complex128), table)
        self._register(None, _half_angle, (self._new_slot(theta),), 2)

    def _add(
        self,
        opcode: Opcode,
        targets: tuple[int, ...],
        mask: int,
        value: int,
        coefficients: ComplexArray | None = None,
        table: NDArray[np.int64] | None = None,
    ) -> None:
        self._opcodes.append(opcode)
        self._qubits.extend(targets)
        self._qubit_start.append(len(self._qubits))
        self._control_masks.append(mask)
        self._control_values.append(value)
        if coefficients is not None:
            self._coefficients.append(coefficients)
        self._coefficient_start.append(self._coefficient_start[-1] + (0 if coefficients is None else coefficients.size))
        if table is not None:
            self._table.append(table)
        self._table_start.append(self._table_start[-1] + (0 if table is None else table.size))

    def _new_slot(self, angle: ParameterValue) -> int:
        self._slot_constants.append(0.0)
        slot = len(self._slot_constants) - 1
        self._add_to_slot(slot, angle)
        return slot

    def _add_to_slot(self, slot: int, angle: ParameterValue) -> None:
        if not isinstance(angle, ParameterExpression):
            self._slot_constants[slot] += angle
            return
        self._slot_constants[slot] += angle.constant
        for name, coefficient in angle.terms.items():
            self._slot_terms.append((slot, self._parameter_index[name], coefficient))

    def _register(
        self,
        record: GateRecord | None,
        coefficients: Callable[..., ComplexArray],
        slots: tuple[int, ...],
        length: int,
    ) -> None:
        _, group_slots, starts, _ = self._groups.setdefault(record, (coefficients, [], [], length))
        group_slots.append(slots)
        starts.append(self._coefficient_start[-2])

    def build(self) -> Program:
        """The program of the gates added so far."""
        terms = self._slot_terms
        return Program(
            opcodes=np.array(self._opcodes, dtype=np.int64),
            qubits=np.array(self._qubits, dtype=np.int64),
            qubit_start=np.array(self._qubit_start, dtype=np.int64),
            control_masks=np.array(self._control_masks, dtype=np.int64),
            control_values=np.array(self._control_values, dtype=np.int64),
            constant_coefficients=np.concatenate([np.zeros(0, np.complex128), *self._coefficients]),
            coefficient_start=np.array(self._coefficient_start, dtype=np.int64),
            table=np.concatenate([np.zeros(0, np.int64), *self._table]),
            table_start=np.array(self._table_start, dtype=np.int64),
            slots=Slots(
                constant=np.array(self._slot_constants, dtype=np.float64),
                slot=np.array([t[0] for t in terms], dtype=np.int64),
                parameter=np.array([t[1] for t in terms], dtype=np.int64),
                coefficient=np.array([t[2] for t in terms], dtype=np.float64),
            ),
            groups=tuple(
                ParameterGroup(
                    coefficients,
                    np.array(slots, dtype=np.int64),
                    np.array(starts, dtype=np.int64)[:, None] + np.arange(length),
                    record,
                )
                for record, (coefficients, slots, starts, length) in self._groups.items()
            ),
            phase_slot=0,
        )


def _dense_opcode(num_targets: int) -> Opcode:
    return _DENSE_OPCODES.get(num_targets, Opcode.DENSE_KQ)


def _flat(matrix: ComplexArray, is_diagonal: bool) -> ComplexArray:
    """Coefficients of matrices of shape ``(..., d, d)``: their diagonals, or their entries row by row."""
    if is_diagonal:
        return np.ascontiguousarray(np.diagonal(matrix, axis1=-2, axis2=-1))
    return matrix.reshape(*matrix.shape[:-2], -1)


def _standard_coefficients(record: GateRecord, *angles: NDArray[np.float64]) -> ComplexArray:
    return _flat(record.matrix(*angles), record.is_diagonal)


def _half_angle(theta: NDArray[np.float64]) -> ComplexArray:
    return np.stack([np.cos(theta / 2), np.sin(theta / 2)], axis=-1).astype(np.complex128)
