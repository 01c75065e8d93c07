"""Twin of the coefficients of gates: term by term."""

import numpy as np

from qtoolkit_kernels._types import Complex, Floats
from qtoolkit_kernels.vector.trigonometry import Gates, Slots

__all__ = ["bind_gates"]


def bind_gates(values: Floats, slots: Slots, gates: Gates, angles: Floats, coefficients: Complex) -> bool:
    """Write every angle, and each gate's coefficients as sums of ``a · exp(i Σ_j m_j θ_j / 2)``, as the kernel does."""
    angles[:] = slots.constants
    for (slot, parameter), coefficient in zip(slots.terms, slots.coefficients, strict=True):
        angles[slot] += coefficient * values[parameter]
    if not np.all(np.isfinite(angles)):
        return False
    for (place, length, first, last, count), own in zip(gates.rows, gates.slots, strict=True):
        coefficients[place : place + length] = 0
        for term, amplitude in zip(gates.terms[first:last], gates.amplitudes[first:last], strict=True):
            turn = term[1 : 1 + count] @ angles[own[:count]] / 2
            coefficients[place + term[0]] += amplitude * np.exp(1j * turn)
    return True
