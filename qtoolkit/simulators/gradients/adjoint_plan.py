"""What taking a plan back needs beside the plan: which sums to collect where, and the derivatives made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import GateRecord
from qtoolkit.compiler import PLANNER_CONSTANTS, Program, SweepPart
from qtoolkit.simulators.numbers import fixed_numbers
from qtoolkit_kernels.planner import collect as kernels
from qtoolkit_kernels.planner import sums as tables
from qtoolkit_kernels.vector.adjoint import block
from qtoolkit_kernels.vector.adjoint.plan import Backward, Derivatives, Sought

__all__ = ["AdjointPart", "Generators", "adjoint_part"]

IntArray = NDArray[np.int64]

MOST_RECORDS = 1 << 10
"""Gates whose generators are kept."""

_HALF_STRING = np.array([[0, 0.5]], np.complex128)


class Generators:
    """Generators ``G`` with ``∂U/∂θ = -i G U`` of all angles of a program, flat, laid out as the gates' coefficients.

    Pauli rotations have cosine 0 and sine 1/2, which stands for half the string, times -i.

    Args:
        program: the gates.

    Attributes:
        angle_start: int64, one more than there are coefficients, the planner's constants among them: each depends on
            the angles from there up to the next. Of a matrix, only its first coefficient tells; of diagonals all do,
            as each may become a phase of its own.
        angles: int64[:, 2], the slot of an angle, and where its generator's entry for the coefficient stands.
        constant: generators at some angles.
    """

    angle_start: IntArray
    angles: IntArray
    constant: NDArray[np.complex128]

    def __init__(self, program: Program) -> None:
        num_angles = np.zeros(program.constant_coefficients.size + PLANNER_CONSTANTS.size, np.int64)
        flat, groups = [np.zeros(0, np.complex128)], []
        self._moving: list[tuple[GateRecord, IntArray, IntArray]] = []
        size = 0
        for group in program.groups:
            record = group.record
            generators, is_moving = (_HALF_STRING, False) if record is None else _at_some_angles(record)
            places = size + np.arange(0, group.slots.size * generators.shape[1], generators.shape[1])
            places = places.reshape(group.slots.shape)
            size += group.slots.size * generators.shape[1]
            flat.append(np.tile(generators.ravel(), len(group.slots)))
            told = group.positions if record is not None and record.is_diagonal else group.positions[:, :1]
            num_angles[told] = len(generators)
            groups.append((told, group.slots, places))
            if record is not None and is_moving:
                self._moving.append((record, group.slots, places))
        self.angle_start = np.concatenate([np.zeros(1, np.int64), np.cumsum(num_angles)])
        self.angles = np.empty((self.angle_start[-1], 2), np.int64)
        for told, slots, places in groups:
            rows = self.angle_start[told][:, :, None] + np.arange(slots.shape[1])
            self.angles[rows, 0] = slots[:, None, :]
            self.angles[rows, 1] = places[:, None, :] + np.arange(told.shape[1])[:, None]
        self.constant = np.concatenate(flat)

    def at(self, angles: NDArray[np.float64]) -> NDArray[np.complex128]:
        """All generators at these angles of the slots."""
        if not self._moving:
            return self.constant
        flat = self.constant.copy()
        for record, slots, places in self._moving:
            for j, entries in enumerate(_flat_generators(record, angles[slots].T)):
                flat[places[:, j, None] + np.arange(entries.shape[-1])] = entries
        return flat


@lru_cache(maxsize=MOST_RECORDS)
def _at_some_angles(record: GateRecord) -> tuple[NDArray[np.complex128], bool]:
    """Generators at some angles, a row for each angle, and whether they are others at others."""
    rng = np.random.default_rng(20)
    first, second = (_flat_generators(record, rng.uniform(-1, 1, record.num_params)) for _ in range(2))
    is_moving = not all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    return np.array(first, np.complex128), is_moving


def _flat_generators(record: GateRecord, angles: Iterable[NDArray[np.float64]]) -> list[NDArray[np.complex128]]:
    """Generators as the coefficients are: diagonals, or matrices row by row."""
    return [
        np.diagonal(g, axis1=-2, axis2=-1) if record.is_diagonal else g.reshape(*g.shape[:-2], -1)
        for g in record.generators(*angles)
    ]


@dataclass(frozen=True, eq=False)
class AdjointPart:
    """How some sweeps are taken back.

    Attributes:
        part: the sweeps.
        backward: for the kernels.
    """

    part: SweepPart
    backward: Backward


def adjoint_part(part: SweepPart, generators: Generators, call: Callable[..., Any]) -> AdjointPart:
    """Find what to collect for the angles of some sweeps.

    Args:
        part: the sweeps, planned to be taken back.
        generators: of their program.
        call: runs a kernel with arguments.
    """
    layout, num_rows = part.layout, len(part.operations)
    formulas = part.formulas._replace(writes=part.formulas.writes.copy())
    counts = np.empty(tables.COUNTS, np.int64)
    angle_start = generators.angle_start
    if part.constants.size:
        angle_start = np.concatenate([angle_start, np.full(part.constants.size, angle_start[-1])])
    call(kernels.count_sums, formulas, angle_start, counts)
    rooms = counts.tolist()
    sought = Sought(
        collect=_table(num_rows, block.COLLECT),
        scales=np.zeros((num_rows, 4)),
        probe_start=np.empty(num_rows + 1, np.int64),
        probes=_table(rooms[tables.PROBES], block.PROBE),
        wanted_start=np.empty(num_rows + 1, np.int64),
        wanted=_table(rooms[tables.WANTED], block.WANTED),
    )
    derivatives = Derivatives(
        entries=_table(rooms[tables.ENTRIES], 2),
        weights=np.empty(rooms[tables.ENTRIES]),
        products=_table(len(formulas.product_start) - 1, 5),
        locals_=_table(rooms[tables.LOCALS], 4),
        denses=_table(rooms[tables.DENSES], 4),
    )
    factors, numbers = _table(rooms[tables.FACTORS], 4), fixed_numbers(part)
    angles = kernels.Angles(angle_start, generators.angles, generators.constant)
    call(
        kernels.collect_sums, layout.lane_bits, layout.block_bits, layout.low_bits, part.bits, part.operation_start,
        numbers, formulas, angles, sought, derivatives, factors, counts,
    )  # fmt: skip
    found = counts.tolist()
    factors = factors[: found[tables.FACTORS]]
    if len(factors):
        more = len(formulas.dense_factors) + np.arange(1, 1 + len(factors))
        formulas = formulas._replace(
            dense_start=np.concatenate([formulas.dense_start, more]),
            dense_factors=np.concatenate([formulas.dense_factors, factors]),
        )
    backward = Backward(
        bits=part.bits,
        operation_start=part.operation_start,
        first_row=found[tables.FIRST_ROW],
        num_places=found[tables.PLACES],
        formulas=formulas,
        numbers=numbers,
        sought=sought._replace(
            probes=sought.probes[: found[tables.PROBES]], wanted=sought.wanted[: found[tables.WANTED]]
        ),
        derivatives=derivatives._replace(
            entries=derivatives.entries[: found[tables.ENTRIES]], weights=derivatives.weights[: found[tables.ENTRIES]]
        ),
    )
    return AdjointPart(part, backward)


def _table(rows: int, columns: int) -> IntArray:
    return np.empty((rows, columns), np.int64)
