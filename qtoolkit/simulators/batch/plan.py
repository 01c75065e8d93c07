"""A planned program as rows for batches: the same operations, with every qubit among the tiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from qtoolkit.compiler import Key, Layout, Program, SweepPart, plan_sweeps
from qtoolkit_kernels.vector import isa, numbers
from qtoolkit_kernels.vector.batch import block as batch_block
from qtoolkit_kernels.vector.batch.plan import Rows

__all__ = ["BatchPlan", "batch_plan"]

IntArray = NDArray[np.int64]

TOGETHER = 4
"""Rotations that one row holds at most."""


@dataclass(frozen=True, eq=False)
class BatchPlan:
    """What `qtoolkit_kernels.vector.batch` runs on every member.

    Attributes:
        rows: for the kernel.
        constants: what factors use behind the coefficients and the planner's constants.
    """

    rows: Rows
    constants: NDArray[np.complex128]

    @cached_property
    def has_matrices(self) -> bool:
        """Whether there are rows whose code is compiled only when first needed."""
        return bool((self.rows.operations[:, batch_block.OPCODE] == isa.MATRIX).any())


_BATCH: Key[BatchPlan | None] = Key(__name__, "_BATCH")
"""At qubits and bytes of an amplitude; None for a program that does not run in batches."""


def batch_plan(program: Program, num_qubits: int, amplitude_bytes: int) -> BatchPlan | None:
    """The rows of a program that begins from ``|0…0⟩``; None if it has gates that don't run in sweeps."""
    key = _BATCH.at(num_qubits, amplitude_bytes)
    if key not in program.kept:
        layout = Layout(num_qubits, 0, num_qubits, num_qubits, min(8, num_qubits), amplitude_bytes)
        parts = plan_sweeps(program, layout, from_zero_state=True, forward_only=False)
        part = parts[0] if len(parts) == 1 else None
        program.kept[key] = _Translator(num_qubits).plan(part) if isinstance(part, SweepPart) else None
    return program.kept[key]


