"""Vector code for states of a few registers: whole one-qubit gates, forward and back.

Amplitudes stand as tiles. On the way back ψ and λ are worked on together, λ `far` elements behind ψ, and what they
say of each other is added to registers.
"""

from typing import Any

from llvmlite import ir

from qtoolkit_kernels._jit import intrinsic, types
from qtoolkit_kernels.vector.lanes import Emitter
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


@intrinsic
def turn_pair(_context: Any, array: Any, lanes: Any, o0: Any, o1: Any, turn: Any) -> Any:
    """Apply ``w - i (x X + y Y + z Z)``, `turn` being (w, x, y, z), to two tiles."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        data = e.data(signature.args[0], arguments[0])
        gate = _Turn(e, [builder.extract_value(arguments[4], k) for k in range(4)])
        p, q = e.load_tile(data, arguments[2]), e.load_tile(data, arguments[3])
        e.store_tile(gate.zero(p, q), data, arguments[2])
        e.store_tile(gate.one(q, p), data, arguments[3])
        return e.done()

    return types.void(array, lanes, o0, o1, turn), codegen


@intrinsic
def back_pair(_context: Any, array: Any, lanes: Any, o0: Any, o1: Any, far: Any, turn: Any, sums: Any) -> Any:
    """Add Im ⟨λ|P|ψ⟩ of X, Y and Z to three sums, then do what `turn_pair` does to both states."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        data = e.data(signature.args[0], arguments[0])
        gate = _Turn(e, [builder.extract_value(arguments[5], k) for k in range(4)])
        x, y, z = (builder.extract_value(arguments[6], k) for k in range(3))
        across = [builder.add(place, arguments[4]) for place in arguments[2:4]]
        (p, q), (a, b) = ([e.load_tile(data, place) for place in places] for places in (arguments[2:4], across))
        x = e.fnma(b[1], p[0], e.fma(b[0], p[1], e.fnma(a[1], q[0], e.fma(a[0], q[1], x))))
        y = e.fma(b[1], p[1], e.fma(b[0], p[0], e.fnma(a[1], q[1], e.fnma(a[0], q[0], y))))
        z = e.fma(b[1], q[0], e.fnma(b[0], q[1], e.fnma(a[1], p[0], e.fma(a[0], p[1], z))))
        for (first, second), places in (((p, q), arguments[2:4]), ((a, b), across)):
            e.store_tile(gate.zero(first, second), data, places[0])
            e.store_tile(gate.one(second, first), data, places[1])
        return context.make_tuple(builder, signature.return_type, [x, y, z])

    return sums(array, lanes, o0, o1, far, turn, sums), codegen


def _lane_sign(e: Emitter, bit: int) -> ir.Constant:
    return ir.Constant(e.vector, [-1.0 if lane >> bit & 1 else 1.0 for lane in range(e.lanes)])


def _exchanged(e: Emitter, tile: Any, bit: int) -> Any:
    return tuple(e.exchange(part, 1 << bit) for part in tile)


def _turn_lane(bit: int) -> Any:
    """What `turn_pair` does, on a bit inside a register."""

    @intrinsic
    def turn_lane(_context: Any, array: Any, lanes: Any, place: Any, turn: Any) -> Any:
        def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
            e = Emitter(context, builder, signature.args[0], signature.args[1])
            if 1 << bit >= e.lanes:
                return e.done()
            data = e.data(signature.args[0], arguments[0])
            numbers = [builder.extract_value(arguments[3], k) for k in range(4)]
            gate = _Turn(e, numbers).with_sign(_lane_sign(e, bit))
            own = e.load_tile(data, arguments[2])
            e.store_tile(gate.zero(own, _exchanged(e, own, bit)), data, arguments[2])
            return e.done()

        return types.void(array, lanes, place, turn), codegen

    return turn_lane


def _back_lane(bit: int) -> Any:
    """What `back_pair` does, on a bit inside a register."""

    @intrinsic
    def back_lane(_context: Any, array: Any, lanes: Any, place: Any, far: Any, turn: Any, sums: Any) -> Any:
        def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
            e = Emitter(context, builder, signature.args[0], signature.args[1])
            if 1 << bit >= e.lanes:
                return arguments[5]
            data = e.data(signature.args[0], arguments[0])
            sign = _lane_sign(e, bit)
            gate = _Turn(e, [builder.extract_value(arguments[4], k) for k in range(4)]).with_sign(sign)
            x, y, z = (builder.extract_value(arguments[5], k) for k in range(3))
            across = builder.add(arguments[2], arguments[3])
            ket, bra = e.load_tile(data, arguments[2]), e.load_tile(data, across)
            other = _exchanged(e, ket, bit)
            signed = [e.mul(sign, part) for part in bra]
            x = e.fnma(bra[1], other[0], e.fma(bra[0], other[1], x))
            y = e.fnma(signed[1], other[1], e.fnma(signed[0], other[0], y))
            z = e.fnma(signed[1], ket[0], e.fma(signed[0], ket[1], z))
            e.store_tile(gate.zero(ket, other), data, arguments[2])
            e.store_tile(gate.zero(bra, _exchanged(e, bra, bit)), data, across)
            return context.make_tuple(builder, signature.return_type, [x, y, z])

        return sums(array, lanes, place, far, turn, sums), codegen

    return back_lane


turn_lane_0, turn_lane_1, turn_lane_2, turn_lane_3 = (_turn_lane(k) for k in range(MAX_LANE_BITS))
back_lane_0, back_lane_1, back_lane_2, back_lane_3 = (_back_lane(k) for k in range(MAX_LANE_BITS))
