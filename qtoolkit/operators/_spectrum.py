"""Lowest eigenvalues and eigenvectors of a Hermitian Pauli sum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from qtoolkit import _needs
from qtoolkit._arguments import check_seed, shown
from qtoolkit._memory import reserved
from qtoolkit.errors import ConvergenceError, OperatorError
from qtoolkit.operators._types import ComplexArray, FloatArray, as_int

if TYPE_CHECKING:
    from qtoolkit.operators.pauli_sum import PauliSum

__all__ = ["lowest_eigenpairs"]

_DENSE_QUBITS = 6  # up to here LAPACK beats the start-up of Lanczos


def lowest_eigenpairs(
    hamiltonian: PauliSum, k: int | None, seed: int | np.random.Generator | None
) -> tuple[FloatArray, ComplexArray]:
    """Return the lowest `k` eigenvalues, ascending, and their eigenvectors as columns, shape (2^n, k).

    Raises:
        OperatorError: if `k` is not in [1, 2^n].
        InputError: if `seed` is none.
        ConvergenceError: if the Lanczos iteration does not converge.
        InsufficientMemoryError: if what it takes does not fit into free memory.
    """
    check_seed(seed)
    num_qubits = hamiltonian.num_qubits
    dimension = 1 << num_qubits
    count = dimension if k is None else as_int("k", k)
    if not 1 <= count <= dimension:
        raise OperatorError(f"k must be in [1, {dimension}] on {num_qubits} qubits, got {shown(k)}")
    what = f"a spectrum on {num_qubits} qubits"
    vectors_kept = _needs.COMPLEX * count << num_qubits
    if hamiltonian.is_diagonal():
        needed = _needs.diagonal_spectrum(num_qubits, count)
        with reserved(needed, what, "use diagonal()", kept=vectors_kept):
            return _from_diagonal(hamiltonian.diagonal(), count)
    if num_qubits <= _DENSE_QUBITS or count > dimension // 4:
        with reserved(_needs.dense_spectrum(num_qubits), what, "ask for fewer eigenvalues", kept=vectors_kept):
            energies, vectors = np.linalg.eigh(hamiltonian.to_matrix())
            return energies[:count], vectors[:, :count]
    with reserved(_needs.lanczos(num_qubits, count), what, "use fewer qubits or eigenvalues", kept=vectors_kept):
        return _lanczos(hamiltonian, count, np.random.default_rng(seed))


def _from_diagonal(diagonal: FloatArray, count: int) -> tuple[FloatArray, ComplexArray]:
    lowest = np.argsort(diagonal, kind="stable")[:count].copy()  # lest the whole order stays
    vectors = np.zeros((len(diagonal), count), dtype=np.complex128)
    vectors[lowest, np.arange(count)] = 1.0
    return diagonal[lowest], vectors


def _lanczos(hamiltonian: PauliSum, count: int, rng: np.random.Generator) -> tuple[FloatArray, ComplexArray]:
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

    dimension = 1 << hamiltonian.num_qubits
    action = LinearOperator(
        (dimension, dimension), matvec=lambda vector: hamiltonian.apply(vector.ravel()), dtype=np.complex128
    )
    start = rng.standard_normal(dimension) + 1j * rng.standard_normal(dimension)
    try:
        energies, vectors = eigsh(action, k=count, which="SA", v0=start)
    except ArpackNoConvergence as error:
        raise ConvergenceError(
            f"{len(error.eigenvalues)} of {count} eigenvalues converged on {hamiltonian.num_qubits} qubits; "
            "ask for fewer, or give another seed"
        ) from error
    order = np.argsort(energies)
    return energies[order], vectors[:, order]
