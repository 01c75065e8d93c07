"""Vector code for components: a tile is one amplitude of as many shots as a register has lanes.

Bases are in elements of the array, to the first amplitude of a component; the tile of amplitude b begins 2 L b elements
later, L being the number of lanes. Strings are bits x and z; amplitude b meets b ^ x. `pivot` is a bit of x, or, where
x is 0, one of z: loops go over the pairs of amplitudes whose first one lacks it. `negative` turns the sign of a string.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir

from qtoolkit_kernels._jit import cgutils
from qtoolkit_kernels.vector.lanes import Emitter, vector_code

__all__ = [
    "add_norm",
    "add_string",
    "add_string_sum",
    "clear_tiles",
    "merge_tiles",
    "project_even",
    "project_odd",
    "project_parity",
    "scale_tiles",
    "turn_diagonal",
    "turn_even",
    "turn_odd",
    "weigh_even",
    "weigh_odd",
    "weigh_parity",
]

INT64, BIT = ir.IntType(64), ir.IntType(1)


def _tile(e: Emitter, base: Any, index: Any) -> Any:
    return e.builder.add(base, e.builder.mul(index, INT64(2 * e.lanes)))


def _parity(e: Emitter, index: Any, mask: Any, negative: Any) -> Any:
    """Whether the sign that a string gives an amplitude is -1."""
    ones = e.builder.ctpop(e.builder.and_(index, mask))
    return e.builder.trunc(e.builder.xor(ones, negative), BIT)


def _signed(e: Emitter, flip: Any, value: Any) -> Any:
    return e.builder.select(flip, e.builder.fneg(value), value)


@contextmanager
def _pairs(e: Emitter, base: Any, count: Any, pivot: Any, x: Any) -> Iterator[tuple[Any, Any, Any, Any, Any]]:
    """A loop over pairs: number, both amplitudes' numbers and places."""
    b = e.builder
    below = b.sub(b.shl(INT64(1), pivot), INT64(1))
    with cgutils.for_range(b, count) as loop:
        low = b.and_(loop.index, below)
        first = b.add(loop.index, b.sub(loop.index, low))
        second = b.xor(first, x)
        yield loop.index, first, second, _tile(e, base, first), _tile(e, base, second)


def _sums(e: Emitter, count: int) -> list[Any]:
    zero = ir.Constant(e.vector, None)
    places = [cgutils.alloca_once(e.builder, e.vector) for _ in range(count)]
    for place in places:
        e.builder.store(zero, place)
    return places


def _add(e: Emitter, place: Any, *values: Any) -> None:
    """Add squares."""
    total = e.builder.load(place)
    for value in values:
        total = e.fma(value, value, total)
    e.builder.store(total, place)


def _store_sums(e: Emitter, places: list[Any], out: Any, at: Any, distance: Any, halve: bool) -> None:
    for k, place in enumerate(places):
        value = e.builder.load(place)
        if halve:
            value = e.mul(value, ir.Constant(e.vector, [0.5] * e.lanes))
        e.store(value, out, e.builder.add(at, e.builder.mul(distance, INT64(k))))


def _turn(is_odd: bool) -> Any:
    @vector_code
    def turn(
        e: Emitter, data: Any, base: Any, count: Any, pivot: Any, x: Any, z: Any, factors: Any, c: Any, s: Any
    ) -> None:
        cosine, sine = e.load(factors, c), e.load(factors, s)
        with _pairs(e, base, count, pivot, x) as (_, _first, second, p, q):
            t = _signed(e, _parity(e, second, z, INT64(0)), sine)
            (pr, pi), (qr, qi) = e.load_tile(data, p), e.load_tile(data, q)
            if is_odd:
                e.store_tile((e.fma(t, qr, e.mul(cosine, pr)), e.fma(t, qi, e.mul(cosine, pi))), data, p)
                e.store_tile((e.fnma(t, pr, e.mul(cosine, qr)), e.fnma(t, pi, e.mul(cosine, qi))), data, q)
            else:
                e.store_tile((e.fma(t, qi, e.mul(cosine, pr)), e.fnma(t, qr, e.mul(cosine, pi))), data, p)
                e.store_tile((e.fma(t, pi, e.mul(cosine, qr)), e.fnma(t, pr, e.mul(cosine, qi))), data, q)

    return turn


