"""The numbers of planned sweeps at given parameter values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from qtoolkit.compiler import SweepPart
from qtoolkit.simulators.memory import aligned_empty
from qtoolkit_kernels.vector import numbers as kernels

__all__ = ["Numbers", "arrays_to_fill", "numbers_of", "unfilled_numbers"]


@dataclass(frozen=True, eq=False)
class Numbers:
    """What `qtoolkit_kernels.vector.sweep` reads beside a plan.

    Attributes:
        operations: the plan's rows, rotations filled in.
        registers: coefficients in the state's precision, aligned.
        constants, linear, pairs: polynomials of phases.
        string_angles: of strings of Z, in radians.
        factor: what the sweeps leave out, a scale and a phase.
    """

    operations: NDArray[np.int64]
    registers: NDArray[np.floating]
    constants: NDArray[np.complex128]
    linear: NDArray[np.complex128]
    pairs: NDArray[np.complex128]
    string_angles: NDArray[np.float64]
    factor: complex


def numbers_of(
    part: SweepPart, coefficients: NDArray[np.complex128], dtype: DTypeLike, phase: complex = 1.0
) -> Numbers:
    """Compute the numbers of some sweeps.

    Args:
        part: the sweeps.
        coefficients: of the program's gates, planner's constants behind them.
        dtype: float64 or float32.
        phase: another factor that the sweeps leave out.
    """
    num_products = part.product_start.size - 1
    string_angles, operations, registers, constants, linear, pairs = arrays = arrays_to_fill(part, dtype)
    factor = kernels.fill_numbers(
        part.extended(coefficients),
        1 << part.layout.lane_bits,
        part.product_start,
        part.product_factors,
        part.dense_start,
        part.dense_factors,
        part.terms,
        part.controls,
        part.sets,
        part.members,
        part.writes,
        part.string_places,
        np.empty((num_products, 2)),
        np.empty((num_products, 2), np.complex128),
        np.empty((part.dense_start.size - 1, 16), np.complex128),
        *arrays,
        part.has_rare_writes or None,
    )
    return Numbers(operations, registers, constants, linear, pairs, string_angles, factor * phase)


def unfilled_numbers(part: SweepPart, dtype: DTypeLike) -> Numbers:
    """Arrays of the right kinds and sizes, before any number is in them."""
    string_angles, operations, registers, constants, linear, pairs = arrays_to_fill(part, dtype)
    return Numbers(operations, registers, constants, linear, pairs, string_angles, 1.0 + 0.0j)


def arrays_to_fill(
    part: SweepPart, dtype: DTypeLike
) -> tuple[
    NDArray[np.float64],
    NDArray[np.int64],
    NDArray[np.floating],
    NDArray[np.complex128],
    NDArray[np.complex128],
    NDArray[np.complex128],
]:
    """String angles, operations, registers, and polynomials of constants, linear factors and pairs, before any number.

    What no parameter changes is in them already, the polynomials are 1.
    """
    count, num_bits = part.controls.size, part.layout.num_bits
    registers = cast("NDArray[np.floating]", aligned_empty(part.registers.size, dtype))
    registers[:] = part.registers
    return (
        np.empty(part.string_places.size),
        part.operations.copy(),
        registers,
        np.ones(count, np.complex128),
        np.ones((count, num_bits), np.complex128),
        np.ones((count, num_bits, num_bits), np.complex128),
    )
