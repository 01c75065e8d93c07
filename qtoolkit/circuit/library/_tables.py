"""Tables with an entry for each value of a register, as ready circuits take them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import real_numbers_of
from qtoolkit.errors import InputError

__all__ = ["MOST_QUBITS", "read_table"]

MOST_QUBITS = 20
"""Of a register with a table: a circuit has a few gates for each entry."""


def read_table(values: object, name: str, least_qubits: int = 1) -> tuple[NDArray[np.float64], int]:
    """Finite numbers, one for each value of a register, and the number of its qubits.

    Raises:
        InputError: if they are not real and finite, or their number is no power of 2 up to 2^20.
    """
    table = real_numbers_of(values, name)
    size = table.size
    if table.ndim != 1 or not 1 << least_qubits <= size <= 1 << MOST_QUBITS or size & (size - 1):
        raise InputError(
            f"{name} must be a row of 2**n numbers, n from {least_qubits} to {MOST_QUBITS}, got shape {table.shape}"
        )
    if not np.isfinite(table).all():
        raise InputError(f"{name} must be finite, got {table[~np.isfinite(table)][0]}")
    return table, int(math.log2(size))
