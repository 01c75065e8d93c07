"""A tape of gates as the operations of `small.block`, for registers of some width."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import STANDARD_GATES
from qtoolkit.circuit.tape import Tape
from qtoolkit.compiler.ladders import with_rotations
from qtoolkit.simulators.engine import Engine
from qtoolkit.simulators.memory import aligned_empty
from qtoolkit.simulators.small.recipes import Symbols, SymbolTable, recipes_with
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.small import block as small_block
from qtoolkit_kernels.vector.small import tape as kernels
from qtoolkit_kernels.vector.small import write

__all__ = ["NO_DETAILS", "Lowered", "lowered", "working_memory"]

FloatArray = NDArray[np.float64]

NO_DETAILS = kernels.Details(np.zeros(0), np.zeros(0))
"""Of a tape of rows alone, or of one with recipes for all else."""


class Lowered(NamedTuple):
    """What gates come to.

    Attributes:
        operations: int64[:, 16], see `small.block`; products and turns are named as `tape.lower` does.
        links, cells, slots, counts: see `qtoolkit_kernels.vector.small.tape.lower`.
        patterns: registers of signs, aligned.
        symbols: that slots name.
        factor: of the state, of modulus 1.
    """

    operations: NDArray[np.int64]
    links: NDArray[np.int64]
    cells: FloatArray
    slots: FloatArray
    counts: NDArray[np.int64]
    patterns: NDArray[np.floating]
    symbols: SymbolTable
    factor: complex


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


def lowered(tape: Tape, parameter_index: Mapping[str, int], engine: Engine) -> Lowered | None:
    """Take gates apart; None if there are some that are no such operations, or measurements before the last gate."""
    symbols = Symbols(tape.symbols, parameter_index)
    recipes = recipes_with(tape.others, symbols)
    rows = with_rotations(tape.rows())
    memory = working_memory(engine, max(1, recipes.count(rows)))
    factor = kernels.lower(
        rows.ravel(), Lanes(engine.vector_bytes), recipes.arrays, NO_DETAILS, len(STANDARD_GATES), memory
    )
    if factor == 0:
        return None
    operations, links, cells, slots, patterns, _, counts = memory
    lanes = engine.vector_bytes // patterns.itemsize
    kept: NDArray[Any] = aligned_empty(int(counts[write.PATTERNS]) * lanes, patterns.dtype)
    kept[:] = patterns[: kept.size]
    return Lowered(
        operations[: counts[write.OPERATIONS]].copy(), links[: counts[write.LINKS]].copy(),
        cells[: counts[write.CELLS]].copy(), slots[: counts[write.SLOTS]].copy(), counts, kept, symbols.table(),
        factor,
    )  # fmt: skip
