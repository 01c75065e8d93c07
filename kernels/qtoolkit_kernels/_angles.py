"""Sines and cosines of many angles, without branches so that the compiler runs them in vector lanes.

The machine's library computes one at a time. Argument reduction by three-part multiples of π/2 and the polynomials on
[-π/4, π/4] are those of W. J. Cody and W. Waite, Software Manual for the Elementary Functions (1980), with Sun's
coefficients (fdlibm, k_sin.c and k_cos.c); errors stay below two units in the last place.
"""

import math

import numpy as np

from qtoolkit_kernels._bits import as_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Floats

_LARGE = 1e6
"""Beyond this angle the products with the parts of π/2 are no longer exact."""

_PART_0, _PART_1, _PART_2 = 1.57079632673412561417e00, 6.07710050630396597660e-11, 2.02226624879595063154e-21


@njit
def sines_and_cosines(angles: Floats, count: int, sines: Floats, cosines: Floats) -> None:
    """Write sin and cos of the first `count` angles (radians)."""
    largest = 0.0
    for i in range(count):
        largest = max(largest, abs(angles[as_index(i)]))
    if largest > _LARGE:
        for i in range(count):
            sines[as_index(i)] = math.sin(angles[as_index(i)])
            cosines[as_index(i)] = math.cos(angles[as_index(i)])
        return
    for i in range(count):
        x = angles[as_index(i)]
        turns = np.floor(x * (2 / math.pi) + 0.5)
        r = ((x - turns * _PART_0) - turns * _PART_1) - turns * _PART_2
        z = r * r
        odd = 8.33333333332248946124e-03 + z * (
            -1.98412698298579493134e-04
            + z * (2.75573137070700676789e-06 + z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10))
        )
        sine = r + r * z * (-1.66666666666666324348e-01 + z * odd)
        even = -1.38888888888741095749e-03 + z * (
            2.48015872894767294178e-05
            + z * (-2.75573143513906633035e-07 + z * (2.08757232129817482790e-09 - z * 1.13596475577881948265e-11))
        )
        cosine = 1.0 - 0.5 * z + z * z * (4.16666666666666019037e-02 + z * even)
        quarter = turns - 4.0 * np.floor(0.25 * turns)
        crossed = (quarter == 1.0) | (quarter == 3.0)
        new_sine = cosine if crossed else sine
        new_cosine = sine if crossed else cosine
        sines[as_index(i)] = -new_sine if quarter >= 2.0 else new_sine
        cosines[as_index(i)] = -new_cosine if (quarter == 1.0) | (quarter == 2.0) else new_cosine
