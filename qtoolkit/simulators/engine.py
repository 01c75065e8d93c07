"""Runs programs on state vectors: the one place that hands arrays to the gate kernels."""

from __future__ import annotations

import cmath
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import NamedTuple, TypeAlias, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from qtoolkit._cores import num_cores
from qtoolkit._memory import ALWAYS_THERE, check_memory, reserve_more, reserved, unreserved
from qtoolkit.compiler import GatePart, Key, Layout, Opcode, Part, Program, SweepPart, plan_sweeps
from qtoolkit.errors import InsufficientMemoryError
from qtoolkit.simulators import measure
from qtoolkit.simulators.bind import bind
from qtoolkit.simulators.memory import ThreadArrays, aligned_empty, idle_remedy, is_aligned, set_to_zero_state
from qtoolkit.simulators.numbers import numbers_of, unfilled_numbers
from qtoolkit.simulators.options import dtype_of, threads_of
from qtoolkit.simulators.recycling import recycled_empty
from qtoolkit.simulators.small.keys import REPEATED, SMALL
from qtoolkit.simulators.small.ready import NO_COUNTERS, READY, ReadyRun, ready_run
from qtoolkit.simulators.small.ready_phases import phases_by_tile
from qtoolkit_kernels import program as gate_kernels
from qtoolkit_kernels._jit import compile_ahead, entry_of, is_at_hand
from qtoolkit_kernels._room import refuse_with
from qtoolkit_kernels.team import Team, check_stop
from qtoolkit_kernels.threads import counters
from qtoolkit_kernels.vector import sweep as kernels
from qtoolkit_kernels.vector.cut import Cut
from qtoolkit_kernels.vector.lanes import Lanes, native_vector_bytes
from qtoolkit_kernels.vector.plan import Numbers

__all__ = ["Engine", "StateArray"]

StateArray = NDArray[np.complex128] | NDArray[np.complex64]

PARALLEL_QUBITS = 15
"""From this size on, a gate outside the vector kernels' set is worth waking threads for."""

SHARED_VISITS = 3 << 18
"""Amplitudes times operations, half a nanosecond each at worst, from which it is worth waking threads for sweeps."""

SWEEP_ROWS = 3
"""Operations that take as long as a pass over memory."""

DEEP_ROWS = 1 << 11
"""Operations in single precision, each of which may move the norm by 1e-8 and all of them the same way, after which it
is worth another pass to set it right."""

LONG_VISITS = 1 << 28
"""Amplitudes times operations for each thread, from which a run takes so long that a signal must be able to end it."""

LONG_PRODUCTS = 1 << 27
"""Amplitudes times columns of a matrix, a nanosecond each, from which a gate outside the sweeps takes as long."""

READY_QUBITS = 9
"""Up to this size, what Python does around a run takes longer than the run."""

SMALL_QUBITS = 12
"""Up to this size, asking for memory takes longer than it is worth."""

refuse_with(InsufficientMemoryError)

_teams: dict[int, Team] = {}
_own = ThreadArrays()

USUAL, SELDOM, RARE = range(3)
"""Of which rows a kernel has the code: more takes longer to compile."""

_codes: dict[tuple[str, int], int] = {}
"""By the kind of an engine and the code that is needed: that of the kernel, which may have more if it is there."""

_foreseen: set[tuple[str, int]] = set()
"""Kinds of engines, and code, whose kernel this process has or another one compiles."""


class _Sweeps(NamedTuple):
    """Sweeps with their numbers: the kernel, given all but working memory, state, counters and thread."""

    part: SweepPart
    numbers: Numbers
    enter: partial[None]
    num_counters: int
    num_threads: int
    long: bool
    scratch_size: int


class _Gate(NamedTuple):
    """One gate to run on the whole state."""

    program: Program
    coefficients: NDArray[np.complex128]
    operation: int


class _Phase(NamedTuple):
    """A factor of the whole state."""

    factor: complex


_Bound: TypeAlias = tuple[NDArray[np.complex128], NDArray[np.float64]]
_Call: TypeAlias = _Sweeps | _Gate | _Phase

