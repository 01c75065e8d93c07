"""How the operations of a small circuit are written, one after another: products, strings, matrices and diagonals.

One-qubit gates in a row join to a product, up to the next operation of another kind on their qubit.
"""

from typing import NamedTuple

import numpy as np

from qtoolkit_kernels._bits import count_bits, highest_bit, lowest_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers, Reals
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.pauli.registers import odd_bits
from qtoolkit_kernels.vector.small import block
from qtoolkit_kernels.vector.tiles import lane_bits_of, lanes_of

__all__ = [
    "CELLS", "COUNTS", "DETAIL_WIDTH", "DIAGONAL", "KEY_COLUMNS", "LINKS", "LINK_COLUMNS", "MATRIX", "NOTHING",
    "OPAQUE", "OPERATIONS", "PATTERNS", "PRODUCTS", "QUBIT_BITS", "ROTATION", "SLOTS", "SLOT_COLUMNS", "SYMBOL",
    "Memory", "add_array", "add_cell", "add_factor", "add_quaternion", "add_rotation", "add_string", "add_turn",
    "close", "pattern",
]  # fmt: skip

OPAQUE, NOTHING, MATRIX, DIAGONAL, ROTATION = range(5)
DETAIL_WIDTH, QUBIT_BITS = 6, 5
"""Kinds of details and what they take, as in `qtoolkit.circuit.details`."""

ROUNDING = 4e-15
"""A one-qubit matrix that is farther from unitary stays as it was given."""

KEY_COLUMNS = 4
LINK_COLUMNS = 3
NUMBER, NEXT = 1, 2
"""Of a factor, behind its axis: its cell or slot, and the factor that follows it, -1 if none does."""
SLOT_COLUMNS = 4
IS_PHASE, SYMBOL, SCALE, OFFSET = range(SLOT_COLUMNS)
"""Of an angle with a symbol: whether it is a global phase; the symbol, what that is multiplied by and what is added."""

COUNTS = 6
OPERATIONS, LINKS, CELLS, SLOTS, PATTERNS, PRODUCTS = range(COUNTS)
"""What is counted. Cells hold quaternions, and the cosines and sines of strings."""


class Memory(NamedTuple):
    """What `lower` writes to.

    Attributes:
        operations: int64[:, 16], receives rows of `small.block`.
        links: int64[:, 3], receives factors, an axis and the columns above.
        cells: float64[:, 4], receives constants.
        slots: float64[:, 4], receives angles that depend on symbols.
        patterns: receives registers of signs, aligned.
        keys: int64[:, 4], as many rows as there may be patterns.
        counts: int64[6], receives how many there are of each.
    """

    operations: Integers
    links: Integers
    cells: Floats
    slots: Floats
    patterns: Reals
    keys: Integers
    counts: Integers


@njit
def pattern(
    patterns: Reals, lanes: Lanes, keys: Integers, counts: Integers, z: int, controls: int, values: int, sign: int
) -> int:
    """Where the register of a string's signs stands, 0 in lanes that controls rule out."""
    width: int = lanes_of(patterns, lanes)
    low = width - 1
    z, controls, values = z & low, controls & low, values & low
    k = 0
    while k < counts[PATTERNS]:
        if keys[k, 0] == z and keys[k, 1] == controls and keys[k, 2] == values and keys[k, 3] == sign:
            return k * width
        k += 1
    counts[PATTERNS] += 1
    keys[k, 0], keys[k, 1], keys[k, 2], keys[k, 3] = z, controls, values, sign
    for lane in range(width):
        entry = -sign if odd_bits(lane & z) else sign
        patterns[k * width + lane] = entry if lane & controls == values else 0
    return k * width


@njit
def add_cell(cells: Floats, counts: Integers, a: float, b: float, c: float, d: float) -> int:
    """Add a quaternion, or a cosine and a sine; its number."""
    place: int = counts[CELLS]
    counts[CELLS] += 1
    cells[place, 0], cells[place, 1], cells[place, 2], cells[place, 3] = a, b, c, d
    return place


@njit
def _multiply(cell: Floats, a: float, b: float, c: float, d: float) -> None:
    """Let a quaternion be followed by another one."""
    w, x, y, z = cell[0], cell[1], cell[2], cell[3]
    cell[0] = a * w - b * x - c * y - d * z
    cell[1] = a * x + b * w + c * z - d * y
    cell[2] = a * y + c * w + d * x - b * z
    cell[3] = a * z + d * w + b * y - c * x


@njit
def add_factor(row: Integers, links: Integers, counts: Integers, axis: int, number: int) -> None:
    """Add a factor to a product, whose FIRST and LAST are the ends of its chain."""
    place = counts[LINKS]
    counts[LINKS] += 1
    links[place, 0], links[place, NUMBER], links[place, NEXT] = axis, number, -1
    if row[block.FIRST] < 0:
        row[block.FIRST] = place
    else:
        links[row[block.LAST], NEXT] = place
    row[block.LAST] = place


@njit
def close(products: Integers, touched: int) -> None:
    """Let no more factors join the products on some qubits."""
    qubit = 0
    while touched >> qubit:
        if touched >> qubit & 1:
            products[qubit] = -1
        qubit += 1