turn_even, turn_odd = _turn(False), _turn(True)
"""Rotate by a string with an even, or odd, number of Y; the sine, signed by the shot, is at `s` in `factors`."""


@vector_code
def turn_diagonal(e: Emitter, data: Any, base: Any, count: Any, z: Any, factors: Any, c: Any, s: Any) -> None:
    """Rotate by a string of Z."""
    cosine, sine = e.load(factors, c), e.load(factors, s)
    with cgutils.for_range(e.builder, count) as loop:
        place = _tile(e, base, loop.index)
        t = _signed(e, _parity(e, loop.index, z, INT64(0)), sine)
        real, imag = e.load_tile(data, place)
        e.store_tile((e.fma(t, imag, e.mul(cosine, real)), e.fnma(t, real, e.mul(cosine, imag))), data, place)


def _image(e: Emitter, data: Any, place: Any, flip: Any, is_odd: bool) -> tuple[Any, Any]:
    """What a string makes of a tile."""
    real, imag = e.load_tile(data, place)
    if is_odd:
        real, imag = e.builder.fneg(imag), real
    return _signed(e, flip, real), _signed(e, flip, imag)


def _weigh(is_odd: bool) -> Any:
    @vector_code
    def weigh(
        e: Emitter, data: Any, base: Any, count: Any, pivot: Any, x: Any, z: Any, negative: Any, out: Any, at: Any,
        distance: Any,
    ) -> None:  # fmt: skip
        places = _sums(e, 2)
        with _pairs(e, base, count, pivot, x) as (_, _first, second, p, q):
            real, imag = e.load_tile(data, p)
            other = _image(e, data, q, _parity(e, second, z, negative), is_odd)
            _add(e, places[0], e.builder.fadd(real, other[0]), e.builder.fadd(imag, other[1]))
            _add(e, places[1], e.builder.fsub(real, other[0]), e.builder.fsub(imag, other[1]))
        _store_sums(e, places, out, at, distance, halve=True)

    return weigh


weigh_even, weigh_odd = _weigh(False), _weigh(True)
"""Weights of the values 1 and -1 of a string, at `at` in `out` and `distance` later."""


@vector_code
def weigh_parity(
    e: Emitter, data: Any, base: Any, count: Any, pivot: Any, z: Any, out: Any, at: Any, distance: Any
) -> None:
    """The same for a string of Z."""
    places = _sums(e, 2)
    with _pairs(e, base, count, pivot, e.builder.shl(INT64(1), pivot)) as (_, first, _second, p, q):
        odd = _parity(e, first, z, INT64(0))
        (pr, pi), (qr, qi) = e.load_tile(data, p), e.load_tile(data, q)
        for place, (ar, ai), (br, bi) in zip(places, ((pr, pi), (qr, qi)), ((qr, qi), (pr, pi)), strict=True):
            _add(e, place, e.builder.select(odd, br, ar), e.builder.select(odd, bi, ai))
    _store_sums(e, places, out, at, distance, halve=False)


def _project(is_odd: bool) -> Any:
    @vector_code
    def project(
        e: Emitter, data: Any, base: Any, count: Any, pivot: Any, x: Any, z: Any, negative: Any, factors: Any, g: Any,
        h: Any,
    ) -> None:  # fmt: skip
        own, other = e.load(factors, g), e.load(factors, h)
        with _pairs(e, base, count, pivot, x) as (index, _first, second, p, q):
            real, imag = e.load_tile(data, p)
            image = _image(e, data, q, _parity(e, second, z, negative), is_odd)
            found = (e.fma(other, part, e.mul(own, value)) for value, part in zip((real, imag), image, strict=True))
            e.store_tile(tuple(found), data, _tile(e, base, index))

    return project


project_even, project_odd = _project(False), _project(True)
"""Leave the half without the pivot, of g times the state and h times the string's image of it."""


