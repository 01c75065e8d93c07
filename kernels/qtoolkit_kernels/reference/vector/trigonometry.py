"""Twin of the coefficients of gates: term by term."""

import numpy as np

from qtoolkit_kernels._types import Complex, Floats, Integers

__all__ = ["bind_gates"]


def bind_gates(
    values: Floats,
    constants: Floats,
    slot_terms: Integers,
    slot_coefficients: Floats,
    gates: Integers,
    gate_slots: Integers,
    terms: Integers,
    amplitudes: Complex,
    angles: Floats,
    coefficients: Complex,
) -> bool:
    """Write every angle, and each gate's coefficients as sums of ``a · exp(i Σ_j m_j θ_j / 2)``, as the kernel does."""
    angles[:] = constants
    for (slot, parameter), coefficient in zip(slot_terms, slot_coefficients, strict=True):
        angles[slot] += coefficient * values[parameter]
    if not np.all(np.isfinite(angles)):
        return False
    for (place, length, first, last, count), slots in zip(gates, gate_slots, strict=True):
        coefficients[place : place + length] = 0
        for term, amplitude in zip(terms[first:last], amplitudes[first:last], strict=True):
            turn = term[1 : 1 + count] @ angles[slots[:count]] / 2
            coefficients[place + term[0]] += amplitude * np.exp(1j * turn)
    return True
