"""A planned program: sweeps as the arrays that the vector kernels read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qtoolkit.compiler.layout import Layout

__all__ = ["BlockOpcode", "Column", "GatePart", "Part", "SweepPart", "Write"]

IntArray = NDArray[np.int64]


class BlockOpcode(IntEnum):
    """What the block program does for a row; the numbers are those of `qtoolkit_kernels.vector.block`."""

    ROTATE = 0
    ROTATE_LANES = 1
    DENSE = 2
    EXCHANGE = 3
    SWAP = 4
    PHASE = 5
    PAULI = 6
    DIAGONAL = 7
    STRINGS = 8
    BUTTERFLIES = 9
    REORDER = 10
    MATRIX = 11
    TABLE = 12
    TRANSPOSE = 13
    CARTAN = 14


class Column(IntEnum):
    """Columns of a row, as in `qtoolkit_kernels.vector.block`."""

    OPCODE = 0
    POSITIONS = 1
    COUNT = 5
    STEEP = 6
    START = 7
    TILE_MASK = 8
    TILE_VALUE = 9
    OUTER_MASK = 10
    OUTER_VALUE = 11
    X_TILE = 12
    X_LANES = 13
    Z_TILE = 14
    Z_OUTER = 15
    UNREACHED = 16


ROW = 17


class Write(IntEnum):
    """What a row of `writes` fills in, as in `qtoolkit_kernels.vector.numbers`."""

    LANES = 0
    DENSE = 1
    PHASE = 2
    PAULI = 3
    MATRIX = 4
    TABLE = 5


@dataclass(frozen=True, eq=False)
class SweepPart:
    """Sweeps that run without a break, apart from their numbers.

    The arrays are those of `qtoolkit_kernels.vector.numbers` and `sweep`; `registers` holds what no parameter
    changes, in double precision.

    Attributes:
        layout: how the state is cut.
        bits: int64[sweeps, num_bits].
        operation_start: int64[sweeps + 1].
        operations: int64[:, 17].
        registers: float64[:].
        product_start, product_factors, dense_start, dense_factors, terms, controls, sets, members, writes: how the
            numbers come from the coefficients of gates.
        strings: int64[:, 2], masks of strings of Z by positions in the block and by index bits outside.
        string_places: int64[:], where the cosine and sine of half each string's angle stand.
        constants: complex128[:], what factors use behind the coefficients and the planner's constants.
        most_diagonals: rows of DIAGONAL in the sweep that has most of them.
        gates: gates of the program that each sweep stands for, int64[sweeps].
    """

    layout: Layout
    bits: IntArray
    operation_start: IntArray
    operations: IntArray
    registers: NDArray[np.float64]
    product_start: IntArray
    product_factors: IntArray
    dense_start: IntArray
    dense_factors: IntArray
    terms: IntArray
    controls: IntArray
    sets: IntArray
    members: IntArray
    writes: IntArray
    strings: IntArray
    string_places: IntArray
    constants: NDArray[np.complex128]
    most_diagonals: int
    gates: IntArray

    @cached_property
    def has_rare_rows(self) -> bool:
        """Whether there are rows whose code is compiled only when first needed."""
        return bool((self.operations[:, Column.OPCODE] >= BlockOpcode.MATRIX).any())

    @cached_property
    def has_rare_writes(self) -> bool:
        """Whether there are writes whose code is compiled only when first needed."""
        return bool((self.writes[:, 0] >= Write.MATRIX).any())

    @property
    def num_sweeps(self) -> int:
        """Passes over memory."""
        return int(self.bits.shape[0])


@dataclass(frozen=True)
class GatePart:
    """One gate that runs on the whole state: `operation` of the program."""

    operation: int


Part = SweepPart | GatePart
