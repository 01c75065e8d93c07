"""Twins of the packed Pauli sums: one string after the other, superblock by superblock."""

from collections.abc import Sequence

import numpy as np

from qtoolkit_kernels._types import Complex, Floats
from qtoolkit_kernels.reference.pauli import apply_pauli
from qtoolkit_kernels.vector.pauli.program import Strings

__all__ = ["program_image", "program_value", "program_values"]


def program_image(state: Complex, strings: Strings) -> Complex:
    """Return Σ_t c_t P_t |ψ⟩ in double precision."""
    ket = state.astype(np.complex128)
    total = np.zeros_like(ket)
    for x_mask, z_mask, coefficient in zip(*strings, strict=True):
        total += coefficient * apply_pauli(ket, int(x_mask), int(z_mask))
    return total


def program_values(state: Complex, sums: Sequence[Strings]) -> Floats:
    """Return Σ_t Re(c_t) ⟨ψ|P_t|ψ⟩ of every sum."""
    bra = state.astype(np.complex128)
    images = [program_image(state, (x, z, np.asarray(c).real.astype(np.complex128))) for x, z, c in sums]
    return np.array([np.vdot(bra, image).real for image in images], np.float64)


def program_value(state: Complex, strings: Strings) -> float:
    """Return the value of one sum."""
    return float(program_values(state, [strings])[0])
