"""Vector code of the adjoint method: two states are taken back together, and what they say of each other is summed up.

A block holds ψ in its first half and λ in its second, `far` elements on. Sums stay in registers across a loop: a
`Register` is a numba value that the loop passes on from call to call.
"""

from typing import Any

from llvmlite import ir

from qtoolkit_kernels._jit import intrinsic, types
from qtoolkit_kernels.vector.lanes import Emitter

__all__ = [
    "add_overlap",
    "add_overlap_flipped",
    "add_weights",
    "no_sum",
    "register_of",
    "store_sum",
    "turn_back_1",
    "turn_back_2",
    "turn_back_3",
    "turn_back_lanes",
    "turn_back_phases",
    "turn_back_steep_1",
    "turn_back_steep_2",
    "turn_back_steep_3",
]


def register_of(array: Any, lanes: Any) -> Any:
    """numba's type of a register of an array's elements."""
    from qtoolkit_kernels.vector._register_type import RegisterType

    return RegisterType(array.dtype, lanes.nbytes // (array.dtype.bitwidth // 8))


@intrinsic
def no_sum(_context: Any, array: Any, lanes: Any) -> Any:
    """A register of zeros."""
    register = register_of(array, lanes)

    def codegen(context: Any, _builder: ir.IRBuilder, _signature: Any, _arguments: Any) -> ir.Value:
        return ir.Constant(context.get_value_type(register), None)

    return register(array, lanes), codegen


@intrinsic
def store_sum(_context: Any, out: Any, register: Any) -> Any:
    """Write the lanes of a register to the beginning of an array of float64."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        _store_doubles(builder, arguments[1], data)
        return context.get_dummy_value()

    return types.void(out, register), codegen


def _store_doubles(builder: ir.IRBuilder, value: ir.Value, pointer: ir.Value) -> None:
    vector = ir.VectorType(ir.DoubleType(), value.type.count)
    if value.type != vector:
        value = builder.fpext(value, vector)
    builder.store(value, builder.bitcast(pointer, vector.as_pointer())).align = 8


def _turn_back(num_bits: int, steep: bool) -> Any:
    """Sum ⟨λ|-iY|ψ⟩ on `num_bits` tile bits, then rotate both states on them.

    On each bit p' = p - t q and q' = q + t p; steep: t p - q and t q + p. The sums are those before the rotation.
    """

    @intrinsic
    def turn_back(
        _context: Any,
        array: Any,
        lanes: Any,
        base: Any,
        far: Any,
        strides: Any,
        coefficients: Any,
        start: Any,
        sums: Any,
    ) -> Any:
        def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
            e = Emitter(context, builder, signature.args[0], signature.args[1])
            data = e.data(signature.args[0], arguments[0])
            weights = e.data(signature.args[5], arguments[5])
            offsets = [arguments[2]]
            for k in range(num_bits):
                step = builder.extract_value(arguments[4], k)
                offsets += [builder.add(offset, step) for offset in offsets]
            across = [builder.add(offset, arguments[3]) for offset in offsets]
            tangents = [e.broadcast(weights, arguments[6], k) for k in range(num_bits)]
            found = [builder.extract_value(arguments[7], k) for k in range(num_bits)]
            for part in range(2):
                extra = part * e.lanes
                ket = [e.load(data, offset, extra) for offset in offsets]
                bra = [e.load(data, offset, extra) for offset in across]
                for k in range(num_bits):
                    for low in range(1 << num_bits):
                        if not low >> k & 1:
                            high = low | 1 << k
                            found[k] = e.fma(bra[high], ket[low], found[k])
                            found[k] = e.fnma(bra[low], ket[high], found[k])
                for values, places in ((ket, offsets), (bra, across)):
                    _rotate(e, values, tangents, steep)
                    for offset, value in zip(places, values, strict=True):
                        e.store(value, data, offset, extra)
            return context.make_tuple(builder, signature.return_type, found)

        return sums(array, lanes, base, far, strides, coefficients, start, sums), codegen

    return turn_back


def _rotate(e: Emitter, values: list[ir.Value], tangents: list[ir.Value], steep: bool) -> None:
    for k, tangent in enumerate(tangents):
        for low in range(len(values)):
            if low >> k & 1:
                continue
            p, q = values[low], values[low | 1 << k]
            if steep:
                values[low] = e.fma(tangent, p, e.builder.fneg(q))
                values[low | 1 << k] = e.fma(tangent, q, p)
            else:
                values[low] = e.fnma(tangent, q, p)
                values[low | 1 << k] = e.fma(tangent, p, q)


turn_back_1, turn_back_2, turn_back_3 = (_turn_back(k, steep=False) for k in range(1, 4))
turn_back_steep_1, turn_back_steep_2, turn_back_steep_3 = (_turn_back(k, steep=True) for k in range(1, 4))


@intrinsic
def turn_back_lanes(
    _context: Any, array: Any, lanes: Any, offset: Any, far: Any, coefficients: Any, start: Any, sums: Any
) -> Any:
    """The same on every lane bit of a tile: v' = a v + b exchange(v), with registers a and b for each bit.

    Each sum is that of λ(l) ψ(l ^ bit), whose sign is that of the bit in l; there are as many as the widest register
    has bits.
    """

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        data = e.data(signature.args[0], arguments[0])
        weights = e.data(signature.args[4], arguments[4])
        places = [arguments[2], builder.add(arguments[2], arguments[3])]
        states = [[e.load(data, place, part * e.lanes) for part in range(2)] for place in places]
        found = [builder.extract_value(arguments[6], k) for k in range(len(signature.return_type))]
        for k in range(e.lanes.bit_length() - 1):
            for ket, bra in zip(*states, strict=True):
                found[k] = e.fma(bra, e.exchange(ket, 1 << k), found[k])
        for k in range(e.lanes.bit_length() - 1):
            keep = e.load(weights, arguments[5], 2 * k * e.lanes)
            cross = e.load(weights, arguments[5], (2 * k + 1) * e.lanes)
            states = [
                [e.fma(cross, e.exchange(value, 1 << k), e.mul(keep, value)) for value in state] for state in states
            ]
        for place, state in zip(places, states, strict=True):
            for part, value in enumerate(state):
                e.store(value, data, place, part * e.lanes)
        return context.make_tuple(builder, signature.return_type, found)

    return sums(array, lanes, offset, far, coefficients, start, sums), codegen


@intrinsic
def turn_back_phases(
    _context: Any, array: Any, lanes: Any, offset: Any, far: Any, table: Any, place: Any, real: Any, imag: Any
) -> Any:
    """Both tiles *= table tile * (real + i imag)."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        data = e.data(signature.args[0], arguments[0])
        weights = e.data(signature.args[4], arguments[4])
        scalar = [e.splat(arguments[6]), e.splat(arguments[7])]
        factor = e.complex_mul(e.load(weights, arguments[5]), e.load(weights, arguments[5], e.lanes), *scalar)
        for tile in (arguments[2], builder.add(arguments[2], arguments[3])):
            product = e.complex_mul(e.load(data, tile), e.load(data, tile, e.lanes), *factor)
            e.store(product[0], data, tile)
            e.store(product[1], data, tile, e.lanes)
        return e.done()

    return types.void(array, lanes, offset, far, table, place, real, imag), codegen


@intrinsic
def add_weights(_context: Any, array: Any, lanes: Any, offset: Any, far: Any, out: Any, place: Any, total: Any) -> Any:
    """Write Im λ* ψ of a tile to `out` (float64), and add it to a sum."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        data = e.data(signature.args[0], arguments[0])
        into = e.data(signature.args[4], arguments[4])
        across = builder.add(arguments[2], arguments[3])
        weight = e.mul(e.load(data, across), e.load(data, arguments[2], e.lanes))
        weight = e.fnma(e.load(data, across, e.lanes), e.load(data, arguments[2]), weight)
        _store_doubles(builder, weight, builder.gep(into, [arguments[5]]))
        return builder.fadd(arguments[6], weight)

    return total(array, lanes, offset, far, out, place, total), codegen


def _overlap(flipping: bool) -> Any:
    """Add sign · λ* ψ to a sum of real and one of imaginary parts, lane by lane.

    Lane l of λ, which stands at `bra`, meets lane ``l ^ flips`` of ψ, which stands at `ket`.
    """

    @intrinsic
    def overlap(_context: Any, array: Any, lanes: Any, ket: Any, bra: Any, flips: Any, sign: Any, sums: Any) -> Any:
        def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
            e = Emitter(context, builder, signature.args[0], signature.args[1])
            data = e.data(signature.args[0], arguments[0])
            factor = e.splat(arguments[5])
            x, y = (e.mul(factor, e.load(data, arguments[2], part * e.lanes)) for part in range(2))
            if flipping:
                x, y = (e.exchange_by(value, arguments[4]) for value in (x, y))
            a, b = (e.load(data, arguments[3], part * e.lanes) for part in range(2))
            real, imag = (builder.extract_value(arguments[6], k) for k in range(2))
            real = e.fma(b, y, e.fma(a, x, real))
            imag = e.fnma(b, x, e.fma(a, y, imag))
            return context.make_tuple(builder, signature.return_type, [real, imag])

        return sums(array, lanes, ket, bra, flips, sign, sums), codegen

    return overlap


add_overlap, add_overlap_flipped = _overlap(False), _overlap(True)
