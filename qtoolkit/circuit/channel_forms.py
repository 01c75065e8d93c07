"""The forms in which a channel is written: Kraus operators, superoperator, Choi matrix, Pauli transfer matrix.

States are stacked column by column, so that ``vec(A ρ B) = (Bᵀ ⊗ A) vec(ρ)``, as in Qiskit. Of a map E on k qubits,
with ``d = 2**k``:

| form | shape | entry |
|---|---|---|
| superoperator S | ``(d², d²)`` | ``vec(E(ρ)) = S vec(ρ)``, ``S = Σ conj(K) ⊗ K`` |
| Choi matrix Λ | ``(d², d²)`` | ``Λ = Σ vec(K) vec(K)†``, of trace d |
| Pauli transfer matrix R | ``(d², d²)``, real | ``R_ij = tr(P_i E(P_j)) / d`` |

Pauli strings are numbered in base 4 with the digits I, X, Y, Z, the first qubit's lowest.

Source: C. J. Wood, J. D. Biamonte and D. G. Cory, Quant. Inf. Comput. 15, 759 (2015), arXiv:1111.6950.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit.gates import Matrix

__all__ = [
    "choi_of_operators",
    "operators_of_choi",
    "pauli_labels",
    "pauli_matrices",
    "reshuffled",
    "superoperator_of_operators",
    "superoperator_of_transfer_matrix",
    "transfer_matrix_of_superoperator",
]

NEGLIGIBLE = 1e-14
"""An eigenvalue of a Choi matrix below this, times its trace, is rounding."""


@cache
def pauli_labels(num_qubits: int) -> tuple[str, ...]:
    """All Pauli strings by number; the rightmost letter acts on the first qubit."""
    labels = [""]
    for _ in range(num_qubits):
        labels = [letter + label for letter in "IXYZ" for label in labels]
    return tuple(labels)


@cache
def pauli_matrices(num_qubits: int) -> NDArray[np.complex128]:
    """All Pauli strings by number, shape ``(4**k, 2**k, 2**k)``, read-only."""
    single = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]], np.complex128)
    found = np.ones((1, 1, 1), np.complex128)
    for _ in range(num_qubits):
        side = 2 * found.shape[1]
        found = np.einsum("aij,bkl->abikjl", single, found).reshape(-1, side, side)
    found.setflags(write=False)
    return found


def superoperator_of_operators(operators: NDArray[np.complex128]) -> Matrix:
    """The superoperator of Kraus operators, shape ``(m, d, d)``."""
    side = operators.shape[1] ** 2
    found: Matrix = np.einsum("mab,mcd->acbd", operators.conj(), operators).reshape(side, side)
    return found


def choi_of_operators(operators: NDArray[np.complex128]) -> Matrix:
    """The Choi matrix of Kraus operators, shape ``(m, d, d)``."""
    columns = operators.transpose(0, 2, 1).reshape(len(operators), -1)
    found: Matrix = columns.T @ columns.conj()
    return found


def operators_of_choi(choi: Matrix) -> NDArray[np.complex128]:
    """Kraus operators of a positive Choi matrix, shape ``(m, d, d)``, orthogonal to each other, the largest first."""
    side = round(len(choi) ** 0.5)
    values, vectors = np.linalg.eigh(choi)
    kept = values > NEGLIGIBLE * side
    columns = (vectors[:, kept] * np.sqrt(values[kept])).T[::-1]
    found: NDArray[np.complex128] = columns.reshape(-1, side, side).transpose(0, 2, 1)
    return found


def reshuffled(matrix: Matrix) -> Matrix:
    """The Choi matrix of a superoperator, or the superoperator of a Choi matrix: the same numbers in another order."""
    side = round(len(matrix) ** 0.5)
    found: Matrix = matrix.reshape((side,) * 4).transpose(3, 1, 2, 0).reshape(matrix.shape)
    return found


def transfer_matrix_of_superoperator(superoperator: Matrix) -> NDArray[np.float64]:
    """The Pauli transfer matrix of a superoperator that takes Hermitian matrices to such."""
    basis = _pauli_columns(len(superoperator))
    found: NDArray[np.float64] = (basis.conj().T @ superoperator @ basis).real / round(len(superoperator) ** 0.5)
    return found


def superoperator_of_transfer_matrix(transfer_matrix: NDArray[np.float64]) -> Matrix:
    """The superoperator of a Pauli transfer matrix."""
    basis = _pauli_columns(len(transfer_matrix))
    found: Matrix = basis @ transfer_matrix @ basis.conj().T / round(len(transfer_matrix) ** 0.5)
    return found


def _pauli_columns(size: int) -> Matrix:
    """Pauli strings, stacked column by column, as columns of a matrix."""
    paulis = pauli_matrices((size.bit_length() - 1) // 2)
    found: Matrix = paulis.transpose(0, 2, 1).reshape(size, size).T
    return found
