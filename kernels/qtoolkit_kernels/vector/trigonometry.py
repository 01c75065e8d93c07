"""Coefficients of gates at given parameter values: sums of ``a · exp(i Σ_j m_j θ_j / 2)`` with integers m_j.

Costs 20 nanoseconds an angle and 2 for each term of the sums.
"""

from typing import NamedTuple

import numpy as np

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers

__all__ = ["HIGHEST", "MAX_ANGLES", "Gates", "Slots", "bind_gates", "fill_powers"]

MAX_ANGLES = 4
"""Angles of one gate at most."""

HIGHEST = 3
"""Of the m_j, in absolute value."""


class Slots(NamedTuple):
    """The angles of a program, by the parameters.

    Attributes:
        constants: float64[slots], the part of each angle that no parameter changes, in radians.
        terms, coefficients: int64[:, 2] and float64[:]: slot, parameter and the coefficient between them.
    """

    constants: Floats
    terms: Integers
    coefficients: Floats


class Gates(NamedTuple):
    """Gates whose coefficients depend on angles.

    Attributes:
        rows: int64[:, 5]: place of the coefficients, their number, first term and past the last, number of angles.
        slots: int64[:, 4], of the angles.
        terms, amplitudes: int64[:, 5] and complex128[:]: which coefficient, then the m_j; and a.
    """

    rows: Integers
    slots: Integers
    terms: Integers
    amplitudes: Complex


@njit
def fill_powers(angle: float, powers: Complex) -> None:
    """Write the powers of ``exp(i angle / 2)`` from -`HIGHEST` to `HIGHEST`, complex128[2 * HIGHEST + 1]."""
    half = 0.5 * angle
    turn = complex(np.cos(half), np.sin(half))
    powers[HIGHEST] = 1.0
    for m in range(1, HIGHEST + 1):
        powers[HIGHEST + m] = powers[HIGHEST + m - 1] * turn
        powers[HIGHEST - m] = powers[HIGHEST + m].conjugate()


@njit
def bind_gates(
    values: Floats,
    slots: Slots,
    gates: Gates,
    angles: Floats,
    coefficients: Complex,
) -> bool:
    """Compute the angle of every slot and the coefficients that depend on them.

    Args:
        values: of the parameters.
        slots: of the angles.
        gates: that depend on angles.
        angles: receives the angles, in radians.
        coefficients: changed where gates depend on parameters.

    Returns:
        Whether all angles are finite; if not, coefficients are left as they are.
    """
    constants, slot_terms, slot_coefficients = slots
    rows, gate_slots, terms, amplitudes = gates
    for s in range(constants.size):
        angles[s] = constants[s]
    for t in range(slot_terms.shape[0]):
        angles[slot_terms[t, 0]] += slot_coefficients[t] * values[slot_terms[t, 1]]
    for s in range(angles.size):
        if not np.isfinite(angles[s]):
            return False
    powers = np.empty((MAX_ANGLES, 2 * HIGHEST + 1), np.complex128)
    for g in range(rows.shape[0]):
        place, length, first, last, count = rows[g, 0], rows[g, 1], rows[g, 2], rows[g, 3], rows[g, 4]
        for j in range(count):
            fill_powers(angles[gate_slots[g, j]], powers[j])
        for k in range(place, place + length):
            coefficients[k] = 0.0
        for t in range(first, last):
            value = amplitudes[t]
            for j in range(count):
                value *= powers[j, HIGHEST + terms[t, 1 + j]]
            coefficients[place + terms[t, 0]] += value
    return True
