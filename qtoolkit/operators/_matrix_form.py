"""Pauli sums as matrices and back: dense, sparse and diagonal, by the Walsh-Hadamard transform.

Column j of X^x Z^z has its one entry (-1)^{|z∧j|} in row j⊕x, so all terms with one x mask make one
generalised diagonal, and z mask and column index are Walsh-Hadamard partners.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from qtoolkit import _needs
from qtoolkit._masks import distinct
from qtoolkit._memory import reserved
from qtoolkit.errors import OperatorError
from qtoolkit.operators._term_algebra import Terms, merge_terms, x_group_starts, y_phases
from qtoolkit.operators._types import ComplexArray, FloatArray, IntArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = [
    "dense_matrix",
    "generalised_diagonals",
    "qubits_of_dimension",
    "real_diagonal",
    "sparse_matrix",
    "terms_of_diagonal",
    "terms_of_matrix",
    "walsh_hadamard",
]


def walsh_hadamard(values: np.ndarray[Any, Any]) -> None:
    """Transform the last axis, of length 2^n, in place: out[k] = Σ_j (-1)^{|k∧j|} values[j], unnormalised."""
    size = values.shape[-1]
    half = 1
    while half < size:
        pairs = values.reshape(*values.shape[:-1], size // (2 * half), 2, half)
        low, high = pairs[..., 0, :], pairs[..., 1, :]
        low += high
        high *= -2
        high += low
        half *= 2


def generalised_diagonals(terms: Terms, num_qubits: int) -> Iterator[tuple[int, ComplexArray]]:
    """Yield each distinct x mask with the vector d, complex128 of length 2^n, where M[j⊕x, j] = d[j]."""
    x_masks, z_masks, coefficients = merge_terms(*terms)
    weights = coefficients * y_phases(x_masks, z_masks)
    for start, stop in pairwise(x_group_starts(x_masks).tolist()):
        entries = np.zeros(1 << num_qubits, dtype=np.complex128)
        if stop - start > num_qubits:
            entries[z_masks[start:stop]] = weights[start:stop]
            walsh_hadamard(entries)
        else:
            columns = np.arange(1 << num_qubits, dtype=np.int64)
            for z_mask, weight in zip(z_masks[start:stop].tolist(), weights[start:stop].tolist(), strict=True):
                odd = (np.bitwise_count(columns & z_mask) & 1).astype(bool)
                entries += np.where(odd, -weight, weight)
        yield int(x_masks[start]), entries


def dense_matrix(terms: Terms, num_qubits: int) -> ComplexArray:
    """Return the matrix, complex128 of shape (2^n, 2^n)."""
    dimension = 1 << num_qubits
    needed = _needs.dense_matrix(num_qubits)
    with reserved(needed, f"a dense matrix on {num_qubits} qubits", "use to_sparse() or apply()", kept=needed):
        matrix = np.zeros((dimension, dimension), dtype=np.complex128)
        columns = np.arange(dimension, dtype=np.int64)
        for x_mask, entries in generalised_diagonals(terms, num_qubits):
            matrix[columns ^ x_mask, columns] = entries
        return matrix


def sparse_matrix(terms: Terms, num_qubits: int) -> csr_array[Any, Any]:
    """Return the matrix as a CSR array with sorted indices and no stored zeros."""
    num_diagonals = len(distinct(merge_terms(*terms)[0]))
    needed = _needs.sparse_matrix(num_qubits, num_diagonals)
    with reserved(needed, f"a sparse matrix on {num_qubits} qubits", "use apply()", kept=needed):
        return _filled_sparse_matrix(terms, num_qubits, num_diagonals)


def _filled_sparse_matrix(terms: Terms, num_qubits: int, num_diagonals: int) -> csr_array[Any, Any]:
    from scipy.sparse import csr_array

    dimension = 1 << num_qubits
    data = np.empty((dimension, num_diagonals), dtype=np.complex128)
    indices = np.empty((dimension, num_diagonals), dtype=np.int64)
    filled = 0
    rows = np.arange(dimension, dtype=np.int64)
    for x_mask, entries in generalised_diagonals(terms, num_qubits):
        indices[:, filled] = rows ^ x_mask
        data[:, filled] = entries[rows ^ x_mask]
        filled += 1
    matrix = csr_array(
        (data[:, :filled].ravel(), indices[:, :filled].ravel(), np.arange(dimension + 1) * filled),
        shape=(dimension, dimension),
    )
    matrix.eliminate_zeros()
    matrix.sort_indices()
    return matrix


def real_diagonal(z_masks: IntArray, coefficients: FloatArray, num_qubits: int) -> FloatArray:
    """Return Σ_t c_t (-1)^{|z_t∧j|} for every j, float64 of length 2^n."""
    needed = _needs.diagonal(num_qubits)
    with reserved(needed, f"a diagonal on {num_qubits} qubits", "use fewer qubits", kept=needed):
        values = np.zeros(1 << num_qubits, dtype=np.float64)
        np.add.at(values, z_masks, coefficients)
        walsh_hadamard(values)
        return values


def terms_of_diagonal(values: ComplexArray, atol: float) -> Terms:
    """Return the terms, all of I and Z, of the diagonal matrix with these entries; none of magnitude up to `atol`."""
    what = f"the Pauli terms of a diagonal of {len(values)} entries"
    with reserved(_needs.diagonal_terms(len(values)), what, "use fewer qubits"):
        weights = values.copy()
        walsh_hadamard(weights)
        masks = np.arange(len(weights), dtype=np.int64)
        return merge_terms(np.zeros_like(masks), masks, weights / len(weights), atol)


def terms_of_matrix(matrix: ComplexArray, atol: float) -> Terms:
    """Return the terms of a matrix of shape (2^n, 2^n), none of magnitude up to `atol`."""
    dimension = len(matrix)
    what = f"the Pauli terms of a {dimension} x {dimension} matrix"
    with reserved(_needs.matrix_terms(dimension), what, "use fewer qubits"):
        masks = np.arange(dimension, dtype=np.int64)
        weights = matrix[masks[:, None] ^ masks, masks]
        walsh_hadamard(weights)
        x_masks, z_masks = np.repeat(masks, dimension), np.tile(masks, dimension)
        coefficients = weights.ravel() * y_phases(x_masks, z_masks).conj() / dimension
        return merge_terms(x_masks, z_masks, coefficients, atol)


def qubits_of_dimension(dimension: int, what: str) -> int:
    """Return n where `dimension` is 2^n with n at least 1.

    Raises:
        OperatorError: if it is no such power of two.
    """
    num_qubits = dimension.bit_length() - 1
    if dimension < 2 or dimension != 1 << num_qubits:
        raise OperatorError(f"{what} must be a power of two and at least 2, got {dimension}")
    return num_qubits
