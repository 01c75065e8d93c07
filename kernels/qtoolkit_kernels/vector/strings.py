"""Strings on tiles: ψ(x) becomes a ψ(x) ± b i^k ψ(x ^ mask) where controls have their values, see `string_tiles`."""

from typing import Any, TypeAlias

from qtoolkit_kernels._bits import next_without
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Reals
from qtoolkit_kernels.vector import string_tiles as tiles
from qtoolkit_kernels.vector.adjoint.tiles import no_sum
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.pauli.registers import odd_bits
from qtoolkit_kernels.vector.skew import skewed
from qtoolkit_kernels.vector.tiles import lanes_of

__all__ = ["Masks", "back_string", "turn_string"]

Masks: TypeAlias = tuple[int, int, int, int, int]
"""Bits flipped, by tile and by lane, bits whose parity is the sign, and bits that the walk leaves alone (the controls,
and one of those flipped), with their values; all but the second by tile."""


@njit
def turn_string(
    data: Reals,
    lanes: Lanes,
    num_tiles: int,
    skew: int | None,
    masks: Masks,
    negative: int,
    imaginary: int,
    weights: Any,
) -> None:
    """Apply a string.

    Args:
        data, lanes, num_tiles: tiles of a state.
        skew: see `skewed`.
        masks: of the string.
        negative: 1 changes all signs.
        imaginary: k, 0 or 1.
        weights: registers a and b.
    """
    one = data.dtype.type(1)
    tile = 2 * lanes_of(data, lanes)
    x, flips, z, fixed, value = masks
    across = odd_bits(x & z)
    j = 0
    if x == 0 and flips == 0:
        # A loop of its own, which the compiler does not make of the other one everywhere.
        while j < num_tiles:
            here = j | value
            o0 = skewed(here, skew) * tile
            s0 = -one if odd_bits(here & z) != negative else one
            tiles.string(data, lanes, o0, o0, s0, s0, flips, imaginary, weights)
            j = next_without(j, fixed)
        return
    while j < num_tiles:
        here = j | value
        o0, o1 = skewed(here, skew) * tile, skewed(here ^ x, skew) * tile
        s0 = -one if odd_bits(here & z) != negative else one
        s1 = -s0 if across else s0
        if x == 0:
            tiles.string_flipped(data, lanes, o0, o1, s0, s1, flips, imaginary, weights)
        elif flips == 0:
            tiles.string_pair(data, lanes, o0, o1, s0, s1, flips, imaginary, weights)
        else:
            tiles.string_pair_flipped(data, lanes, o0, o1, s0, s1, flips, imaginary, weights)
        j = next_without(j, fixed)


@njit
def back_string(data: Reals, lanes: Lanes, num_tiles: int, far: int, masks: Masks, imaginary: int, weights: Any) -> Any:
    """Apply a string to two states, `far` apart and without skew; return Re λ*(x) w(x), summed up lane by lane.

    λ is the second state, w what the string brings across of the first, both from before.
    """
    one = data.dtype.type(1)
    tile = 2 * lanes_of(data, lanes)
    x, flips, z, fixed, value = masks
    across = odd_bits(x & z)
    found = no_sum(data, lanes)
    j = 0
    while j < num_tiles:
        here = j | value
        o0, o1 = here * tile, (here ^ x) * tile
        s0 = -one if odd_bits(here & z) else one
        s1 = -s0 if across else s0
        if x == 0:
            if flips == 0:
                found = tiles.back_string(data, lanes, o0, o1, far, s0, s1, flips, imaginary, weights, found)
            else:
                found = tiles.back_string_flipped(data, lanes, o0, o1, far, s0, s1, flips, imaginary, weights, found)
        elif flips == 0:
            found = tiles.back_string_pair(data, lanes, o0, o1, far, s0, s1, flips, imaginary, weights, found)
        else:
            found = tiles.back_string_pair_flipped(data, lanes, o0, o1, far, s0, s1, flips, imaginary, weights, found)
        j = next_without(j, fixed)
    return found
