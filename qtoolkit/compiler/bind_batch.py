"""Coefficients of a program's gates at many parameter values at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qtoolkit.compiler.passes.lower import PLANNER_CONSTANTS
from qtoolkit.compiler.program import Program, Slots
from qtoolkit.errors import ParameterError

__all__ = ["bind_batch"]

FloatArray = NDArray[np.float64]


def bind_batch(program: Program, values: FloatArray) -> tuple[NDArray[np.complex128], FloatArray]:
    """Do what `Program.bind` and `with_constants` do, for every row of values.

    Args:
        program: the gates.
        values: shape ``(batch, num_parameters)``.

    Returns:
        complex128 of shape ``(batch, num_coefficients)``, the planner's constants behind those of the gates, and the
        global phase in radians, shape ``(batch,)``.

    Raises:
        ParameterError: if an angle is too large for a float.
    """
    angles = _angles(program.slots, values)
    size = program.constant_coefficients.size
    coefficients = np.empty((values.shape[0], size + PLANNER_CONSTANTS.size), np.complex128)
    coefficients[:, :size] = program.constant_coefficients
    coefficients[:, size:] = PLANNER_CONSTANTS
    for group in program.groups:
        found = group.coefficients(*(angles[:, slots] for slots in group.slots.T))
        coefficients[:, group.positions] = found
    return coefficients, angles[:, program.phase_slot]


def _angles(slots: Slots, values: FloatArray) -> FloatArray:
    """The angle of every slot in radians, shape ``(batch, num_slots)``."""
    angles = np.tile(slots.constant, (values.shape[0], 1))
    if slots.slot.size:
        order = np.argsort(slots.slot, kind="stable")
        ordered = slots.slot[order]
        starts = np.flatnonzero(np.diff(ordered, prepend=-1))
        with np.errstate(over="ignore", invalid="ignore"):
            terms = slots.coefficient[order] * values[:, slots.parameter[order]]
            angles[:, ordered[starts]] += np.add.reduceat(terms, starts, axis=1)
    if not np.isfinite(angles).all():
        raise ParameterError(f"angles must be finite, got {angles[~np.isfinite(angles)][0]}; take smaller values")
    return angles
