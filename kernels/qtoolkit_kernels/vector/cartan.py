"""Parity-preserving 4x4 matrices followed by two real rotations: what a chain of two-qubit gates comes down to.

By Cartan's decomposition a two-qubit gate is ``(A⊗B) · exp(i(x XX + y YY + z ZZ)) · (C⊗D)`` (Kraus and Cirac,
Phys. Rev. A 63, 062309 (2001), eq. 5). A planner that hands C and D to the gates before, and the last Z rotation of A
and of B to the gates behind, leaves a matrix that mixes |00> with |11> and |01> with |10>, then a rotation about Y of
each qubit. That is 11.5 FMA an amplitude instead of a full matrix's 16, in one pass that moves 32 bytes (16 in single
precision) between cache and registers. The cosines of the rotations are in the matrix, and its first entry is real.
"""

from typing import Any

from llvmlite import ir

from qtoolkit_kernels._bits import next_without
from qtoolkit_kernels._jit import intrinsic, njit, types
from qtoolkit_kernels._types import Reals
from qtoolkit_kernels.vector.lanes import Emitter, Lanes
from qtoolkit_kernels.vector.skew import skewed
from qtoolkit_kernels.vector.tiles import MAX_LANE_BITS

__all__ = ["apply_cartan"]


def _mixed(own: tuple[Any, Any], cross: tuple[Any, Any], here: Any, there: Any, e: Emitter) -> tuple[Any, Any]:
    """own · here + cross · there; an `own` whose imaginary part is None is real."""
    re, im = e.mul(own[0], here[0]), e.mul(own[0], here[1])
    if own[1] is not None:
        re, im = e.fnma(own[1], here[1], re), e.fma(own[1], here[0], im)
    re, im = e.fma(cross[0], there[0], re), e.fma(cross[0], there[1], im)
    return e.fnma(cross[1], there[1], re), e.fma(cross[1], there[0], im)


def _rotated(e: Emitter, tangent: ir.Value, p: Any, q: Any) -> tuple[Any, Any]:
    """Tiles p - t q and q + t p."""
    low = e.fnma(tangent, q[0], p[0]), e.fnma(tangent, q[1], p[1])
    return low, (e.fma(tangent, p[0], q[0]), e.fma(tangent, p[1], q[1]))


def _exchanged(e: Emitter, tile: Any, mask: int) -> tuple[Any, Any]:
    return e.exchange(tile[0], mask), e.exchange(tile[1], mask)


def _rotated_lanes(e: Emitter, tangents: ir.Value, tile: Any, mask: int) -> tuple[Any, Any]:
    """A tile plus its exchanged lanes times a register of tangents."""
    partner = _exchanged(e, tile, mask)
    return e.fma(tangents, partner[0], tile[0]), e.fma(tangents, partner[1], tile[1])


def _on_tiles(unroll: int) -> Any:
    """Both bits among tiles: the four rows' own and cross entries as complex numbers, then the two tangents."""

    @intrinsic
    def cartan(
        _context: Any, array: Any, lanes: Any, o0: Any, o1: Any, o2: Any, o3: Any, coefficients: Any, start: Any
    ) -> Any:
        def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
            e = Emitter(context, builder, signature.args[0], signature.args[1])
            data = e.data(signature.args[0], arguments[0])
            weights = e.data(signature.args[6], arguments[6])
            offsets = arguments[2:6]
            c = [e.broadcast(weights, arguments[7], k) if k != 1 else None for k in range(18)]
            for u in range(0, 2 * unroll, 2):
                tiles = [
                    (e.load(data, o, u * e.lanes), e.load(data, o, (u + 1) * e.lanes)) for o in offsets
                ]  # fmt: skip
                v = [
                    _mixed((c[4 * k], c[4 * k + 1]), (c[4 * k + 2], c[4 * k + 3]), tiles[k], tiles[3 - k], e)
                    for k in range(4)
                ]
                v[0], v[1] = _rotated(e, c[16], v[0], v[1])
                v[2], v[3] = _rotated(e, c[16], v[2], v[3])
                v[0], v[2] = _rotated(e, c[17], v[0], v[2])
                v[1], v[3] = _rotated(e, c[17], v[1], v[3])
                for offset, (re, im) in zip(offsets, v, strict=True):
                    e.store(re, data, offset, u * e.lanes)
                    e.store(im, data, offset, (u + 1) * e.lanes)
            return e.done()

        return types.void(array, lanes, o0, o1, o2, o3, coefficients, start), codegen

    return cartan


on_tiles, on_tile_pairs = _on_tiles(1), _on_tiles(2)


