"""Pauli sums acting on state vectors: H|ψ⟩ and ⟨ψ|H|ψ⟩ without a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from qtoolkit.errors import OperatorError
from qtoolkit.operators._matrix_form import generalised_diagonals
from qtoolkit.operators._term_algebra import Terms

__all__ = ["apply_terms", "checked_state", "expectation_of_terms"]

StateVector = npt.NDArray[np.complexfloating[Any, Any]]


def checked_state(state_vector: npt.ArrayLike, num_qubits: int) -> StateVector:
    """`state_vector` as a contiguous complex64 or complex128 array of length 2^n.

    Raises:
        OperatorError: if its shape is not (2^n,).
    """
    state = np.asarray(state_vector)
    if state.shape != (1 << num_qubits,):
        raise OperatorError(
            f"a state vector of {num_qubits} qubits must have shape ({1 << num_qubits},), got {state.shape}"
        )
    dtype = np.complex64 if state.dtype == np.complex64 else np.complex128
    return np.ascontiguousarray(state, dtype=dtype)


def apply_terms(terms: Terms, state: StateVector, num_qubits: int) -> StateVector:
    """Return H|ψ⟩ in the precision of `state`."""
    result = np.zeros_like(state)
    rows = np.arange(len(state), dtype=np.int64)
    for x_mask, entries in generalised_diagonals(terms, num_qubits):
        result += (entries * state)[rows ^ x_mask]
    return result


def expectation_of_terms(terms: Terms, state: StateVector, num_qubits: int) -> complex:
    """Return ⟨ψ|H|ψ⟩."""
    return complex(np.vdot(state, apply_terms(terms, state, num_qubits)))
