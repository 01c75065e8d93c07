"""Coefficients of matrices and diagonals of any qubits, laid out as `matrices` reads them."""

from qtoolkit_kernels._bits import count_bits
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Integers, Reals

__all__ = ["entry_of", "targets_of", "write_matrix", "write_pair", "write_table"]


@njit
def targets_of(order: int) -> int:
    """How many qubits a matrix acts on; `order` has four bits for each position, lowest first: its qubit's number.

    The number of qubits is in the 32 bits above, and above 8 of those, whether the matrix is turned into its adjoint.
    """
    return order >> 32 & 255


@njit
def entry_of(order: int, row: int, column: int) -> int:
    """Where an entry stands in the gate's own order of qubits; row and column count by positions."""
    size = targets_of(order)
    i = j = 0
    for k in range(size):
        qubit = order >> 4 * k & 15
        i |= (row >> k & 1) << qubit
        j |= (column >> k & 1) << qubit
    if order >> 40:
        i, j = j, i
    return i << size | j


@njit
def compress(index: int, mask: int) -> int:
    """The bits of `index` under a mask, side by side."""
    result = shift = 0
    while mask:
        bit = mask & -mask
        if index & bit:
            result |= 1 << shift
        shift += 1
        mask ^= bit
    return result


@njit
def _flips_of_lanes(order: int, targets: int, lanes: int) -> tuple[int, int]:
    """By how much each lane's row and column differ from those of lane 0, as numbers in the gate's own order of qubits.

    Args:
        order: see `targets_of`.
        targets: mask of the positions inside the register.
        lanes: elements of a register, at most 16.

    Returns:
        Eight bits for each of the lanes 0 to 7, and of the lanes 8 to 15.
    """
    low = 0
    if targets == 0:
        return low, low
    ones = (1 << targets_of(order)) - 1
    for lane in range(1, min(lanes, 8)):
        here = compress(lane, targets)
        low |= (entry_of(order, here, here) & ones) << 8 * lane
    top = compress(8, targets)
    return low, low ^ (entry_of(order, top, top) & ones) * 0x0101010101010101


@njit
def write_matrix(write: Integers, lanes: int, coefficients: Complex, registers: Reals) -> None:
    """Write a matrix: for up to four rows together all columns, for each column real and imaginary part of each row.

    Rows are values of the positions among tiles; columns are those, and below them the bits that flip inside the
    register. Where lanes differ, each number is a register.

    Args:
        write: [kind, first register, first entry, order, mask of its positions inside the register, mask and value of
            controls there]; see `targets_of` for the order.
        lanes: elements of a register.
        coefficients, registers: as for `numbers.write_registers`.
    """
    place, source, order, targets, mask, value = write[1], write[2], write[3], write[4], write[5], write[6]
    inside, size = count_bits(targets), targets_of(order)
    outputs = 1 << (size - inside)
    together = min(4, outputs)
    by_lane = targets | mask != 0
    flips = _flips_of_lanes(order, targets, lanes)
    for first in range(0, outputs, together):
        for column in range(outputs << inside):
            for row in range(first, first + together):
                if not by_lane:
                    entry = coefficients[source + entry_of(order, row, column)]
                    registers[place], registers[place + 1] = entry.real, entry.imag
                    place += 2
                    continue
                lane_0 = entry_of(order, row << inside, column)
                for lane in range(lanes):
                    entry = 1.0 + 0.0j if row << inside == column else 0.0j
                    if lane & mask == value:
                        flip = (flips[lane >> 3] >> 8 * (lane & 7)) & 255
                        entry = coefficients[source + (lane_0 ^ (flip << size | flip))]
                    registers[place + lane], registers[place + lanes + lane] = entry.real, entry.imag
                place += 2 * lanes


@njit
def write_pair(
    matrix: Complex, low: int, high: int, weight: int, lane_bits: int, lanes: int, start: int, registers: Reals
) -> None:
    """Write a two-qubit matrix as `block.dense` reads it.

    Args:
        matrix: complex128[16], row by row.
        low, high: positions of its bits, ``low < high``.
        weight: 1 if the bit at `low` is the lowest of its rows and columns, 2 if it is the other one.
        lane_bits, lanes: positions and elements of a register.
        start: of the first register.
        registers: receives them.
    """
    other = 3 - weight
    if low >= lane_bits:
        for k in range(16):
            row, column = (k >> 2 & 1) * weight + (k >> 3) * other, (k & 1) * weight + (k >> 1 & 1) * other
            entry = matrix[4 * row + column]
            registers[start + 2 * k], registers[start + 2 * k + 1] = entry.real, entry.imag
    elif high >= lane_bits:
        for k in range(8):
            i, j, exchanged = k >> 2, k >> 1 & 1, k & 1
            for lane in range(lanes):
                here = lane >> low & 1
                entry = matrix[4 * (other * i + weight * here) + other * j + weight * (here ^ exchanged)]
                registers[start + 2 * k * lanes + lane] = entry.real
                registers[start + (2 * k + 1) * lanes + lane] = entry.imag
    else:
        for k in range(4):
            exchanged = (k & 1) * weight + (k >> 1) * other
            for lane in range(lanes):
                here = (lane >> high & 1) * other + (lane >> low & 1) * weight
                entry = matrix[4 * here + (here ^ exchanged)]
                registers[start + 2 * k * lanes + lane] = entry.real
                registers[start + (2 * k + 1) * lanes + lane] = entry.imag


@njit
def write_table(write: Integers, lanes: int, coefficients: Complex, registers: Reals) -> None:
    """Write one pair of registers of a diagonal.

    Args:
        write: [kind, first register, entry of lane 0, 16 bits for each bit of the lane: how far that moves the entry,
            mask and value of controls inside the register].
        lanes, coefficients, registers: as for `write_matrix`.
    """
    place, strides = write[1], write[3]
    for lane in range(lanes):
        source = write[2]
        rest, steps = lane, strides
        while rest:
            source += (rest & 1) * (steps & 65535)
            rest >>= 1
            steps >>= 16
        entry = coefficients[source] if lane & write[4] == write[5] else 1.0 + 0.0j
        registers[place + lane], registers[place + lanes + lane] = entry.real, entry.imag
