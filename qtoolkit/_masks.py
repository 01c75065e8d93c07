"""Bit masks of qubits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["bits_of", "distinct", "gathered", "scattered"]


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


def gathered(masks: NDArray[np.int64], bits: Sequence[int]) -> NDArray[np.int64]:
    """Masks whose bit k is bit ``bits[k]`` of the given ones."""
    found = np.zeros_like(masks)
    for place, bit in enumerate(bits):
        found |= (masks >> bit & 1) << place
    return found


def scattered(masks: NDArray[np.int64], bits: Sequence[int]) -> NDArray[np.int64]:
    """Masks whose bit ``bits[k]`` is bit k of the given ones."""
    found = np.zeros_like(masks)
    for place, bit in enumerate(bits):
        found |= (masks >> place & 1) << bit
    return found
