"""Checks of input that applications share: numbers and arrays, refused with the toolkit's own errors.

Text, None, masks, missing values and imaginary parts never turn into numbers here, and labels never get lost.
"""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import shown
from qtoolkit._labels import has_labels
from qtoolkit._memory import check_memory
from qtoolkit.errors import InputError, InsufficientMemoryError

__all__ = ["require_array", "require_choice", "require_integer", "require_number", "require_positive"]

_KINDS = {"real": "biuf", "complex": "biufc", "integer": "biu"}
"""By what is wanted: NumPy's kinds that convert to it without loss."""

_DTYPES: dict[str, type[np.generic]] = {"real": np.float64, "complex": np.complex128, "integer": np.int64}

_LONGEST_RANGE = 1 << 20
"""NumPy turns a range into a list of Python's integers first, however long."""

_CONVERSIONS: dict[str, tuple[Callable[[Any], Any], tuple[str, ...]]] = {
    "real": (float, ("__float__", "__index__")),
    "complex": (complex, ("__complex__", "__float__", "__index__")),
    "integer": (operator.index, ("__index__",)),
}
"""By what is wanted: how an object becomes it, and the methods one of which it must have; text has none of them."""


def require_integer(name: str, value: object, minimum: int | None = None, maximum: int | None = None) -> int:
    """`value` as an int.

    Raises:
        InputError: if it is no integer (bools, floats and text are none) or out of range.
    """
    try:
        if isinstance(value, bool | np.bool_ | np.timedelta64):
            raise TypeError
        number = operator.index(value)  # type: ignore[arg-type]  # what has no __index__ raises
    except TypeError:
        raise InputError(f"{name} must be an integer, got {shown(value)}") from None
    if (minimum is not None and number < minimum) or (maximum is not None and number > maximum):
        raise InputError(f"{name} must be{_range(minimum, maximum).removeprefix(' of')}, got {shown(number)}")
    return number


def require_number(name: str, value: object, minimum: float | None = None, maximum: float | None = None) -> float:
    """`value` as a float.

    Raises:
        InputError: if it is no real number (bools and text are none), NaN, infinite or out of range.
    """
    number = None if isinstance(value, bool | np.bool_) else _converted(value, "real")
    in_range = number is not None and (minimum is None or number >= minimum) and (maximum is None or number <= maximum)
    if number is None or not math.isfinite(number) or not in_range:
        kind = "a finite number" if minimum is None and maximum is None else "a number"
        raise InputError(f"{name} must be {kind}{_range(minimum, maximum)}, got {shown(value)}")
    return float(number)


def require_positive(name: str, value: object, maximum: float | None = None) -> float:
    """`value` as a float above 0.

    Raises:
        InputError: if it is none.
    """
    number = require_number(name, value, None, maximum)
    if number <= 0.0:
        raise InputError(f"{name} must be positive, got {number:g}")
    return number


def require_choice(name: str, value: object, choices: Iterable[str]) -> str:
    """`value`, which must be one of some words.

    Raises:
        InputError: if it is none of them.
    """
    words = tuple(choices)
    if not isinstance(value, str) or value not in words:
        raise InputError(f"{name} must be one of {', '.join(words)}, got {shown(value)}")
    return value


@overload
def require_array(
    name: str,
    value: object,
    shape: Sequence[int | None] | None = None,
    *,
    kind: Literal["real"] = "real",
    finite: bool = True,
    place: Callable[[tuple[int, ...]], str] | None = None,
) -> NDArray[np.float64]: ...
@overload
def require_array(
    name: str,
    value: object,
    shape: Sequence[int | None] | None = None,
    *,
    kind: Literal["complex"],
    finite: bool = True,
    place: Callable[[tuple[int, ...]], str] | None = None,
) -> NDArray[np.complex128]: ...
@overload
def require_array(
    name: str,
    value: object,
    shape: Sequence[int | None] | None = None,
    *,
    kind: Literal["integer"],
    finite: bool = True,
    place: Callable[[tuple[int, ...]], str] | None = None,
) -> NDArray[np.int64]: ...
def require_array(
    name: str,
    value: object,
    shape: Sequence[int | None] | None = None,
    *,
    kind: Literal["real", "complex", "integer"] = "real",
    finite: bool = True,
    place: Callable[[tuple[int, ...]], str] | None = None,
) -> NDArray[Any]:
    """`value` as an array of its own in C order, which nobody can write to.

    Args:
        name: what it is, for the message.
        value: an array or nested sequences of numbers.
        shape: that it must have; None for any, and in it None for any length.
        kind: of number: float64, complex128 or int64 come back. Bools count as 0 and 1.
        finite: whether NaN and infinity are refused.
        place: words for the place of an entry, such as ``for AAPL on 2020-01-02``; its index by default.

    Raises:
        InputError: if an entry is no such number, the shape differs, or labels would be lost.
        InsufficientMemoryError: if there is no memory for it.
    """
    where = place or (lambda index: f"at {list(index)}" if index else "")
    found = _plain_array(name, value)
    if shape is not None and not (
        found.ndim == len(shape) and all(want in (None, have) for want, have in zip(shape, found.shape, strict=True))
    ):
        wanted = ", ".join("any" if length is None else str(length) for length in shape)
        raise InputError(f"{name} must have shape ({wanted}{',' * (len(shape) == 1)}), got {found.shape}")
    dtype = _DTYPES[kind]
    check_memory(found.size * np.dtype(dtype).itemsize, name, "pass a smaller array")
    wraps = kind == "integer" and found.dtype == np.uint64 and bool(np.any(found > np.iinfo(np.int64).max))
    if found.dtype.kind in _KINDS[kind] and not wraps:
        with np.errstate(over="ignore"):  # what float64 cannot hold becomes infinite, which the next check names
            array = np.array(found, dtype=dtype, order="C")
    else:
        array = _by_entry(name, value, found, kind, where)
    if finite and kind != "integer" and not np.isfinite(array).all():
        index = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
        raise InputError(f"{name} must be finite, got {array[index]} {where(index)}".rstrip())
    array.setflags(write=False)
    return array


