"""States, values and gradients of a small circuit that is met for the first time, straight from its tape.

As in `once`, what circuits of one size have in common is made once and kept, and one call does all the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import Circuit, Parameter, ParameterValue
from qtoolkit.circuit.tape import WIDTH
from qtoolkit.compiler.ladders import kinds_of_gates
from qtoolkit.operators import PauliSum
from qtoolkit.simulators.engine import Engine, StateArray
from qtoolkit.simulators.memory import aligned_empty
from qtoolkit.simulators.small.lowering import WIDEST, working_memory
from qtoolkit.simulators.small.once import KEPT_STEPS, most_rows
from qtoolkit.simulators.small.recipes import Symbols, standard_recipes
from qtoolkit_kernels._jit import entry_of
from qtoolkit_kernels._load import DECLINED
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.small import block, prepare
from qtoolkit_kernels.vector.small import first as kernels

__all__ = ["TapeRunner", "tape_runner"]

MOST_VISITS = 1 << 16
"""Strings times amplitudes, a third of a nanosecond each, from which it pays to prepare a sum, and to keep that."""

FloatArray = NDArray[np.float64]

_NO_FLOATS, _NO_INTEGERS = np.zeros(0), np.zeros(0, np.int64)


class TapeRunner:
    """Runs circuits of one size, which others may add to meanwhile, from any number of Python threads at once.

    All it does is None for whatever is not usual, or not right. Values are float64 of shape ``(num_parameters,)``.

    Args:
        engine: whose precision and registers count.
        num_qubits: of the circuits.
    """

    def __init__(self, engine: Engine, num_qubits: int) -> None:
        self._engine, self._num_qubits = engine, num_qubits
        self._dtype = np.dtype(engine.dtype.char)  # compiled code compares dtypes by identity
        self._size = max(engine.vector_bytes // engine.real.itemsize, 1 << num_qubits)
        self._most_words = WIDTH * most_rows(engine)
        self._idle: list[tuple[Callable[..., Any], memoryview]] = []  # is taken from and put to in one step
        self._nothing, self._no_state = kernels.Strings(*_arrays_of(PauliSum.zero(1))), np.empty(0, self._dtype)

    def state(self, circuit: Circuit, values: FloatArray) -> StateArray | None:
        """The state at the end of a circuit."""
        state: StateArray = np.empty(self._size, self._dtype)
        if self._run(circuit, values, self._nothing, _NO_FLOATS, state) is None:
            return None
        return state if state.size == 1 << self._num_qubits else state[: 1 << self._num_qubits]

    def value(self, circuit: Circuit, observable: object, values: FloatArray) -> float | None:
        """The expectation value of a Pauli sum."""
        return self._value(circuit, observable, values, _NO_FLOATS)

    def gradient(self, circuit: Circuit, observable: object, values: FloatArray) -> tuple[float, FloatArray] | None:
        """The same with its derivatives."""
        gradient = np.empty(values.size)
        value = self._value(circuit, observable, values, gradient)
        return None if value is None else (value, gradient)

    def _value(self, circuit: Circuit, observable: object, values: FloatArray, gradient: FloatArray) -> float | None:
        if type(observable) is not PauliSum or observable.num_qubits != self._num_qubits:
            return None
        strings = kernels.Strings(*_arrays_of(observable))
        if len(strings.x_masks) << self._num_qubits > MOST_VISITS:
            return None
        return self._run(circuit, values, strings, gradient, self._no_state)

    def _run(
        self, circuit: Circuit, values: FloatArray, strings: kernels.Strings, gradient: FloatArray, state: StateArray
    ) -> float | None:
        tape = circuit.operations
        words = tape.words
        length = len(words)
        if length > self._most_words or tape.others:
            return None
        try:
            lent = self._idle.pop()
        except IndexError:
            lent = self._entry()
        enter, view = lent
        try:
            view[:length] = words
        except ValueError:  # it has grown
            return None
        # What rows refer to was there before them.
        num_parameters, symbols = _symbols_of(circuit, tape.symbols[:])
        value: object = DECLINED
        if values.shape == (num_parameters,):
            value = enter(length // WIDTH, symbols, strings, values, gradient, state)
        self._idle.append(lent)
        return value if isinstance(value, float) and value - value == 0.0 else None

    def _entry(self) -> tuple[Callable[..., Any], memoryview]:
        """The kernel with memory of its own, given all that comes before the number of rows; what will hold these."""
        engine, real = self._engine, np.dtype(self._engine.real.char)
        width = 2 * KEPT_STEPS + (1 << 6)  # no power of two, which would be bad for caches
        words, gates = np.empty(self._most_words), prepare.Gates(*kinds_of_gates(), standard_recipes().arrays)
        place = kernels.Workplace(
            working_memory(engine, KEPT_STEPS),
            np.empty(prepare.FOUND, np.int64),
            np.empty((KEPT_STEPS, block.FACTOR_COLUMNS), np.int64),
            np.empty((KEPT_STEPS, 2), np.int64),
            np.empty(KEPT_STEPS),
            np.empty(KEPT_STEPS + WIDEST),
            cast(FloatArray, aligned_empty(4 * width, _NO_FLOATS.dtype)).reshape(4, width),
            np.empty((KEPT_STEPS, 4)),
            cast("NDArray[np.floating]", aligned_empty(4 * self._size, real)),
        )
        kept = Lanes(engine.vector_bytes), self._num_qubits, gates, place, words.reshape(-1, WIDTH), words
        more = 0, _counted(0), self._nothing, _NO_FLOATS, _NO_FLOATS, self._no_state
        entry, arguments = entry_of(kernels.first_run, *kept, *more)
        return partial(entry, *arguments[: len(kept)]), words.data


_runners: dict[object, TapeRunner] = {}


def tape_runner(engine: Engine, num_qubits: int) -> TapeRunner:
    """What runs circuits of so many qubits in an engine's precision and registers; kept."""
    key = engine.small_key, num_qubits
    try:
        return _runners[key]
    except KeyError:
        found = _runners[key] = TapeRunner(engine, num_qubits)
        return found


def _arrays_of(observable: PauliSum) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.complex128]]:
    return observable.x_masks, observable.z_masks, observable.coefficients


def _symbols_of(circuit: Circuit, angles: Sequence[ParameterValue]) -> tuple[int, prepare.Symbols]:
    """How many parameters a circuit has, and the angles that they turn."""
    declared = circuit.declared
    names = [angle.name for angle in angles if type(angle) is Parameter]
    if len(names) == len(angles):
        index = dict.fromkeys(names)
        if len(index) == len(names) and not declared:
            return len(names), _counted(len(names))
        index = dict.fromkeys((*declared, *index))
    else:
        index = dict.fromkeys((*declared, *circuit.operations.parameters()))
    places = dict(zip(index, range(len(index)), strict=True))
    return len(places), Symbols(angles, places).table()


@lru_cache(maxsize=1 << 10)
def _counted(number: int) -> prepare.Symbols:
    """So many symbols, each the parameter in its place."""
    return prepare.Symbols(_NO_FLOATS, _NO_INTEGERS, np.arange(number), _NO_FLOATS)
