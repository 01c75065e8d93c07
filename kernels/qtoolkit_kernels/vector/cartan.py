"""Parity-preserving 4x4 matrices followed by two real rotations: what a chain of two-qubit gates comes down to.

By Cartan's decomposition a two-qubit gate is ``(A⊗B) · exp(i(x XX + y YY + z ZZ)) · (C⊗D)`` (Kraus and Cirac,
Phys. Rev. A 63, 062309 (2001), eq. 5). A planner that hands C and D to the gates before, and the last Z rotation of A
and of B to the gates behind, leaves a matrix that mixes |00> with |11> and |01> with |10>, then a rotation about Y of
each qubit. Two forms of that, both in one pass that moves 32 bytes an amplitude (16 in single precision) between cache
and registers:

| form | numbers | FMA an amplitude | what |
|---|---|---|---|
| general | 20 | 11.5 | any such matrix whose first entry is real, times any real number |
| tangents | 14 | 9 | a real rotation of each pair, with phases before and behind it |

The second leaves out cosines: of the phases ``1 + i t`` before the rotation, of the rotations, and of all phases behind
it that can be carried to the next gate. What is left out differs between amplitudes and is made up for there.

A full matrix takes 16. Where a bit lies inside a register, two tiles are shuffled so that it tells registers apart, and
shuffled back: 4 shuffles a tile, 8 where both bits do.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from llvmlite import ir

from qtoolkit_kernels._jit import apart_njit, cgutils, intrinsic, types
from qtoolkit_kernels._types import Reals
from qtoolkit_kernels.vector.lanes import Emitter, Lanes
from qtoolkit_kernels.vector.skew import skewed
from qtoolkit_kernels.vector.tiles import MAX_LANE_BITS

__all__ = ["apply_cartan"]

LEAST_TILES = 8
"""Tiles that an operation needs at least: twice the four that it mixes."""

Tile = tuple[ir.Value, ir.Value]
"""Registers of real and imaginary parts."""


class _Kind(NamedTuple):
    """Code of its own.

    Attributes:
        tangents: the form.
        lanes: lane bits that are brought among tiles, the first of them as the low bit.
        flipped: whether the low bit's values are then taken the other way round.
    """

    tangents: bool
    lanes: tuple[int, ...] = ()
    flipped: bool = False


KINDS = (
    _Kind(False),
    _Kind(True),
    *(_Kind(*form) for k in range(MAX_LANE_BITS) for form in ((False, (k,)), (True, (k,)), (True, (k,), True))),
    *(_Kind(False, (low, high)) for high in range(1, MAX_LANE_BITS) for low in range(high)),
)
ON_LANE, ON_LANES = 2, 2 + 3 * MAX_LANE_BITS
"""Numbers of the first kinds with one and two lane bits."""


def _mixed(e: Emitter, a: ir.Value, b: ir.Value, p: Tile, q: Tile) -> tuple[Tile, Tile]:
    """Tiles p - a q and q + b p."""
    low = e.fnma(a, q[0], p[0]), e.fnma(a, q[1], p[1])
    return low, (e.fma(b, p[0], q[0]), e.fma(b, p[1], q[1]))


def _turned(e: Emitter, tangent: ir.Value, tile: Tile) -> Tile:
    """A tile times 1 + i t."""
    return e.fnma(tangent, tile[1], tile[0]), e.fma(tangent, tile[0], tile[1])


def _row(e: Emitter, numbers: Sequence[ir.Value], here: Tile, there: Tile, is_first: bool) -> Tile:
    """own · here + cross · there; the first row's own entry is real."""
    re, im = e.mul(numbers[0], here[0]), e.mul(numbers[0], here[1])
    if not is_first:
        re, im = e.fnma(numbers[1], here[1], re), e.fma(numbers[1], here[0], im)
    re, im = e.fma(numbers[2], there[0], re), e.fma(numbers[2], there[1], im)
    return e.fnma(numbers[3], there[1], re), e.fma(numbers[3], there[0], im)


def _general(e: Emitter, c: Sequence[ir.Value], v: Sequence[Tile]) -> list[Tile]:
    """Own and cross entries of four rows, then what the rotations have."""
    return _rotated(e, c[16:], [_row(e, c[4 * k : 4 * k + 4], v[k], v[3 - k], k == 0) for k in range(4)])


def _by_tangents(e: Emitter, c: Sequence[ir.Value], v: Sequence[Tile]) -> list[Tile]:
    """Phases of rows 1 to 3, rotations of rows 0 and 3 and of 1 and 2, a phase of row 2, a factor of row 3."""
    v = [v[0], *(_turned(e, c[k], v[k + 1]) for k in range(3))]
    v[0], v[3] = _mixed(e, c[3], c[4], v[0], v[3])
    v[1], v[2] = _mixed(e, c[5], c[6], v[1], v[2])
    v[2], v[3] = _turned(e, c[7], v[2]), e.complex_mul(c[8], c[9], *v[3])
    return _rotated(e, c[10:], v)


def _rotated(e: Emitter, c: Sequence[ir.Value], v: list[Tile]) -> list[Tile]:
    """Rotations of the low bit and of the high one."""
    v[0], v[1] = _mixed(e, c[0], c[1], v[0], v[1])
    v[2], v[3] = _mixed(e, c[0], c[1], v[2], v[3])
    v[0], v[2] = _mixed(e, c[2], c[3], v[0], v[2])
    v[1], v[3] = _mixed(e, c[2], c[3], v[1], v[3])
    return v


