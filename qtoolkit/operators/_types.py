"""Array types, limits and checks that every operator module shares."""

from __future__ import annotations

import cmath
import operator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from qtoolkit.errors import OperatorError

__all__ = [
    "DEFAULT_ATOL",
    "MAX_SUM_QUBITS",
    "ComplexArray",
    "FloatArray",
    "IntArray",
    "Scalar",
    "as_int",
    "check_finite",
    "check_num_qubits",
    "checked_coefficient",
    "checked_coefficients",
    "checked_masks",
    "is_scalar",
]

IntArray: TypeAlias = npt.NDArray[np.int64]
FloatArray: TypeAlias = npt.NDArray[np.float64]
ComplexArray: TypeAlias = npt.NDArray[np.complex128]
Scalar: TypeAlias = "int | float | complex | np.number"

DEFAULT_ATOL = 1e-12
"""Coefficients of at most this magnitude count as zero where rounding may have left them."""

MAX_SUM_QUBITS = 62
"""Most qubits of a `PauliSum`: masks and the dimension 2^n must both be non-negative int64, as in the kernels."""


def is_scalar(value: object) -> bool:
    """Whether `value` is a Python or NumPy number."""
    return isinstance(value, int | float | complex | np.number)


def checked_coefficient(value: object) -> complex:
    """`value` as a finite complex number.

    Raises:
        OperatorError: if it is no number, or is infinite or NaN.
    """
    if not is_scalar(value):
        raise OperatorError(f"a coefficient must be a number, got {value!r}; bind parameters first")
    number: complex = complex(value)  # type: ignore[call-overload]
    if not cmath.isfinite(number):
        raise OperatorError(f"a coefficient must be finite, got {value!r}")
    return number


def as_int(name: str, value: object) -> int:
    """`value` as a Python int.

    Raises:
        OperatorError: if it is no integer; `name` says what it should have been.
    """
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise OperatorError(f"{name} must be an integer, got {value!r}") from None


def check_num_qubits(num_qubits: object, limit: int | None = None) -> int:
    """`num_qubits` as an int of at least 1 and at most `limit`.

    Raises:
        OperatorError: if it is no integer or out of range.
    """
    number = as_int("num_qubits", num_qubits)
    if number < 1:
        raise OperatorError(f"an operator needs at least one qubit, got num_qubits={number}")
    if limit is not None and number > limit:
        raise OperatorError(
            f"a PauliSum holds at most {limit} qubits (its masks are 64-bit integers), got num_qubits={number}; "
            "drop the idle qubits, or use single PauliStrings, which have no limit"
        )
    return number


def check_finite(values: npt.NDArray[Any], what: str) -> None:
    """Refuse infinities and NaN, naming the first.

    Raises:
        OperatorError: if one is there; `what` says of what.
    """
    finite = np.isfinite(values)
    if not finite.all():
        place = tuple(np.argwhere(~finite)[0].tolist())
        raise OperatorError(f"{what} must be finite, got {values[place]} at index {', '.join(map(str, place))}")


def checked_coefficients(values: npt.ArrayLike) -> ComplexArray:
    """A copy of `values` as a finite complex128 vector.

    Raises:
        OperatorError: if they are not numbers, not finite or not a vector.
    """
    try:
        array = np.array(values, dtype=np.complex128)
    except (TypeError, ValueError) as error:
        raise OperatorError(f"coefficients must be numbers, got {values!r}; bind parameters first") from error
    if array.ndim != 1:
        raise OperatorError(f"coefficients must be a vector with one entry per term, got shape {array.shape}")
    check_finite(array, "a coefficient")
    return array


def checked_masks(name: str, masks: npt.ArrayLike, num_qubits: int) -> IntArray:
    """A copy of `masks` as an int64 vector with bits below `num_qubits` only.

    Raises:
        OperatorError: if they are not integers, not a vector, or out of range.
    """
    try:
        given = np.asarray(masks)
    except ValueError as error:
        raise OperatorError(f"{name} must be a vector of integers, got {masks!r}") from error
    if given.ndim != 1:
        raise OperatorError(f"{name} must be a vector with one mask per term, got shape {given.shape}")
    if given.size and given.dtype.kind not in "iu":
        raise OperatorError(f"{name} must be integers below 2^{num_qubits}, got dtype {given.dtype}")
    outside = (given < 0) | (given >= 1 << num_qubits)
    if outside.any():
        raise OperatorError(f"{name} must be in [0, 2^{num_qubits}) for {num_qubits} qubits, got {given[outside][0]}")
    return given.astype(np.int64)
