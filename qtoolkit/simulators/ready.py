"""Small circuits without parameters: all of a run but the state is made once and kept.

A run of four qubits takes a fifth of a microsecond inside the kernel, less than one allocation of aligned memory or
one argument list outside. What is left here is an allocation, working memory from a list, and the call. The run is a
function with what it needs in its closure, because an object that can be called costs as much again as the call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit.simulators.memory import aligned_empty
from qtoolkit_kernels.threads import counters

__all__ = ["NO_COUNTERS", "ReadyRun", "ready_run"]

NO_COUNTERS = counters(0)
"""What a kernel takes for counters on a thread that runs alone."""

ReadyRun: TypeAlias = Callable[[], NDArray[Any]]
"""A call gives a new state, complex128 or complex64 of shape ``(2**num_qubits,)``."""

_idle: dict[tuple[str | int, ...], list[Any]] = {}
"""Working memory that no run uses, by precision and sizes. Lists are taken from and put to in one step."""


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

    def working_memory() -> NDArray[Any]:
        return aligned_empty(scratch_size, real).reshape(1, scratch_size)

    def run() -> NDArray[Any]:
        state: NDArray[Any] = empty(size, dtype)
        try:
            scratch = idle.pop()
        except IndexError:
            scratch = working_memory()
        enter(scratch, state, NO_COUNTERS, 0)
        idle.append(scratch)
        return state

    def run_and_cut() -> NDArray[Any]:
        try:
            lent = idle.pop()
        except IndexError:
            state: NDArray[Any] = empty(size, dtype)
            lent = working_memory(), state, state[: 1 << num_qubits]
        scratch, state, visible = lent
        enter(scratch, state, NO_COUNTERS, 0)
        result: NDArray[Any] = visible.copy()
        idle.append(lent)
        return result

    if size == 1 << num_qubits:
        idle = _idle.setdefault((real.char, scratch_size), [])
        return run
    # The kernel writes more than the circuit has, so the state is part of what is lent.
    idle = _idle.setdefault((real.char, scratch_size, size, num_qubits), [])
    return run_and_cut
