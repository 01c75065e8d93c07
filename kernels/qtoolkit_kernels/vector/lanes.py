"""Vector registers as numba values: the width travels as the type of a marker argument.

A state is held in *tiles*: for L amplitudes in a row, L real parts and then L imaginary parts, where L is the number
of lanes of a register. A tile covers the same bytes as the same L interleaved complex numbers, so one form turns into
the other in place. The functions below emit LLVM instructions for a whole group of tiles at once; the loops around
them are ordinary numba. Code is kept by processor and by kinds of arguments, hence also by the width.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from llvmlite import binding, ir

from qtoolkit_kernels._jit import cgutils, intrinsic, types

__all__ = ["Lanes", "Emitter", "lane_count", "native_vector_bytes", "sum_code", "vector_code"]

INT32 = ir.IntType(32)


class Lanes:
    """Marker argument of the vector kernels; there is one for each width, by which compiled code knows it.

    Args:
        nbytes: bytes of a register: 64, 32 or 16.
    """

    nbytes: int

    def __new__(cls, nbytes: int) -> Lanes:
        """The one marker of a width."""
        if nbytes not in _markers:
            marker = super().__new__(cls)
            marker.nbytes = nbytes
            _markers.setdefault(nbytes, marker)
        return _markers[nbytes]

    def __getnewargs__(self) -> tuple[int]:
        return (self.nbytes,)

    @property
    def kernel_marker(self) -> str:
        """The name by which compiled code knows this width."""
        return f"Lanes({self.nbytes})"

    @property
    def _numba_type_(self) -> Any:
        from qtoolkit_kernels.vector._lanes_type import LanesType

        return LanesType(self.nbytes)


_markers: dict[int, Lanes] = {}


@cache
def native_vector_bytes() -> int:
    """Width of this machine's registers: 64 with AVX-512, 32 with AVX2, else 16."""
    features = binding.get_host_cpu_features()
    if features.get("avx512f") and features.get("avx512dq"):
        return 64
    if features.get("avx2") and features.get("fma"):
        return 32
    return 16


