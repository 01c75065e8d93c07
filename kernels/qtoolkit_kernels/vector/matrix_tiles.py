"""Vector code for matrices of any size and for exchanges of amplitudes; offsets and coefficients are as in `tiles`.

A row of a matrix is summed up in registers that a loop over the inputs passes on from call to call. Several rows take
each input at once.
"""

from typing import Any

from qtoolkit_kernels.vector.lanes import Emitter, sum_code, vector_code
from qtoolkit_kernels.vector.tiles import MAX_LANE_BITS

__all__ = [
    "add_input_2",
    "add_input_4",
    "add_input_lanes_1",
    "add_input_lanes_2",
    "add_input_lanes_4",
    "exchange_flipped",
    "flip_tile",
    "mirror_0",
    "mirror_1",
    "mirror_2",
    "mirror_3",
    "multiply_lanes",
    "multiply_pair",
    "multiply_pair_lanes",
    "store_sum",
    "store_tile",
]


def _add_input(rows: int, by_lane: bool) -> Any:
    """Add an input tile to `rows` sums: real and imaginary parts in turn.

    Coefficients: real and imaginary part of one row after another, registers if they differ between lanes.
    """

    @sum_code
    def add(e: Emitter, data: Any, place: Any, weights: Any, start: Any, sums: Any) -> Any:
        x, y = e.load_tile(data, place)
        read, size = (e.load, e.lanes) if by_lane else (e.broadcast, 1)
        for row in range(rows):
            a, b = (read(weights, start, (2 * row + part) * size) for part in range(2))
            re, im = e.fma(a, x, sums[2 * row]), e.fma(a, y, sums[2 * row + 1])
            sums[2 * row], sums[2 * row + 1] = e.fnma(b, y, re), e.fma(b, x, im)
        return sums

    return add


add_input_2, add_input_4 = (_add_input(rows, by_lane=False) for rows in (2, 4))
add_input_lanes_1, add_input_lanes_2, add_input_lanes_4 = (_add_input(rows, by_lane=True) for rows in (1, 2, 4))


def _pair(by_lane: bool) -> Any:
    """A 2x2 matrix on two tiles, coefficients as of `_add_input`."""

    @vector_code
    def pair(e: Emitter, data: Any, o0: Any, o1: Any, weights: Any, start: Any) -> None:
        read, size = (e.load, e.lanes) if by_lane else (e.broadcast, 1)
        inputs = [e.load_tile(data, o) for o in (o0, o1)]
        for row, offset in enumerate((o0, o1)):
            re = im = None
            for column, (x, y) in enumerate(inputs):
                place = 2 * (2 * column + row)
                a, b = (read(weights, start, (place + part) * size) for part in range(2))
                re = e.mul(a, x) if re is None else e.fma(a, x, re)
                im = e.mul(a, y) if im is None else e.fma(a, y, im)
                re, im = e.fnma(b, y, re), e.fma(b, x, im)
            e.store_tile((re, im), data, offset)

    return pair


multiply_pair, multiply_pair_lanes = _pair(by_lane=False), _pair(by_lane=True)


@vector_code
def multiply_lanes(e: Emitter, data: Any, offset: Any, flip: Any, weights: Any, start: Any) -> None:
    """A 2x2 matrix on one bit inside a register: v' = a v + b v(l ^ flip), with complex registers a and b."""
    x, y = (e.load(data, offset, part * e.lanes) for part in range(2))
    p, q = (e.exchange_by(value, flip) for value in (x, y))
    a, b, c, d = (e.load(weights, start, k * e.lanes) for k in range(4))
    re, im = e.complex_mul(a, b, x, y)
    e.store(e.fnma(d, q, e.fma(c, p, re)), data, offset)
    e.store(e.fma(d, p, e.fma(c, q, im)), data, offset, e.lanes)


@vector_code
def store_tile(e: Emitter, data: Any, offset: Any, real: Any, imag: Any) -> None:
    """Write two registers as a tile."""
    e.store_tile((real, imag), data, offset)


@vector_code
def store_sum(e: Emitter, data: Any, offset: Any, first: Any, second: Any) -> None:
    """Write the sum of two tiles, each a pair of registers."""
    e.store_tile([e.builder.fadd(a, b) for a, b in zip(first, second, strict=True)], data, offset)


def _mirror(lane_bit: int) -> Any:
    @vector_code
    def mirror(e: Emitter, data: Any, place: Any, source: Any) -> None:
        """Copy a tile, exchanging the lanes that differ in one bit."""
        if 1 << lane_bit >= e.lanes:
            return
        for part in range(2):
            value = e.load(data, source, part * e.lanes)
            e.store(e.exchange(value, 1 << lane_bit), data, place, part * e.lanes)

    return mirror


mirror_0, mirror_1, mirror_2, mirror_3 = (_mirror(k) for k in range(MAX_LANE_BITS))


@vector_code
def flip_tile(e: Emitter, data: Any, offset: Any, flips: Any, masks: Any, place: Any) -> None:
    """Lanes l and ``l ^ flips`` of a tile change places where the register of masks is not zero."""
    chosen = e.nonzero(e.load(masks, place))
    for part in range(2):
        value = e.load(data, offset, part * e.lanes)
        kept = e.builder.select(chosen, e.exchange_by(value, flips), value)
        e.store(kept, data, offset, part * e.lanes)


@vector_code
def exchange_flipped(e: Emitter, data: Any, o0: Any, o1: Any, flips: Any, weights: Any, place: Any) -> None:
    """Lane l of the first tile and lane ``l ^ flips`` of the second change places where the masks are not zero.

    The first register of masks is for the first tile, the next one for the second.
    """
    chosen = [e.nonzero(e.load(weights, place, tile * e.lanes)) for tile in range(2)]
    for part in range(2):
        values = [e.load(data, o, part * e.lanes) for o in (o0, o1)]
        for tile in range(2):
            partner = e.exchange_by(values[1 - tile], flips)
            kept = e.builder.select(chosen[tile], partner, values[tile])
            e.store(kept, data, (o0, o1)[tile], part * e.lanes)
