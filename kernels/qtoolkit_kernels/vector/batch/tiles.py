"""Vector code for batches: a tile is one amplitude of L members, and every coefficient is a register of theirs.

Offsets and places are in elements of the array, to the first lane of a tile's real part; the imaginary part follows L
elements later. No lane ever meets another one.
"""

from typing import Any

from llvmlite import ir

from qtoolkit_kernels._jit import intrinsic, types
from qtoolkit_kernels.vector.lanes import Emitter

__all__ = [
    "add_imaginary_parts_2",
    "add_imaginary_parts_4",
    "add_probabilities_2",
    "add_probabilities_4",
    "add_real_parts_2",
    "add_real_parts_4",
    "dense",
    "exchange_tiles",
    "multiply_tiles",
    "rotate_1",
    "rotate_2",
    "rotate_3",
    "rotate_4",
]


def _rotation(num_bits: int) -> Any:
    """Real rotations on `num_bits` bits: p' = p - t q and q' = q + t p; on the last a p - b q and a q + b p.

    Registers at `start`: the tangents t, then a and b, which make up for the cosines left out before.
    """

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
            registers = [e.load(weights, arguments[5], k * e.lanes) for k in range(num_bits + 1)]
            keep, cross = registers[num_bits - 1 :]
            for part in range(2):
                extra = part * e.lanes
                values = [e.load(data, offset, extra) for offset in offsets]
                for k in range(num_bits):
                    for corner in range(1 << num_bits):
                        if corner >> k & 1:
                            continue
                        p, q = values[corner], values[corner | 1 << k]
                        if k < num_bits - 1:
                            values[corner] = e.fnma(registers[k], q, p)
                            values[corner | 1 << k] = e.fma(registers[k], p, q)
                        else:
                            values[corner] = e.fnma(cross, q, e.mul(keep, p))
                            values[corner | 1 << k] = e.fma(cross, p, e.mul(keep, q))
                for offset, value in zip(offsets, values, strict=True):
                    e.store(value, data, offset, extra)
            return e.done()

        return types.void(array, lanes, base, strides, coefficients, start), codegen

    return rotate


rotate_1, rotate_2, rotate_3, rotate_4 = (_rotation(k) for k in range(1, 5))


@intrinsic
def dense(
    _context: Any, array: Any, lanes: Any, o0: Any, o1: Any, o2: Any, o3: Any, coefficients: Any, start: Any
) -> Any:
    """A complex 4x4 matrix on four tiles; 16 pairs of registers, row by row."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        data = e.data(signature.args[0], arguments[0])
        weights = e.data(signature.args[6], arguments[6])
        offsets = arguments[2:6]
        inputs = [(e.load(data, o), e.load(data, o, e.lanes)) for o in offsets]
        for row in range(4):
            re = im = None
            for column, (x, y) in enumerate(inputs):
                place = 2 * (4 * row + column) * e.lanes
                a, b = e.load(weights, arguments[7], place), e.load(weights, arguments[7], place + e.lanes)
                re = e.mul(a, x) if re is None else e.fma(a, x, re)
                im = e.mul(a, y) if im is None else e.fma(a, y, im)
                re, im = e.fnma(b, y, re), e.fma(b, x, im)
            e.store(re, data, offsets[row])
            e.store(im, data, offsets[row], e.lanes)
        return e.done()

    return types.void(array, lanes, o0, o1, o2, o3, coefficients, start), codegen


@intrinsic
def exchange_tiles(_context: Any, array: Any, lanes: Any, o0: Any, o1: Any) -> Any:
    """Exchange two tiles."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        data = e.data(signature.args[0], arguments[0])
        first, second = ([e.load(data, o, part * e.lanes) for part in range(2)] for o in arguments[2:4])
        for part in range(2):
            e.store(second[part], data, arguments[2], part * e.lanes)
            e.store(first[part], data, arguments[3], part * e.lanes)
        return e.done()

    return types.void(array, lanes, o0, o1), codegen


@intrinsic
def multiply_tiles(
    _context: Any, target: Any, lanes: Any, place: Any, left: Any, left_place: Any, right: Any, right_place: Any
) -> Any:
    """The tile at `place` becomes the product of two."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        into = e.data(signature.args[0], arguments[0])
        factors = []
        for k in (3, 5):
            data = e.data(signature.args[k], arguments[k])
            factors += [e.load(data, arguments[k + 1]), e.load(data, arguments[k + 1], e.lanes)]
        re, im = e.complex_mul(*factors)
        e.store(re, into, arguments[2])
        e.store(im, into, arguments[2], e.lanes)
        return e.done()

    return types.void(target, lanes, place, left, left_place, right, right_place), codegen


PROBABILITIES, REAL_PARTS, IMAGINARY_PARTS = range(3)


def _sum(kind: int, count: int) -> Any:
    """Add weighted numbers of `count` amplitudes x in a row to the register at `place`.

    The numbers are |ψ(x)|², or the real or imaginary part of ψ*(x ^ mask) ψ(x); `partner` is where the first amplitude
    with the high bits of x ^ mask stands, `low` are the mask's low bits.
    """

    @intrinsic
    def add(
        _context: Any,
        sums: Any,
        lanes: Any,
        place: Any,
        block: Any,
        offset: Any,
        partner: Any,
        low: Any,
        weights: Any,
        first: Any,
    ) -> Any:
        def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
            e = Emitter(context, builder, signature.args[0], signature.args[1])
            totals = e.data(signature.args[0], arguments[0])
            data, factors = e.data(signature.args[3], arguments[3]), e.data(signature.args[7], arguments[7])
            total = e.load(totals, arguments[2])
            for k in range(count):
                extra = 2 * k * e.lanes
                a, b = e.load(data, arguments[4], extra), e.load(data, arguments[4], extra + e.lanes)
                if kind == PROBABILITIES:
                    number = e.fma(a, a, e.mul(b, b))
                else:
                    other = builder.mul(builder.xor(arguments[6], arguments[6].type(k)), arguments[6].type(2 * e.lanes))
                    other = builder.add(arguments[5], other)
                    c, d = e.load(data, other), e.load(data, other, e.lanes)
                    number = e.fma(d, b, e.mul(c, a)) if kind == REAL_PARTS else e.fnma(d, a, e.mul(c, b))
                total = e.fma(number, e.broadcast(factors, arguments[8], k), total)
            e.store(total, totals, arguments[2])
            return e.done()

        return types.void(sums, lanes, place, block, offset, partner, low, weights, first), codegen

    return add


add_probabilities_2, add_real_parts_2, add_imaginary_parts_2 = (_sum(kind, 2) for kind in range(3))
add_probabilities_4, add_real_parts_4, add_imaginary_parts_4 = (_sum(kind, 4) for kind in range(3))
