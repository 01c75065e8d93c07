"""Checks of what users pass for counts, indices and arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import MOST_ITEMS, check_integer, numbers_of, shown
from qtoolkit.errors import CircuitError, QubitIndexError

__all__ = ["Indices", "as_indices", "check_count", "check_indices", "check_mapping", "numeric_array"]

Indices: TypeAlias = int | Iterable[int]
"""One index or several."""


def check_count(value: object, name: str, least: int = 0, most: int | None = None) -> int:
    """`value` as an int.

    Raises:
        CircuitError: if it is no integer from `least` to `most`.
    """
    if type(value) is int and least <= value <= (value if most is None else most):
        return value  # as for each circuit that is made
    return check_integer(value, name, least, most, CircuitError)


def as_indices(given: Indices) -> tuple[int, ...]:
    """One index or several as a tuple; what they are is for `check_indices` to see.

    Of very many, which no circuit has, some are left out.
    """
    if type(given) is tuple:
        return given
    if isinstance(given, Iterable) and not (isinstance(given, np.ndarray) and given.ndim == 0):
        return tuple(islice(given, MOST_ITEMS + 1))
    return (cast(int, given),)


def check_indices(given: Indices, size: int, kind: str) -> tuple[int, ...]:
    """Distinct indices from 0 to ``size - 1``, as Python integers.

    Args:
        given: one index or several.
        size: how many there are.
        kind: ``"qubit"`` or ``"classical bit"``, for the message.

    Raises:
        QubitIndexError: if one is no integer or lies outside.
        CircuitError: if one comes twice.
    """
    checked = as_indices(given)
    for index in checked:
        if type(index) is not int or not 0 <= index < size:
            break
    else:
        if len(checked) < 2 or len(set(checked)) == len(checked):
            return checked
    for index in checked:
        if isinstance(index, bool) or not isinstance(index, int | np.integer):
            raise QubitIndexError(f"a {kind} is given by its index, an integer, got {shown(index)}")
        if not 0 <= index < size:
            limit = f"0 to {size - 1}" if size else f"none: the circuit has no {kind}s"
            raise QubitIndexError(f"{kind} indices of this circuit are {limit}, got {shown(index)}")
    if len(set(checked)) != len(checked):
        role = "target qubits" if kind == "qubit" else "classical bits"
        raise CircuitError(f"{role} must be distinct, got {checked}")
    return tuple(int(index) for index in checked)


def check_mapping(
    needed: int,
    available: int,
    given: Indices | None,
    kind: str,
    check: Callable[[Indices], tuple[int, ...]],
) -> tuple[int, ...]:
    """Where the `needed` qubits or bits of an added circuit go among the `available` ones; the first by default.

    Raises:
        CircuitError: if there are too few, or `given` has another length than `needed`.
    """
    if given is None:
        if needed > available:
            raise CircuitError(f"the added circuit has {needed} {kind} and this one {available}; make this one larger")
        return tuple(range(needed))
    places = as_indices(given)
    if len(places) != needed:
        raise CircuitError(f"the added circuit has {needed} {kind}, got a place for {len(places)}")
    return check(places)


def numeric_array(values: ArrayLike, what: str) -> NDArray[Any]:
    """`values` as an array of booleans, integers, real or complex numbers, in the type they have.

    Raises:
        CircuitError: if they are not numbers, or rows have different lengths.
    """
    return numbers_of(values, what, error=CircuitError)
