"""Short ways for small circuits, found when they are first taken."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qtoolkit.simulators.engine import StateArray

if TYPE_CHECKING:
    from qtoolkit.simulators.engine import Engine
    from qtoolkit.simulators.small.first import TapeRunner
    from qtoolkit.simulators.small.program import SmallProgram

__all__ = ["SMALL_QUBITS", "program_of_circuit", "quick_gradient", "quick_state", "quick_value", "tape_runner"]

SMALL_QUBITS = 10
"""Up to this size one pass for each gate takes less time than to gather them into fewer passes."""


@cache
def program_of_circuit() -> Callable[..., SmallProgram | None]:
    """Imported on first use, and not by a statement where it is used, which takes a third of a microsecond."""
    from qtoolkit.simulators.small.program import program_of_circuit as found

    return found


@cache
def quick_gradient() -> Callable[..., tuple[float, NDArray[np.float64]] | None]:
    """The same for gradients of plans."""
    from qtoolkit.simulators.small.program import quick_gradient as found

    return found


@cache
def quick_state() -> Callable[..., StateArray | None]:
    """The same for states."""
    from qtoolkit.simulators.small.program import quick_state as found

    return found


@cache
def quick_value() -> Callable[..., float | None]:
    """The same for expectation values."""
    from qtoolkit.simulators.small.program import quick_value as found

    return found


@cache
def tape_runner() -> Callable[[Engine, int], TapeRunner]:
    """The same for circuits that are met for the first time."""
    from qtoolkit.simulators.small.first import tape_runner as found

    return found
