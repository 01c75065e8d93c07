"""Vector code for the numbers of a batch, in double precision: what one gate of W members needs at a time.

W is the number of doubles in a register. A complex number of W members is a tile of W real and W imaginary parts;
places are in elements of the array. What members don't have in common is chosen by masks, never by branches.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from qtoolkit_kernels._jit import cgutils
from qtoolkit_kernels.vector.lanes import Emitter, vector_code
from qtoolkit_kernels.vector.numbers import (
    NEGLIGIBLE,
    SMALL_GAMMA,
    WITHOUT_BETA,
    WITHOUT_GAMMA,
    WITHOUT_THETA,
)

__all__ = ["multiply_matrix", "split_product"]


@vector_code
def multiply_matrix(e: Emitter, data: Any, place: Any, factor: Any) -> None:
    """Replace the 2x2 matrix at `place`, four tiles row by row, by the product of the one at `factor` and it."""
    new, old = (
        [(e.load(data, o, 2 * k * e.lanes), e.load(data, o, (2 * k + 1) * e.lanes)) for k in range(4)]
        for o in (factor, place)
    )
    for row in range(2):
        for column in range(2):
            (a, b), (c, d) = new[2 * row], new[2 * row + 1]
            (x, y), (z, w) = old[column], old[2 + column]
            re = e.fnma(d, w, e.fma(c, z, e.fnma(b, y, e.mul(a, x))))
            im = e.fma(d, z, e.fma(c, w, e.fma(b, x, e.mul(a, y))))
            k = 2 * row + column
            e.store(re, data, place, 2 * k * e.lanes)
            e.store(im, data, place, (2 * k + 1) * e.lanes)


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

    def everywhere(self) -> ir.Value:
        return ir.Constant(ir.VectorType(ir.IntType(1), self.e.lanes), [1] * self.e.lanes)

    def has(self, flags: ir.Value, flag: int) -> ir.Value:
        found = self.e.builder.and_(flags, ir.Constant(flags.type, flag))
        return self.e.builder.icmp_signed("!=", found, ir.Constant(flags.type, 0))

    def size(self, number: Any) -> ir.Value:
        square = self.e.fma(number[0], number[0], self.e.mul(number[1], number[1]))
        return self.e.builder.call(self._sqrt, [square])

    def normalized(self, number: Any) -> Any:
        # One division for both: they take longer than the rest.
        scale = self.e.builder.fdiv(self.constant(1.0), self.size(number))
        return tuple(self.e.mul(part, scale) for part in number)

    def either(self, condition: ir.Value, yes: Callable[[], list[ir.Value]], no: Callable[[], list[ir.Value]]) -> Any:
        """Registers that one of two pieces of code computes, the same one for all members."""
        builder = self.e.builder
        found, ends = [], []
        with builder.if_else(condition) as branches:
            for branch, compute in zip(branches, (yes, no), strict=True):
                with branch:
                    found.append(compute())
                    ends.append(builder.block)
        results = []
        for values in zip(*found, strict=True):
            result = builder.phi(self.e.vector)
            for value, end in zip(values, ends, strict=True):
                result.add_incoming(value, end)
            results.append(result)
        return results

    def times_conjugate(self, left: Any, right: Any) -> Any:
        (a, b), (c, d) = left, right
        return self.e.fma(b, d, self.e.mul(a, c)), self.e.fnma(a, d, self.e.mul(b, c))

    def negative(self, number: Any) -> Any:
        return tuple(self.e.builder.fneg(part) for part in number)

    def chosen(self, mask: ir.Value, yes: Any, no: Any) -> Any:
        return tuple(self.e.builder.select(mask, y, n) for y, n in zip(yes, no, strict=True))


@vector_code
def split_product(e: Emitter, data: Any, place: Any, out: Any, total: Any, parts: Any) -> None:
    """Split the 2x2 unitary at `place` as `numbers.split_unitary` does.

    Writes three tiles from `out` on: cosine and sine, e^{iγ}, e^{iβ}; multiplies the tile at `total` by e^{iα}.
    """
    n = _Numbers(e)
    p, q, r, s = ((e.load(data, place, 2 * k * e.lanes), e.load(data, place, (2 * k + 1) * e.lanes)) for k in range(4))
    one, zero = (n.constant(1.0), n.constant(0.0)), n.constant(0.0)
    has = {part: n.has(parts, part) for part in (SMALL_GAMMA, WITHOUT_BETA, WITHOUT_GAMMA, WITHOUT_THETA)}
    cosine, sine, minus_q = n.size(p), n.size(r), n.negative(q)
    is_gentle = e.builder.fcmp_ordered(">=", cosine, sine)

    def with_both() -> list[ir.Value]:
        # Neither phase is 1 always: the sign of the sine keeps one of them small.
        steepest = n.below(cosine, NEGLIGIBLE)
        alpha = n.chosen(steepest, n.chosen(has[SMALL_GAMMA], minus_q, r), p)
        after = n.times_conjugate(r, alpha)
        before = n.chosen(
            is_gentle, n.times_conjugate(n.times_conjugate(s, p), after), n.times_conjugate(minus_q, alpha)
        )
        small = n.chosen(has[SMALL_GAMMA], before, after)
        edge = e.builder.and_(e.builder.fcmp_ordered("==", small[0], zero), n.below(small[1], 0.0))
        turned = e.builder.or_(n.below(small[0], 0.0), edge)
        after = n.chosen(turned, n.negative(after), after)
        before = n.chosen(turned, n.negative(before), before)
        signed = e.builder.select(turned, e.builder.fneg(sine), sine)
        return [e.builder.select(steepest, zero, cosine), signed, *alpha, *after, *before]

    def with_one() -> list[ir.Value]:
        # The other one stands in one of r and -q, and e^{iα} sin θ alone in the other.
        plain, other = n.chosen(has[WITHOUT_BETA], r, minus_q), n.chosen(has[WITHOUT_BETA], minus_q, r)
        is_negative = n.below(n.times_conjugate(p, plain)[0], 0.0)
        plain = n.chosen(is_negative, n.negative(plain), plain)
        other = n.chosen(is_negative, n.negative(other), other)
        alpha = n.chosen(is_gentle, p, plain)
        whole = n.times_conjugate(n.chosen(is_gentle, s, other), alpha)
        after, before = n.chosen(has[WITHOUT_BETA], one, whole), n.chosen(has[WITHOUT_BETA], whole, one)
        return [cosine, e.builder.select(is_negative, e.builder.fneg(sine), sine), *alpha, *after, *before]

    has_one = e.builder.or_(has[WITHOUT_BETA], has[WITHOUT_GAMMA])
    kept, signed, *phases = n.either(has_one, with_one, with_both)
    alpha, after, before = phases[:2], phases[2:4], phases[4:]
    # Diagonal: one phase carries all.
    low = e.builder.select(has[WITHOUT_THETA], n.everywhere(), n.below(sine, NEGLIGIBLE))
    whole = n.times_conjugate(s, p)
    goes_after = e.builder.or_(has[WITHOUT_GAMMA], e.builder.and_(has[SMALL_GAMMA], e.builder.not_(has[WITHOUT_BETA])))
    after = n.chosen(low, n.chosen(goes_after, whole, one), after)
    before = n.chosen(low, n.chosen(goes_after, one, whole), before)
    alpha = n.chosen(low, p, alpha)
    signed = e.builder.select(low, zero, signed)
    kept = e.builder.select(low, n.constant(1.0), kept)
    tiles = ((kept, signed), before, after)
    for k, number in enumerate(tiles):
        for part, value in enumerate(n.normalized(number)):
            e.store(value, data, out, (2 * k + part) * e.lanes)
    e.store_tile(e.complex_mul(*e.load_tile(data, total), *n.normalized(alpha)), data, total)
