"""What a risk measure asks of losses: a register that holds them, and the law that they have exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import Circuit

__all__ = ["ExactLosses", "FloatArray", "LossLaw"]

FloatArray: TypeAlias = NDArray[np.float64]


class ExactLosses(Protocol):
    """The continuous model, by formulas or by numerical integration."""

    @property
    def method(self) -> str:
        """How its numbers are found."""
        ...

    def mean(self) -> float:
        """Expected loss."""
        ...

    def value_at_risk(self, level: float) -> float:
        """The least loss that is not exceeded with at least the probability `level`."""
        ...

    def excess(self, threshold: float) -> float:
        """``E[(L - threshold)⁺]``."""
        ...

    def draw(self, rng: np.random.Generator, count: int) -> FloatArray:
        """Independent losses."""
        ...


@dataclass(frozen=True, eq=False)
class LossLaw:
    """Losses in a register.

    Attributes:
        circuit: prepares the register.
        register: its qubits, the lowest bit first.
        points: the loss that each value k of the register stands for, ascending; the mean loss in a cell.
        lows, highs: ends of the cell of each k; the points themselves where losses are discrete.
        probabilities: of the values on the grid, as the circuit has them.
        chance_errors: how far ``P(index <= k)`` is from the continuous ``P(L <= highs[k])``, for each k.
        rounding: how far losses were moved at most to be on the grid.
        exact: the continuous model.
        fingerprint: of the continuous model.
    """

    circuit: Circuit
    register: tuple[int, ...]
    points: FloatArray
    lows: FloatArray
    highs: FloatArray
    probabilities: FloatArray
    chance_errors: FloatArray
    rounding: float
    exact: ExactLosses
    fingerprint: str

    def mean_of(self, function: Callable[[FloatArray], FloatArray]) -> float:
        """The mean on the grid of a function of the loss."""
        return float(self.probabilities @ function(self.points))

    def quantile(self, level: float) -> int:
        """The first place up to which the probability on the grid is at least `level`."""
        return min(int(np.searchsorted(np.cumsum(self.probabilities), level)), self.points.size - 1)

    @property
    def is_discrete(self) -> bool:
        """Whether each value of the register is one loss and no cell of them."""
        return bool(np.array_equal(self.lows, self.highs))
