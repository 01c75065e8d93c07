"""Under which plans keep what small circuits need; apart, because simulators are made before that is imported."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qtoolkit.compiler.kept import Key

if TYPE_CHECKING:
    from qtoolkit.operators import PauliSum
    from qtoolkit.simulators.small.program import SmallProgram

__all__ = ["REPEATED", "SMALL"]

SMALL: Key[SmallProgram | None] = Key(__name__, "SMALL")
"""At precision and bytes of a register: what runs a stretch of gates at any values; None if sweeps do."""

REPEATED: Key[tuple[PauliSum, Callable[[object], float | None]]] = Key(__name__, "REPEATED")
"""At the same: the sum that was measured last, and its expectation value as a function of parameter values."""
