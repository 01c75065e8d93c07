"""Lines of eight numbers: what they are filled from, and their rotations, emitted with vector registers.

A *line* is eight float64 side by side, which is one line of the cache. Lines are made from a state such that what is to
be rotated differs between lines and never inside one, so that the strings that an excitation connects may lie anywhere
and a pair of them still costs two loads and two stores for eight pairs of amplitudes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from qtoolkit_kernels._jit import cgutils, intrinsic, types

__all__ = [
    "LINE", "load_complex", "load_real", "load_strided", "store_complex", "store_real", "store_strided", "turn_lines",
    "turn_lines_back", "turn_runs", "turn_runs_back",
]  # fmt: skip

LINE = 8
"""Numbers in a line."""

_INDEX = ir.IntType(64)
_LANE = ir.IntType(32)
_DOUBLE = ir.DoubleType()
_VECTOR = ir.VectorType(_DOUBLE, LINE)
_UNALIGNED = 8


class _Emitter:
    """Emits instructions on lines and on rows of a state."""

    def __init__(self, context: Any, builder: Any, signature: Any, arguments: Any) -> None:
        self.context, self.builder, self.signature, self.arguments = context, builder, signature, arguments

    def data(self, argument: int) -> Any:
        array_type = self.signature.args[argument]
        return self.context.make_array(array_type)(self.context, self.builder, self.arguments[argument]).data

    def place(self, data: Any, element: Any) -> Any:
        return self.builder.bitcast(self.builder.gep(data, [element], inbounds=True), _VECTOR.as_pointer())

    def line(self, data: Any, number: Any) -> Any:
        return self.place(data, self.builder.mul(number, ir.Constant(_INDEX, LINE)))

    def load(self, place: Any) -> Any:
        value = self.builder.load(place)
        value.align = _UNALIGNED
        return value

    def store(self, value: Any, place: Any) -> None:
        self.builder.store(value, place).align = _UNALIGNED

    def splat(self, scalar: Any) -> Any:
        one = self.builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), scalar, ir.Constant(_LANE, 0))
        return self.shuffle(one, one, [0] * LINE)

    def shuffle(self, first: Any, second: Any, order: list[int]) -> Any:
        return self.builder.shuffle_vector(first, second, ir.Constant(ir.VectorType(_LANE, LINE), order))

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
        function = cgutils.get_or_insert_function(self.builder.module, kind, f"llvm.fma.v{LINE}f64")
        return self.builder.call(function, [a, b, c])

    def transposed(self, rows: list[Any], unit: int) -> list[Any]:
        """Row k of the result holds the k-th unit of every row; a unit is so many numbers side by side."""
        count = len(rows)
        distance = 1
        while distance < count:
            turned = list(rows)
            for k in (k for k in range(count) if not k & distance):
                low, high = rows[k], rows[k + distance]
                for row, side in ((k, 0), (k + distance, distance)):
                    order = []
                    for lane in range(LINE):
                        number = lane // unit
                        source = (number & ~distance) | side
                        order.append(source * unit + lane % unit + (LINE if number & distance else 0))
                    turned[row] = self.shuffle(low, high, order)
            rows = turned
            distance *= 2
        return rows


def _columns(fills: bool, unit: int) -> Callable[..., Any]:
    """Fill a line for each column of a range with a unit of each row, times a sign for each lane, or undo that.

    Rows begin at `starts`; the line of column c has the number ``at + c``.
    """

    @intrinsic
    def move(_context: Any, state: Any, starts: Any, first: Any, last: Any, lines: Any, at: Any, signs: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            e = _Emitter(context, builder, signature, arguments)
            count = LINE // unit
            numbers, beginnings, held = e.data(0), e.data(1), e.data(4)
            sign = e.load(e.line(e.data(6), ir.Constant(_INDEX, 0)))
            rows = [
                builder.gep(
                    numbers,
                    [builder.load(builder.gep(beginnings, [ir.Constant(_INDEX, k)], inbounds=True))],
                    inbounds=True,
                )
                for k in range(count)
            ]
            step = ir.Constant(_INDEX, count)
            with cgutils.for_range_slice(builder, arguments[2], arguments[3], step, intp=_INDEX) as (column, _):
                element = builder.mul(column, ir.Constant(_INDEX, unit))
                places = [e.place(row, element) for row in rows]
                number = builder.add(arguments[5], column)
                here = [e.line(held, builder.add(number, ir.Constant(_INDEX, k))) for k in range(count)]
                if fills:
                    for value, place in zip(e.transposed([e.load(p) for p in places], unit), here, strict=True):
                        e.store(builder.fmul(value, sign), place)
                else:
                    values = e.transposed([builder.fmul(e.load(p), sign) for p in here], unit)
                    # Lanes without a row of their own name that of lane 0, which therefore comes last.
                    for value, place in reversed(list(zip(values, places, strict=True))):
                        e.store(value, place)
            return context.get_dummy_value()

        return types.void(state, starts, types.int64, types.int64, lines, types.int64, signs), codegen

    return move


load_real, load_complex = _columns(True, 1), _columns(True, 2)
store_real, store_complex = _columns(False, 1), _columns(False, 2)


def _strided(fills: bool) -> Callable[..., Any]:
    """Fill so many lines, the first ones, with eight numbers of each row, or undo that.

    Those of the first row begin at `start`, and `stride` numbers lie between two rows.
    """

    @intrinsic
    def move(_context: Any, state: Any, start: Any, stride: Any, count: Any, lines: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            e = _Emitter(context, builder, signature, arguments)
            numbers, held = e.data(0), e.data(4)
            with cgutils.for_range(builder, arguments[3], intp=_INDEX) as loop:
                element = builder.add(arguments[1], builder.mul(arguments[2], loop.index))
                there, here = e.place(numbers, element), e.line(held, loop.index)
                e.store(e.load(there if fills else here), here if fills else there)
            return context.get_dummy_value()

        return types.void(state, types.int64, types.int64, types.int64, lines), codegen

    return move


load_strided, store_strided = _strided(True), _strided(False)


def _pairs_of(e: _Emitter, listing: Any, shift: Any, t: Any) -> tuple[Any, Any]:
    """The numbers of the two lines of an entry."""
    builder = e.builder
    entry = builder.mul(t, ir.Constant(_INDEX, 2))
    found = [
        builder.sext(
            builder.load(builder.gep(listing, [builder.add(entry, ir.Constant(_INDEX, k))], inbounds=True)), _INDEX
        )
        for k in (0, 1)
    ]
    return found[0], builder.add(found[1], shift)


def _turn(e: _Emitter, places: list[Any], cosines: Any, sines: Any) -> None:
    a, b = (e.load(place) for place in places)
    e.store(e.fma(e.builder.fneg(sines), b, e.builder.fmul(cosines, a)), places[0])
    e.store(e.fma(sines, a, e.builder.fmul(cosines, b)), places[1])


class _Slope:
    """The sum of bra_b ket_a - bra_a ket_b over a loop that turns both vectors back."""

    def __init__(self, e: _Emitter) -> None:
        self._e = e
        self._totals = [cgutils.alloca_once_value(e.builder, ir.Constant(_VECTOR, None)) for _ in range(2)]

    def turn_back(self, places: list[list[Any]], cosines: Any, sines: Any) -> None:
        e, builder = self._e, self._e.builder
        (ket_a, ket_b), (bra_a, bra_b) = ([e.load(place) for place in pair] for pair in places)
        for total, left, right in zip(self._totals, (bra_b, bra_a), (ket_a, ket_b), strict=True):
            builder.store(e.fma(left, right, builder.load(total)), total)
        negative = builder.fneg(sines)
        for (a, b), pair in zip(((ket_a, ket_b), (bra_a, bra_b)), places, strict=True):
            e.store(e.fma(sines, b, builder.fmul(cosines, a)), pair[0])
            e.store(e.fma(negative, a, builder.fmul(cosines, b)), pair[1])

    def value(self) -> Any:
        builder = self._e.builder
        difference = builder.fsub(*(builder.load(total) for total in self._totals))
        found: Any = ir.Constant(_DOUBLE, 0.0)
        for lane in range(LINE):
            found = builder.fadd(found, builder.extract_element(difference, ir.Constant(_LANE, lane)))
        return found


@intrinsic
def turn_lines(_context: Any, lines: Any, pairs: Any, first: Any, last: Any, shift: Any, cosine: Any, sine: Any) -> Any:
    """Rotate lines (a, b + shift) for the entries (a, b) of a range: a becomes cos a - sin b, b cos b + sin a."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        e = _Emitter(context, builder, signature, arguments)
        held, listing = e.data(0), e.data(1)
        cosines, sines = e.splat(arguments[5]), e.splat(arguments[6])
        one = ir.Constant(_INDEX, 1)
        with cgutils.for_range_slice(builder, arguments[2], arguments[3], one, intp=_INDEX) as (t, _):
            places = [e.line(held, number) for number in _pairs_of(e, listing, arguments[4], t)]
            _turn(e, places, cosines, sines)
        return context.get_dummy_value()

    kinds = (lines, pairs, types.int64, types.int64, types.int64, types.float64, types.float64)
    return types.void(*kinds), codegen


