"""Straight-line vector code for groups of tiles, as numba intrinsics.

Offsets are in elements of the array, to the first lane of a tile's real part; the imaginary part follows `L` elements
later. Coefficients that differ between lanes are whole registers, the others are single elements that are broadcast.
"""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir

from qtoolkit_kernels._jit import intrinsic, types
from qtoolkit_kernels.vector.lanes import Emitter, lane_count, vector_code

__all__ = [
    "MAX_LANE_BITS",
    "lanes_of",
    "lane_bits_of",
    "rotate_1",
    "rotate_2",
    "rotate_3",
    "rotate_4",
    "steep_1",
    "steep_2",
    "steep_3",
    "steep_4",
    "rotate_lanes",
    "rotate_lane_0",
    "rotate_lane_1",
    "rotate_lane_2",
    "rotate_lane_3",
    "corners",
    "dense_by_lane",
    "dense_high",
    "dense_high_pair",
    "dense_mixed_0",
    "dense_mixed_1",
    "dense_mixed_2",
    "dense_mixed_3",
    "dense_lanes_01",
    "dense_lanes_02",
    "dense_lanes_12",
    "dense_lanes_03",
    "dense_lanes_13",
    "dense_lanes_23",
    "multiply_by_table",
    "multiply_tiles",
    "multiply_tiles_conjugate",
    "rotate_corners",
    "swap_tiles",
    "flip_lanes_0",
    "flip_lanes_1",
    "flip_lanes_2",
    "flip_lanes_3",
    "copy_tile",
    "tile_from_complex",
    "tile_to_complex",
    "write_scaled",
]

MAX_LANE_BITS = 4
"""Lanes of the widest register: 16 floats of 32 bits."""


@intrinsic
def lanes_of(_context: Any, array: Any, lanes: Any) -> Any:
    """Return the number of lanes, a compile-time constant."""
    count = lane_count(array, lanes)

    def codegen(context: Any, _builder: ir.IRBuilder, _signature: Any, _arguments: Any) -> ir.Value:
        return context.get_constant(types.intp, count)

    return types.intp(array, lanes), codegen


@intrinsic
def lane_bits_of(_context: Any, array: Any, lanes: Any) -> Any:
    """Return the number of index bits inside a register, a compile-time constant."""
    count = lane_count(array, lanes).bit_length() - 1

    def codegen(context: Any, _builder: ir.IRBuilder, _signature: Any, _arguments: Any) -> ir.Value:
        return context.get_constant(types.intp, count)

    return types.intp(array, lanes), codegen


def corners(e: Emitter, base: ir.Value, strides: Sequence[ir.Value]) -> list[ir.Value]:
    """Where tiles stand that differ in some bits, by the strides of these."""
    offsets = [base]
    for stride in strides:
        offsets += [e.builder.add(offset, stride) for offset in offsets]
    return offsets


def rotate_corners(e: Emitter, values: list[ir.Value], tangents: Sequence[ir.Value], steep: bool) -> None:
    """Rotate each bit of the registers' numbers: p' = p - t q and q' = q + t p; steep: t p - q and t q + p."""
    for k, tangent in enumerate(tangents):
        for low in range(len(values)):
            if low >> k & 1:
                continue
            p, q = values[low], values[low | 1 << k]
            if steep:
                values[low], values[low | 1 << k] = e.fma(tangent, p, e.builder.fneg(q)), e.fma(tangent, q, p)
            else:
                values[low], values[low | 1 << k] = e.fnma(tangent, q, p), e.fma(tangent, p, q)


def _rotation(num_bits: int, steep: bool) -> Any:
    """A butterfly over `num_bits` tile bits, see `rotate_corners`."""

    @vector_code
    def rotate(e: Emitter, data: Any, base: Any, strides: Any, weights: Any, start: Any) -> None:
        offsets = corners(e, base, strides)
        tangents = [e.broadcast(weights, start, k) for k in range(num_bits)]
        for part in range(2):
            extra = part * e.lanes
            values = [e.load(data, offset, extra) for offset in offsets]
            rotate_corners(e, values, tangents, steep)
            for offset, value in zip(offsets, values, strict=True):
                e.store(value, data, offset, extra)

    return rotate


rotate_1, rotate_2, rotate_3, rotate_4 = (_rotation(k, steep=False) for k in range(1, 5))
steep_1, steep_2, steep_3, steep_4 = (_rotation(k, steep=True) for k in range(1, 5))


