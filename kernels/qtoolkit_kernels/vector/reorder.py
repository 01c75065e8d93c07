"""Any number of exchanges and swaps of tile bits as one pass over a block.

Controlled-X gates and swaps among tile bits make of the number of a tile another one that is linear in its bits over
GF(2), up to an offset. Tiles move along the cycles of that map, each read and written once.
Cost: no flops, 1 pass at most; tiles that stay are not touched.
"""

import numpy as np

from qtoolkit_kernels._jit import apart_njit
from qtoolkit_kernels._types import Integers, Reals
from qtoolkit_kernels.vector import tiles
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.skew import skewed

__all__ = ["IMAGES_TOGETHER", "IMAGE_BITS", "reorder"]

IMAGE_BITS, IMAGES_TOGETHER = 16, 4
"""Numbers of tiles are packed into integers, so many of so many bits, the first in the lowest bits."""


@apart_njit
def reorder(
    block: Reals, lanes: Lanes, num_tiles: int, tile: int, skew: int, images: Integers, offset: int, spare: Reals
) -> None:
    """Let every tile j become what tile ``offset ^ (images of the bits of j)`` was.

    Args:
        block: tiles.
        lanes: marker of the vector width.
        num_tiles: a power of two.
        tile: elements of a tile.
        skew: see `skewed`.
        images: the images of single bits, packed.
        offset: the image of 0.
        spare: scratch for one tile.
    """
    sources = np.empty(num_tiles, np.int64)
    sources[0] = offset
    bit = 0
    while 1 << bit < num_tiles:
        packed = images[bit // IMAGES_TOGETHER] >> IMAGE_BITS * (bit % IMAGES_TOGETHER)
        image, size = packed & ((1 << IMAGE_BITS) - 1), 1 << bit
        for j in range(size):
            sources[j | size] = sources[j] ^ image
        bit += 1
    for start in range(num_tiles):
        source = sources[start]
        if source == start or source < 0:
            continue
        here = start
        tiles.copy_tile(spare, lanes, 0, block, skewed(start, skew) * tile)
        while source != start:
            tiles.copy_tile(block, lanes, skewed(here, skew) * tile, block, skewed(source, skew) * tile)
            sources[here] = -1
            here, source = source, sources[source]
        tiles.copy_tile(block, lanes, skewed(here, skew) * tile, spare, 0)
        sources[here] = -1
