"""From the rows of a circuit's tape to operations of `small.block`, and without symbols on to its state, unplanned.

A gate is a list of steps, its recipe: factors of one-qubit products, strings, and global phases. The steps of standard
gates name their qubits by operand, those of other operations by index; of these there are details instead where there
are no symbols. One-qubit gates in a row join to a product, up to the next string on their qubit; those of its factors
that depend on no symbol and stand side by side are one quaternion.

| columns of a step | |
|---|---|
| KIND | FACTOR, STRING or PHASE |
| ANGLE, PLACE | the operand that it depends on and its place among the angles, or a symbol's number; -1 if on none |
| of FACTOR: AXIS, X | 0 for a constant gate, 1, 2, 3 for a rotation about X, Y, Z; the qubit |
| of STRING: X, Z, CONTROLS, VALUES | masks over qubits |
| SIGN, IMAGINARY, INVERSE | as of strings of `small.block` |

Its numbers are a quaternion, or the cosine and sine of a string or a phase; where it depends on an angle, what that is
multiplied by and what is added.

Cost: about 20 ns a step and 20 for an angle, then 8 fused multiply-adds an amplitude for a product, 4 for a string, and
what `arrays` says for matrices.
"""

from typing import NamedTuple

import numpy as np

from qtoolkit_kernels._bits import map_bits
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers, Reals
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.small import block, write
from qtoolkit_kernels.vector.small.arrays import apply_array
from qtoolkit_kernels.vector.tiles import lanes_of, tile_to_complex

__all__ = [
    "FACTOR", "MEASURE", "OTHER", "PHASE", "STEP_COLUMNS", "STEP_NUMBERS", "STRING", "SYMBOLIC", "WIDTH", "Details",
    "Recipes", "lower", "run_tape",
]  # fmt: skip

FACTOR, STRING, PHASE = range(3)

STEP_COLUMNS = 11
KIND, ANGLE, PLACE, AXIS, X, Z, CONTROLS, VALUES, SIGN, IMAGINARY, INVERSE = range(STEP_COLUMNS)
STEP_NUMBERS = 4

WIDTH, MEASURE, OTHER, SYMBOLIC = 5, -1, -3, 1 << 10
"""Numbers in a row, and codes of rows, as in `qtoolkit.circuit.tape`."""


class Recipes(NamedTuple):
    """How gates become steps.

    Attributes:
        ranges: int64[:, 2], the first step of each recipe and the one past the last; -1 where there is none.
        steps, numbers: int64[:, 11] and float64[:, 4], see above.
    """

    ranges: Integers
    steps: Integers
    numbers: Floats


class Details(NamedTuple):
    """What operations are that have neither a number nor a recipe.

    Attributes:
        numbers: float64[6 times as many], one after another.
        entries: float64, of matrices row by row and of diagonals, real and imaginary parts.
    """

    numbers: Floats
    entries: Floats


@njit
def _moved(mask: int, row: Floats, is_absolute: bool) -> int:
    """A mask over operands as one over qubits."""
    return mask if is_absolute else map_bits(mask, row[1:])


@njit
def _add_slot(slots: Floats, counts: Integers, is_phase: float, symbol: float, scale: float, offset: float) -> int:
    place: int = counts[write.SLOTS]
    counts[write.SLOTS] += 1
    slots[place, write.IS_PHASE], slots[place, write.SYMBOL], slots[place, write.SCALE], slots[place, write.OFFSET] = (
        is_phase, symbol, scale, offset,
    )  # fmt: skip
    return place