@vector_code
def rotate_lanes(e: Emitter, data: Any, offset: Any, weights: Any, start: Any) -> None:
    """Real one-qubit gates on every lane bit of two neighbouring tiles.

    v' = a v + b exchange(v), with registers a and b for each bit.
    """
    values = [e.load(data, offset, part * e.lanes) for part in range(4)]
    for k in range(e.lanes.bit_length() - 1):
        keep = e.load(weights, start, 2 * k * e.lanes)
        cross = e.load(weights, start, (2 * k + 1) * e.lanes)
        values = [e.fma(cross, e.exchange(value, 1 << k), e.mul(keep, value)) for value in values]
    for part, value in enumerate(values):
        e.store(value, data, offset, part * e.lanes)


def _rotate_lane(bit: int) -> Any:
    """What `rotate_lanes` does, on one lane bit alone."""

    @vector_code
    def rotate(e: Emitter, data: Any, offset: Any, weights: Any, start: Any) -> None:
        if 1 << bit >= e.lanes:
            return
        keep = e.load(weights, start, 2 * bit * e.lanes)
        cross = e.load(weights, start, (2 * bit + 1) * e.lanes)
        for part in range(4):
            value = e.load(data, offset, part * e.lanes)
            value = e.fma(cross, e.exchange(value, 1 << bit), e.mul(keep, value))
            e.store(value, data, offset, part * e.lanes)

    return rotate


rotate_lane_0, rotate_lane_1, rotate_lane_2, rotate_lane_3 = (_rotate_lane(k) for k in range(MAX_LANE_BITS))


def _dense_high(unroll: int, by_lane: bool = False) -> Any:
    """A complex 4x4 matrix on four tiles, `unroll` neighbours of each at once; its entries may be registers."""

    @vector_code
    def dense(e: Emitter, data: Any, o0: Any, o1: Any, o2: Any, o3: Any, weights: Any, start: Any) -> None:
        offsets = (o0, o1, o2, o3)
        read, size = (e.load, e.lanes) if by_lane else (e.broadcast, 1)
        real = [[e.load(data, o, 2 * u * e.lanes) for o in offsets] for u in range(unroll)]
        imag = [[e.load(data, o, (2 * u + 1) * e.lanes) for o in offsets] for u in range(unroll)]
        for row in range(4):
            re, im = [None] * unroll, [None] * unroll
            for column in range(4):
                place = 2 * (4 * row + column)
                a, b = (read(weights, start, (place + part) * size) for part in range(2))
                for u in range(unroll):
                    x, y = real[u][column], imag[u][column]
                    re[u] = e.mul(a, x) if column == 0 else e.fma(a, x, re[u])
                    im[u] = e.mul(a, y) if column == 0 else e.fma(a, y, im[u])
                    re[u] = e.fnma(b, y, re[u])
                    im[u] = e.fma(b, x, im[u])
            for u in range(unroll):
                e.store(re[u], data, offsets[row], 2 * u * e.lanes)
                e.store(im[u], data, offsets[row], (2 * u + 1) * e.lanes)

    return dense


dense_high, dense_high_pair, dense_by_lane = _dense_high(1), _dense_high(2), _dense_high(1, by_lane=True)


def _dense_mixed(lane_bit: int) -> Any:
    """A complex 4x4 matrix on one lane bit (low) and one tile bit (high).

    Coefficients: registers c[i1][j1][f][re, im]; lane l of the output tile i1 receives from tile j1 its own lane
    (f = 0) and its partner lane (f = 1).
    """

    @vector_code
    def dense(e: Emitter, data: Any, o0: Any, o1: Any, weights: Any, start: Any) -> None:
        if 1 << lane_bit >= e.lanes:
            return
        inputs = []
        for offset in (o0, o1):
            x, y = e.load_tile(data, offset)
            inputs += [(x, y), (e.exchange(x, 1 << lane_bit), e.exchange(y, 1 << lane_bit))]
        for i1 in range(2):
            pairs = list(enumerate(inputs, start=4 * i1))
            re, im = _row(e, weights, start, pairs)
            e.store_tile((re, im), data, (o0, o1)[i1])

    return dense


def _row(
    e: Emitter, weights: ir.Value, start: ir.Value, terms: Sequence[tuple[int, tuple[ir.Value, ir.Value]]]
) -> tuple[ir.Value, ir.Value]:
    """Sum of coefficient registers times inputs; `terms` are (place, (re, im))."""
    re = im = None
    for place, (x, y) in terms:
        a = e.load(weights, start, 2 * place * e.lanes)
        b = e.load(weights, start, (2 * place + 1) * e.lanes)
        re = e.mul(a, x) if re is None else e.fma(a, x, re)
        im = e.mul(a, y) if im is None else e.fma(a, y, im)
        re = e.fnma(b, y, re)
        im = e.fma(b, x, im)
    return re, im


dense_mixed_0, dense_mixed_1, dense_mixed_2, dense_mixed_3 = (_dense_mixed(k) for k in range(MAX_LANE_BITS))


