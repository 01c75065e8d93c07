"""Array types, limits and checks that every operator module shares."""

from __future__ import annotations

import cmath
import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias, TypeGuard

import numpy as np
import numpy.typing as npt

from qtoolkit._arguments import MOST_ITEMS, check_instance, check_number, items_of, numbers_of, shown
from qtoolkit.errors import OperatorError, QToolkitError

__all__ = [
    "DEFAULT_ATOL",
    "FEW",
    "MAX_SUM_QUBITS",
    "ComplexArray",
    "FloatArray",
    "IntArray",
    "Scalar",
    "as_int",
    "check_atol",
    "check_finite",
    "check_num_qubits",
    "checked_coefficient",
    "checked_coefficients",
    "checked_masks",
    "coefficients_of",
    "complex_array",
    "is_scalar",
    "shortest",
    "sparse_terms",
    "tuples_of",
]

IntArray: TypeAlias = npt.NDArray[np.int64]
FloatArray: TypeAlias = npt.NDArray[np.float64]
ComplexArray: TypeAlias = npt.NDArray[np.complex128]
Scalar: TypeAlias = "int | float | complex | np.number"

DEFAULT_ATOL = 1e-12
"""Coefficients of at most this magnitude count as zero where rounding may have left them."""

MAX_SUM_QUBITS = 62
"""Most qubits of a `PauliSum`: masks and the dimension 2^n must both be non-negative int64, as in the kernels."""

_FLOATS = frozenset({float, complex})

FEW = 64
"""Up to so many numbers are looked at one by one in less time than NumPy takes to begin."""


def is_scalar(value: object) -> bool:
    """Whether `value` is a Python or NumPy number."""
    return isinstance(value, int | float | complex | np.number)


def checked_coefficient(value: object) -> complex:
    """`value` as a finite complex number.

    Raises:
        OperatorError: if it is no number, or is infinite or NaN.
    """
    if not is_scalar(value):
        raise OperatorError(f"a coefficient must be a number, got {shown(value)}; bind parameters first")
    try:
        number: complex = complex(value)  # type: ignore[call-overload]
    except OverflowError:  # an integer beyond the range of floats
        number = complex(cmath.inf)
    if not cmath.isfinite(number):
        raise OperatorError(f"a coefficient must be finite, got {shown(value)}")
    return number


def coefficients_of(values: Sequence[object]) -> ComplexArray:
    """Numbers as a finite complex128 vector.

    Raises:
        OperatorError: as `checked_coefficient` does.
    """
    array = _of_finite_floats(values)
    if array is not None:
        return array
    return np.array([checked_coefficient(value) for value in values], np.complex128)


def _of_finite_floats(values: Sequence[object]) -> ComplexArray | None:
    """Python's real and complex numbers as a vector; None for others, or if one is not finite."""
    if not set(map(type, values)) <= _FLOATS:
        return None
    array = np.array(values, np.complex128)
    is_finite = all(map(cmath.isfinite, array.tolist())) if array.size <= FEW else np.isfinite(array).all()
    return array if is_finite else None


def as_int(name: str, value: object) -> int:
    """`value` as a Python int.

    Raises:
        OperatorError: if it is no integer; `name` says what it should have been.
    """
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise OperatorError(f"{name} must be an integer, got {shown(value)}") from None


