"""From the rows of a circuit's tape to operations of `small.block`, and without symbols on to its state, unplanned.

A gate is a list of steps, its recipe: factors of one-qubit products, strings, and global phases. The steps of standard
gates name their qubits by operand, those of other operations by index. One-qubit gates in a row join to a product, up
to the next string on their qubit; those of its factors that depend on no symbol and stand side by side are one
quaternion.

| columns of a step | |
|---|---|
| KIND | FACTOR, STRING, PHASE, MATRIX or DIAGONAL |
| ANGLE, PLACE | the operand that it depends on and its place among the angles, or a symbol's number; -1 if on none |
| of FACTOR: AXIS, X | 0 for a constant gate, 1, 2, 3 for a rotation about X, Y, Z; the qubit |
| of STRING: X, Z, CONTROLS, VALUES | masks over qubits |
| SIGN, IMAGINARY, INVERSE | as of strings of `small.block` |
| of MATRIX and DIAGONAL: PLACE | where its entries begin |
| AXIS, X, CONTROLS, VALUES | number of qubits; these, `TARGET_BITS` each; masks over qubits |

Its numbers are a quaternion, or the cosine and sine of a string or a phase; where it depends on an angle, what that is
multiplied by and what is added.

Cost: about 20 ns a step and 20 for an angle, then 8 fused multiply-adds an amplitude for a product, 4 for a string, and
what `arrays` says for matrices.
"""

from typing import NamedTuple

import numpy as np

from qtoolkit_kernels._bits import highest_bit, map_bits
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers, Reals
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.pauli.registers import odd_bits
from qtoolkit_kernels.vector.small import block
from qtoolkit_kernels.vector.small.arrays import apply_array
from qtoolkit_kernels.vector.tiles import lane_bits_of, lanes_of, tile_to_complex

__all__ = [
    "CELLS", "COUNTS", "DIAGONAL", "FACTOR", "KEY_COLUMNS", "LINKS", "LINK_COLUMNS", "MATRIX", "OPERATIONS", "PATTERNS",
    "PHASE", "PRODUCTS", "SLOTS", "SLOT_COLUMNS", "STEP_COLUMNS", "STEP_NUMBERS", "STRING", "SYMBOL", "Memory",
    "Recipes", "add_slots", "count_terms", "flatten", "lower", "run_tape",
]  # fmt: skip

FACTOR, STRING, PHASE, MATRIX, DIAGONAL = range(5)

STEP_COLUMNS = 11
KIND, ANGLE, PLACE, AXIS, X, Z, CONTROLS, VALUES, SIGN, IMAGINARY, INVERSE = range(STEP_COLUMNS)
STEP_NUMBERS = 4

MEASURE, OTHER, SYMBOLIC = -1, -3, 1 << 10
"""Codes of rows, as in `qtoolkit.circuit.tape`."""

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


class Recipes(NamedTuple):
    """How gates become steps.

    Attributes:
        ranges: int64[:, 2], the first step of each recipe and the one past the last; -1 where there is none.
        steps, numbers: int64[:, 11] and float64[:, 4], see above.
        entries: complex128, of matrices row by row and of diagonals.
    """

    ranges: Integers
    steps: Integers
    numbers: Floats
    entries: Complex


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
def _moved(mask: int, row: Floats, is_absolute: bool) -> int:
    """A mask over operands as one over qubits."""
    return mask if is_absolute else map_bits(mask, row[1:])


