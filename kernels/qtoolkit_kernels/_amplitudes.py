"""Arithmetic on single amplitudes that several kernels share."""

import numpy as np

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Scalar


@njit
def conjugate_product(left: Scalar, right: Scalar) -> complex:
    """Return conj(left) · right in double precision."""
    left_real, left_imag = np.float64(left.real), np.float64(left.imag)
    right_real, right_imag = np.float64(right.real), np.float64(right.imag)
    return complex(left_real * right_real + left_imag * right_imag, left_real * right_imag - left_imag * right_real)


@njit
def times_power_of_i(value: Scalar, power: int) -> complex:
    """Return `value` · i^power, exactly and in the precision of `value`."""
    quarter = power & 3
    if quarter == 0:
        return complex(value.real, value.imag)
    if quarter == 1:
        return complex(-value.imag, value.real)
    if quarter == 2:
        return complex(-value.real, -value.imag)
    return complex(value.imag, -value.real)
