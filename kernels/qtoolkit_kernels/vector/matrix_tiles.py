"""Vector code for matrices of any size and for exchanges of amplitudes; offsets and coefficients are as in `tiles`.

A row of a matrix is summed up in registers that a loop over the inputs passes on from call to call. Several rows take
each input at once.
"""

from typing import Any

from llvmlite import ir

from qtoolkit_kernels._jit import intrinsic, types
from qtoolkit_kernels.vector.lanes import Emitter
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

    @intrinsic
    def add(_context: Any, inputs: Any, lanes: Any, place: Any, coefficients: Any, start: Any, sums: Any) -> Any:
        def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
            e = Emitter(context, builder, signature.args[0], signature.args[1])
            data = e.data(signature.args[0], arguments[0])
            weights = e.data(signature.args[3], arguments[3])
            x, y = e.load(data, arguments[2]), e.load(data, arguments[2], e.lanes)
            found = [builder.extract_value(arguments[5], k) for k in range(2 * rows)]
            for row in range(rows):
                if by_lane:
                    a, b = (e.load(weights, arguments[4], (2 * row + part) * e.lanes) for part in range(2))
                else:
                    a, b = (e.broadcast(weights, arguments[4], 2 * row + part) for part in range(2))
                re, im = e.fma(a, x, found[2 * row]), e.fma(a, y, found[2 * row + 1])
                found[2 * row], found[2 * row + 1] = e.fnma(b, y, re), e.fma(b, x, im)
            return context.make_tuple(builder, signature.return_type, found)

        return sums(inputs, lanes, place, coefficients, start, sums), codegen

    return add


add_input_2, add_input_4 = (_add_input(rows, by_lane=False) for rows in (2, 4))
add_input_lanes_1, add_input_lanes_2, add_input_lanes_4 = (_add_input(rows, by_lane=True) for rows in (1, 2, 4))


def _pair(by_lane: bool) -> Any:
    """A 2x2 matrix on two tiles, coefficients as of `_add_input`."""

    @intrinsic
    def pair(_context: Any, array: Any, lanes: Any, o0: Any, o1: Any, coefficients: Any, start: Any) -> Any:
        def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
            e = Emitter(context, builder, signature.args[0], signature.args[1])
            data = e.data(signature.args[0], arguments[0])
            weights = e.data(signature.args[4], arguments[4])
            read, size = (e.load, e.lanes) if by_lane else (e.broadcast, 1)
            inputs = [(e.load(data, o), e.load(data, o, e.lanes)) for o in arguments[2:4]]
            for row, offset in enumerate(arguments[2:4]):
                re = im = None
                for column, (x, y) in enumerate(inputs):
                    place = 2 * (2 * column + row)
                    a, b = (read(weights, arguments[5], (place + part) * size) for part in range(2))
                    re = e.mul(a, x) if re is None else e.fma(a, x, re)
                    im = e.mul(a, y) if im is None else e.fma(a, y, im)
                    re, im = e.fnma(b, y, re), e.fma(b, x, im)
                e.store(re, data, offset)
                e.store(im, data, offset, e.lanes)
            return e.done()

        return types.void(array, lanes, o0, o1, coefficients, start), codegen

    return pair


multiply_pair, multiply_pair_lanes = _pair(by_lane=False), _pair(by_lane=True)


