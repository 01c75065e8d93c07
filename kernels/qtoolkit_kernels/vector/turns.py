"""Vector code for the sines and cosines of angles, and what coefficients of gates are made of."""

from typing import Any

from llvmlite import ir

from qtoolkit_kernels._jit import intrinsic, types
from qtoolkit_kernels.vector.lanes import Emitter
from qtoolkit_kernels.vector.walsh_tiles import sine_and_cosine

__all__ = ["add_turned", "write_turn"]


@intrinsic
def write_turn(_context: Any, out: Any, lanes: Any, cosine: Any, sine: Any, angles: Any, place: Any, scale: Any) -> Any:
    """Write the cosines and the sines of a register of angles in radians, times a number."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        into, data = e.data(signature.args[0], arguments[0]), e.data(signature.args[4], arguments[4])
        sines, cosines = sine_and_cosine(e, e.mul(e.load(data, arguments[5]), e.splat(arguments[6])))
        e.store(cosines, into, arguments[2])
        e.store(sines, into, arguments[3])
        return e.done()

    return types.void(out, lanes, cosine, sine, angles, place, scale), codegen


@intrinsic
def add_turned(
    _context: Any, out: Any, lanes: Any, place: Any, turns: Any, source: Any, real: Any, imag: Any, sign: Any
) -> Any:
    """Add (real + i imag) · (a + i sign b) to the tile at `place`, where a + i b is the one at `source`."""

    def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        e = Emitter(context, builder, signature.args[0], signature.args[1])
        into, data = e.data(signature.args[0], arguments[0]), e.data(signature.args[3], arguments[3])
        re, im, sign = (e.splat(value) for value in arguments[5:8])
        (x, y), (a, b) = e.load_tile(into, arguments[2]), e.load_tile(data, arguments[4])
        b = e.mul(sign, b)
        sums = e.fnma(im, b, e.fma(re, a, x)), e.fma(im, a, e.fma(re, b, y))
        e.store_tile(sums, into, arguments[2])
        return e.done()

    return types.void(out, lanes, place, turns, source, real, imag, sign), codegen
