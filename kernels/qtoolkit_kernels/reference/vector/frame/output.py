"""Twins of what writes the bits of each shot."""

import numpy as np
from numpy.typing import NDArray

from qtoolkit_kernels.vector.frame.code import Words

__all__ = ["write_bits", "write_words"]


def _by_shot(bits: Words, count: int, shots: int) -> NDArray[np.uint8]:
    turned = bits[:count][None, :] >> np.arange(shots, dtype=np.uint64)[:, None]
    return (turned & np.uint64(1)).astype(np.uint8)


def write_bits(bits: Words, count: int, out: NDArray[np.uint8], first: int) -> None:
    """Write zeros and ones, one row for each shot."""
    rows = out[first : first + 64]
    rows[:] = _by_shot(bits, count, len(rows))


def write_words(bits: Words, count: int, out: Words, first: int) -> None:
    """Write the same packed."""
    rows = out[first : first + 64]
    padded = np.zeros((len(rows), 64 * rows.shape[1]), np.uint64)
    padded[:, :count] = _by_shot(bits, count, len(rows))
    rows[:] = (padded.reshape(len(rows), -1, 64) << np.arange(64, dtype=np.uint64)).sum(axis=2, dtype=np.uint64)