@njit
def add_turn(memory: Memory, products: Integers, qubit: int) -> Integers:
    """The row of the product that a one-qubit gate joins."""
    counts = memory.counts
    is_new = products[qubit] < 0
    if is_new:
        products[qubit] = counts[OPERATIONS]
        counts[OPERATIONS] += 1
    operation: Integers = memory.operations[products[qubit]]
    if is_new:
        operation[block.KIND], operation[block.WANTED] = block.PRODUCT, 0
        operation[block.BIT] = qubit
        operation[block.FIRST] = operation[block.LAST] = -1
        operation[block.PLACE] = counts[PRODUCTS]
        counts[PRODUCTS] += 1
    return operation


@njit
def add_quaternion(memory: Memory, products: Integers, qubit: int, a: float, b: float, c: float, d: float) -> None:
    """Add a one-qubit gate that depends on no symbol."""
    _, links, cells, _, _, _, counts = memory
    operation = add_turn(memory, products, qubit)
    last = operation[block.LAST]
    if last >= 0 and links[last, 0] == 0:
        _multiply(cells[links[last, NUMBER]], a, b, c, d)
    else:
        add_factor(operation, links, counts, 0, add_cell(cells, counts, a, b, c, d))


@njit
def add_string(memory: Memory, lanes: Lanes, x: int, z: int, controls: int, values: int, sign: int) -> Integers:
    """The row of a string, of which TURN, INVERSE and IMAGINARY are missing."""
    operations, _, _, _, patterns, keys, counts = memory
    lane_bits = lane_bits_of(patterns, lanes)
    operation: Integers = operations[counts[OPERATIONS]]
    counts[OPERATIONS] += 1
    operation[block.KIND], operation[block.WANTED] = block.STRING, 0
    operation[block.PATTERN] = pattern(patterns, lanes, keys, counts, z, controls, values, sign)
    operation[block.X_TILE] = x >> lane_bits
    operation[block.X_LANES] = x & ((1 << lane_bits) - 1)
    operation[block.Z_TILE] = z >> lane_bits
    operation[block.FIXED] = controls >> lane_bits | (highest_bit(x >> lane_bits) if x >> lane_bits else 0)
    operation[block.VALUE] = values >> lane_bits
    return operation


@njit
def add_rotation(memory: Memory, lanes: Lanes, products: Integers, angle: float, x: int, z: int) -> complex:
    """Add a rotation by a string of Pauli operators; the factor of the state."""
    cosine, sine = np.cos(0.5 * angle), np.sin(0.5 * angle)
    letters = x | z
    if letters == 0:
        return complex(cosine, -sine)
    if letters & (letters - 1) == 0:
        x_only, z_only = sine if z == 0 else 0.0, sine if x == 0 else 0.0
        add_quaternion(memory, products, lowest_index(letters), cosine, x_only, sine if x & z else 0.0, z_only)
        return 1.0 + 0.0j
    close(products, letters)
    y = count_bits(x & z) & 3
    operation = add_string(memory, lanes, x, z, 0, 0, -1 if y < 2 else 1)
    operation[block.TURN] = -1 - add_cell(memory.cells, memory.counts, cosine, sine, 0.0, 0.0)
    operation[block.INVERSE], operation[block.IMAGINARY] = -1, 1 - (y & 1)
    return 1.0 + 0.0j


@njit
def add_array(memory: Memory, products: Integers, detail: Floats, entries: Complex) -> complex:
    """Add a matrix or a diagonal; the factor of the state."""
    first, packed, controls = int(detail[1]), int(detail[3]), int(detail[4])
    if detail[0] == MATRIX and detail[2] == 1.0 and controls == 0:
        factor = _add_matrix_2(memory, products, packed, entries[first : first + 4])
        if factor != 0.0j:
            return factor
    operation = memory.operations[memory.counts[OPERATIONS]]
    memory.counts[OPERATIONS] += 1
    operation[block.KIND] = block.MATRIX if detail[0] == MATRIX else block.DIAGONAL
    operation[block.WANTED] = 0
    operation[block.ENTRIES], operation[block.COUNT] = first, int(detail[2])
    operation[block.CONTROLS], operation[block.VALUES] = controls, int(detail[5])
    touched = controls
    for k in range(operation[block.COUNT]):
        qubit = packed >> QUBIT_BITS * k & (1 << QUBIT_BITS) - 1
        operation[block.TARGETS + k] = qubit
        touched |= 1 << qubit
    close(products, touched)
    return 1.0 + 0.0j


@njit
def _add_matrix_2(memory: Memory, products: Integers, qubit: int, matrix: Complex) -> complex:
    """Add a one-qubit matrix as a quaternion times the factor returned, 0 if rounding keeps it from being one."""
    factor: complex = np.sqrt(matrix[0] * matrix[3] - matrix[1] * matrix[2])
    a, b, c, d = matrix[0] / factor, matrix[1] / factor, matrix[2] / factor, matrix[3] / factor
    if not abs(d - a.conjugate()) + abs(c + b.conjugate()) + abs(abs(factor) - 1.0) < ROUNDING:
        return 0.0j
    add_quaternion(memory, products, qubit, a.real, -b.imag, -b.real, -a.imag)
    return factor
