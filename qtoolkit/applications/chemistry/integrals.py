"""Electron integrals of a molecule in its Hartree–Fock orbitals, with inactive orbitals folded into the core."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from qtoolkit._arguments import shown
from qtoolkit._checks import require_array, require_number
from qtoolkit._optional import require
from qtoolkit.applications.chemistry.mean_field import MeanField, solve_mean_field
from qtoolkit.applications.chemistry.molecule import Molecule, checked_electrons
from qtoolkit.applications.chemistry.structure import build_structure
from qtoolkit.errors import InputError
from qtoolkit.operators import ElectronicHamiltonian, PauliSum

__all__ = [
    "ActiveSpace",
    "FloatArray",
    "MolecularIntegrals",
    "active_orbitals",
    "compute_integrals",
    "integrals_with",
    "require_integrals",
]

FloatArray: TypeAlias = npt.NDArray[np.float64]

ActiveSpace: TypeAlias = tuple[int, int] | Sequence[int] | Literal["frozen_core"] | None
"""What stays: a tuple of two is (electrons, orbitals) around the highest occupied orbital, as chemists write it; any
other sequence, a list of two among them, names spatial orbitals, counted from the lowest; ``"frozen_core"`` freezes
noble-gas cores; None keeps all."""

_SYMMETRY_TOLERANCE = 1e-8
_MAX_ORBITALS = PauliSum.max_qubits // 2
_NOBLE_GAS_CORES = ((54, 27), (36, 18), (18, 9), (10, 5), (2, 1))
"""Electrons of a noble gas and the spatial orbitals they fill, heaviest first."""


@dataclass(frozen=True, eq=False)
class MolecularIntegrals:
    """The electronic Hamiltonian of an active space in real orthonormal orbitals, in hartree.

    Attributes:
        one_body_tensor: h_pq, float64 of shape (norb, norb), with the mean field of the frozen electrons.
        two_body_tensor: (pq|rs) in chemists' notation, float64 of shape (norb, norb, norb, norb).
        core_energy: nuclear repulsion and energy of the frozen electrons.
        nelec: active alpha and beta electrons; the reference determinant fills the lowest orbitals of each spin.
        orbital_energies: eigenvalues of the Fock matrix, shape (norb,).
        hartree_fock_energy: total energy of the reference determinant.
        orbital_symmetries: irreducible representation of each orbital in D2h or a subgroup, numbered so that the
            product of two is the exclusive or of their numbers; None where unknown.
        molecule: where the integrals come from; None where they were given.
        active_space: the orbitals of the molecule that are active.
        scf_method: "RHF" or "ROHF".
        scf_gradient_norm: norm of the orbital gradient at convergence.
        versions: package name to version.
        point_group: the Abelian group that `orbital_symmetries` are of: ``"C1"`` where the lowest solution breaks the
            symmetry of the nuclei; empty where unknown.
        scf_lowest_curvature: lowest eigenvalue of the energy's Hessian by rotations of the orbitals, in hartree; not
            negative, but for rounding, for that would be a saddle point. None where unknown.
        scf_externally_stable: whether no unrestricted or complex determinant near by is lower; None where unknown.
        scf_num_followed: instabilities that were followed from the usual solution to this one.

    Raises:
        InputError: if shapes do not match, an entry is not finite, the tensors lack the symmetry of real orbitals, or
            the electrons do not fit the orbitals.
    """

    one_body_tensor: FloatArray = field(repr=False)
    two_body_tensor: FloatArray = field(repr=False)
    core_energy: float
    nelec: tuple[int, int]
    orbital_energies: FloatArray = field(repr=False)
    hartree_fock_energy: float
    orbital_symmetries: tuple[int, ...] | None = None
    molecule: Molecule | None = None
    active_space: tuple[int, ...] = ()
    scf_method: str = ""
    scf_gradient_norm: float = 0.0
    versions: Mapping[str, str] = field(default_factory=dict)
    point_group: str = ""
    scf_lowest_curvature: float | None = None
    scf_externally_stable: bool | None = None
    scf_num_followed: int = 0

    def __post_init__(self) -> None:
        norb = np.shape(self.one_body_tensor)[0] if np.ndim(self.one_body_tensor) else 1
        shapes = {"one_body_tensor": (norb,) * 2, "two_body_tensor": (norb,) * 4, "orbital_energies": (norb,)}
        for name, shape in shapes.items():
            object.__setattr__(self, name, require_array(name, getattr(self, name), shape))
        for name in ("core_energy", "hartree_fock_energy"):
            object.__setattr__(self, name, require_number(name, getattr(self, name)))
        _check_symmetric(self.one_body_tensor, self.two_body_tensor)
        object.__setattr__(self, "nelec", checked_electrons(self.nelec))
        if not all(0 <= count <= norb for count in self.nelec):
            raise InputError(f"nelec must lie in [0, {norb}] for each spin in {norb} orbitals, got {self.nelec}")
        if self.orbital_symmetries is not None and len(self.orbital_symmetries) != norb:
            raise InputError(f"orbital_symmetries must have {norb} entries, got {len(self.orbital_symmetries)}")

    @property
    def norb(self) -> int:
        """Number of active spatial orbitals."""
        return len(self.one_body_tensor)

    @property
    def num_qubits(self) -> int:
        """Number of active spin orbitals, which are the qubits of the Jordan–Wigner mapping."""
        return 2 * self.norb

    @cached_property
    def hamiltonian(self) -> ElectronicHamiltonian:
        """The Hamiltonian of the active electrons, in hartree, with `core_energy` as its constant."""
        return ElectronicHamiltonian(self.one_body_tensor, self.two_body_tensor, self.core_energy)

    @property
    def spin(self) -> float:
        """S of the states asked for: the lowest that n_alpha − n_beta allows."""
        return abs(self.nelec[0] - self.nelec[1]) / 2

    @property
    def scf_solution(self) -> str:
        """Which solution of Hartree–Fock these orbitals are, in words."""
        if not self.scf_method:
            return "orbitals from elsewhere"
        words = [f"{self.scf_method} in {self.point_group}", "stable within it"]
        if self.scf_num_followed:
            count = self.scf_num_followed
            words.append(f"found by following {count} {'instability' if count == 1 else 'instabilities'}")
        if self.scf_externally_stable is False:
            words.append("an unrestricted or complex solution lies lower")
        return ", ".join(words)


def compute_integrals(molecule: Molecule, active_space: ActiveSpace = None) -> MolecularIntegrals:
    """Run restricted Hartree–Fock through PySCF and transform the integrals to its orbitals.

    Open shells use ROHF. The solution is followed along its instabilities to one that no rotation of its orbitals
    lowers, even where that breaks the symmetry of the nuclei; see `MolecularIntegrals.scf_solution`. Orbitals are
    adapted to the largest Abelian point group that is left, so that degenerate ones do not mix at random, sorted by
    occupation and energy, and given signs that do not depend on rounding. Effective core potentials that belong to
    the basis are used, and their electrons are none of the molecule's then.

    Args:
        molecule: nuclei, basis set, charge and spin.
        active_space: what stays. A tuple (electrons, orbitals) takes so many electrons in as many orbitals around the
            highest occupied one; a list names spatial orbitals, in the order given. Others that are doubly occupied
            are frozen into `one_body_tensor` and `core_energy`, empty ones are left out. ``"frozen_core"`` freezes the
            noble-gas core of each atom, such as 1s of Li to Ne; None keeps all.

    Raises:
        MissingExtraError: if PySCF is not installed.
        ConvergenceError: if the Hartree–Fock iteration does not converge, or fails.
        InputError: if the basis set does not exist for an element, needs a core potential that PySCF lacks or is too
            small, the active space has an orbital twice, one out of range, or leaves out a singly occupied one, or
            needs more qubits than a Pauli string has bits.
    """
    if not isinstance(molecule, Molecule):
        raise InputError(f"compute_integrals needs a Molecule, got {shown(molecule)}")
    structure = build_structure(molecule)
    active = active_orbitals(active_space, structure)
    return integrals_with(molecule, structure, solve_mean_field(molecule, structure), active, active_space)


def integrals_with(
    molecule: Molecule, structure: Any, solution: MeanField, active: tuple[int, ...], active_space: ActiveSpace
) -> MolecularIntegrals:
    """The integrals in the orbitals of a solution; see `compute_integrals`."""
    mean_field = solution.solver
    occupations = np.asarray(mean_field.mo_occ)
    # rounded, so that degenerate orbitals keep PySCF's order
    order = np.lexsort((np.round(mean_field.mo_energy, 6), -occupations))
    orbitals, occupations = _fix_signs(np.asarray(mean_field.mo_coeff)[:, order]), occupations[order]
    if len(occupations) < structure.nao:
        # PySCF drops what an almost dependent basis has too many
        active = active_orbitals(active_space, structure, len(occupations))
    core = [p for p in range(len(occupations)) if p not in active and occupations[p] == 2]
    one_body, two_body, core_energy = _folded_integrals(mean_field, orbitals[:, core], orbitals[:, list(active)])
    return MolecularIntegrals(
        one_body_tensor=one_body,
        two_body_tensor=two_body,
        core_energy=core_energy,
        nelec=(int(structure.nelec[0]) - len(core), int(structure.nelec[1]) - len(core)),
        orbital_energies=np.asarray(mean_field.mo_energy)[order][list(active)],
        hartree_fock_energy=solution.energy,
        orbital_symmetries=tuple(int(solution.orbital_symmetries[order[p]]) for p in active),
        molecule=molecule,
        active_space=active,
        scf_method="RHF" if molecule.spin == 0 else "ROHF",
        scf_gradient_norm=float(np.linalg.norm(mean_field.get_grad(mean_field.mo_coeff, mean_field.mo_occ))),
        versions={"pyscf": require("pyscf", extra="chemistry").__version__},
        point_group=solution.point_group,
        scf_lowest_curvature=solution.lowest_curvature,
        scf_externally_stable=solution.externally_stable,
        scf_num_followed=solution.num_followed,
    )


def require_integrals(value: object) -> None:
    """Refuse what is no `MolecularIntegrals`.

    Raises:
        InputError: saying so.
    """
    if not isinstance(value, MolecularIntegrals):
        raise InputError(f"integrals must be MolecularIntegrals, as compute_integrals returns, got {shown(value)}")


def _check_symmetric(one_body: FloatArray, two_body: FloatArray) -> None:
    if not np.allclose(one_body, one_body.T, rtol=0.0, atol=_SYMMETRY_TOLERANCE):
        raise InputError("one_body_tensor must be symmetric, h_pq = h_qp; symmetrise it first")
    for axes in ((1, 0, 2, 3), (2, 3, 0, 1)):
        if not np.allclose(two_body, two_body.transpose(axes), rtol=0.0, atol=_SYMMETRY_TOLERANCE):
            raise InputError(
                "two_body_tensor must have the symmetry of real orbitals in chemists' notation, "
                "(pq|rs) = (qp|rs) = (rs|pq); transpose(0, 2, 1, 3) brings physicists' integrals there"
            )


def _fix_signs(orbitals: FloatArray) -> FloatArray:
    """Make the first large coefficient of each orbital positive.

    Any at least half the largest counts, so that the equal magnitudes of a symmetric molecule are not told apart by
    rounding.
    """
    magnitudes = np.abs(orbitals)
    first_large = np.argmax(magnitudes >= 0.5 * magnitudes.max(axis=0), axis=0)
    signs: FloatArray = np.sign(orbitals[first_large, np.arange(orbitals.shape[1])])
    return signs * orbitals


def active_orbitals(active_space: ActiveSpace, structure: Any, num_orbitals: int | None = None) -> tuple[int, ...]:
    """The orbitals that stay, told before they are computed: the lowest are filled.

    Args:
        active_space: see `compute_integrals`.
        structure: the molecule as PySCF has it.
        num_orbitals: as many as basis functions by default.

    Raises:
        InputError: if they break a rule of `compute_integrals`.
    """
    n_alpha, n_beta = (int(count) for count in structure.nelec)
    active = _named_orbitals(active_space, structure, structure.nao if num_orbitals is None else num_orbitals)
    if len(active) > _MAX_ORBITALS:
        raise InputError(
            f"at most {_MAX_ORBITALS} orbitals can be active, two qubits each, because Pauli strings have "
            f"{PauliSum.max_qubits} bits, got {len(active)}; choose an active space"
        )
    if not any(p < n_alpha for p in active):
        raise InputError(f"an active space must hold an electron, but of orbitals {active} none is occupied")
    left_out = [p for p in range(n_beta, n_alpha) if p not in active]
    if left_out:
        raise InputError(f"singly occupied orbitals must be active, but orbitals {left_out} are not in {active}")
    ranks = [(p >= n_beta) + (p >= n_alpha) for p in active]
    if ranks != sorted(ranks):
        raise InputError(f"active_space must name occupied orbitals before empty ones, got {active}")
    return active


def _named_orbitals(active_space: ActiveSpace, structure: Any, total: int) -> tuple[int, ...]:
    if active_space is None:
        return tuple(range(total))
    if isinstance(active_space, str):
        if active_space != "frozen_core":
            raise InputError(
                'active_space is (electrons, orbitals), a list of orbitals, "frozen_core" or None, '
                f"got {active_space!r}"
            )
        cores = sum(_core_orbitals(structure, atom) for atom in range(structure.natm))
        return tuple(range(min(cores, int(min(structure.nelec))), total))
    try:
        named = tuple(operator.index(number) for number in active_space)
    except TypeError:
        raise InputError(f"active_space must hold orbital indices, got {active_space!r}") from None
    if isinstance(active_space, tuple) and len(named) == 2:
        electrons, orbitals = named
        core, odd = divmod(int(structure.nelectron) - electrons, 2)
        if odd or core < 0 or electrons < 0 or not electrons <= 2 * orbitals or core + orbitals > total:
            raise InputError(
                f"a tuple of two is (electrons, orbitals): of {structure.nelectron} electrons in {total} orbitals an "
                f"even number must stay out, and the others fit in, got {named}; name orbitals by a list: {list(named)}"
            )
        return tuple(range(core, core + orbitals))
    if not named or len(set(named)) != len(named) or not all(0 <= p < total for p in named):
        raise InputError(f"active_space must hold distinct orbitals in [0, {total}), got {named}")
    return named


def _core_orbitals(structure: Any, atom: int) -> int:
    """Orbitals of the noble-gas core that no core potential stands for."""
    replaced = int(structure.atom_nelec_core(atom))
    atomic_number = int(structure.atom_charge(atom)) + replaced
    core = next((orbitals for electrons, orbitals in _NOBLE_GAS_CORES if atomic_number > electrons), 0)
    return max(core - replaced // 2, 0)


def _folded_integrals(mean_field: Any, core: FloatArray, active: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Integrals of the active orbitals in the field of a doubly occupied core.

    The inactive Fock matrix takes the place of h, and the energy of the inactive determinant that of the nuclear
    repulsion (Helgaker, Jørgensen and Olsen, Molecular Electronic-Structure Theory, chapter 12).
    """
    norb = active.shape[1]
    bare = mean_field.get_hcore()
    density = 2.0 * core @ core.T
    coulomb, exchange = mean_field.get_jk(mean_field.mol, density)
    repulsion = coulomb - 0.5 * exchange
    core_energy = mean_field.energy_nuc() + np.sum(density * (bare + 0.5 * repulsion))
    ao2mo = require("pyscf.ao2mo", extra="chemistry")
    two_body = ao2mo.restore(1, ao2mo.kernel(mean_field.mol, np.ascontiguousarray(active)), norb)
    return active.T @ (bare + repulsion) @ active, two_body.reshape((norb,) * 4), float(core_energy)
