"""Electron integrals of a molecule in its Hartree–Fock orbitals, with inactive orbitals folded into the core."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from qtoolkit._optional import require
from qtoolkit.applications.chemistry.molecule import Molecule
from qtoolkit.errors import ConvergenceError, InputError

__all__ = ["ActiveSpace", "FloatArray", "MolecularIntegrals", "compute_integrals"]

FloatArray: TypeAlias = npt.NDArray[np.float64]

ActiveSpace: TypeAlias = Sequence[int] | Literal["frozen_core"] | None
"""Spatial orbitals that stay, counted from the lowest; ``"frozen_core"`` freezes noble-gas cores; None keeps all."""

_ENERGY_TOLERANCE = 1e-11
_GRADIENT_TOLERANCE = 1e-7
_SYMMETRY_TOLERANCE = 1e-8
_MAX_CYCLES = 200
_MAX_SECOND_ORDER_CYCLES = 50
_NOBLE_GAS_CORES = ((54, 27), (36, 18), (18, 9), (10, 5), (2, 1))
"""Electrons of a noble gas and the spatial orbitals they fill, heaviest first."""
_ABELIAN_SUBGROUP = {"Coov": "C2v", "Dooh": "D2h", "SO3": "D2h"}


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

    def __post_init__(self) -> None:
        norb = len(np.atleast_1d(self.one_body_tensor))
        shapes = {"one_body_tensor": (norb,) * 2, "two_body_tensor": (norb,) * 4, "orbital_energies": (norb,)}
        for name, shape in shapes.items():
            array = np.array(getattr(self, name), dtype=np.float64)
            if array.shape != shape:
                raise InputError(f"{name} must have shape {shape} for norb={norb}, got {array.shape}")
            if not np.isfinite(array).all():
                raise InputError(f"{name} must be finite, got NaN or infinity")
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        _check_symmetric(self.one_body_tensor, self.two_body_tensor)
        object.__setattr__(self, "nelec", tuple(self.nelec))
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


def compute_integrals(molecule: Molecule, active_space: ActiveSpace = None) -> MolecularIntegrals:
    """Run restricted Hartree–Fock through PySCF and transform the integrals to its orbitals.

    Open shells use ROHF. Orbitals are adapted to the largest Abelian point group, so that degenerate ones do not mix
    at random, sorted by occupation and energy, and given signs that do not depend on rounding.

    Args:
        molecule: nuclei, basis set, charge and spin.
        active_space: spatial orbitals that stay, in the order given here. Others that are doubly occupied are frozen
            into `one_body_tensor` and `core_energy`, empty ones are left out. ``"frozen_core"`` freezes the noble-gas
            core of each atom, such as 1s of Li to Ne; None keeps all.

    Raises:
        MissingExtraError: if PySCF is not installed.
        ConvergenceError: if the Hartree–Fock iteration does not converge.
        InputError: if the basis set does not exist for an element or is too small, or the active space has an orbital
            twice, one out of range, or leaves out a singly occupied one.
    """
    structure = _structure(molecule)
    mean_field = _converged_mean_field(structure, molecule)
    order = np.argsort(-mean_field.mo_occ, kind="stable")
    orbitals = _fix_signs(np.asarray(mean_field.mo_coeff)[:, order])
    occupations = np.asarray(mean_field.mo_occ)[order]

    active = _checked_active_space(active_space, occupations, structure)
    core = [p for p in range(len(occupations)) if p not in active and occupations[p] == 2]
    one_body, two_body, core_energy = _folded_integrals(mean_field, orbitals[:, core], orbitals[:, list(active)])
    return MolecularIntegrals(
        one_body_tensor=one_body,
        two_body_tensor=two_body,
        core_energy=core_energy,
        nelec=(molecule.nelec[0] - len(core), molecule.nelec[1] - len(core)),
        orbital_energies=np.asarray(mean_field.mo_energy)[order][list(active)],
        hartree_fock_energy=float(mean_field.e_tot),
        orbital_symmetries=tuple(int(mean_field.mo_coeff.orbsym[order[p]]) for p in active),
        molecule=molecule,
        active_space=active,
        scf_method="RHF" if molecule.spin == 0 else "ROHF",
        scf_gradient_norm=float(np.linalg.norm(mean_field.get_grad(mean_field.mo_coeff, mean_field.mo_occ))),
        versions={"pyscf": require("pyscf", extra="chemistry").__version__},
    )


def _check_symmetric(one_body: FloatArray, two_body: FloatArray) -> None:
    if not np.allclose(one_body, one_body.T, rtol=0.0, atol=_SYMMETRY_TOLERANCE):
        raise InputError("one_body_tensor must be symmetric, h_pq = h_qp; symmetrise it first")
    for axes in ((1, 0, 2, 3), (2, 3, 0, 1)):
        if not np.allclose(two_body, two_body.transpose(axes), rtol=0.0, atol=_SYMMETRY_TOLERANCE):
            raise InputError(
                "two_body_tensor must have the symmetry of real orbitals in chemists' notation, "
                "(pq|rs) = (qp|rs) = (rs|pq); transpose(0, 2, 1, 3) brings physicists' integrals there"
            )


def _structure(molecule: Molecule) -> Any:
    gto = require("pyscf.gto", extra="chemistry")
    structure = gto.Mole()
    structure.atom = list(molecule.geometry)
    structure.basis = molecule.basis
    structure.charge, structure.spin = molecule.charge, molecule.spin
    structure.unit = molecule.unit
    structure.verbose = 0
    structure.symmetry = True
    try:
        with warnings.catch_warnings():
            # PySCF advises another package when it does not know a basis set; the error below says what is wrong.
            warnings.simplefilter("ignore", UserWarning)
            structure.build(dump_input=False, parse_arg=False)
            if structure.groupname in _ABELIAN_SUBGROUP:
                structure.symmetry_subgroup = _ABELIAN_SUBGROUP[structure.groupname]
                structure.build(dump_input=False, parse_arg=False)
    except require("pyscf.lib.exceptions", extra="chemistry").BasisNotFoundError as error:
        raise InputError(
            f"basis must be a set that PySCF has for every element of {molecule.formula}, "
            f"got {molecule.basis!r}: {str(error).splitlines()[0]}"
        ) from error
    if max(molecule.nelec) > structure.nao:
        raise InputError(
            f"a basis must have an orbital for every electron of a spin, got {structure.nao} in {molecule.basis} for "
            f"{molecule.nelec} electrons; choose a larger basis"
        )
    return structure


def _converged_mean_field(structure: Any, molecule: Molecule) -> Any:
    mean_field = require("pyscf.scf", extra="chemistry").RHF(structure)
    mean_field.conv_tol = _ENERGY_TOLERANCE
    mean_field.conv_tol_grad = _GRADIENT_TOLERANCE
    mean_field.max_cycle = _MAX_CYCLES
    mean_field.chkfile = None
    mean_field.kernel()
    if not mean_field.converged:
        # DIIS can oscillate where bonds are stretched; second-order steps from there are slower but steadier.
        second_order = mean_field.newton()
        second_order.max_cycle = _MAX_SECOND_ORDER_CYCLES
        second_order.kernel(mean_field.mo_coeff, mean_field.mo_occ)
        if not second_order.converged:
            raise ConvergenceError(
                f"Hartree–Fock for {molecule.formula} in {molecule.basis} did not converge to {_ENERGY_TOLERANCE:g} "
                f"hartree in {_MAX_CYCLES} iterations and {_MAX_SECOND_ORDER_CYCLES} of second order; check geometry, "
                "charge and spin"
            )
        mean_field = second_order
    return mean_field


def _fix_signs(orbitals: FloatArray) -> FloatArray:
    """Make the first large coefficient of each orbital positive.

    Any at least half the largest counts, so that the equal magnitudes of a symmetric molecule are not told apart by
    rounding.
    """
    magnitudes = np.abs(orbitals)
    first_large = np.argmax(magnitudes >= 0.5 * magnitudes.max(axis=0), axis=0)
    signs: FloatArray = np.sign(orbitals[first_large, np.arange(orbitals.shape[1])])
    return signs * orbitals


def _checked_active_space(active_space: ActiveSpace, occupations: FloatArray, structure: Any) -> tuple[int, ...]:
    total = len(occupations)
    if active_space is None:
        return tuple(range(total))
    if isinstance(active_space, str):
        if active_space != "frozen_core":
            raise InputError(f'active_space is a sequence of orbitals, "frozen_core" or None, got {active_space!r}')
        cores = sum(_core_orbitals(structure.atom_charge(atom)) for atom in range(structure.natm))
        return tuple(range(min(cores, int(np.sum(occupations == 2))), total))
    try:
        active = tuple(int(np.asarray(orbital, dtype=np.int64)) for orbital in active_space)
    except (TypeError, ValueError):
        raise InputError(f"active_space must hold orbital indices, got {active_space!r}") from None
    if not active or len(set(active)) != len(active) or not all(0 <= p < total for p in active):
        raise InputError(f"active_space must hold distinct orbitals in [0, {total}), got {active}")
    left_out = [p for p in range(total) if occupations[p] == 1 and p not in active]
    if left_out:
        raise InputError(f"singly occupied orbitals must be active, but orbitals {left_out} are not in {active}")
    filled = [occupations[p] for p in active]
    if filled != sorted(filled, reverse=True):
        raise InputError(f"active_space must name occupied orbitals before empty ones, got {active}")
    return active


def _core_orbitals(atomic_number: int) -> int:
    return next((orbitals for electrons, orbitals in _NOBLE_GAS_CORES if atomic_number > electrons), 0)


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
