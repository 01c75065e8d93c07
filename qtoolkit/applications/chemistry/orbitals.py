"""The orbitals of a Hartree–Fock solution in a fixed order, and those that a rule makes of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from qtoolkit._memory import reserved
from qtoolkit._optional import require
from qtoolkit.applications.chemistry.active_space import AtomicValenceSpace, NaturalOrbitalSpace
from qtoolkit.applications.chemistry.mean_field import MeanField
from qtoolkit.applications.chemistry.structure import is_ghost
from qtoolkit.errors import InputError

__all__ = ["Orbitals", "chosen_orbitals", "has_atomic_orbitals", "orbitals_of"]

FloatArray: TypeAlias = npt.NDArray[np.float64]

_MINIMAL_BASIS = "minao"
_SAME_SYMMETRY = 1e-8
"""A matrix that couples orbitals of two symmetries by more than this has not the symmetry."""


@dataclass(frozen=True, eq=False)
class Orbitals:
    """All orbitals of a molecule, occupied before empty; in UHF each array has a leading axis for the two spins.

    Attributes:
        coefficients: of basis functions, shape (num_functions, num_orbitals).
        occupations: electrons of the determinant, shape (num_orbitals,).
        energies: expectation values of the Fock matrix, shape (num_orbitals,).
        symmetries: irreducible representations in `point_group`, shape (num_orbitals,).
        point_group: the Abelian group whose symmetry they have.
        weights: what a rule chose them by, shape (num_orbitals,); None without one.
    """

    coefficients: FloatArray
    occupations: FloatArray
    energies: FloatArray
    symmetries: npt.NDArray[np.int64]
    point_group: str
    weights: FloatArray | None = None

    @property
    def num_orbitals(self) -> int:
        """Of each spin."""
        return int(self.coefficients.shape[-1])

    @property
    def is_unrestricted(self) -> bool:
        """Whether the spins have orbitals of their own."""
        return self.coefficients.ndim == 3


def orbitals_of(solution: MeanField) -> Orbitals:
    """The orbitals of a solution by occupation and energy, with signs that do not depend on rounding."""
    solver = solution.solver
    coefficients, occupations = np.asarray(solver.mo_coeff), np.asarray(solver.mo_occ)
    energies, symmetries = np.asarray(solver.mo_energy), solution.orbital_symmetries
    if occupations.ndim == 1:
        # rounded, so that degenerate orbitals keep PySCF's order
        order = np.lexsort((np.round(energies, 6), -occupations))
        return Orbitals(
            coefficients=_fix_signs(coefficients[:, order]),
            occupations=occupations[order].astype(np.float64),
            energies=energies[order],
            symmetries=symmetries[order],
            point_group=solution.point_group,
        )
    orders = [np.lexsort((np.round(energies[spin], 6), -occupations[spin])) for spin in (0, 1)]
    return Orbitals(
        coefficients=np.array([_fix_signs(coefficients[spin][:, order]) for spin, order in enumerate(orders)]),
        occupations=np.array([occupations[spin][order] for spin, order in enumerate(orders)], dtype=np.float64),
        energies=np.array([energies[spin][order] for spin, order in enumerate(orders)]),
        symmetries=np.array([symmetries[spin][order] for spin, order in enumerate(orders)], dtype=np.int64),
        point_group=solution.point_group,
    )


def chosen_orbitals(
    rule: AtomicValenceSpace | NaturalOrbitalSpace, structure: Any, solution: MeanField, orbitals: Orbitals
) -> tuple[Orbitals, tuple[int, ...]]:
    """Orbitals turned as a rule says, and which of them it chooses.

    Occupied orbitals are turned among themselves, empty ones too, so that the determinant stays. Those that are
    chosen stand between the other occupied and the other empty ones. Turned by AVAS, they diagonalise the Fock matrix
    again among those that are chosen and among those that are not.

    Raises:
        InputError: if the rule is for another kind of orbitals, a label names none, or no orbital is chosen.
        InsufficientMemoryError: if the amplitudes of MP2 do not fit into free memory.
    """
    if orbitals.is_unrestricted:
        raise InputError(f"{rule} needs orbitals that both spins share, got UHF; take rhf or rohf")
    if isinstance(rule, AtomicValenceSpace):
        matrix, least = _projector(rule, structure, orbitals), (rule.threshold, rule.threshold)
    else:
        matrix, least = _density(solution, orbitals), (2.0 - rule.highest, rule.lowest)
    closed, open_, empty = (np.flatnonzero(orbitals.occupations == count) for count in (2.0, 1.0, 0.0))
    symmetries, point_group = orbitals.symmetries, orbitals.point_group
    if np.abs(matrix[symmetries[:, None] != symmetries]).max(initial=0.0) > _SAME_SYMMETRY:
        symmetries, point_group = np.zeros_like(symmetries), "C1"
    fock = np.diag(orbitals.energies) if isinstance(rule, AtomicValenceSpace) else None
    parts = []
    for block, bound in ((closed, least[0]), (empty, least[1])):
        values, turn = _eigenvectors(matrix[np.ix_(block, block)], symmetries[block])
        if isinstance(rule, NaturalOrbitalSpace) and block is closed:
            values = 2.0 - values
        kept = values >= bound
        parts.append([_canonical(turn[:, which], block, fock, matrix, symmetries) for which in (~kept, kept)])
    (core, below), (beyond, above) = parts
    single = np.eye(len(matrix))[:, open_]
    turn = np.hstack([core, below, single, above, beyond])
    num_chosen = below.shape[1] + len(open_) + above.shape[1]
    if not num_chosen:
        raise InputError(f"{rule} chooses no orbital; widen it")
    turned = Orbitals(
        coefficients=_fix_signs(orbitals.coefficients @ turn),
        occupations=np.repeat([2.0, 1.0, 0.0], [len(closed), len(open_), len(empty)]),
        energies=np.einsum("pk,p,pk->k", turn, orbitals.energies, turn),
        symmetries=symmetries[np.argmax(np.abs(turn), axis=0)],
        point_group=point_group,
        weights=np.einsum("pk,pq,qk->k", turn, matrix, turn),
    )
    return turned, tuple(range(core.shape[1], core.shape[1] + num_chosen))


def _canonical(
    turn: FloatArray,
    block: npt.NDArray[np.int64],
    fock: FloatArray | None,
    matrix: FloatArray,
    symmetries: npt.NDArray[np.int64],
) -> FloatArray:
    """Vectors over a block as vectors over all orbitals: by energy if there is a Fock matrix, else by occupation."""
    whole = np.zeros((len(symmetries), turn.shape[1]))
    whole[block] = turn
    labels = symmetries[np.argmax(np.abs(whole), axis=0)] if turn.shape[1] else symmetries[:0]
    if fock is None:
        occupations = np.einsum("pk,pq,qk->k", whole, matrix, whole)
        return np.asarray(whole[:, np.argsort(-occupations, kind="stable")])
    energies, again = _eigenvectors(whole.T @ fock @ whole, labels)
    return np.asarray(whole @ again[:, np.argsort(np.round(energies, 6), kind="stable")])


def _eigenvectors(matrix: FloatArray, labels: npt.NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """Eigenvalues and eigenvectors within each symmetry, one after another."""
    values, vectors = np.zeros(len(labels)), np.zeros((len(labels), len(labels)))
    start = 0
    for label in np.unique(labels):
        places = np.flatnonzero(labels == label)
        found, states = np.linalg.eigh(matrix[np.ix_(places, places)])
        columns = np.arange(start, start + len(places))
        values[columns] = found
        vectors[np.ix_(places, columns)] = states
        start += len(places)
    return values, vectors


def _projector(rule: AtomicValenceSpace, structure: Any, orbitals: Orbitals) -> FloatArray:
    """The projector on atomic orbitals among the orbitals of a molecule."""
    atoms = _atoms(structure)
    named: set[int] = set()
    for label in rule.labels:
        found = _named_by(label, atoms)
        if not found:
            have = dict.fromkeys(f"{name} {shell}" for _, name, shell, _ in atoms.ao_labels(fmt=None))
            raise InputError(f"a label of AVAS must name orbitals of {', '.join(have)}, got {label!r}")
        named.update(found)
    places = sorted(named)
    gto = require("pyscf.gto", extra="chemistry")
    own = atoms.intor_symmetric("int1e_ovlp")[np.ix_(places, places)]
    mixed = gto.intor_cross("int1e_ovlp", atoms, structure)[places] @ orbitals.coefficients
    return np.asarray(mixed.T @ np.linalg.solve(own, mixed))


def has_atomic_orbitals(label: str, structure: Any) -> bool:
    """Whether a label of AVAS names orbitals of a molecule.

    Raises:
        InputError: if it is no label.
    """
    return bool(_named_by(label, _atoms(structure)))


def _atoms(structure: Any) -> Any:
    """The atoms of a molecule, without its ghosts, in the minimal basis."""
    atoms = structure.copy()
    atoms.atom, atoms.unit = [atom for k, atom in enumerate(structure._atom) if not is_ghost(structure, k)], "B"
    atoms.symmetry = False
    atoms.basis = _MINIMAL_BASIS
    atoms.build(dump_input=False, parse_arg=False)
    return atoms


def _named_by(label: str, atoms: Any) -> list[int]:
    try:
        return [int(k) for k in atoms.search_ao_label(label)]
    except (re.error, ValueError) as error:
        raise InputError(f"a label of AVAS is a text such as 'C 2pz', got {label!r}: {error}") from None


def _density(solution: MeanField, orbitals: Orbitals) -> FloatArray:
    """The unrelaxed MP2 density matrix among the orbitals of a closed shell."""
    if solution.method != "RHF":
        raise InputError(
            f"natural orbitals of MP2 are for closed shells, got {solution.method}; choose orbitals by avas"
        )
    num_occupied = int(np.count_nonzero(orbitals.occupations))
    num_empty = orbitals.num_orbitals - num_occupied
    solver = solution.solver.copy()
    solver.mo_coeff, solver.mo_occ, solver.mo_energy = orbitals.coefficients, orbitals.occupations, orbitals.energies
    if not num_empty:
        return np.diag(orbitals.occupations)
    amplitudes = 8 * (num_occupied * num_empty) ** 2
    with reserved(
        4 * amplitudes, f"MP2 of {num_occupied} occupied and {num_empty} empty orbitals", "name the orbitals"
    ):
        theory = require("pyscf.mp.mp2", extra="chemistry").MP2(solver)
        theory.verbose = 0
        theory.kernel()
        return np.asarray(theory.make_rdm1(), dtype=np.float64)


def _fix_signs(orbitals: FloatArray) -> FloatArray:
    """Make the first large coefficient of each orbital positive.

    Any at least half the largest counts, so that the equal magnitudes of a symmetric molecule are not told apart by
    rounding.
    """
    magnitudes = np.abs(orbitals)
    first_large = np.argmax(magnitudes >= 0.5 * magnitudes.max(axis=0), axis=0)
    signs: FloatArray = np.sign(orbitals[first_large, np.arange(orbitals.shape[1])])
    return signs * orbitals
