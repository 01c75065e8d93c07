"""How a state is cut into the blocks that stay in a cache."""

from typing import NamedTuple

from qtoolkit_kernels.vector.lanes import Lanes

__all__ = ["Cut"]


class Cut(NamedTuple):
    """Sizes of blocks and of what they are made of.

    Attributes:
        lanes: marker of the vector width.
        block_bits: a block holds 2^block_bits amplitudes.
        chunk_bits: memory is read and written in runs of 2^chunk_bits amplitudes.
        low_bits: of a block's positions the lowest, which tables of phases cover; such a table takes no more than
            4 KiB, within which `skewed` leaves no gap.
    """

    lanes: Lanes
    block_bits: int
    chunk_bits: int
    low_bits: int
