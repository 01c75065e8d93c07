"""Vector code for the sines and cosines of angles, and what coefficients of gates are made of."""

from typing import Any

from qtoolkit_kernels.vector.lanes import Emitter, vector_code
from qtoolkit_kernels.vector.walsh_tiles import sine_and_cosine

__all__ = ["add_turned", "write_turn"]


@vector_code
def write_turn(e: Emitter, into: Any, cosine: Any, sine: Any, data: Any, place: Any, scale: Any) -> None:
    """Write the cosines and the sines of a register of angles in radians, times a number."""
    sines, cosines = sine_and_cosine(e, e.mul(e.load(data, place), e.splat(scale)))
    e.store(cosines, into, cosine)
    e.store(sines, into, sine)


@vector_code
def add_turned(e: Emitter, into: Any, place: Any, data: Any, source: Any, real: Any, imag: Any, sign: Any) -> None:
    """Add (real + i imag) · (a + i sign b) to the tile at `place`, where a + i b is the one at `source`."""
    re, im, sign = (e.splat(value) for value in (real, imag, sign))
    (x, y), (a, b) = e.load_tile(into, place), e.load_tile(data, source)
    b = e.mul(sign, b)
    sums = e.fnma(im, b, e.fma(re, a, x)), e.fma(im, a, e.fma(re, b, y))
    e.store_tile(sums, into, place)
