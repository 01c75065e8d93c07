"""Vector code for the numbers of a batch, in double precision: what one gate of W members needs at a time.

W is the number of doubles in a register. A complex number of W members is a tile of W real and W imaginary parts;
places are in elements of the array. What members don't have in common is chosen by masks, never by branches.
"""

from typing import Any

from llvmlite import ir

from qtoolkit_kernels._jit import cgutils, intrinsic, types
from qtoolkit_kernels.vector.lanes import Emitter
from qtoolkit_kernels.vector.walsh_tiles import sine_and_cosine

__all__ = ["add_turned", "multiply_conjugate", "multiply_matrix", "split_product", "write_turn"]

NEGLIGIBLE = 1e-15
"""Sines and cosines below this are rounding."""


@intrinsic
def write_turn(_context: Any, work: Any, lanes: Any, place: Any, angle: Any) -> Any:
    """Write ``exp(i angle / 2)``; the angles are the register at `angle`, in radians."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        data = e.data(signature.args[0], arguments[0])
        half = e.mul(e.load(data, arguments[3]), ir.Constant(e.vector, [0.5] * e.lanes))
        sine, cosine = sine_and_cosine(e, half)
        e.store(cosine, data, arguments[2])
        e.store(sine, data, arguments[2], e.lanes)
        return e.done()

    return types.void(work, lanes, place, angle), codegen


@intrinsic
def add_turned(_context: Any, work: Any, lanes: Any, place: Any, source: Any, real: Any, imag: Any, sign: Any) -> Any:
    """Add (real + i imag) · (a + i sign b) to the tile at `place`, where a + i b is the one at `source`."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        data = e.data(signature.args[0], arguments[0])
        re, im, sign = (e.splat(value) for value in arguments[4:7])
        a, b = e.load(data, arguments[3]), e.mul(sign, e.load(data, arguments[3], e.lanes))
        x, y = e.load(data, arguments[2]), e.load(data, arguments[2], e.lanes)
        e.store(e.fnma(im, b, e.fma(re, a, x)), data, arguments[2])
        e.store(e.fma(im, a, e.fma(re, b, y)), data, arguments[2], e.lanes)
        return e.done()

    return types.void(work, lanes, place, source, real, imag, sign), codegen


@intrinsic
def multiply_conjugate(_context: Any, target: Any, lanes: Any, place: Any, source: Any, other: Any) -> Any:
    """Multiply a tile by the conjugate of another one."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        into, data = e.data(signature.args[0], arguments[0]), e.data(signature.args[3], arguments[3])
        a, b = e.load(into, arguments[2]), e.load(into, arguments[2], e.lanes)
        c, d = e.load(data, arguments[4]), e.load(data, arguments[4], e.lanes)
        e.store(e.fma(b, d, e.mul(a, c)), into, arguments[2])
        e.store(e.fnma(a, d, e.mul(b, c)), into, arguments[2], e.lanes)
        return e.done()

    return types.void(target, lanes, place, source, other), codegen


@intrinsic
def multiply_matrix(_context: Any, work: Any, lanes: Any, place: Any, factor: Any) -> Any:
    """Replace the 2x2 matrix at `place`, four tiles row by row, by the product of the one at `factor` and it."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        data = e.data(signature.args[0], arguments[0])
        new, old = (
            [(e.load(data, o, 2 * k * e.lanes), e.load(data, o, (2 * k + 1) * e.lanes)) for k in range(4)]
            for o in (arguments[3], arguments[2])
        )
        for row in range(2):
            for column in range(2):
                (a, b), (c, d) = new[2 * row], new[2 * row + 1]
                (x, y), (z, w) = old[column], old[2 + column]
                re = e.fnma(d, w, e.fma(c, z, e.fnma(b, y, e.mul(a, x))))
                im = e.fma(d, z, e.fma(c, w, e.fma(b, x, e.mul(a, y))))
                k = 2 * row + column
                e.store(re, data, arguments[2], 2 * k * e.lanes)
                e.store(im, data, arguments[2], (2 * k + 1) * e.lanes)
        return e.done()

    return types.void(work, lanes, place, factor), codegen


