"""Rows of the block program on one block that fits a cache: one for each opcode and kind of place, with its cost.

Costs are those of the instruction set. Numbers keep the norm, so that a row can run any number of times.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.simulators.memory import aligned_empty
from qtoolkit_kernels.reference.vector.block import Rows
from qtoolkit_kernels.reference.vector.block import run_block as twin_of_run_block
from qtoolkit_kernels.reference.vector.skew import skew_of, skewed
from qtoolkit_kernels.vector import block, isa, phases
from qtoolkit_kernels.vector.cut import Cut
from qtoolkit_kernels.vector.lanes import Lanes, native_vector_bytes
from qtoolkit_kernels.vector.plan import Numbers
from qtoolkit_kernels.vector.reorder import IMAGE_BITS, IMAGES_TOGETHER

BLOCK_BYTES = 1 << 19
"""As in the engine: half of a second-level cache of 1 MiB."""

REPEATS = 32
"""Rows of one call, so that the call itself doesn't count."""

STRINGS = 100


@dataclass(frozen=True)
class RowCall:
    """A row on a block.

    Attributes:
        row: its columns.
        flops, passes: documented costs for each amplitude, and as a share of the block.
    """

    row: NDArray[np.int64]
    flops: float
    passes: float


class Block:
    """A random block, and what rows need beside it.

    Args:
        num_bits: of the block, at most; what is beyond the engine's size is cut off.
        dtype: float64 or float32.
    """

    def __init__(self, num_bits: int, dtype: type[np.floating[Any]]) -> None:
        self.rng = np.random.default_rng(1)
        self.dtype, itemsize = dtype, np.dtype(dtype).itemsize
        self.vector_bytes = native_vector_bytes()
        self.lanes = self.vector_bytes // itemsize
        self.lane_bits = self.lanes.bit_length() - 1
        self.num_bits = min(num_bits, (BLOCK_BYTES // itemsize).bit_length() - 2)
        self.low_bits = min(8, self.num_bits - 3)  # three tables of phases fit the scratch memory
        self.bits = np.arange(self.num_bits)
        self._registers: list[NDArray[Any]] = []
        self._polynomials: list[tuple[NDArray[Any], int]] = []
        self._strings = np.zeros((0, 2), np.int64)
        state = self.rng.normal(size=(1 << self.num_bits, 2)) @ np.array([1, 1j])
        self.state = state / np.linalg.norm(state)

    @property
    def size(self) -> int:
        """Amplitudes."""
        return 1 << self.num_bits

    @property
    def top(self) -> int:
        """The highest position, far from all others in memory."""
        return self.num_bits - 1

    def row(
        self,
        opcode: int,
        *positions: int,
        registers: Any = (),
        polynomial: tuple[bool, float] = (False, 0.0),
        **columns: int,
    ) -> RowCall:
        """A row that reads these registers; columns are named as in `isa`, `polynomial` is the end of a `Load`."""
        row = np.zeros(isa.ROW, np.int64)
        row[isa.OPCODE] = opcode
        row[isa.POSITIONS : isa.POSITIONS + len(positions)] = positions
        row[isa.START] = sum(part.size for part in self._registers)
        for name, value in columns.items():
            row[getattr(isa, name)] = value
        numbers = np.ravel(registers)
        self._registers.append(np.append(numbers, np.zeros(-numbers.size % self.lanes)))
        flops, passes, *_ = isa.Load(row.tolist(), self.lane_bits, self.num_bits, *polynomial).cost()
        return RowCall(row, flops, passes)

    def rotate(self, *positions: int, steep: int = 0) -> RowCall:
        """Small angles, or angles near a quarter turn: what is left out stays near 1."""
        tangents = np.full(len(positions), 1e-4)
        return self.row(isa.ROTATE, *positions, registers=tangents, ROTATE_COUNT=len(positions), ROTATE_STEEP=steep)

    def rotate_lanes(self, alone: int = 0) -> RowCall:
        """All bits inside a register, or the lowest alone."""
        registers = []
        for k in range(self.lane_bits):
            signs = np.where(np.arange(self.lanes) >> k & 1, 1.0, -1.0)
            registers += [np.full(self.lanes, np.cos(0.3)), np.sin(0.3) * signs]
        return self.row(isa.ROTATE_LANES, registers=registers, ROTATE_LANES_ALONE=alone)

    def dense(self, low: int, high: int) -> RowCall:
        """An orthogonal matrix that is a rotation by a string XY or the like: four equal numbers."""
        matrix = np.cos(0.3) * np.eye(4) - 1j * np.sin(0.3) * np.eye(4)[::-1]
        if low >= self.lane_bits:
            registers = matrix.ravel().view(np.float64)
        else:
            count = 8 if high >= self.lane_bits else 4
            entries = np.zeros(count, np.complex128)
            # Own amplitude, and the one that differs in both bits; registers of tile bits come as [out][in][differs].
            entries[[0, 6] if count == 8 else [0]] = matrix[0, 0]
            entries[[3, 5] if count == 8 else [3]] = matrix[0, 3]
            registers = np.repeat(entries.view(np.float64), self.lanes)
        return self.row(isa.DENSE, low, high, registers=registers)

    def cartan(self, low: int, high: int, by_tangents: bool = False) -> RowCall:
        """The same matrix, which keeps the parity, and rotations by angles that are hardly any."""
        if by_tangents:
            small = np.full(14, 1e-7)
            small[8:10] = 1.0, 0.0
            return self.row(isa.CARTAN, low, high, registers=small, CARTAN_TANGENTS=1, CARTAN_FLIPS=3)
        entry = np.array([np.cos(0.3), 0.0, 0.0, -np.sin(0.3)])
        return self.row(isa.CARTAN, low, high, registers=[*np.tile(entry, 4), *np.full(4, 1e-7)])

    def exchange(self, target: int, num_controls: int = 0) -> RowCall:
        """X with controls on the highest tile bits below the last."""
        mask = self._controls(num_controls)
        return self.row(isa.EXCHANGE, target, registers=np.ones(self.lanes), TILE_MASK=mask, TILE_VALUE=mask)

    def swap(self, first: int, second: int) -> RowCall:
        """Two tile bits."""
        return self.row(isa.SWAP, first, second, registers=np.ones(self.lanes))

    def phase(self, num_controls: int) -> RowCall:
        """One phase where the controls are 1."""
        mask = self._controls(num_controls)
        registers = [np.full(self.lanes, np.cos(0.3)), np.full(self.lanes, np.sin(0.3))]
        return self.row(isa.PHASE, registers=registers, TILE_MASK=mask, TILE_VALUE=mask)

    def pauli(self, x_tile: int, x_lanes: int, num_controls: int = 0) -> RowCall:
        """A rotation by a string with Z on every other tile bit."""
        mask = self._controls(num_controls)
        registers = [np.full(self.lanes, np.cos(0.3)), np.full(self.lanes, np.sin(0.3))]
        z_tile = self.size // self.lanes // 3 & ~x_tile
        return self.row(
            isa.PAULI, registers=registers, PAULI_X_TILE=x_tile, PAULI_X_LANES=x_lanes, PAULI_Z_TILE=z_tile,
            TILE_MASK=mask, TILE_VALUE=mask,
        )  # fmt: skip

    def diagonal(self, joined: bool, controlled: bool) -> RowCall:
        """Phases of all bits, alone or with a phase of every pair; with a control half of the block is left out."""
        angles = np.triu(self.rng.uniform(-3, 3, (self.num_bits, self.num_bits)), 1) * joined
        control = self.top if controlled else -1
        if controlled:
            angles[:, control] = 0.0
        self._polynomials.append((np.exp(1j * (angles + angles.T)), control))
        number = len(self._polynomials) - 1
        return self.row(isa.DIAGONAL, polynomial=(controlled, float(joined)), DIAGONAL_POLYNOMIAL=number)

    def butterflies(self, first: int, second: int) -> RowCall:
        """Two stages with phases of all bits."""
        for position in (first, second):
            self._polynomials.append((np.ones((self.num_bits, self.num_bits)), position))
        number = len(self._polynomials) - 2
        return self.row(isa.BUTTERFLIES, first, second, registers=np.full(2, 1e-4), BUTTERFLIES_POLYNOMIALS=number)

    def reorder(self) -> RowCall:
        """A ladder of controlled X through all tile bits."""
        num_bits = self.num_bits - self.lane_bits
        images = [1 << k | (1 << k) - 1 for k in range(num_bits)]
        call = self.row(isa.REORDER, REORDER_OFFSET=0)
        for k, image in enumerate(images):
            call.row[isa.REORDER_IMAGES + k // IMAGES_TOGETHER] |= image << IMAGE_BITS * (k % IMAGES_TOGETHER)
        return call

    def strings(self, count: int) -> RowCall:
        """Rotations by strings of Z."""
        first = len(self._strings)
        masks = np.stack([self.rng.integers(0, self.size, count), np.zeros(count, np.int64)], axis=1)
        self._strings = np.concatenate([self._strings, masks])
        return self.row(isa.STRINGS, first, first + count)

    def matrix(self, count: int) -> RowCall:
        """A phase on tile bits, written as a matrix, which here is read row by row as column by column."""
        entries = np.zeros((max(1, (1 << count) // 4), 1 << count, min(4, 1 << count)), np.complex128)
        for k in range(1 << count):
            entries[k // 4, k, k % 4] = np.exp(0.3j)
        x_tile = ((1 << count) - 1) << (self.num_bits - self.lane_bits - count)
        return self.row(isa.MATRIX, registers=entries.ravel().view(np.float64), MATRIX_TILES=x_tile)

    def table(self) -> RowCall:
        """Phases of three tile bits."""
        registers = np.repeat(np.exp(1j * np.arange(8)).view(np.float64), self.lanes)
        return self.row(isa.TABLE, registers=registers, TABLE_TILES=7)

    def transpose(self, x_tile: int, x_lanes: int) -> RowCall:
        """Two values exchanged that differ in all of these bits, whatever the others."""
        highest = 1 << x_tile.bit_length() - 1
        registers = np.ones(2 * self.lanes)
        return self.row(
            isa.TRANSPOSE, registers=registers, TRANSPOSE_TILES=x_tile, TRANSPOSE_LANES=x_lanes, TILE_MASK=highest
        )

    def _controls(self, count: int) -> int:
        return sum(1 << (self.num_bits - self.lane_bits - 2 - k) for k in range(count))

    @property
    def _phases(self) -> tuple[NDArray[Any], ...]:
        count, n = len(self._polynomials), self.num_bits
        pairs = np.array([pairs for pairs, _ in self._polynomials], np.complex128).reshape(count, n, n)
        linear = np.exp(1j * self.rng.uniform(-3, 3, (count, n)))
        controls = np.array([control for _, control in self._polynomials], np.int64)
        chosen = controls >= 0
        linear[chosen, controls[chosen]] = 1.0
        return np.ones(count, np.complex128), linear, pairs, controls

    def prepare(self, call: RowCall) -> tuple[Callable[[], None], Callable[[], None], Callable[[], float]]:
        """What runs the row `REPEATS` times, what runs the twin once, and how far apart both are after one run."""
        coefficients = self._aligned(np.concatenate([np.zeros(0), *self._registers]))
        angles = np.full(len(self._strings), 0.3)
        cut, tile = Cut(Lanes(self.vector_bytes), self.num_bits, self.num_bits, self.low_bits), 2 * self.lanes
        places = skewed(self.size // self.lanes, skew_of(2 * self.vector_bytes))
        memory = np.zeros((int(places[-1]) + 1, 2, self.lanes))
        memory[places, 0] = self.state.real.reshape(-1, self.lanes)
        memory[places, 1] = self.state.imag.reshape(-1, self.lanes)
        ours, scratch = self._aligned(memory.ravel()), self._aligned(np.zeros(max(self.size, 64 * self.lanes)))
        numbers = Numbers(call.row[None], coefficients, *self._phases, self._strings, angles, 1.0 + 0.0j)
        first = 2 << self.low_bits
        tables = self._aligned(np.zeros(first + phases.tables_size(self.num_bits, self.low_bits)))
        if call.row[isa.OPCODE] == isa.DIAGONAL:
            pairs = numbers.pairs[call.row[isa.START]]
            phases.prepare_phases(tables, cut.lanes, first, self.num_bits, self.low_bits, self.bits, pairs)
        theirs = self.state.astype(np.complex128)
        program = Rows(self.lanes, numbers, self.bits, 0)

        def run(count: int) -> None:
            block.run_block(
                ours, cut, np.tile(call.row, (count, 1)), numbers, self.bits, 0, tables, np.full(count, first),
                scratch, scratch, True, 64 * self.lanes,
            )  # fmt: skip

        def run_twin() -> None:
            twin_of_run_block(theirs, call.row[None], program)

        def difference() -> float:
            run(1)
            run_twin()
            found = ours.reshape(-1, tile)[places].reshape(-1, 2, self.lanes)
            return float(np.abs((found[:, 0] + 1j * found[:, 1]).ravel() - theirs).max() / np.abs(theirs).max())

        return lambda: run(REPEATS), run_twin, difference

    def _aligned(self, values: NDArray[Any]) -> NDArray[Any]:
        copy = aligned_empty(values.size, self.dtype)
        copy[:] = values
        return copy


def build_row_calls(b: Block) -> dict[str, Callable[[], RowCall]]:
    """Return the calls by name, which begins with the opcode; `far` positions are partners far apart in memory.

    An opcode that none of them has gets a call of its own, with ones in two registers.
    """
    low, lane, top = b.lane_bits, b.lane_bits - 1, b.top
    calls: dict[str, Callable[[], RowCall]] = {
        "ROTATE": lambda: b.rotate(low),
        "ROTATE far": lambda: b.rotate(top),
        "ROTATE steep": lambda: b.rotate(low, steep=1),
        "ROTATE 4 bits": lambda: b.rotate(low, low + 1, low + 2, low + 3),
        "ROTATE 4 bits far": lambda: b.rotate(top, top - 1, top - 2, top - 3),
        "ROTATE 4 bits far, steep": lambda: b.rotate(top, top - 1, top - 2, top - 3, steep=1),
        "ROTATE_LANES": b.rotate_lanes,
        "ROTATE_LANES one bit": lambda: b.rotate_lanes(1),
        "DENSE lanes": lambda: b.dense(0, lane),
        "DENSE lane and tile": lambda: b.dense(lane, top),
        "DENSE lowest tile": lambda: b.dense(low, top),
        "DENSE far": lambda: b.dense(top - 1, top),
        "CARTAN lanes": lambda: b.cartan(0, lane),
        "CARTAN lane and tile": lambda: b.cartan(lane, top),
        "CARTAN lowest tile": lambda: b.cartan(low, top),
        "CARTAN far": lambda: b.cartan(top - 1, top),
        "CARTAN lane and tile, tangents": lambda: b.cartan(lane, top, True),
        "CARTAN lowest tile, tangents": lambda: b.cartan(low, top, True),
        "CARTAN far, tangents": lambda: b.cartan(top - 1, top, True),
        "EXCHANGE lane": lambda: b.exchange(lane),
        "EXCHANGE far": lambda: b.exchange(top),
        "EXCHANGE far, 1 control": lambda: b.exchange(top, 1),
        "EXCHANGE far, 2 controls": lambda: b.exchange(top, 2),
        "SWAP": lambda: b.swap(low, top),
        "PHASE": lambda: b.phase(0),
        "PHASE 2 controls": lambda: b.phase(2),
        "PAULI Z": lambda: b.pauli(0, 0),
        "PAULI tiles": lambda: b.pauli(5 << (b.num_bits - b.lane_bits - 3), 0),
        "PAULI lanes and tiles": lambda: b.pauli(1, b.lanes - 1),
        "PAULI far, 2 controls": lambda: b.pauli(1 << (b.num_bits - b.lane_bits - 1), 0, 2),
        "DIAGONAL": lambda: b.diagonal(False, False),
        "DIAGONAL every pair": lambda: b.diagonal(True, False),
        "DIAGONAL every pair, control": lambda: b.diagonal(True, True),
        "BUTTERFLIES": lambda: b.butterflies(low, low + 1),
        "BUTTERFLIES far": lambda: b.butterflies(top, top - 1),
        "REORDER": b.reorder,
        "MATRIX 1 bit": lambda: b.matrix(1),
        "MATRIX 3 bits": lambda: b.matrix(3),
        "TABLE": b.table,
        "TRANSPOSE tiles": lambda: b.transpose(5, 0),
        "TRANSPOSE lanes and tiles": lambda: b.transpose(5, 1),
        "STRINGS 1": lambda: b.strings(1),
        "STRINGS 100": lambda: b.strings(STRINGS),
    }
    named = {name.split()[0] for name in calls}
    for number, known in enumerate(isa.INSTRUCTIONS):
        if known.name not in named:
            calls[known.name] = partial(b.row, number, low, top, registers=np.ones(2 * b.lanes))
    return calls


ROW_NAMES = tuple(build_row_calls(Block(8, np.float64)))
