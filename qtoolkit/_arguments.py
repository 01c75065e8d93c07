"""Checks of what users pass, one for each kind of argument, which every public callable shares.

Each takes the class of the error to raise, so that a circuit complains as a circuit and an operator as an operator.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import islice
from typing import Any, TypeGuard, TypeVar

import numpy as np
from numpy.typing import NDArray

from qtoolkit._labels import has_labels
from qtoolkit.errors import InputError, QToolkitError

__all__ = [
    "MOST_ITEMS",
    "check_callable",
    "check_flag",
    "check_instance",
    "check_integer",
    "check_number",
    "check_seed",
    "is_integer",
    "items_of",
    "numbers_of",
    "real_numbers_of",
    "seed_number",
    "seeded",
    "settled_seed",
    "shown",
]

T = TypeVar("T")

MOST_ITEMS = 1 << 20
"""Qubits, classical bits or parameters of one circuit: far beyond what runs, and small enough to be listed."""

_LONGEST = 120
_MOST_BITS = 4096  # Python refuses to write integers of more than 4300 digits


def shown(value: object) -> str:
    """What a message says a value is: its repr, cut where that is long; never fails."""
    if isinstance(value, np.number | np.bool_):
        value = value.item()  # prints as itself
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return f"{'-' if value < 0 else ''}2**{value.bit_length() - 1} or more in magnitude"
    try:
        text = repr(value)
    except Exception:
        # Somebody else's repr, or an integer too long to be written somewhere inside.
        return f"a {type(value).__name__}"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… (a {type(value).__name__})"


def check_instance(
    value: object,
    kind: type[T],
    what: str,
    error: type[QToolkitError] = InputError,
    remedy: str = "",
) -> T:
    """`value`, of the kind wanted.

    Args:
        value: what was passed.
        kind: its class.
        what: the rule, as in ``"the observable must be a PauliSum"``.
        error: what to raise.
        remedy: what else to do, if that is not plain.

    Raises:
        error: if it is of another kind.
    """
    if isinstance(value, kind):
        return value
    raise error(f"{what}, got {shown(value)}" + (f"; {remedy}" if remedy else ""))


def is_integer(value: object) -> TypeGuard[int]:
    """Whether `value` is an integer of Python or NumPy, and no truth value."""
    return type(value) is int or (isinstance(value, int | np.integer) and not isinstance(value, bool))


def check_integer(
    value: object,
    name: str,
    least: int | None = None,
    most: int | None = None,
    error: type[QToolkitError] = InputError,
) -> int:
    """`value` as an int from `least` to `most`.

    Raises:
        error: if it is no integer or lies outside.
    """
    if is_integer(value):
        number = int(value)
        if (least is None or number >= least) and (most is None or number <= most):
            return number
        bounds = f" of at most {most}" if least is None or number >= least else f" of at least {least}"
    else:
        bounds = "" if least is None else f" of at least {least}"
    raise error(f"{name} must be an integer{bounds}, got {shown(value)}")


def check_number(
    value: object,
    name: str,
    *,
    kind: str = "a finite real number",
    accept: Callable[[float], bool] = math.isfinite,
    error: type[QToolkitError] = InputError,
) -> float:
    """`value` as a float.

    Args:
        value: what was passed.
        name: of the argument.
        kind: the rule, as in ``"a positive number"``.
        accept: whether a real number obeys it.
        error: what to raise.

    Raises:
        error: if it is no real number, or one that breaks the rule.
    """
    if not isinstance(value, str | bytes | bytearray | bool | np.ndarray | np.complexfloating):
        try:
            number = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, ArithmeticError, QToolkitError):
            pass
        else:
            if accept(number):
                return number
    raise error(f"{name} must be {kind}, got {shown(value)}")


def check_flag(value: object, name: str, error: type[QToolkitError] = InputError) -> bool:
    """`value` as a bool.

    Raises:
        error: if it is neither True, False, 1 nor 0.
    """
    if isinstance(value, bool | np.bool_) or (is_integer(value) and value in (0, 1)):
        return bool(value)
    raise error(f"{name} must be True or False, got {shown(value)}")


def numbers_of(
    values: object,
    name: str,
    *,
    kinds: str = "biufc",
    kind: str = "an array of numbers",
    error: type[QToolkitError] = InputError,
) -> NDArray[Any]:
    """`values` as an array in the type they have.

    Args:
        values: numbers in nested sequences or an array.
        name: of the argument.
        kinds: NumPy's letters of the types to take.
        kind: what the message says they are.
        error: what to raise.

    Raises:
        error: if entries are of another type, rows have different lengths, or entries have labels.
    """
    rule = f"{name} must be {kind}"
    if has_labels(values):
        raise error(f"{rule} without labels, since their order is what counts here; pass values.to_numpy() in it")
    if isinstance(values, range) and len(values) > MOST_ITEMS:
        raise error(f"{rule}, at most {MOST_ITEMS} in a range, got {shown(values)}")
    try:
        array = np.asarray(values)
    except (ValueError, TypeError, ArithmeticError, MemoryError, QToolkitError) as cause:
        raise error(f"{rule}, got rows of different lengths or what is none: {shown(values)}") from cause
    if array.dtype.kind not in kinds:
        raise error(f"{rule}, got entries of type {array.dtype}: {shown(values)}")
    return array


def real_numbers_of(values: object, name: str, error: type[QToolkitError] = InputError) -> NDArray[np.float64]:
    """`values` as an array of float64; whether they are finite is left to the caller.

    Raises:
        error: if they are not real numbers, or rows have different lengths.
    """
    numbers = numbers_of(values, name, kinds="biuf", kind="an array of real numbers", error=error)
    return numbers.astype(np.float64, copy=False)


def items_of(values: Iterable[T], what: str, error: type[QToolkitError] = InputError) -> Sequence[T]:
    """What a list, tuple or other iterable holds.

    Args:
        values: what was passed; no text.
        what: the rule, as in ``"qubits must be a sequence of integers"``.
        error: what to raise.

    Raises:
        error: if it cannot be iterated over, or yields more than `MOST_ITEMS` that are not in memory yet.
    """
    if type(values) is list or type(values) is tuple:
        return values
    if isinstance(values, str | bytes | bytearray | memoryview) or not isinstance(values, Iterable):
        raise error(f"{what}, got {shown(values)}")
    try:
        iterator = iter(values)
    except TypeError as cause:  # an array without dimensions
        raise error(f"{what}, got {shown(values)}") from cause
    if isinstance(values, Collection) and not isinstance(values, range):
        return tuple(iterator)
    found = tuple(islice(iterator, MOST_ITEMS + 1))
    if len(found) > MOST_ITEMS:
        raise error(f"{what}, at most {MOST_ITEMS}, got more in {shown(values)}")
    return found


def check_callable(value: Any, name: str, error: type[QToolkitError] = InputError) -> None:
    """Refuse what cannot be called.

    Raises:
        error: saying so.
    """
    if not callable(value):
        raise error(f"{name} must be a function, got {shown(value)}")


def check_seed(seed: object) -> int | np.random.Generator | None:
    """A seed of random numbers.

    Raises:
        InputError: if it is neither an integer of at least 0, a numpy Generator nor None.
    """
    if seed is None or isinstance(seed, np.random.Generator):
        return seed
    if not is_integer(seed):
        raise InputError(f"a seed is an integer, a numpy Generator or None, got {shown(seed)}")
    return seed_number(seed)


def seed_number(seed: object, name: str = "a seed") -> int:
    """A seed that is a number, short enough to be written down.

    Raises:
        InputError: if it is no integer of at least 0 and of at most 4096 bits.
    """
    if not is_integer(seed):
        raise InputError(f"{name} must be an integer, got {shown(seed)}")
    number = int(seed)
    if number < 0:
        raise InputError(f"{name} must be at least 0, got {shown(number)}")
    if number.bit_length() > _MOST_BITS:
        raise InputError(f"{name} has at most {_MOST_BITS} bits, got {shown(number)}")
    return number


def settled_seed(seed: int | np.random.Generator | None) -> int | np.random.Generator:
    """A seed of random numbers, drawn where none is given.

    Raises:
        InputError: for a negative seed, or none of these kinds.
    """
    checked = check_seed(seed)
    return int(np.random.SeedSequence().generate_state(1, np.uint32)[0]) if checked is None else checked


def seeded(seed: int | np.random.Generator | None) -> tuple[int | None, np.random.Generator]:
    """The seed to report and the generator to use.

    Raises:
        InputError: for a negative seed, or none of these kinds.
    """
    settled = settled_seed(seed)
    return (settled, np.random.default_rng(settled)) if isinstance(settled, int) else (None, settled)
