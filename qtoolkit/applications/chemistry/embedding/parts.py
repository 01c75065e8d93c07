"""The systems whose energies an interaction energy is the difference of, each solved by the same rule."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from typing import Any

from qtoolkit.algorithms import Optimizer
from qtoolkit.applications.chemistry.active_space import (
    ActiveSpace,
    AtomicValenceSpace,
    active_orbitals,
)
from qtoolkit.applications.chemistry.embedding.correlated_references import CorrelatedMethod, correlated_energies
from qtoolkit.applications.chemistry.energies.ansatz_names import AnsatzName
from qtoolkit.applications.chemistry.energies.ground_state import GroundState, ground_state
from qtoolkit.applications.chemistry.energies.problem import check_state
from qtoolkit.applications.chemistry.integrals import integrals_with
from qtoolkit.applications.chemistry.mean_field import MeanField, solve_mean_field
from qtoolkit.applications.chemistry.molecule import Molecule
from qtoolkit.applications.chemistry.orbitals import has_atomic_orbitals
from qtoolkit.applications.chemistry.structure import build_structure
from qtoolkit.primitives import Estimator

__all__ = ["MeanFields", "Part", "PartSolution", "SolveOptions", "hartree_fock_energy", "solve_part"]

_NOTHING: Any = object()
"""The rule of a part that has none of the orbitals that are named."""
_ATOM_NUMBER = re.compile(r"^\s*(\d+)(?=\s)")


@dataclass(frozen=True, eq=False)
class SolveOptions:
    """How the ansatz of each part is minimised; see `ground_state`."""

    ansatz: AnsatzName
    num_starts: int
    estimator: Estimator | None
    optimizer: Optimizer | None
    seed: int


@dataclass(frozen=True, eq=False)
class Part:
    """A system before it is solved.

    Attributes:
        molecule: with its ghosts and its environment.
        weight: +1 or −1 in the interaction energy.
        atoms: the numbers that its atoms have in labels of atomic orbitals.
    """

    molecule: Molecule
    weight: int
    atoms: range


@dataclass(frozen=True, eq=False)
class PartSolution:
    """A system and its energy; energies in hartree.

    Attributes:
        molecule: with its ghosts and its environment.
        weight: +1 or −1 in the interaction energy.
        energy: by the ansatz; of Hartree–Fock where the active space has no orbital of this system.
        hartree_fock_energy: of the determinant that the active space is of.
        state: with its certificate; None where the energy is that of Hartree–Fock.
        references: energies by other methods in all orbitals.
    """

    molecule: Molecule
    weight: int
    energy: float
    hartree_fock_energy: float
    state: GroundState | None = field(repr=False)
    references: dict[CorrelatedMethod, float] = field(repr=False)

    @property
    def exact_energy(self) -> float | None:
        """In the same active space; None where that is too large."""
        return self.energy if self.state is None else self.state.certificate.exact_energy

    @property
    def error(self) -> float:
        """The distance from the exact energy of the active space; where that is unknown, the norm of the residual,
        within which of the energy an eigenvalue lies."""
        if self.state is None:
            return 0.0
        certificate = self.state.certificate
        if certificate.gap is not None:
            return abs(certificate.gap)
        return float("inf") if certificate.residual_norm is None else certificate.residual_norm

    @property
    def standard_error(self) -> float:
        """Of `energy`; 0 without shot noise."""
        return 0.0 if self.state is None else self.state.standard_error or 0.0

    @property
    def active_size(self) -> tuple[int, int]:
        """Active electrons and orbitals."""
        return (0, 0) if self.state is None else (sum(self.state.integrals.nelec), self.state.integrals.norb)


class MeanFields:
    """Hartree–Fock of each part, solved once for all active spaces."""

    def __init__(self) -> None:
        self._structures: dict[int, Any] = {}
        self._solutions: dict[int, MeanField] = {}

    def structure_of(self, part: Part) -> Any:
        """The molecule as PySCF has it."""
        if id(part) not in self._structures:
            self._structures[id(part)] = build_structure(part.molecule)
        return self._structures[id(part)]

    def solution_of(self, part: Part) -> MeanField:
        """The lowest solution found."""
        if id(part) not in self._solutions:
            self._solutions[id(part)] = solve_mean_field(part.molecule, self.structure_of(part))
        return self._solutions[id(part)]


def solve_part(
    part: Part,
    active_space: ActiveSpace,
    options: SolveOptions,
    methods: tuple[CorrelatedMethod, ...],
    mean_fields: MeanFields,
) -> PartSolution:
    """Hartree–Fock, then the ansatz in the active space, then other methods.

    Raises:
        InputError, ConvergenceError, InsufficientMemoryError, MissingExtraError: as for `ground_state`.
    """
    structure = mean_fields.structure_of(part)
    own = _rule_of(part, active_space, structure)
    active = () if own is _NOTHING else active_orbitals(own, structure)
    check_state(active, structure.nelec, options.estimator)
    solution = mean_fields.solution_of(part)
    state = None
    if own is not _NOTHING:
        integrals = integrals_with(part.molecule, structure, solution, active, own)
        state = ground_state(
            integrals,
            ansatz=options.ansatz,
            num_starts=options.num_starts,
            estimator=options.estimator,
            optimizer=options.optimizer,
            seed=options.seed,
        )
    return PartSolution(
        molecule=part.molecule,
        weight=part.weight,
        energy=solution.energy if state is None else state.energy,
        hartree_fock_energy=solution.energy,
        state=state,
        references=correlated_energies(solution, structure, methods),
    )


def hartree_fock_energy(molecule: Molecule) -> float:
    """In hartree.

    Raises:
        ConvergenceError: if it does not converge.
    """
    return solve_mean_field(molecule, build_structure(molecule)).energy


def _rule_of(part: Part, active_space: ActiveSpace, structure: Any) -> ActiveSpace:
    """The rule as it is for a part: labels of atomic orbitals that it has, with its own numbers of atoms."""
    if not isinstance(active_space, AtomicValenceSpace):
        return active_space
    own = []
    for label in active_space.labels:
        numbered = _ATOM_NUMBER.match(label)
        if numbered is not None:
            if int(numbered[1]) not in part.atoms:
                continue
            label = _ATOM_NUMBER.sub(str(int(numbered[1]) - part.atoms.start), label)
        if has_atomic_orbitals(label, structure):
            own.append(label)
    return dataclasses.replace(active_space, labels=tuple(own)) if own else _NOTHING