@njit
def lower(
    rows: Floats, lanes: Lanes, recipes: Recipes, details: Details, num_gates: int, memory: write.Memory
) -> complex:
    """Write the operations of a tape.

    Turns of strings are slots, or -1 minus the number of a cell. Products have the ends of a chain of links for FIRST
    and LAST; `prepare` makes factors of them.

    Args:
        rows: float64[5 times as many], the tape; its measurements are last on their qubits, and behind them are no
            others that have recipes.
        lanes: marker of the vector width.
        recipes: of standard gates and of others.
        details: of others; if there are any, recipes of others are not looked at.
        num_gates: number of the first recipe that is not a standard gate's.
        memory: receives what the tape comes to.

    Returns:
        The state's factor, of modulus 1; 0 for a tape that holds something else.
    """
    _, links, cells, slots, _, _, counts = memory
    ranges, steps, numbers = recipes
    counts[:] = 0
    products = np.full(64, -1, np.int64)
    measured = 0
    factor = 1.0 + 0.0j
    phase = rest = 0.0
    for i in range(rows.size // WIDTH):
        row = rows[WIDTH * i : WIDTH * i + WIDTH]
        code = int(row[0])
        if code == MEASURE:
            measured |= 1 << int(row[1])
            continue
        is_absolute, is_symbolic = code == OTHER, code >= SYMBOLIC
        if is_absolute and details.numbers.size:
            first = write.DETAIL_WIDTH * int(row[2])
            detail = details.numbers[first : first + write.DETAIL_WIDTH]
            if detail[0] == write.NOTHING:
                continue
            if detail[0] == write.OPAQUE or measured:
                return 0.0j
            if detail[0] == write.ROTATION:
                factor *= write.add_rotation(memory, lanes, products, detail[1], int(detail[2]), int(detail[3]))
            else:
                factor *= write.add_array(memory, products, detail, details.entries.view(np.complex128))
            continue
        recipe = num_gates + int(row[1]) if is_absolute else (code - SYMBOLIC if is_symbolic else code)
        if recipe < 0 or recipe >= (ranges.shape[0] if is_absolute else num_gates) or ranges[recipe, 0] < 0:
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
            if step[KIND] == FACTOR:
                qubit = step[X] if is_absolute else int(row[1 + step[X]])
                if measured >> qubit & 1:
                    return 0.0j
                if slot >= 0:
                    operation = write.add_turn(memory, products, qubit)
                    operation[block.WANTED] = 1
                    write.add_factor(operation, links, counts, step[AXIS], slot)
                    continue
                a, b, c, d = number[0], number[1], number[2], number[3]
                if step[AXIS]:
                    a = cosine
                    b = sine if step[AXIS] == 1 else 0.0
                    c = sine if step[AXIS] == 2 else 0.0
                    d = sine if step[AXIS] == 3 else 0.0
                write.add_quaternion(memory, products, qubit, a, b, c, d)
                continue
            x, z = _moved(step[X], row, is_absolute), _moved(step[Z], row, is_absolute)
            controls, values = _moved(step[CONTROLS], row, is_absolute), _moved(step[VALUES], row, is_absolute)
            touched = x | z | controls
            if measured & touched:
                return 0.0j
            write.close(products, touched)
            operation = write.add_string(memory, lanes, x, z, controls, values, step[SIGN])
            operation[block.WANTED] = slot >= 0
            operation[block.TURN] = slot if slot >= 0 else -1 - write.add_cell(cells, counts, cosine, sine, 0.0, 0.0)
            operation[block.INVERSE] = step[INVERSE]
            operation[block.IMAGINARY] = step[IMAGINARY]
    if not np.isfinite(phase + rest):
        return 0.0j
    factor *= complex(np.cos(phase), np.sin(phase)) * complex(np.cos(rest), np.sin(rest))
    return factor / abs(factor)


@njit
def run_tape(
    lanes: Lanes,
    num_gates: int,
    memory: write.Memory,
    data: Reals,
    room: Reals | None,
    recipes: Recipes,
    rows: Floats,
    details: Details,
    num_rows: int,
    ket: Complex,
) -> bool:
    """Write the state that a tape makes of ``|0…0⟩``; False if it has symbols, or something that it must not.

    Args:
        data: receives the state as tiles, aligned.
        room: see `apply_array`; None for a tape without matrices and diagonals, which takes less to compile, and is
            refused with them.
        ket: receives the state, whole tiles.
        rows: begins with the tape.
        num_rows: how many it has.
        lanes, num_gates, memory, recipes, details: see `lower`.
    """
    factor = lower(rows[: WIDTH * num_rows], lanes, recipes, details, num_gates, memory)
    operations, links, cells, _, patterns, _, counts = memory
    if factor == 0.0j or counts[write.SLOTS]:
        return False
    tile = 2 * lanes_of(data, lanes)
    num_tiles = 2 * ket.size // tile
    for i in range(num_tiles * tile):
        data[i] = 0.0
    data[0] = 1.0
    for i in range(counts[write.OPERATIONS]):
        row = operations[i]
        if row[block.KIND] == block.PRODUCT:
            # Without symbols a product is one quaternion.
            quaternion = cells[links[row[block.FIRST], write.NUMBER]]
            block.turn_product(data, lanes, num_tiles, row[block.BIT], quaternion, 1.0)
        elif row[block.KIND] == block.STRING:
            cell = cells[-1 - row[block.TURN]]
            block.turn_string(data, lanes, num_tiles, row, patterns, cell[0], cell[1])
        elif room is None:
            return False  # somebody has added it since the tape was looked at
        else:
            apply_array(data, lanes, num_tiles, row, details.entries.view(np.complex128), room)
    reals = ket.view(data.dtype)
    real, imag = data.dtype.type(factor.real), data.dtype.type(factor.imag)
    for j in range(0, num_tiles * tile, tile):
        tile_to_complex(reals, lanes, j, data, j, real, imag)
    return True
