"""Memory of states: aligned to vector registers and, where large, to huge pages."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from ctypes import addressof, c_char
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from qtoolkit.errors import InsufficientMemoryError

__all__ = ["ThreadArrays", "aligned_empty", "idle_remedy", "is_aligned", "set_to_zero_state"]

REGISTER_BYTES = 64
HUGE_PAGE_BYTES = 1 << 21
"""Linux backs memory with huge pages from such boundaries on; NumPy asks it to for arrays above 4 MiB."""


def aligned_empty(size: int, dtype: DTypeLike) -> NDArray[np.generic]:
    """An uninitialised array, shape ``(size,)``, that begins at a register and, from 4 MiB on, at a huge page.

    Memory is not touched, so that it comes to lie near the processor that first writes to it.

    Raises:
        InsufficientMemoryError: if the system refuses it.
    """
    nbytes = size * np.dtype(dtype).itemsize
    boundary = HUGE_PAGE_BYTES if nbytes >= 2 * HUGE_PAGE_BYTES else REGISTER_BYTES
    try:
        raw: Any = np.empty(nbytes + boundary, np.uint8)
    except MemoryError as error:
        raise InsufficientMemoryError(
            f"an array needs {nbytes:,} bytes and the system gives this process less (see ulimit -v): use fewer qubits"
        ) from error
    # In microseconds: 0.2 for the address, 0.2 for the array, where NumPy's own ways take 1.0 and 0.5.
    return np.ndarray(size, dtype, raw, -addressof(c_char.from_buffer(raw)) % boundary)


class ThreadArrays(threading.local):
    """Arrays that each Python thread keeps for its next call.

    Attributes:
        kept: the calling thread's, by what they are for.
    """

    def __init__(self) -> None:
        self.kept: dict[Hashable, NDArray[Any]] = {}

    def rows(self, num_rows: int, size: int, dtype: DTypeLike) -> NDArray[Any]:
        """An uninitialised array, shape ``(num_rows, size)``, all rows of which begin at a register.

        It lies where the last one of as many rows did, if there is room.

        Args:
            num_rows, dtype: of the array.
            size: is rounded up to whole registers, and to nothing else: kernels find places from the end of a row.
        """
        size += -size % (REGISTER_BYTES // np.dtype(dtype).itemsize)
        kept = self.kept
        memory = kept.get((num_rows, dtype))
        if memory is None or memory.size < num_rows * size:
            memory = kept[num_rows, dtype] = aligned_empty(num_rows * size, dtype)
        return memory[: num_rows * size].reshape(num_rows, size)


def idle_remedy(num_idle: int) -> str:
    """What to do about memory that idle qubits need."""
    return (
        f"{num_idle} of its qubits are idle: leave them out, or ask for shots, expectation values or probabilities "
        "of others, without an initial state, and they take no memory"
    )


def set_to_zero_state(state: NDArray[np.generic]) -> None:
    """Make a state ``|0…0⟩``."""
    state[:] = 0.0
    state[0] = 1.0


def is_aligned(array: NDArray[np.generic]) -> bool:
    """Whether an array begins at a register."""
    return bool(array.__array_interface__["data"][0] % REGISTER_BYTES == 0)