@intrinsic
def multiply_lanes(_context: Any, array: Any, lanes: Any, offset: Any, flip: Any, coefficients: Any, start: Any) -> Any:
    """A 2x2 matrix on one bit inside a register: v' = a v + b v(l ^ flip), with complex registers a and b."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        data = e.data(signature.args[0], arguments[0])
        weights = e.data(signature.args[4], arguments[4])
        x, y = (e.load(data, arguments[2], part * e.lanes) for part in range(2))
        p, q = (e.exchange_by(value, arguments[3]) for value in (x, y))
        a, b, c, d = (e.load(weights, arguments[5], k * e.lanes) for k in range(4))
        re, im = e.complex_mul(a, b, x, y)
        e.store(e.fnma(d, q, e.fma(c, p, re)), data, arguments[2])
        e.store(e.fma(d, p, e.fma(c, q, im)), data, arguments[2], e.lanes)
        return e.done()

    return types.void(array, lanes, offset, flip, coefficients, start), codegen


@intrinsic
def store_tile(_context: Any, array: Any, lanes: Any, offset: Any, real: Any, imag: Any) -> Any:
    """Write two registers as a tile."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        data = e.data(signature.args[0], arguments[0])
        for part in range(2):
            e.store(arguments[3 + part], data, arguments[2], part * e.lanes)
        return e.done()

    return types.void(array, lanes, offset, real, imag), codegen


@intrinsic
def store_sum(_context: Any, array: Any, lanes: Any, offset: Any, first: Any, second: Any) -> Any:
    """Write the sum of two tiles, each a pair of registers."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        data = e.data(signature.args[0], arguments[0])
        for part in range(2):
            a, b = (builder.extract_value(pair, part) for pair in arguments[3:5])
            e.store(builder.fadd(a, b), data, arguments[2], part * e.lanes)
        return e.done()

    return types.void(array, lanes, offset, first, second), codegen


def _mirror(lane_bit: int) -> Any:
    @intrinsic
    def mirror(_context: Any, array: Any, lanes: Any, place: Any, source: Any) -> Any:
        """Copy a tile, exchanging the lanes that differ in one bit."""

        def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
            e = Emitter(context, builder, signature.args[0], signature.args[1])
            if 1 << lane_bit >= e.lanes:
                return e.done()
            data = e.data(signature.args[0], arguments[0])
            for part in range(2):
                value = e.load(data, arguments[3], part * e.lanes)
                e.store(e.exchange(value, 1 << lane_bit), data, arguments[2], part * e.lanes)
            return e.done()

        return types.void(array, lanes, place, source), codegen

    return mirror


mirror_0, mirror_1, mirror_2, mirror_3 = (_mirror(k) for k in range(MAX_LANE_BITS))


@intrinsic
def flip_tile(_context: Any, array: Any, lanes: Any, offset: Any, flips: Any, masks: Any, place: Any) -> Any:
    """Lanes l and ``l ^ flips`` of a tile change places where the register of masks is not zero."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        data = e.data(signature.args[0], arguments[0])
        chosen = e.nonzero(e.load(e.data(signature.args[4], arguments[4]), arguments[5]))
        for part in range(2):
            value = e.load(data, arguments[2], part * e.lanes)
            kept = builder.select(chosen, e.exchange_by(value, arguments[3]), value)
            e.store(kept, data, arguments[2], part * e.lanes)
        return e.done()

    return types.void(array, lanes, offset, flips, masks, place), codegen


@intrinsic
def exchange_flipped(
    _context: Any, array: Any, lanes: Any, o0: Any, o1: Any, flips: Any, masks: Any, place: Any
) -> Any:
    """Lane l of the first tile and lane ``l ^ flips`` of the second change places where the masks are not zero.

    The first register of masks is for the first tile, the next one for the second.
    """

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        data = e.data(signature.args[0], arguments[0])
        weights = e.data(signature.args[5], arguments[5])
        chosen = [e.nonzero(e.load(weights, arguments[6], tile * e.lanes)) for tile in range(2)]
        for part in range(2):
            values = [e.load(data, o, part * e.lanes) for o in arguments[2:4]]
            for tile in range(2):
                partner = e.exchange_by(values[1 - tile], arguments[4])
                kept = builder.select(chosen[tile], partner, values[tile])
                e.store(kept, data, arguments[2 + tile], part * e.lanes)
        return e.done()

    return types.void(array, lanes, o0, o1, flips, masks, place), codegen
