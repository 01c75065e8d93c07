"""`ExcitedStates`: several states and what is known of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from qtoolkit.applications.chemistry.energies.certificate import Certificate
from qtoolkit.applications.chemistry.energies.ground_state import GroundState
from qtoolkit.applications.chemistry.energies.model import facts_of
from qtoolkit.applications.chemistry.energies.references import num_determinants
from qtoolkit.applications.chemistry.excited.spin_references import spin_of
from qtoolkit.applications.chemistry.fci import fci_energies
from qtoolkit.applications.chemistry.integrals import FloatArray, MolecularIntegrals
from qtoolkit.errors import ConvergenceError
from qtoolkit.simulators.fermion import FermionSector, FermionSimulator

__all__ = ["Ending", "ExcitedStates", "State", "assembled"]

State = NDArray[Any]

_MOST_DETERMINANTS = 300_000
"""Exact energies of several states take longer than that of one."""


class Ending(Protocol):
    """What is told of the search behind a state, by `VQEResult` and by `GroundState`."""

    @property
    def converged(self) -> bool:
        """Whether it met its tolerance."""
        ...

    @property
    def message(self) -> str:
        """Why it ended."""
        ...

    @property
    def num_evaluations(self) -> int:
        """Of the energy."""
        ...

    @property
    def gradient_norm(self) -> float | None:
        """At the end."""
        ...


@dataclass(frozen=True, eq=False)
class ExcitedStates:
    """States of a molecule, ascending in energy; energies in hartree.

    Attributes:
        method: what found them.
        energies: shape (count,).
        spins: S of each, the one nearest to its ⟨S²⟩, shape (count,).
        certificates: of each: ⟨S²⟩, residual, exact energy of the same rank among the states of its spin.
        states: amplitudes of alpha by beta strings, shape (count, alpha strings, beta strings).
        ground: the variational ground state that the others are built on; None where there is none.
        integrals: the integrals, with their own evidence.
        wall_time: seconds.
        seed: of starts; None if a generator was given, or none was needed.
    """

    method: str
    energies: FloatArray
    spins: FloatArray
    certificates: tuple[Certificate, ...] = field(repr=False)
    states: NDArray[Any] = field(repr=False)
    ground: GroundState | None = field(repr=False)
    integrals: MolecularIntegrals = field(repr=False)
    wall_time: float
    seed: int | None

    @property
    def spin_squared(self) -> FloatArray:
        """⟨S²⟩ of each, shape (count,)."""
        return np.array([certificate.spin_squared for certificate in self.certificates], dtype=np.float64)

    @property
    def residual_norms(self) -> FloatArray:
        """‖(H − ⟨H⟩)|ψ⟩‖ of each in hartree, shape (count,); an exact eigenvalue lies within it of ⟨H⟩."""
        return np.array([certificate.residual_norm for certificate in self.certificates], dtype=np.float64)

    @property
    def exact_energies(self) -> FloatArray:
        """The exact state of the same rank and spin, shape (count,); NaN where the space is too large."""
        return np.array([certificate.exact_energy for certificate in self.certificates], dtype=np.float64)

    @property
    def gaps(self) -> FloatArray:
        """``energies - exact_energies``, shape (count,)."""
        return self.energies - self.exact_energies

    @property
    def excitation_energies(self) -> FloatArray:
        """Above the ground state found, or above the lowest of these states where there is none, shape (count,)."""
        lowest = self.energies[0] if self.ground is None else self.ground.energy
        return self.energies - lowest


def assembled(
    method: str,
    integrals: MolecularIntegrals,
    states: Sequence[State],
    energies: Sequence[float] | None = None,
    *,
    endings: Sequence[Ending],
    ground: GroundState | None,
    is_variational: bool,
    has_ground: bool = True,
    wall_time: float,
    seed: int | None,
) -> ExcitedStates:
    """The result of normalised states, in any order.

    Args:
        method: what found them.
        integrals: the problem.
        states: of its sector.
        energies: of each; expectation values by default.
        endings: of the search behind each.
        ground: what they are built on.
        is_variational: whether an energy below the exact lowest of all spins is an error.
        has_ground: whether the ground state is among them.
        wall_time: seconds.
        seed: of starts.

    Raises:
        ConvergenceError: if a variational energy lies below the exact lowest.
    """
    sector, simulator = FermionSector(integrals.norb, integrals.nelec), FermionSimulator()
    if energies is None:
        energies = [
            float(np.vdot(state, simulator.apply(integrals.hamiltonian, sector, state)).real) for state in states
        ]
    order = np.argsort(energies, kind="stable")
    facts = [facts_of(integrals, sector, states[k], simulator) for k in order]
    spins = [spin_of(fact.spin_squared or 0.0, integrals) for fact in facts]
    skipped = {spin: int(not has_ground and spin == integrals.spin) for spin in spins}
    exact = {spin: _exact(integrals, spins.count(spin) + skipped[spin], spin) for spin in skipped}
    lowest = _exact(integrals, 1, None) if is_variational else None
    certificates = []
    for rank, (k, fact, spin) in enumerate(zip(order, facts, spins, strict=True)):
        levels = exact[spin]
        certificates.append(
            Certificate(
                energy=float(energies[k]),
                num_electrons=fact.num_electrons,
                spin_squared=fact.spin_squared,
                spin_squared_target=spin * (spin + 1.0),
                variance=fact.variance,
                exact_energy=None if levels is None else float(levels[spins[:rank].count(spin) + skipped[spin]]),
                exact_ground_energy=None if lowest is None else float(lowest[0]),
                converged=endings[k].converged,
                message=endings[k].message,
                num_evaluations=endings[k].num_evaluations,
                gradient_norm=endings[k].gradient_norm,
                seed=seed,
            )
        )
    return ExcitedStates(
        method=method,
        energies=np.array([energies[k] for k in order]),
        spins=np.array(spins),
        certificates=tuple(certificates),
        states=np.array([states[k] for k in order]),
        ground=ground,
        integrals=integrals,
        wall_time=wall_time,
        seed=seed,
    )


def _exact(integrals: MolecularIntegrals, count: int, spin: float | None) -> FloatArray | None:
    if num_determinants(integrals) > _MOST_DETERMINANTS:
        return None
    try:
        return fci_energies(integrals, count, spin="any" if spin is None else spin)
    except ConvergenceError:
        return None