def _range(minimum: float | None, maximum: float | None) -> str:
    low, high = (f"{limit:g}" if isinstance(limit, float) else limit for limit in (minimum, maximum))
    if minimum is not None and maximum is not None:
        return f" in [{low}, {high}]"
    if maximum is not None:
        return f" of at most {high}"
    return "" if minimum is None else f" of at least {low}"


def _plain_array(name: str, value: object) -> NDArray[Any]:
    """`value` as NumPy sees it, unless that would drop labels or masks."""
    if isinstance(value, np.ma.MaskedArray) and np.ma.getmaskarray(value).any():
        raise InputError(f"{name} must have a number in each place, got masked entries; fill or drop them")
    for part in _parts(value, 3):
        if has_labels(part):
            raise InputError(
                f"{name} must be an array without labels, got {type(part).__name__}; bring it into order and pass its "
                "to_numpy()"
            )
        if isinstance(part, range) and part[_LONGEST_RANGE:]:
            raise InputError(f"{name} must be an array of numbers, at most {_LONGEST_RANGE} in a range, got {part}")
    try:
        return np.asarray(value)
    except MemoryError:
        raise InsufficientMemoryError(f"{name} needs more memory than there is: pass a smaller array") from None
    except Exception as error:  # whatever the object's own conversion raises
        raise InputError(f"{name} must be an array of numbers, got {type(value).__name__}: {error}") from None


def _parts(value: object, depth: int) -> Iterator[object]:
    """What nested lists hold beside plain numbers, down to some depth."""
    if not isinstance(value, list | tuple):
        yield value
    elif depth:
        for item in value:
            if type(item) not in (float, int):
                yield from _parts(item, depth - 1)


def _by_entry(
    name: str, value: object, found: NDArray[Any], kind: str, where: Callable[[tuple[int, ...]], str]
) -> NDArray[Any]:
    """Convert entry by entry what is no array of numbers, or name the first entry that is none."""
    # What one entry did to the others of a list, text or complex numbers, is undone; times would become integers.
    mixed = found.dtype.kind in "cSU" and not hasattr(value, "__array__")
    entries = np.asarray(value, dtype=object) if mixed else found
    array = np.empty(entries.shape, dtype=_DTYPES[kind])
    for index in np.ndindex(entries.shape):
        number = _converted(entries[index], kind)
        if number is None:
            wanted = "integers" if kind == "integer" else f"{kind} numbers"
            raise InputError(f"{name} must be {wanted}, got {shown(entries[index])} {where(index)}".rstrip())
        array[index] = number
    return array


def _converted(value: object, kind: str) -> Any:
    """A number as Python's own, or None for what is no number of this kind."""
    is_text_or_time = isinstance(value, str | bytes | np.timedelta64 | np.datetime64)
    is_complex = isinstance(value, numbers.Complex) and not isinstance(value, numbers.Real)
    is_array = hasattr(value, "ndim") and value.ndim > 0
    if is_text_or_time or is_array or value is np.ma.masked or (is_complex and kind == "real"):
        return None
    convert, methods = _CONVERSIONS[kind]
    if not any(hasattr(value, method) for method in methods):
        return None
    try:
        number = convert(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return None if kind == "integer" and not -(2**63) <= number < 2**63 else number
