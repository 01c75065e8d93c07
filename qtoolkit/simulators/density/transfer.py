"""Gates and channels as real matrices on Pauli coefficients (Pauli transfer matrices).

Entry ``[i, j]`` of the matrix of a channel E on k qubits is ``tr(P_i E(P_j)) / 2**k``. The digit of a qubit's letter is
``x + 2 z``: 0 to 3 are I, X, Z and Y; the first qubit's digit is the lowest.

M. A. Nielsen et al., Quantum 5, 557 (2021), section 2; D. Greenbaum, arXiv:1509.02921.
"""

from __future__ import annotations

from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["DEPHASING", "RESET", "pauli_matrices", "projection", "swapped", "transfer_matrices"]

FloatArray: TypeAlias = NDArray[np.float64]
ComplexArray: TypeAlias = NDArray[np.complex128]

ROUNDING = 4e-16
"""An entry below this is rounding, and counts as zero."""

DEPHASING = np.diag([1.0, 0.0, 1.0, 0.0])
"""A measurement that nobody reads."""

RESET = np.zeros((4, 4))
RESET[0, 0] = RESET[2, 0] = 1.0

_LETTERS = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[1, 0], [0, -1]], [[0, -1j], [1j, 0]]], np.complex128)


def projection(outcome: int) -> FloatArray:
    """The matrix that keeps one outcome of a measurement, float64 of shape ``(4, 4)``; the trace becomes its weight."""
    sign = -1.0 if outcome else 1.0
    matrix = np.zeros((4, 4))
    matrix[np.ix_([0, 2], [0, 2])] = [[0.5, 0.5 * sign], [0.5 * sign, 0.5]]
    return matrix


@cache
def pauli_matrices(num_qubits: int) -> ComplexArray:
    """All Pauli strings by their digits, complex128 of shape ``(4**k, 2**k, 2**k)``."""
    strings = np.ones((1, 1, 1), np.complex128)
    for _ in range(num_qubits):
        strings = np.concatenate([np.kron(letter, strings) for letter in _LETTERS])
    return strings


def transfer_matrices(operators: ComplexArray) -> FloatArray:
    """The maps ``ρ → K ρ K†``, float64 of shape ``(count, 4**k, 4**k)``; those of a channel's operators add up to its.

    Args:
        operators: complex128 of shape ``(count, 2**k, 2**k)``.
    """
    size = operators.shape[-1]
    strings = pauli_matrices(size.bit_length() - 1)
    left = (strings @ operators[:, None]).reshape(-1, size * size, size * size)
    right = (operators[:, None] @ strings).reshape(-1, size * size, size * size)
    # The trace of P_i K P_j K† is the inner product of P_i K and K P_j, entry by entry.
    matrices: FloatArray = (left.view(np.float64) @ right.view(np.float64).swapaxes(1, 2)) / size
    matrices[np.abs(matrices) < ROUNDING] = 0.0
    return matrices


def swapped(matrix: FloatArray) -> FloatArray:
    """A matrix on two qubits with these the other way round."""
    return np.ascontiguousarray(matrix.reshape(4, 4, 4, 4).transpose(1, 0, 3, 2).reshape(16, 16))
