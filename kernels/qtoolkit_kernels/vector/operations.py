"""Gates as the rows and registers that `block` runs, for one vector width and precision."""

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from qtoolkit_kernels.vector import block as opcodes

__all__ = ["OperationList", "Phases", "aligned_zeros"]

ALIGNMENT = 1 << 21
"""Huge pages begin at multiples of this many bytes."""


def aligned_zeros(size: int, dtype: DTypeLike) -> NDArray[np.floating]:
    """An array of zeros that begins at the start of a register, a cache line and a huge page."""
    itemsize = np.dtype(dtype).itemsize
    raw = np.zeros(size * itemsize + ALIGNMENT, np.uint8)
    first = -raw.ctypes.data % ALIGNMENT
    return raw[first : first + size * itemsize].view(dtype)


class Phases:
    """Factors quadratic in the bits of the index: ``c · Π_i l_i^{x_i} · Π_{i<j} p_ij^{x_i x_j}``.

    Attributes:
        constant: c.
        linear: l by index bit, complex128[n].
        pairs: p by two index bits, complex128[n, n], symmetric, its diagonal unused.
        control: an index bit that must be set for the factors to apply, or -1; never one of the low table's bits.
    """

    def __init__(self, num_bits: int, constant: complex = 1.0, control: int = -1) -> None:
        self.constant = constant
        self.linear = np.ones(num_bits, np.complex128)
        self.pairs = np.ones((num_bits, num_bits), np.complex128)
        self.control = control