def _shuffled(shuffle: Any, v: list[Tile], bit: int, place: int) -> None:
    """Exchange a lane bit with the tiles' low bit (place 0) or high bit."""
    for p, q in ((0, 1), (2, 3)) if place == 0 else ((0, 2), (1, 3)):
        parts = [shuffle(v[p][k], v[q][k], bit) for k in range(2)]
        v[p], v[q] = (parts[0][0], parts[1][0]), (parts[0][1], parts[1][1])


def _emit(e: Emitter, kind: _Kind, data: ir.Value, c: Sequence[ir.Value], four: Sequence[ir.Value]) -> None:
    """Run a form on the four tiles at these offsets."""
    order = (1, 0, 3, 2) if kind.flipped else (0, 1, 2, 3)
    v = [e.load_tile(data, o) for o in four]
    # The higher bit first: those below it keep their places.
    for place, bit in reversed([*enumerate(kind.lanes)]):
        _shuffled(e.apart, v, bit, place)
    v = (_by_tangents if kind.tangents else _general)(e, c, [v[k] for k in order])
    v = [v[k] for k in order]
    for place, bit in enumerate(kind.lanes):
        _shuffled(e.together, v, bit, place)
    for offset, (re, im) in zip(four, v, strict=True):
        e.store_tile((re, im), data, offset)


def _emit_loop(builder: ir.IRBuilder, count: ir.Value, mask: ir.Value, body: Callable[[ir.Value], None]) -> None:
    """Run what `body` emits so many times, at least once, on the numbers in which no bit of the mask is set."""
    before, loop, after = builder.block, builder.append_basic_block(), builder.append_basic_block()
    zero, one = ir.Constant(count.type, 0), ir.Constant(count.type, 1)
    builder.branch(loop)
    builder.position_at_end(loop)
    number, done = builder.phi(count.type), builder.phi(count.type)
    number.add_incoming(zero, before)
    done.add_incoming(zero, before)
    body(number)
    following = builder.and_(builder.add(builder.or_(number, mask), one), builder.not_(mask))
    more = builder.add(done, one)
    number.add_incoming(following, builder.block)
    done.add_incoming(more, builder.block)
    builder.cbranch(builder.icmp_signed("<", more, count), loop, after)
    builder.position_at_end(after)


@intrinsic
def run_kind(
    _context: Any, array: Any, lanes: Any, kind: Any, count: Any, mask: Any, skew: Any, tile: Any, begin: Any,
    distances: Any, coefficients: Any, start: Any,
) -> Any:  # fmt: skip
    """Run code of a kind on so many times eight tiles.

    From the tiles in whose number no bit of the mask is set, `begin` elements further on, they stand at the distances
    of the low bit and of the high one, and at the third distance from these as many again.
    """

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        data, weights = e.data(signature.args[0], arguments[0]), e.data(signature.args[9], arguments[9])
        chosen, count, mask, skew, tile, begin = arguments[2:8]
        low, high, again = cgutils.unpack_tuple(builder, arguments[8])
        end = builder.append_basic_block("end")
        switch = builder.switch(chosen, end)
        for number, each in enumerate(KINDS):
            if any(1 << bit >= e.lanes for bit in each.lanes):
                continue
            block = builder.append_basic_block(f"kind{number}")
            switch.add_case(ir.Constant(chosen.type, number), block)
            builder.position_at_end(block)
            c = [e.broadcast(weights, arguments[10], k) for k in range(14 if each.tangents else 20)]

            def run_once(j: ir.Value, each: _Kind = each, c: Sequence[ir.Value] = c) -> None:
                place = builder.add(j, builder.ashr(j, skew))
                place = builder.add(place, builder.ashr(j, builder.add(skew, skew)))
                first = builder.add(begin, builder.mul(place, tile))
                for o in (first, builder.add(first, again)):
                    one, two = builder.add(o, low), builder.add(o, high)
                    _emit(e, each, data, c, (o, one, two, builder.add(one, high)))

            _emit_loop(builder, count, mask, run_once)
            builder.branch(end)
        builder.position_at_end(end)
        return e.done()

    signature = types.void(
        array, lanes, kind, count, mask, skew, tile, begin, distances, coefficients, start
    )  # fmt: skip
    return signature, codegen


@apart_njit
def apply_cartan(
    block: Reals,
    lanes: Lanes,
    num_tiles: int,
    tile: int,
    skew: int,
    lane_bits: int,
    low: int,
    high: int,
    by_tangents: int,
    flips: int,
    coefficients: Reals,
    start: int,
) -> None:
    """Apply the matrix and the rotations to two positions.

    They are in order, unless both are above the lanes; two lanes take the general form.

    Args:
        block, lanes, num_tiles, tile, skew, lane_bits: see `block`.
        low, high: positions.
        by_tangents: 1 for that form, else 0.
        flips: by tangents, 1 if the low bit's values are taken the other way round, 2 for the high bit, or both.
        coefficients, start: the numbers and the first of them.
    """
    kind = by_tangents
    s0, s1 = 1 << (low - lane_bits), 1 << (high - lane_bits)
    if high < lane_bits:
        kind = ON_LANES + low + (high - 1) * high // 2
        s0, s1 = 1, 2
    elif low < lane_bits:
        kind = ON_LANE + 3 * low + by_tangents + (flips & 1)
        s0 = 1 if s1 > 1 else 2
        flips &= 2
    s2 = 1
    while s2 & (s0 | s1):
        s2 <<= 1
    t0, t1, t2 = skewed(s0, skew) * tile, skewed(s1, skew) * tile, skewed(s2, skew) * tile
    begin = 0
    if flips & 1:
        begin, t0 = begin + t0, -t0
    if flips & 2:
        begin, t1 = begin + t1, -t1
    count = num_tiles // LEAST_TILES
    run_kind(block, lanes, kind, count, s0 | s1 | s2, skew, tile, begin, (t0, t1, t2), coefficients, start)
