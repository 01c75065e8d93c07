"""From the rows of a circuit's tape to its state, unplanned, which takes less time than planning for one run.

A gate is a list of steps, its recipe: factors of one-qubit products, strings, and global phases. The steps of standard
gates name their qubits by operand, those of other operations by index. One-qubit gates in a row join to a quaternion,
up to the next string on their qubit.

| columns of a step | |
|---|---|
| KIND | FACTOR, STRING or PHASE |
| ANGLE | the operand that it depends on, -1 if on none |
| of FACTOR: AXIS, X | 0 for a constant gate, 1, 2, 3 for a rotation about X, Y, Z; the qubit |
| of STRING: X, Z, CONTROLS, VALUES | masks over qubits |
| SIGN, IMAGINARY | as of strings of `small_block` |

Its numbers are a quaternion, or the cosine and sine of a string or a phase; where it depends on an angle, what that is
multiplied by and what is added.

Cost: about 20 ns a step and 20 for an angle, then 8 fused multiply-adds an amplitude for a product, 4 for a string.
"""

import numpy as np

from qtoolkit_kernels._bits import highest_bit
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers, Reals
from qtoolkit_kernels.vector import small_block as block
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.pauli_registers import odd_bits
from qtoolkit_kernels.vector.tiles import lane_bits_of, lanes_of, tile_to_complex

__all__ = ["FACTOR", "KEY_COLUMNS", "PHASE", "STEP_COLUMNS", "STEP_NUMBERS", "STRING", "run_tape"]

FACTOR, STRING, PHASE = range(3)

STEP_COLUMNS = 9
KIND, ANGLE, AXIS, X, Z, CONTROLS, VALUES, SIGN, IMAGINARY = range(STEP_COLUMNS)
STEP_NUMBERS = 4
KEY_COLUMNS = 4

MEASURE, OTHER = -1, -3
"""Codes of rows, as in `qtoolkit.circuit.tape`."""

OPERATIONS, PATTERNS = range(2)
"""What is counted."""


@njit
def _moved(mask: int, row: Floats, is_absolute: bool) -> int:
    """A mask over operands as one over qubits."""
    if is_absolute:
        return mask
    moved = 0
    for k in range(3):
        if mask >> k & 1:
            moved |= 1 << int(row[1 + k])
    return moved


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
def _open_product(operations: Integers, quaternions: Floats, place: int, qubit: int) -> None:
    """Begin a product, of nothing yet."""
    row = operations[place]
    row[block.KIND] = block.PRODUCT
    row[block.BIT] = qubit
    quaternions[place, 0] = 1.0
    quaternions[place, 1] = quaternions[place, 2] = quaternions[place, 3] = 0.0


@njit
def _multiply(product: Floats, step: Integers, number: Floats, angle: float) -> None:
    """Let a product be followed by a factor."""
    a, b, c, d = number[0], number[1], number[2], number[3]
    if step[AXIS]:
        a, sine = np.cos(angle), np.sin(angle)
        b = sine if step[AXIS] == 1 else 0.0
        c = sine if step[AXIS] == 2 else 0.0
        d = sine if step[AXIS] == 3 else 0.0
    w, x, y, z = product[0], product[1], product[2], product[3]
    product[0] = a * w - b * x - c * y - d * z
    product[1] = a * x + b * w + c * z - d * y
    product[2] = a * y + c * w + d * x - b * z
    product[3] = a * z + d * w + b * y - c * x


