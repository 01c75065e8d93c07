"""Small circuits at given parameter values, in one compiled call; all that no value changes is kept with the program.

Up to some ten qubits what Python does around a call takes longer than the arithmetic. Here a call takes parameter
values, an observable and working memory, and returns the result. Nothing is checked twice: what is not as it should be
is left to the engine, which says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import Circuit
from qtoolkit.circuit.tape import Tape
from qtoolkit.compiler import ExecutionPlan, Known, UnitaryStep, plans
from qtoolkit.operators import PauliSum
from qtoolkit.operators import _state_action as pauli_sums
from qtoolkit.simulators.batch.runs import ALONE_WORK, LONG_WORK
from qtoolkit.simulators.engine import Engine, StateArray
from qtoolkit.simulators.memory import aligned_empty
from qtoolkit.simulators.small.lowering import WIDEST, Lowered, lowered
from qtoolkit.simulators.small.once import has_others_behind_measurements
from qtoolkit.simulators.small.quick import SMALL_QUBITS
from qtoolkit_kernels._jit import entry_of
from qtoolkit_kernels._load import DECLINED
from qtoolkit_kernels.threads import counters
from qtoolkit_kernels.vector.lanes import Lanes, native_vector_bytes
from qtoolkit_kernels.vector.pauli.program import PauliProgram
from qtoolkit_kernels.vector.small import block as kernels
from qtoolkit_kernels.vector.small.gradient import small_gradient, small_gradients
from qtoolkit_kernels.vector.small.plan import Room
from qtoolkit_kernels.vector.small.state import prepare_state, small_value

__all__ = [
    "SmallProgram", "program_of_circuit", "quick_gradient", "quick_gradients", "quick_state", "quick_value",
]  # fmt: skip

MERGED_QUBITS = 10
"""From this size on, phases are better merged, if they are most of the circuit."""

BOUND_QUBITS = 8
"""The same without parameters, for circuits of all kinds."""

FloatArray = NDArray[np.float64]

_NO_FLOATS = np.zeros(0)
_NO_SUM = PauliProgram(np.zeros(0, np.int64), _NO_FLOATS, 0, 0, 0)


@cache
def _widest() -> Lanes:
    """The registers that sums of Pauli strings use, whatever those of the engine; asking the machine takes long."""
    return Lanes(native_vector_bytes())


def quick_gradient(engine: Engine, plan: object, observable: object, values: object) -> tuple[float, FloatArray] | None:
    """The expectation value and its derivatives, or None for whatever is not small, not usual or not right.

    Args:
        engine: whose precision and registers count.
        plan: an `ExecutionPlan` that is one program.
        observable: a Pauli sum, or a diagonal.
        values: float64 of shape ``(num_parameters,)``.
    """
    program = _small_program(engine, plan, values)
    return None if program is None else program.gradient(observable, cast(FloatArray, values))


def quick_gradients(
    engine: Engine, plan: object, observables: Sequence[object], values: FloatArray
) -> tuple[FloatArray, FloatArray] | None:
    """The same for many values and several observables, or None as for `quick_gradient`.

    Args:
        engine: whose precision, registers and threads count.
        plan: as there.
        observables: Pauli sums and diagonals.
        values: float64 of shape ``(batch, num_parameters)``.

    Returns:
        Arrays of shapes ``(batch, num_observables)`` and ``(batch, num_observables, num_parameters)``.
    """
    program = _small_program(engine, plan, values[0]) if len(values) else None
    return None if program is None else program.gradients(observables, values, engine)


def quick_value(engine: Engine, plan: object, observable: object, values: object) -> float | None:
    """The expectation value, or None as for `quick_gradient`; of a circuit without parameters, `values` may be None.

    A Pauli sum is kept by the program, under the engine's `value_key`, beside what evaluates it at the next values.
    """
    given = _NO_FLOATS if values is None else values
    program = _small_program(engine, plan, given)
    if program is None:
        return None
    evaluate = program.evaluator(observable, cast(FloatArray, given).shape)
    if evaluate is None:
        return None
    if type(observable) is PauliSum:
        cast(UnitaryStep, cast(ExecutionPlan, plan).only_step).kept[engine.value_key] = observable, evaluate
    return evaluate(given)


def quick_state(engine: Engine, plan: object, values: object) -> StateArray | None:
    """The state at the end of a circuit with parameters, or None as for `quick_gradient`."""
    program = _small_program(engine, plan, values)
    return None if program is None or not cast(FloatArray, values).size else program.state(cast(FloatArray, values))


def program_of_circuit(engine: Engine, circuit: Circuit, known: Known) -> SmallProgram | None:
    """The program of a circuit without a plan, kept by what is known of that; None if its gates are better left to it.

    Args:
        engine: whose precision and registers count.
        circuit: gates, and measurements behind them.
        known: of the circuit as it is.
    """
    try:
        found = known.kept[engine.small_key]
    except KeyError:
        declared, tape, found = circuit.declared, circuit.operations.copy(), None  # others may add to it meanwhile
        if not has_others_behind_measurements(tape):
            names = dict.fromkeys(declared) | tape.parameters()
            index = dict(zip(names, range(len(names)), strict=True))
            found = SmallProgram.of(tape, index, engine, circuit.num_qubits)
        if plans.of(circuit) is known:
            known.kept[engine.small_key] = found
            plans.count_more(known, found.nbytes if found else 0)
    return found


def _small_program(engine: Engine, plan: object, values: object) -> SmallProgram | None:
    if type(plan) is not ExecutionPlan or plan.num_qubits > SMALL_QUBITS:
        return None
    step = plan.only_step
    if step is None or type(values) is not np.ndarray or values.shape != (len(plan.parameters),):
        return None
    kept = step.kept
    try:
        found = kept[engine.small_key]
    except KeyError:
        found = SmallProgram.of(step.tape, step.parameter_index, engine, plan.num_qubits)
        if found and found.is_better_merged:
            found = None
        kept[engine.small_key] = found
    return found


class SmallProgram:
    """Runs one stretch of gates at any values, from any number of Python threads at once.

    Args:
        gates: taken apart.
        engine: whose precision and registers count.
        num_qubits: size of the circuit.
        num_parameters: how many values there are.

    Attributes:
        is_better_merged: whether sweeps, once planned, take less time.
        num_operations: passes over the state.
    """

    def __init__(self, gates: Lowered, engine: Engine, num_qubits: int, num_parameters: int) -> None:
        self.num_parameters = num_parameters
        self._num_qubits = num_qubits
        self._dtype = np.dtype(engine.dtype.char)  # compiled code compares dtypes by identity
        self._itemsize = self._dtype.itemsize
        self._real = np.dtype(engine.real.char)
        # Whole tiles of this engine, and registers of complex numbers as sums of Pauli strings read them.
        lanes = engine.vector_bytes // self._real.itemsize
        self._state_size = max(lanes, 1 << num_qubits)
        self._size = max(lanes, _widest().nbytes // self._itemsize, 1 << num_qubits)
        self._with_phase, self._without_phase, self._phase, self._num_products, self._first, num_phases = gates
        self._num_angles = self._with_phase.slots.constants.size
        self.num_operations = len(self._with_phase.operations)
        self.is_better_merged = _is_better_merged(num_qubits, self.num_operations, self._first, num_phases)
        # Entries with working memory that no call is using; a list is safe between threads.
        self._for_states: list[partial[Any]] = []
        self._for_gradients: list[partial[Any]] = []
        self._for_values: list[partial[Any]] = []

    @classmethod
    def of(cls, tape: Tape, parameter_index: Mapping[str, int], engine: Engine, num_qubits: int) -> SmallProgram | None:
        """None for gates that must be left to the engine, and for what is no gate.

        Args:
            tape: that nobody adds to.
            parameter_index: place of each parameter in the vector of values.
            engine: whose precision and registers count.
            num_qubits: of the circuit.
        """
        gates = lowered(tape, parameter_index, engine, num_qubits)
        if gates is None or engine.drifts(len(gates.with_phase.operations)):
            return None
        return cls(gates, engine, num_qubits, len(parameter_index))

    @property
    def nbytes(self) -> int:
        """Of arrays, working memory of one call of each kind included."""
        _, _, *arrays, slots = self._with_phase
        kept = sum([array.nbytes for array in (*arrays, *slots)])
        turns = 32 * (self._num_angles + len(self._with_phase.quaternions)) + 32 * self._num_products
        return int(kept + 3 * turns + 10 * self._size * self._itemsize)

    def state(self, values: FloatArray) -> StateArray | None:
        """The state with its phase; None if a value is not finite."""
        try:
            enter = self._for_states.pop()
        except IndexError:
            enter = self._state_entry()
        state: StateArray = np.empty(self._state_size, self._dtype)
        is_finite = enter(values, state)
        self._for_states.append(enter)
        if is_finite is DECLINED or not is_finite:
            return None
        return state if state.size == 1 << self._num_qubits else state[: 1 << self._num_qubits]

    def gradient(self, observable: object, values: FloatArray) -> tuple[float, FloatArray] | None:
        """Value and gradient; None if an argument is not as it should be, or not finite."""
        measured = self._measured(observable, False)
        if measured is None:
            return None
        try:
            enter = self._for_gradients.pop()
        except IndexError:
            enter = self._gradient_entry()
        found = np.empty(values.size)
        value = enter(*measured, values, found)
        self._for_gradients.append(enter)
        return None if value is DECLINED or value - value != 0.0 else (value, found)

    def gradients(
        self, observables: Sequence[object], values: FloatArray, engine: Engine
    ) -> tuple[FloatArray, FloatArray] | None:
        """Values and gradients of rows that the engine's threads share; None as for `gradient`."""
        measured = [self._measured(observable, False) for observable in observables]
        found = [item for item in measured if item is not None]
        if not found or len(found) < len(measured):
            return None
        columns: list[list[NDArray[Any]]] = [
            [program.ints for _, program, _ in found],
            [program.floats for _, program, _ in found],
            [diagonal for _, _, diagonal in found],
        ]
        ends = np.array([[array.size for array in column] for column in columns]).cumsum(axis=1)
        starts = ends - [[array.size for array in column] for column in columns]
        spans = np.ascontiguousarray(np.stack([starts, ends], axis=2).transpose(1, 0, 2).reshape(-1, 6))
        ints, floats, diagonals = map(np.concatenate, columns)
        num_rows, work = len(values), len(found) * len(values) * (self.num_operations << self._num_qubits)
        num_threads = max(1, min(engine.num_threads, num_rows)) if work > ALONE_WORK else 1
        rooms, states = zip(*[self._room(2) for _ in range(num_threads)], strict=True)
        levels, slopes = np.empty((num_rows, len(found))), np.empty((num_rows, len(found), values.shape[1]))
        room, (kets, images) = (map(_stacked, zip(*parts, strict=True)) for parts in (rooms, states))
        engine.team.run(
            small_gradients, self._without_phase, Room._make(room), kets, images,
            self._first, _widest(), spans, PauliProgram(ints, floats, len(found), 0, 0), diagonals, values, levels,
            slopes, counters(2), num_threads=num_threads, long=work >= LONG_WORK * num_threads,
        )  # fmt: skip
        return None if np.isnan(levels).any() else (levels, slopes)

    def evaluator(self, observable: object, shape: tuple[int, ...]) -> Callable[[object], float | None] | None:
        """The expectation value as a function of values, arrays of this shape or, if that is ``(0,)``, None."""
        measured = self._measured(observable, True)
        if measured is None:
            return None
        idle, entry = self._for_values, self._value_entry
        ndarray, nothing = np.ndarray, _NO_FLOATS  # names of their own are found sooner
        takes_none = shape == nothing.shape

        def evaluate(values: object) -> float | None:
            if values is None and takes_none:
                values = nothing
            elif type(values) is not ndarray or values.shape != shape:
                return None
            try:
                enter = idle.pop()
            except IndexError:
                enter = entry()
            value: object = enter(*measured, values)
            idle.append(enter)
            return value if isinstance(value, float) and value - value == 0.0 else None

        return evaluate

    def _measured(self, observable: object, hermitian: bool) -> tuple[Lanes, PauliProgram, FloatArray] | None:
        """What kernels take of an observable: for its expectation value, or for its image of a state."""
        if type(observable) is PauliSum:
            found = pauli_sums.kernel_program(observable, self._itemsize, hermitian)
            if found is None or observable.num_qubits != self._num_qubits:
                return None
            lanes, program = found
            return lanes, program, _NO_FLOATS
        if type(observable) is not np.ndarray or observable.shape != (1 << self._num_qubits,):
            return None
        if observable.dtype.kind not in "biuf":
            return None
        return _widest(), _NO_SUM, observable.astype(np.float64)

    def _state_entry(self) -> partial[Any]:
        room, (ket,) = self._room(1)
        return _entered(prepare_state, (self._with_phase, room, self._phase), _NO_FLOATS, ket)

    def _gradient_entry(self) -> partial[Any]:
        room, (ket, image) = self._room(2)
        kept = self._without_phase, room, ket, image, self._first
        return _entered(small_gradient, kept, _widest(), _NO_SUM, _NO_FLOATS, _NO_FLOATS, np.zeros(0))

    def _value_entry(self) -> partial[Any]:
        room, (ket,) = self._room(1)
        return _entered(small_value, (self._without_phase, room, ket), _widest(), _NO_SUM, _NO_FLOATS, _NO_FLOATS)

    def _room(self, count: int) -> tuple[Room, list[StateArray]]:
        """Working memory of one call for so many states, and these, zeros; one array holds all but products."""
        quaternions = self._with_phase.quaternions
        end = self._num_angles + len(quaternions)
        width = end + -end % WIDEST
        size, real_size = self._size, 2 * count * self._size
        memory: NDArray[Any] = aligned_empty(4 * width + 2 * real_size * self._real.itemsize // 8, np.float64)
        memory[:] = 0.0
        turns = memory[: 4 * width].reshape(4, width)
        turns[kernels.COSINE : kernels.SINE + 1, self._num_angles : end] = quaternions[:, :2].T
        reals = memory[4 * width :].view(self._real)
        states = reals[real_size:].view(self._dtype)
        room = Room(reals[:real_size], turns, np.empty((self._num_products, 4)))
        return room, [states[k * size : (k + 1) * size] for k in range(count)]


def _entered(kernel: Callable[..., Any], kept: tuple[Any, ...], *more: Any) -> partial[Any]:
    """A kernel's entry given all but what comes after what is kept."""
    entry, arguments = entry_of(kernel, *kept, *more)
    return partial(entry, *arguments[: len(kept)])


def _stacked(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Arrays of whole registers as the rows of one that begins at a register."""
    first = arrays[0]
    rows = aligned_empty(len(arrays) * first.size, first.dtype).reshape(len(arrays), *first.shape)
    for row, array in zip(rows, arrays, strict=True):
        row[:] = array
    return rows


def _is_better_merged(num_qubits: int, num_operations: int, first_wanted: int, num_phases: int) -> bool:
    # Sweeps that nothing changes are kept with all their numbers.
    has_turns = first_wanted < num_operations
    if num_qubits < (MERGED_QUBITS if has_turns else BOUND_QUBITS):
        return False
    return 2 * num_phases > num_operations or not has_turns
