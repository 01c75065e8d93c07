"""Pauli strings and rotations about them, for twins."""

import numpy as np

from qtoolkit_kernels._types import Complex
from qtoolkit_kernels.reference._indices import controlled_indices, signs

__all__ = ["apply_pauli", "apply_pauli_rotation"]


def apply_pauli(state: Complex, x_mask: int, z_mask: int) -> Complex:
    """Return P|ψ⟩: P|j⟩ = i^{|x & z|} (-1)^{|j & z|} |j ^ x⟩."""
    indices = np.arange(state.size, dtype=np.int64)
    phase = (1, 1j, -1, -1j)[(x_mask & z_mask).bit_count() % 4]
    result = np.empty_like(state)
    result[indices ^ x_mask] = phase * signs(indices, z_mask) * state
    return result


def apply_pauli_rotation(
    state: Complex, x_mask: int, z_mask: int, cosine: float, sine: float, control_mask: int, control_value: int
) -> None:
    """Apply cos(θ/2) - i sin(θ/2) P in place to the controlled amplitudes."""
    indices = controlled_indices(state.size, control_mask, control_value)
    rotated = cosine * state - 1j * sine * apply_pauli(state, x_mask, z_mask)
    state[indices] = rotated[indices]
