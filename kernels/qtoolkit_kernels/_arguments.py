"""What kinds of arguments compiled kernels take, as short strings that name files and types alike.

| argument | kind |
|---|---|
| `int` and all of NumPy's integers | `int64` |
| `float`, `complex`, `bool` and their NumPy equals | `float64`, `complex128`, `bool` |
| `numpy.float32` | `float32` |
| `None` | `none` |
| array, C-contiguous | `float64[2]` with dtype and number of dimensions; read-only: `float64[2]r` |
| array with other strides | `float64[2]s`, `float64[2]sr` |
| marker | `marker:` and its `kernel_marker`, a string |
| named tuple of such | `tuple:`, its module and name, and in brackets the kinds of its members |
"""

from __future__ import annotations

import functools
import importlib
import operator
import re
from typing import Any

import numpy as np

__all__ = ["TUPLE", "describe", "member_at", "members"]

TUPLE = "tuple:"
"""How kinds of named tuples begin."""

_ARRAYS = frozenset({
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64",
    "complex64", "complex128",
})  # fmt: skip

_NAMES = {id(np.dtype(name)): name for name in _ARRAYS}
"""By the one dtype of each name that NumPy itself uses; writing the name takes two microseconds."""

_SCALARS: dict[type, tuple[str, Any]] = {
    int: ("int64", int),
    float: ("float64", float),
    np.float64: ("float64", float),
    np.float32: ("float32", np.float32),
    complex: ("complex128", complex),
    np.complex128: ("complex128", complex),
    bool: ("bool", bool),
    np.bool_: ("bool", bool),
}

_LIMIT = 1 << 63

_markers: dict[str, Any] = {}
"""The one object that compiled code knows for each marker."""


def describe(arguments: tuple[Any, ...]) -> tuple[tuple[str, ...], tuple[Any, ...]] | None:
    """The kinds of arguments, and the arguments in the exact types that compiled code takes.

    Returns:
        None if there is an argument that only numba itself can take.
    """
    kinds, values = [], []
    for argument in arguments:
        known = _SCALARS.get(int if isinstance(argument, np.integer) else type(argument))
        if known is not None:
            kind, convert = known
            if kind == "int64" and not -_LIMIT <= argument < _LIMIT:
                return None
            argument = convert(argument)
        elif argument is None:
            kind = "none"
        elif isinstance(argument, np.ndarray):
            dtype, flags = argument.dtype, argument.flags
            plain = _NAMES.get(id(dtype))
            name = plain or dtype.name
            if name not in _ARRAYS or not dtype.isnative or not flags.aligned:
                return None
            strided = "" if flags.c_contiguous else "s"
            kind = f"{name}[{argument.ndim}]{strided}{'' if flags.writeable else 'r'}"
            if plain is None or type(argument) is not np.ndarray:
                # A subclass, or a dtype object of its own as unpickling makes it: the same memory, seen plainly.
                argument = argument.view(np.dtype(name), np.ndarray)
        elif hasattr(type(argument), "kernel_marker"):
            kind = f"marker:{argument.kernel_marker}"
            argument = _markers.setdefault(kind, argument)
        elif isinstance(argument, tuple) and hasattr(argument, "_make"):
            inner, own = describe(argument), type(argument)
            if inner is None:
                return None
            kind = f"{TUPLE}{own.__module__}:{own.__qualname__}({', '.join(inner[0])})"
            argument = own._make(inner[1])
        else:
            return None
        kinds.append(kind)
        values.append(argument)
    return tuple(kinds), tuple(values)


def members(kind: str) -> tuple[type, list[str]]:
    """The class that a kind of tuples names, and the kinds of its members."""
    name, _, listed = kind[len(TUPLE) : -1].partition("(")
    module, _, own = name.partition(":")
    found, depth, start = [], 0, 0
    for place in re.finditer(r"[()]|, |$", listed):
        depth += {"(": 1, ")": -1}.get(place[0], 0)
        if (not depth and place[0] not in "()") or place.start() == len(listed):
            found.append(listed[start : place.start()])
            start = place.end()
    owner: Any = importlib.import_module(module)
    return functools.reduce(getattr, own.split("."), owner), found


def member_at(arguments: tuple[Any, ...], path: str) -> Any:
    """An argument by its place, or a member of one by the places that lead there, joined by dots."""
    return functools.reduce(operator.getitem, map(int, path.split(".")), arguments)
