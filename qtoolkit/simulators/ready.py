"""Small circuits without parameters: all of a run but the state is made once and kept.

A run of four qubits takes a fifth of a microsecond inside the kernel, less than one allocation of aligned memory or
one argument list outside. What is left here is an allocation, working memory from a list, and the call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from qtoolkit.simulators.memory import aligned_empty
from qtoolkit_kernels.threads import counters

__all__ = ["NO_COUNTERS", "ReadyRun"]

NO_COUNTERS = counters(0)
"""What a kernel takes for counters on a thread that runs alone."""

_idle: dict[tuple[str, int], list[NDArray[np.floating]]] = {}
"""Working memory that no run uses, by precision and size. Lists are taken from and put to in one step."""


class ReadyRun:
    """A program on one thread from ``|0…0⟩``, its arguments in place.

    Args:
        enter: the kernel, given all but working memory, state, counters and thread.
        num_qubits: of the circuit.
        size: amplitudes that the kernel writes, at least ``2**num_qubits``.
        dtype: the amplitudes'.
        scratch_size: elements of working memory.
        real: their dtype.
    """

    __slots__ = ("_dtype", "_enter", "_idle", "_real", "_scratch_size", "_size", "_visible", "num_qubits")

    def __init__(
        self,
        enter: Callable[..., object],
        num_qubits: int,
        size: int,
        dtype: np.dtype[np.complexfloating],
        scratch_size: int,
        real: np.dtype[np.floating],
    ) -> None:
        self.num_qubits = num_qubits
        self._enter = enter
        self._size = size
        self._visible = None if size == 1 << num_qubits else 1 << num_qubits
        self._dtype = np.dtype(dtype.char)  # compiled code compares dtypes by identity
        self._scratch_size = scratch_size
        self._real = np.dtype(real.char)
        self._idle = _idle.setdefault((real.char, scratch_size), [])

    def __call__(self) -> NDArray[np.complex128] | NDArray[np.complex64]:
        """A new state, shape ``(2**num_qubits,)``."""
        state: NDArray[Any] = np.empty(self._size, self._dtype)
        try:
            scratch = self._idle.pop()
        except IndexError:
            memory = cast("NDArray[np.floating]", aligned_empty(self._scratch_size, self._real))
            scratch = memory.reshape(1, self._scratch_size)
        self._enter(scratch, state, NO_COUNTERS, 0)
        self._idle.append(scratch)
        return state if self._visible is None else state[: self._visible]
