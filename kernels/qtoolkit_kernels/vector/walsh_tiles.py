"""Vector code for Walsh-Hadamard transforms of angles and for turning amplitudes by them, as numba intrinsics."""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir

from qtoolkit_kernels._jit import cgutils
from qtoolkit_kernels.vector.lanes import INT32, Emitter, vector_code

__all__ = ["sine_and_cosine", "turn_tile", "walsh_2", "walsh_4", "walsh_lanes"]

SINE_TERMS = {64: 8, 32: 5}
COSINE_TERMS = {64: 9, 32: 6}
"""Terms of the Taylor series within [-π/4, π/4], by bits of the element; the next term is below half a unit."""

PI_HALVES_REST = 6.123233995736766e-17
"""What π/2 is above its nearest double."""


def _bits(e: Emitter) -> int:
    return 64 if isinstance(e.element, ir.DoubleType) else 32


def _constant(e: Emitter, value: float) -> ir.Constant:
    return ir.Constant(e.vector, [value] * e.lanes)


def _rounded(e: Emitter, value: ir.Value) -> ir.Value:
    name = f"llvm.rint.v{e.lanes}f{_bits(e)}"
    function = cgutils.get_or_insert_function(e.builder.module, ir.FunctionType(e.vector, [e.vector]), name)
    return e.builder.call(function, [value])


def _without_turns(e: Emitter, value: ir.Value) -> ir.Value:
    """Single precision keeps its digits only for small angles, so whole turns are taken off on the way."""
    if _bits(e) == 64:
        return value
    turns = _rounded(e, e.mul(value, _constant(e, 1 / math.tau)))
    return e.fnma(turns, _constant(e, 2.0 * math.pi), value)


@vector_code
def walsh_lanes(e: Emitter, data: Any, offset: Any) -> None:
    """Transform the lane bits of one register: each becomes sum and difference."""
    value = e.load(data, offset)
    for k in range(e.lanes.bit_length() - 1):
        sign = ir.Constant(e.vector, [-1.0 if lane >> k & 1 else 1.0 for lane in range(e.lanes)])
        value = e.fma(sign, value, e.exchange(value, 1 << k))
    e.store(value, data, offset)


def _walsh(num_bits: int) -> Any:
    """Sums and differences over `num_bits` bits at a step and twice the step."""

    @vector_code
    def walsh(e: Emitter, data: Any, offset: Any, step: Any) -> None:
        offsets = [offset]
        for _ in range((1 << num_bits) - 1):
            offsets.append(e.builder.add(offsets[-1], step))
        values = [e.load(data, o) for o in offsets]
        for k in range(num_bits):
            for i in range(1 << num_bits):
                if not i >> k & 1:
                    a, b = values[i], values[i | 1 << k]
                    values[i], values[i | 1 << k] = e.builder.fadd(a, b), e.builder.fsub(a, b)
        for o, value in zip(offsets, values, strict=True):
            e.store(_without_turns(e, value), data, o)

    return walsh


walsh_2, walsh_4 = _walsh(1), _walsh(2)


def sine_and_cosine(e: Emitter, angle: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Taylor series of what is left of an angle after quarter turns, exchanged and signed by their number."""
    b, bits = e.builder, _bits(e)
    quarters = _rounded(e, e.mul(angle, _constant(e, 2 / math.pi)))
    # π/2 as a number with few digits, whose multiples are exact, and the rest.
    first = math.ldexp(math.floor(math.ldexp(math.pi / 2, 24 if bits == 64 else 10)), -24 if bits == 64 else -10)
    rest = e.fnma(quarters, _constant(e, first), angle)
    rest = e.fnma(quarters, _constant(e, math.pi / 2 - first), rest)
    if bits == 64:
        rest = e.fnma(quarters, _constant(e, PI_HALVES_REST), rest)
    square = e.mul(rest, rest)
    sine = _polynomial(e, square, [(-1) ** k / math.factorial(2 * k + 1) for k in range(SINE_TERMS[bits])])
    cosine = _polynomial(e, square, [(-1) ** k / math.factorial(2 * k) for k in range(COSINE_TERMS[bits])])
    sine = e.mul(sine, rest)
    integers = ir.VectorType(INT32, e.lanes)
    number = b.fptosi(quarters, integers)
    odd = b.icmp_signed("!=", b.and_(number, ir.Constant(integers, [1] * e.lanes)), ir.Constant(integers, None))
    sine, cosine = b.select(odd, cosine, sine), b.select(odd, sine, cosine)
    sine_turned = b.and_(number, ir.Constant(integers, [2] * e.lanes))
    after = b.add(number, ir.Constant(integers, [1] * e.lanes))
    cosine_turned = b.and_(after, ir.Constant(integers, [2] * e.lanes))
    results = []
    for value, turned in ((sine, sine_turned), (cosine, cosine_turned)):
        negative = b.icmp_signed("!=", turned, ir.Constant(integers, None))
        results.append(b.select(negative, b.fneg(value), value))
    return results[0], results[1]


def _polynomial(e: Emitter, x: ir.Value, coefficients: list[float]) -> ir.Value:
    value = _constant(e, coefficients[-1])
    for coefficient in coefficients[-2::-1]:
        value = e.fma(value, x, _constant(e, coefficient))
    return value


@vector_code
def turn_tile(e: Emitter, data: Any, offset: Any, angles: Any, place: Any) -> None:
    """tile *= exp(i angle), with one register of angles in radians."""
    sine, cosine = sine_and_cosine(e, e.load(angles, place))
    e.store_tile(e.complex_mul(*e.load_tile(data, offset), cosine, sine), data, offset)
