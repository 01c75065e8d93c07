"""Pauli coefficients to density matrices and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.compiler import Opcode, Program
from qtoolkit_kernels.density import matrices as kernels
from qtoolkit_kernels.team import Team
from qtoolkit_kernels.threads import counters

if TYPE_CHECKING:
    from qtoolkit.simulators.density.engine import Coefficients

__all__ = ["coefficients_of", "matrix_of", "on_rows_and_columns", "outcomes_of", "places_of"]

ComplexArray = NDArray[np.complex128]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LONG = 1 << 24
"""Entries from which a signal must be able to end a conversion."""


def places_of(masks: IntArray) -> IntArray:
    """Masks of qubits with a zero put behind each bit: where a string's X stand in an index, and one further its Z."""
    spread = masks.astype(np.int64)
    for shift, kept in ((16, 0x0000FFFF0000FFFF), (8, 0x00FF00FF00FF00FF), (4, 0x0F0F0F0F0F0F0F0F)):
        spread = (spread | spread << shift) & kept
    spread = (spread | spread << 2) & 0x3333333333333333
    return (spread | spread << 1) & 0x5555555555555555


def matrix_of(
    state: Coefficients, num_qubits: int, dtype: np.dtype[np.complexfloating], team: Team
) -> NDArray[np.complexfloating]:
    """The density matrix, of shape ``(2**n, 2**n)``."""
    matrix = np.empty((1 << num_qubits, 1 << num_qubits), dtype)
    _convert(kernels.fill_matrix, state, matrix, num_qubits, team)
    return matrix


def coefficients_of(matrix: NDArray[np.complexfloating], out: Coefficients, team: Team) -> None:
    """Write the coefficients of a density matrix; a qubit that it lacks, as every state has two, is in ``|0⟩``."""
    num_qubits = len(matrix).bit_length() - 1
    _convert(kernels.fill_coefficients, matrix, out, num_qubits, team)
    if num_qubits == 1:
        digits = out.reshape(4, 4)
        digits[2], digits[1], digits[3] = digits[0], 0.0, 0.0


def _convert(kernel: Callable[..., None], source: NDArray[Any], out: NDArray[Any], num_qubits: int, team: Team) -> None:
    size = 1 << num_qubits
    parts = np.empty((team.num_threads, 8, size))
    team.run(kernel, source, places_of(np.arange(size)), parts, out, counters(2), long=size * size >= LONG)


def outcomes_of(state: Coefficients, qubits: list[int]) -> FloatArray:
    """Probabilities of the outcomes of some qubits, the first lowest, float64 of shape ``(2**k,)``."""
    masks = np.zeros(1, np.int64)
    for qubit in qubits:
        masks = np.concatenate([masks, masks | 1 << qubit])
    values = state[places_of(masks) << 1].astype(np.float64)
    kernels.transform(values)
    probabilities: FloatArray = values / values.size
    return probabilities


def on_rows_and_columns(
    program: Program, coefficients: ComplexArray, operation: int, num_qubits: int
) -> tuple[Program, ComplexArray]:
    """What a gate of a program does to the rows of a matrix, if its own does what is to be done to the columns.

    A matrix in rows is a state whose lowest bits number its columns. U ρ U† takes U on the bits above those, and its
    conjugate on the lowest.

    Returns:
        The program with its qubits moved to the bits above, for the coefficients as they are; and coefficients of the
        conjugate, for the program as it is.
    """
    moved = replace(
        program,
        qubits=program.qubits + num_qubits,
        control_masks=program.control_masks << num_qubits,
        control_values=program.control_values << num_qubits,
        table=_moved(program, operation, num_qubits),
    )
    conjugate = coefficients.conj()
    place = int(program.coefficient_start[operation])
    if program.opcodes[operation] in (Opcode.PAULI_ROTATION, Opcode.COMPLETE_XY):
        sign = 1.0
        if program.opcodes[operation] == Opcode.PAULI_ROTATION:
            x, z = program.table[program.table_start[operation] :][:2].tolist()
            sign = (-1.0) ** (x & z).bit_count()
        conjugate[place + 1] *= -sign
    return moved, conjugate


def _moved(program: Program, operation: int, num_qubits: int) -> IntArray:
    """The table with the masks of a Pauli string moved as well."""
    if program.opcodes[operation] != Opcode.PAULI_ROTATION:
        return program.table
    table = program.table.copy()
    start = int(program.table_start[operation])
    table[start : start + 2] <<= num_qubits
    return table
