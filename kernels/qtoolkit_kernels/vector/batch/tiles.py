"""Vector code for batches: a tile is one amplitude of L members, and every coefficient is a register of theirs.

Offsets and places are in elements of the array, to the first lane of a tile's real part; the imaginary part follows L
elements later. No lane ever meets another one.
"""

from typing import Any

from qtoolkit_kernels.vector.lanes import Emitter, vector_code
from qtoolkit_kernels.vector.tiles import corners, rotate_corners

__all__ = [
    "add_imaginary_parts_2",
    "add_imaginary_parts_4",
    "add_probabilities_2",
    "add_probabilities_4",
    "add_real_parts_2",
    "add_real_parts_4",
    "exchange_tiles",
    "rotate_1",
    "rotate_2",
    "rotate_3",
    "rotate_4",
]


def _rotation(num_bits: int) -> Any:
    """Real rotations on `num_bits` bits: p' = p - t q and q' = q + t p; on the last a p - b q and a q + b p.

    Registers at `start`: the tangents t, then a and b, which make up for the cosines left out before.
    """

    @vector_code
    def rotate(e: Emitter, data: Any, base: Any, strides: Any, weights: Any, start: Any) -> None:
        offsets = corners(e, base, strides)
        *tangents, keep, cross = (e.load(weights, start, k * e.lanes) for k in range(num_bits + 1))
        for part in range(2):
            extra = part * e.lanes
            values = [e.load(data, offset, extra) for offset in offsets]
            rotate_corners(e, values, tangents, steep=False)
            last = 1 << (num_bits - 1)
            for low in range(last):
                p, q = values[low], values[low | last]
                values[low] = e.fnma(cross, q, e.mul(keep, p))
                values[low | last] = e.fma(cross, p, e.mul(keep, q))
            for offset, value in zip(offsets, values, strict=True):
                e.store(value, data, offset, extra)

    return rotate


rotate_1, rotate_2, rotate_3, rotate_4 = (_rotation(k) for k in range(1, 5))


@vector_code
def exchange_tiles(e: Emitter, data: Any, o0: Any, o1: Any) -> None:
    """Exchange two tiles."""
    first, second = e.load_tile(data, o0), e.load_tile(data, o1)
    e.store_tile(second, data, o0)
    e.store_tile(first, data, o1)


PROBABILITIES, REAL_PARTS, IMAGINARY_PARTS = range(3)


def _sum(kind: int, count: int) -> Any:
    """Add weighted numbers of `count` amplitudes x in a row to the register at `place`.

    The numbers are |ψ(x)|², or the real or imaginary part of ψ*(x ^ mask) ψ(x); `partner` is where the first amplitude
    with the high bits of x ^ mask stands, `low` are the mask's low bits.
    """

    @vector_code
    def add(
        e: Emitter, totals: Any, place: Any, data: Any, offset: Any, partner: Any, low: Any, factors: Any, first: Any
    ) -> None:
        total = e.load(totals, place)
        for k in range(count):
            extra = 2 * k * e.lanes
            a, b = e.load(data, offset, extra), e.load(data, offset, extra + e.lanes)
            if kind == PROBABILITIES:
                number = e.fma(a, a, e.mul(b, b))
            else:
                other = e.builder.mul(e.builder.xor(low, low.type(k)), low.type(2 * e.lanes))
                other = e.builder.add(partner, other)
                c, d = e.load_tile(data, other)
                number = e.fma(d, b, e.mul(c, a)) if kind == REAL_PARTS else e.fnma(d, a, e.mul(c, b))
            total = e.fma(number, e.broadcast(factors, first, k), total)
        e.store(total, totals, place)

    return add


add_probabilities_2, add_real_parts_2, add_imaginary_parts_2 = (_sum(kind, 2) for kind in range(3))
add_probabilities_4, add_real_parts_4, add_imaginary_parts_4 = (_sum(kind, 4) for kind in range(3))
