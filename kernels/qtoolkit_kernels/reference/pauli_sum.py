"""Twins of the functions for sums of Pauli strings: one string after the other."""

from typing import Any

import numpy as np

from qtoolkit_kernels._types import Complex, Floats
from qtoolkit_kernels.reference.pauli import apply_pauli

__all__ = ["pauli_sum_expectation", "pauli_sum_expectations", "apply_pauli_sum"]


def pauli_sum_expectations(state: Complex, sums: Any) -> Floats:
    """Return Σ_t c_t ⟨ψ|P_t|ψ⟩ for every (x masks, z masks, coefficients) in `sums.sums`, with real coefficients."""
    wide = state.astype(np.complex128)
    return np.array(
        [
            sum(
                coefficient.real * np.vdot(wide, apply_pauli(wide, int(x_mask), int(z_mask))).real
                for x_mask, z_mask, coefficient in zip(*strings, strict=True)
            )
            for strings in sums.sums
        ],
        np.float64,
    )


def pauli_sum_expectation(state: Complex, sums: Any) -> float:
    """Return the expectation value of the first sum."""
    return float(pauli_sum_expectations(state, sums)[0])


def apply_pauli_sum(state: Complex, out: Complex, sums: Any) -> None:
    """Write Σ_t c_t P_t |ψ⟩ of the first sum into `out`."""
    total = np.zeros(state.size, np.complex128)
    for x_mask, z_mask, coefficient in zip(*sums.sums[0], strict=True):
        total += coefficient * apply_pauli(state.astype(np.complex128), int(x_mask), int(z_mask))
    out[:] = total
