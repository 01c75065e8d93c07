"""Straight-line vector code for groups of tiles, as numba intrinsics.

Offsets are in elements of the array, to the first lane of a tile's real part; the imaginary part follows `L` elements
later. Coefficients that differ between lanes are whole registers, the others are single elements that are broadcast.
"""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir

from qtoolkit_kernels._jit import intrinsic, types
from qtoolkit_kernels.vector.lanes import Emitter, lane_count

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
    "multiply_tables",
    "multiply_tables_conjugate",
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


def _rotation(num_bits: int, steep: bool) -> Any:
    """A butterfly over `num_bits` tile bits: on each, p' = p - t q and q' = q + t p; steep: t p - q and t q + p."""

    @intrinsic
    def rotate(_context: Any, array: Any, lanes: Any, base: Any, strides: Any, coefficients: Any, start: Any) -> Any:
        def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
            e = Emitter(context, builder, signature.args[0], signature.args[1])
            data = e.data(signature.args[0], arguments[0])
            weights = e.data(signature.args[4], arguments[4])
            offsets = [arguments[2]]
            for k in range(num_bits):
                step = builder.extract_value(arguments[3], k)
                offsets += [builder.add(offset, step) for offset in offsets]
            tangents = [e.broadcast(weights, arguments[5], k) for k in range(num_bits)]
            for part in range(2):
                extra = part * e.lanes
                values = [e.load(data, offset, extra) for offset in offsets]
                for k, tangent in enumerate(tangents):
                    for corner in range(1 << num_bits):
                        if corner >> k & 1:
                            continue
                        p, q = values[corner], values[corner | 1 << k]
                        if steep:
                            values[corner] = e.fma(tangent, p, builder.fneg(q))
                            values[corner | 1 << k] = e.fma(tangent, q, p)
                        else:
                            values[corner] = e.fnma(tangent, q, p)
                            values[corner | 1 << k] = e.fma(tangent, p, q)
                for offset, value in zip(offsets, values, strict=True):
                    e.store(value, data, offset, extra)
            return e.done()

        return types.void(array, lanes, base, strides, coefficients, start), codegen

    return rotate


rotate_1, rotate_2, rotate_3, rotate_4 = (_rotation(k, steep=False) for k in range(1, 5))
steep_1, steep_2, steep_3, steep_4 = (_rotation(k, steep=True) for k in range(1, 5))


@intrinsic
def rotate_lanes(_context: Any, array: Any, lanes: Any, offset: Any, coefficients: Any, start: Any) -> Any:
    """Real one-qubit gates on every lane bit of two neighbouring tiles.

    v' = a v + b exchange(v), with registers a and b for each bit.
    """

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        data = e.data(signature.args[0], arguments[0])
        weights = e.data(signature.args[3], arguments[3])
        values = [e.load(data, arguments[2], part * e.lanes) for part in range(4)]
        for k in range(e.lanes.bit_length() - 1):
            keep = e.load(weights, arguments[4], 2 * k * e.lanes)
            cross = e.load(weights, arguments[4], (2 * k + 1) * e.lanes)
            values = [e.fma(cross, e.exchange(value, 1 << k), e.mul(keep, value)) for value in values]
        for part, value in enumerate(values):
            e.store(value, data, arguments[2], part * e.lanes)
        return e.done()

    return types.void(array, lanes, offset, coefficients, start), codegen


def _rotate_lane(bit: int) -> Any:
    """What `rotate_lanes` does, on one lane bit alone."""

    @intrinsic
    def rotate(_context: Any, array: Any, lanes: Any, offset: Any, coefficients: Any, start: Any) -> Any:
        def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
            e = Emitter(context, builder, signature.args[0], signature.args[1])
            if 1 << bit >= e.lanes:
                return e.done()
            data = e.data(signature.args[0], arguments[0])
            weights = e.data(signature.args[3], arguments[3])
            keep = e.load(weights, arguments[4], 2 * bit * e.lanes)
            cross = e.load(weights, arguments[4], (2 * bit + 1) * e.lanes)
            for part in range(4):
                value = e.load(data, arguments[2], part * e.lanes)
                value = e.fma(cross, e.exchange(value, 1 << bit), e.mul(keep, value))
                e.store(value, data, arguments[2], part * e.lanes)
            return e.done()

        return types.void(array, lanes, offset, coefficients, start), codegen

    return rotate


