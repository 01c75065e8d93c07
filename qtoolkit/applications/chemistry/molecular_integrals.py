"""`MolecularIntegrals`: the electronic Hamiltonian of an active space and where it comes from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from qtoolkit import _needs
from qtoolkit._arguments import check_flag, check_instance, items_of, shown
from qtoolkit._checks import require_array, require_integer, require_number
from qtoolkit._files import check_output, write_whole
from qtoolkit._memory import reserved
from qtoolkit._optional import is_installed
from qtoolkit.applications.chemistry.dipole import DipoleIntegrals, dipole_integrals
from qtoolkit.applications.chemistry.fcidump import fcidump_text, read_fcidump
from qtoolkit.applications.chemistry.molecule import Molecule, checked_electrons
from qtoolkit.applications.chemistry.point_charges import PointCharges
from qtoolkit.errors import InputError
from qtoolkit.operators import ElectronicHamiltonian

__all__ = ["FloatArray", "MolecularIntegrals", "require_integrals"]

FloatArray: TypeAlias = npt.NDArray[np.float64]

_SYMMETRY_TOLERANCE = 1e-8
_MOST_FOLLOWED = 1 << 20


@dataclass(frozen=True, eq=False)
class MolecularIntegrals:
    """The electronic Hamiltonian of an active space in real orthonormal orbitals, in hartree.

    Where the orbitals of the two spins differ (UHF), `one_body_tensor` has a leading axis for alpha and beta,
    `two_body_tensor` one for the blocks alpha-alpha, alpha-beta and beta-beta, and arrays of orbitals one for spins.

    Attributes:
        one_body_tensor: h_pq, float64 of shape (norb, norb), with the mean field of the frozen electrons.
        two_body_tensor: (pq|rs) in chemists' notation, float64 of shape (norb, norb, norb, norb).
        core_energy: nuclear repulsion and energy of the frozen electrons.
        nelec: active alpha and beta electrons; the reference determinant fills the lowest orbitals of each spin.
        orbital_energies: eigenvalues of the Fock matrix, shape (norb,).
        hartree_fock_energy: total energy of the reference determinant.
        orbital_symmetries: irreducible representation of each orbital in D2h or a subgroup, numbered so that the
            product of two is the exclusive or of their numbers; None where unknown, or where the spins differ.
        molecule: where the integrals come from; None where they were given.
        active_space: the orbitals of the molecule that are active.
        scf_method: "RHF", "ROHF" or "UHF".
        scf_gradient_norm: norm of the orbital gradient at convergence.
        versions: package name to version.
        point_group: the Abelian group that `orbital_symmetries` are of: ``"C1"`` where the lowest solution breaks the
            symmetry of the nuclei; empty where unknown.
        scf_lowest_curvature: lowest eigenvalue of the energy's Hessian by rotations of the orbitals, in hartree; not
            negative, but for rounding, for that would be a saddle point. None where unknown.
        scf_externally_stable: whether no unrestricted or complex determinant near by is lower; None where unknown.
        scf_num_followed: instabilities that were followed from the usual solution to this one.
        orbital_coefficients: of the basis functions, in PySCF's order, in all orbitals of the molecule, shape
            (num_functions, num_orbitals); `active_space` and `core_orbitals` count its columns. None where unknown.
        core_orbitals: the orbitals of the molecule that are frozen with two electrons each.
        orbital_occupations: electrons of the reference determinant in each orbital of the molecule, shape
            (num_orbitals,). None where unknown.
        orbital_weights: what the orbitals were chosen by, shape (num_orbitals,): of AVAS the overlap with the atomic
            orbitals, of MP2 natural orbitals the occupation. None where they were named.
        selection: the rule that they were chosen by, in words; empty where they were named.
        orbital_overlap: overlap of alpha orbitals (rows) with beta orbitals, shape (norb, norb). None where the spins
            share their orbitals, or where it is unknown.

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
    orbital_coefficients: FloatArray | None = field(default=None, repr=False)
    core_orbitals: tuple[int, ...] = ()
    orbital_occupations: FloatArray | None = field(default=None, repr=False)
    orbital_weights: FloatArray | None = field(default=None, repr=False)
    selection: str = ""
    orbital_overlap: FloatArray | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        given = require_array("one_body_tensor", self.one_body_tensor)
        norb = given.shape[-1] if given.ndim else 1
        spins = (2,) if given.ndim == 3 else ()
        shapes: dict[str, tuple[int, ...]] = {
            "one_body_tensor": (*spins, norb, norb),
            "two_body_tensor": (*((3,) if spins else ()), *(norb,) * 4),
            "orbital_energies": (*spins, norb),
        }
        for name, shape in shapes.items():
            object.__setattr__(self, name, require_array(name, getattr(self, name), shape))
        for name in ("core_energy", "hartree_fock_energy", "scf_gradient_norm"):
            object.__setattr__(self, name, require_number(name, getattr(self, name)))
        _check_symmetric(self.one_body_tensor, self.two_body_tensor)
        object.__setattr__(self, "nelec", checked_electrons(self.nelec))
        if not all(0 <= count <= norb for count in self.nelec):
            raise InputError(f"nelec must lie in [0, {norb}] for each spin in {norb} orbitals, got {self.nelec}")
        if self.orbital_symmetries is not None:
            labels = _integers("orbital_symmetries", self.orbital_symmetries)
            if len(labels) != norb:
                raise InputError(f"orbital_symmetries must have {norb} entries, got {len(labels)}")
            object.__setattr__(self, "orbital_symmetries", labels)
        for name in ("active_space", "core_orbitals"):
            object.__setattr__(self, name, _integers(name, getattr(self, name)))
        if self.molecule is not None:
            check_instance(self.molecule, Molecule, "molecule must be a Molecule or None")
        if self.scf_externally_stable is not None:
            stable = check_flag(self.scf_externally_stable, "scf_externally_stable")
            object.__setattr__(self, "scf_externally_stable", stable)
        for name in ("scf_method", "point_group", "selection"):
            check_instance(getattr(self, name), str, f"{name} must be text")
        check_instance(self.versions, Mapping, "versions must be a mapping")
        if self.scf_lowest_curvature is not None:
            curvature = require_number("scf_lowest_curvature", self.scf_lowest_curvature)
            object.__setattr__(self, "scf_lowest_curvature", curvature)
        followed = require_integer("scf_num_followed", self.scf_num_followed, 0, _MOST_FOLLOWED)
        object.__setattr__(self, "scf_num_followed", followed)
        self._check_orbitals(spins)

    def _check_orbitals(self, spins: tuple[int, ...]) -> None:
        if self.orbital_overlap is not None:
            if not spins:
                raise InputError("orbital_overlap is for orbitals that differ by spin, got one with tensors for both")
            overlap = require_array("orbital_overlap", self.orbital_overlap, (self.norb, self.norb))
            object.__setattr__(self, "orbital_overlap", overlap)
        if self.orbital_coefficients is None:
            return
        orbitals = require_array("orbital_coefficients", self.orbital_coefficients, (*spins, None, None))
        object.__setattr__(self, "orbital_coefficients", orbitals)
        total = orbitals.shape[-1]
        if not all(0 <= p < total for p in (*self.active_space, *self.core_orbitals)):
            raise InputError(
                f"active_space and core_orbitals must count the {total} orbitals of orbital_coefficients, got "
                f"{self.active_space} and {self.core_orbitals}"
            )
        for name, shape in (("orbital_occupations", (*spins, total)), ("orbital_weights", (total,))):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, require_array(name, getattr(self, name), shape))

    @classmethod
    def from_fcidump(cls, path: str | os.PathLike[str]) -> MolecularIntegrals:
        """Read integrals that another program wrote as an FCIDUMP; PySCF is not needed.

        The reference determinant fills the lowest orbitals of each spin in the order of the file. Orbital energies
        are those of the file, or the diagonal of its Fock matrix, averaged over the spins. UHF is read in Molpro's
        form. ORBSYM is read as Molpro writes it, counted from 1, or as PySCF does, from 0; ISYM is no part of the
        integrals: ask `fci_energy` for it.

        Args:
            path: of the file.

        Raises:
            InputError: if the file cannot be read, naming the line that is wrong, or if integrals are complex.
            InsufficientMemoryError: if the integrals do not fit into free memory.
        """
        found = read_fcidump(path)
        energy, fock_diagonal = _reference(found.one_body, found.two_body, found.constant, found.nelec)
        return cls(
            one_body_tensor=found.one_body,
            two_body_tensor=found.two_body,
            core_energy=found.constant,
            nelec=found.nelec,
            orbital_energies=fock_diagonal if found.orbital_energies is None else found.orbital_energies,
            hartree_fock_energy=energy,
            orbital_symmetries=found.orbital_symmetries,
        )

    def to_fcidump(self, path: str | os.PathLike[str], *, atol: float = 1e-15) -> None:
        """Write the integrals as an FCIDUMP, which Molpro, PySCF, Block2, Dice and others read.

        All digits are written, so that `from_fcidump` gives the same integrals. Symmetries are written as numbers
        from 1 whose products are as in Molpro, not under Molpro's names; UHF in Molpro's form.

        Args:
            path: of the file.
            atol: integrals of at most this magnitude are left out.

        Raises:
            InputError: if the path is none, or `atol` is negative.
            OutputError: if the file cannot be written.
            InsufficientMemoryError: if its text does not fit into free memory.
        """
        smallest = require_number("atol", atol, 0.0)
        if not isinstance(path, str | os.PathLike):
            raise InputError(f"path must be that of a file, got {shown(path)}")
        check_output(path, "the FCIDUMP")
        tensors = (self.one_body_tensor, self.two_body_tensor)
        pairs = self.norb * (self.norb + 1) // 2
        count = 2 * pairs**2 if self.is_unrestricted else pairs**2 // 2
        with reserved(_needs.text_of_integrals(count), f"a text of {count} integrals", "use fewer orbitals"):
            write_whole(path, fcidump_text(*tensors, self.core_energy, self.nelec, self.orbital_symmetries, smallest))

    @property
    def norb(self) -> int:
        """Number of active spatial orbitals."""
        return int(self.one_body_tensor.shape[-1])

    @property
    def num_qubits(self) -> int:
        """Number of active spin orbitals, which are the qubits of the Jordan–Wigner mapping."""
        return 2 * self.norb

    @property
    def is_unrestricted(self) -> bool:
        """Whether the orbitals of the two spins differ."""
        return self.one_body_tensor.ndim == 3

    @cached_property
    def hamiltonian(self) -> ElectronicHamiltonian:
        """The Hamiltonian of the active electrons, in hartree, with `core_energy` as its constant."""
        return ElectronicHamiltonian(self.one_body_tensor, self.two_body_tensor, self.core_energy)

    @cached_property
    def dipole(self) -> DipoleIntegrals | None:
        """The dipole moment in the active orbitals, in atomic units, computed when first asked for.

        None where there is no molecule, as behind an FCIDUMP, or no PySCF.
        """
        if self.molecule is None or self.orbital_coefficients is None or not is_installed("pyscf"):
            return None
        return dipole_integrals(self.molecule, self.orbital_coefficients, self.core_orbitals, self.active_space)

    @property
    def environment(self) -> PointCharges | None:
        """The charges in whose field the molecule is: its nuclei in `core_energy`, its electrons in `one_body_tensor`,
        the charges among themselves nowhere (A. Warshel and M. Levitt, J. Mol. Biol. 103, 227 (1976))."""
        return None if self.molecule is None else self.molecule.environment

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
        if self.environment is not None:
            words.append("in the field of point charges")
        return ", ".join(words)

    @property
    def active_space_summary(self) -> str:
        """Which electrons and orbitals are active, in words."""
        words = [f"{_counted(sum(self.nelec), 'electron')} in {_counted(self.norb, 'orbital')}"]
        if self.orbital_coefficients is not None:
            words[0] += f", {_ranges(self.active_space)} of {self.orbital_coefficients.shape[-1]}"
            if self.core_orbitals:
                words.append(f"{2 * len(self.core_orbitals)} electrons frozen in {_ranges(self.core_orbitals)}")
        if self.selection:
            words.append(f"chosen by {self.selection}")
        return "; ".join(words)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def require_integrals(value: object) -> None:
    """Refuse what is no `MolecularIntegrals`.

    Raises:
        InputError: saying so.
    """
    if not isinstance(value, MolecularIntegrals):
        raise InputError(f"integrals must be MolecularIntegrals, as compute_integrals returns, got {shown(value)}")


