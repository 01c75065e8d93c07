"""From the rows of a circuit with parameters to a program of `small.plan`: gates to operations, symbols to angles.

Cost: what `tape.lower` says, and some 10 ns an operation.
"""

from typing import NamedTuple

import numpy as np

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Floats, Integers, Reals
from qtoolkit_kernels.planner.ladders import find_rotations
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.small import block, write
from qtoolkit_kernels.vector.small.tape import WIDTH, Details, Recipes, lower

__all__ = ["FIRST_WANTED", "FOUND", "PHASES", "TERMS", "Gates", "Symbols", "lower_gates", "write_program"]

MOST_QUBITS = 64

TERMS, FIRST_WANTED, PHASES, FOUND = range(write.COUNTS, write.COUNTS + 4)
"""Places behind the counts of `write.Memory`: terms of all angles, the first operation that a derivative needs (or the
number of operations), strings without X and Y; how many numbers there are.
"""


class Gates(NamedTuple):
    """What standard gates are.

    Attributes:
        kinds: int64[gates], see `ladders`.
        num_qubits: int64[gates].
        rzz: the number of that gate.
        recipes: of standard gates and of others.
    """

    kinds: Integers
    num_qubits: Integers
    rzz: int
    recipes: Recipes


class Symbols(NamedTuple):
    """Angles by number: ``constant + Σ coefficient · parameter``.

    Attributes:
        constants: float64[symbols].
        starts: int64[symbols + 1], the first term of each, and the one past the last; both empty where each symbol is
            the parameter in its place.
        parameters: int64[terms], places in the vector of values.
        coefficients: float64[terms].
    """

    constants: Floats
    starts: Integers
    parameters: Integers
    coefficients: Floats


@njit
def lower_gates(
    rows: Floats, words: Floats, lanes: Lanes, gates: Gates, starts: Integers, memory: write.Memory, found: Integers
) -> complex:
    """Write the operations of a tape, with one RZZ for each CX, RZ and CX again at an angle with symbols.

    Args:
        rows: float64[:, 5], overwritten.
        words: the same memory, float64[:].
        lanes: marker of the vector width.
        gates: what they are.
        starts: of the symbols.
        memory: see `tape.lower`.
        found: int64[FOUND], receives counts.

    Returns:
        What `tape.lower` does.
    """
    last = np.empty((MOST_QUBITS, 2), np.int64)
    num_gates = gates.kinds.size
    num_rows = find_rotations(rows, gates.kinds, gates.num_qubits, gates.rzz, last)
    details = Details(np.empty(0), np.empty(0))
    factor = lower(words[: WIDTH * num_rows], lanes, gates.recipes, details, num_gates, memory)
    operations, slots, counts = memory.operations, memory.slots, memory.counts
    for k in range(write.COUNTS):
        found[k] = counts[k]
    found[TERMS] = counts[write.SLOTS]
    if starts.size:
        found[TERMS] = 0
        for slot in range(counts[write.SLOTS]):
            symbol = int(slots[slot, write.SYMBOL])
            found[TERMS] += starts[symbol + 1] - starts[symbol]
    found[FIRST_WANTED], found[PHASES] = counts[write.OPERATIONS], 0
    for i in range(counts[write.OPERATIONS] - 1, -1, -1):
        row = operations[i]
        if row[block.WANTED]:
            found[FIRST_WANTED] = i
        if row[block.KIND] == block.STRING and row[block.X_TILE] == 0 and row[block.X_LANES] == 0:
            found[PHASES] += 1
    return factor


@njit
def _write_operations(memory: write.Memory, operations: Integers, factors: Integers, first_constant: int) -> None:
    """Write the factors of products one after another, and let strings name their turns by column."""
    count, links = 0, memory.links
    for i in range(operations.shape[0]):
        row = operations[i]
        for column in range(block.ROW):
            row[column] = memory.operations[i, column]
        if row[block.KIND] == block.STRING and row[block.TURN] < 0:
            row[block.TURN] = first_constant - 1 - row[block.TURN]
        if row[block.KIND] != block.PRODUCT:
            continue
        link = row[block.FIRST]
        row[block.FIRST] = count
        while link >= 0:
            axis = links[link, 0]
            factors[count, 0], factors[count, 1], factors[count, 2] = axis, links[link, write.NUMBER], axis
            link = links[link, write.NEXT]
            count += 1
        row[block.LAST] = count


@njit
def write_program(
    memory: write.Memory,
    symbols: Symbols,
    phase: int,
    operations: Integers,
    factors: Integers,
    cells: Floats,
    patterns: Reals,
    angles: Floats,
    terms: Integers,
    coefficients: Floats,
) -> int:
    """Write the program of operations, and how its angles depend on parameters.

    Args:
        memory: as `lower_gates` left it.
        symbols: that its slots name.
        phase: the place of the global phase among the angles, of which strings' constant turns come behind.
        operations, factors, cells, patterns: receive as many as there are.
        angles: zeros; receives the part of each that no parameter changes.
        terms: int64[:, 2], receives angle and parameter of each term.
        coefficients: receives what the parameter is multiplied by there.

    Returns:
        How many terms there are before those of the global phase.
    """
    _write_operations(memory, operations, factors, angles.size)
    for i in range(cells.shape[0]):
        for k in range(cells.shape[1]):
            cells[i, k] = memory.cells[i, k]
    for k in range(patterns.size):
        patterns[k] = memory.patterns[k]
    constants, starts, parameters, slopes = symbols
    slots, count, before = memory.slots, 0, 0
    for is_phase in range(2):
        before = count if is_phase else 0
        for slot in range(memory.counts[write.SLOTS]):
            if slots[slot, write.IS_PHASE] != is_phase:
                continue
            place, symbol, scale = phase if is_phase else slot, int(slots[slot, write.SYMBOL]), slots[slot, write.SCALE]
            angles[place] += slots[slot, write.OFFSET]
            if not starts.size:
                terms[count, 0], terms[count, 1], coefficients[count] = place, parameters[symbol], scale
                count += 1
                continue
            angles[place] += scale * constants[symbol]
            for t in range(starts[symbol], starts[symbol + 1]):
                terms[count, 0], terms[count, 1], coefficients[count] = place, parameters[t], scale * slopes[t]
                count += 1
    return before
