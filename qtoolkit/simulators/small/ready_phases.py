"""Phases of states of a few tiles: one register for each tile in place of a polynomial.

The walk over a polynomial's tables takes a tenth of a microsecond to begin and writes 256 factors first, which pays
for thousands of amplitudes. Where all numbers are known and the state is small, its phases are written down instead.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from qtoolkit.compiler import SweepPart
from qtoolkit.simulators.memory import aligned_empty
from qtoolkit_kernels.vector import isa
from qtoolkit_kernels.vector.plan import Numbers

__all__ = ["phases_by_tile"]

MOST_TILES = 32
"""With more, a register for each tile of each polynomial takes too much memory to be read from a cache."""

IntArray = NDArray[np.int64]


def phases_by_tile(part: SweepPart, numbers: Numbers) -> tuple[SweepPart, Numbers]:
    """Replace DIAGONAL rows by PHASE rows where the whole state is a block of a few tiles."""
    layout, lanes = part.layout, 1 << part.layout.lane_bits
    is_diagonal = numbers.operations[:, isa.OPCODE] == isa.DIAGONAL
    is_one_block = part.num_sweeps == 1 and layout.block_bits == layout.num_bits
    if not is_one_block or 1 << layout.num_bits > MOST_TILES * lanes or not is_diagonal.any():
        return part, numbers
    by_tile = _factors(part, numbers).reshape(part.controls.size, -1, lanes)
    is_needed = (by_tile != 1.0).any(axis=2)
    rows: list[IntArray] = []
    values: list[NDArray[np.float64]] = []
    start = numbers.registers.size + -numbers.registers.size % lanes
    for row, diagonal in zip(numbers.operations, is_diagonal.tolist(), strict=True):
        if not diagonal:
            rows.append(row[None])
            continue
        polynomial = row[isa.DIAGONAL_POLYNOMIAL]
        chosen = np.flatnonzero(is_needed[polynomial])
        phases = by_tile[polynomial, chosen]
        values.append(np.stack([phases.real, phases.imag], axis=1).ravel())
        rows.append(_phase_rows(chosen, by_tile.shape[1] - 1, start + 2 * lanes * np.arange(chosen.size)))
        start += values[-1].size
    registers = cast("NDArray[np.floating]", aligned_empty(start, numbers.registers.dtype))
    registers[: numbers.registers.size] = numbers.registers
    registers[start - sum(map(len, values)) :] = np.concatenate(values)
    operations = np.concatenate(rows)
    starts = np.array([0, len(operations)], np.int64)
    return (
        replace(part, operation_start=starts, operations=operations, most_diagonals=0),
        numbers._replace(operations=operations, registers=registers),
    )


def _phase_rows(chosen: IntArray, mask: int, starts: IntArray) -> IntArray:
    rows = np.zeros((chosen.size, isa.ROW), np.int64)
    rows[:, isa.OPCODE] = isa.PHASE
    rows[:, isa.START] = starts
    rows[:, isa.TILE_MASK], rows[:, isa.TILE_VALUE] = mask, chosen
    return rows


def _factors(part: SweepPart, numbers: Numbers) -> NDArray[np.complex128]:
    """c · Π l_i · Π p_ij over the set bits, 1 where the control is not set; complex128[polynomials, 2^num_bits]."""
    bits = part.bits[0]
    places = np.arange(1 << bits.size)
    is_set = np.zeros((bits.size, places.size), bool)
    for position, bit in enumerate(bits.tolist()):
        is_set[bit] = places >> position & 1 == 1
    factors: NDArray[np.complex128] = np.repeat(numbers.constants[:, None], places.size, axis=1)
    for i in range(bits.size):
        factors[:, is_set[i]] *= numbers.linear[:, i, None]
        for j in range(i):
            if (numbers.pairs[:, i, j] != 1.0).any():
                factors[:, is_set[i] & is_set[j]] *= numbers.pairs[:, i, j, None]
    for polynomial, control in enumerate(part.controls.tolist()):
        if control >= 0:
            factors[polynomial, ~is_set[control]] = 1.0
    return factors
