"""Pauli coefficients to density matrices and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.compiler import Opcode, Program
from qtoolkit_kernels.density import matrices as kernels
from qtoolkit_kernels.team import Team, check_stop
from qtoolkit_kernels.threads import counters

if TYPE_CHECKING:
    from qtoolkit.simulators.density.engine import Coefficients

__all__ = ["coefficients_of", "matrix_of", "on_rows_and_columns", "outcomes_of", "places_of", "rotate"]

ComplexArray = NDArray[np.complex128]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LONG = 1 << 24
"""Entries from which a signal must be able to end a conversion."""

PORTION = 1 << 18
"""Entries that a rotation copies at a time."""


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

    Args:
        program: has the gate.
        coefficients: of all gates of the program.
        operation: which one it is; no rotation by a Pauli string, which `rotate` runs.
        num_qubits: of the matrix.

    Returns:
        The program with its qubits moved to the bits above, for the coefficients as they are; and coefficients of the
        conjugate, for the program as it is.
    """
    moved = replace(
        program,
        qubits=program.qubits + num_qubits,
        control_masks=program.control_masks << num_qubits,
        control_values=program.control_values << num_qubits,
    )
    conjugate = coefficients.conj()
    if program.opcodes[operation] == Opcode.COMPLETE_XY:
        conjugate[int(program.coefficient_start[operation]) + 1] *= -1.0
    return moved, conjugate


def rotate(program: Program, coefficients: ComplexArray, operation: int, matrix: NDArray[np.complexfloating]) -> None:
    """Run a rotation by a Pauli string, with controls or without, on the rows and columns of a matrix, in place.

    Args:
        program: has the rotation.
        coefficients: of all gates of the program.
        operation: which one it is.
        matrix: of shape ``(2**n, 2**n)``.
    """
    x, z = program.table[int(program.table_start[operation]) :][:2].tolist()
    start = int(program.coefficient_start[operation])
    cosine, sine = coefficients[start].real, coefficients[start + 1].real
    numbers = np.arange(len(matrix))
    numbers = numbers[numbers & int(program.control_masks[operation]) == int(program.control_values[operation])]
    # P takes entry k to entry k ^ x, with a factor: entry j of the product has that of k = j ^ x.
    factors = (1j ** (x & z).bit_count()) * (1.0 - 2.0 * (np.bitwise_count((numbers ^ x) & z) & 1))
    turned = -1j * sine * factors
    # What U* does to the rows of the transposed matrix is what U† does to the columns from the right.
    for rows, weights in ((matrix, turned), (matrix.T, turned.conj())):
        if x == 0:
            _scale(rows, numbers, cosine + weights)
        else:
            is_first = numbers & (x & -x) == 0
            _mix(rows, numbers[is_first], x, cosine, weights[is_first], weights[_partners(numbers, is_first, x)])


def _partners(numbers: IntArray, is_first: NDArray[np.bool_], x: int) -> IntArray:
    """Where the numbers stand that a string exchanges with those that are first."""
    return np.searchsorted(numbers, numbers[is_first] ^ x)


def _portions(rows: NDArray[np.complexfloating], count: int) -> Iterator[slice]:
    at_a_time = max(1, PORTION // rows.shape[1])
    for begin in range(0, count, at_a_time):
        check_stop()
        yield slice(begin, begin + at_a_time)


def _scale(rows: NDArray[np.complexfloating], numbers: IntArray, factors: ComplexArray) -> None:
    for part in _portions(rows, len(numbers)):
        rows[numbers[part]] *= factors[part, None].astype(rows.dtype)


def _mix(
    rows: NDArray[np.complexfloating], numbers: IntArray, x: int, cosine: float, own: ComplexArray, other: ComplexArray
) -> None:
    for part in _portions(rows, len(numbers)):
        firsts, seconds = numbers[part], numbers[part] ^ x
        one, two = rows[firsts], rows[seconds]
        rows[firsts] = cosine * one + own[part, None] * two
        rows[seconds] = cosine * two + other[part, None] * one
