"""A tape of gates as the operations of `small.block`, for registers of some width."""

from __future__ import annotations

import cmath
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit.tape import Tape
from qtoolkit.compiler.ladders import kinds_of_gates
from qtoolkit.simulators.engine import Engine
from qtoolkit.simulators.memory import aligned_empty
from qtoolkit.simulators.small.recipes import Symbols, recipes_with
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.small import block as small_block
from qtoolkit_kernels.vector.small import prepare, write
from qtoolkit_kernels.vector.small import tape as kernels
from qtoolkit_kernels.vector.small.plan import Program
from qtoolkit_kernels.vector.trigonometry import Slots

__all__ = ["NO_DETAILS", "Lowered", "lowered", "working_memory"]

WIDEST = 8
"""Doubles of the widest register, of which there are whole numbers of angles."""

KEPT_STEPS = 1 << 12
"""Memory for no more than these, some 800 KiB, is kept for the next circuit."""

NO_DETAILS = kernels.Details(np.zeros(0), np.zeros(0))
"""Of a tape of rows alone, or of one with recipes for all else."""


class Lowered(NamedTuple):
    """What gates come to.

    Attributes:
        with_phase: as kernels take it.
        without_phase: the same without terms of the global phase.
        phase: the number of that phase among the angles, behind those of gates.
        num_products: products of one-qubit gates.
        first_wanted: the first operation that a derivative needs; their number if none does.
        num_phases: strings without X and Y.
    """

    with_phase: Program
    without_phase: Program
    phase: int
    num_products: int
    first_wanted: int
    num_phases: int


def working_memory(engine: Engine, capacity: int) -> write.Memory:
    """What `tape.lower` writes to, for so many steps."""
    real = np.dtype(engine.real.char)  # compiled code compares dtypes by identity
    lanes = engine.vector_bytes // real.itemsize
    num_patterns = _num_patterns(lanes)
    return write.Memory(
        np.zeros((capacity, small_block.ROW), np.int64),
        np.empty((capacity, write.LINK_COLUMNS), np.int64),
        np.empty((capacity, kernels.STEP_NUMBERS)),
        np.empty((capacity, write.SLOT_COLUMNS)),
        cast("NDArray[np.floating]", aligned_empty(num_patterns * lanes, real)),
        np.empty((num_patterns, write.KEY_COLUMNS), np.int64),
        np.empty(write.COUNTS, np.int64),
    )


def _num_patterns(lanes: int) -> int:
    """How many registers of signs there may be."""
    lane_bits: int = lanes.bit_length() - 1
    return 2 * int(3**lane_bits) << lane_bits


def lowered(tape: Tape, parameter_index: Mapping[str, int], engine: Engine, num_qubits: int) -> Lowered | None:
    """Take gates apart; None if there are some that are no such operations, or measurements before the last gate."""
    symbols = Symbols(tape.symbols, parameter_index)
    recipes = recipes_with(tape.others, symbols)
    table, rows, lanes = symbols.table(), tape.rows(), Lanes(engine.vector_bytes)
    capacity = max(1, recipes.count(rows))
    idle = _idle_memory(engine.small_key)  # a list is taken from and put to in one step
    try:
        memory = idle.pop() if capacity <= KEPT_STEPS else working_memory(engine, capacity)
    except IndexError:
        memory = working_memory(engine, KEPT_STEPS)
    found = np.empty(prepare.FOUND, np.int64)
    gates = prepare.Gates(*kinds_of_gates(), recipes.arrays)
    factor = prepare.lower_gates(rows, rows.ravel(), lanes, gates, table.starts, memory, found)
    result = None if factor == 0 else _written(memory, found.tolist(), table, cmath.phase(factor), lanes, num_qubits)
    if capacity <= KEPT_STEPS:
        idle.append(memory)
    return result


def _written(
    memory: write.Memory, found: list[int], symbols: prepare.Symbols, phase: float, lanes: Lanes, num_qubits: int
) -> Lowered:
    """The program of gates that were lowered, in arrays of its own."""
    num_operations, links, cells, slots, num_patterns, num_products, num_terms, first_wanted, num_phases = found
    dtype = memory.patterns.dtype
    patterns: NDArray[Any] = aligned_empty(num_patterns * (lanes.nbytes // dtype.itemsize), dtype)
    angles = np.zeros(slots + 1 + -(slots + 1) % WIDEST)
    angles[slots] = phase
    terms, coefficients = np.empty((num_terms, 2), np.int64), np.empty(num_terms)
    operations = np.empty((num_operations, small_block.ROW), np.int64)
    factors = np.empty((links, small_block.FACTOR_COLUMNS), np.int64)
    quaternions = np.empty((cells, kernels.STEP_NUMBERS))
    written = operations, factors, quaternions, patterns
    num_turns = prepare.write_program(memory, symbols, slots, *written, angles, terms, coefficients)
    program = Program(lanes, num_qubits, *written, Slots(angles, terms, coefficients))
    without_phase = program
    if num_turns < num_terms:
        turns = Slots(angles, terms[:num_turns], coefficients[:num_turns])
        without_phase = Program(lanes, num_qubits, *written, turns)
    return Lowered(program, without_phase, slots, num_products, first_wanted, num_phases)


@cache
def _idle_memory(_small_key: object) -> list[write.Memory]:
    """Memory for `KEPT_STEPS` that no call is using, at a precision and bytes of a register."""
    return []