rotate_lane_0, rotate_lane_1, rotate_lane_2, rotate_lane_3 = (_rotate_lane(k) for k in range(MAX_LANE_BITS))


def _dense_high(unroll: int) -> Any:
    """A complex 4x4 matrix on four tiles, `unroll` neighbours of each at once."""

    @intrinsic
    def dense(
        _context: Any, array: Any, lanes: Any, o0: Any, o1: Any, o2: Any, o3: Any, coefficients: Any, start: Any
    ) -> Any:
        def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
            e = Emitter(context, builder, signature.args[0], signature.args[1])
            data = e.data(signature.args[0], arguments[0])
            weights = e.data(signature.args[6], arguments[6])
            offsets = arguments[2:6]
            real = [[e.load(data, o, 2 * u * e.lanes) for o in offsets] for u in range(unroll)]
            imag = [[e.load(data, o, (2 * u + 1) * e.lanes) for o in offsets] for u in range(unroll)]
            for row in range(4):
                re, im = [None] * unroll, [None] * unroll
                for column in range(4):
                    place = 2 * (4 * row + column)
                    a, b = e.broadcast(weights, arguments[7], place), e.broadcast(weights, arguments[7], place + 1)
                    for u in range(unroll):
                        x, y = real[u][column], imag[u][column]
                        re[u] = e.mul(a, x) if column == 0 else e.fma(a, x, re[u])
                        im[u] = e.mul(a, y) if column == 0 else e.fma(a, y, im[u])
                        re[u] = e.fnma(b, y, re[u])
                        im[u] = e.fma(b, x, im[u])
                for u in range(unroll):
                    e.store(re[u], data, offsets[row], 2 * u * e.lanes)
                    e.store(im[u], data, offsets[row], (2 * u + 1) * e.lanes)
            return e.done()

        return types.void(array, lanes, o0, o1, o2, o3, coefficients, start), codegen

    return dense


dense_high, dense_high_pair = _dense_high(1), _dense_high(2)


def _dense_mixed(lane_bit: int) -> Any:
    """A complex 4x4 matrix on one lane bit (low) and one tile bit (high).

    Coefficients: registers c[i1][j1][f][re, im]; lane l of the output tile i1 receives from tile j1 its own lane
    (f = 0) and its partner lane (f = 1).
    """

    @intrinsic
    def dense(_context: Any, array: Any, lanes: Any, o0: Any, o1: Any, coefficients: Any, start: Any) -> Any:
        def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
            e = Emitter(context, builder, signature.args[0], signature.args[1])
            if 1 << lane_bit >= e.lanes:
                return e.done()
            data = e.data(signature.args[0], arguments[0])
            weights = e.data(signature.args[4], arguments[4])
            inputs = []
            for offset in arguments[2:4]:
                x, y = e.load(data, offset), e.load(data, offset, e.lanes)
                inputs += [(x, y), (e.exchange(x, 1 << lane_bit), e.exchange(y, 1 << lane_bit))]
            for i1 in range(2):
                pairs = list(enumerate(inputs, start=4 * i1))
                re, im = _row(e, weights, arguments[5], pairs)
                e.store(re, data, arguments[2 + i1])
                e.store(im, data, arguments[2 + i1], e.lanes)
            return e.done()

        return types.void(array, lanes, o0, o1, coefficients, start), codegen

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

    @intrinsic
    def dense(_context: Any, array: Any, lanes: Any, offset: Any, coefficients: Any, start: Any) -> Any:
        def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
            e = Emitter(context, builder, signature.args[0], signature.args[1])
            if 1 << high >= e.lanes:
                return e.done()
            data = e.data(signature.args[0], arguments[0])
            weights = e.data(signature.args[3], arguments[3])
            x, y = e.load(data, arguments[2]), e.load(data, arguments[2], e.lanes)
            terms = []
            for d in range(4):
                mask = (d & 1) << low | (d >> 1) << high
                terms.append((d, (e.exchange(x, mask), e.exchange(y, mask))))
            re, im = _row(e, weights, arguments[4], terms)
            e.store(re, data, arguments[2])
            e.store(im, data, arguments[2], e.lanes)
            return e.done()

        return types.void(array, lanes, offset, coefficients, start), codegen

    return dense


