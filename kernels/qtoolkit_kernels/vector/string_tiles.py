"""Vector code for strings: ψ(x) becomes a ψ(x) ± b i^k ψ(x ^ mask), forward, and back with ψ and λ.

A rotation by a Pauli string has a = cos and b = sin. What stands inside a register is in the lanes of a and b: signs,
and controls, which leave lanes alone with a = 1 and b = 0. 4 real fused multiply-adds an amplitude, back 10.
"""

from typing import Any

from llvmlite import ir

from qtoolkit_kernels._jit import intrinsic, types
from qtoolkit_kernels.vector.adjoint.tiles import register_of
from qtoolkit_kernels.vector.lanes import Emitter, sum_code, vector_code

__all__ = [
    "add_string",
    "back_string",
    "back_string_flipped",
    "back_string_pair",
    "back_string_pair_flipped",
    "string",
    "string_flipped",
    "string_pair",
    "string_pair_flipped",
    "string_weights",
    "tile_weights",
    "weighted",
]


@intrinsic
def tile_weights(_context: Any, registers: Any, lanes: Any, start: Any) -> Any:
    """What a string keeps and what it brings across: two registers in a row."""
    register = register_of(registers, lanes)

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        data = e.data(signature.args[0], arguments[0])
        weights = [e.load(data, arguments[2], part * e.lanes) for part in range(2)]
        return context.make_tuple(builder, signature.return_type, weights)

    return types.UniTuple(register, 2)(registers, lanes, start), codegen


@intrinsic
def string_weights(_context: Any, patterns: Any, lanes: Any, place: Any, cosine: Any, sine: Any) -> Any:
    """What a string keeps and what it brings across, and the pattern itself: lanes that are 1, -1 or, left alone, 0."""
    register = register_of(patterns, lanes)

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        pattern = e.load(e.data(signature.args[0], arguments[0]), arguments[2])
        on = e.mul(pattern, pattern)
        off = builder.fsub(ir.Constant(e.vector, [1.0] * e.lanes), on)
        keep, cross = e.fma(on, e.splat(arguments[3]), off), e.mul(pattern, e.splat(arguments[4]))
        return context.make_tuple(builder, signature.return_type, [keep, cross, pattern])

    return types.UniTuple(register, 3)(patterns, lanes, place, cosine, sine), codegen


@intrinsic
def weighted(_context: Any, weights: Any, register: Any) -> Any:
    """A register times a string's pattern."""

    def codegen(_context: Any, builder: ir.IRBuilder, _signature: Any, arguments: Any) -> ir.Value:
        return builder.fmul(builder.extract_value(arguments[0], 2), arguments[1])

    return register(weights, register), codegen


class _String:
    """Amplitudes that a string brings across, times i if it is imaginary."""

    def __init__(self, e: Emitter, weights: list[ir.Value], flips: ir.Value | None, imaginary: ir.Value) -> None:
        self.e = e
        self.keep, self.cross = weights[:2]
        self.flips = flips
        self.imaginary = e.builder.icmp_signed("!=", imaginary, ir.Constant(imaginary.type, 0))

    def partner(self, tile: Any) -> Any:
        builder = self.e.builder
        real, imag = tile if self.flips is None else [self.e.exchange_by(value, self.flips) for value in tile]
        return (
            builder.select(self.imaginary, builder.fneg(imag), real),
            builder.select(self.imaginary, real, imag),
        )

    def applied(self, tile: Any, partner: Any, sign: ir.Value) -> Any:
        weight = self.e.mul(self.cross, sign)
        return [self.e.fma(weight, partner[k], self.e.mul(self.keep, tile[k])) for k in range(2)]


def _string(paired: bool, flipping: bool) -> Any:
    """ψ(x) becomes a ψ(x) + s b ψ(x ^ mask), times i in the second term if `imaginary`.

    The tiles at o0 and o1 are partners if `paired`, else that at o0 is its own; s0 and s1 are their signs; `flips` is
    the mask's part inside a register, 0 unless `flipping`; `weights` are a and b.
    """

    @vector_code
    def string(
        e: Emitter, data: Any, o0: Any, o1: Any, s0: Any, s1: Any, flips: Any, imaginary: Any, weights: Any
    ) -> None:
        made = _String(e, weights, flips if flipping else None, imaginary)
        places = (o0, o1) if paired else (o0,)
        tiles = [e.load_tile(data, place) for place in places]
        partners = [made.partner(tile) for tile in tiles[::-1]]
        for tile, partner, sign, place in zip(tiles, partners, (s0, s1), places, strict=False):
            e.store_tile(made.applied(tile, partner, e.splat(sign)), data, place)

    return string


@vector_code
def add_string(
    e: Emitter, data: Any, place: Any, source: Any, sign: Any, flips: Any, imaginary: Any, weights: Any
) -> None:
    """Add what a string brings across from the tile at `source` to the one at `place`."""
    made = _String(e, weights, flips, imaginary)
    partner, weight = made.partner(e.load_tile(data, source)), e.mul(made.cross, e.splat(sign))
    found = [e.fma(weight, *pair) for pair in zip(partner, e.load_tile(data, place), strict=True)]
    e.store_tile(found, data, place)


def _back_string(paired: bool, flipping: bool) -> Any:
    """Add ± Re λ*(x) w(x) to a sum, where w is what the string brings across, then apply it to both states."""

    @sum_code
    def back_string(
        e: Emitter, data: Any, o0: Any, o1: Any, far: Any, s0: Any, s1: Any, flips: Any, imaginary: Any, weights: Any,
        found: Any,
    ) -> Any:  # fmt: skip
        made = _String(e, weights, flips if flipping else None, imaginary)
        places = (o0, o1) if paired else (o0,)
        across = [e.builder.add(place, far) for place in places]
        kets, bras = ([e.load_tile(data, place) for place in group] for group in (places, across))
        signs = [e.splat(sign) for sign in (s0, s1)[: len(places)]]
        partners = [made.partner(tile) for tile in kets[::-1]]
        for bra, partner, sign in zip(bras, partners, signs, strict=True):
            overlap = e.fma(bra[1], partner[1], e.mul(bra[0], partner[0]))
            found = e.fma(sign, overlap, found)
        for tiles, group in ((kets, places), (bras, across)):
            partners = [made.partner(tile) for tile in tiles[::-1]]
            for tile, partner, sign, place in zip(tiles, partners, signs, group, strict=True):
                e.store_tile(made.applied(tile, partner, sign), data, place)
        return found

    return back_string


string, string_flipped, string_pair, string_pair_flipped = (
    _string(paired, flipping) for paired in (False, True) for flipping in (False, True)
)
back_string, back_string_flipped, back_string_pair, back_string_pair_flipped = (
    _back_string(paired, flipping) for paired in (False, True) for flipping in (False, True)
)
