"""Runs programs on state vectors: the one place that hands arrays to the gate kernels."""

from __future__ import annotations

import os
import threading
import weakref
from typing import cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from qtoolkit._memory import check_memory
from qtoolkit.compiler import GatePart, Layout, Program, SweepPart, plan_sweeps, with_constants
from qtoolkit.errors import InputError
from qtoolkit.simulators.memory import aligned_empty, is_aligned
from qtoolkit.simulators.numbers import Numbers, numbers_of
from qtoolkit_kernels import program as gate_kernels
from qtoolkit_kernels.threads import Team, counters
from qtoolkit_kernels.vector import sweep as kernels
from qtoolkit_kernels.vector.lanes import Lanes, native_vector_bytes

__all__ = ["Engine", "StateArray"]

StateArray = NDArray[np.complex128] | NDArray[np.complex64]

_teams: dict[int, Team] = {}
_own = threading.local()
_fixed_numbers: weakref.WeakKeyDictionary[SweepPart, Numbers] = weakref.WeakKeyDictionary()
"""Numbers of parts that no parameter changes; a part belongs to one precision."""


class Engine:
    """Allocates states and runs programs in one precision.

    Args:
        precision: ``"double"`` (complex128) or ``"single"`` (complex64).
        num_threads: 1 to the number of cores; None for all of them.
        vector_bytes: width of vector registers: 64, 32 or 16; None for the machine's.

    Raises:
        InputError: for another precision or number of threads.
    """

    def __init__(self, precision: str, num_threads: int | None, vector_bytes: int | None = None) -> None:
        dtypes: dict[str, DTypeLike] = {"double": np.complex128, "single": np.complex64}
        if not isinstance(precision, str) or precision not in dtypes:
            raise InputError(f'precision is "double" or "single", got {precision!r}')
        most = _num_cores()
        if num_threads is not None and (not isinstance(num_threads, int | np.integer) or not 1 <= num_threads <= most):
            raise InputError(f"num_threads is 1 to {most} on this machine, got {num_threads!r}; None uses all")
        self.precision = precision
        self.dtype = np.dtype(dtypes[precision])
        self.num_threads = most if num_threads is None else int(num_threads)
        self.vector_bytes = native_vector_bytes() if vector_bytes is None else vector_bytes

    @property
    def team(self) -> Team:
        """The threads of this engine."""
        if self.num_threads not in _teams:
            _teams[self.num_threads] = Team(self.num_threads)
        return _teams[self.num_threads]

    def empty_state(self, num_qubits: int) -> StateArray:
        """Memory for a state, not initialised.

        Raises:
            InsufficientMemoryError: if the machine has not enough free memory.
        """
        self.check_memory(num_qubits)
        return cast(StateArray, aligned_empty(1 << num_qubits, self.dtype))

    def zero_state(self, num_qubits: int) -> StateArray:
        """``|0…0⟩``.

        Raises:
            InsufficientMemoryError: if the machine has not enough free memory.
        """
        state = self.empty_state(num_qubits)
        state[:] = 0.0
        state[0] = 1.0
        return state

    def check_memory(self, num_qubits: int, states: int = 1, probabilities: int = 0) -> None:
        """Refuse sizes that memory cannot hold, before anything is allocated.

        Args:
            num_qubits: size of a state.
            states: how many are needed at once.
            probabilities: how many float64 numbers are needed beside them.

        Raises:
            InsufficientMemoryError: with the bytes needed and the bytes free.
        """
        remedy = "use fewer qubits" + (' or precision="single"' if self.precision == "double" else "")
        what = f"a {self.precision}-precision state of {num_qubits} qubits"
        if states > 1:
            what = f"{states} times {what}"
        if probabilities:
            what += " with its probabilities"
        check_memory(states * (self.dtype.itemsize << num_qubits) + 8 * probabilities, what, remedy)

    def copy_of(self, state: NDArray[np.generic], num_qubits: int) -> StateArray:
        """A copy of a given state in this precision, of shape ``(2**num_qubits,)``."""
        copied = self.empty_state(num_qubits)
        copied[:] = state
        return copied

    def layout(self, num_qubits: int) -> Layout:
        """How states of this many qubits are cut."""
        return Layout.of(num_qubits, self.dtype.itemsize, self.vector_bytes)

    def run(self, program: Program, values: NDArray[np.float64], state: StateArray, fresh: bool = False) -> None:
        """Run a program on a state in place, its global phase included.

        Args:
            program: the gates.
            values: parameter values.
            state: shape ``(2**num_qubits,)``.
            fresh: whether the state counts as ``|0…0⟩``, whatever it holds.
        """
        layout = self.layout(state.size.bit_length() - 1)
        parts = plan_sweeps(program, layout, fresh)
        coefficients, angles = program.bind(values)
        extended = with_constants(coefficients)
        phase = complex(np.exp(1j * angles[program.phase_slot]))
        work = self._workspace(state, layout, fresh)
        for part in parts:
            if isinstance(part, GatePart):
                if fresh:
                    work[:] = 0.0
                    work[0] = 1.0
                gate = part.operation
                self.run_gates(program, coefficients, work, gate, gate + 1)
            else:
                self._sweep(part, self._numbers(program, part, extended), phase, work, fresh)
                phase = 1.0
            fresh = False
        if phase != 1.0:
            np.multiply(work, phase, out=work, casting="same_kind")
        if work is not state:
            state[:] = work[: state.size]

    def run_gates(
        self, program: Program, coefficients: NDArray[np.complex128], state: StateArray, first: int, last: int
    ) -> None:
        """Run operations ``first <= i < last`` of a program on a state, gate by gate, in place."""
        gate_kernels.run_program(
            state,
            program.opcodes,
            program.qubits,
            program.qubit_start,
            program.control_masks,
            program.control_values,
            coefficients.astype(self.dtype, copy=False),
            program.coefficient_start,
            program.table,
            program.table_start,
            first,
            last,
        )

    def _workspace(self, state: StateArray, layout: Layout, fresh: bool) -> StateArray:
        """The state itself, or where it is too small or not aligned, a copy that suits the kernels."""
        if state.size == 1 << layout.num_bits and is_aligned(state):
            return state
        work = cast(StateArray, aligned_empty(1 << layout.num_bits, self.dtype))
        if not fresh:
            work[: state.size] = state
            work[state.size :] = 0.0
        return work

    def _numbers(self, program: Program, part: SweepPart, coefficients: NDArray[np.complex128]) -> Numbers:
        real = np.float64 if self.precision == "double" else np.float32
        if program.groups:
            return numbers_of(part, coefficients, real)
        numbers = _fixed_numbers.get(part)
        if numbers is None:
            numbers = _fixed_numbers[part] = numbers_of(part, coefficients, real)
        return numbers

    def _sweep(self, part: SweepPart, numbers: Numbers, phase: complex, state: StateArray, fresh: bool) -> None:
        layout = part.layout
        if part.num_sweeps == 0:
            if fresh:
                state[:] = 0.0
                state[0] = 1.0
            if phase != 1.0:
                np.multiply(state, phase, out=state, casting="same_kind")
            return
        blocks = 1 << (layout.num_bits - layout.block_bits)
        num_threads = min(self.num_threads, blocks)
        arguments = (
            state.view(numbers.registers.dtype),
            _lanes(self.vector_bytes),
            layout.block_bits,
            layout.chunk_bits,
            layout.low_bits,
            part.bits,
            part.operation_start,
            numbers.operations,
            numbers.registers,
            numbers.constants,
            numbers.linear,
            numbers.pairs,
            part.controls,
            self._scratch(part, num_threads, numbers.registers.dtype),
            kernels.ZERO_STATE if fresh else kernels.COMPLEX,
            numbers.factor * phase,
            counters(2 * part.num_sweeps),
        )
        self.team.run(kernels.run_sweeps, *arguments, num_threads=num_threads)

    def _scratch(self, part: SweepPart, num_threads: int, dtype: np.dtype[np.floating]) -> NDArray[np.floating]:
        """Working memory for a block on each thread; kept for the next call from this Python thread."""
        layout = part.layout
        size = kernels.scratch_size(
            layout.block_bits, layout.low_bits, part.most_diagonals, self.vector_bytes, dtype.itemsize
        )
        kept: NDArray[np.uint8] | None = getattr(_own, "scratch", None)
        needed = num_threads * size * dtype.itemsize
        if kept is None or kept.size < needed:
            kept = _own.scratch = cast("NDArray[np.uint8]", aligned_empty(needed, np.uint8))
        return kept[:needed].view(dtype).reshape(num_threads, size)


def _lanes(vector_bytes: int) -> Lanes:
    return _LANES[vector_bytes]


_LANES = {nbytes: Lanes(nbytes) for nbytes in (64, 32, 16)}


def _num_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