dense_lanes_01, dense_lanes_02, dense_lanes_12, dense_lanes_03, dense_lanes_13, dense_lanes_23 = (
    _dense_lanes(low, high) for high in range(1, MAX_LANE_BITS) for low in range(high)
)


@intrinsic
def multiply_by_table(
    _context: Any, array: Any, lanes: Any, offset: Any, table: Any, place: Any, real: Any, imag: Any
) -> Any:
    """tile *= table tile * (real + i imag)."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        data = e.data(signature.args[0], arguments[0])
        weights = e.data(signature.args[3], arguments[3])
        scalar = [e.splat(arguments[5]), e.splat(arguments[6])]
        factor = e.complex_mul(e.load(weights, arguments[4]), e.load(weights, arguments[4], e.lanes), *scalar)
        product = e.complex_mul(e.load(data, arguments[2]), e.load(data, arguments[2], e.lanes), *factor)
        e.store(product[0], data, arguments[2])
        e.store(product[1], data, arguments[2], e.lanes)
        return e.done()

    return types.void(array, lanes, offset, table, place, real, imag), codegen


@intrinsic
def write_scaled(_context: Any, table: Any, lanes: Any, place: Any, source: Any, real: Any, imag: Any) -> Any:
    """The tile at `place` becomes the one at `source` times real + i imag."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        data = e.data(signature.args[0], arguments[0])
        factor = [e.splat(arguments[4]), e.splat(arguments[5])]
        product = e.complex_mul(e.load(data, arguments[3]), e.load(data, arguments[3], e.lanes), *factor)
        e.store(product[0], data, arguments[2])
        e.store(product[1], data, arguments[2], e.lanes)
        return e.done()

    return types.void(table, lanes, place, source, real, imag), codegen


def _table_update(conjugate: bool) -> Any:
    """table tile *= other tile, or its conjugate."""

    @intrinsic
    def update(_context: Any, table: Any, lanes: Any, place: Any, other: Any, other_place: Any) -> Any:
        def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
            e = Emitter(context, builder, signature.args[0], signature.args[1])
            data = e.data(signature.args[0], arguments[0])
            factors = e.data(signature.args[3], arguments[3])
            re, im = e.load(factors, arguments[4]), e.load(factors, arguments[4], e.lanes)
            if conjugate:
                im = builder.fneg(im)
            product = e.complex_mul(e.load(data, arguments[2]), e.load(data, arguments[2], e.lanes), re, im)
            e.store(product[0], data, arguments[2])
            e.store(product[1], data, arguments[2], e.lanes)
            return e.done()

        return types.void(table, lanes, place, other, other_place), codegen

    return update


multiply_tables, multiply_tables_conjugate = _table_update(False), _table_update(True)


