"""Twins of the exchange of all pairs of qubits: by its matrix."""

from itertools import combinations

import numpy as np

from qtoolkit_kernels._types import Complex, Integers
from qtoolkit_kernels.reference._indices import groups

__all__ = ["apply_complete_xy", "complete_xy_inner"]


def _matrix(num_targets: int) -> np.ndarray:
    """½ Σ_{i<j} (X_i X_j + Y_i Y_j), which lets two different bits change places."""
    states = np.arange(1 << num_targets)
    matrix = np.zeros((states.size, states.size))
    for i, j in combinations(range(num_targets), 2):
        differ = states[(states >> i ^ states >> j) & 1 == 1]
        matrix[differ ^ 1 << i ^ 1 << j, differ] = 1.0
    return matrix


def apply_complete_xy(
    state: Complex, targets: Integers, cosine: float, sine: float, control_mask: int, control_value: int
) -> None:
    """Apply e^{-iφA}, given the cosine and sine of φ."""
    values, vectors = np.linalg.eigh(_matrix(targets.size))
    phases = np.power(cosine - 1j * sine, np.rint(values))  # A has whole numbers for eigenvalues
    coupled = groups(state.size, targets, control_mask, control_value)
    state[coupled] = (vectors * phases) @ (vectors.T @ state[coupled])


def complete_xy_inner(bra: Complex, ket: Complex, targets: Integers, control_mask: int, control_value: int) -> complex:
    """Return ⟨bra| Π ⊗ A |ket⟩."""
    coupled = groups(ket.size, targets, control_mask, control_value)
    return complex(np.vdot(bra[coupled], _matrix(targets.size) @ ket[coupled]))
