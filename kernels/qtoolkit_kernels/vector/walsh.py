"""Products of many rotations by strings of Z, as one pass over a block whatever their number.

The phase of amplitude x is ``exp(i Σ_k a_k (-1)^{z_k·x})``. Within a block, the angles are the Walsh-Hadamard transform
of the coefficients a_k placed at the block's part of z_k; the part outside gives a sign.
Cost: an addition an amplitude for each bit of the block, about 20 FMA for sine and cosine, and 4 for the product; no
table of 2^n angles is ever stored.
"""

from qtoolkit_kernels._bits import parity
from qtoolkit_kernels._jit import apart_njit, njit
from qtoolkit_kernels._types import Floats, Integers, Reals
from qtoolkit_kernels.vector import tiles, walsh_tiles
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.skew import skewed

__all__ = ["apply_strings", "string_values", "walsh_transform"]


@njit
def walsh_transform(values: Reals, lanes: Lanes, num_bits: int) -> None:
    """Replace ``values[x]`` by ``Σ_z (-1)^{x·z} values[z]``, in place; in single precision up to whole turns.

    Args:
        values: shape ``(2**num_bits,)``, aligned to a register.
        lanes: marker of the vector width; a register holds no more than half of the values.
        num_bits: bits of the index.
    """
    count = tiles.lanes_of(values, lanes)
    size = 1 << num_bits
    for j in range(0, size, count):
        walsh_tiles.walsh_lanes(values, lanes, j)
    step = count
    while 4 * step <= size:
        for first in range(0, size, 4 * step):
            for j in range(first, first + step, count):
                walsh_tiles.walsh_4(values, lanes, j, step)
        step *= 4
    if 2 * step <= size:
        for j in range(0, step, count):
            walsh_tiles.walsh_2(values, lanes, j, step)


@njit
def string_values(lanes: Lanes, block_bits: int, outer: int, strings: Integers, angles: Floats, scratch: Reals) -> None:
    """Write the angle of every amplitude of a block to the beginning of `scratch`; arguments as for `apply_strings`."""
    values = scratch[: 1 << block_bits]
    values[:] = 0
    for k in range(strings.shape[0]):
        values[strings[k, 0]] += -angles[k] if parity(outer & strings[k, 1]) else angles[k]
    walsh_transform(values, lanes, block_bits)


@apart_njit
def apply_strings(
    block: Reals,
    lanes: Lanes,
    block_bits: int,
    skew: int,
    outer: int,
    strings: Integers,
    angles: Floats,
    scratch: Reals,
) -> None:
    """Multiply a block by the phases of strings of Z.

    Args:
        block: tiles of 2^block_bits amplitudes.
        lanes: marker of the vector width.
        block_bits: its size.
        skew: see `skewed`.
        outer: the bits of the index outside the block.
        strings: int64[:, 2], masks of positions in the block and of index bits outside.
        angles: float64, in radians, one for each string.
        scratch: 2^block_bits elements, aligned to a register.
    """
    count = tiles.lanes_of(block, lanes)
    string_values(lanes, block_bits, outer, strings, angles, scratch)
    for j in range((1 << block_bits) // count):
        walsh_tiles.turn_tile(block, lanes, skewed(j, skew) * 2 * count, scratch, j * count)
