"""Vector code for rotations by Pauli strings, as numba intrinsics: 4 real fused multiply-adds an amplitude."""

from typing import Any

from llvmlite import ir

from qtoolkit_kernels._jit import intrinsic, types
from qtoolkit_kernels.vector.lanes import Emitter

__all__ = ["flip_string_imag", "flip_string_real", "rotate_string_imag", "rotate_string_real"]


def _rotate_string(imaginary: bool, flipping: bool) -> Any:
    """ψ(x) becomes a ψ(x) + s b ψ(x ^ mask), times i in the second term if `imaginary`.

    The tiles at o0 and o1 are partners (or one and the same); `flips` is the mask's part inside a register, which is
    0 unless `flipping`; s0 and s1 are signs, a and b registers at `start`.
    """

    @intrinsic
    def rotate(
        _context: Any,
        array: Any,
        lanes: Any,
        o0: Any,
        o1: Any,
        s0: Any,
        s1: Any,
        flips: Any,
        coefficients: Any,
        start: Any,
    ) -> Any:
        def codegen(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
            e = Emitter(context, builder, signature.args[0], signature.args[1])
            data = e.data(signature.args[0], arguments[0])
            weights = e.data(signature.args[7], arguments[7])
            keep, cross = e.load(weights, arguments[8]), e.load(weights, arguments[8], e.lanes)
            tiles = [[e.load(data, o, part * e.lanes) for part in range(2)] for o in arguments[2:4]]
            partners = tiles[::-1]
            if flipping:
                partners = [[e.exchange_by(value, arguments[6]) for value in tile] for tile in partners]
            for offset, sign, tile, partner in zip(arguments[2:4], arguments[4:6], tiles, partners, strict=True):
                weight = e.mul(cross, e.splat(sign))
                if imaginary:
                    parts = (
                        e.fnma(weight, partner[1], e.mul(keep, tile[0])),
                        e.fma(weight, partner[0], e.mul(keep, tile[1])),
                    )
                else:
                    parts = tuple(e.fma(weight, partner[k], e.mul(keep, tile[k])) for k in range(2))
                e.store(parts[0], data, offset)
                e.store(parts[1], data, offset, e.lanes)
            return e.done()

        return types.void(array, lanes, o0, o1, s0, s1, flips, coefficients, start), codegen

    return rotate


rotate_string_real, rotate_string_imag = _rotate_string(False, False), _rotate_string(True, False)
flip_string_real, flip_string_imag = _rotate_string(False, True), _rotate_string(True, True)
