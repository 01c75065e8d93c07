"""What a library has ready to be timed. Rivals' processes import this too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Case", "Job", "fingerprint", "random_state"]

Case = Mapping[str, Any]
"""A problem in numbers, lists and texts, as it goes to other processes."""


_PIECE = 1 << 20


@dataclass(frozen=True)
class Job:
    """A call that is timed.

    Attributes:
        run: the call.
        figures: of what it returns, for comparison with those of the others.
    """

    run: Callable[[], Any]
    figures: Callable[[Any], list[float]]


def random_state(shape: tuple[int, int], seed: int, is_real: bool = False) -> Any:
    """Normalised, the same in every process."""
    rng = np.random.default_rng(seed)
    state = np.empty(shape, np.float64 if is_real else np.complex128)
    # in the place of the result, for states that fill the memory
    state.real = rng.normal(size=shape)
    if not is_real:
        state.imag = rng.normal(size=shape)
    state /= np.linalg.norm(state)
    return state


def fingerprint(state: Any) -> list[float]:
    """Three numbers that tell large arrays apart: the norm, and the overlap with another state."""
    flat = np.asarray(state).reshape(-1)
    overlap = 0.0j
    for first in range(0, flat.size, _PIECE):
        piece = flat[first : first + _PIECE]
        overlap += complex(np.vdot(np.exp(0.618j * np.arange(first, first + piece.size) ** 2), piece))
    overlap /= flat.size**0.5
    return [float(np.linalg.norm(flat)), overlap.real, overlap.imag]
