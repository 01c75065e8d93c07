"""Density matrix embedding of molecules: groups of atoms, each with its bath, solved exactly or by VQE."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

import numpy as np

from qtoolkit._arguments import shown
from qtoolkit._checks import require_choice, require_integer
from qtoolkit.algorithms.embedding import (
    DMETResult,
    Impurity,
    ImpuritySolver,
    ImpurityState,
    density_matrix_embedding,
    exact_solver,
    restricted_mean_field,
)
from qtoolkit.algorithms.embedding.mean_field import field_of, integrals_of
from qtoolkit.applications.chemistry.active_space import ActiveSpace
from qtoolkit.applications.chemistry.embedding.localised import (
    LocalisedHamiltonian,
    OrbitalKind,
    localised_hamiltonian,
    turned,
)
from qtoolkit.applications.chemistry.energies.ansatz_names import AnsatzName
from qtoolkit.applications.chemistry.energies.ground_state import GroundState, ground_state
from qtoolkit.applications.chemistry.integrals import MolecularIntegrals
from qtoolkit.applications.chemistry.molecule import Molecule
from qtoolkit.applications.chemistry.properties.state_properties import state_properties
from qtoolkit.errors import InputError
from qtoolkit.operators import ElectronicHamiltonian

__all__ = ["DMETFragment", "MoleculeDMET", "VQEImpurityState", "VQESolver", "molecule_dmet"]

_LARGEST_SEED = 2**63 - 1
_MOST_DETERMINANTS = 1_000_000
"""Whose exact energy is computed beside another solver's, in some seconds."""

_Solver: TypeAlias = Literal["exact", "vqe"] | ImpuritySolver


@dataclass(frozen=True, eq=False)
class VQEImpurityState(ImpurityState):
    """What VQE finds of an impurity.

    Attributes:
        ground_state: with its certificate, in the orbitals of the impurity's own mean field.
    """

    ground_state: GroundState = field(repr=False, kw_only=True)


@dataclass(frozen=True)
class VQESolver:
    """Solves an impurity by VQE in the sector engine, on the determinant of the impurity's own mean field.

    Attributes:
        ansatz: by name; see `ground_state`.
        num_starts: searches of each minimum.
        seed: of each search.

    Raises:
        InputError: if there is no ansatz of the name, or a number is no integer in its range.
    """

    ansatz: AnsatzName = "uccsd"
    num_starts: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        require_choice("ansatz", self.ansatz, get_args(AnsatzName))
        object.__setattr__(self, "num_starts", require_integer("num_starts", self.num_starts, 1))
        object.__setattr__(self, "seed", require_integer("seed", self.seed, 0, _LARGEST_SEED))

    def __call__(self, hamiltonian: ElectronicHamiltonian, nelec: tuple[int, int]) -> VQEImpurityState:
        """The lowest state of the ansatz and its density matrices.

        Raises:
            InputError: if the electrons are no closed shell, or the ansatz does not keep them.
            ConvergenceError: if the mean field or the search does not converge.
        """
        if nelec[0] != nelec[1]:
            raise InputError(f"an impurity solved by VQE is a closed shell, got {nelec} alpha and beta electrons")
        mean_field = restricted_mean_field(hamiltonian, sum(nelec))
        one_body, two_body = integrals_of(hamiltonian)
        energies, turn = np.linalg.eigh(one_body + field_of(two_body, mean_field.density))
        canonical = turned(hamiltonian, turn)
        one_body, two_body = integrals_of(canonical)
        integrals = MolecularIntegrals(
            one_body_tensor=one_body,
            two_body_tensor=two_body,
            core_energy=hamiltonian.constant,
            nelec=nelec,
            orbital_energies=energies,
            hartree_fock_energy=mean_field.energy,
            scf_method="RHF",
        )
        found = ground_state(integrals, ansatz=self.ansatz, num_starts=self.num_starts, seed=self.seed)
        properties = state_properties(found)
        blocks = properties.two_rdm
        pairs = blocks[0] + blocks[1] + blocks[1].transpose(2, 3, 0, 1) + blocks[2]
        return VQEImpurityState(
            energy=found.energy,
            one_rdm=turn @ properties.one_rdm.sum(axis=0) @ turn.T,
            two_rdm=np.einsum("abcd,pa,qb,rc,sd->pqrs", pairs, *(turn,) * 4, optimize=True),
            standard_error=found.standard_error,
            ground_state=found,
        )


@dataclass(frozen=True, eq=False)
class DMETFragment:
    """A group of atoms in its bath.

    Attributes:
        atoms: of the fragment.
        orbitals: of the fragment, as numbers of those of the localised Hamiltonian.
        num_bath: orbitals of the bath.
        nelec: alpha and beta electrons of fragment and bath.
        energy: share of the total in hartree.
        num_electrons: active ones on the fragment.
        impurity_energy: of fragment and bath, as the solver found it, with the chemical potential.
        exact_impurity_energy: the same by diagonalisation; None for more than a million determinants.
        state: what the solver found.
    """

    atoms: tuple[int, ...]
    orbitals: tuple[int, ...]
    num_bath: int
    nelec: tuple[int, int]
    energy: float
    num_electrons: float
    impurity_energy: float
    exact_impurity_energy: float | None
    state: ImpurityState = field(repr=False)

    @property
    def num_qubits(self) -> int:
        """Two for each orbital of fragment and bath."""
        return 2 * (len(self.orbitals) + self.num_bath)

    @property
    def gap(self) -> float | None:
        """``impurity_energy - exact_impurity_energy`` in hartree; None where that is unknown."""
        return None if self.exact_impurity_energy is None else self.impurity_energy - self.exact_impurity_energy


