"""Labels of pandas objects, and of other tables: they decide what an entry means, so they are used or refused.

pandas is never imported here: who passes one of its objects has imported it.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from qtoolkit.errors import InputError

__all__ = ["aligned", "has_labels", "labels_of"]


def labels_of(value: object, axis: int = 0) -> tuple[str, ...] | None:
    """The labels of a pandas object along an axis, as text.

    None for anything else, and where the labels are row numbers: 0 to n - 1 in any order.

    Raises:
        InputError: if two labels read the same.
    """
    labels = _raw_labels(value, axis)
    if labels is None or _is_numbering(labels):
        return None
    names = tuple(str(label) for label in labels)
    if len(set(names)) != len(names):
        raise InputError(f"labels must be distinct, got {_first_repeated(names)} twice")
    return names


def aligned(name: str, value: object, *labels: Sequence[str] | None) -> object:
    """A pandas object as an array whose axes are in the order of some labels; anything else as it is.

    Args:
        name: what it is, for the message.
        value: anything.
        labels: of each axis, distinct; None where labels mean nothing, as on the rows of a list of choices. Row
            numbers in place of labels are positions.

    Raises:
        InputError: if an axis is labelled by other names.
    """
    if _raw_labels(value, 0) is None:
        return value
    pandas_object: Any = value
    array = pandas_object.to_numpy()
    if array.ndim != len(labels):
        raise InputError(f"{name} must have {len(labels)} dimensions, got shape {array.shape}")
    for axis, wanted in enumerate(labels):
        raw = _raw_labels(value, axis)
        if wanted is None or raw is None:
            continue
        found = tuple(str(label) for label in raw)
        if set(found) == set(wanted) and len(found) == len(wanted):
            position = {label: k for k, label in enumerate(found)}
            array = array.take([position[label] for label in wanted], axis=axis)
        elif _is_numbering(raw) and len(found) == len(wanted):
            array = array.take(np.argsort(np.array(raw, dtype=np.int64)), axis=axis)
        else:
            raise InputError(_mismatch(name, found, wanted))
    return array


def has_labels(value: object) -> bool:
    """Whether reading a table or series by position could mistake one entry for another."""
    if isinstance(value, np.ndarray | list | tuple | int | float | complex | str):
        return False
    axes = [_raw_labels(value, axis) for axis in (0, 1)]
    if any(axis is not None for axis in axes):
        return any(axis is not None and axis != list(range(len(axis))) for axis in axes)
    # dictionaries, and the tables of xarray, polars and pyarrow
    return isinstance(value, Mapping) or any(hasattr(value, name) for name in ("columns", "coords", "column_names"))


def _raw_labels(value: object, axis: int) -> list[Any] | None:
    """Labels of a Series or DataFrame along an axis; None for anything else."""
    # Absent, and empty while another thread imports it.
    pandas = sys.modules.get("pandas")
    if not isinstance(value, (getattr(pandas, "Series", ()), getattr(pandas, "DataFrame", ()))):
        return None
    frame: Any = value
    return list(frame.axes[axis]) if axis < frame.ndim else None


def _is_numbering(labels: Collection[Any]) -> bool:
    return all(isinstance(label, int | np.integer) for label in labels) and set(labels) == set(range(len(labels)))


def _mismatch(name: str, found: Sequence[str], wanted: Sequence[str]) -> str:
    differing = sorted(set(found) ^ set(wanted)) or [_first_repeated(found)]
    return (
        f"the labels of {name} must be {_brief(wanted)}, in any order and each once, got {_brief(found)}; "
        f"see {_brief(differing)}"
    )


def _first_repeated(names: Sequence[str]) -> str:
    return next(name for k, name in enumerate(names) if name in names[:k])


def _brief(names: Sequence[str]) -> str:
    return ", ".join(names[:6]) + (", …" if len(names) > 6 else "")
