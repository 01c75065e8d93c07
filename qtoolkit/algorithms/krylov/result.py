"""Energies from a Krylov space, with their evidence."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["KrylovEnergies"]


@dataclass(frozen=True, eq=False)
class KrylovEnergies:
    """Lowest energies in the space of a state at several times.

    Attributes:
        energies: ascending, as many as were asked for or the space holds. Without shots they are upper bounds of the
            exact ones, but for `evolution_error`; with shots they are not.
        history: lowest energy in the space of the first 1, 2, … states.
        dimension: of the space, where overlaps exceed the threshold.
        threshold: eigenvalues of the overlap matrix up to this are left out.
        time_step: between the states.
        num_states: how many.
        standard_errors: of the energies, by a bootstrap of the shots; None without shots.
        exact_energies: given by the caller, ascending; None where unknown.
        evolution_error: bound of what a product formula shifts energies by; 0 for exact evolution.
        method: in words.
        shots: of all circuits together; 0 without shots.
        num_circuits: different circuits; 0 without shots.
        seed: reproduces the run; None without shots or where a generator was given.
        wall_time: seconds.
    """

    energies: NDArray[np.float64]
    history: NDArray[np.float64] = field(repr=False)
    dimension: int
    threshold: float
    time_step: float
    num_states: int
    standard_errors: NDArray[np.float64] | None
    exact_energies: NDArray[np.float64] | None
    evolution_error: float
    method: str
    shots: int
    num_circuits: int
    seed: int | None
    wall_time: float

    @property
    def energy(self) -> float:
        """The lowest."""
        return float(self.energies[0])

    @property
    def gap(self) -> float | None:
        """``energy`` less the lowest exact one; None where none was given."""
        return None if self.exact_energies is None else self.energy - float(self.exact_energies[0])
