"""Matrices and diagonals on states of a few registers, one amplitude after the other.

Rows are those of `small.block`. Who brings a gate as a matrix brings it once: a circuit that runs again is planned, and
its matrices are applied by registers. Cost, an amplitude that the controls let through: 4 · 2^k fused multiply-adds for
a matrix of k qubits, 4 for a diagonal.
"""

import numpy as np

from qtoolkit_kernels._bits import gather_bits, next_subset
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Integers, Reals
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.small import block
from qtoolkit_kernels.vector.tiles import lane_bits_of, lanes_of

__all__ = ["apply_array"]


@njit
def apply_array(data: Reals, lanes: Lanes, num_tiles: int, row: Integers, entries: Complex) -> None:
    """Apply a matrix or a diagonal to a state of tiles.

    Args:
        data: a tile after another, aligned.
        lanes: marker of the vector width.
        num_tiles: of the state.
        row: int64[16], MATRIX or DIAGONAL, see `small.block`.
        entries: complex128, those of the row from its ENTRIES on.
    """
    width, lane_bits = lanes_of(data, lanes), lane_bits_of(data, lanes)
    controls, values, first = row[block.CONTROLS], row[block.VALUES], row[block.ENTRIES]
    targets = row[block.TARGETS : block.TARGETS + row[block.COUNT]]
    size = 1 << targets.size
    mask = 0
    for k in range(targets.size):
        mask |= 1 << targets[k]
    if row[block.KIND] == block.DIAGONAL:
        for index in range(num_tiles * width):
            if index & controls != values:
                continue
            place = 2 * (index >> lane_bits << lane_bits) + (index & (width - 1))
            entry = entries[first + gather_bits(index, targets)]
            value = complex(data[place], data[place + width]) * entry
            data[place], data[place + width] = value.real, value.imag
        return
    # Where an amplitude lies: the place of a bit pattern is the sum of its bits' places.
    offsets = np.empty(size, np.int64)
    for j in range(size):
        offsets[j] = 0
        for k in range(targets.size):
            if j >> k & 1:
                bit = 1 << targets[k]
                offsets[j] += bit if bit < width else 2 * bit
    before = np.empty(size, np.complex128)
    fixed = mask | controls
    free = (num_tiles * width - 1) & ~fixed
    index = 0
    while True:
        base = index | values
        place = 2 * (base >> lane_bits << lane_bits) + (base & (width - 1))
        for j in range(size):
            before[j] = complex(data[place + offsets[j]], data[place + offsets[j] + width])
        for i in range(size):
            value = 0.0j
            for j in range(size):
                value += entries[first + i * size + j] * before[j]
            data[place + offsets[i]], data[place + offsets[i] + width] = value.real, value.imag
        index = next_subset(index, free)
        if index == 0:
            return
