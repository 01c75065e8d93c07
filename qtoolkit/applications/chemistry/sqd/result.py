"""What sample-based diagonalisation found, with its evidence."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["SampledDiagonalisation", "SampledIteration"]


@dataclass(frozen=True)
class SampledIteration:
    """One round of recovery and diagonalisation.

    Attributes:
        energies: of the batches.
        num_determinants: of their subspaces.
        num_configurations: distinct configurations after recovery.
        occupancy_change: largest change of a mean occupancy from the round before; None in the first.
    """

    energies: tuple[float, ...]
    num_determinants: tuple[int, ...]
    num_configurations: int
    occupancy_change: float | None


@dataclass(frozen=True, eq=False)
class SampledDiagonalisation:
    """The lowest state found in subspaces of sampled configurations.

    Attributes:
        energy: an upper bound of the exact ground state's, for these electrons.
        amplitudes: of its state, shape (alpha strings, beta strings), of norm 1.
        alpha_strings, beta_strings: occupied orbitals as bits, ascending, int64.
        occupancies: mean occupation of each orbital, alpha and beta, shape (2, norb).
        variance: ⟨H²⟩ − ⟨H⟩² with the Hamiltonian of the whole sector; 0 for an exact eigenstate. None where the sector
            is too large for it.
        spin_squared: ⟨S²⟩; None likewise.
        exact_energy: the lowest of the sector, given by the caller or computed where the sector is small; else None.
        correct_share: share of the shots that had the right numbers of electrons.
        history: of the rounds.
        converged: whether energy and occupancies met the tolerance.
        message: why it ended.
        shots: number of samples.
        seed: reproduces the run; None if a generator was given.
        wall_time: seconds.
    """

    energy: float
    amplitudes: NDArray[np.float64] = field(repr=False)
    alpha_strings: NDArray[np.int64] = field(repr=False)
    beta_strings: NDArray[np.int64] = field(repr=False)
    occupancies: NDArray[np.float64] = field(repr=False)
    variance: float | None
    spin_squared: float | None
    exact_energy: float | None
    correct_share: float
    history: tuple[SampledIteration, ...] = field(repr=False)
    converged: bool
    message: str
    shots: int
    seed: int | None
    wall_time: float

    @property
    def num_determinants(self) -> int:
        """Size of the subspace."""
        return int(self.amplitudes.size)

    @property
    def gap(self) -> float | None:
        """``energy - exact_energy``, not negative; None where the exact energy is unknown."""
        return None if self.exact_energy is None else self.energy - self.exact_energy
