"""How the kernels of strings are run: threads, memory to work on, and states seen as real numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.simulators.memory import ThreadArrays
from qtoolkit_kernels.fermion.tiles import WIDTH
from qtoolkit_kernels.team import Team
from qtoolkit_kernels.threads import counters
from qtoolkit_kernels.vector.lanes import Lanes, native_vector_bytes

__all__ = ["Run", "as_real", "lanes", "parts_of"]

FloatArray = NDArray[np.float64]

PARALLEL_WORK = 1 << 20
"""Multiplications below which waking threads costs more than they save."""

LONG_WORK = 1 << 28
"""Multiplications for each thread from which a signal must be able to end a run."""

_own = ThreadArrays()
_alone = Team(1)


def parts_of(state: NDArray[Any]) -> int:
    """Real numbers in an amplitude."""
    return 2 if np.iscomplexobj(state) else 1


def as_real(state: NDArray[Any]) -> FloatArray:
    """The same memory as float64, the parts of complex amplitudes side by side."""
    return state.view(np.float64)


def lanes() -> Lanes:
    """Width of this machine's registers."""
    return Lanes(native_vector_bytes())


class Run:
    """One call of a kernel of strings.

    Args:
        team: runs it; None is the calling thread alone.
        work: multiplications that it takes, roughly.

    Attributes:
        threads: how many take part.
    """

    def __init__(self, team: Team | None, work: float) -> None:
        self._team = team or _alone
        self.threads = self._team.num_threads if work >= PARALLEL_WORK else 1
        self._long = work > LONG_WORK * self.threads

    def scratch(self, rows: int, width: int = WIDTH) -> FloatArray:
        """Memory for each thread, float64 of shape (threads, rows, width), aligned to registers if width is."""
        # What a stopped kernel still writes to is nobody else's.
        own = ThreadArrays() if self._long else _own
        return own.rows(self.threads, rows * width, np.float64)[:, : rows * width].reshape(self.threads, rows, width)

    def blocks(self, kernel: Callable[..., None], *arguments: Any) -> None:
        """Run a kernel whose last arguments are two counters and the number of the thread."""
        self._team.run(kernel, *arguments, counters(2), num_threads=self.threads, long=self._long)