@njit
def _pattern(
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
def _add_cell(cells: Floats, counts: Integers, a: float, b: float, c: float, d: float) -> int:
    place: int = counts[CELLS]
    counts[CELLS] += 1
    cells[place, 0], cells[place, 1], cells[place, 2], cells[place, 3] = a, b, c, d
    return place


@njit
def _add_slot(slots: Floats, counts: Integers, is_phase: float, symbol: float, scale: float, offset: float) -> int:
    place: int = counts[SLOTS]
    counts[SLOTS] += 1
    slots[place, IS_PHASE], slots[place, SYMBOL], slots[place, SCALE], slots[place, OFFSET] = (
        is_phase, symbol, scale, offset,
    )  # fmt: skip
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
def _add_factor(row: Integers, links: Integers, counts: Integers, axis: int, number: int) -> None:
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
def _close(products: Integers, touched: int) -> None:
    """Let no more factors join the products on some qubits."""
    qubit = 0
    while touched >> qubit:
        if touched >> qubit & 1:
            products[qubit] = -1
        qubit += 1


@njit
def _write_array(operation: Integers, step: Integers) -> int:
    """Write a matrix or a diagonal; return the mask of its targets."""
    operation[block.KIND] = block.MATRIX if step[KIND] == MATRIX else block.DIAGONAL
    operation[block.WANTED] = 0
    operation[block.COUNT], operation[block.ENTRIES] = step[AXIS], step[PLACE]
    operation[block.CONTROLS], operation[block.VALUES] = step[CONTROLS], step[VALUES]
    touched = 0
    for k in range(step[AXIS]):
        qubit = step[X] >> block.TARGET_BITS * k & (1 << block.TARGET_BITS) - 1
        operation[block.TARGETS + k] = qubit
        touched |= 1 << qubit
    return touched


@njit
def lower(rows: Floats, lanes: Lanes, recipes: Recipes, num_gates: int, memory: Memory) -> complex:
    """Write the operations of a tape.

    Turns of strings are slots, or -1 minus the number of a cell. Products have the ends of a chain of links for FIRST
    and LAST; `flatten` makes factors of them.

    Args:
        rows: float64[:, 5], the tape; its measurements are last on their qubits.
        lanes: marker of the vector width.
        recipes: of standard gates and of others.
        num_gates: number of the first recipe that is not a standard gate's.
        memory: receives what the tape comes to.

    Returns:
        The state's factor, of modulus 1; 0 for a tape that holds something else.
    """
    operations, links, cells, slots, patterns, keys, counts = memory
    ranges, steps, numbers, _ = recipes
    lane_bits = lane_bits_of(patterns, lanes)
    counts[:] = 0
    products = np.full(64, -1, np.int64)
    measured = 0
    factor = 1.0 + 0.0j
    phase = rest = 0.0
    for i in range(rows.shape[0]):
        row = rows[i]
        code = int(row[0])
        if code == MEASURE:
            measured |= 1 << int(row[1])
            continue
        is_absolute, is_symbolic = code == OTHER, code >= SYMBOLIC
        recipe = num_gates + int(row[1]) if is_absolute else (code - SYMBOLIC if is_symbolic else code)
        if recipe < 0 or (recipe >= num_gates and not is_absolute) or ranges[recipe, 0] < 0:
            return 0.0j
        for s in range(ranges[recipe, 0], ranges[recipe, 1]):
            step, number = steps[s], numbers[s]
            slot, angle = -1, number[0]
            if step[ANGLE] >= 0 and (is_symbolic or is_absolute):
                is_phase = 1.0 if step[KIND] == PHASE else 0.0
                symbol = step[PLACE] + (row[4] if is_symbolic else 0.0)
                slot = _add_slot(slots, counts, is_phase, symbol, number[0], number[1])
            elif step[ANGLE] >= 0:
                angle = number[0] * row[step[ANGLE]] + number[1]
            if step[KIND] == PHASE:
                if step[ANGLE] < 0:
                    factor *= complex(number[0], number[1])
                elif slot < 0:
                    # With what rounding takes away, which grows with the sum.
                    total = phase + angle
                    rest += (phase - (total - angle)) + (angle - (total - (total - angle)))
                    phase = total
                continue
            cosine, sine = number[0], number[1]
            if step[ANGLE] >= 0 and slot < 0:
                cosine, sine = np.cos(angle), np.sin(angle)
            place = counts[OPERATIONS]
            if step[KIND] == FACTOR:
                qubit = step[X] if is_absolute else int(row[1 + step[X]])
                if measured >> qubit & 1:
                    return 0.0j
                if products[qubit] < 0:
                    products[qubit] = place
                    counts[OPERATIONS] += 1
                    operation = operations[place]
                    operation[block.KIND], operation[block.WANTED] = block.PRODUCT, 0
                    operation[block.BIT] = qubit
                    operation[block.FIRST] = operation[block.LAST] = -1
                    operation[block.PLACE] = counts[PRODUCTS]
                    counts[PRODUCTS] += 1
                operation = operations[products[qubit]]
                if slot >= 0:
                    operation[block.WANTED] = 1
                    _add_factor(operation, links, counts, step[AXIS], slot)
                    continue
                a, b, c, d = number[0], number[1], number[2], number[3]
                if step[AXIS]:
                    a = cosine
                    b = sine if step[AXIS] == 1 else 0.0
                    c = sine if step[AXIS] == 2 else 0.0
                    d = sine if step[AXIS] == 3 else 0.0
                last = operation[block.LAST]
                if last >= 0 and links[last, 0] == 0:
                    _multiply(cells[links[last, NUMBER]], a, b, c, d)
                else:
                    _add_factor(operation, links, counts, 0, _add_cell(cells, counts, a, b, c, d))
                continue
            if step[KIND] >= MATRIX:
                touched = step[CONTROLS] | _write_array(operations[place], step)
                counts[OPERATIONS] += 1
                if measured & touched:
                    return 0.0j
                _close(products, touched)
                continue
            x, z = _moved(step[X], row, is_absolute), _moved(step[Z], row, is_absolute)
            controls, values = _moved(step[CONTROLS], row, is_absolute), _moved(step[VALUES], row, is_absolute)
            touched = x | z | controls
            if measured & touched:
                return 0.0j
            _close(products, touched)
            counts[OPERATIONS] += 1
            operation = operations[place]
            operation[block.KIND], operation[block.WANTED] = block.STRING, slot >= 0
            operation[block.TURN] = slot if slot >= 0 else -1 - _add_cell(cells, counts, cosine, sine, 0.0, 0.0)
            operation[block.INVERSE] = step[INVERSE]
            operation[block.IMAGINARY] = step[IMAGINARY]
            operation[block.PATTERN] = _pattern(patterns, lanes, keys, counts, z, controls, values, step[SIGN])
            operation[block.X_TILE] = x >> lane_bits
            operation[block.X_LANES] = x & ((1 << lane_bits) - 1)
            operation[block.Z_TILE] = z >> lane_bits
            operation[block.FIXED] = controls >> lane_bits | (highest_bit(x >> lane_bits) if x >> lane_bits else 0)
            operation[block.VALUE] = values >> lane_bits
    if not np.isfinite(phase + rest):
        return 0.0j
    factor *= complex(np.cos(phase), np.sin(phase)) * complex(np.cos(rest), np.sin(rest))
    return factor / abs(factor)


@njit
def flatten(operations: Integers, links: Integers, factors: Integers, counts: Integers, first_constant: int) -> None:
    """Write the factors of products one after another, and let strings name their turns by column.

    Args:
        operations, links, counts: what `lower` wrote.
        factors: int64[:, 3], receives as many rows as there are links.
        first_constant: the column of the first cell's cosine and sine, behind those of all angles.
    """
    count = 0
    for i in range(counts[OPERATIONS]):
        row = operations[i]
        if row[block.KIND] == block.STRING:
            if row[block.TURN] < 0:
                row[block.TURN] = first_constant - 1 - row[block.TURN]
            continue
        if row[block.KIND] != block.PRODUCT:
            continue
        link = row[block.FIRST]
        row[block.FIRST] = count
        while link >= 0:
            factors[count, 0], factors[count, 1], factors[count, 2] = (
                links[link, 0],
                links[link, NUMBER],
                links[link, 0],
            )
            link = links[link, NEXT]
            count += 1
        row[block.LAST] = count


@njit
def count_terms(slots: Floats, starts: Integers) -> int:
    """How many terms `add_slots` writes."""
    count = 0
    for slot in range(slots.shape[0]):
        symbol = int(slots[slot, SYMBOL])
        count += starts[symbol + 1] - starts[symbol]
    return count


@njit
def add_slots(
    slots: Floats,
    constants: Floats,
    starts: Integers,
    parameters: Integers,
    slopes: Floats,
    phase: int,
    angles: Floats,
    terms: Integers,
    coefficients: Floats,
) -> int:
    """Say how angles depend on parameters.

    Args:
        slots: float64[:, 4], as `lower` wrote them.
        constants, starts, parameters, slopes: of the symbols: a constant each, and where its terms begin, a parameter
            and what that is multiplied by.
        phase: the place of the global phase among the angles.
        angles: receives the part of each that no parameter changes.
        terms: int64[:, 2], receives angle and parameter of as many terms as the slots' symbols have.
        coefficients: receives what the parameter is multiplied by there.

    Returns:
        How many terms there are before those of the global phase.
    """
    count = before = 0
    for is_phase in range(2):
        before = count if is_phase else 0
        for slot in range(slots.shape[0]):
            if slots[slot, IS_PHASE] != is_phase:
                continue
            place, symbol, scale = phase if is_phase else slot, int(slots[slot, SYMBOL]), slots[slot, SCALE]
            angles[place] += slots[slot, OFFSET] + scale * constants[symbol]
            for t in range(starts[symbol], starts[symbol + 1]):
                terms[count, 0], terms[count, 1] = place, parameters[t]
                coefficients[count] = scale * slopes[t]
                count += 1
    return before


@njit
def run_tape(
    lanes: Lanes,
    num_gates: int,
    memory: Memory,
    data: Reals,
    room: Reals | None,
    recipes: Recipes,
    rows: Floats,
    ket: Complex,
) -> bool:
    """Write the state that a tape makes of ``|0…0⟩``; False if it has symbols, or something else that is no gate.

    Args:
        data: receives the state as tiles, aligned.
        room: see `apply_array`; None for a tape without matrices and diagonals, which takes less to compile.
        ket: receives the state, whole tiles.
        lanes, num_gates, memory, recipes, rows: see `lower`.
    """
    factor = lower(rows, lanes, recipes, num_gates, memory)
    operations, links, cells, _, patterns, _, counts = memory
    if factor == 0.0j or counts[SLOTS]:
        return False
    tile = 2 * lanes_of(data, lanes)
    num_tiles = 2 * ket.size // tile
    for i in range(num_tiles * tile):
        data[i] = 0.0
    data[0] = 1.0
    for i in range(counts[OPERATIONS]):
        row = operations[i]
        if row[block.KIND] == block.PRODUCT:
            # Without symbols a product is one quaternion.
            quaternion = cells[links[row[block.FIRST], NUMBER]]
            block.turn_product(data, lanes, num_tiles, row[block.BIT], quaternion, 1.0)
        elif row[block.KIND] == block.STRING:
            cell = cells[-1 - row[block.TURN]]
            block.turn_string(data, lanes, num_tiles, row, patterns, cell[0], cell[1])
        elif room is not None:
            apply_array(data, lanes, num_tiles, row, recipes.entries, room)
    reals = ket.view(data.dtype)
    real, imag = data.dtype.type(factor.real), data.dtype.type(factor.imag)
    for j in range(0, num_tiles * tile, tile):
        tile_to_complex(reals, lanes, j, data, j, real, imag)
    return True