@intrinsic
def swap_tiles(_context: Any, array: Any, lanes: Any, o0: Any, o1: Any, masks: Any, place: Any) -> Any:
    """Exchange two tiles in the lanes where the register of `masks` is not zero."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        data = e.data(signature.args[0], arguments[0])
        chosen = e.nonzero(e.load(e.data(signature.args[4], arguments[4]), arguments[5]))
        for part in range(2):
            a, b = e.load(data, arguments[2], part * e.lanes), e.load(data, arguments[3], part * e.lanes)
            e.store(builder.select(chosen, b, a), data, arguments[2], part * e.lanes)
            e.store(builder.select(chosen, a, b), data, arguments[3], part * e.lanes)
        return e.done()

    return types.void(array, lanes, o0, o1, masks, place), codegen


def _flip_lanes(lane_bit: int) -> Any:
    @intrinsic
    def flip(_context: Any, array: Any, lanes: Any, offset: Any, masks: Any, place: Any) -> Any:
        """Exchange the lanes that differ in one bit, where the register of `masks` is not zero."""

        def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
            e = Emitter(context, builder, signature.args[0], signature.args[1])
            if 1 << lane_bit >= e.lanes:
                return e.done()
            data = e.data(signature.args[0], arguments[0])
            chosen = e.nonzero(e.load(e.data(signature.args[3], arguments[3]), arguments[4]))
            for part in range(2):
                value = e.load(data, arguments[2], part * e.lanes)
                flipped = builder.select(chosen, e.exchange(value, 1 << lane_bit), value)
                e.store(flipped, data, arguments[2], part * e.lanes)
            return e.done()

        return types.void(array, lanes, offset, masks, place), codegen

    return flip


flip_lanes_0, flip_lanes_1, flip_lanes_2, flip_lanes_3 = (_flip_lanes(k) for k in range(MAX_LANE_BITS))


@intrinsic
def copy_tile(_context: Any, target: Any, lanes: Any, place: Any, source: Any, offset: Any) -> Any:
    """Copy a tile; neither place need be aligned."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        into = e.data(signature.args[0], arguments[0])
        data = e.data(signature.args[3], arguments[3])
        for part in range(2):
            value = e.load(data, arguments[4], part * e.lanes, aligned=False)
            e.store(value, into, arguments[2], part * e.lanes, aligned=False)
        return e.done()

    return types.void(target, lanes, place, source, offset), codegen


@intrinsic
def prefetch(_context: Any, array: Any, lanes: Any, place: Any) -> Any:
    """Begin to fetch the cache line of an element, for a change."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        e.prefetch(e.data(signature.args[0], arguments[0]), arguments[2])
        return e.done()

    return types.void(array, lanes, place), codegen


@intrinsic
def tile_from_complex(_context: Any, target: Any, lanes: Any, place: Any, source: Any, offset: Any) -> Any:
    """Copy L interleaved complex numbers, which need not be aligned, into a tile."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        into = e.data(signature.args[0], arguments[0])
        data = e.data(signature.args[3], arguments[3])
        halves = [e.load(data, arguments[4], part * e.lanes, aligned=False) for part in range(2)]
        parts = e.separate(*halves)
        e.store(parts[0], into, arguments[2])
        e.store(parts[1], into, arguments[2], e.lanes)
        return e.done()

    return types.void(target, lanes, place, source, offset), codegen


@intrinsic
def tile_to_complex(
    _context: Any, target: Any, lanes: Any, place: Any, source: Any, offset: Any, real: Any, imag: Any
) -> Any:
    """Copy a tile, times real + i imag, into L interleaved complex numbers, which need not be aligned."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        into = e.data(signature.args[0], arguments[0])
        data = e.data(signature.args[3], arguments[3])
        factor = [e.splat(arguments[5]), e.splat(arguments[6])]
        parts = e.complex_mul(e.load(data, arguments[4]), e.load(data, arguments[4], e.lanes), *factor)
        halves = e.interleave(*parts)
        for part in range(2):
            e.store(halves[part], into, arguments[2], part * e.lanes, aligned=False)
        return e.done()

    return types.void(target, lanes, place, source, offset, real, imag), codegen