@njit
def lower(
    rows: Floats,
    lanes: Lanes,
    recipes: Integers,
    steps: Integers,
    numbers: Floats,
    num_gates: int,
    operations: Integers,
    quaternions: Floats,
    patterns: Reals,
    keys: Integers,
    counts: Integers,
) -> complex:
    """Write the operations of a tape.

    Args:
        rows: float64[:, 5], the tape; its measurements are last on their qubits.
        lanes: marker of the vector width.
        recipes: int64[:, 2], the first step of each and the one past the last; -1 where there is none.
        steps, numbers: int64[:, 9] and float64[:, 4], see above.
        num_gates: number of the first recipe that is not a standard gate's.
        operations: int64[:, 16], receives rows of `small_block`, which its products need no factors for.
        quaternions: float64[:, 4], receives those of products, and the cosines and sines of strings.
        patterns: receives registers of signs, aligned.
        keys: int64[:, 4], as many rows as there may be patterns.
        counts: int64[2], receives how many operations and patterns there are.

    Returns:
        The state's factor, of modulus 1; 0 for a tape that holds something else.
    """
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
        is_absolute = code == OTHER
        recipe = num_gates + int(row[1]) if is_absolute else code
        if recipe < 0 or (recipe >= num_gates and not is_absolute) or recipes[recipe, 0] < 0:
            return 0.0j
        for s in range(recipes[recipe, 0], recipes[recipe, 1]):
            step, number = steps[s], numbers[s]
            angle = number[0]
            if step[ANGLE] >= 0:
                angle = number[0] * row[step[ANGLE]] + number[1]
            if step[KIND] == PHASE:
                if step[ANGLE] < 0:
                    factor *= complex(number[0], number[1])
                else:
                    # With what rounding takes away, which grows with the sum.
                    total = phase + angle
                    rest += (phase - (total - angle)) + (angle - (total - (total - angle)))
                    phase = total
                continue
            place = counts[OPERATIONS]
            if step[KIND] == FACTOR:
                qubit = step[X] if is_absolute else int(row[1 + step[X]])
                if measured >> qubit & 1:
                    return 0.0j
                if products[qubit] < 0:
                    _open_product(operations, quaternions, place, qubit)
                    products[qubit] = place
                    counts[OPERATIONS] += 1
                _multiply(quaternions[products[qubit]], step, number, angle)
                continue
            x, z = _moved(step[X], row, is_absolute), _moved(step[Z], row, is_absolute)
            controls, values = _moved(step[CONTROLS], row, is_absolute), _moved(step[VALUES], row, is_absolute)
            touched = x | z | controls
            if measured & touched:
                return 0.0j
            qubit = 0
            while touched >> qubit:
                if touched >> qubit & 1:
                    products[qubit] = -1
                qubit += 1
            counts[OPERATIONS] += 1
            if step[ANGLE] >= 0:
                quaternions[place, 0], quaternions[place, 1] = np.cos(angle), np.sin(angle)
            else:
                quaternions[place, 0], quaternions[place, 1] = number[0], number[1]
            operation = operations[place]
            operation[block.KIND] = block.STRING
            operation[block.IMAGINARY] = step[IMAGINARY]
            operation[block.PATTERN] = _pattern(patterns, lanes, keys, counts, z, controls, values, step[SIGN])
            operation[block.X_TILE] = x >> lane_bits
            operation[block.X_LANES] = x & ((1 << lane_bits) - 1)
            operation[block.Z_TILE] = z >> lane_bits
            operation[block.FIXED] = controls >> lane_bits | (highest_bit(x >> lane_bits) if x >> lane_bits else 0)
            operation[block.VALUE] = values >> lane_bits
    factor *= complex(np.cos(phase), np.sin(phase)) * complex(1.0, rest)
    return factor / abs(factor)


@njit
def run_tape(
    lanes: Lanes,
    num_gates: int,
    operations: Integers,
    quaternions: Floats,
    patterns: Reals,
    keys: Integers,
    counts: Integers,
    data: Reals,
    recipes: Integers,
    steps: Integers,
    numbers: Floats,
    rows: Floats,
    ket: Complex,
) -> bool:
    """Write the state that a tape makes of ``|0…0⟩``; False if it holds something else than its gates can do.

    Args:
        data: receives the state as tiles, aligned.
        ket: receives the state, whole tiles.
        lanes, num_gates, operations, quaternions, patterns, keys, counts, recipes, steps, numbers, rows: see `lower`.
    """
    factor = lower(rows, lanes, recipes, steps, numbers, num_gates, operations, quaternions, patterns, keys, counts)
    if factor == 0.0j:
        return False
    tile = 2 * lanes_of(data, lanes)
    num_tiles = 2 * ket.size // tile
    for i in range(num_tiles * tile):
        data[i] = 0.0
    data[0] = 1.0
    for i in range(counts[OPERATIONS]):
        row, quaternion = operations[i], quaternions[i]
        if row[block.KIND] == block.PRODUCT:
            block.turn_product(data, lanes, num_tiles, row[block.BIT], quaternion, 1.0)
        else:
            block.turn_string(data, lanes, num_tiles, row, patterns, quaternion[0], quaternion[1])
    reals = ket.view(data.dtype)
    real, imag = data.dtype.type(factor.real), data.dtype.type(factor.imag)
    for j in range(0, num_tiles * tile, tile):
        tile_to_complex(reals, lanes, j, data, j, real, imag)
    return True
