"""Vector code for Pauli sums on interleaved complex arrays: no amplitude is taken apart into real and imaginary part.

Seen as real numbers, a state is a vector whose lowest index bit says "real or imaginary". A real operator acts on both
parts alike, and a factor i exchanges them, so a register holds L real numbers = L/2 amplitudes just as they lie in
memory. Places below are indices of real numbers.

A *walk* visits registers `start ^ d`, d in the span of some directions: the first two directions are unrolled (four
registers at a time), the others follow a Gray code, one exclusive or for each step.
"""

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

from qtoolkit_kernels._jit import cgutils, intrinsic, types
from qtoolkit_kernels.vector.lanes import INT32, Emitter

__all__ = [
    "odd_bits",
    "sum_walk",
    "sum_table_walk",
    "add_walk",
    "add_table_walk",
    "register_length",
    "sum_products",
    "sum_distances",
]

INT64 = ir.IntType(64)
DOUBLE = ir.DoubleType()
UNROLLED = 4


@intrinsic
def odd_bits(_context: Any, mask: Any) -> Any:
    """Return 1 if an odd number of bits is set, else 0."""

    def codegen(_context: Any, builder: ir.IRBuilder, _signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
        return builder.and_(builder.ctpop(arguments[0]), ir.Constant(INT64, 1))

    return types.int64(types.int64), codegen


class StateEmitter(Emitter):
    """Emits for a complex array seen as real numbers, at places that need not be aligned.

    Args:
        context, builder: numba's code generation state.
        state_type: numba type of the state.
        lanes_type: the marker's type.
    """

    def __init__(self, context: Any, builder: ir.IRBuilder, state_type: Any, lanes_type: Any) -> None:
        super().__init__(context, builder, types.Array(state_type.dtype.underlying_float, 1, "C"), lanes_type)
        self.element_bytes = 8 if self.element == DOUBLE else 4

    def data(self, array_type: Any, array: ir.Value) -> ir.Value:
        """Pointer to an array's first real number."""
        pointer = super().data(array_type, array)
        is_complex = isinstance(array_type.dtype, types.Complex)
        return self.builder.bitcast(pointer, self.element.as_pointer()) if is_complex else pointer

    def load(self, data: ir.Value, offset: ir.Value, extra: int = 0, aligned: bool = False) -> ir.Value:
        """The register that begins at a place."""
        return super().load(data, offset, extra, aligned)

    def store(self, value: ir.Value, data: ir.Value, offset: ir.Value, extra: int = 0, aligned: bool = False) -> None:
        """Write a register."""
        super().store(value, data, offset, extra, aligned)

    def load_doubles(self, data: ir.Value, offset: ir.Value, count: int) -> ir.Value:
        """`count` numbers in double precision, in the precision of the state."""
        pointer = self.builder.bitcast(self._place(data, offset, 0), ir.VectorType(DOUBLE, count).as_pointer())
        value = self.builder.load(pointer)
        value.align = 8
        return value if self.element == DOUBLE else self.builder.fptrunc(value, ir.VectorType(self.element, count))

    def doubled(self, value: ir.Value) -> ir.Value:
        """Each of L/2 numbers twice in a row: once for the real and once for the imaginary part."""
        half = self.lanes // 2
        order = ir.Constant(ir.VectorType(INT32, self.lanes), [k // 2 for k in range(self.lanes)])
        return self.builder.shuffle_vector(value, ir.Constant(ir.VectorType(self.element, half), ir.Undefined), order)

    def weighted_sum(self, value: ir.Value, data: ir.Value, offset: ir.Value) -> ir.Value:
        """Scalar sum of a register times weights in double precision, itself in double precision."""
        parts = [value]
        if self.element != DOUBLE:
            parts = [
                self.builder.fpext(half, ir.VectorType(DOUBLE, self.lanes // 2))
                for half in _halves(self.builder, value)
            ]
        width = self.lanes // len(parts)
        total = None
        for k, part in enumerate(parts):
            pointer = self._place(data, offset, k * width)
            weights = self.builder.load(self.builder.bitcast(pointer, part.type.as_pointer()))
            weights.align = 8
            product = self.builder.fmul(part, weights)
            total = product if total is None else self.builder.fadd(total, product)
        return _sum_of_lanes(self.builder, total)


def _halves(builder: ir.IRBuilder, value: ir.Value) -> list[ir.Value]:
    """The lower and the upper lanes of a register."""
    half = value.type.count // 2
    undefined = ir.Constant(value.type, ir.Undefined)
    orders = (range(half), range(half, 2 * half))
    return [builder.shuffle_vector(value, undefined, ir.Constant(ir.VectorType(INT32, half), list(o))) for o in orders]


def _sum_of_lanes(builder: ir.IRBuilder, value: ir.Value) -> ir.Value:
    while value.type.count > 1:
        value = builder.fadd(*_halves(builder, value))
    return builder.extract_element(value, ir.Constant(INT32, 0))


def _walk(
    e: StateEmitter,
    walk: ir.Value,
    directions: ir.Value,
    body: Callable[[int, int, ir.Value, ir.Value, ir.Value | None], ir.Value | None],
    num_sums: int,
) -> list[ir.Value]:
    """Emit the loop of a walk for every exchange of lanes and return the sums as registers in memory.

    `walk` is (start, partner, exchange, position, steps), with the position in `directions` where its own begin. `body`
    receives the exchange, the number of the unrolled register, its place, its partner's and one sum, and returns the
    sum.
    """
    builder = e.builder
    start, partner, exchange, position, steps = (builder.extract_value(walk, k) for k in range(5))
    zero = ir.Constant(e.vector, None)
    slots = [cgutils.alloca_once_value(builder, zero) for _ in range(num_sums)]
    offsets = [None, *(builder.load(builder.gep(directions, [builder.add(position, INT64(k))])) for k in range(2))]
    offsets.append(builder.xor(offsets[1], offsets[2]))
    across = [partner, *(builder.xor(partner, offset) for offset in offsets[1:])]
    others = builder.gep(directions, [builder.add(position, INT64(2))])

    entry, end = builder.block, builder.append_basic_block("walked")
    switch = builder.switch(exchange, end)
    for mask in range(e.lanes):
        loop = builder.append_basic_block(f"exchange{mask}")
        switch.add_case(INT64(mask), loop)
        builder.position_at_end(loop)
        count, place = builder.phi(INT64), builder.phi(INT64)
        count.add_incoming(INT64(0), entry)
        place.add_incoming(start, entry)
        sums = [builder.phi(e.vector) for _ in range(num_sums)]
        new = list(sums)
        for k in range(UNROLLED):
            own = place if k == 0 else builder.xor(place, offsets[k])
            value = body(mask, k, own, builder.xor(place, across[k]), new[k] if sums else None)
            if sums:
                new[k] = value
        for old, value in zip(sums, new, strict=True):
            old.add_incoming(zero, entry)
            old.add_incoming(value, loop)
        following = builder.add(count, INT64(1))
        flip = builder.load(builder.gep(others, [builder.cttz(following, ir.IntType(1)(1))]))
        count.add_incoming(following, loop)
        place.add_incoming(builder.xor(place, flip), loop)
        done = builder.append_basic_block(f"done{mask}")
        builder.cbranch(builder.icmp_signed("<", following, steps), loop, done)
        builder.position_at_end(done)
        for slot, value in zip(slots, new, strict=True):
            builder.store(value, slot)
        builder.branch(end)
    builder.position_at_end(end)
    return [builder.load(slot) for slot in slots]


def _total(e: StateEmitter, sums: Sequence[ir.Value], sign: ir.Value) -> ir.Value:
    """First minus or plus second direction: registers 1 and 3 differ from 0 and 2 by the first one."""
    builder = e.builder
    return e.fma(e.splat(sign), builder.fadd(sums[1], sums[3]), builder.fadd(sums[0], sums[2]))


@intrinsic
def sum_walk(
    _context: Any,
    state: Any,
    lanes: Any,
    walk: Any,
    ints: Any,
    sign: Any,
    floats: Any,
    weights: Any,
) -> Any:
    """Return Σ over the walk and the lanes of ± weight · own · partner.

    `sign` (float) goes with the first direction; `weights` is where a register of weights begins in `floats`.
    """

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
        e = StateEmitter(context, builder, signature.args[0], signature.args[1])
        data = e.data(signature.args[0], arguments[0])
        directions = e.data(signature.args[3], arguments[3])
        numbers = e.data(signature.args[5], arguments[5])

        def body(mask: int, _k: int, own: ir.Value, other: ir.Value, value: ir.Value) -> ir.Value:
            return e.fma(e.load(data, own), e.exchange(e.load(data, other), mask), value)

        sums = _walk(e, arguments[2], directions, body, UNROLLED)
        return e.weighted_sum(_total(e, sums, arguments[4]), numbers, arguments[6])

    return types.float64(state, lanes, walk, ints, sign, floats, weights), codegen


@intrinsic
def sum_table_walk(
    _context: Any,
    state: Any,
    lanes: Any,
    walk: Any,
    ints: Any,
    table: Any,
    first: Any,
    mask: Any,
    floats: Any,
    weights: Any,
) -> Any:
    """Return Σ over the walk and the lanes of weight · table · own · partner.

    The table has one number for each amplitude (index masked by `mask`) from `first` on.
    """

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
        e = StateEmitter(context, builder, signature.args[0], signature.args[1])
        data = e.data(signature.args[0], arguments[0])
        directions = e.data(signature.args[3], arguments[3])
        entries = e.data(signature.args[4], arguments[4])
        numbers = e.data(signature.args[7], arguments[7])

        def body(mask: int, _k: int, own: ir.Value, other: ir.Value, value: ir.Value) -> ir.Value:
            factor = _entry(e, entries, own, arguments[5], arguments[6])
            product = e.mul(factor, e.load(data, own))
            return e.fma(product, e.exchange(e.load(data, other), mask), value)

        sums = _walk(e, arguments[2], directions, body, UNROLLED)
        total = builder.fadd(builder.fadd(sums[0], sums[1]), builder.fadd(sums[2], sums[3]))
        return e.weighted_sum(total, numbers, arguments[8])

    return types.float64(state, lanes, walk, ints, table, first, mask, floats, weights), codegen


def _entry(e: StateEmitter, entries: ir.Value, own: ir.Value, first: ir.Value, mask: ir.Value) -> ir.Value:
    builder = e.builder
    place = builder.add(first, builder.and_(builder.lshr(own, INT64(1)), mask))
    return e.doubled(e.load_doubles(entries, place, e.lanes // 2))


@intrinsic
def add_walk(
    _context: Any,
    out: Any,
    lanes: Any,
    state: Any,
    walk: Any,
    ints: Any,
    sign: Any,
    floats: Any,
    weights: Any,
    factor: Any,
) -> Any:
    """Add ± factor · weight · partner to every register of the walk in `out`; `state` is another array."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
        e = StateEmitter(context, builder, signature.args[0], signature.args[1])
        into, data = e.data(signature.args[0], arguments[0]), e.data(signature.args[2], arguments[2])
        directions = e.data(signature.args[4], arguments[4])
        numbers = e.data(signature.args[6], arguments[6])
        weight = e.mul(e.load_doubles(numbers, arguments[7], e.lanes), e.splat(arguments[8]))
        signed = [weight, e.mul(weight, e.splat(arguments[5]))]

        def body(mask: int, k: int, own: ir.Value, other: ir.Value, _value: ir.Value) -> None:
            image = e.fma(signed[k & 1], e.exchange(e.load(data, other), mask), e.load(into, own))
            e.store(image, into, own)

        _walk(e, arguments[3], directions, body, 0)
        return e.done()

    return types.void(out, lanes, state, walk, ints, sign, floats, weights, factor), codegen


@intrinsic
def add_table_walk(
    _context: Any,
    out: Any,
    lanes: Any,
    state: Any,
    walk: Any,
    ints: Any,
    table: Any,
    first: Any,
    mask: Any,
    floats: Any,
    weights: Any,
    factor: Any,
) -> Any:
    """Add factor · weight · table · partner to every register of the walk in `out`."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
        e = StateEmitter(context, builder, signature.args[0], signature.args[1])
        into, data = e.data(signature.args[0], arguments[0]), e.data(signature.args[2], arguments[2])
        directions = e.data(signature.args[4], arguments[4])
        entries = e.data(signature.args[5], arguments[5])
        numbers = e.data(signature.args[8], arguments[8])
        weight = e.mul(e.load_doubles(numbers, arguments[9], e.lanes), e.splat(arguments[10]))

        def body(mask: int, _k: int, own: ir.Value, other: ir.Value, _value: ir.Value) -> None:
            product = e.mul(_entry(e, entries, own, arguments[6], arguments[7]), weight)
            image = e.fma(product, e.exchange(e.load(data, other), mask), e.load(into, own))
            e.store(image, into, own)

        _walk(e, arguments[3], directions, body, 0)
        return e.done()

    return types.void(out, lanes, state, walk, ints, table, first, mask, floats, weights, factor), codegen


def _wide_registers(
    e: StateEmitter,
    left: ir.Value,
    right: ir.Value,
    start: ir.Value,
    stop: ir.Value,
    num_sums: int,
    body: Callable[[ir.Value, ir.Value, Sequence[ir.Value]], list[ir.Value]],
) -> list[ir.Value]:
    """Add to sums in double precision over four pairs of registers at a time; return the sums as registers."""
    builder = e.builder
    count = e.nbytes // 8
    wide = ir.VectorType(DOUBLE, count)
    zero = ir.Constant(wide, None)
    slots = [cgutils.alloca_once_value(builder, zero) for _ in range(UNROLLED * num_sums)]

    def load(data: ir.Value, place: ir.Value) -> ir.Value:
        pointer = builder.bitcast(builder.gep(data, [place]), ir.VectorType(e.element, count).as_pointer())
        value = builder.load(pointer)
        value.align = e.element_bytes
        return value if e.element == DOUBLE else builder.fpext(value, wide)

    step = INT64(UNROLLED * count)
    with cgutils.for_range_slice(builder, start, stop, step, intp=INT64) as (place, _):
        for k in range(UNROLLED):
            here = builder.add(place, INT64(k * count))
            mine = slots[k * num_sums : (k + 1) * num_sums]
            sums = body(load(left, here), load(right, here), [builder.load(slot) for slot in mine])
            for slot, value in zip(mine, sums, strict=True):
                builder.store(value, slot)
    totals = []
    for part in range(num_sums):
        a, b, c, d = (builder.load(slot) for slot in slots[part::num_sums])
        totals.append(builder.fadd(builder.fadd(a, b), builder.fadd(c, d)))
    return totals


def _wide_emitter(context: Any, builder: ir.IRBuilder, signature: Any) -> Emitter:
    """An emitter of registers of doubles of the marker's width."""
    return Emitter(context, builder, types.Array(types.float64, 1, "C"), signature.args[1])


@intrinsic
def register_length(_context: Any, lanes: Any) -> Any:
    """Return a multiple of the amplitudes that one step of a sum over whole states takes, a compile-time constant."""
    count = UNROLLED * lanes.nbytes // 16

    def codegen(context: Any, _builder: ir.IRBuilder, _signature: Any, _arguments: Sequence[ir.Value]) -> ir.Value:
        return context.get_constant(types.intp, count)

    return types.intp(lanes), codegen


@intrinsic
def sum_products(_context: Any, bra: Any, lanes: Any, ket: Any, start: Any, stop: Any) -> Any:
    """Return Re and Im of Σ conj(bra) ket from place to place, a whole number of `register_length` apart."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
        e = StateEmitter(context, builder, signature.args[0], signature.args[1])
        wide = _wide_emitter(context, builder, signature)
        left, right = e.data(signature.args[0], arguments[0]), e.data(signature.args[2], arguments[2])

        def body(a: ir.Value, b: ir.Value, sums: Sequence[ir.Value]) -> list[ir.Value]:
            return [wide.fma(a, b, sums[0]), wide.fma(a, wide.exchange(b, 1), sums[1])]

        real, imag = _wide_registers(e, left, right, arguments[3], arguments[4], 2, body)
        signs = ir.Constant(wide.vector, [1.0, -1.0] * (wide.lanes // 2))
        totals = [_sum_of_lanes(builder, real), _sum_of_lanes(builder, builder.fmul(imag, signs))]
        return context.make_tuple(builder, signature.return_type, totals)

    return types.UniTuple(types.float64, 2)(bra, lanes, ket, start, stop), codegen


@intrinsic
def sum_distances(_context: Any, left: Any, lanes: Any, right: Any, start: Any, stop: Any, factor: Any) -> Any:
    """Return Σ |left - factor · right|² from place to place, a whole number of `register_length` apart."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
        e = StateEmitter(context, builder, signature.args[0], signature.args[1])
        wide = _wide_emitter(context, builder, signature)
        data = e.data(signature.args[0], arguments[0]), e.data(signature.args[2], arguments[2])
        scale = wide.splat(arguments[5])

        def body(a: ir.Value, b: ir.Value, sums: Sequence[ir.Value]) -> list[ir.Value]:
            difference = wide.fnma(scale, b, a)
            return [wide.fma(difference, difference, sums[0])]

        (total,) = _wide_registers(e, *data, arguments[3], arguments[4], 1, body)
        return _sum_of_lanes(builder, total)

    return types.float64(left, lanes, right, start, stop, factor), codegen