class Emitter:
    """Emits vector instructions for one state array.

    Args:
        context, builder: numba's code generation state.
        array_type: numba type of the state (float32 or float64).
        lanes_type: the marker's type.
    """

    def __init__(self, context: Any, builder: ir.IRBuilder, array_type: Any, lanes_type: Any) -> None:
        self.context = context
        self.builder = builder
        bits = array_type.dtype.bitwidth
        self.nbytes = lanes_type.nbytes
        self.lanes = lane_count(array_type, lanes_type)
        self.element = ir.DoubleType() if bits == 64 else ir.FloatType()
        self.vector = ir.VectorType(self.element, self.lanes)
        signature = ir.FunctionType(self.vector, [self.vector] * 3)
        self._fma = cgutils.get_or_insert_function(builder.module, signature, f"llvm.fma.v{self.lanes}f{bits}")

    def data(self, array_type: Any, array: ir.Value) -> ir.Value:
        """Pointer to an array's first element."""
        return self.context.make_array(array_type)(self.context, self.builder, array).data

    def argument(self, kind: Any, value: ir.Value) -> Any:
        """What code takes for an argument: an array's pointer, the list of a tuple's parts, or the value."""
        if isinstance(kind, types.Array):
            return self.data(kind, value)
        if isinstance(kind, types.BaseTuple):
            return [self.builder.extract_value(value, k) for k in range(len(kind))]
        return value

    def _place(self, data: ir.Value, offset: ir.Value, extra: int) -> ir.Value:
        index = self.builder.add(offset, ir.Constant(offset.type, extra)) if extra else offset
        return self.builder.gep(data, [index], inbounds=True)

    def load(self, data: ir.Value, offset: ir.Value, extra: int = 0, aligned: bool = True) -> ir.Value:
        """The register at element ``offset + extra``."""
        pointer = self.builder.bitcast(self._place(data, offset, extra), self.vector.as_pointer())
        value = self.builder.load(pointer)
        value.align = self.nbytes if aligned else self.nbytes // self.lanes
        return value

    def store(self, value: ir.Value, data: ir.Value, offset: ir.Value, extra: int = 0, aligned: bool = True) -> None:
        """Write a register."""
        pointer = self.builder.bitcast(self._place(data, offset, extra), self.vector.as_pointer())
        self.builder.store(value, pointer).align = self.nbytes if aligned else self.nbytes // self.lanes

    def load_tile(self, data: ir.Value, place: ir.Value) -> tuple[ir.Value, ir.Value]:
        """Real and imaginary parts of the tile at a place."""
        return self.load(data, place), self.load(data, place, self.lanes)

    def store_tile(self, tile: Sequence[ir.Value], data: ir.Value, place: ir.Value) -> None:
        """Write a tile."""
        self.store(tile[0], data, place)
        self.store(tile[1], data, place, self.lanes)

    def prefetch(self, data: ir.Value, offset: ir.Value) -> None:
        """Begin to fetch the cache line of an element into the second-level cache, for a change."""
        pointer = self.builder.bitcast(self._place(data, offset, 0), ir.IntType(8).as_pointer())
        signature = ir.FunctionType(ir.VoidType(), [pointer.type, INT32, INT32, INT32])
        function = cgutils.get_or_insert_function(self.builder.module, signature, "llvm.prefetch.p0i8")
        for_change, second_level, data_cache = INT32(1), INT32(2), INT32(1)
        self.builder.call(function, [pointer, for_change, second_level, data_cache])

    def broadcast(self, data: ir.Value, offset: ir.Value, extra: int = 0) -> ir.Value:
        """A register whose lanes all hold the element at ``offset + extra``."""
        return self.splat(self.builder.load(self._place(data, offset, extra)))

    def splat(self, scalar: ir.Value) -> ir.Value:
        """A register whose lanes all hold one number, converted to the state's precision."""
        if scalar.type != self.element:
            scalar = self.builder.fptrunc(scalar, self.element)
        one = self.builder.insert_element(ir.Constant(self.vector, ir.Undefined), scalar, ir.Constant(INT32, 0))
        return self.shuffle(one, [0] * self.lanes)

    def shuffle(self, value: ir.Value, indices: Sequence[int]) -> ir.Value:
        """Lanes of a register in another order."""
        order = ir.Constant(ir.VectorType(INT32, self.lanes), list(indices))
        return self.builder.shuffle_vector(value, ir.Constant(self.vector, ir.Undefined), order)

    def exchange(self, value: ir.Value, mask: int) -> ir.Value:
        """Lane l receives lane ``l ^ mask``."""
        return self.shuffle(value, [lane ^ mask for lane in range(self.lanes)]) if mask else value

    def exchange_by(self, value: ir.Value, mask: ir.Value) -> ir.Value:
        """The same for a mask that is a number of the kernel."""
        for k in range(self.lanes.bit_length() - 1):
            on = self.builder.trunc(self.builder.lshr(mask, mask.type(k)), ir.IntType(1))
            value = self.builder.select(on, self.exchange(value, 1 << k), value)
        return value

    def interleave(self, low: ir.Value, high: ir.Value) -> list[ir.Value]:
        """Registers (low0 high0 low1 …) of two: a tile's parts as complex numbers."""
        return self._two(low, high, [k // 2 + (k % 2) * self.lanes for k in range(2 * self.lanes)])

    def separate(self, first: ir.Value, second: ir.Value) -> list[ir.Value]:
        """Undo `interleave`."""
        return self._two(first, second, [2 * k for k in range(self.lanes)] + [2 * k + 1 for k in range(self.lanes)])

    def apart(self, a: ir.Value, b: ir.Value, bit: int) -> list[ir.Value]:
        """Two registers' lanes in which a bit is 0, and those in which it is 1; lower bits keep their places."""
        return self._two(a, b, self._order(bit))

    def together(self, zeros: ir.Value, ones: ir.Value, bit: int) -> list[ir.Value]:
        """Undo `apart`."""
        order = self._order(bit)
        return self._two(zeros, ones, [order.index(k) for k in range(2 * self.lanes)])

    def _order(self, bit: int) -> list[int]:
        # Shuffles within 16 bytes are the cheapest.
        nearby = 16 * self.lanes // self.nbytes
        run = nearby if 1 << bit < nearby else self.lanes
        sources = [range(k + n, k + n + run) for k in range(0, self.lanes, run) for n in (0, self.lanes)]
        return [lane for value in range(2) for source in sources for lane in source if lane >> bit & 1 == value]

    def _two(self, first: ir.Value, second: ir.Value, indices: Sequence[int]) -> list[ir.Value]:
        halves = []
        for part in (indices[: self.lanes], indices[self.lanes :]):
            order = ir.Constant(ir.VectorType(INT32, self.lanes), part)
            halves.append(self.builder.shuffle_vector(first, second, order))
        return halves

    def nonzero(self, value: ir.Value) -> ir.Value:
        """Which lanes hold another number than zero."""
        return self.builder.fcmp_unordered("!=", value, ir.Constant(self.vector, None))

    def mul(self, a: ir.Value, b: ir.Value) -> ir.Value:
        """a · b."""
        return self.builder.fmul(a, b)

    def fma(self, a: ir.Value, b: ir.Value, c: ir.Value) -> ir.Value:
        """a · b + c."""
        return self.builder.call(self._fma, [a, b, c])

    def fnma(self, a: ir.Value, b: ir.Value, c: ir.Value) -> ir.Value:
        """c - a · b."""
        return self.builder.call(self._fma, [self.builder.fneg(a), b, c])

    def complex_mul(self, ar: ir.Value, ai: ir.Value, br: ir.Value, bi: ir.Value) -> tuple[ir.Value, ir.Value]:
        """Real and imaginary parts of a product."""
        return self.fnma(ai, bi, self.mul(ar, br)), self.fma(ai, br, self.mul(ar, bi))

    def done(self) -> ir.Value:
        """What an intrinsic without a result returns."""
        return self.context.get_dummy_value()


def vector_code(emit: Callable[..., None]) -> Callable[..., Any]:
    """An intrinsic without a result, of a function that emits its code.

    Kernels call it with an array, the marker and more. The function takes an `Emitter` for that array's elements, and
    these arguments but for the marker: arrays as pointers to their first elements, tuples as lists.
    """
    return _code_of(emit, False)


def sum_code(emit: Callable[..., Any]) -> Callable[..., Any]:
    """The same with a result, which is of the kind of the last argument: sums so far."""
    return _code_of(emit, True)


def _code_of(emit: Callable[..., Any], has_result: bool) -> Callable[..., Any]:
    def definition(_context: Any, array: Any, lanes: Any, *others: Any) -> Any:
        def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
            e = Emitter(context, builder, array, lanes)
            first, _, *rest = (e.argument(*pair) for pair in zip(signature.args, arguments, strict=True))
            found = emit(e, first, *rest)
            if not has_result:
                return context.get_dummy_value()
            return context.make_tuple(builder, signature.return_type, found) if isinstance(found, list) else found

        result = others[-1] if has_result else types.void
        return result(array, lanes, *others), codegen

    definition.__name__, definition.__module__, definition.__doc__ = emit.__name__, emit.__module__, emit.__doc__
    first, *rest = list(inspect.signature(emit).parameters.values())[1:]
    named = [inspect.Parameter(name, first.kind) for name in ("_context", first.name, "lanes")]
    # numba packs arguments that have no names of their own.
    definition.__signature__ = inspect.Signature([*named, *rest])  # type: ignore[attr-defined]
    return intrinsic(definition)


def lane_count(array_type: Any, lanes_type: Any) -> int:
    """Elements of the array in one register."""
    return int(lanes_type.nbytes // (array_type.dtype.bitwidth // 8))
