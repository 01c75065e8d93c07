"""Values and gradients of a small circuit that is met for the first time, straight from its tape.

As in `once`, what circuits of one size have in common is made once and kept, and one call does all the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import Circuit, Parameter, ParameterValue
from qtoolkit.circuit.tape import WIDTH
from qtoolkit.compiler.ladders import kinds_of_gates
from qtoolkit.operators import PauliSum
from qtoolkit.simulators.engine import Engine
from qtoolkit.simulators.memory import aligned_empty
from qtoolkit.simulators.small.lowering import WIDEST, working_memory
from qtoolkit.simulators.small.once import KEPT_STEPS, most_rows
from qtoolkit.simulators.small.recipes import Symbols, standard_recipes
from qtoolkit_kernels._jit import entry_of
from qtoolkit_kernels._load import DECLINED
from qtoolkit_kernels.vector.lanes import Lanes
from qtoolkit_kernels.vector.small import block, prepare
from qtoolkit_kernels.vector.small import first as kernels

__all__ = ["first_gradient", "first_value"]

MOST_VISITS = 1 << 16
"""Strings times amplitudes, a third of a nanosecond each, from which it pays to prepare the sum, and to keep what that comes to."""

FloatArray = NDArray[np.float64]

_NO_FLOATS, _NO_INTEGERS = np.zeros(0), np.zeros(0, np.int64)

_Measure = Callable[[Circuit, object, object, bool], "tuple[float, FloatArray] | None"]

_kept: dict[object, _Measure] = {}


def first_gradient(
    engine: Engine, circuit: Circuit, observable: object, values: object
) -> tuple[float, FloatArray] | None:
    """The expectation value and its derivatives; None for whatever is not usual, or not right.

    Args:
        engine: whose precision and registers count.
        circuit: of few qubits, which others may add to meanwhile.
        observable: a Pauli sum.
        values: float64 of shape ``(num_parameters,)``; None if there are no parameters.
    """
    return _measure(engine, circuit.num_qubits)(circuit, observable, values, True)


def first_value(engine: Engine, circuit: Circuit, observable: object, values: object) -> float | None:
    """The expectation value, or None, as of `first_gradient`."""
    found = _measure(engine, circuit.num_qubits)(circuit, observable, values, False)
    return None if found is None else found[0]


def _measure(engine: Engine, num_qubits: int) -> _Measure:
    key = engine.small_key, num_qubits
    try:
        return _kept[key]
    except KeyError:
        found = _kept[key] = _new_measure(engine, num_qubits)
        return found


def _new_measure(engine: Engine, num_qubits: int) -> _Measure:
    most = WIDTH * most_rows(engine)
    most_strings = MOST_VISITS >> num_qubits
    ndarray, empty, nothing = np.ndarray, np.empty, _NO_FLOATS  # names of their own are found sooner
    double = nothing.dtype
    idle: list[tuple[Callable[..., Any], memoryview]] = []  # is taken from and put to in one step

    def measure(
        circuit: Circuit, observable: object, values: object, is_gradient: bool
    ) -> tuple[float, FloatArray] | None:
        tape, given = circuit.operations, nothing if values is None else values
        words = tape.words
        length = len(words)
        if type(observable) is not PauliSum or type(given) is not ndarray or length > most or tape.others:
            return None
        strings = observable.x_masks, observable.z_masks, observable.coefficients
        if observable.num_qubits != num_qubits or len(strings[0]) > most_strings:
            return None
        try:
            lent = idle.pop()
        except IndexError:
            lent = _entry(engine, num_qubits, most)
        enter, view = lent
        try:
            view[:length] = words
        except ValueError:  # it has grown
            return None
        # What rows refer to was there before them.
        num_parameters, symbols = _symbols_of(circuit, tape.symbols[:])
        value: object = DECLINED
        if given.dtype == double and given.shape == (num_parameters,):
            gradient = empty(num_parameters) if is_gradient else nothing
            value = enter(length // WIDTH, symbols, kernels.Strings(*strings), given, gradient)
        idle.append(lent)
        return (value, gradient) if isinstance(value, float) and value - value == 0.0 else None

    return measure


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


def _entry(engine: Engine, num_qubits: int, most_words: int) -> tuple[Callable[..., Any], memoryview]:
    """The kernel with memory of its own, given all that comes before the number of rows; what will hold these."""
    real = np.dtype(engine.real.char)  # compiled code compares dtypes by identity
    size = max(engine.vector_bytes // real.itemsize, 1 << num_qubits)
    width = 2 * KEPT_STEPS + (1 << 6)  # no power of two, which would be bad for caches
    words, gates = np.empty(most_words), prepare.Gates(*kinds_of_gates(), standard_recipes().arrays)
    place = kernels.Workplace(
        working_memory(engine, KEPT_STEPS),
        np.empty(prepare.FOUND, np.int64),
        np.empty((KEPT_STEPS, block.FACTOR_COLUMNS), np.int64),
        np.empty((KEPT_STEPS, 2), np.int64),
        np.empty(KEPT_STEPS),
        np.empty(KEPT_STEPS + WIDEST),
        aligned_empty(4 * width, np.dtype("d")).reshape(4, width),
        np.empty((KEPT_STEPS, 4)),
        aligned_empty(4 * size, real),
    )
    kept = Lanes(engine.vector_bytes), num_qubits, gates, place, words.reshape(-1, WIDTH), words
    sums = PauliSum.identity(num_qubits)
    strings = kernels.Strings(sums.x_masks, sums.z_masks, sums.coefficients)
    entry, arguments = entry_of(kernels.first_gradient, *kept, 0, _counted(0), strings, _NO_FLOATS, _NO_FLOATS)
    return partial(entry, *arguments[: len(kept)]), words.data