def _on_lane_and_tile(bit: int) -> Any:
    """The low bit in a register: registers own and cross (re, im) of both tiles, tangents of the low and high bit."""

    @intrinsic
    def cartan(_context: Any, array: Any, lanes: Any, o0: Any, o1: Any, coefficients: Any, start: Any) -> Any:
        def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
            e = Emitter(context, builder, signature.args[0], signature.args[1])
            if 1 << bit >= e.lanes:
                return e.done()
            data = e.data(signature.args[0], arguments[0])
            weights = e.data(signature.args[4], arguments[4])
            c = [e.load(weights, arguments[5], k * e.lanes) for k in range(10)]
            tiles = [(e.load(data, o), e.load(data, o, e.lanes)) for o in arguments[2:4]]
            partners = [_exchanged(e, tile, 1 << bit) for tile in tiles]
            v = [_mixed((c[4 * k], c[4 * k + 1]), (c[4 * k + 2], c[4 * k + 3]), tiles[k], partners[1 - k], e)
                 for k in range(2)]  # fmt: skip
            v[0], v[1] = _rotated(e, c[9], *(_rotated_lanes(e, c[8], tile, 1 << bit) for tile in v))
            for offset, (re, im) in zip(arguments[2:4], v, strict=True):
                e.store(re, data, offset)
                e.store(im, data, offset, e.lanes)
            return e.done()

        return types.void(array, lanes, o0, o1, coefficients, start), codegen

    return cartan


on_lane_0, on_lane_1, on_lane_2, on_lane_3 = (_on_lane_and_tile(k) for k in range(MAX_LANE_BITS))


def _on_lanes(low: int, high: int) -> Any:
    """Both bits in a register: registers own and cross (re, im), tangents of the low and high bit."""

    @intrinsic
    def cartan(_context: Any, array: Any, lanes: Any, offset: Any, coefficients: Any, start: Any) -> Any:
        def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
            e = Emitter(context, builder, signature.args[0], signature.args[1])
            if 1 << high >= e.lanes:
                return e.done()
            data = e.data(signature.args[0], arguments[0])
            weights = e.data(signature.args[3], arguments[3])
            c = [e.load(weights, arguments[4], k * e.lanes) for k in range(6)]
            # Neighbouring tiles together: one alone leaves the processor waiting for its exchanges.
            for u in (0, 2 * e.lanes):
                tile = e.load(data, arguments[2], u), e.load(data, arguments[2], u + e.lanes)
                v = _mixed((c[0], c[1]), (c[2], c[3]), tile, _exchanged(e, tile, 1 << low | 1 << high), e)
                v = _rotated_lanes(e, c[5], _rotated_lanes(e, c[4], v, 1 << low), 1 << high)
                e.store(v[0], data, arguments[2], u)
                e.store(v[1], data, arguments[2], u + e.lanes)
            return e.done()

        return types.void(array, lanes, offset, coefficients, start), codegen

    return cartan


on_lanes_01, on_lanes_02, on_lanes_12, on_lanes_03, on_lanes_13, on_lanes_23 = (
    _on_lanes(low, high) for high in range(1, MAX_LANE_BITS) for low in range(high)
)


@njit
def apply_cartan(
    block: Reals,
    lanes: Lanes,
    num_tiles: int,
    tile: int,
    skew: int,
    lane_bits: int,
    low: int,
    high: int,
    coefficients: Reals,
    start: int,
) -> None:
    """Apply the matrix and the rotations to positions `low` < `high`; tiles are an even number."""
    if low >= lane_bits:
        s0, s1 = 1 << (low - lane_bits), 1 << (high - lane_bits)
        t0, t1 = skewed(s0, skew) * tile, skewed(s1, skew) * tile
        mask = s0 | s1
        j = 0
        if s0 > 1:
            for _ in range(num_tiles >> 3):
                o = skewed(j, skew) * tile
                on_tile_pairs(block, lanes, o, o + t0, o + t1, o + t0 + t1, coefficients, start)
                j = ((j | mask) + 2) & ~mask
        else:
            for _ in range(num_tiles >> 2):
                o = skewed(j, skew) * tile
                on_tiles(block, lanes, o, o + t0, o + t1, o + t0 + t1, coefficients, start)
                j = next_without(j, mask)
    elif high >= lane_bits:
        mask = 1 << (high - lane_bits)
        step = skewed(mask, skew) * tile
        j = 0
        for _ in range(num_tiles >> 1):
            o = skewed(j, skew) * tile
            if low == 0:
                on_lane_0(block, lanes, o, o + step, coefficients, start)
            elif low == 1:
                on_lane_1(block, lanes, o, o + step, coefficients, start)
            elif low == 2:
                on_lane_2(block, lanes, o, o + step, coefficients, start)
            else:
                on_lane_3(block, lanes, o, o + step, coefficients, start)
            j = next_without(j, mask)
    else:
        pair = low + (high - 1) * high // 2
        for j in range(0, num_tiles, 2):
            o = skewed(j, skew) * tile
            if pair == 0:
                on_lanes_01(block, lanes, o, coefficients, start)
            elif pair == 1:
                on_lanes_02(block, lanes, o, coefficients, start)
            elif pair == 2:
                on_lanes_12(block, lanes, o, coefficients, start)
            elif pair == 3:
                on_lanes_03(block, lanes, o, coefficients, start)
            elif pair == 4:
                on_lanes_13(block, lanes, o, coefficients, start)
            else:
                on_lanes_23(block, lanes, o, coefficients, start)
