"""The ansatz and the optimiser of methods that search for excited states."""

from __future__ import annotations

from qtoolkit._arguments import check_instance
from qtoolkit.algorithms import Optimizer
from qtoolkit.applications.chemistry.ansaetze import Ansatz, KUpCCGSD
from qtoolkit.applications.chemistry.energies.ansatz_names import AnsatzName, ansatz_of
from qtoolkit.applications.chemistry.integrals import MolecularIntegrals
from qtoolkit.errors import InputError

__all__ = ["checked_optimizer", "excited_ansatz"]


def excited_ansatz(ansatz: Ansatz | AnsatzName | None, integrals: MolecularIntegrals) -> Ansatz:
    """The ansatz asked for, or k-UpCCGSD of two layers.

    Raises:
        InputError: if it is of other orbitals or electrons, or no ansatz.
    """
    if ansatz is None:
        return KUpCCGSD(integrals.norb, integrals.nelec, repetitions=2)
    found = ansatz_of(ansatz, integrals, spin_adapted=False, use_symmetry=False)
    if (found.norb, found.nelec) != (integrals.norb, integrals.nelec):
        raise InputError(
            f"the ansatz has {found.nelec} electrons in {found.norb} orbitals, "
            f"got integrals of {integrals.nelec} in {integrals.norb}"
        )
    return found


def checked_optimizer(optimizer: Optimizer | None, default: Optimizer) -> Optimizer:
    """The optimiser asked for, or the default one.

    Raises:
        InputError: if it is none.
    """
    return default if optimizer is None else check_instance(optimizer, Optimizer, "optimizer must be an Optimizer")