class OperationList:
    """Collects the operations of consecutive sweeps.

    Positions count the bits of a block, lowest first; the lowest `lane_bits` of them lie inside a register. Outer
    controls are masks of index bits outside the block.

    Args:
        dtype: float64 or float32.
        vector_bytes: 64, 32 or 16.
        num_bits: bits of the whole index.
    """

    def __init__(self, dtype: DTypeLike, vector_bytes: int, num_bits: int) -> None:
        self.dtype = np.dtype(dtype)
        self.num_lanes = vector_bytes // self.dtype.itemsize
        self.lane_bits = self.num_lanes.bit_length() - 1
        self.num_bits = num_bits
        self._rows: list[list[int]] = []
        self._registers: list[NDArray[np.float64]] = []
        self._size = 0
        self._phases: list[Phases] = []
        self._starts = [0]

    def rotate(self, angles: dict[int, float]) -> float:
        """Rotations ``[[cos, -sin], [sin, cos]]`` by angles within [0, π/2] on several positions.

        Return the factor that the tile bits leave out: the larger of cosine and sine of each.
        """
        scale = 1.0
        lanes: dict[int, float] = {}
        groups: tuple[list[tuple[int, float]], list[tuple[int, float]]] = ([], [])
        for position, angle in sorted(angles.items()):
            cosine, sine = np.cos(angle), np.sin(angle)
            if position < self.lane_bits:
                lanes[position] = angle
                continue
            steep = int(sine > cosine)
            groups[steep].append((position, cosine / sine if steep else sine / cosine))
            scale *= max(cosine, sine)
        if lanes:
            lane = np.arange(self.num_lanes)
            registers = []
            for k in range(self.lane_bits):
                cosine, sine = np.cos(lanes.get(k, 0.0)), np.sin(lanes.get(k, 0.0))
                registers += [np.full(self.num_lanes, cosine), np.where(lane >> k & 1, sine, -sine)]
            self._add(opcodes.ROTATE_LANES, (), start=self._put(np.concatenate(registers)))
        for steep, group in enumerate(groups):
            for first in range(0, len(group), 4):
                part = group[first : first + 4]
                start = self._put([tangent for _, tangent in part])
                self._add(opcodes.ROTATE, tuple(p for p, _ in part), count=len(part), steep=steep, start=start)
        return scale

    def dense(self, matrix: ArrayLike, low: int, high: int) -> None:
        """A complex 4x4 matrix on positions ``low < high``; `low` is the low bit of its index."""
        m = np.asarray(matrix, np.complex128)
        lane = np.arange(self.num_lanes)
        if low >= self.lane_bits:
            packed = np.stack([m.real, m.imag], axis=-1)
        elif high >= self.lane_bits:
            packed = np.empty((2, 2, 2, 2, self.num_lanes))
            here = lane >> low & 1
            for i, j, exchanged in np.ndindex(2, 2, 2):
                entry = m[2 * i + here, 2 * j + (here ^ exchanged)]
                packed[i, j, exchanged] = entry.real, entry.imag
        else:
            packed = np.empty((4, 2, self.num_lanes))
            here = (lane >> high & 1) << 1 | (lane >> low & 1)
            for d in range(4):
                entry = m[here, here ^ d]
                packed[d] = entry.real, entry.imag
        self._add(opcodes.DENSE, (low, high), start=self._put(packed))

    def exchange(self, target: int, control: int = -1, outer: int = 0) -> None:
        """X on a position, controlled by another (-1 for none) and by index bits outside the block."""
        chosen, mask = self._condition(() if control < 0 else (control,))
        self._add(opcodes.EXCHANGE, (target,), start=self._put(chosen.astype(float)), mask=mask, outer=outer)

    def swap(self, low: int, high: int) -> None:
        """Exchange two positions."""
        if min(low, high) >= self.lane_bits:
            self._add(opcodes.SWAP, (min(low, high), max(low, high)), start=self._put(np.ones(self.num_lanes)))
            return
        for control, target in ((low, high), (high, low), (low, high)):
            self.exchange(target, control)

    def phase(self, factor: complex, controls: tuple[int, ...], outer: int = 0) -> None:
        """Multiply the amplitudes whose `controls` and outer bits are all set."""
        chosen, mask = self._condition(controls)
        register = np.where(chosen, factor, 1.0 + 0.0j)
        start = self._put(np.concatenate([register.real, register.imag]))
        self._add(opcodes.PHASE, (), start=start, mask=mask, outer=outer)

    def phases(self, phases: Phases) -> None:
        """Factors quadratic in the bits of the whole index."""
        self._phases.append(phases)
        self._add(opcodes.DIAGONAL, (), start=len(self._phases) - 1)

    def end_sweep(self) -> None:
        """What follows belongs to the next sweep."""
        self._starts.append(len(self._rows))

    @property
    def operation_start(self) -> NDArray[np.int64]:
        """First operation of each sweep, and the end: int64[sweeps + 1]."""
        return np.array(self._starts, np.int64)

    @property
    def operations(self) -> NDArray[np.int64]:
        """The rows: int64[operations, 10]."""
        return np.array(self._rows, np.int64).reshape(-1, opcodes.ROW)

    @property
    def coefficients(self) -> NDArray[np.floating]:
        """The registers, aligned, in the state's precision."""
        packed = aligned_zeros(max(self._size, self.num_lanes), self.dtype)
        if self._registers:
            packed[:] = np.concatenate(self._registers)
        return packed

    @property
    def phase_arrays(self) -> tuple[NDArray[np.complex128], NDArray[np.complex128], NDArray[np.complex128], NDArray]:
        """Constants, linear factors, pair factors and controls of all `phases`, stacked."""
        n = self.num_bits
        return (
            np.array([p.constant for p in self._phases], np.complex128),
            np.array([p.linear for p in self._phases], np.complex128).reshape(-1, n),
            np.array([p.pairs for p in self._phases], np.complex128).reshape(-1, n, n),
            np.array([p.control for p in self._phases], np.int64),
        )

    def scratch(self, block_bits: int, low_bits: int, parts: int) -> NDArray[np.floating]:
        """Working space: for each part a block and the tables of a sweep's phases."""
        is_phases = self.operations[:, 0] == opcodes.DIAGONAL
        bounds = zip(self._starts[:-1], self._starts[1:], strict=True)
        most = max((int(is_phases[first:last].sum()) for first, last in bounds), default=0)
        size = (2 << block_bits) + (2 << low_bits) * (1 + most * (1 + block_bits - low_bits))
        size += -size % self.num_lanes
        return aligned_zeros(parts * size, self.dtype).reshape(parts, size)

    def _condition(self, controls: tuple[int, ...]) -> tuple[NDArray[np.bool_], int]:
        """The lanes where the controls inside a register are set, and the tile bits of the others."""
        lanes = sum(1 << p for p in controls if p < self.lane_bits)
        mask = sum(1 << (p - self.lane_bits) for p in controls if p >= self.lane_bits)
        return np.arange(self.num_lanes) & lanes == lanes, mask

    def _add(
        self, opcode: int, positions: tuple[int, ...], *, count: int = 0, steep: int = 0, start: int = 0, mask: int = 0,
        outer: int = 0,
    ) -> None:  # fmt: skip
        padded = [*positions, 0, 0, 0, 0][:4]
        self._rows.append([opcode, *padded, count, steep, start, mask, outer])

    def _put(self, values: ArrayLike) -> int:
        """Store registers and return where they start."""
        flat = np.asarray(values, np.float64).ravel()
        flat = np.pad(flat, (0, -flat.size % self.num_lanes))
        self._registers.append(flat)
        self._size += flat.size
        return self._size - flat.size