@intrinsic
def turn_lines_back(
    _context: Any, ket: Any, bra: Any, pairs: Any, first: Any, last: Any, shift: Any, cosine: Any, sine: Any
) -> Any:
    """Undo `turn_lines` on two vectors, and return the sum of bra_b ket_a - bra_a ket_b before that."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        e = _Emitter(context, builder, signature, arguments)
        vectors, listing = (e.data(0), e.data(1)), e.data(2)
        cosines, sines, slope = e.splat(arguments[6]), e.splat(arguments[7]), _Slope(e)
        one = ir.Constant(_INDEX, 1)
        with cgutils.for_range_slice(builder, arguments[3], arguments[4], one, intp=_INDEX) as (t, _):
            numbers = _pairs_of(e, listing, arguments[5], t)
            slope.turn_back([[e.line(held, number) for number in numbers] for held in vectors], cosines, sines)
        return slope.value()

    kinds = (ket, bra, pairs, types.int64, types.int64, types.int64, types.float64, types.float64)
    return types.float64(*kinds), codegen


@intrinsic
def turn_runs(_context: Any, state: Any, start_a: Any, start_b: Any, count: Any, cosine: Any, sine: Any) -> Any:
    """`turn_lines` on two runs of numbers of a state, a multiple of `LINE`."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        e = _Emitter(context, builder, signature, arguments)
        numbers, cosines, sines = e.data(0), e.splat(arguments[4]), e.splat(arguments[5])
        zero, step = ir.Constant(_INDEX, 0), ir.Constant(_INDEX, LINE)
        with cgutils.for_range_slice(builder, zero, arguments[3], step, intp=_INDEX) as (t, _):
            _turn(e, [e.place(numbers, builder.add(start, t)) for start in arguments[1:3]], cosines, sines)
        return context.get_dummy_value()

    return types.void(state, types.int64, types.int64, types.int64, types.float64, types.float64), codegen


@intrinsic
def turn_runs_back(
    _context: Any, ket: Any, bra: Any, start_a: Any, start_b: Any, count: Any, cosine: Any, sine: Any
) -> Any:
    """`turn_lines_back` on two runs of numbers of both vectors, a multiple of `LINE`."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        e = _Emitter(context, builder, signature, arguments)
        vectors, cosines, sines, slope = (e.data(0), e.data(1)), e.splat(arguments[5]), e.splat(arguments[6]), _Slope(e)
        zero, step = ir.Constant(_INDEX, 0), ir.Constant(_INDEX, LINE)
        with cgutils.for_range_slice(builder, zero, arguments[4], step, intp=_INDEX) as (t, _):
            elements = [builder.add(start, t) for start in arguments[2:4]]
            slope.turn_back([[e.place(held, element) for element in elements] for held in vectors], cosines, sines)
        return slope.value()

    kinds = (ket, bra, types.int64, types.int64, types.int64, types.float64, types.float64)
    return types.float64(*kinds), codegen
