"""The exact energy within an active space, which every approximate one is measured against."""

from __future__ import annotations

import math

import numpy as np

from qtoolkit._optional import require
from qtoolkit.applications.chemistry.integrals import MolecularIntegrals, require_integrals
from qtoolkit.errors import ConvergenceError, InputError

__all__ = ["fci_energy"]

_MAX_DETERMINANTS = 10**8
_ENERGY_TOLERANCE = 1e-11
_ROUGH_TOLERANCE = 1e-6
_MAX_CYCLES = 300
_SPIN_TOLERANCE = 1e-6
_SPIN_PENALTIES = (0.0, 0.5, 2.0, 8.0)
"""In hartree for each unit of S² too many; the next is tried where states of higher spin still lie lower. Each makes
the iteration slower, and most molecules need none."""
_FEW_DETERMINANTS = 10**5
_SEVERAL_STATES = 3


def fci_energy(integrals: MolecularIntegrals) -> float:
    """Lowest energy, in hartree, of all states with the electrons and the spin of `integrals`.

    The spin is S = |n_alpha − n_beta| / 2: a singlet for as many alpha as beta electrons, even where a triplet with
    the same numbers of electrons lies lower, and so on. Full configuration interaction by PySCF: a Davidson iteration
    over all determinants, with a penalty on higher spins where they lie lower.

    Raises:
        MissingExtraError: if PySCF is not installed.
        InputError: if there are more than 10^8 determinants, or no state of this spin among them.
        ConvergenceError: if the iteration does not converge, or to no state of this spin.
    """
    require_integrals(integrals)
    n_alpha, n_beta = integrals.nelec
    determinants = math.comb(integrals.norb, n_alpha) * math.comb(integrals.norb, n_beta)
    if determinants > _MAX_DETERMINANTS:
        raise InputError(
            f"full configuration interaction is limited to 10^8 determinants, got {determinants} for "
            f"{integrals.nelec} electrons in {integrals.norb} orbitals; choose a smaller active space"
        )
    spin = integrals.spin
    for penalty in _SPIN_PENALTIES:
        energy, spin_squared = _lowest_state(integrals, determinants, penalty)
        if abs(spin_squared - spin * (spin + 1.0)) < _SPIN_TOLERANCE:
            return energy
    raise ConvergenceError(
        f"full configuration interaction must end in a state of S = {spin:g}, but the lowest has <S²> = "
        f"{spin_squared:.6f} with a penalty of {_SPIN_PENALTIES[-1]:g} hartree on higher spins"
    )


def _lowest_state(integrals: MolecularIntegrals, determinants: int, penalty: float) -> tuple[float, float]:
    """Energy and expectation value of S² of the lowest state under a penalty on spin."""
    fci = require("pyscf.fci", extra="chemistry")
    solver = fci.direct_spin1.FCI()
    if penalty:
        solver = fci.addons.fix_spin_(solver, shift=penalty, ss=integrals.spin * (integrals.spin + 1.0))
    solver.verbose = 0
    tensors = (integrals.one_body_tensor, integrals.two_body_tensor, integrals.norb, integrals.nelec)
    state = None
    if 1 < determinants <= _FEW_DETERMINANTS:
        # A start that keeps a symmetry never finds a state of another: of several the lowest is where to start.
        solver.nroots, solver.conv_tol = min(determinants, _SEVERAL_STATES), _ROUGH_TOLERANCE
        energies, states = solver.kernel(*tensors)
        state = states[int(np.argmin(energies))]
    solver.nroots, solver.conv_tol, solver.max_cycle = 1, _ENERGY_TOLERANCE, _MAX_CYCLES
    energy, state = solver.kernel(*tensors, ci0=state, ecore=integrals.core_energy)
    if not np.all(solver.converged):
        raise ConvergenceError(
            f"full configuration interaction over {determinants} determinants did not converge to "
            f"{_ENERGY_TOLERANCE:g} hartree in {_MAX_CYCLES} iterations"
        )
    spin_squared = float(fci.spin_op.spin_square(state, integrals.norb, integrals.nelec)[0])
    return float(energy), spin_squared
