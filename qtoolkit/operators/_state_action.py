"""Pauli sums acting on state vectors: H|ψ⟩ and ⟨ψ|H|ψ⟩ without a matrix, by the compiled kernels.

The kernels are imported on first use: loading the compiler takes longer than all else in this package.
Terms are given merged, so that those of one x mask lie side by side and share a pass over the state.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from qtoolkit.errors import OperatorError
from qtoolkit.operators._term_algebra import Terms, x_group_starts

__all__ = ["StateVector", "apply_terms", "checked_state", "expectation_of_terms"]

StateVector: TypeAlias = npt.NDArray[np.complexfloating[Any, Any]]


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


def apply_terms(terms: Terms, state: StateVector) -> StateVector:
    """Return H|ψ⟩ in the precision of `state`."""
    from qtoolkit_kernels.pauli_sum import apply_pauli_sum

    result = np.empty_like(state)
    apply_pauli_sum(state, result, *terms)
    return result


def expectation_of_terms(terms: Terms, state: StateVector) -> float:
    """Return ⟨ψ|H|ψ⟩ for terms with real coefficients."""
    from qtoolkit_kernels.pauli_sum import pauli_sum_expectation

    x_masks, z_masks, coefficients = terms
    weights = np.ascontiguousarray(coefficients.real)
    return float(pauli_sum_expectation(state, x_masks, z_masks, weights, x_group_starts(x_masks)))
