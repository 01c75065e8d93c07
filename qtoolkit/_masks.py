"""Bit masks of qubits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["bits_of", "distinct"]


def bits_of(mask: int) -> list[int]:
    """The bits that a mask sets, lowest first."""
    return [k for k in range(mask.bit_length()) if mask >> k & 1]


def distinct(masks: NDArray[np.int64]) -> NDArray[np.int64]:
    """Masks in ascending order, each once; int64 of one dimension.

    NumPy's `unique` of integers aborts the process if a daemon thread is in it while the interpreter ends.
    """
    ordered = np.sort(masks)
    found: NDArray[np.int64] = ordered[np.diff(ordered, prepend=-1) != 0]
    return found
