"""Twin of the places of tiles, counted out."""

import numpy as np

from qtoolkit_kernels._types import Integers

__all__ = ["skew_of", "skewed"]


def skew_of(tile_bytes: int) -> int:
    """Return the binary logarithm of the number of tiles in 4 KiB."""
    return int(np.log2(4096 // tile_bytes))


def skewed(num_tiles: int, skew: int) -> Integers:
    """Return where each of the first `num_tiles` tiles stands.

    Tiles stand side by side, but one is left out after every 2^skew, and one more after every 2^(2 skew) of them.
    """
    gaps = np.zeros(num_tiles, np.int64)
    gaps[1 << skew :: 1 << skew] += 1
    gaps[1 << 2 * skew :: 1 << 2 * skew] += 1
    return np.arange(num_tiles) + np.cumsum(gaps)
