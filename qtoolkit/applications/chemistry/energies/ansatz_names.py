"""Ansätze by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias, get_args

from qtoolkit._arguments import check_flag, shown
from qtoolkit.applications.chemistry.ansaetze import (
    LUCJ,
    UCCSD,
    UCJ,
    Ansatz,
    HardwareEfficient,
    KUpCCGSD,
    PairUCCD,
)
from qtoolkit.applications.chemistry.integrals import FloatArray, MolecularIntegrals
from qtoolkit.errors import ConvergenceError, InputError, MissingExtraError

__all__ = ["AnsatzName", "ansatz_of", "start_of"]

AnsatzName: TypeAlias = Literal["uccsd", "k-upccgsd", "pair-uccd", "ucj", "lucj", "hardware-efficient"]
"""Names of ansätze; each has the defaults of its class."""

_CLASSES: dict[str, Callable[[int, tuple[int, int]], Ansatz]] = {
    "k-upccgsd": KUpCCGSD,
    "pair-uccd": PairUCCD,
    "ucj": UCJ,
    "lucj": LUCJ,
    "hardware-efficient": HardwareEfficient,
}


def ansatz_of(
    ansatz: Ansatz | AnsatzName | None, integrals: MolecularIntegrals, *, spin_adapted: bool, use_symmetry: bool
) -> Ansatz:
    """An ansatz, given or named, for the orbitals and electrons of some integrals.

    Raises:
        InputError: if it is neither, there is none of the name, or options of `UCCSD` are given for another.
    """
    spin_adapted, use_symmetry = check_flag(spin_adapted, "spin_adapted"), check_flag(use_symmetry, "use_symmetry")
    if ansatz is None or (isinstance(ansatz, str) and ansatz == "uccsd"):
        if use_symmetry and integrals.orbital_symmetries is None:
            raise InputError(
                "use_symmetry needs integrals with orbital_symmetries, got None; give them or leave it out"
            )
        symmetries = integrals.orbital_symmetries if use_symmetry else None
        return UCCSD(integrals.norb, integrals.nelec, spin_adapted, symmetries)
    if spin_adapted or use_symmetry:
        raise InputError('spin_adapted and use_symmetry are options of "uccsd", got another ansatz; give them to it')
    if isinstance(ansatz, str) and ansatz in _CLASSES:
        return _CLASSES[ansatz](integrals.norb, integrals.nelec)
    if not isinstance(ansatz, Ansatz):
        names = ", ".join(get_args(AnsatzName))
        raise InputError(f"ansatz must be an Ansatz or one of {names}, got {shown(ansatz)}")
    return ansatz


def start_of(ansatz: Ansatz, integrals: MolecularIntegrals) -> FloatArray:
    """The ansatz's own start; of cluster Jastrow ansätze, whose own needs coupled cluster, that of perturbation theory
    where coupled cluster does not converge or PySCF is not installed."""
    try:
        return ansatz.initial_parameters(integrals)
    except (ConvergenceError, MissingExtraError):
        if isinstance(ansatz, UCJ | LUCJ):
            return ansatz.initial_parameters(integrals, "mp2")
        raise
