"""Memory of states that nobody refers to any more, for the states that come next.

The system clears new memory page by page before a program may write to it. For a state of some MiB that takes as long
as several sweeps, and how long depends on what else the machine does. Smaller states come from what the allocator
keeps anyway; larger ones would hold too much.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from qtoolkit.simulators.memory import aligned_empty

__all__ = ["KEPT_BYTES", "recycled_empty"]

KEPT_BYTES = 1 << 25
"""So much idle memory is kept in all, whatever the number of threads."""


def recycled_empty(size: int, dtype: DTypeLike) -> NDArray[np.generic]:
    """An array as of `aligned_empty`; of 4 to 32 MiB, it may lie where an earlier one did that is gone.

    Memory is idle when the last array that lies in it, a view for example, is gone.
    """
    nbytes = size * np.dtype(dtype).itemsize
    if nbytes not in _idle.sizes:
        return aligned_empty(size, dtype)
    memory = _idle.take(nbytes)
    if memory is None:
        memory = cast("NDArray[np.uint8]", aligned_empty(nbytes, np.uint8))
    return np.asarray(_Lent(memory, _idle)).view(dtype)


class _Idle:
    """Memory that waits for its next use.

    The keys never change and lists are changed in single steps: no lock is held when garbage is collected, wherever
    that happens. Nothing here needs a name of this module, which may be gone when the last states go.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.sizes: dict[int, list[NDArray[np.uint8]]] = {1 << k: [] for k in range(22, limit.bit_length())}

    def take(self, nbytes: int) -> NDArray[np.uint8] | None:
        try:
            return self.sizes[nbytes].pop()
        except IndexError:
            return None

    def keep(self, memory: NDArray[np.uint8]) -> None:
        """Keep memory, at the cost of what has been idle for longest, other sizes first."""
        own = self.sizes[memory.nbytes]
        own.append(memory)
        for memories in sorted(self.sizes.values(), key=lambda memories: memories is own):
            try:
                while sum(nbytes * len(kept) for nbytes, kept in self.sizes.items()) > self._limit:
                    memories.pop(0)
            except IndexError:
                continue


class _Lent:
    """What all arrays in some memory refer to, directly or not."""

    def __init__(self, memory: NDArray[np.uint8], idle: _Idle) -> None:
        self.__array_interface__ = memory.__array_interface__
        self._memory = memory
        self._idle = idle

    def __del__(self) -> None:
        self._idle.keep(self._memory)


_idle = _Idle(KEPT_BYTES)
