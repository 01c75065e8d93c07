"""A program: gates as flat arrays, with the places where parameters enter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import GateRecord
from qtoolkit.compiler.kept import Kept
from qtoolkit.errors import ParameterError

__all__ = ["PLANNER_CONSTANTS", "Differential", "Opcode", "ParameterGroup", "Program", "Slots", "with_constants"]

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]


_HALF = np.sqrt(0.5)
PLANNER_CONSTANTS: ComplexArray = np.array([0, 1, 1, 0, 1, 1j, 1, -1j, _HALF, _HALF, _HALF, -_HALF, -1], np.complex128)
"""What nodes use beside the program's coefficients, and behind them: the matrix of X, the diagonals of S and S†, the
matrix of H, and -1."""


class Opcode(IntEnum):
    """What the kernel does for an operation; the numbers are those of `qtoolkit_kernels.program`."""

    DENSE_1Q = 0
    DENSE_2Q = 1
    DENSE_KQ = 2
    DIAGONAL = 3
    PERMUTATION = 4
    PAULI_ROTATION = 5
    COMPLETE_XY = 6


@dataclass(frozen=True)
class Slots:
    """Angles as linear functions of the parameters: ``constant[s] + Σ coefficient · value[parameter]``.

    Attributes:
        constant: float64, shape ``(num_slots,)``.
        slot, parameter: int64, shape ``(num_terms,)``, what each coefficient connects.
        coefficient: float64, shape ``(num_terms,)``.
    """

    constant: FloatArray
    slot: IntArray
    parameter: IntArray
    coefficient: FloatArray

    def angles(self, values: FloatArray) -> FloatArray:
        """The angles in radians, shape ``(num_slots,)``.

        Raises:
            ParameterError: if one is too large for a float.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            terms = self.coefficient * values[self.parameter]
            angles = self.constant + np.bincount(self.slot, weights=terms, minlength=self.constant.size)
        if not np.isfinite(angles).all():
            raise ParameterError(f"angles must be finite, got {angles[~np.isfinite(angles)][0]}; take smaller values")
        return angles

    def pull_back(self, by_slot: FloatArray, num_parameters: int) -> FloatArray:
        """Derivatives by parameter from derivatives by angle (the chain rule)."""
        return np.bincount(
            self.parameter, weights=self.coefficient * by_slot[self.slot], minlength=num_parameters
        ).astype(np.float64)


@dataclass(frozen=True)
class ParameterGroup:
    """Operations of one gate whose coefficients depend on parameters.

    Attributes:
        coefficients: angles, each of shape ``(..., group)``, to coefficients of shape ``(..., group, length)``.
        slots: int64, shape ``(group, angles per gate)``.
        positions: int64, shape ``(group, length)``, where the coefficients go.
        record: the gate; None for Pauli rotations.
    """

    coefficients: Callable[..., ComplexArray]
    slots: IntArray
    positions: IntArray
    record: GateRecord | None


@dataclass(frozen=True)
class Differential:
    """How one operation depends on its angles, for the adjoint method.

    Attributes:
        operation: index in the program.
        slots: the slot of each angle.
        record: the gate, whose `generators` give ``G_j`` with ``∂U/∂θ_j = -i G_j U`` on the targets; None for a Pauli
            rotation, whose generator is half its string.
    """

    operation: int
    slots: tuple[int, ...]
    record: GateRecord | None


