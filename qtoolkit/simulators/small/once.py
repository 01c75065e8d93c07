"""The state of a circuit that is run for the first time, straight from its tape."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import STANDARD_GATES, Barrier
from qtoolkit.circuit.tape import MEASURE, OTHER, WIDTH, Tape
from qtoolkit.simulators.engine import Engine, StateArray
from qtoolkit.simulators.memory import ThreadArrays, aligned_empty
from qtoolkit.simulators.small.lowering import working_memory
from qtoolkit.simulators.small.recipes import Recipes, recipes_with, standard_recipes
from qtoolkit_kernels._jit import entry_of
from qtoolkit_kernels._load import DECLINED
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.small import tape as kernels
from qtoolkit_kernels.vector.small.arrays import array_room

__all__ = ["has_others_behind_measurements", "state_of_gates", "state_once"]

KEPT_OPERATIONS = 1 << 14
"""Memory for no more than these, some 4 MiB, is kept for the calling thread's next circuit of the same size."""

_own = ThreadArrays()


def state_once(engine: Engine, tape: Tape, num_qubits: int) -> StateArray | None:
    """The state before the final measurements; None for a tape that must be planned.

    Args:
        engine: whose precision and registers count.
        tape: of any circuit, which nobody adds to.
        num_qubits: of the circuit.
    """
    if has_others_behind_measurements(tape):
        return None
    rows = tape.rows()
    return _state_of(engine, rows, num_qubits, recipes_with(tape.others) if tape.others else standard_recipes())


def state_of_gates(engine: Engine, words: array[float], num_qubits: int) -> StateArray | None:
    """The same for the rows of a tape without symbols and other operations, one after another."""
    rows = np.ndarray((len(words) // WIDTH, WIDTH), np.float64, words)
    return _state_of(engine, rows, num_qubits, standard_recipes())


def _state_of(engine: Engine, rows: NDArray[np.float64], num_qubits: int, recipes: Recipes) -> StateArray | None:
    most = recipes.count(rows)
    if engine.drifts(most):
        return None
    enter = _entry(engine, most, num_qubits, recipes)
    lanes = engine.vector_bytes // engine.real.itemsize
    dtype = np.dtype(engine.dtype.char)  # compiled code compares dtypes by identity, and declines others
    state = cast(StateArray, np.empty(max(lanes, 1 << num_qubits), dtype))
    written = enter(rows, state)
    if written is DECLINED or not written:
        return None
    return state if state.size == 1 << num_qubits else state[: 1 << num_qubits]


def has_others_behind_measurements(tape: Tape) -> bool:
    """Whether more than standard gates and barriers follow a measurement, whose qubits alone tell if it is final."""
    if not tape.others:
        return False
    rows = tape.rows()
    measured = np.flatnonzero(rows[:, 0] == MEASURE)
    if not measured.size:
        return False
    behind = rows[measured[0] :]
    places = behind[behind[:, 0] == OTHER, 1].astype(np.int64).tolist()
    return not all(isinstance(tape.others[place].gate, Barrier) for place in places)


class _Memory(NamedTuple):
    """What the kernel works in.

    Attributes:
        capacity: operations that it holds.
        enter: the kernel, given this memory.
    """

    capacity: int
    enter: Callable[..., Any]


def _entry(engine: Engine, most: int, num_qubits: int, recipes: Recipes) -> Callable[..., Any]:
    """The kernel with the calling thread's memory, and recipes."""
    kept: dict[Any, Any] = _own.kept
    has_arrays = recipes.arrays.entries.size > 0
    key = engine.small_key, num_qubits, has_arrays
    memory: _Memory | None = kept.get(key)
    if memory is None or memory.capacity < most:
        memory = _new_memory(engine, most + most // 2, num_qubits, has_arrays)
        if most <= KEPT_OPERATIONS:
            kept[key] = memory
    return partial(memory.enter, recipes.arrays)


def _new_memory(engine: Engine, capacity: int, num_qubits: int, has_arrays: bool) -> _Memory:
    real = np.dtype(engine.real.char)  # compiled code compares dtypes by identity
    size = max(engine.vector_bytes // real.itemsize, 1 << num_qubits)
    data = aligned_empty(2 * size, real)
    room = aligned_empty(array_room(engine.vector_bytes // real.itemsize), real) if has_arrays else None
    memory = Lanes(engine.vector_bytes), len(STANDARD_GATES), working_memory(engine, capacity), data, room
    ket = np.empty(size, np.dtype(engine.dtype.char))
    changing = standard_recipes().arrays, np.empty((1, WIDTH)), ket
    entry, arguments = entry_of(kernels.run_tape, *memory, *changing)
    return _Memory(capacity, partial(entry, *arguments[: len(memory)]))
