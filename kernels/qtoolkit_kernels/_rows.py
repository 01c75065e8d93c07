"""Loops over amplitudes held as rows of a few real numbers, emitted with vector registers.

A row is one amplitude of one vector (real, imaginary) or of two vectors side by side (four numbers: the ket's and the
bra's). One register holds one row, so that amplitudes may lie anywhere: each costs one load and one store. The loops
are emitted whole, because a register cannot be carried from one pass of a numba loop to the next.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from qtoolkit_kernels._jit import cgutils, intrinsic, types
from qtoolkit_kernels.vector.lanes import lane_count

__all__ = [
    "multiply_rows", "rotate_listed", "rotate_listed_back", "turn_pairs", "turn_pairs_summing", "turn_runs",
    "turn_runs_summing",
]  # fmt: skip

_INDEX = ir.IntType(64)
_LANE = ir.IntType(32)
_DOUBLE = ir.DoubleType()
_Value = Any


class _Rows:
    """Emits instructions on rows of one state array."""

    def __init__(self, context: Any, builder: Any, array_type: Any, array: Any, lanes_type: Any) -> None:
        self.context, self.builder = context, builder
        self.data = context.make_array(array_type)(context, builder, array).data
        self.itemsize = array_type.dtype.bitwidth // 8
        self.lanes = lane_count(array_type, lanes_type)
        self.element = _DOUBLE if self.itemsize == 8 else ir.FloatType()
        self.vector = ir.VectorType(self.element, self.lanes)
        self.wide = ir.VectorType(_DOUBLE, self.lanes)

    def place(self, row: _Value) -> _Value:
        element = self.builder.mul(row, ir.Constant(_INDEX, self.lanes))
        return self.builder.bitcast(self.builder.gep(self.data, [element], inbounds=True), self.vector.as_pointer())

    def load(self, place: _Value) -> _Value:
        value = self.builder.load(place)
        value.align = self.itemsize
        return value

    def store(self, value: _Value, place: _Value) -> None:
        self.builder.store(value, place).align = self.itemsize

    def splat(self, scalar: _Value, alternate: bool = False) -> _Value:
        """A register of one number; with `alternate`, of its negative in the even lanes."""
        if scalar.type != self.element:
            scalar = self.builder.fptrunc(scalar, self.element)
        other = self.builder.fneg(scalar) if alternate else scalar
        value = ir.Constant(self.vector, ir.Undefined)
        for lane in range(self.lanes):
            value = self.builder.insert_element(value, scalar if lane % 2 else other, ir.Constant(_LANE, lane))
        return value

    def shuffle(self, value: _Value, order: list[int]) -> _Value:
        indices = ir.Constant(ir.VectorType(_LANE, self.lanes), order)
        return self.builder.shuffle_vector(value, ir.Constant(value.type, ir.Undefined), indices)

    def turned(self, value: _Value) -> _Value:
        """Imaginary and real parts exchanged; with an alternating factor, a product with i."""
        return self.shuffle(value, [lane ^ 1 for lane in range(self.lanes)])

    def fma(self, a: _Value, b: _Value, c: _Value) -> _Value:
        kind = a.type
        bits = 64 if kind.element == _DOUBLE else 32
        name = f"llvm.fma.v{self.lanes}f{bits}"
        function = cgutils.get_or_insert_function(self.builder.module, ir.FunctionType(kind, [kind] * 3), name)
        return self.builder.call(function, [a, b, c])

    def widened(self, value: _Value) -> _Value:
        return value if self.itemsize == 8 else self.builder.fpext(value, self.wide)


def _turn(listed: bool, summing: bool) -> Callable[..., Any]:
    """A 2x2 matrix on pairs of rows: listed pairs, or two runs of rows; with the sums that a derivative needs."""

    @intrinsic
    def turn(
        _context: Any,
        state: Any,
        lanes: Any,
        base_a: Any,
        base_b: Any,
        pairs: Any,
        first: Any,
        last: Any,
        matrix: Any,
        sums: Any,
        place: Any,
    ) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            e = _Rows(context, builder, signature.args[0], arguments[0], signature.args[1])
            takes_sums = summing and e.lanes == 4  # a row of one vector has nothing to sum
            start_a, start_b, start, stop = arguments[2], arguments[3], arguments[5], arguments[6]
            listing = context.make_array(signature.args[4])(context, builder, arguments[4]).data
            entries = [builder.extract_value(arguments[7], k) for k in range(8)]
            real = [e.splat(entries[2 * k]) for k in range(4)]
            imaginary = [e.splat(entries[2 * k + 1], alternate=True) for k in range(4)]
            totals = [cgutils.alloca_once_value(builder, ir.Constant(e.wide, None)) for _ in range(2)]

            def index(t: Any, side: int) -> Any:
                entry = builder.add(builder.mul(t, ir.Constant(_INDEX, 2)), ir.Constant(_INDEX, side))
                return builder.sext(builder.load(builder.gep(listing, [entry], inbounds=True)), _INDEX)

            with cgutils.for_range_slice(builder, start, stop, ir.Constant(_INDEX, 1), intp=_INDEX) as (t, _):
                row_a = builder.add(start_a, index(t, 0) if listed else t)
                row_b = builder.add(start_b, index(t, 1) if listed else t)
                place_a, place_b = e.place(row_a), e.place(row_b)
                a, b = e.load(place_a), e.load(place_b)
                if takes_sums:
                    # Lanes are (ket, bra); crossed over, a lane of `a` meets the other vector of `b`.
                    wide_a, wide_b = e.widened(a), e.widened(b)
                    for total, order in zip(totals, ([3, 2, 1, 0], [2, 3, 0, 1]), strict=True):
                        builder.store(e.fma(wide_a, e.shuffle(wide_b, order), builder.load(total)), total)
                turned_a, turned_b = e.turned(a), e.turned(b)
                for row, where in ((0, place_a), (2, place_b)):
                    value = e.fma(imaginary[row], turned_a, builder.fmul(real[row], a))
                    value = e.fma(real[row + 1], b, value)
                    e.store(e.fma(imaginary[row + 1], turned_b, value), where)
            if takes_sums:
                out = context.make_array(signature.args[8])(context, builder, arguments[8]).data
                # Im(λ_b* ψ_a + λ_a* ψ_b) and Re(λ_b* ψ_a - λ_a* ψ_b)
                for k, signs in enumerate(((-1, 1, 1, -1), (1, 1, -1, -1))):
                    total = builder.load(totals[k])
                    target = builder.gep(out, [builder.add(arguments[9], ir.Constant(_INDEX, k))], inbounds=True)
                    value = builder.load(target)
                    for lane, sign in enumerate(signs):
                        part = builder.extract_element(total, ir.Constant(_LANE, lane))
                        value = builder.fadd(value, part) if sign > 0 else builder.fsub(value, part)
                    builder.store(value, target)
            return context.get_dummy_value()

        arguments = (state, lanes, types.int64, types.int64, pairs, types.int64, types.int64, matrix, sums, types.int64)
        return types.void(*arguments), codegen

    return turn


turn_pairs, turn_pairs_summing = _turn(True, False), _turn(True, True)
turn_runs, turn_runs_summing = _turn(False, False), _turn(False, True)


def _rotate(backward: bool) -> Callable[..., Any]:
    """Real rotations of listed pairs of rows, one after another, or what undoes them, the last one first."""

    @intrinsic
    def rotate(
        _context: Any, state: Any, lanes: Any, base: Any, listed: Any, first: Any, last: Any, angles: Any
    ) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            e = _Rows(context, builder, signature.args[0], arguments[0], signature.args[1])
            start, begin, stop = arguments[2], arguments[4], arguments[5]
            listing, table = (
                context.make_array(signature.args[k])(context, builder, arguments[k]).data for k in (3, 6)
            )
            final = builder.sub(builder.add(begin, stop), ir.Constant(_INDEX, 1))

            def entry(t: Any, column: int) -> Any:
                place = builder.add(builder.mul(t, ir.Constant(_INDEX, 3)), ir.Constant(_INDEX, column))
                return builder.sext(builder.load(builder.gep(listing, [place], inbounds=True)), _INDEX)

            with cgutils.for_range_slice(builder, begin, stop, ir.Constant(_INDEX, 1), intp=_INDEX) as (index, _):
                t = builder.sub(final, index) if backward else index
                place_a, place_b = (e.place(builder.add(start, entry(t, side))) for side in (0, 1))
                angle = builder.mul(entry(t, 2), ir.Constant(_INDEX, 2))
                cosine, sine = (
                    builder.load(builder.gep(table, [builder.add(angle, ir.Constant(_INDEX, k))], inbounds=True))
                    for k in (0, 1)
                )
                if backward:
                    sine = builder.fneg(sine)
                a, b, cosines, sines = e.load(place_a), e.load(place_b), e.splat(cosine), e.splat(sine)
                e.store(e.fma(sines, b, builder.fmul(cosines, a)), place_a)
                e.store(e.fma(builder.fneg(sines), a, builder.fmul(cosines, b)), place_b)
            return context.get_dummy_value()

        return types.void(state, lanes, types.int64, listed, types.int64, types.int64, angles), codegen

    return rotate


rotate_listed, rotate_listed_back = _rotate(False), _rotate(True)


@intrinsic
def multiply_rows(_context: Any, state: Any, lanes: Any, base: Any, count: Any, cosines: Any, sines: Any) -> Any:
    """Multiply the rows from `base` on by cos + i sin of a block's angles."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        e = _Rows(context, builder, signature.args[0], arguments[0], signature.args[1])
        parts = [context.make_array(signature.args[k])(context, builder, arguments[k]).data for k in (4, 5)]
        with cgutils.for_range(builder, arguments[3], intp=_INDEX) as loop:
            place = e.place(builder.add(arguments[2], loop.index))
            value = e.load(place)
            cosine, sine = (builder.load(builder.gep(part, [loop.index], inbounds=True)) for part in parts)
            product = builder.fmul(e.splat(cosine), value)
            e.store(e.fma(e.splat(sine, alternate=True), e.turned(value), product), place)
        return context.get_dummy_value()

    return types.void(state, lanes, types.int64, types.int64, cosines, sines), codegen