@dataclass(frozen=True, eq=False)
class MoleculeDMET:
    """The energy of a molecule from its fragments, in hartree; not variational, so that it may lie below the exact one.

    Attributes:
        energy: total, with nuclei, frozen electrons and environment.
        hartree_fock_energy: of the mean field that the baths come from.
        fragments: in the order given.
        solver: ``"exact"``, ``"vqe"``, or the name of what was plugged in.
        localised: the orbitals.
        embedding: chemical potential, electrons and evaluations.
        wall_time: seconds.
    """

    energy: float
    hartree_fock_energy: float
    fragments: tuple[DMETFragment, ...]
    solver: str
    localised: LocalisedHamiltonian = field(repr=False)
    embedding: DMETResult = field(repr=False)
    wall_time: float

    @property
    def correlation_energy(self) -> float:
        """``energy - hartree_fock_energy``."""
        return self.energy - self.hartree_fock_energy

    @property
    def num_qubits(self) -> int:
        """Of the largest impurity; the whole molecule has two for each active orbital."""
        return max(fragment.num_qubits for fragment in self.fragments)

    @property
    def largest_gap(self) -> float | None:
        """The largest distance of an impurity's energy from its exact one, in hartree; None where one is unknown. It
        tells how well impurities were solved, not how far `energy` is from the exact one, which the baths decide too.
        """
        gaps = [fragment.gap for fragment in self.fragments]
        known = [abs(gap) for gap in gaps if gap is not None]
        return max(known) if len(known) == len(gaps) else None


def molecule_dmet(
    molecule: Molecule | MolecularIntegrals | LocalisedHamiltonian,
    fragments: Sequence[Sequence[int]] | None = None,
    solver: _Solver = "exact",
    *,
    active_space: ActiveSpace = None,
    orbitals: OrbitalKind = "lowdin",
    electron_tolerance: float = 1e-5,
    progress: Callable[[int, float], None] | None = None,
) -> MoleculeDMET:
    """Solve groups of atoms, each in the bath that Hartree–Fock entangles it with, and add up the energy.

    One shot with a chemical potential; see `density_matrix_embedding`. Charges around the molecule are in the field
    that all fragments feel.

    Args:
        molecule: a closed shell, its integrals, or localised orbitals of it.
        fragments: groups of atoms, such as ``[[0, 1], [2, 3]]``, together all, each once; by default each atom by
            itself. Not for localised orbitals, which have theirs.
        solver: of an impurity: ``"exact"``, ``"vqe"`` with UCCSD, a `VQESolver`, or any function of a Hamiltonian and
            (alpha, beta) electrons that returns an `ImpurityState`.
        active_space: see `compute_integrals`; only for a molecule. ``"frozen_core"`` leaves out what has no share in
            bonds.
        orbitals: see `OrbitalKind`.
        electron_tolerance: by how much the electrons of the fragments may miss.
        progress: called after each evaluation of all fragments with its number and the error of the electrons.

    Raises:
        InputError: as for `localised_hamiltonian`, if there is no solver of the name, or one returns something else.
        ConvergenceError: if a mean field, a solver or the chemical potential does not converge.
        InsufficientMemoryError: if integrals or an impurity do not fit into free memory.
        MissingExtraError: if PySCF is not installed.
    """
    begin = time.perf_counter()
    method, name = _solver_of(solver)
    if isinstance(molecule, LocalisedHamiltonian):
        if fragments is not None or active_space is not None:
            raise InputError("fragments and active_space are for a molecule, got some with localised orbitals")
        localised = molecule
    else:
        localised = localised_hamiltonian(molecule, fragments, active_space=active_space, orbitals=orbitals)
    found = density_matrix_embedding(
        localised.hamiltonian,
        localised.num_electrons,
        localised.fragments,
        method,
        density=localised.density,
        electron_tolerance=electron_tolerance,
        progress=progress,
    )
    parts = []
    for atoms, part in zip(localised.atoms, found.fragments, strict=True):
        impurity = part.impurity
        exact: float | None = part.state.energy
        if method is not exact_solver:
            exact = _exact_energy(impurity, found.chemical_potential)
        parts.append(
            DMETFragment(
                atoms=atoms,
                orbitals=impurity.fragment,
                num_bath=impurity.size - len(impurity.fragment),
                nelec=impurity.nelec,
                energy=part.energy,
                num_electrons=part.num_electrons,
                impurity_energy=part.state.energy,
                exact_impurity_energy=exact,
                state=part.state,
            )
        )
    return MoleculeDMET(
        energy=found.energy,
        hartree_fock_energy=found.mean_field.energy,
        fragments=tuple(parts),
        solver=name,
        localised=localised,
        embedding=found,
        wall_time=time.perf_counter() - begin,
    )


def _solver_of(solver: _Solver) -> tuple[ImpuritySolver, str]:
    if isinstance(solver, str):
        if solver not in ("exact", "vqe"):
            raise InputError(f'solver must be "exact", "vqe" or a function, got {shown(solver)}')
        return (exact_solver if solver == "exact" else VQESolver()), solver
    if not callable(solver):
        raise InputError(f'solver must be "exact", "vqe" or a function, got {shown(solver)}')
    if isinstance(solver, VQESolver):
        return solver, "vqe"
    return solver, getattr(solver, "__name__", type(solver).__name__)


def _exact_energy(impurity: Impurity, potential: float) -> float | None:
    if math.prod(math.comb(impurity.size, count) for count in impurity.nelec) > _MOST_DETERMINANTS:
        return None
    return exact_solver(impurity.with_potential(potential), impurity.nelec).energy
