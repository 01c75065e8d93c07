"""Array types that signatures of kernels and twins name."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Complex = NDArray[np.complexfloating[Any, Any]]
"""complex128 or complex64; all complex arrays of one call share the dtype unless a docstring says otherwise."""

Reals = NDArray[np.floating[Any]]
"""float64 or float32; the vector kernels hold complex states in arrays of real numbers."""

Integers = NDArray[np.int64]
ShortIntegers = NDArray[np.int32]
Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]
Bits = NDArray[np.uint8]
"""Zeros and ones, a byte each."""

Real = float | np.floating[Any]
Scalar = complex | np.inexact[Any]
