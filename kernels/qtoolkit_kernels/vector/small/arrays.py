"""Matrices and diagonals on states of a few registers.

Rows are those of `small.block`. Cost: 10 ns for each entry of a matrix, which is written as `matrices` reads it, then
what that says; 4 fused multiply-adds for each amplitude of a diagonal, one after the other.
"""

import numpy as np

from qtoolkit_kernels._bits import gather_bits
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Integers, Reals
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.matrices import apply_matrix
from qtoolkit_kernels.vector.matrix_numbers import write_matrix
from qtoolkit_kernels.vector.small import block
from qtoolkit_kernels.vector.tiles import lane_bits_of, lanes_of

__all__ = ["MOST_MATRIX_QUBITS", "apply_array", "array_room"]

MOST_MATRIX_QUBITS = 4
"""Of a matrix; one on more is better planned."""

NO_SKEW = 30
"""Tiles stand where their numbers say, see `skew`."""


def array_room(lanes: int) -> int:
    """How many elements `apply_array` needs to work in: a matrix, each entry two registers, and as many tiles as it has
    columns.
    """
    columns = 1 << MOST_MATRIX_QUBITS
    return 2 * lanes * columns * (columns + 1)


@njit
def apply_array(data: Reals, lanes: Lanes, num_tiles: int, row: Integers, entries: Complex, room: Reals) -> None:
    """Apply a matrix or a diagonal to a state of tiles.

    Args:
        data: a tile after another, aligned.
        lanes: marker of the vector width.
        num_tiles: of the state.
        row: int64[16], MATRIX or DIAGONAL, see `small.block`.
        entries: complex128, those of the row from its ENTRIES on.
        room: as many elements as `array_room` says, aligned.
    """
    width, lane_bits = lanes_of(data, lanes), lane_bits_of(data, lanes)
    controls, values = row[block.CONTROLS], row[block.VALUES]
    targets = row[block.TARGETS : block.TARGETS + row[block.COUNT]]
    if row[block.KIND] == block.DIAGONAL:
        for index in range(num_tiles * width):
            if index & controls == values:
                place = index + (index & -width)
                value = complex(data[place], data[place + width])
                value *= entries[row[block.ENTRIES] + gather_bits(index, targets)]
                data[place], data[place + width] = value.real, value.imag
        return
    mask = 0
    order = targets.size << 32
    for k in range(targets.size):
        mask |= 1 << targets[k]
        place = 0
        for other in targets:
            place += other < targets[k]
        order |= k << 4 * place
    low = width - 1
    write = np.empty(7, np.int64)
    write[0], write[1], write[2], write[3] = 0, 0, row[block.ENTRIES], order
    write[4], write[5], write[6] = mask & low, controls & low, values & low
    write_matrix(write, width, entries, room)
    spare = room[room.size - (2 * width << targets.size) :]
    by_lane = (mask | controls) & low != 0
    apply_matrix(
        data, lanes, num_tiles, 2 * width, NO_SKEW, controls >> lane_bits, values >> lane_bits, mask >> lane_bits,
        mask & low, by_lane, room, 0, spare,
    )  # fmt: skip