def _integers(name: str, values: Iterable[int]) -> tuple[int, ...]:
    return tuple(require_integer(f"each of {name}", value, 0) for value in items_of(values, f"{name} must be integers"))


def _check_symmetric(one_body: FloatArray, two_body: FloatArray) -> None:
    if not np.allclose(one_body, one_body.swapaxes(-1, -2), rtol=0.0, atol=_SYMMETRY_TOLERANCE):
        raise InputError("one_body_tensor must be symmetric, h_pq = h_qp; symmetrise it first")
    for block, tensor in enumerate(two_body if two_body.ndim == 5 else [two_body]):
        between_spins = two_body.ndim == 5 and block == 1
        for axes in ((1, 0, 2, 3), (0, 1, 3, 2) if between_spins else (2, 3, 0, 1)):
            if not np.allclose(tensor, tensor.transpose(axes), rtol=0.0, atol=_SYMMETRY_TOLERANCE):
                raise InputError(
                    "two_body_tensor must have the symmetry of real orbitals in chemists' notation, "
                    "(pq|rs) = (qp|rs) = (rs|pq); transpose(0, 2, 1, 3) brings physicists' integrals there"
                )


def _reference(
    one_body: FloatArray, two_body: FloatArray, constant: float, nelec: tuple[int, int]
) -> tuple[float, FloatArray]:
    """Energy of the determinant that fills the lowest orbitals, and the diagonal of its Fock matrix."""
    norb = one_body.shape[-1]
    cores = np.diagonal(np.broadcast_to(one_body, (2, norb, norb)), axis1=1, axis2=2)
    blocks = np.broadcast_to(two_body, (3, *(norb,) * 4))
    coulomb, exchange = (np.einsum(indices, blocks) for indices in ("bppqq->bpq", "bpqqp->bpq"))
    filled = np.arange(norb) < np.array(nelec)[:, None]
    alpha, beta = filled.astype(np.float64)
    fields = np.array(
        [
            (coulomb[0] - exchange[0]) @ alpha + coulomb[1] @ beta,
            (coulomb[2] - exchange[2]) @ beta + coulomb[1].T @ alpha,
        ]
    )
    energy = constant + float(np.sum((cores + 0.5 * fields) * filled))
    diagonal = cores + fields
    return energy, diagonal if one_body.ndim == 3 else diagonal.mean(axis=0)


def _ranges(numbers: tuple[int, ...]) -> str:
    """Integers with their runs drawn together, such as ``0–3, 7``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)
