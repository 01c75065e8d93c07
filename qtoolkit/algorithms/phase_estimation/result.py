"""An energy by phase estimation, with its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["EnergyEstimate"]


@dataclass(frozen=True, eq=False)
class EnergyEstimate:
    """An eigenvalue of the Hamiltonian whose eigenstate is part of the prepared state, with an interval for it.

    With a product formula, eigenstates are those of the formula, whose energies lie within `evolution_error` of the
    Hamiltonian's.

    Attributes:
        energy: of the strongest peak, between grid points by the ratio of its two highest outcomes.
        interval: holds an eigenvalue with probability `confidence` at least, whatever the prepared state;
            shot noise and `evolution_error` included, a device's noise not. Where phases close to 0 and to 1 cannot be
            told apart, it reaches from the lower to the upper end of the energies there may be.
        confidence: as asked for.
        resolution: distance of grid points, W / 2^bits.
        grid_energy: of the most frequent outcome; at the upper end of the range for a phase just below 1.
        probability: share of the shots at that outcome and the higher of its neighbours; about the weight of the
            eigenstate in the prepared state, or less.
        histogram: shots by energy of the grid, ascending.
        energy_range: the energies of the phases 0 and 1.
        is_alias_free: whether no eigenvalue lies outside the range, by a bound or by a second measurement at another
            range; False where that one disagrees: the energy is then known up to multiples of the width. None where a
            given range was not checked.
        evolution_error: bound of what the product formula shifts energies by.
        num_bits: bits of the phase.
        shots: runs.
        method: ``"textbook"`` or ``"iterative"``.
        evolution: ``"exact"`` or ``"trotter"``.
        num_evolutions: applications of the controlled U in one shot.
        exact_energy: as given by the caller; None where unknown.
        seed: reproduces the run where the sampler honours seeds.
        backend_name: where circuits ran.
        wall_time: seconds.
    """

    energy: float
    interval: tuple[float, float]
    confidence: float
    resolution: float
    grid_energy: float
    probability: float
    histogram: Mapping[float, int] = field(repr=False)
    energy_range: tuple[float, float]
    is_alias_free: bool | None
    evolution_error: float
    num_bits: int
    shots: int
    method: str
    evolution: str
    num_evolutions: int
    exact_energy: float | None = None
    seed: int | None = None
    backend_name: str = ""
    wall_time: float = 0.0

    @property
    def gap(self) -> float | None:
        """``energy - exact_energy``; None where no exact value was given."""
        return None if self.exact_energy is None else self.energy - self.exact_energy