def check_num_qubits(num_qubits: object, limit: int | None = None) -> int:
    """`num_qubits` as an int of at least 1 and at most `limit`.

    Raises:
        OperatorError: if it is no integer or out of range.
    """
    number = as_int("num_qubits", num_qubits)
    if number > MOST_ITEMS and limit is None:
        raise OperatorError(f"an operator has at most {MOST_ITEMS} qubits, got num_qubits={shown(number)}")
    if number < 1:
        raise OperatorError(f"an operator needs at least one qubit, got num_qubits={shown(number)}")
    if limit is not None and number > limit:
        raise OperatorError(
            f"a PauliSum holds at most {limit} qubits (its masks are 64-bit integers), got num_qubits={shown(number)}; "
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
    plain = _of_finite_floats(values) if isinstance(values, (list, tuple)) else None
    if plain is not None:
        return plain
    array = np.array(complex_array(values, "coefficients"))
    if array.ndim != 1:
        raise OperatorError(f"coefficients must be a vector with one entry per term, got shape {array.shape}")
    check_finite(array, "a coefficient")
    return array


def complex_array(values: npt.ArrayLike, name: str) -> ComplexArray:
    """`values` as an array of complex numbers.

    Raises:
        OperatorError: if they are not numbers.
    """
    array = numbers_of(values, name, kinds="biufcO", kind="numbers", error=OperatorError)
    try:
        return array.astype(np.complex128, copy=False)
    except (TypeError, ValueError, ArithmeticError, QToolkitError) as error:
        raise OperatorError(f"{name} must be numbers, got {shown(values)}; bind parameters first") from error


def tuples_of(terms: Iterable[Any], length: int, rule: str) -> Iterator[Sequence[Any]]:
    """The terms of a sum, lists or tuples of one length.

    Raises:
        OperatorError: saying the rule, if one is none.
    """
    for term in items_of(terms, "the terms of a sum are a sequence of tuples", OperatorError):
        if not isinstance(term, (list, tuple)) or len(term) != length:
            raise OperatorError(f"{rule}, got {shown(term)}")
        yield term


def sparse_terms(terms: Iterable[Any]) -> Iterator[tuple[str, tuple[int, ...], Any]]:
    """The terms of a sum: as many letters as distinct qubits, and a coefficient that is not looked at.

    Raises:
        OperatorError: if one is none.
    """
    for letters, given, value in tuples_of(terms, 3, "a term is a triple (letters, qubits, coefficient)"):
        check_instance(letters, str, "the letters of a term are a string", OperatorError)
        places = items_of(given, "the qubits of a term are a sequence", OperatorError)
        qubits = tuple(as_int("a qubit", qubit) for qubit in places)
        if len(letters) != len(qubits):
            raise OperatorError(f"each letter needs one qubit, got {shown(letters)} and qubits {shown(qubits)}")
        if len(set(qubits)) != len(qubits):
            raise OperatorError(f"the qubits of a term must be distinct, got {shown(qubits)}")
        yield letters, qubits, value


def check_atol(atol: object) -> float:
    """A tolerance as a float of at least 0.

    Raises:
        OperatorError: if it is none.
    """
    return check_number(atol, "atol", kind="a number of at least 0", accept=lambda x: x >= 0, error=OperatorError)


def _are_few_integers(values: object) -> TypeGuard[Sequence[int]]:
    return isinstance(values, (list, tuple)) and len(values) <= FEW and set(map(type, values)) == {int}


def checked_masks(name: str, masks: npt.ArrayLike, num_qubits: int) -> IntArray:
    """A copy of `masks` as an int64 vector with bits below `num_qubits` only.

    Raises:
        OperatorError: if they are not integers, not a vector, or out of range.
    """
    if _are_few_integers(masks) and min(masks) >= 0 and max(masks) < 1 << num_qubits:
        return np.array(masks, np.int64)
    given = numbers_of(masks, name, kinds="biufO", kind="a vector of integers", error=OperatorError)
    if given.ndim != 1:
        raise OperatorError(f"{name} must be a vector with one mask per term, got shape {given.shape}")
    if given.size and given.dtype.kind not in "iu":
        raise OperatorError(f"{name} must be integers below 2^{num_qubits}, got dtype {given.dtype}")
    outside = (given < 0) | (given >= 1 << num_qubits)
    if outside.any():
        raise OperatorError(f"{name} must be in [0, 2^{num_qubits}) for {num_qubits} qubits, got {given[outside][0]}")
    return given.astype(np.int64)


def shortest(value: complex) -> str:
    """A number's text, without an imaginary part that is zero."""
    return repr(value.real if value.imag == 0 else value)
