"""Twins of the kernels for sums of Pauli strings: one string after the other."""

import numpy as np

from qtoolkit_kernels._types import Complex, Floats, Integers
from qtoolkit_kernels.reference.pauli import apply_pauli, pauli_inner

__all__ = ["pauli_term_expectations", "pauli_sum_expectation", "apply_pauli_sum"]


def pauli_term_expectations(
    state: Complex, x_masks: Integers, z_masks: Integers, group_start: Integers, out: Floats
) -> None:
    """Write ⟨ψ|P_t|ψ⟩ into `out` (float64[terms]); `group_start` marks the runs of equal x mask."""
    for group in range(group_start.size - 1):
        for term in range(group_start[group], group_start[group + 1]):
            x_mask = int(x_masks[group_start[group]])
            out[term] = pauli_inner(state, state, x_mask, int(z_masks[term]), 0, 0).real


def pauli_sum_expectation(
    state: Complex, x_masks: Integers, z_masks: Integers, coefficients: Floats, group_start: Integers
) -> float:
    """Return Σ_t coefficients_t ⟨ψ|P_t|ψ⟩ for real coefficients (float64[terms])."""
    terms = np.empty(x_masks.size, np.float64)
    pauli_term_expectations(state, x_masks, z_masks, group_start, terms)
    return float(coefficients @ terms)


def apply_pauli_sum(state: Complex, out: Complex, x_masks: Integers, z_masks: Integers, coefficients: Complex) -> None:
    """Write Σ_t coefficients_t P_t |ψ⟩ into `out`."""
    total = np.zeros(state.size, np.complex128)
    for x_mask, z_mask, coefficient in zip(x_masks, z_masks, coefficients, strict=True):
        total += coefficient * apply_pauli(state.astype(np.complex128), int(x_mask), int(z_mask))
    out[:] = total
