"""Coefficients of matrices and diagonals of any qubits, laid out as `matrices` reads them."""

from qtoolkit_kernels._bits import count_bits
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Integers, Reals

__all__ = ["entry_of", "targets_of", "write_matrix", "write_table"]


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
    inside = count_bits(targets)
    outputs = 1 << (targets_of(order) - inside)
    together = min(4, outputs)
    by_lane = targets | mask != 0
    for first in range(0, outputs, together):
        for column in range(outputs << inside):
            for row in range(first, first + together):
                if not by_lane:
                    entry = coefficients[source + entry_of(order, row, column)]
                    registers[place], registers[place + 1] = entry.real, entry.imag
                    place += 2
                    continue
                for lane in range(lanes):
                    here = compress(lane, targets)
                    entry = 1.0 + 0.0j if row << inside == column else 0.0j
                    if lane & mask == value:
                        entry = coefficients[source + entry_of(order, row << inside | here, column ^ here)]
                    registers[place + lane], registers[place + lanes + lane] = entry.real, entry.imag
                place += 2 * lanes


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