@dataclass(frozen=True, eq=False)
class Program:
    """Gates as the arrays that `qtoolkit_kernels.program` documents.

    The coefficients hold numbers where no parameter enters; `bind` fills the rest. A global phase is kept apart:
    slot `phase_slot` holds its angle.

    Attributes:
        opcodes: int64, shape ``(num_operations,)``, each an `Opcode`.
        qubits, qubit_start: int64; operation i has the targets ``qubits[qubit_start[i]:qubit_start[i + 1]]``.
        control_masks, control_values: int64, shape ``(num_operations,)``; an operation acts on the amplitudes whose
            index has, under the mask, the bits of the value.
        constant_coefficients, coefficient_start: complex128 and int64, cut likewise: matrices row by row, diagonals,
            cosine and sine of half a Pauli rotation's angle.
        table, table_start: int64, cut likewise: tables of permutations, x and z masks of Pauli rotations.
        slots: the angles that parameters enter, and the global phase.
        groups: where coefficients depend on parameters.
        phase_slot: slot of the global phase.
        is_unitary: whether it holds gates. Else it is matrices on two qubits, of opcode DENSE_2Q, without parameters,
            which are merged and put into sweeps, and stay out of passes for which a matrix is a gate.
        kept: what is made of a program once, its sweeps among that; not pickled.
    """

    opcodes: IntArray
    qubits: IntArray
    qubit_start: IntArray
    control_masks: IntArray
    control_values: IntArray
    constant_coefficients: ComplexArray
    coefficient_start: IntArray
    table: IntArray
    table_start: IntArray
    slots: Slots
    groups: tuple[ParameterGroup, ...]
    phase_slot: int
    is_unitary: bool = True
    kept: Kept = field(default_factory=Kept, init=False, repr=False, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"kept": Kept()}

    @property
    def num_operations(self) -> int:
        """Number of operations."""
        return self.opcodes.size

    @cached_property
    def differentials(self) -> tuple[Differential, ...]:
        """Operations with parameters, in time order."""
        found = []
        for group in self.groups:
            # Operations without coefficients begin where the next one does.
            operations = np.searchsorted(self.coefficient_start, group.positions[:, 0], side="right") - 1
            for operation, slots in zip(operations.tolist(), group.slots.tolist(), strict=True):
                found.append(Differential(operation, tuple(slots), group.record))
        return tuple(sorted(found, key=attrgetter("operation")))

    def bind(self, values: FloatArray) -> tuple[ComplexArray, FloatArray]:
        """Coefficients, and the angle of every slot, at these parameter values.

        Args:
            values: shape ``(num_parameters,)``.

        Returns:
            complex128 of the shape of `constant_coefficients`, and float64 of shape ``(num_slots,)``, in radians.

        Raises:
            ParameterError: if an angle is too large for a float.
        """
        angles = self.slots.angles(values)
        return self.coefficients_at(angles), angles

    def coefficients_at(self, angles: FloatArray) -> ComplexArray:
        """Coefficients at these angles of the slots, in radians; complex128 of the shape of `constant_coefficients`."""
        if not self.groups:
            return self.constant_coefficients
        coefficients = self.constant_coefficients.copy()
        for group in self.groups:
            coefficients[group.positions] = group.coefficients(*angles[group.slots].T)
        return coefficients

    @cached_property
    def adjoint(self) -> Program:
        """The inverse gates in reverse order; its coefficients come from `adjoint_coefficients`."""
        order = np.arange(self.num_operations)[::-1]
        qubits, qubit_start = _gather(self.qubits, self.qubit_start, order)
        table, table_start = _gather(self.table, self.table_start, order)
        lengths = np.diff(self.coefficient_start)[order]
        for position, i in enumerate(order):
            if self.opcodes[i] == Opcode.PERMUTATION:
                forward = self.table[self.table_start[i] : self.table_start[i + 1]]
                table[table_start[position] : table_start[position + 1]] = np.argsort(forward)
        none = np.zeros(0, np.int64)
        return Program(
            opcodes=self.opcodes[order],
            qubits=qubits,
            qubit_start=qubit_start,
            control_masks=self.control_masks[order],
            control_values=self.control_values[order],
            constant_coefficients=self.adjoint_coefficients(self.constant_coefficients),
            coefficient_start=np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]),
            table=table,
            table_start=table_start,
            slots=Slots(np.zeros(1), none, none, np.zeros(0)),
            groups=(),
            phase_slot=0,
        )

    def adjoint_coefficients(self, coefficients: ComplexArray) -> ComplexArray:
        """Coefficients of the inverse gates, in the order of `adjoint`."""
        source, sign = self._adjoint_index
        return (np.conj(coefficients[source]) * sign).astype(np.complex128)

    @cached_property
    def _adjoint_index(self) -> tuple[IntArray, FloatArray]:
        """Where each coefficient of the adjoint program comes from, before conjugation, and its sign."""
        parts: list[IntArray] = [np.zeros(0, np.int64)]
        signs: list[FloatArray] = [np.zeros(0)]
        for i in range(self.num_operations)[::-1]:
            index = np.arange(self.coefficient_start[i], self.coefficient_start[i + 1])
            sign = np.ones(index.size)
            if self.opcodes[i] in (Opcode.DENSE_1Q, Opcode.DENSE_2Q, Opcode.DENSE_KQ):
                side = int(np.sqrt(index.size))
                index = index.reshape(side, side).T.ravel()
            elif self.opcodes[i] in (Opcode.PAULI_ROTATION, Opcode.COMPLETE_XY):
                sign[1] = -1.0
            parts.append(index)
            signs.append(sign)
        return np.concatenate(parts), np.concatenate(signs)


def with_constants(coefficients: ComplexArray) -> ComplexArray:
    """A program's coefficients with the planner's constants behind them."""
    return np.concatenate([coefficients, PLANNER_CONSTANTS])


def _gather(values: IntArray, start: IntArray, order: IntArray) -> tuple[IntArray, IntArray]:
    """Pieces ``values[start[i]:start[i + 1]]`` in another order, and their new starts."""
    pieces = [values[start[i] : start[i + 1]] for i in order]
    lengths = np.array([piece.size for piece in pieces], dtype=np.int64)
    joined = np.concatenate([values[:0], *pieces])
    return joined, np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