_CALLS: Key[list[_Call]] = Key(__name__, "_CALLS")
"""At a kind of engine, the amplitudes of a state, and whether it counts as ``|0…0⟩``: a program without parameters."""


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
        self.precision = precision
        self.dtype = dtype_of(precision)
        self.num_threads = threads_of(num_threads)
        self.vector_bytes = native_vector_bytes() if vector_bytes is None else vector_bytes
        self.shared_visits = SHARED_VISITS
        self._kind = f"{precision}, {self.vector_bytes}, {self.num_threads}"
        self.ready_key = READY.at(self._kind)
        self.small_key = SMALL.at(precision, self.vector_bytes)
        self.value_key = REPEATED.at(precision, self.vector_bytes)
        self._least_size = 4 * self.vector_bytes // self.dtype.itemsize
        self.real: np.dtype[np.floating] = np.dtype(np.float64 if precision == "double" else np.float32)
        """Of the real and imaginary parts."""

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
        return cast(StateArray, recycled_empty(1 << num_qubits, self.dtype))

    def final_state(
        self, program: Program, values: NDArray[np.float64], num_qubits: int, passing: bool = False
    ) -> StateArray:
        """The state at the end of a program that starts from ``|0…0⟩``.

        Args:
            program: the gates.
            values: parameter values.
            num_qubits: of the circuit.
            passing: whether nobody keeps it; memory for small ones is then used again and again.

        Raises:
            InsufficientMemoryError: if the machine has not enough free memory.
        """
        kept = program.kept
        if num_qubits <= READY_QUBITS and self.ready_key not in kept:
            # Values without effect are asked for all the same, which a ready run does not.
            is_bound = not program.groups and not program.slots.slot.size and not values.size
            kept[self.ready_key] = self._ready_run(program, values, num_qubits) if is_bound else None
        ready = kept.get(self.ready_key)
        if ready is not None:
            return ready()
        state = self._passing_state(num_qubits) if passing else self.empty_state(num_qubits)
        self.run(program, values, state, fresh=True)
        return state

    def _ready_run(self, program: Program, values: NDArray[np.float64], num_qubits: int) -> ReadyRun | None:
        """A run of a program without parameters, if it is one call."""
        size = max(1 << num_qubits, self._least_size)
        calls = self._calls(program, values, size, True, None)
        call = calls[0] if len(calls) == 1 else None
        if not isinstance(call, _Sweeps) or call.num_threads > 1 or call.long or self.drifts(_num_rows(calls)):
            return None
        scratch = self.scratch(1, call.scratch_size, self.real)
        state = cast(StateArray, np.empty(size, self.dtype))
        part, numbers = phases_by_tile(call.part, call.numbers)
        arguments = self._entrance(part, numbers, kernels.ZERO_STATE, self._code(call.part)).args
        enter, fixed = entry_of(kernels.run_sweeps, *arguments, scratch, state, NO_COUNTERS, 0)
        return ready_run(partial(enter, *fixed[:-4]), num_qubits, size, self.dtype, call.scratch_size, self.real)

    def _passing_state(self, num_qubits: int) -> StateArray:
        """Memory as of `empty_state` for a state that nobody keeps."""
        if num_qubits > SMALL_QUBITS:
            return self.empty_state(num_qubits)
        kept = _own.kept
        key = (self.precision, num_qubits)
        state = kept.get(key)
        if state is None:
            state = kept[key] = self.empty_state(num_qubits)
        return cast(StateArray, state)

    def check_memory(self, num_qubits: int, idle: int = 0) -> None:
        """Refuse a state that memory cannot hold, before anything is allocated.

        Args:
            num_qubits: size of the state.
            idle: how many of them are idle.

        Raises:
            InsufficientMemoryError: with the bytes needed and the bytes free.
        """
        needed = self.dtype.itemsize << num_qubits
        if needed > ALWAYS_THERE:
            what, remedy = self._names(num_qubits, 1, "")
            check_memory(needed, what, idle_remedy(idle) if idle else remedy)

    def reserved(
        self, num_qubits: int, needed: int, *, states: int = 1, beside: str = "", kept: int = 0
    ) -> AbstractContextManager[None]:
        """Keep memory for a run while it lasts.

        Args:
            num_qubits: size of a state.
            needed: bytes at the peak, as of `qtoolkit._needs`.
            states: how many states that is, for the message.
            beside: what it is beside them, for the message.
            kept: bytes of the result.

        Raises:
            InsufficientMemoryError: with the bytes needed and the bytes free.
        """
        if needed <= ALWAYS_THERE:
            return unreserved
        return reserved(needed, *self._names(num_qubits, states, beside), kept)

    def reserve_state(self, num_qubits: int) -> None:
        """Add a state to what the calling thread's run has reserved.

        Raises:
            InsufficientMemoryError: with the bytes needed and the bytes free.
        """
        reserve_more(self.dtype.itemsize << num_qubits, *self._names(num_qubits, 1, ""))

    def _names(self, num_qubits: int, states: int, beside: str) -> tuple[str, str]:
        """What is needed and what to do, in words."""
        what = f"a {self.precision}-precision state of {num_qubits} qubits{beside}"
        remedy = "use fewer qubits" + (' or precision="single"' if self.precision == "double" else "")
        return what if states == 1 else f"{states} times {what}", remedy

    def copy_of(self, state: NDArray[np.generic], num_qubits: int) -> StateArray:
        """A copy of a given state in this precision, of shape ``(2**num_qubits,)``."""
        copied = self.empty_state(num_qubits)
        copied[:] = state
        return copied

    def layout(self, num_qubits: int) -> Layout:
        """How states of this many qubits are cut."""
        return Layout.of(num_qubits, self.dtype.itemsize, self.vector_bytes)

    def cut(self, layout: Layout) -> Cut:
        """The same as kernels take it."""
        return Cut(Lanes(self.vector_bytes), layout.block_bits, layout.chunk_bits, layout.low_bits)

    def run(
        self,
        program: Program,
        values: NDArray[np.float64],
        state: StateArray,
        fresh: bool = False,
        bound: _Bound | None = None,
        forward_only: bool = True,
    ) -> None:
        """Run a program on a state in place, its global phase included.

        Args:
            program: the gates.
            values: parameter values.
            state: shape ``(2**num_qubits,)``.
            fresh: whether the state counts as ``|0…0⟩``, whatever it holds.
            bound: what `bind` makes of the program and the values, if it is known.
            forward_only: whether on the plan that is only run, not on that which can be taken back.

        Raises:
            StoppedError: if the calling thread's `Stop` is set.
        """
        check_stop()
        calls = self._calls(program, values, state.size, fresh, bound, forward_only)
        work = state if state.size >= self._least_size else self.workspace(state, fresh)
        if fresh and not (calls and isinstance(calls[0], _Sweeps)):
            set_to_zero_state(work)
        norm_before = 0.0
        if self.precision == "single" and self.drifts(_num_rows(calls)):
            norm_before = 1.0 if fresh else measure.norm_squared(work, self.team)
        for call in calls:
            if isinstance(call, _Sweeps):
                self._sweep(call, work)
            elif isinstance(call, _Gate):
                self.run_gates(call.program, call.coefficients, work, call.operation, call.operation + 1)
            else:
                np.multiply(work, call.factor, out=work, casting="same_kind")
        if norm_before > 0.0:
            norm = measure.norm_squared(work, self.team)
            np.multiply(work, np.sqrt(norm_before / norm), out=work, casting="same_kind")
        if work is not state:
            state[:] = work[: state.size]

    def drifts(self, num_rows: int) -> bool:
        """Whether so many operations, in single precision, may move the norm by more than is worth a look."""
        return num_rows > DEEP_ROWS and self.precision == "single"

    def run_gates(
        self, program: Program, coefficients: NDArray[np.complex128], state: StateArray, first: int, last: int
    ) -> None:
        """Run operations ``first <= i < last`` of a program on a state, gate by gate, in place."""
        arrays = (
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
        )
        shared = self.num_threads > 1 and state.size >= 1 << PARALLEL_QUBITS
        if not shared and state.size * state.size * (last - first) <= LONG_PRODUCTS:
            gate_kernels.run_program(*arrays, first, last)  # no gate has more columns than the state entries
            return
        for operation in range(first, last):
            columns, opcode = 1, program.opcodes[operation]
            targets = int(program.qubit_start[operation + 1] - program.qubit_start[operation])
            if opcode in (Opcode.DENSE_KQ, Opcode.COMPLETE_XY):
                columns = 1 << targets if opcode == Opcode.DENSE_KQ else targets
            long = state.size * columns >= LONG_PRODUCTS
            if shared or long:
                threads = None if shared else 1
                self.team.run(
                    gate_kernels.run_operation, *arrays, operation, counters(2), num_threads=threads, long=long
                )
            else:
                gate_kernels.run_program(*arrays, operation, operation + 1)

    def workspace(self, state: StateArray, fresh: bool = False) -> StateArray:
        """The state itself, or where it is too small or not aligned, a copy."""
        size = max(state.size, self._least_size)
        if state.size == size and is_aligned(state):
            return state
        work = cast(StateArray, aligned_empty(size, self.dtype))
        if not fresh:
            work[: state.size] = state
            work[state.size :] = 0.0
        return work

    def _calls(
        self,
        program: Program,
        values: NDArray[np.float64],
        size: int,
        fresh: bool,
        bound: _Bound | None,
        forward_only: bool = True,
    ) -> list[_Call]:
        """What to run, in order; kept where no parameter enters."""
        if program.groups or program.slots.slot.size:
            return self._bound_calls(program, values, size, fresh, bound, forward_only)
        key = _CALLS.at(self._kind, size, fresh, forward_only)
        calls = program.kept.get(key)
        if calls is None:
            calls = program.kept[key] = self._bound_calls(program, values, size, fresh, bound, forward_only)
        return calls

    def _bound_calls(
        self,
        program: Program,
        values: NDArray[np.float64],
        size: int,
        fresh: bool,
        bound: _Bound | None,
        forward_only: bool,
    ) -> list[_Call]:
        parts = plan_sweeps(program, self.layout(size.bit_length() - 1), fresh, forward_only)
        self._compile_ahead(parts)
        coefficients, angles = bound or bind(program, values)
        phase = cmath.rect(1.0, angles[program.phase_slot])
        calls: list[_Call] = []
        for part in parts:
            if isinstance(part, GatePart):
                calls.append(_Gate(program, coefficients, part.operation))
                continue
            numbers = numbers_of(part, coefficients, self.real, phase)
            if part.num_sweeps:
                source = kernels.ZERO_STATE if fresh and not calls else kernels.COMPLEX
                calls.append(self._sweeps(part, numbers, source))
                phase = 1.0
            else:
                # Gates that come to a multiple of the identity leave that multiple.
                phase = numbers.factor
        if phase != 1.0:
            calls.append(_Phase(phase))
        return calls

    def _compile_ahead(self, parts: Sequence[Part]) -> None:
        """Have the longest kernel compiled, if it must be, while this process compiles those that come before it.

        On a second core; where there is none, two processes would only share the first.
        """
        part = next((part for part in parts if isinstance(part, SweepPart) and part.num_sweeps), None)
        if part is None:
            return
        foreseen = self._kind, self._code(part)
        if foreseen not in _foreseen and num_cores() > 1:
            _foreseen.add(foreseen)
            compile_ahead(kernels.run_sweeps, *self._example(part, foreseen[1]))

    def _code(self, part: SweepPart) -> int:
        """The code that the kernel of a part has: what it needs, or more if only that is compiled already."""
        needed = RARE if part.has_rare_rows else SELDOM if part.has_seldom_rows else USUAL
        key = self._kind, needed
        if key not in _codes:
            at_hand = (c for c in range(needed, RARE + 1) if is_at_hand(kernels.run_sweeps, *self._example(part, c)))
            _codes[key] = next(at_hand, needed)
        return _codes[key]

    def _example(self, part: SweepPart, code: int) -> tuple[object, ...]:
        """Arguments of the kernel's kinds."""
        enter = self._entrance(part, unfilled_numbers(part, self.real), kernels.ZERO_STATE, code)
        return *enter.args, np.empty((1, 1), self.real), np.empty(1, self.dtype), NO_COUNTERS, 0

    def _spare_size(self, code: int) -> int | None:
        return kernels.spare_size(self.vector_bytes, self.real.itemsize) if code == RARE else None

    def _entrance(self, part: SweepPart, numbers: Numbers, source: int, code: int) -> partial[None]:
        """The kernel, given all that belongs to the program."""
        cut, seldom, spare = self.cut(part.layout), None if code == USUAL else True, self._spare_size(code)
        return partial(kernels.run_sweeps, cut, part.bits, part.operation_start, numbers, source, seldom, spare)

    def _sweeps(self, part: SweepPart, numbers: Numbers, source: int) -> _Sweeps:
        layout = part.layout
        size = kernels.scratch_size(
            layout.block_bits, layout.low_bits, part.most_diagonals, self.vector_bytes, self.real.itemsize
        )
        # From |0…0⟩ the first sweep works on one block only.
        rows = len(part.operations) - int(part.operation_start[1] if source == kernels.ZERO_STATE else 0)
        visits = (rows + SWEEP_ROWS * part.num_sweeps) << layout.num_bits
        blocks = 1 << (layout.num_bits - layout.block_bits)
        num_threads = min(self.num_threads, blocks) if visits >= self.shared_visits else 1
        long = visits >= LONG_VISITS * num_threads
        code = self._code(part)
        enter = self._entrance(part, numbers, source, code)
        room = size + (self._spare_size(code) or 0)
        return _Sweeps(part, numbers, enter, 2 * part.num_sweeps, num_threads, long, room)

    def _sweep(self, call: _Sweeps, state: StateArray) -> None:
        scratch = self.scratch(call.num_threads, call.scratch_size, self.real, call.long)
        if call.num_threads == 1 and not call.long:
            call.enter(scratch, state, NO_COUNTERS, 0)
            return
        turns = counters(call.num_counters)
        self.team.run(call.enter, scratch, state, turns, num_threads=call.num_threads, long=call.long)

    def scratch(self, num_threads: int, size: int, dtype: DTypeLike, long: bool = False) -> NDArray[np.floating]:
        """Working memory for a block on each thread, in rows of `ThreadArrays`; valid until the next call.

        That of a `long` call is its own: handlers of signals, which may simulate as well, run while it does.
        """
        return cast("NDArray[np.floating]", (ThreadArrays() if long else _own).rows(num_threads, size, dtype))


def _num_rows(calls: Sequence[_Call]) -> int:
    return sum(len(call.part.operations) if isinstance(call, _Sweeps) else 1 for call in calls)