@vector_code
def project_parity(
    e: Emitter, data: Any, base: Any, count: Any, pivot: Any, z: Any, factors: Any, g: Any, h: Any
) -> None:
    """The same for a string of Z: g times what it gives 1, and h times what it gives -1."""
    even, odd = e.load(factors, g), e.load(factors, h)
    with _pairs(e, base, count, pivot, e.builder.shl(INT64(1), pivot)) as (index, first, _second, p, q):
        is_odd = _parity(e, first, z, INT64(0))
        own, other = e.builder.select(is_odd, odd, even), e.builder.select(is_odd, even, odd)
        (pr, pi), (qr, qi) = e.load_tile(data, p), e.load_tile(data, q)
        e.store_tile((e.fma(other, qr, e.mul(own, pr)), e.fma(other, qi, e.mul(own, pi))), data, _tile(e, base, index))


@vector_code
def merge_tiles(
    e: Emitter, data: Any, first: Any, first_count: Any, second: Any, second_count: Any, target: Any
) -> None:
    """Write the product of two components; the first one's numbers are the low bits."""
    with cgutils.for_range(e.builder, second_count) as outer:
        br, bi = e.load_tile(data, _tile(e, second, outer.index))
        begin = _tile(e, target, e.builder.mul(outer.index, first_count))
        with cgutils.for_range(e.builder, first_count) as inner:
            ar, ai = e.load_tile(data, _tile(e, first, inner.index))
            e.store_tile(e.complex_mul(ar, ai, br, bi), data, _tile(e, begin, inner.index))


@vector_code
def clear_tiles(e: Emitter, data: Any, base: Any, count: Any) -> None:
    """Write zeros."""
    zero = ir.Constant(e.vector, None)
    with cgutils.for_range(e.builder, count) as loop:
        e.store_tile((zero, zero), data, _tile(e, base, loop.index))


@vector_code
def add_string(
    e: Emitter, data: Any, base: Any, target: Any, count: Any, x: Any, z: Any, factors: Any, real: Any, imag: Any
) -> None:
    """Add to a target what a string of X^x Z^z makes of a component, times a number of each shot."""
    cr, ci = e.load(factors, real), e.load(factors, imag)
    with cgutils.for_range(e.builder, count) as loop:
        other = e.builder.xor(loop.index, x)
        ar, ai = _image(e, data, _tile(e, base, other), _parity(e, other, z, INT64(0)), False)
        place = _tile(e, target, loop.index)
        tr, ti = e.load_tile(data, place)
        e.store_tile((e.fnma(ci, ai, e.fma(cr, ar, tr)), e.fma(ci, ar, e.fma(cr, ai, ti))), data, place)


@vector_code
def add_string_sum(
    e: Emitter, data: Any, base: Any, count: Any, x: Any, z: Any, out: Any, real: Any, imag: Any
) -> None:
    """Write real and imaginary part of the expectation value of X^x Z^z."""
    places = _sums(e, 2)
    with cgutils.for_range(e.builder, count) as loop:
        other = e.builder.xor(loop.index, x)
        br, bi = e.load_tile(data, _tile(e, base, loop.index))
        ar, ai = _image(e, data, _tile(e, base, other), _parity(e, other, z, INT64(0)), False)
        sums = [e.builder.load(place) for place in places]
        e.builder.store(e.fma(bi, ai, e.fma(br, ar, sums[0])), places[0])
        e.builder.store(e.fnma(bi, ar, e.fma(br, ai, sums[1])), places[1])
    for place, at in zip(places, (real, imag), strict=True):
        e.store(e.builder.load(place), out, at)


@vector_code
def add_norm(e: Emitter, data: Any, base: Any, count: Any, out: Any, at: Any) -> None:
    """Write the squared norm of a component."""
    places = _sums(e, 1)
    with cgutils.for_range(e.builder, count) as loop:
        _add(e, places[0], *e.load_tile(data, _tile(e, base, loop.index)))
    e.store(e.builder.load(places[0]), out, at)


@vector_code
def scale_tiles(e: Emitter, data: Any, source: Any, target: Any, count: Any, factors: Any, at: Any) -> None:
    """Write a component times a number of each shot."""
    factor = e.load(factors, at)
    with cgutils.for_range(e.builder, count) as loop:
        real, imag = e.load_tile(data, _tile(e, source, loop.index))
        e.store_tile((e.mul(factor, real), e.mul(factor, imag)), data, _tile(e, target, loop.index))
