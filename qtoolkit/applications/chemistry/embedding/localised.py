"""Orbitals that belong to atoms, and the Hamiltonian in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import items_of, shown
from qtoolkit._checks import require_choice, require_integer
from qtoolkit._memory import check_memory
from qtoolkit._optional import require
from qtoolkit.algorithms.embedding.mean_field import integrals_of
from qtoolkit.applications.chemistry.active_space import ActiveSpace, active_orbitals, whole_space
from qtoolkit.applications.chemistry.integrals import FloatArray, MolecularIntegrals, integrals_with
from qtoolkit.applications.chemistry.mean_field import solve_mean_field
from qtoolkit.applications.chemistry.molecule import Molecule
from qtoolkit.applications.chemistry.structure import build_structure
from qtoolkit.errors import InputError
from qtoolkit.operators import ElectronicHamiltonian

__all__ = ["LocalisedHamiltonian", "OrbitalKind", "localised_hamiltonian", "turned"]

OrbitalKind: TypeAlias = Literal["lowdin", "meta-lowdin"]
"""Orthogonal atomic orbitals: ``"lowdin"`` orthogonalises all basis functions alike, ``"meta-lowdin"`` core, valence
and other functions one after another, so that large bases keep valence orbitals like those of the atoms."""

_INDEPENDENT = 1e-6


@dataclass(frozen=True, eq=False)
class LocalisedHamiltonian:
    """A molecule in orthonormal orbitals that each belong to an atom.

    Attributes:
        hamiltonian: in these orbitals, in hartree, with the energy of nuclei and frozen electrons.
        fragments: the orbitals of each fragment, as numbers of those of `hamiltonian`.
        atoms: the atoms of each fragment.
        orbital_atoms: the atom of each orbital, shape (norb,).
        density: of the Hartree–Fock determinant, spin-summed, float64 of shape (norb, norb).
        num_electrons: active ones.
        rotation: the orbitals as columns in terms of the active orbitals of `integrals`, shape (norb, norb).
        integrals: in Hartree–Fock orbitals, with their evidence.
    """

    hamiltonian: ElectronicHamiltonian = field(repr=False)
    fragments: tuple[tuple[int, ...], ...]
    atoms: tuple[tuple[int, ...], ...]
    orbital_atoms: tuple[int, ...]
    density: FloatArray = field(repr=False)
    num_electrons: int
    rotation: FloatArray = field(repr=False)
    integrals: MolecularIntegrals = field(repr=False)

    @property
    def norb(self) -> int:
        """Number of active orbitals."""
        return self.hamiltonian.norb


def localised_hamiltonian(
    problem: Molecule | MolecularIntegrals,
    fragments: Sequence[Sequence[int]] | None = None,
    *,
    active_space: ActiveSpace = None,
    orbitals: OrbitalKind = "lowdin",
) -> LocalisedHamiltonian:
    """The Hamiltonian of a closed shell in orbitals that are as near to atomic ones as the active space allows.

    Orthogonal atomic orbitals (P.-O. Löwdin, J. Chem. Phys. 18, 365 (1950); "meta-lowdin": Q. Sun and G. K.-L. Chan, J.
    Chem. Theory Comput. 10, 3784 (2014)) are projected on the active space, as many as it has orbitals are selected by
    pivoting (A. Damle, L. Lin and L. Ying, J. Chem. Theory Comput. 11, 1463 (2015)), and made orthonormal. With all
    orbitals active they are the orthogonal atomic orbitals themselves; a frozen core takes the core orbital of each
    atom away.

    Args:
        problem: a molecule, whose orbitals may be more than qubits hold, or integrals that know their orbitals.
        fragments: groups of atoms, together all, each once; by default each atom by itself.
        active_space: see `compute_integrals`; only for a molecule.
        orbitals: see `OrbitalKind`.

    Raises:
        InputError: if the molecule is no closed shell, has ghosts, or the fragments are no partition of its atoms into
            groups that each have active orbitals.
        ConvergenceError: if Hartree–Fock does not converge.
        InsufficientMemoryError: if the integrals do not fit into free memory.
        MissingExtraError: if PySCF is not installed.
    """
    require_choice("orbitals", orbitals, ("lowdin", "meta-lowdin"))
    integrals = _integrals(problem, active_space)
    molecule, coefficients = integrals.molecule, integrals.orbital_coefficients
    if molecule is None or coefficients is None:
        raise InputError("localised orbitals need integrals of a molecule, got some from elsewhere")
    if molecule.ghosts:
        raise InputError("localised orbitals belong to atoms, got a molecule with ghosts; leave them out")
    if integrals.is_unrestricted or integrals.nelec[0] != integrals.nelec[1]:
        raise InputError(
            f"localised orbitals are for closed shells, got {integrals.nelec} alpha and beta electrons "
            f"by {integrals.scf_method}"
        )
    atoms = _partition(fragments, len(molecule.geometry))
    structure = build_structure(molecule, symmetric=False)
    atomic = _atomic_orbitals(structure, orbitals)
    overlap = structure.intor_symmetric("int1e_ovlp")
    rotation, chosen = _nearest(atomic.T @ overlap @ coefficients[:, list(integrals.active_space)])
    functions = np.concatenate(
        [np.full(last - first, k) for k, (_, _, first, last) in enumerate(structure.aoslice_by_atom())]
    )
    owners = tuple(int(owner) for owner in functions[chosen])
    parts = tuple(tuple(p for p, owner in enumerate(owners) if owner in group) for group in atoms)
    if not all(parts):
        empty = atoms[[bool(part) for part in parts].index(False)]
        raise InputError(
            f"each fragment must have active orbitals, got none on atoms {empty}; take those atoms to others, or "
            "another active space"
        )
    occupied = rotation[: integrals.nelec[0]]
    return LocalisedHamiltonian(
        hamiltonian=turned(integrals.hamiltonian, rotation),
        fragments=parts,
        atoms=atoms,
        orbital_atoms=owners,
        density=2.0 * occupied.T @ occupied,
        num_electrons=sum(integrals.nelec),
        rotation=rotation,
        integrals=integrals,
    )


def _integrals(problem: Molecule | MolecularIntegrals, active_space: ActiveSpace) -> MolecularIntegrals:
    if isinstance(problem, MolecularIntegrals):
        if active_space is not None:
            raise InputError("active_space is for a molecule, got one with integrals, which have theirs already")
        return problem
    if not isinstance(problem, Molecule):
        raise InputError(f"problem must be a Molecule or MolecularIntegrals, got {shown(problem)}")
    structure = build_structure(problem)
    # the limit of qubits is one for impurities, not for the whole
    active = whole_space(active_space, structure) or active_orbitals(active_space, structure)
    check_memory(
        6 * 8 * len(active) ** 4, f"integrals of {len(active)} orbitals", "freeze the core, or use a smaller basis"
    )
    return integrals_with(problem, structure, solve_mean_field(problem, structure), active, active_space)


def _partition(fragments: Sequence[Sequence[int]] | None, num_atoms: int) -> tuple[tuple[int, ...], ...]:
    if fragments is None:
        return tuple((atom,) for atom in range(num_atoms))
    groups = []
    for fragment in items_of(fragments, "fragments are a sequence of groups of atoms"):
        group = items_of(fragment, "a fragment is a sequence of atoms, counted from 0")
        groups.append(tuple(require_integer("an atom of a fragment", atom, 0, num_atoms - 1) for atom in group))
    if sorted(atom for group in groups for atom in group) != list(range(num_atoms)) or not all(groups):
        raise InputError(f"fragments must hold each of the atoms 0 to {num_atoms - 1} once, got {shown(fragments)}")
    return tuple(groups)


def _atomic_orbitals(structure: Any, kind: OrbitalKind) -> FloatArray:
    """Orthonormal orbitals in the order of the basis functions, as columns."""
    overlap = structure.intor_symmetric("int1e_ovlp")
    if kind == "lowdin":
        values, states = np.linalg.eigh(overlap)
        orbitals: FloatArray = (states / np.sqrt(values)) @ states.T
        return orbitals
    return np.asarray(require("pyscf.lo.orth", extra="chemistry").orth_ao(structure, "meta_lowdin", s=overlap))


def _nearest(active: FloatArray) -> tuple[FloatArray, NDArray[np.int64]]:
    """A rotation of active orbitals to some of the atomic ones.

    Args:
        active: in terms of the atomic orbitals, shape (num_functions, norb), with orthonormal columns.

    Returns:
        The localised orbitals as columns in terms of the active ones, and which atomic orbitals they are near to,
        ascending.
    """
    import scipy.linalg

    norb = active.shape[1]
    _, order = scipy.linalg.qr(active.T, mode="r", pivoting=True)
    chosen = np.sort(order[:norb]).astype(np.int64)
    values, states = np.linalg.eigh(active[chosen] @ active[chosen].T)
    if values[0] < _INDEPENDENT:
        raise InputError("the active orbitals cannot be given to atoms: their basis functions are nearly dependent")
    rotation: FloatArray = active[chosen].T @ (states / np.sqrt(values)) @ states.T
    return rotation, chosen


def turned(hamiltonian: ElectronicHamiltonian, rotation: FloatArray) -> ElectronicHamiltonian:
    """A Hamiltonian that is the same for both spins in other orbitals.

    Args:
        hamiltonian: in orthonormal orbitals.
        rotation: the new orbitals as columns in terms of the old ones, orthogonal, shape (norb, norb).
    """
    one_body, two_body = integrals_of(hamiltonian)
    first = rotation.T @ one_body @ rotation
    second = np.einsum("pqrs,pa,qb,rc,sd->abcd", two_body, *(rotation,) * 4, optimize=True)
    # rounding must not cost the symmetry that is checked
    second = 0.5 * (second + second.transpose(1, 0, 2, 3))
    second = 0.5 * (second + second.transpose(0, 1, 3, 2))
    second = 0.5 * (second + second.transpose(2, 3, 0, 1))
    return ElectronicHamiltonian(0.5 * (first + first.T), second, hamiltonian.constant)
