"""Vector code for states of a few registers: whole one-qubit gates, forward and back.

Amplitudes stand as tiles. On the way back ψ and λ are worked on together, λ `far` elements behind ψ, and what they
say of each other is added to registers.
"""

from typing import Any

from llvmlite import ir

from qtoolkit_kernels._jit import intrinsic, types
from qtoolkit_kernels.vector.lanes import Emitter, sum_code, vector_code
from qtoolkit_kernels.vector.tiles import MAX_LANE_BITS

__all__ = [
    "back_lane_0",
    "back_lane_1",
    "back_lane_2",
    "back_lane_3",
    "back_pair",
    "total",
    "turn_lane_0",
    "turn_lane_1",
    "turn_lane_2",
    "turn_lane_3",
    "turn_pair",
]


@intrinsic
def total(_context: Any, register: Any) -> Any:
    """The sum of a register's lanes in double precision."""

    def codegen(_context: Any, builder: ir.IRBuilder, _signature: Any, arguments: Any) -> ir.Value:
        value = arguments[0]
        if value.type.element != ir.DoubleType():
            value = builder.fpext(value, ir.VectorType(ir.DoubleType(), value.type.count))
        while value.type.count > 1:
            half = value.type.count // 2
            nothing = ir.Constant(value.type, ir.Undefined)
            orders = [
                ir.Constant(ir.VectorType(ir.IntType(32), half), list(range(first, first + half)))
                for first in (0, half)
            ]
            value = builder.fadd(*(builder.shuffle_vector(value, nothing, order) for order in orders))
        return builder.extract_element(value, ir.Constant(ir.IntType(32), 0))

    return types.float64(register), codegen


class _Turn:
    """Applies ``w - i (x X + y Y + z Z)`` to the pair of an amplitude whose bit is 0 and one whose bit is 1.

    Args:
        e: emits for the state.
        numbers: w, x, y, z.
    """

    def __init__(self, e: Emitter, numbers: Any) -> None:
        self._e = e
        self._w, self._x, self._y, self._z = (e.splat(number) for number in numbers)

    def with_sign(self, sign: ir.Value) -> "_Turn":
        """The same for registers whose lanes have bit 0 where the sign is 1, bit 1 where it is -1."""
        self._y, self._z = self._e.mul(self._y, sign), self._e.mul(self._z, sign)
        return self

    def zero(self, own: Any, other: Any) -> Any:
        """What becomes of the amplitude whose bit is 0."""
        e = self._e
        real = e.fma(self._x, other[1], e.fnma(self._y, other[0], e.fma(self._z, own[1], e.mul(self._w, own[0]))))
        imag = e.fnma(self._x, other[0], e.fnma(self._y, other[1], e.fnma(self._z, own[0], e.mul(self._w, own[1]))))
        return real, imag

    def one(self, own: Any, other: Any) -> Any:
        """What becomes of the amplitude whose bit is 1."""
        e = self._e
        real = e.fma(self._x, other[1], e.fma(self._y, other[0], e.fnma(self._z, own[1], e.mul(self._w, own[0]))))
        imag = e.fnma(self._x, other[0], e.fma(self._y, other[1], e.fma(self._z, own[0], e.mul(self._w, own[1]))))
        return real, imag


@vector_code
def turn_pair(e: Emitter, data: Any, o0: Any, o1: Any, turn: Any) -> None:
    """Apply ``w - i (x X + y Y + z Z)``, `turn` being (w, x, y, z), to two tiles."""
    gate = _Turn(e, turn)
    p, q = e.load_tile(data, o0), e.load_tile(data, o1)
    e.store_tile(gate.zero(p, q), data, o0)
    e.store_tile(gate.one(q, p), data, o1)


@sum_code
def back_pair(e: Emitter, data: Any, o0: Any, o1: Any, far: Any, turn: Any, sums: Any) -> Any:
    """Add Im ⟨λ|P|ψ⟩ of X, Y and Z to three sums, then do what `turn_pair` does to both states."""
    gate = _Turn(e, turn)
    x, y, z = sums
    across = [e.builder.add(place, far) for place in (o0, o1)]
    (p, q), (a, b) = ([e.load_tile(data, place) for place in places] for places in ((o0, o1), across))
    x = e.fnma(b[1], p[0], e.fma(b[0], p[1], e.fnma(a[1], q[0], e.fma(a[0], q[1], x))))
    y = e.fma(b[1], p[1], e.fma(b[0], p[0], e.fnma(a[1], q[1], e.fnma(a[0], q[0], y))))
    z = e.fma(b[1], q[0], e.fnma(b[0], q[1], e.fnma(a[1], p[0], e.fma(a[0], p[1], z))))
    for (first, second), places in (((p, q), (o0, o1)), ((a, b), across)):
        e.store_tile(gate.zero(first, second), data, places[0])
        e.store_tile(gate.one(second, first), data, places[1])
    return [x, y, z]


def _lane_sign(e: Emitter, bit: int) -> ir.Constant:
    return ir.Constant(e.vector, [-1.0 if lane >> bit & 1 else 1.0 for lane in range(e.lanes)])


def _exchanged(e: Emitter, tile: Any, bit: int) -> Any:
    return tuple(e.exchange(part, 1 << bit) for part in tile)


def _turn_lane(bit: int) -> Any:
    """What `turn_pair` does, on a bit inside a register."""

    @vector_code
    def turn_lane(e: Emitter, data: Any, place: Any, turn: Any) -> None:
        if 1 << bit >= e.lanes:
            return
        gate = _Turn(e, turn).with_sign(_lane_sign(e, bit))
        own = e.load_tile(data, place)
        e.store_tile(gate.zero(own, _exchanged(e, own, bit)), data, place)

    return turn_lane


def _back_lane(bit: int) -> Any:
    """What `back_pair` does, on a bit inside a register."""

    @sum_code
    def back_lane(e: Emitter, data: Any, place: Any, far: Any, turn: Any, sums: Any) -> Any:
        if 1 << bit >= e.lanes:
            return sums
        sign = _lane_sign(e, bit)
        gate = _Turn(e, turn).with_sign(sign)
        x, y, z = sums
        across = e.builder.add(place, far)
        ket, bra = e.load_tile(data, place), e.load_tile(data, across)
        other = _exchanged(e, ket, bit)
        signed = [e.mul(sign, part) for part in bra]
        x = e.fnma(bra[1], other[0], e.fma(bra[0], other[1], x))
        y = e.fnma(signed[1], other[1], e.fnma(signed[0], other[0], y))
        z = e.fnma(signed[1], ket[0], e.fma(signed[0], ket[1], z))
        e.store_tile(gate.zero(ket, other), data, place)
        e.store_tile(gate.zero(bra, _exchanged(e, bra, bit)), data, across)
        return [x, y, z]

    return back_lane


turn_lane_0, turn_lane_1, turn_lane_2, turn_lane_3 = (_turn_lane(k) for k in range(MAX_LANE_BITS))
back_lane_0, back_lane_1, back_lane_2, back_lane_3 = (_back_lane(k) for k in range(MAX_LANE_BITS))
