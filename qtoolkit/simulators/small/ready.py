"""Small circuits without parameters: all of a run but the state is made once and kept.

A run of four qubits takes a fifth of a microsecond inside the kernel, less than one allocation of aligned memory or
one argument list outside. What is left here is an allocation, working memory from a list, and the call. The run is a
function with what it needs in its closure, because an object that can be called costs as much again as the call.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from qtoolkit.compiler import Key
from qtoolkit.simulators.memory import aligned_empty
from qtoolkit_kernels.threads import counters

__all__ = ["NO_COUNTERS", "READY", "ReadyRun", "ready_run"]

NO_COUNTERS = counters(0)
"""What a kernel takes for counters on a thread that runs alone."""

ReadyRun: TypeAlias = Callable[[], NDArray[Any]]
"""A call gives a new state, complex128 or complex64 of shape ``(2**num_qubits,)``."""

READY: Key[ReadyRun | None] = Key(__name__, "READY")
"""At a kind of engine: the run of a small program that was run before; None where it takes more."""

_Prepared: TypeAlias = tuple[Callable[[], object], Callable[[], NDArray[Any]]]
"""Where the kernel writes more than the circuit has: a call that fills memory of its own, one that copies a part."""

_idle: dict[tuple[str, int], list[NDArray[np.floating]]] = {}
"""Working memory that no run uses, by precision and size. Lists are taken from and put to in one step."""


def ready_run(
    enter: Callable[..., object],
    num_qubits: int,
    size: int,
    dtype: np.dtype[np.complexfloating],
    scratch_size: int,
    real: np.dtype[np.floating],
) -> ReadyRun:
    """A program on one thread from ``|0…0⟩``, its arguments in place.

    Args:
        enter: the kernel, given all but working memory, state, counters and thread.
        num_qubits: of the circuit.
        size: amplitudes that the kernel writes, at least ``2**num_qubits``.
        dtype: the amplitudes'.
        scratch_size: elements of working memory.
        real: their dtype.
    """
    dtype, real = np.dtype(dtype.char), np.dtype(real.char)  # compiled code compares dtypes by identity
    empty = np.empty

    def working_memory() -> NDArray[np.floating]:
        return cast("NDArray[np.floating]", aligned_empty(scratch_size, real)).reshape(1, scratch_size)

    def run() -> NDArray[Any]:
        state: NDArray[Any] = empty(size, dtype)
        try:
            scratch = idle.pop()
        except IndexError:
            scratch = working_memory()
        enter(scratch, state, NO_COUNTERS, 0)
        idle.append(scratch)
        return state

    def prepared() -> _Prepared:
        state: NDArray[Any] = empty(size, dtype)
        return partial(enter, working_memory(), state, NO_COUNTERS, 0), state[: 1 << num_qubits].copy

    def run_and_copy() -> NDArray[Any]:
        try:
            lent = calls.pop()
        except IndexError:
            lent = prepared()
        fill, copy = lent
        fill()
        result = copy()
        calls.append(lent)
        return result

    idle = _idle.setdefault((real.char, scratch_size), [])
    calls: list[_Prepared] = []
    return run if size == 1 << num_qubits else run_and_copy
