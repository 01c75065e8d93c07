"""What chemists compare with: the exact energy of the same space where it is small enough, and coupled cluster."""

from __future__ import annotations

import math

from qtoolkit.applications.chemistry.ansaetze import ccsd_amplitudes
from qtoolkit.applications.chemistry.fci import fci_energy
from qtoolkit.applications.chemistry.integrals import MolecularIntegrals
from qtoolkit.errors import ConvergenceError, MissingExtraError

__all__ = ["ccsd_energy", "exact_energy", "num_determinants"]

_MOST_DETERMINANTS = 5_000_000
"""The exact energy of more takes many minutes; `fci_energy` computes it for whoever wants to wait."""
_MOST_CORRELATED = 60
"""Orbitals, beyond which coupled cluster takes longer than the answer that it is beside."""


def num_determinants(integrals: MolecularIntegrals) -> int:
    """Determinants of the active electrons."""
    return math.prod(math.comb(integrals.norb, count) for count in integrals.nelec)


def exact_energy(integrals: MolecularIntegrals) -> float | None:
    """The lowest energy of the spin asked for, in hartree; None for more than 5 million determinants.

    Raises:
        MissingExtraError: if PySCF is not installed.
        ConvergenceError: if the iteration does not converge; see `fci_energy`.
    """
    return fci_energy(integrals) if num_determinants(integrals) <= _MOST_DETERMINANTS else None


def ccsd_energy(integrals: MolecularIntegrals) -> float | None:
    """The coupled-cluster energy with singles and doubles in the same space, in hartree, by PySCF.

    It is no upper bound: where bonds break, it may lie below the exact energy. None where the amplitudes do not
    converge, there are more than 60 orbitals, or PySCF is not installed.
    """
    if integrals.norb > _MOST_CORRELATED:
        return None
    try:
        correlation = ccsd_amplitudes(integrals).correlation_energy
    except (ConvergenceError, MissingExtraError):
        return None
    return None if correlation is None else integrals.hartree_fock_energy + correlation
