"""Orbitals and electrons that ansätze can have."""

from __future__ import annotations

from qtoolkit._arguments import shown
from qtoolkit._checks import require_integer
from qtoolkit.applications.chemistry.molecule import checked_electrons
from qtoolkit.errors import InputError
from qtoolkit.operators import PauliSum

__all__ = ["MAX_ORBITALS", "MAX_REPETITIONS", "checked_space", "lowest_orbitals"]

MAX_ORBITALS = PauliSum.max_qubits // 2
"""Two spin orbitals each, which are qubits of a Pauli string."""

MAX_REPETITIONS = 1000


def checked_space(norb: int, nelec: tuple[int, int]) -> tuple[int, tuple[int, int]]:
    """Numbers of spatial orbitals and of alpha and beta electrons.

    Raises:
        InputError: if there are no or too many orbitals, or the electrons do not fit.
    """
    norb, nelec = require_integer("norb", norb, 1, MAX_ORBITALS), checked_electrons(nelec)
    if not all(0 <= count <= norb for count in nelec):
        raise InputError(f"nelec must lie in [0, {norb}] for each spin in {norb} orbitals, got {shown(nelec)}")
    return norb, nelec


def lowest_orbitals(norb: int, nelec: tuple[int, int]) -> tuple[int, ...]:
    """Spin orbitals of the determinant that fills the lowest orbitals of each spin."""
    return (*range(nelec[0]), *range(norb, norb + nelec[1]))
