"""Coefficients of gates at given parameter values: sums of ``a · exp(i Σ_j m_j θ_j / 2)`` with integers m_j.

The same code serves single states and as many members of a batch as a register holds. Costs 10 nanoseconds an angle and
2 for each term of the sums.
"""

from typing import NamedTuple

import numpy as np

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.tiles import lanes_of, multiply_tiles, multiply_tiles_conjugate
from qtoolkit_kernels.vector.turns import add_turned, write_turn

__all__ = [
    "HIGHEST",
    "MAX_ANGLES",
    "SCRATCH_TILES",
    "Gates",
    "Slots",
    "bind_angles",
    "bind_coefficients",
    "bind_gates",
    "fill_powers",
]

MAX_ANGLES = 4
"""Angles of one gate at most."""

HIGHEST = 3
"""Of the m_j, in absolute value."""

SCRATCH_TILES = MAX_ANGLES + 1
"""Turns by half of each angle, and a product of such."""

LARGEST = 1e6
"""Larger angles lose digits in the vector code for sines."""

ONE_LANE = Lanes(8)
"""What a single state is to a batch: a complex number is a tile of one member."""


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
def bind_angles(values: Floats, slots: Slots, angles: Floats, first: int, step: int) -> bool:
    """Write the angle of slot s to ``angles[first + step * s]``; beyond `LARGEST` whole periods are taken off.

    Returns:
        Whether all are finite.
    """
    constants, terms, coefficients = slots
    for s in range(constants.size):
        angles[first + step * s] = constants[s]
    for t in range(coefficients.size):
        angles[first + step * terms[t, 0]] += coefficients[t] * values[terms[t, 1]]
    usual = True
    for s in range(constants.size):
        usual &= abs(angles[first + step * s]) <= LARGEST
    if usual:
        return True
    for s in range(constants.size):
        half = 0.5 * angles[first + step * s]
        if not np.isfinite(half):
            return False
        if abs(half) > 0.5 * LARGEST:
            angles[first + step * s] = 2.0 * np.arctan2(np.sin(half), np.cos(half))
    return True


@njit
def bind_coefficients(gates: Gates, lanes: Lanes, angles: Floats, coefficients: Floats, scratch: Floats) -> None:
    """Compute the coefficients of gates for as many members at once as a register holds doubles, W.

    Args:
        gates: that depend on angles.
        lanes: marker of the vector width.
        angles: W of each slot.
        coefficients: a tile of each, W real and W imaginary parts; changed where gates depend on angles.
        scratch: room for `SCRATCH_TILES`.
    """
    rows, gate_slots, terms, amplitudes = gates
    width = lanes_of(coefficients, lanes)
    tile = 2 * width
    product = MAX_ANGLES * tile
    for g in range(rows.shape[0]):
        place, length, count = rows[g, 0], rows[g, 1], rows[g, 4]
        for j in range(count):
            write_turn(scratch, lanes, j * tile, j * tile + width, angles, gate_slots[g, j] * width, 0.5)
        for k in range(place * tile, (place + length) * tile):
            coefficients[k] = 0.0
        for t in range(rows[g, 2], rows[g, 3]):
            into, value = (place + terms[t, 0]) * tile, amplitudes[t]
            if count == 1 and abs(terms[t, 1]) == 1:
                add_turned(coefficients, lanes, into, scratch, 0, value.real, value.imag, float(terms[t, 1]))
                continue
            for lane in range(width):
                scratch[product + lane], scratch[product + width + lane] = 1.0, 0.0
            for j in range(count):
                power = terms[t, 1 + j]
                for _ in range(abs(power)):
                    if power > 0:
                        multiply_tiles(scratch, lanes, product, scratch, product, scratch, j * tile)
                    else:
                        multiply_tiles_conjugate(scratch, lanes, product, scratch, product, scratch, j * tile)
            add_turned(coefficients, lanes, into, scratch, product, value.real, value.imag, 1.0)


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
    if not bind_angles(values, slots, angles, 0, 1):
        return False
    bind_coefficients(gates, ONE_LANE, angles, coefficients.view(np.float64), np.empty(2 * SCRATCH_TILES, np.float64))
    return True
