"""The numbers of planned sweeps at given parameter values."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from qtoolkit.compiler import SweepPart
from qtoolkit.simulators.memory import aligned_empty
from qtoolkit_kernels.vector import numbers as kernels
from qtoolkit_kernels.vector.plan import Numbers, Products

__all__ = ["fixed_numbers", "numbers_of", "unfilled_numbers"]


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
    formulas, numbers = part.formulas, unfilled_numbers(part, dtype)
    num_products = formulas.product_start.size - 1
    products = Products(
        np.empty((num_products, 2)),
        np.empty((num_products, 2), np.complex128),
        np.empty((formulas.dense_start.size - 1, 16), np.complex128),
    )
    factor = kernels.fill_numbers(
        part.extended(coefficients),
        1 << part.layout.lane_bits,
        formulas,
        products,
        numbers,
        part.has_rare_writes or None,
    )
    return Numbers(*numbers[:-1], factor * phase)


def unfilled_numbers(part: SweepPart, dtype: DTypeLike) -> Numbers:
    """Arrays to be filled: what no parameter changes, in the precision of a state."""
    registers = cast("NDArray[np.floating]", aligned_empty(part.registers.size, dtype))
    registers[:] = part.registers
    return _numbers(part, part.operations.copy(), registers)


def fixed_numbers(part: SweepPart) -> Numbers:
    """What no parameter changes, in arrays of the plan, and of the rest arrays of the right kinds and sizes."""
    return _numbers(part, part.operations, part.registers)


def _numbers(part: SweepPart, operations: NDArray[np.int64], registers: NDArray[np.floating]) -> Numbers:
    """Numbers whose polynomials and factor are 1."""
    count, num_bits = part.controls.size, part.layout.num_bits
    # One array filled at once: `numpy.ones` takes five times as long for each.
    ones = np.empty(count * (1 + num_bits + num_bits * num_bits), np.complex128)
    ones.fill(1.0)
    end = count * (1 + num_bits)
    return Numbers(
        operations=operations,
        registers=registers,
        constants=ones[:count],
        linear=ones[count:end].reshape(count, num_bits),
        pairs=ones[end:].reshape(count, num_bits, num_bits),
        controls=part.controls,
        strings=part.strings,
        string_angles=np.empty(part.formulas.string_places.size),
        factor=1.0 + 0.0j,
    )
