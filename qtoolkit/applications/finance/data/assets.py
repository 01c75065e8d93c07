"""Assets by name or by place: which ones there are, and which are meant."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from itertools import islice

import numpy as np

from qtoolkit._arguments import shown
from qtoolkit._labels import labels_of
from qtoolkit.errors import InputError

__all__ = ["index_of", "indices_of", "read_names"]

_MOST_NAMES = 1 << 20


def read_names(names: object) -> tuple[str, ...]:
    """Names of assets, text or numbers, as text.

    Raises:
        InputError: if they are no sequence of names.
    """
    entries = _entries(names, _MOST_NAMES, "asset_names must be a sequence of names")
    for place, name in enumerate(entries):
        if isinstance(name, bool) or not isinstance(name, str | int | np.integer) or name == "":
            raise InputError(f"asset_names must be names, text or numbers, got {shown(name)} at {place}")
    return tuple(name if isinstance(name, str) else shown(name) for name in entries)


def indices_of(assets: object, names: tuple[str, ...], what: str = "indices") -> list[int]:
    """Indices of distinct assets, each given by its name or its index, in the order given.

    Args:
        assets: names and indices.
        names: of all assets.
        what: indices are called in a message.

    Raises:
        InputError: for an asset that is not there or named twice, and for what is no sequence of assets.
    """
    entries = _entries(assets, len(names), "assets must be a sequence of distinct names or indices")
    if labels_of(assets) is not None and not all(isinstance(entry, str) for entry in entries):
        raise InputError("assets must be names or indices, got labelled numbers; pass the labels of those you choose")
    found = [index_of(asset, names, what) for asset in entries]
    if len(set(found)) != len(found):
        raise InputError(f"assets must be distinct, got {', '.join(names[index] for index in found)}")
    return found


def _entries(values: object, most: int, rule: str) -> list[object]:
    """What a sequence, or anything else that has an order or ends, holds."""
    if isinstance(values, str | bytes | bytearray) or not isinstance(values, Iterable):
        raise InputError(f"{rule}, got {shown(values)}")
    try:
        entries = list(islice(values, most + 1))
    except TypeError:  # an array without dimensions
        raise InputError(f"{rule}, got {shown(values)}") from None
    if len(entries) > most:
        raise InputError(f"{rule}, at most {most}, got more")
    return entries


def index_of(asset: object, names: tuple[str, ...], what: str = "indices") -> int:
    """Index of an asset given by its name or its index, which `what` calls in a message.

    Raises:
        InputError: if it is not there.
    """
    if isinstance(asset, str):
        if asset not in names:
            raise InputError(f"the assets are {', '.join(names)}; got {shown(asset)}")
        return names.index(asset)
    try:
        if isinstance(asset, bool | np.bool_):
            raise TypeError
        index = operator.index(asset)  # type: ignore[arg-type]  # what has no __index__ raises
    except TypeError:
        raise InputError(f"an asset is a name or an index, got {shown(asset)}") from None
    if not 0 <= index < len(names):
        raise InputError(f"asset {what} are 0 to {len(names) - 1}, got {shown(index)}")
    return index
