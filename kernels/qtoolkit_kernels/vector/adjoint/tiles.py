"""Vector code of the adjoint method: two states are taken back together, and what they say of each other is summed up.

A block holds ψ in its first half and λ in its second, `far` elements on. Sums stay in registers across a loop: a
`Register` is a numba value that the loop passes on from call to call.
"""

from typing import Any

from llvmlite import ir

from qtoolkit_kernels._jit import intrinsic, types
from qtoolkit_kernels.vector.lanes import Emitter, sum_code, vector_code
from qtoolkit_kernels.vector.tiles import corners, rotate_corners

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

    @sum_code
    def turn_back(e: Emitter, data: Any, base: Any, far: Any, strides: Any, weights: Any, start: Any, sums: Any) -> Any:
        offsets = corners(e, base, strides)
        across = [e.builder.add(offset, far) for offset in offsets]
        tangents = [e.broadcast(weights, start, k) for k in range(num_bits)]
        for part in range(2):
            extra = part * e.lanes
            ket = [e.load(data, offset, extra) for offset in offsets]
            bra = [e.load(data, offset, extra) for offset in across]
            for k in range(num_bits):
                for low in range(1 << num_bits):
                    if not low >> k & 1:
                        high = low | 1 << k
                        sums[k] = e.fma(bra[high], ket[low], sums[k])
                        sums[k] = e.fnma(bra[low], ket[high], sums[k])
            for values, places in ((ket, offsets), (bra, across)):
                rotate_corners(e, values, tangents, steep)
                for offset, value in zip(places, values, strict=True):
                    e.store(value, data, offset, extra)
        return sums

    return turn_back


turn_back_1, turn_back_2, turn_back_3 = (_turn_back(k, steep=False) for k in range(1, 4))
turn_back_steep_1, turn_back_steep_2, turn_back_steep_3 = (_turn_back(k, steep=True) for k in range(1, 4))


@sum_code
def turn_back_lanes(e: Emitter, data: Any, offset: Any, far: Any, weights: Any, start: Any, sums: Any) -> Any:
    """The same on every lane bit of a tile: v' = a v + b exchange(v), with registers a and b for each bit.

    Each sum is that of λ(l) ψ(l ^ bit), whose sign is that of the bit in l; there are as many as the widest register
    has bits.
    """
    places = [offset, e.builder.add(offset, far)]
    states = [[e.load(data, place, part * e.lanes) for part in range(2)] for place in places]
    for k in range(e.lanes.bit_length() - 1):
        for ket, bra in zip(*states, strict=True):
            sums[k] = e.fma(bra, e.exchange(ket, 1 << k), sums[k])
    for k in range(e.lanes.bit_length() - 1):
        keep = e.load(weights, start, 2 * k * e.lanes)
        cross = e.load(weights, start, (2 * k + 1) * e.lanes)
        states = [[e.fma(cross, e.exchange(value, 1 << k), e.mul(keep, value)) for value in state] for state in states]
    for place, state in zip(places, states, strict=True):
        for part, value in enumerate(state):
            e.store(value, data, place, part * e.lanes)
    return sums


@vector_code
def turn_back_phases(
    e: Emitter, data: Any, offset: Any, far: Any, weights: Any, place: Any, real: Any, imag: Any
) -> None:
    """Both tiles *= table tile * (real + i imag)."""
    factor = e.complex_mul(*e.load_tile(weights, place), e.splat(real), e.splat(imag))
    for tile in (offset, e.builder.add(offset, far)):
        product = e.complex_mul(*e.load_tile(data, tile), *factor)
        e.store_tile(product, data, tile)


@sum_code
def add_weights(e: Emitter, data: Any, offset: Any, far: Any, into: Any, place: Any, total: Any) -> Any:
    """Write Im λ* ψ of a tile to `out` (float64), and add it to a sum."""
    across = e.builder.add(offset, far)
    weight = e.mul(e.load(data, across), e.load(data, offset, e.lanes))
    weight = e.fnma(e.load(data, across, e.lanes), e.load(data, offset), weight)
    _store_doubles(e.builder, weight, e.builder.gep(into, [place]))
    return e.builder.fadd(total, weight)


def _overlap(flipping: bool) -> Any:
    """Add sign · λ* ψ to a sum of real and one of imaginary parts, lane by lane.

    Lane l of λ, which stands at `bra`, meets lane ``l ^ flips`` of ψ, which stands at `ket`.
    """

    @sum_code
    def overlap(e: Emitter, data: Any, ket: Any, bra: Any, flips: Any, sign: Any, sums: Any) -> Any:
        factor = e.splat(sign)
        x, y = (e.mul(factor, value) for value in e.load_tile(data, ket))
        if flipping:
            x, y = (e.exchange_by(value, flips) for value in (x, y))
        a, b = e.load_tile(data, bra)
        real, imag = sums
        return [e.fma(b, y, e.fma(a, x, real)), e.fnma(b, x, e.fma(a, y, imag))]

    return overlap


add_overlap, add_overlap_flipped = _overlap(False), _overlap(True)
