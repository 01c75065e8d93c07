"""The exact energy within an active space, which every approximate one is measured against."""

from __future__ import annotations

import math

from qtoolkit._optional import require
from qtoolkit.applications.chemistry.integrals import MolecularIntegrals
from qtoolkit.errors import ConvergenceError, InputError

__all__ = ["fci_energy"]

_MAX_DETERMINANTS = 10**8
_ENERGY_TOLERANCE = 1e-11


def fci_energy(integrals: MolecularIntegrals) -> float:
    """Lowest energy, in hartree, of all states with the numbers of alpha and beta electrons of `integrals`.

    Full configuration interaction by PySCF: a Davidson iteration over all determinants.

    Raises:
        MissingExtraError: if PySCF is not installed.
        InputError: if there are more than 10^8 determinants.
        ConvergenceError: if the iteration does not converge.
    """
    n_alpha, n_beta = integrals.nelec
    determinants = math.comb(integrals.norb, n_alpha) * math.comb(integrals.norb, n_beta)
    if determinants > _MAX_DETERMINANTS:
        raise InputError(
            f"full configuration interaction is limited to 10^8 determinants, got {determinants} for "
            f"{integrals.nelec} electrons in {integrals.norb} orbitals; choose a smaller active space"
        )
    solver = require("pyscf.fci", extra="chemistry").direct_spin1.FCI()
    solver.verbose = 0
    solver.conv_tol = _ENERGY_TOLERANCE
    solver.max_cycle = 300
    energy, _ = solver.kernel(
        integrals.one_body_tensor,
        integrals.two_body_tensor,
        integrals.norb,
        integrals.nelec,
        ecore=integrals.core_energy,
    )
    if not solver.converged:
        raise ConvergenceError(
            f"full configuration interaction over {determinants} determinants did not converge to "
            f"{_ENERGY_TOLERANCE:g} hartree in 300 iterations"
        )
    return float(energy)
