"""Electron integrals of a molecule in its Hartree–Fock orbitals, with inactive orbitals folded into the core."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from qtoolkit._arguments import shown
from qtoolkit._optional import require
from qtoolkit.applications.chemistry.active_space import (
    ActiveSpace,
    AtomicValenceSpace,
    NaturalOrbitalSpace,
    active_orbitals,
    check_active,
)
from qtoolkit.applications.chemistry.mean_field import MeanField, Reference, check_reference, solve_mean_field
from qtoolkit.applications.chemistry.molecular_integrals import FloatArray, MolecularIntegrals, require_integrals
from qtoolkit.applications.chemistry.molecule import Molecule
from qtoolkit.applications.chemistry.orbitals import Orbitals, chosen_orbitals, orbitals_of
from qtoolkit.applications.chemistry.point_charges import PointCharges
from qtoolkit.applications.chemistry.structure import build_structure
from qtoolkit.errors import InputError

__all__ = [
    "ActiveSpace",
    "FloatArray",
    "MolecularIntegrals",
    "active_orbitals",
    "compute_integrals",
    "integrals_with",
    "require_integrals",
]


def compute_integrals(
    molecule: Molecule,
    active_space: ActiveSpace = None,
    reference: Reference = "auto",
    *,
    environment: PointCharges | None = None,
) -> MolecularIntegrals:
    """Run Hartree–Fock through PySCF and transform the integrals to its orbitals.

    The solution is followed along its instabilities to one that no rotation of its orbitals lowers, even where that
    breaks the symmetry of the nuclei; see `MolecularIntegrals.scf_solution`. Orbitals are adapted to the largest
    Abelian point group that is left, so that degenerate ones do not mix at random, sorted by occupation and energy,
    and given signs that do not depend on rounding. Effective core potentials that belong to the basis are used, and
    their electrons are none of the molecule's then.

    Args:
        molecule: nuclei, basis set, charge and spin.
        active_space: what stays. A tuple (electrons, orbitals) takes so many electrons in as many orbitals around the
            highest occupied one; a list names spatial orbitals, in the order given. Others that are doubly occupied
            are frozen into `one_body_tensor` and `core_energy`, empty ones are left out. ``"frozen_core"`` freezes the
            noble-gas core of each atom, such as 1s of Li to Ne; `avas` and `natural_orbitals` choose by a rule; None
            keeps all.
        reference: ``"rhf"``, ``"rohf"`` or ``"uhf"``, whose orbitals differ by spin; ``"auto"`` is RHF for closed
            shells and ROHF for open ones. Of a closed shell ``"rohf"`` is RHF.
        environment: charges around the molecule; those of ``molecule.environment`` by default. Their energy with the
            nuclei and the electrons is part of all energies, that among themselves is not; see
            `MolecularIntegrals.environment`.

    Raises:
        MissingExtraError: if PySCF is not installed.
        ConvergenceError: if the Hartree–Fock iteration does not converge, or fails.
        InputError: if the basis set does not exist for an element, needs a core potential that PySCF lacks or is too
            small, the reference does not fit the molecule, the active space has an orbital twice, one out of range, or
            leaves out a singly occupied one, or needs more qubits than a Pauli string has bits, or a rule chooses none.
        InsufficientMemoryError: if matrices of basis functions do not fit into free memory.
    """
    if not isinstance(molecule, Molecule):
        raise InputError(f"compute_integrals needs a Molecule, got {shown(molecule)}")
    check_reference(reference, molecule)
    if environment is not None:
        molecule = dataclasses.replace(molecule, environment=environment)
    structure = build_structure(molecule)
    active = active_orbitals(active_space, structure)
    if reference == "uhf" and isinstance(active_space, AtomicValenceSpace | NaturalOrbitalSpace):
        raise InputError(f"{active_space} needs orbitals that both spins share, got reference 'uhf'; take rhf or rohf")
    solution = solve_mean_field(molecule, structure, reference=reference)
    return integrals_with(molecule, structure, solution, active, active_space)


def integrals_with(
    molecule: Molecule, structure: Any, solution: MeanField, active: tuple[int, ...], active_space: ActiveSpace
) -> MolecularIntegrals:
    """The integrals in the orbitals of a solution; see `compute_integrals`."""
    orbitals, selection = orbitals_of(solution), ""
    nelec = (int(structure.nelec[0]), int(structure.nelec[1]))
    if isinstance(active_space, AtomicValenceSpace | NaturalOrbitalSpace):
        orbitals, active = chosen_orbitals(active_space, structure, solution, orbitals)
        check_active(active, nelec)
        selection = str(active_space)
    elif orbitals.num_orbitals < structure.nao:
        # PySCF drops what an almost dependent basis has too many
        active = active_orbitals(active_space, structure, orbitals.num_orbitals)
    core = tuple(p for p in range(orbitals.num_orbitals) if p not in active and p < min(nelec))
    mean_field = solution.solver
    if orbitals.is_unrestricted:
        one_body, two_body, core_energy = _folded_by_spin(mean_field, orbitals, core, active)
        overlap = _overlap(mean_field, orbitals, active)
    else:
        one_body, two_body, core_energy = _folded(mean_field, orbitals, core, active)
        overlap = None
    symmetries = orbitals.symmetries[..., list(active)]
    same = symmetries.ndim == 1 or bool((symmetries[0] == symmetries[1]).all())
    gradient = mean_field.get_grad(mean_field.mo_coeff, mean_field.mo_occ)
    return MolecularIntegrals(
        one_body_tensor=one_body,
        two_body_tensor=two_body,
        core_energy=core_energy,
        nelec=(nelec[0] - len(core), nelec[1] - len(core)),
        orbital_energies=orbitals.energies[..., list(active)],
        hartree_fock_energy=solution.energy,
        orbital_symmetries=tuple(symmetries.reshape(-1)[: len(active)].tolist()) if same else None,
        molecule=molecule,
        active_space=active,
        scf_method=solution.method,
        scf_gradient_norm=float(np.linalg.norm(gradient)),
        versions={"pyscf": require("pyscf", extra="chemistry").__version__},
        point_group=orbitals.point_group,
        scf_lowest_curvature=solution.lowest_curvature,
        scf_externally_stable=solution.externally_stable,
        scf_num_followed=solution.num_followed,
        orbital_coefficients=orbitals.coefficients,
        core_orbitals=core,
        orbital_occupations=orbitals.occupations,
        orbital_weights=orbitals.weights,
        selection=selection,
        orbital_overlap=overlap,
    )


def _folded(
    mean_field: Any, orbitals: Orbitals, core: tuple[int, ...], active: tuple[int, ...]
) -> tuple[FloatArray, FloatArray, float]:
    """Integrals of the active orbitals in the field of a doubly occupied core.

    The inactive Fock matrix takes the place of h, and the energy of the inactive determinant that of the nuclear
    repulsion (Helgaker, Jørgensen and Olsen, Molecular Electronic-Structure Theory, chapter 12).
    """
    frozen, kept = orbitals.coefficients[:, list(core)], orbitals.coefficients[:, list(active)]
    bare = mean_field.get_hcore()
    density = 2.0 * frozen @ frozen.T
    coulomb, exchange = mean_field.get_jk(mean_field.mol, density)
    repulsion = coulomb - 0.5 * exchange
    core_energy = mean_field.energy_nuc() + np.sum(density * (bare + 0.5 * repulsion))
    return kept.T @ (bare + repulsion) @ kept, _pairs(mean_field, kept, kept), float(core_energy)


def _folded_by_spin(
    mean_field: Any, orbitals: Orbitals, core: tuple[int, ...], active: tuple[int, ...]
) -> tuple[FloatArray, FloatArray, float]:
    """As `_folded`, where alpha and beta electrons have orbitals of their own."""
    frozen, kept = orbitals.coefficients[:, :, list(core)], orbitals.coefficients[:, :, list(active)]
    bare = mean_field.get_hcore()
    densities = np.einsum("smp,snp->smn", frozen, frozen)
    coulomb, exchange = mean_field.get_jk(mean_field.mol, densities)
    repulsion = coulomb.sum(axis=0) - exchange
    core_energy = mean_field.energy_nuc() + np.sum(densities * (bare + 0.5 * repulsion))
    one_body = np.array([kept[spin].T @ (bare + repulsion[spin]) @ kept[spin] for spin in (0, 1)])
    two_body = np.array([_pairs(mean_field, kept[a], kept[b]) for a, b in ((0, 0), (0, 1), (1, 1))])
    return one_body, two_body, float(core_energy)


def _pairs(mean_field: Any, first: FloatArray, second: FloatArray) -> FloatArray:
    """(pq|rs) with p, q of some orbitals and r, s of others."""
    ao2mo = require("pyscf.ao2mo", extra="chemistry")
    norb = first.shape[1]
    if first is second:
        found = ao2mo.restore(1, ao2mo.kernel(mean_field.mol, np.ascontiguousarray(first)), norb)
    else:
        orbitals = [np.ascontiguousarray(part) for part in (first, first, second, second)]
        found = ao2mo.kernel(mean_field.mol, orbitals, compact=False)
    return np.asarray(found.reshape((norb,) * 4), dtype=np.float64)


def _overlap(mean_field: Any, orbitals: Orbitals, active: tuple[int, ...]) -> FloatArray:
    """Of alpha with beta orbitals."""
    alpha, beta = orbitals.coefficients[:, :, list(active)]
    return np.asarray(alpha.T @ mean_field.get_ovlp() @ beta)
