"""A small circuit that nobody has seen before: from its tape to its state, or a value and gradient, in one call.

Cost: what `prepare`, `state` and `gradient` say, and a nanosecond for each string of the sum and each amplitude.
"""

from typing import NamedTuple

import numpy as np

from qtoolkit_kernels._bits import count_bits
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers, Reals
from qtoolkit_kernels.vector import string_tiles
from qtoolkit_kernels.vector.adjoint.alone import product
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.pauli.registers import odd_bits
from qtoolkit_kernels.vector.small import block, prepare, write
from qtoolkit_kernels.vector.small.gradient import take_back
from qtoolkit_kernels.vector.small.plan import Program, Room
from qtoolkit_kernels.vector.small.state import bind_turns, run_forward, write_state
from qtoolkit_kernels.vector.small.tape import SYMBOLIC, WIDTH
from qtoolkit_kernels.vector.tiles import lane_bits_of, lanes_of
from qtoolkit_kernels.vector.trigonometry import Slots

__all__ = ["Strings", "Workplace", "first_run"]

ANGLES = 8
"""Doubles of the widest register, of which there are whole numbers of angles."""


class Strings(NamedTuple):
    """A sum of Pauli strings.

    Attributes:
        x_masks, z_masks: int64, one a string.
        coefficients: complex128, of the strings of letters.
    """

    x_masks: Integers
    z_masks: Integers
    coefficients: Complex


class Workplace(NamedTuple):
    """Working memory for tapes of any kind, up to some number of steps.

    Attributes:
        memory: see `tape.lower`.
        found: int64[prepare.FOUND].
        factors: int64[steps, 3].
        terms, coefficients: int64[steps, 2] and float64[steps].
        angles: float64[steps and a register].
        turns: float64[4, :], rows aligned, room for the angles and a cell a step in each.
        products: float64[steps, 4].
        data: for two states as tiles, aligned.
    """

    memory: write.Memory
    found: Integers
    factors: Integers
    terms: Integers
    coefficients: Floats
    angles: Floats
    turns: Floats
    products: Floats
    data: Reals


@njit
def _are_in_order(rows: Floats, num_symbols: int) -> bool:
    """Whether each symbol is the first angle of one row, in the order of the rows."""
    count = 0
    for i in range(rows.shape[0]):
        if rows[i, 0] >= SYMBOLIC:
            if rows[i, WIDTH - 1] != count:
                return False
            count += 1
    return count == num_symbols


@njit
def _write_image(strings: Strings, lanes: Lanes, num_qubits: int, memory: write.Memory, data: Reals) -> bool:
    """Write H|ψ⟩ behind the tiles of the state; return whether all coefficients are real."""
    patterns, one = memory.patterns, data.dtype.type(1)
    tile, lane_bits = 2 * lanes_of(data, lanes), lane_bits_of(data, lanes)
    size = max(tile, 2 << num_qubits)
    for k in range(size, 2 * size):
        data[k] = 0.0
    for t in range(strings.coefficients.size):
        x, z, coefficient = strings.x_masks[t], strings.z_masks[t], strings.coefficients[t]
        if coefficient.imag != 0.0:
            return False
        # The letter Y is -i Z X.
        y = count_bits(x & z) & 3
        place = write.pattern(patterns, lanes, memory.keys, memory.counts, z, 0, 0, -1 if 0 < y < 3 else 1)
        weights = string_tiles.string_weights(patterns, lanes, place, 0.0, coefficient.real)
        far, flips, parity = (x >> lane_bits) * tile, x & ((1 << lane_bits) - 1), z >> lane_bits
        for j in range(size // tile):
            sign = -one if odd_bits(j & parity) else one
            string_tiles.add_string(data, lanes, size + j * tile, j * tile ^ far, sign, flips, y & 1, weights)
    return True


@njit
def first_run(
    lanes: Lanes,
    num_qubits: int,
    gates: prepare.Gates,
    place: Workplace,
    rows: Floats,
    words: Floats,
    num_rows: int,
    symbols: prepare.Symbols,
    strings: Strings,
    values: Floats,
    gradient: Floats,
    ket: Complex,
) -> float:
    """Compute a state, or the expectation value of a sum of Pauli strings and its derivatives.

    Args:
        lanes: marker of the vector width.
        num_qubits: of the circuit.
        gates: what the rows name, no others among them.
        place: where all of it is done.
        rows: float64[:, 5], begins with the tape; overwritten.
        words: the same memory, float64[:].
        num_rows: how many rows that has.
        symbols: of the tape, all of them; where they are the parameters in their places, as many as rows name.
        strings: the observable.
        values: of the parameters.
        gradient: receives the derivatives; empty if none are wanted.
        ket: receives the state instead, whole tiles; empty if it is not wanted.

    Returns:
        The expectation value, 0 of a state. NaN for what must be looked at more closely: rows that are no gates,
        symbols that no row names, numbers that are not finite, coefficients that are not real, more terms than there is
        room for.
    """
    memory, counts = place.memory, place.memory.counts
    rows = rows[:num_rows]
    if not symbols.starts.size and not _are_in_order(rows, symbols.parameters.size):
        return np.nan
    factor = prepare.lower_gates(rows, words, lanes, gates, symbols.starts, memory, place.found)
    num_terms = place.found[prepare.TERMS]
    if factor == 0.0j or num_terms > place.coefficients.size:
        return np.nan

    num_slots, num_cells = counts[write.SLOTS], counts[write.CELLS]
    num_angles = num_slots + 1 + -(num_slots + 1) % ANGLES
    angles = place.angles[:num_angles]
    for k in range(num_angles):
        angles[k] = 0.0
    operations, cells = memory.operations[: counts[write.OPERATIONS]], memory.cells[:num_cells]
    patterns = memory.patterns[: counts[write.PATTERNS] * lanes_of(memory.patterns, lanes)]
    terms, coefficients = place.terms[:num_terms], place.coefficients[:num_terms]
    num_kept = prepare.write_program(
        memory, symbols, num_slots, operations, place.factors, cells, patterns, angles, terms, coefficients
    )
    if ket.size:
        num_kept, angles[num_slots] = num_terms, angles[num_slots] + np.arctan2(factor.imag, factor.real)
    slots = Slots(angles, terms[:num_kept], coefficients[:num_kept])
    program = Program(lanes, num_qubits, operations, place.factors, cells, patterns, slots)

    turns = place.turns
    for k in range(num_cells):
        turns[block.COSINE, num_angles + k], turns[block.SINE, num_angles + k] = cells[k, 0], cells[k, 1]
    room = Room(place.data, turns, place.products)
    data, size = place.data, place.data.size >> 1
    if not bind_turns(values, lanes, slots, turns):
        return np.nan
    run_forward(program, size // (2 * lanes_of(data, lanes)), room)
    if ket.size:
        write_state(program, room, num_slots, ket)
        return 0.0
    if not _write_image(strings, lanes, num_qubits, memory, data):
        return np.nan
    value = product(data[:size], data[size:])
    if gradient.size:
        take_back(program, room, place.found[prepare.FIRST_WANTED], gradient)
    return value
