"""Expectation values over time, with what is known of their errors."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["TimeEvolution"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TimeEvolution:
    """Expectation values of some observables after some times.

    Attributes:
        times: shape (times,).
        values: shape (times, observables).
        method: how the state was evolved, in words.
        error_bounds: proven bounds of ``|values − exact|``, shape (times, observables), without shot noise and
            rounding; for qDRIFT of the mean over all circuits. None where there is no bound.
        standard_errors: of the values, shape (times, observables): of the mean over random circuits, or of shots; None
            where nothing is random.
        exact_values: by exact propagation, shape (times, observables); None where it was not asked for.
        steps: of the product formula, or rotations of qDRIFT, for each time; None for exact propagation.
        num_circuits: random circuits for each time; 1 where they are not random.
        state_errors: bounds of the error of the state (‖·‖ of the vector) or, for qDRIFT, of the channel (‖·‖⋄), shape
            (times,); None where there is no bound.
        seed: repeats the run; None where nothing is random or a generator was given.
        wall_time: seconds.
    """

    times: FloatArray
    values: FloatArray = field(repr=False)
    method: str
    error_bounds: FloatArray | None = field(default=None, repr=False)
    standard_errors: FloatArray | None = field(default=None, repr=False)
    exact_values: FloatArray | None = field(default=None, repr=False)
    steps: tuple[int, ...] | None = None
    num_circuits: int = 1
    state_errors: FloatArray | None = field(default=None, repr=False)
    seed: int | None = None
    wall_time: float = 0.0

    @property
    def errors(self) -> FloatArray | None:
        """``values − exact_values``; None where there are no exact ones."""
        return None if self.exact_values is None else self.values - self.exact_values
