"""Twin of the sweeps: blocks by index arrays, on the whole state."""

from collections.abc import Iterator

import numpy as np

from qtoolkit_kernels._types import Complex, Integers, Reals
from qtoolkit_kernels.reference.vector.block import Rows, run_block
from qtoolkit_kernels.vector.cut import Cut
from qtoolkit_kernels.vector.plan import Numbers
from qtoolkit_kernels.vector.sweep import COMPLEX, ZERO_STATE

__all__ = ["amplitudes", "blocks_of", "run_sweeps", "tiled"]


def tiled(state: Complex, lanes: int) -> Reals:
    """Return the real numbers of tiles: of every `lanes` amplitudes the real parts, then the imaginary parts."""
    parts = np.stack([state.real, state.imag], axis=1)
    return parts.reshape(-1, lanes, 2).swapaxes(1, 2).reshape(-1)


def amplitudes(reals: Reals, lanes: int, source: int) -> Complex:
    """Return as complex128 what `reals` hold: ZERO_STATE, interleaved numbers (COMPLEX) or TILES."""
    if source == ZERO_STATE:
        return np.asarray(np.eye(1, reals.size // 2, dtype=np.complex128)[0])
    pairs = reals.reshape(-1, 2) if source == COMPLEX else reals.reshape(-1, 2, lanes).swapaxes(1, 2).reshape(-1, 2)
    return np.asarray(np.ascontiguousarray(pairs.astype(np.float64)).view(np.complex128)[:, 0])


def blocks_of(size: int, block_bits: int, bits: Integers) -> Iterator[tuple[int, Integers]]:
    """Yield for each block the bits of the index outside it, and the indices of its amplitudes by position."""
    indices = np.arange(size, dtype=np.int64)
    places = np.zeros(size, np.int64)
    for position, bit in enumerate(bits):
        places |= (indices >> bit & 1) << position
    by_place = np.argsort(places)
    inside = sum(1 << int(bit) for bit in bits[:block_bits])
    for chosen in by_place.reshape(-1, 1 << block_bits):
        yield int(chosen[0]) & ~inside, chosen


def run_sweeps(
    state: Reals, cut: Cut, bits: Integers, operation_start: Integers, numbers: Numbers, source: int
) -> None:
    """Run all sweeps on a state, in place; it is interleaved complex numbers in the end.

    Arguments are those of the kernel; `state` is float64, whatever the precision of the registers.
    """
    lanes = cut.lanes.nbytes // numbers.registers.itemsize
    vector = amplitudes(state, lanes, source)
    for sweep, positions in enumerate(bits):
        rows = numbers.operations[operation_start[sweep] : operation_start[sweep + 1]]
        for outer, chosen in blocks_of(vector.size, cut.block_bits, positions):
            block = vector[chosen]
            run_block(block, rows, Rows(lanes, numbers, positions, outer))
            vector[chosen] = block
    state[:] = (numbers.factor * vector).view(np.float64)
