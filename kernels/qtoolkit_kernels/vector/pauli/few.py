"""One Pauli sum of few strings packed into a program in one call, where what Python does around more takes longer."""

import numpy as np

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers
from qtoolkit_kernels.vector.pauli import program
from qtoolkit_kernels.vector.pauli import sizes as place
from qtoolkit_kernels.vector.pauli.forms import pack_terms
from qtoolkit_kernels.vector.pauli.passes import order_passes

__all__ = ["pack_few"]


@njit
def pack_few(
    x_masks: Integers, z_masks: Integers, coefficients: Complex, sizes: Integers, packed: Integers, floats: Floats
) -> int:
    """Do what `pack_terms` and `order_passes` do, with scratch of its own.

    Args:
        x_masks, z_masks, coefficients: of the sum.
        sizes: see `sizes`.
        packed, floats: receive the program.

    Returns:
        How many numbers `packed` takes; 0 if it or `floats` are too short.
    """
    count = x_masks.size
    terms, values = np.empty((3, count), np.int64), np.empty(count, np.complex128)
    for t in range(count):
        terms[0, t], terms[1, t], terms[2, t], values[t] = 0, x_masks[t], z_masks[t], coefficients[t]
    ints = np.empty((place.INT_ROWS, 2 * count), np.int64)
    reals, passes = np.empty((place.REAL_ROWS, 2 * count), np.float64), np.empty(packed.size, np.int64)
    if not pack_terms(terms, values, sizes, ints, reals, passes, floats):
        return 0
    needed = program.FIRST + sizes[place.NUM_INTS] + program.SECTION * sizes[place.NUM_PASSES] + 1
    if needed > packed.size or sizes[place.NUM_PASSES] > 2 * count:
        return 0
    used: int = order_passes(sizes, 1, passes, ints, packed)
    return used
