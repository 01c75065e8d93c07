"""Where the tiles of a block stand: further apart every 4 KiB.

Partners at distances of high powers of two would otherwise compete for one set of the first-level cache.
"""

from qtoolkit_kernels._jit import njit

__all__ = ["skew_of", "skewed"]


@njit
def skew_of(tile_bytes: int) -> int:
    """How many tiles fill 4 KiB, as a power of two."""
    skew = 0
    while tile_bytes << skew < 4096:
        skew += 1
    return skew


@njit
def skewed(tile: int, skew: int | None) -> int:
    """The place of a tile, counted in tiles; additive in the bits of its number, for up to 2^(3 skew) tiles.

    Without skew, tiles stand side by side.
    """
    if skew is None:
        return tile
    return tile + (tile >> skew) + (tile >> 2 * skew)
