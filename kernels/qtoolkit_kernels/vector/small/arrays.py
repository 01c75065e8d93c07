"""Matrices and diagonals on states of a few registers.

Rows are those of `small.block`. Cost: 1 ns for each number of a matrix, which is written as `block.dense` reads it or
`matrices`, then what that says; 4 fused multiply-adds for each amplitude of a diagonal, one after the other.
"""

import numpy as np

from qtoolkit_kernels._bits import gather_bits, next_without
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Integers, Reals
from qtoolkit_kernels.vector.block import dense
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.matrices import apply_matrix
from qtoolkit_kernels.vector.matrix_numbers import write_matrix, write_pair
from qtoolkit_kernels.vector.small import block
from qtoolkit_kernels.vector.tiles import lane_bits_of, lanes_of

__all__ = ["MOST_MATRIX_QUBITS", "apply_array", "array_room"]

MOST_MATRIX_QUBITS = 4
"""Of a matrix; one on more is better planned."""

FEW_AMPLITUDES = 64
"""Up to so many, a two-qubit matrix with controls takes less time by amplitudes than by registers of its own."""

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
    first = row[block.ENTRIES]
    if targets.size == 2 and controls == 0:
        low, high = min(targets[0], targets[1]), max(targets[0], targets[1])
        weight = 1 if low == targets[0] else 2
        write_pair(entries[first : first + 16], low, high, weight, lane_bits, width, 0, room)
        dense(data, lanes, num_tiles, 2 * width, NO_SKEW, lane_bits, low, high, room, 0)
        return
    if targets.size == 2 and num_tiles * width <= FEW_AMPLITUDES:
        _apply_matrix_4(data, width, num_tiles * width, row, entries[first : first + 16])
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
    write[0], write[1], write[2], write[3] = 0, 0, first, order
    write[4], write[5], write[6] = mask & low, controls & low, values & low
    write_matrix(write, width, entries, room)
    spare = room[room.size - (2 * width << targets.size) :]
    by_lane = (mask | controls) & low != 0
    apply_matrix(
        data, lanes, num_tiles, 2 * width, NO_SKEW, controls >> lane_bits, values >> lane_bits, mask >> lane_bits,
        mask & low, by_lane, room, 0, spare,
    )  # fmt: skip


@njit
def _apply_matrix_4(data: Reals, width: int, size: int, row: Integers, matrix: Complex) -> None:
    """Apply a two-qubit matrix, one amplitude after another."""
    a, b = 1 << row[block.TARGETS], 1 << row[block.TARGETS + 1]
    controls = row[block.CONTROLS]
    fixed = a | b | controls
    first, second = a + (a & -width), b + (b & -width)
    index = 0
    while index < size:
        chosen = index | row[block.VALUES]
        p = chosen + (chosen & -width)
        q, r, s = p + first, p + second, p + first + second
        x0, x1 = complex(data[p], data[p + width]), complex(data[q], data[q + width])
        x2, x3 = complex(data[r], data[r + width]), complex(data[s], data[s + width])
        y0 = matrix[0] * x0 + matrix[1] * x1 + matrix[2] * x2 + matrix[3] * x3
        y1 = matrix[4] * x0 + matrix[5] * x1 + matrix[6] * x2 + matrix[7] * x3
        y2 = matrix[8] * x0 + matrix[9] * x1 + matrix[10] * x2 + matrix[11] * x3
        y3 = matrix[12] * x0 + matrix[13] * x1 + matrix[14] * x2 + matrix[15] * x3
        data[p], data[p + width], data[q], data[q + width] = y0.real, y0.imag, y1.real, y1.imag
        data[r], data[r + width], data[s], data[s + width] = y2.real, y2.imag, y3.real, y3.imag
        index = next_without(index, fixed)
