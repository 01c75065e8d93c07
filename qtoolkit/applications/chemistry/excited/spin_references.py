"""Simple states of one spin, to start from: determinants with the other spins projected out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit._checks import require_number
from qtoolkit.applications.chemistry.integrals import MolecularIntegrals
from qtoolkit.errors import InputError
from qtoolkit.simulators.fermion import FermionSector, determinant_energies
from qtoolkit.simulators.fermion.spin import TotalSpin

__all__ = ["allowed_spins", "checked_spin", "spin_of", "spin_references"]

State = NDArray[Any]

_SMALLEST = 1e-3
"""Norm of what a projection must leave of a determinant."""


def allowed_spins(integrals: MolecularIntegrals) -> list[float]:
    """S of the states of some electrons, ascending."""
    n_alpha, n_beta = integrals.nelec
    unpaired = min(n_alpha + n_beta, 2 * integrals.norb - n_alpha - n_beta)
    least = abs(n_alpha - n_beta)
    return [twice / 2 for twice in range(least, unpaired + 1, 2)]


def checked_spin(spin: float | None, integrals: MolecularIntegrals) -> float | None:
    """S that the electrons can have.

    Raises:
        InputError: if they cannot, or the orbitals of the two spins differ.
    """
    if integrals.is_unrestricted:
        raise InputError("excited states need orbitals that both spins share, got some that differ; take RHF or ROHF")
    known = allowed_spins(integrals)
    if spin is None:
        return None
    value = require_number("spin", spin)
    if value not in known:
        names = ", ".join(f"{each:g}" for each in known)
        raise InputError(f"spin is S, which {integrals.nelec} electrons can have as one of {names}, got {value:g}")
    return value


def spin_of(spin_squared: float, integrals: MolecularIntegrals) -> float:
    """The S whose S (S + 1) is nearest."""
    return min(allowed_spins(integrals), key=lambda spin: abs(spin * (spin + 1.0) - spin_squared))


def spin_references(
    integrals: MolecularIntegrals, sector: FermionSector, spin: float | None, count: int
) -> list[State]:
    """Orthonormal states of a spin, or of any, made of the determinants lowest in energy, at most `count`.

    The other spins are projected out (P.-O. Löwdin, Phys. Rev. 97, 1509 (1955)).
    """
    total_spin = TotalSpin(sector.norb, sector.nelec)
    order = np.argsort(determinant_energies(integrals.hamiltonian, sector), axis=None, kind="stable")
    wanted = allowed_spins(integrals) if spin is None else [spin]
    found: list[State] = []
    for place in order:
        for target in wanted:
            state = np.zeros(sector.size)
            state[place] = 1.0
            state = total_spin.project(state.reshape(sector.shape), target)
            for other in found:
                state -= np.vdot(other, state) * other
            norm = float(np.linalg.norm(state))
            if norm > _SMALLEST:
                found.append(state / norm)
            if len(found) == count:
                return found
    return found
