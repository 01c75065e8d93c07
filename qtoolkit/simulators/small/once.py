"""The state of a circuit that is run for the first time, straight from its tape.

A run of four qubits takes a microsecond inside the kernel, as long as two calls of NumPy. So all that circuits of one
size have in common is made once and kept, and the run is a function with that in its closure.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import STANDARD_GATES, Barrier
from qtoolkit.circuit.annotations import ANNOTATIONS
from qtoolkit.circuit.tape import MEASURE, OTHER, WIDTH, Tape
from qtoolkit.simulators.engine import Engine, StateArray
from qtoolkit.simulators.memory import aligned_empty
from qtoolkit.simulators.small.lowering import NO_DETAILS, working_memory
from qtoolkit.simulators.small.recipes import standard_recipes
from qtoolkit_kernels._jit import entry_of
from qtoolkit_kernels._load import DECLINED
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.small import tape as kernels
from qtoolkit_kernels.vector.small.arrays import array_room

__all__ = ["Runner", "has_others_behind_measurements", "most_rows", "runner_of", "state_once"]

KEPT_STEPS = 1 << 14
"""Memory for so many, some 4 MiB, is kept for the next circuit of the same size; pages are taken when written to."""


class Runner(NamedTuple):
    """Runs circuits of one size that need no plan.

    Attributes:
        run: from a tape, which others may add to meanwhile, to its state; None for one that must be planned, or is
            longer than kept memory.
        run_long: from a tape that nobody adds to and its number of steps.
    """

    run: Callable[[Tape], StateArray | None]
    run_long: Callable[[Tape, int], StateArray | None]


_kept: dict[object, Runner] = {}


def runner_of(engine: Engine, num_qubits: int, has_arrays: bool) -> Runner:
    """Runs on so many qubits, with matrices and diagonals or without; the engine's precision and registers count."""
    key = engine.small_key, num_qubits, has_arrays
    try:
        return _kept[key]
    except KeyError:
        found = _kept[key] = _new_runner(engine, num_qubits, has_arrays)
        return found


def state_once(engine: Engine, tape: Tape, num_qubits: int) -> StateArray | None:
    """The state before the final measurements; None for a tape that must be planned.

    Args:
        engine: whose precision and registers count.
        tape: of any circuit, which nobody adds to.
        num_qubits: of the circuit.
    """
    runner = runner_of(engine, num_qubits, len(tape.entries) > 0)
    if len(tape) <= most_rows(engine):
        return runner.run(tape)
    num_steps = standard_recipes().count(tape.rows())
    return None if engine.drifts(num_steps) else runner.run_long(tape, num_steps)


def most_rows(engine: Engine) -> int:
    """How long the tapes are that run in kept memory, and need no counting of their steps."""
    most = KEPT_STEPS // standard_recipes().most_steps
    while engine.drifts(most * standard_recipes().most_steps):
        most //= 2
    return most


def _new_runner(engine: Engine, num_qubits: int, has_arrays: bool) -> Runner:
    dtype = np.dtype(engine.dtype.char)  # compiled code compares dtypes by identity, and declines others
    size = max(engine.vector_bytes // engine.real.itemsize, 1 << num_qubits)
    is_whole, most = size == 1 << num_qubits, WIDTH * most_rows(engine)
    empty, no_details = np.empty, NO_DETAILS  # names of their own are found sooner
    idle: list[tuple[Callable[..., Any], memoryview]] = []  # is taken from and put to in one step

    def run(tape: Tape) -> StateArray | None:
        words = tape.words
        length = len(words)
        if length > most:
            return None
        try:
            lent = idle.pop()
        except IndexError:
            rows = np.empty(most)
            lent = _entry(engine, KEPT_STEPS, size, rows, has_arrays), rows.data
        enter, row_view = lent
        try:
            row_view[:length] = words
        except ValueError:  # it has grown
            return None
        state = empty(size, dtype)
        written = enter(_details_of(tape) if tape.others else no_details, length // WIDTH, state)
        idle.append(lent)
        if written is DECLINED or not written:
            return None
        return state if is_whole else state[: 1 << num_qubits]

    def run_long(tape: Tape, num_steps: int) -> StateArray | None:
        state = empty(size, dtype)
        enter = _entry(engine, num_steps, size, np.array(tape.words), has_arrays)
        written = enter(_details_of(tape), len(tape), state)
        return None if written is DECLINED or not written else state[: 1 << num_qubits]

    return Runner(run, run_long)


def _details_of(tape: Tape) -> kernels.Details:
    if not tape.others:
        return NO_DETAILS
    entries = tape.entries[:]
    return kernels.Details(np.frombuffer(tape.details[:]), np.frombuffer(entries) if entries else NO_DETAILS.entries)


def _entry(
    engine: Engine, num_steps: int, size: int, rows: NDArray[np.float64], has_arrays: bool
) -> Callable[..., Any]:
    """The kernel with memory of its own and what will hold the rows, given all but details, length and state."""
    real = np.dtype(engine.real.char)  # compiled code compares dtypes by identity
    data = aligned_empty(2 * size, real)
    room = aligned_empty(array_room(engine.vector_bytes // real.itemsize), real) if has_arrays else None
    memory = working_memory(engine, num_steps)
    given = Lanes(engine.vector_bytes), len(STANDARD_GATES), memory, data, room, standard_recipes().arrays, rows
    entry, arguments = entry_of(kernels.run_tape, *given, NO_DETAILS, 0, np.empty(size, np.dtype(engine.dtype.char)))
    return partial(entry, *arguments[: len(given)])


def has_others_behind_measurements(tape: Tape) -> bool:
    """Whether more than standard gates, barriers and annotations follow a measurement.

    The qubits of those alone tell if it is final.
    """
    if not tape.others:
        return False
    rows = tape.rows()
    measured = np.flatnonzero(rows[:, 0] == MEASURE)
    if not measured.size:
        return False
    behind = rows[measured[0] :]
    places = behind[behind[:, 0] == OTHER, 1].astype(np.int64).tolist()
    return not all(isinstance(tape.others[place].gate, (Barrier, *ANNOTATIONS)) for place in places)
