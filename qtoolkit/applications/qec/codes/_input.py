"""What users give for a code, checked and brought into arrays of 0 and 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import items_of, shown
from qtoolkit._checks import require_array
from qtoolkit._memory import check_memory
from qtoolkit.applications.qec.codes._binary import Bits
from qtoolkit.errors import InputError
from qtoolkit.operators import PauliString

__all__ = [
    "PauliRows",
    "Schedule",
    "binary_matrix",
    "bits_of_string",
    "checked_points",
    "string_of_bits",
    "symplectic_rows",
]

PauliRows: TypeAlias = ArrayLike | Sequence[str | PauliString]
"""Pauli operators: rows [x | z] of 0 and 1, shape (r, 2n), or labels, or `PauliString`."""

Schedule: TypeAlias = tuple[tuple[tuple[int, int], ...], ...]
"""Layers of pairs (measured operator, data qubit) that meet at the same time."""


def bits_of_string(string: PauliString) -> Bits:
    """The row [x | z], uint8 of shape (2n,)."""
    size = string.num_qubits
    masks = (string.x_mask, string.z_mask)
    return np.array([mask >> qubit & 1 for mask in masks for qubit in range(size)], dtype=np.uint8)


def string_of_bits(row: Bits) -> PauliString:
    """The `PauliString` of a row [x | z]."""
    size = len(row) // 2
    masks = [sum(1 << int(qubit) for qubit in np.flatnonzero(part)) for part in (row[:size], row[size:])]
    return PauliString.from_masks(masks[0], masks[1], size)


def binary_matrix(name: str, value: object, columns: int | None = None) -> Bits:
    """A read-only uint8 array of 0 and 1, shape (r, columns).

    Raises:
        InputError: if an entry is another number, or the shape is another.
    """
    array = require_array(name, value, (None, columns), kind="integer")
    wrong = np.argwhere((array != 0) & (array != 1))
    if wrong.size:
        row, column = map(int, wrong[0])
        raise InputError(f"{name} must hold 0 and 1, got {array[row, column]} in row {row}, column {column}")
    bits = array.astype(np.uint8)
    bits.setflags(write=False)
    return bits


def symplectic_rows(name: str, value: object, num_qubits: int | None = None) -> Bits:
    """Rows [x | z] of an array, of labels or of Pauli strings, read-only uint8 of shape (r, 2n).

    Raises:
        InputError: if it is none of these, or the number of qubits is another.
    """
    if isinstance(value, str | PauliString):
        raise InputError(f"{name} must be a sequence of Pauli operators, got one: {shown(value)}; put it in a list")
    if not isinstance(value, np.ndarray):
        items: Sequence[Any] = items_of(value, f"{name} must be Pauli operators or rows [x | z]")  # type: ignore[arg-type]
        if items and all(isinstance(item, str | PauliString) for item in items):
            strings = [PauliString(item) if isinstance(item, str) else item for item in items]
            sizes = {string.num_qubits for string in strings}
            if len(sizes) > 1:
                raise InputError(f"{name} must all act on the same number of qubits, got {sorted(sizes)}")
            value = np.array([bits_of_string(string) for string in strings])
        else:
            value = items
    columns = None if num_qubits is None else 2 * num_qubits
    rows = binary_matrix(name, value, columns)
    if rows.shape[1] % 2 or rows.shape[1] == 0:
        raise InputError(f"{name} must be rows [x | z] of even length of at least 2, got {rows.shape[1]} columns")
    # Logical operators are found among as many rows as columns.
    needed = 24 * rows.shape[1] ** 2 + 64 * rows.size
    check_memory(needed, f"{name} of {rows.shape[1] // 2} qubits", "take a smaller code")
    return rows


def checked_points(name: str, value: object, count: int) -> NDArray[np.float64] | None:
    """Read-only float64 of shape (count, 2), or None.

    Raises:
        InputError: if it is no such array.
    """
    return None if value is None else require_array(name, value, (count, 2))
