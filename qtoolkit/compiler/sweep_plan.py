"""A planned program: sweeps as the arrays that the vector kernels read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qtoolkit.compiler.layout import Layout
from qtoolkit_kernels.vector import isa, numbers
from qtoolkit_kernels.vector.plan import Formulas

__all__ = ["GatePart", "Part", "SweepPart"]

IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SweepPart:
    """Sweeps that run without a break, apart from their numbers.

    The arrays are those of `qtoolkit_kernels.vector.plan` and `sweep`; `registers` holds what no parameter
    changes, in double precision.

    Attributes:
        layout: how the state is cut.
        bits: int64[sweeps, num_bits].
        operation_start: int64[sweeps + 1].
        operations: int64[:, 17], rows of `qtoolkit_kernels.vector.isa`.
        registers: float64[:].
        formulas: how the numbers come from the coefficients of gates.
        controls: int64[:], of the polynomials.
        strings: int64[:, 2], masks of strings of Z by positions in the block and by index bits outside.
        constants: complex128[:], what factors use behind the coefficients and the planner's constants.
        most_diagonals: rows of DIAGONAL in the sweep that has most of them.
        gates: gates of the program that each sweep stands for, int64[sweeps].
    """

    layout: Layout
    bits: IntArray
    operation_start: IntArray
    operations: IntArray
    registers: NDArray[np.float64]
    formulas: Formulas
    controls: IntArray
    strings: IntArray
    constants: NDArray[np.complex128]
    most_diagonals: int
    gates: IntArray

    @cached_property
    def has_rare_rows(self) -> bool:
        """Whether there are rows whose code is compiled only when first needed."""
        return any(self._num_rows[isa.FIRST_RARE :])

    @cached_property
    def has_seldom_rows(self) -> bool:
        """Whether there are rows of `isa.SELDOM`."""
        return any(self._num_rows[opcode] for opcode in isa.SELDOM)

    @cached_property
    def _num_rows(self) -> list[int]:
        """By opcode."""
        counts: list[int] = np.bincount(self.operations[:, isa.OPCODE], minlength=len(isa.INSTRUCTIONS)).tolist()
        return counts

    @cached_property
    def has_rare_writes(self) -> bool:
        """Whether there are writes whose code is compiled only when first needed."""
        return bool((self.formulas.writes[:, 0] >= numbers.WRITE_MATRIX).any())

    def extended(self, coefficients: NDArray[np.complex128]) -> NDArray[np.complex128]:
        """Coefficients of a program, planner's constants behind them, with this part's constants behind those."""
        return np.concatenate([coefficients, self.constants]) if self.constants.size else coefficients

    @property
    def num_sweeps(self) -> int:
        """Passes over memory."""
        return int(self.bits.shape[0])


@dataclass(frozen=True)
class GatePart:
    """One gate that runs on the whole state: `operation` of the program."""

    operation: int


Part = SweepPart | GatePart