def _dense_lanes(low: int, high: int) -> Any:
    """A complex 4x4 matrix on two lane bits: registers c[d][re, im] for the four partners of a lane."""

    @vector_code
    def dense(e: Emitter, data: Any, offset: Any, weights: Any, start: Any) -> None:
        if 1 << high >= e.lanes:
            return
        x, y = e.load_tile(data, offset)
        terms = []
        for d in range(4):
            mask = (d & 1) << low | (d >> 1) << high
            terms.append((d, (e.exchange(x, mask), e.exchange(y, mask))))
        re, im = _row(e, weights, start, terms)
        e.store_tile((re, im), data, offset)

    return dense


dense_lanes_01, dense_lanes_02, dense_lanes_12, dense_lanes_03, dense_lanes_13, dense_lanes_23 = (
    _dense_lanes(low, high) for high in range(1, MAX_LANE_BITS) for low in range(high)
)


@vector_code
def multiply_by_table(e: Emitter, data: Any, offset: Any, weights: Any, place: Any, real: Any, imag: Any) -> None:
    """tile *= table tile * (real + i imag)."""
    factor = e.complex_mul(*e.load_tile(weights, place), e.splat(real), e.splat(imag))
    e.store_tile(e.complex_mul(*e.load_tile(data, offset), *factor), data, offset)


@vector_code
def write_scaled(e: Emitter, data: Any, place: Any, source: Any, real: Any, imag: Any) -> None:
    """The tile at `place` becomes the one at `source` times real + i imag."""
    e.store_tile(e.complex_mul(*e.load_tile(data, source), e.splat(real), e.splat(imag)), data, place)


def _product(conjugate: bool) -> Any:
    """The tile at `place` becomes the product of two, or of one and the other's conjugate."""

    @vector_code
    def multiply(e: Emitter, into: Any, place: Any, left: Any, left_place: Any, right: Any, right_place: Any) -> None:
        re, im = e.load_tile(right, right_place)
        if conjugate:
            im = e.builder.fneg(im)
        e.store_tile(e.complex_mul(*e.load_tile(left, left_place), re, im), into, place)

    return multiply


multiply_tiles, multiply_tiles_conjugate = _product(False), _product(True)


@vector_code
def swap_tiles(e: Emitter, data: Any, o0: Any, o1: Any, masks: Any, place: Any) -> None:
    """Exchange two tiles in the lanes where the register of `masks` is not zero."""
    chosen = e.nonzero(e.load(masks, place))
    for part in range(2):
        a, b = e.load(data, o0, part * e.lanes), e.load(data, o1, part * e.lanes)
        e.store(e.builder.select(chosen, b, a), data, o0, part * e.lanes)
        e.store(e.builder.select(chosen, a, b), data, o1, part * e.lanes)


def _flip_lanes(lane_bit: int) -> Any:
    @vector_code
    def flip(e: Emitter, data: Any, offset: Any, masks: Any, place: Any) -> None:
        """Exchange the lanes that differ in one bit, where the register of `masks` is not zero."""
        if 1 << lane_bit >= e.lanes:
            return
        chosen = e.nonzero(e.load(masks, place))
        for part in range(2):
            value = e.load(data, offset, part * e.lanes)
            flipped = e.builder.select(chosen, e.exchange(value, 1 << lane_bit), value)
            e.store(flipped, data, offset, part * e.lanes)

    return flip


flip_lanes_0, flip_lanes_1, flip_lanes_2, flip_lanes_3 = (_flip_lanes(k) for k in range(MAX_LANE_BITS))


@vector_code
def copy_tile(e: Emitter, into: Any, place: Any, data: Any, offset: Any) -> None:
    """Copy a tile; neither place need be aligned."""
    for part in range(2):
        value = e.load(data, offset, part * e.lanes, aligned=False)
        e.store(value, into, place, part * e.lanes, aligned=False)


@vector_code
def prefetch(e: Emitter, array: Any, place: Any) -> None:
    """Begin to fetch the cache line of an element, for a change."""
    e.prefetch(array, place)


@vector_code
def tile_from_complex(e: Emitter, into: Any, place: Any, data: Any, offset: Any) -> None:
    """Copy L interleaved complex numbers, which need not be aligned, into a tile."""
    halves = [e.load(data, offset, part * e.lanes, aligned=False) for part in range(2)]
    e.store_tile(e.separate(*halves), into, place)


@vector_code
def tile_to_complex(e: Emitter, into: Any, place: Any, data: Any, offset: Any, real: Any, imag: Any) -> None:
    """Copy a tile, times real + i imag, into L interleaved complex numbers, which need not be aligned."""
    parts = e.complex_mul(*e.load_tile(data, offset), e.splat(real), e.splat(imag))
    for part, half in enumerate(e.interleave(*parts)):
        e.store(half, into, place, part * e.lanes, aligned=False)