class _Numbers:
    """Complex numbers of W members, as pairs of registers."""

    def __init__(self, e: Emitter) -> None:
        self.e = e
        signature = ir.FunctionType(e.vector, [e.vector])
        self._sqrt = cgutils.get_or_insert_function(e.builder.module, signature, f"llvm.sqrt.v{e.lanes}f64")

    def constant(self, value: float) -> ir.Value:
        return ir.Constant(self.e.vector, [value] * self.e.lanes)

    def below(self, value: ir.Value, bound: float) -> ir.Value:
        return self.e.builder.fcmp_ordered("<", value, self.constant(bound))

    def size(self, number: Any) -> ir.Value:
        square = self.e.fma(number[0], number[0], self.e.mul(number[1], number[1]))
        return self.e.builder.call(self._sqrt, [square])

    def divided(self, number: Any, divisor: ir.Value) -> Any:
        return tuple(self.e.builder.fdiv(part, divisor) for part in number)

    def times_conjugate(self, left: Any, right: Any) -> Any:
        (a, b), (c, d) = left, right
        return self.e.fma(b, d, self.e.mul(a, c)), self.e.fnma(a, d, self.e.mul(b, c))

    def negative(self, number: Any) -> Any:
        return tuple(self.e.builder.fneg(part) for part in number)

    def chosen(self, mask: ir.Value, yes: Any, no: Any) -> Any:
        return tuple(self.e.builder.select(mask, y, n) for y, n in zip(yes, no, strict=True))


@intrinsic
def split_product(_context: Any, work: Any, lanes: Any, place: Any, out: Any, total: Any, small_gamma: Any) -> Any:
    """Split the 2x2 unitary at `place` as `numbers.multiply_products` does.

    Writes three tiles from `out` on: cosine and sine, e^{iγ}, e^{iβ}; multiplies the tile at `total` by e^{iα}.
    """

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        n = _Numbers(e)
        data = e.data(signature.args[0], arguments[0])
        p, q, r, s = (
            (e.load(data, arguments[2], 2 * k * e.lanes), e.load(data, arguments[2], (2 * k + 1) * e.lanes))
            for k in range(4)
        )
        one, zero = (n.constant(1.0), n.constant(0.0)), n.constant(0.0)
        gamma_is_small = builder.icmp_signed("!=", arguments[5], ir.Constant(arguments[5].type, 0))
        side = builder.select(
            gamma_is_small, *(ir.Constant(ir.VectorType(ir.IntType(1), e.lanes), [k] * e.lanes) for k in (1, 0))
        )
        cosine, sine = n.size(p), n.size(r)
        low = n.below(sine, NEGLIGIBLE)
        high = builder.and_(n.below(cosine, NEGLIGIBLE), builder.not_(low))
        after, before = n.times_conjugate(r, p), n.negative(n.times_conjugate(q, p))
        # Where neither vanishes: the sign of the sine keeps one phase small.
        small = n.chosen(side, before, after)
        left = n.below(small[0], 0.0)
        edge = builder.and_(builder.fcmp_ordered("==", small[0], zero), n.below(small[1], 0.0))
        turned = builder.or_(left, edge)
        after = n.chosen(turned, n.negative(after), after)
        before = n.chosen(turned, n.negative(before), before)
        signed = builder.select(turned, builder.fneg(sine), sine)
        alpha = p
        # Diagonal: one phase carries all.
        whole = n.times_conjugate(s, p)
        after = n.chosen(low, n.chosen(side, whole, one), after)
        before = n.chosen(low, n.chosen(side, one, whole), before)
        # Antidiagonal.
        after = n.chosen(high, n.chosen(side, n.negative(n.times_conjugate(r, q)), one), after)
        before = n.chosen(high, n.chosen(side, one, n.negative(n.times_conjugate(q, r))), before)
        alpha = n.chosen(high, n.chosen(side, n.negative(q), r), alpha)
        signed = builder.select(low, zero, builder.select(high, sine, signed))
        cosine = builder.select(high, zero, cosine)
        norm = n.size((cosine, signed))
        tiles = ((cosine, signed), before, after)
        sizes = (norm, n.size(before), n.size(after))
        for k, (number, divisor) in enumerate(zip(tiles, sizes, strict=True)):
            for part, value in enumerate(n.divided(number, divisor)):
                e.store(value, data, arguments[3], (2 * k + part) * e.lanes)
        old = e.load(data, arguments[4]), e.load(data, arguments[4], e.lanes)
        for part, value in enumerate(e.complex_mul(*old, *n.divided(alpha, n.size(alpha)))):
            e.store(value, data, arguments[4], part * e.lanes)
        return e.done()

    return types.void(work, lanes, place, out, total, small_gamma), codegen
