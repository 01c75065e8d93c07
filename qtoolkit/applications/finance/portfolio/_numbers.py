"""Numbers of portfolios as users give them: one for all assets, one for each, by name; and ranges."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import shown
from qtoolkit._checks import require_array, require_integer, require_number
from qtoolkit._labels import aligned
from qtoolkit.applications.finance.data.assets import index_of
from qtoolkit.errors import InputError

__all__ = ["EachAsset", "number_of_each", "read_count_range", "read_range"]

EachAsset = ArrayLike | Mapping[str, float]
"""One number for all assets; one for each, in their order or by the labels of a Series; or for some, by name."""


def number_of_each(
    name: str, value: EachAsset, names: tuple[str, ...], *, default: float = 0.0, least: float | None = None
) -> NDArray[np.float64]:
    """A number for each asset, shape ``(n,)``.

    Args:
        name: of the argument.
        value: a number, an array, a Series with all assets, or a mapping from some names.
        names: of the assets.
        default: of assets that a mapping leaves out.
        least: that they may be.

    Raises:
        InputError: if a shape, label, name or number breaks its rule.
    """
    size = len(names)
    if isinstance(value, Mapping):
        array = np.full(size, float(default))
        for asset, number in value.items():
            array[index_of(asset, names)] = require_number(f"{name} of {shown(asset)}", number)
    else:
        array = require_array(name, aligned(name, value, names))
        if array.ndim == 0:
            array = np.full(size, float(array))
        if array.shape != (size,):
            raise InputError(f"{name} must be one number, or one for each of {size} assets, got {array.shape}")
    if least is not None and np.any(array < least):
        raise InputError(f"{name} must be at least {least:g}, got {array.min():g}")
    array.setflags(write=False)
    return array


def read_range(name: str, value: object) -> tuple[float, float]:
    """A number, or the least and most, as the two.

    Raises:
        InputError: if they are no numbers, or the most is below the least.
    """
    first, last = value if isinstance(value, tuple) and len(value) == 2 else (value, value)
    least = require_number(name, first)
    return least, require_number(name, last, least)


def read_count_range(name: str, value: object, fewest: int = 0, most: int | None = None) -> tuple[int, int]:
    """A count, or the fewest and most, as the two.

    Args:
        name: of the argument.
        value: an integer or a pair.
        fewest, most: that they may be.

    Raises:
        InputError: if they are no integers, out of range, or the most is below the fewest.
    """
    first, last = value if isinstance(value, tuple) and len(value) == 2 else (value, value)
    least = require_integer(name, first, fewest, most)
    return least, require_integer(name, last, least, most)
