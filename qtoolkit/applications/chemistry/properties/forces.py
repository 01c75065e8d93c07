"""Forces on nuclei through a variational wave function."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from qtoolkit._arguments import check_instance
from qtoolkit._checks import require_choice, require_number
from qtoolkit._optional import require
from qtoolkit.applications.chemistry.energies.ansatz_names import start_of
from qtoolkit.applications.chemistry.energies.ground_state import GroundState, lowest_energy
from qtoolkit.applications.chemistry.integrals import ActiveSpace, FloatArray, MolecularIntegrals, compute_integrals
from qtoolkit.applications.chemistry.molecule import Molecule
from qtoolkit.applications.chemistry.properties.orbital_response import analytic_gradient, has_analytic_gradient
from qtoolkit.applications.chemistry.properties.state_properties import state_properties
from qtoolkit.errors import InputError

__all__ = ["ForceMethod", "Forces", "bohr_in", "displaced", "forces"]

ForceMethod = Literal["auto", "analytic", "numerical"]


@dataclass(frozen=True, eq=False)
class Forces:
    """The derivative of an energy by the positions of nuclei.

    Attributes:
        gradient: dE/dR in hartree per bohr, shape (num_atoms, 3).
        method: ``"analytic"``, with the response of the orbitals, or ``"numerical"``, by differences of energies that
            are each optimised again.
        error: an estimate, rather too large, of the largest error of an entry, in hartree per bohr: of differences, how
            far those of two orders lie apart; of the analytic derivative, what the forces on all nuclei add up to.
        parameter_gradient_norm: norm of the energy's gradient by the ansatz's parameters, which the analytic derivative
            takes for zero; None where it is unknown.
        state: the state that they are of.
        wall_time: seconds.
    """

    gradient: FloatArray
    method: str
    error: float
    parameter_gradient_norm: float | None
    state: GroundState = field(repr=False)
    wall_time: float

    @property
    def forces(self) -> FloatArray:
        """−dE/dR in hartree per bohr, shape (num_atoms, 3)."""
        return -self.gradient

    @property
    def largest(self) -> float:
        """The largest entry in magnitude, in hartree per bohr."""
        return float(np.abs(self.gradient).max(initial=0.0))


def forces(state: GroundState, *, method: ForceMethod = "auto", step: float = 0.01) -> Forces:
    """Forces on the nuclei of a molecule in a variational ground state.

    Of canonical orbitals of a closed shell they are analytic: parameters of the ansatz, where the energy is stationary,
    contribute nothing, and the response of the orbitals is that of Hartree–Fock. In other orbitals (open shells, UHF)
    the energy is differentiated by differences, in four displacements of each coordinate, each optimised again.

    Args:
        state: a converged ground state of a molecule, without noise.
        method: ``"auto"`` is analytic where that is possible.
        step: of numerical differences, in bohr; displacements are once and twice as long.

    Raises:
        InputError: if the state was estimated with noise, has no molecule, or its active space was chosen by a rule,
            which chooses again where nuclei move.
        ConvergenceError: if orbitals that the ansatz tells apart are degenerate, or a displaced molecule does not
            converge.
        InsufficientMemoryError: if integrals do not fit into free memory.
        MissingExtraError: if PySCF is not installed.
    """
    begin = time.perf_counter()
    check_instance(state, GroundState, "state must be a GroundState, as ground_state returns")
    require_choice("method", method, ("auto", "analytic", "numerical"))
    step = require_number("step", step, 1e-4, 0.2)
    integrals = state.integrals
    if state.standard_error is not None:
        raise InputError("forces need energies without noise, got an estimate; solve without an estimator")
    if integrals.molecule is None:
        raise InputError("forces need integrals of a molecule, got some from elsewhere")
    if integrals.environment is not None or integrals.molecule.ghosts:
        raise InputError("forces are those of a molecule by itself, got one with ghosts or an environment of charges")
    if integrals.selection:
        raise InputError(
            f"forces need an active space of named orbitals, got one chosen by {integrals.selection}, which chooses "
            "again where nuclei move"
        )
    known = has_analytic_gradient(integrals)
    if method == "analytic" and not known:
        raise InputError(
            f'analytic forces need the orbitals of a closed shell, got {integrals.scf_method}; use method="numerical"'
        )
    if known and method != "numerical":
        gradient, name = analytic_gradient(state_properties(state)), "analytic"
        error = float(np.abs(gradient.sum(axis=0)).max())
    else:
        gradient, error = _differences(state, integrals.molecule, step)
        name = "numerical"
    return Forces(gradient, name, error, state.gradient_norm, state, time.perf_counter() - begin)


def bohr_in(molecule: Molecule) -> float:
    """One bohr in the unit of a molecule's coordinates, as PySCF has it."""
    return 1.0 if molecule.unit == "bohr" else float(require("pyscf.data.nist", extra="chemistry").BOHR)


def displaced(molecule: Molecule, shifts: FloatArray) -> Molecule:
    """The molecule with its nuclei moved by some bohr, shape (num_atoms, 3)."""
    scale = bohr_in(molecule)
    geometry = [
        (symbol, tuple(float(x + scale * dx) for x, dx in zip(place, shift, strict=True)))
        for (symbol, place), shift in zip(molecule.geometry, shifts, strict=True)
    ]
    moved: Any = geometry
    return replace(molecule, geometry=moved)


def solved_again(state: GroundState, molecule: Molecule) -> GroundState:
    """The same ansatz on a molecule near by, from the parameters found before or its own start."""
    integrals = same_kind(state.integrals, molecule)
    starts: Sequence[FloatArray] = [state.parameters, start_of(state.ansatz, integrals)]
    return lowest_energy(integrals, state.ansatz, starts=starts, seed=state.seed)


def same_kind(integrals: MolecularIntegrals, molecule: Molecule) -> MolecularIntegrals:
    """Integrals of another geometry in the same kind of orbitals and the same active space."""
    space: ActiveSpace = list(integrals.active_space)
    if integrals.scf_method == "UHF":
        return compute_integrals(molecule, space, reference="uhf")
    return compute_integrals(molecule, space)


def _differences(state: GroundState, molecule: Molecule, step: float) -> tuple[FloatArray, float]:
    """Differences of fourth order, and how far they lie from those of second order, which err by more.

    The last nucleus stays: forces on all of them add up to nothing.
    """
    count = len(molecule.geometry)
    gradient, error = np.zeros((count, 3)), 0.0
    for place in np.ndindex(count - 1, 3):
        energies = {}
        for factor in (-2, -1, 1, 2):
            shifts = np.zeros((count, 3))
            shifts[place] = factor * step
            energies[factor] = solved_again(state, displaced(molecule, shifts)).energy
        short = (energies[1] - energies[-1]) / (2.0 * step)
        long = (energies[2] - energies[-2]) / (4.0 * step)
        gradient[place] = (4.0 * short - long) / 3.0
        error = max(error, abs(short - long) / 3.0)
    gradient[-1] = -gradient.sum(axis=0)
    return gradient, error * (count - 1)
