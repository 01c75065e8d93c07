"""Instructions on rows of real numbers: what plain loops would not bring into registers.

Tiles have `WIDTH` numbers a row, so that a row is one cache line or two and every loop over it is unrolled.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from qtoolkit_kernels._jit import cgutils
from qtoolkit_kernels.vector.lanes import Emitter, sum_code, vector_code

__all__ = ["WIDTH", "add_listed_rows", "combine_rows_1", "combine_rows_2", "combine_rows_3", "dot_rows", "turn_rows"]

WIDTH = 16
"""Real numbers in a row of a tile."""

_INDEX = ir.IntType(64)


def _loop(e: Emitter, first: Any, last: Any, step: int = 1) -> Any:
    return cgutils.for_range_slice(e.builder, first, last, ir.Constant(_INDEX, step), intp=_INDEX)


def _index(e: Emitter, data: Any, place: Any) -> Any:
    """An integer of an array, as an int64."""
    value = e.builder.load(e.builder.gep(data, [place], inbounds=True))
    return value if value.type == _INDEX else e.builder.sext(value, _INDEX)


def _swapped(e: Emitter, value: Any) -> Any:
    return e.exchange(value, 1)


def _alternating(e: Emitter, scalar: Any, odd: bool) -> Any:
    """A register of one number, negative in the odd lanes, or else in the even ones."""
    signs = [-1.0 if lane % 2 == odd else 1.0 for lane in range(e.lanes)]
    return e.mul(e.splat(scalar), ir.Constant(e.vector, signs))


@vector_code
def turn_rows(e: Emitter, tile: Any, pairs: Any, first: Any, last: Any, cosine: Any, sine: Any, skew: Any) -> None:
    """Rows a become c a - s* b and rows b s a + c b, for entries first <= t < last of the pairs (int32[:, 2]).

    s = sine + i skew on tiles of complex numbers, (re, im); skew is 0 on real ones.
    """
    builder = e.builder
    turns, minus = e.splat(cosine), e.splat(builder.fneg(sine))
    plus, skewed = e.splat(sine), _alternating(e, skew, odd=False)
    is_real = builder.fcmp_ordered("==", skew, ir.Constant(skew.type, 0.0))
    with builder.if_else(is_real) as (real, mixed):
        for case, is_mixed in ((real, False), (mixed, True)):
            with case, _loop(e, first, last) as (t, _):
                place = builder.mul(t, _INDEX(2))
                rows = [builder.mul(_index(e, pairs, builder.add(place, _INDEX(k))), _INDEX(WIDTH)) for k in (0, 1)]
                for extra in range(0, WIDTH, e.lanes):
                    a, b = (e.load(tile, row, extra, aligned=False) for row in rows)
                    new_a, new_b = e.fma(turns, a, e.mul(minus, b)), e.fma(turns, b, e.mul(plus, a))
                    if is_mixed:
                        # i skew x = skew (-im, re)
                        new_a = e.fma(skewed, _swapped(e, b), new_a)
                        new_b = e.fma(skewed, _swapped(e, a), new_b)
                    e.store(new_a, tile, rows[0], extra, aligned=False)
                    e.store(new_b, tile, rows[1], extra, aligned=False)


@vector_code
def add_listed_rows(
    e: Emitter, out: Any, row: Any, tile: Any, columns: Any, values: Any, first: Any, last: Any
) -> None:
    """Row `row` of `out` becomes the sum of values[t] times row columns[t] of `tile` for first <= t < last."""
    builder = e.builder
    zero = ir.Constant(e.vector, None)
    totals = [cgutils.alloca_once_value(builder, zero) for _ in range(0, WIDTH, e.lanes)]
    with _loop(e, first, last) as (t, _):
        source = builder.mul(_index(e, columns, t), _INDEX(WIDTH))
        value = e.broadcast(values, t)
        for k, total in enumerate(totals):
            part = e.load(tile, source, k * e.lanes, aligned=False)
            builder.store(e.fma(value, part, builder.load(total)), total)
    place = builder.mul(row, _INDEX(WIDTH))
    for k, total in enumerate(totals):
        e.store(builder.load(total), out, place, k * e.lanes, aligned=False)


@sum_code
def dot_rows(e: Emitter, bra: Any, ket: Any, pairs: Any, first: Any, last: Any, sums: Any) -> Any:
    """Sums over pairs (a, b) of rows, added to `sums`: bra_a · ket_b and bra_b · ket_a, and both with turned kets.

    A turned ket has (im, -re) for the parts (re, im) of each number, which gives the imaginary parts of the scalar
    products of complex rows.
    """
    builder = e.builder
    zero = ir.Constant(e.vector, None)
    totals = [cgutils.alloca_once_value(builder, zero) for _ in range(4)]
    one = ir.Constant(ir.DoubleType(), 1.0)
    signs = _alternating(e, one, odd=True)
    with _loop(e, first, last) as (t, _):
        place = builder.mul(t, _INDEX(2))
        rows = [builder.mul(_index(e, pairs, builder.add(place, _INDEX(k))), _INDEX(WIDTH)) for k in (0, 1)]
        for extra in range(0, WIDTH, e.lanes):
            bras = [e.load(bra, row, extra, aligned=False) for row in rows]
            kets = [e.load(ket, row, extra, aligned=False) for row in rows]
            turned = [_swapped(e, value) for value in kets]
            for total, left, right in zip(
                totals, (*bras, *bras), (kets[1], kets[0], turned[1], turned[0]), strict=True
            ):
                builder.store(e.fma(left, right, builder.load(total)), total)
    found = []
    for k, total in enumerate(totals):
        value = builder.load(total)
        if k >= 2:
            value = e.mul(value, signs)
        scalar = sums[k]
        for lane in range(e.lanes):
            scalar = builder.fadd(scalar, builder.extract_element(value, ir.IntType(32)(lane)))
        found.append(scalar)
    return found


def _combination(vectors: int) -> Any:
    """Columns of a matrix product, `vectors` registers of them at once."""

    def combine_rows(
        e: Emitter, out: Any, state: Any, rows: Any, first: Any, last: Any, panel: Any, count: Any, shape: Any
    ) -> None:
        """out[c, r] = Σ_k state[rows[k] + c] panel[k, r], first <= k < last, for c < count and some columns r.

        `shape` is (length of the rows of `out` and `panel`, first column r, element of the state that c = 0 means).
        """
        builder = e.builder
        stride, column, base = shape
        # 32 registers are there with the widest ones, else 16
        most = 8 if e.nbytes == 64 else 4

        def block(start: Any, width: int) -> None:
            zero = ir.Constant(e.vector, None)
            totals = [[cgutils.alloca_once_value(builder, zero) for _ in range(vectors)] for _ in range(width)]
            with _loop(e, first, last) as (k, _):
                source = builder.add(builder.add(_index(e, rows, k), base), start)
                place = builder.add(builder.mul(k, stride), column)
                right = [e.load(panel, place, v * e.lanes, aligned=False) for v in range(vectors)]
                for c, line in enumerate(totals):
                    left = e.broadcast(state, source, c)
                    for v, total in enumerate(line):
                        builder.store(e.fma(left, right[v], builder.load(total)), total)
            for c, line in enumerate(totals):
                place = builder.add(builder.mul(builder.add(start, _INDEX(c)), stride), column)
                for v, total in enumerate(line):
                    e.store(builder.load(total), out, place, v * e.lanes, aligned=False)

        whole = builder.and_(count, _INDEX(-most))
        with _loop(e, _INDEX(0), whole, most) as (c, _):
            block(c, most)
        with _loop(e, whole, count) as (c, _):
            block(c, 1)

    combine_rows.__name__ = combine_rows.__qualname__ = f"combine_rows_{vectors}"
    return vector_code(combine_rows)


combine_rows_1, combine_rows_2, combine_rows_3 = (_combination(vectors) for vectors in (1, 2, 3))