class _Translator:
    def __init__(self, num_qubits: int) -> None:
        self._num_qubits = num_qubits
        self._rows: list[list[int]] = []
        self._size = 0
        self._polynomials: dict[int, int] = {}

    def plan(self, part: SweepPart) -> BatchPlan:
        partners = _partners(part, self._num_qubits)
        formulas = part.formulas
        writes = {int(write[1]): write for write in formulas.writes}
        sets = {int(rotations[0]): rotations for rotations in formulas.sets}
        for number, row in enumerate(part.operations):
            start = int(row[isa.START])
            positions = row[isa.POSITIONS : isa.POSITIONS + 2].tolist()
            controls = {"MASK": int(row[isa.TILE_MASK]), "VALUE": int(row[isa.TILE_VALUE])}
            match int(row[isa.OPCODE]):
                case isa.ROTATE:
                    if number in sets:
                        self._rotations(formulas.members[sets[number][2] : sets[number][3]])
                case isa.DENSE:
                    self._row(isa.DENSE, positions, 32, (int(writes[start][2]),))
                case isa.EXCHANGE:
                    self._row(isa.EXCHANGE, positions[:1], **controls)
                case isa.SWAP:
                    self._row(isa.SWAP, positions)
                case isa.PHASE:
                    # A phase that nothing writes makes up for cosines, which rows of batches do themselves.
                    if start in writes and writes[start][0] == numbers.WRITE_PHASE:
                        self._row(isa.PHASE, (), 2, writes[start][2:4].tolist(), **controls)
                case isa.PAULI:
                    place, sign = writes[start][2:4].tolist()
                    x, z, real = (int(row[c]) for c in (isa.PAULI_X_TILE, isa.PAULI_Z_TILE, isa.PAULI_REAL))
                    self._row(isa.PAULI, (), 2, (place, sign), X=x, Z=z, REAL=real, **controls)
                case isa.DIAGONAL:
                    size = 1 + self._num_qubits + sum(int(mask).bit_count() for mask in partners[start])
                    self._polynomials[start] = self._size
                    self._row(isa.DIAGONAL, (), 2 * size, (start,), COUNT=size)
                case isa.STRINGS:
                    for string in range(*positions):
                        z, place = int(part.strings[string, 0]), int(formulas.string_places[string])
                        self._row(isa.PAULI, (), 2, (place, -1), Z=z)
                case isa.MATRIX:
                    place, order = writes[start][2:4].tolist()
                    size = 2 << 2 * (order >> 32)
                    self._row(isa.MATRIX, (), size, (place, order), X=int(row[isa.MATRIX_TILES]), **controls)
                case isa.TABLE:
                    self._phases(int(row[isa.TABLE_TILES]), start, writes, controls)
                case isa.TRANSPOSE:
                    self._row(isa.TRANSPOSE, (), X=int(row[isa.TRANSPOSE_TILES]), **controls)
                case opcode:
                    raise AssertionError(f"no rows of {isa.INSTRUCTIONS[opcode].name} in batches")
        terms = np.array([self._term(term, partners) for term in formulas.terms.tolist()], np.int64).reshape(-1, 7)
        operations, permutations = _with_permutations(self._rows, self._num_qubits)
        matrices = formulas[:4]
        rows = Rows(self._num_qubits, *matrices, terms, operations, partners, permutations, self._size)
        return BatchPlan(rows, part.constants)

    def _term(self, term: Sequence[int], partners: IntArray) -> list[int]:
        """A term with the registers that it changes instead of bits."""
        form, polynomial, i, j, place, detail = term
        constant = self._polynomials[polynomial]
        linear = constant + 2
        if j < 0:
            return [form, constant, linear + 2 * i, -1, -1, place, detail]
        high, low = max(i, j), min(i, j)
        masks = partners[polynomial].tolist()
        before = sum(mask.bit_count() for mask in masks[:high]) + (masks[high] & (1 << low) - 1).bit_count()
        pair = linear + 2 * (self._num_qubits + before)
        return [form, constant, linear + 2 * i, linear + 2 * j, pair, place, detail]

    def _rotations(self, members: IntArray) -> None:
        """Rows of as equal length as can be."""
        for chunk in np.array_split(members, -(-len(members) // TOGETHER)):
            self._row(isa.ROTATE, chunk[:, 0].tolist(), len(chunk) + 1, chunk[:, 1].tolist(), COUNT=len(chunk))

    def _phases(self, chosen: int, start: int, writes: dict[int, IntArray], controls: dict[str, int]) -> None:
        """A diagonal as one phase for each of its entries."""
        subset = 0
        for entry in range(1 << chosen.bit_count()):
            place = int(writes[start + 2 * entry][2])
            values = {"MASK": controls["MASK"] | chosen, "VALUE": controls["VALUE"] | subset}
            self._row(isa.PHASE, (), 2, (place, 0), **values)
            subset = (subset - chosen) & chosen

    def _row(
        self,
        opcode: int,
        positions: Sequence[int],
        registers: int = 0,
        sources: Sequence[int] = (),
        /,
        **columns: int,
    ) -> None:
        row = [0] * batch_block.ROW
        row[batch_block.OPCODE] = opcode
        row[batch_block.POSITIONS : batch_block.POSITIONS + len(positions)] = positions
        row[batch_block.SOURCE : batch_block.SOURCE + len(sources)] = sources
        for name, value in {"START": self._size, **columns}.items():
            row[getattr(batch_block, name)] = value
        self._rows.append(row)
        self._size += registers


def _with_permutations(rows: Sequence[Sequence[int]], num_qubits: int) -> tuple[IntArray, IntArray]:
    """Replace exchanges in a row that move more than all amplitudes by one permutation."""
    kept: list[Sequence[int]] = []
    permutations: list[IntArray] = []
    moving = (isa.EXCHANGE, isa.SWAP, isa.TRANSPOSE)
    for together, run in groupby(rows, key=lambda row: row[batch_block.OPCODE] in moving):
        exchanges = list(run)
        sources = [_source(row, num_qubits) for row in exchanges] if together else []
        moved = sum(np.count_nonzero(source != np.arange(source.size)) for source in sources)
        if moved <= 1 << num_qubits:
            kept += exchanges
            continue
        found = sources[0]
        for source in sources[1:]:
            found = found[source]
        row = [0] * batch_block.ROW
        row[batch_block.OPCODE], row[batch_block.SOURCE] = batch_block.PERMUTE, len(permutations)
        kept.append(row)
        permutations.append(found)
    return (
        np.array(kept, np.int64).reshape(-1, batch_block.ROW),
        np.array(permutations, np.int64).reshape(-1, 1 << num_qubits),
    )


def _source(row: Sequence[int], num_qubits: int) -> IntArray:
    """Where an exchange takes each amplitude from."""
    x: IntArray = np.arange(1 << num_qubits)
    first = row[batch_block.POSITIONS]
    if row[batch_block.OPCODE] == isa.SWAP:
        second = row[batch_block.POSITIONS + 1]
        differ: IntArray = (x >> first ^ x >> second) & 1
        swapped: IntArray = x ^ (differ << first | differ << second)
        return swapped
    mask, value = row[batch_block.MASK], row[batch_block.VALUE]
    flips = row[batch_block.X] if row[batch_block.OPCODE] == isa.TRANSPOSE else 1 << first
    here: NDArray[np.bool_] = x & mask == value
    found: IntArray = np.where(here | here[x ^ flips], x ^ flips, x)
    return found


def _partners(part: SweepPart, num_qubits: int) -> IntArray:
    partners = np.zeros((part.controls.size, num_qubits), np.int64)
    for _, polynomial, i, j, _, _ in part.formulas.terms:
        if j >= 0:
            partners[polynomial, max(i, j)] |= 1 << min(i, j)
    return partners
