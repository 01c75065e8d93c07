"""Energies along one coordinate: a bond that is pulled apart, an angle that is bent, or any other."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from qtoolkit._arguments import check_callable, real_numbers_of, shown
from qtoolkit.algorithms import Optimizer
from qtoolkit.applications.chemistry.ansaetze import Ansatz
from qtoolkit.applications.chemistry.energies.ansatz_names import AnsatzName, ansatz_of, start_of
from qtoolkit.applications.chemistry.energies.ground_state import GroundState, check_starts, lowest_energy, starts_of
from qtoolkit.applications.chemistry.energies.problem import check_state
from qtoolkit.applications.chemistry.integrals import (
    ActiveSpace,
    FloatArray,
    MolecularIntegrals,
    active_orbitals,
    integrals_with,
)
from qtoolkit.applications.chemistry.mean_field import MeanField, Reference, lower_of, solve_mean_field
from qtoolkit.applications.chemistry.molecule import Molecule
from qtoolkit.applications.chemistry.structure import build_structure
from qtoolkit.errors import InputError
from qtoolkit.operators import FermionMapping
from qtoolkit.primitives import Estimator

__all__ = ["DissociationCurve", "PotentialCurve", "dissociation_curve", "scan"]

_LOWER = 1e-8
"""In hartree: what a search from the other side must find to count."""


@dataclass(frozen=True, eq=False)
class PotentialCurve:
    """Energies, in hartree, along a coordinate.

    Attributes:
        coordinates: ascending, shape (num_points,), in the unit that the molecules were made with.
        points: the full result at each.
        wall_time: seconds.
    """

    coordinates: FloatArray
    points: tuple[GroundState, ...] = field(repr=False)
    wall_time: float

    @property
    def vqe_energies(self) -> FloatArray:
        """Variational energy, shape (num_points,)."""
        return np.array([point.energy for point in self.points])

    @property
    def hartree_fock_energies(self) -> FloatArray:
        """Energy of the reference determinant, shape (num_points,)."""
        return np.array([point.hartree_fock_energy for point in self.points])

    @property
    def fci_energies(self) -> FloatArray:
        """Exact energy, shape (num_points,); NaN where the space is too large."""
        return np.array([point.fci_energy for point in self.points])

    @property
    def standard_errors(self) -> FloatArray:
        """Standard errors of `vqe_energies`, shape (num_points,); 0 where nothing is estimated."""
        return np.array([point.standard_error or 0.0 for point in self.points])

    @property
    def gaps(self) -> FloatArray:
        """``vqe_energies - fci_energies``."""
        return self.vqe_energies - self.fci_energies

    @property
    def solutions(self) -> tuple[str, ...]:
        """Which Hartree–Fock solution each point is built on; see `MolecularIntegrals.scf_solution`.

        Where the lowest solution begins to break a symmetry, the curve of a full orbital space stays smooth, but that
        of an active space bends.
        """
        return tuple(point.integrals.scf_solution for point in self.points)

    @property
    def lowest_coordinate(self) -> float:
        """Where, among the points computed, the variational energy is lowest."""
        return float(self.coordinates[np.argmin(self.vqe_energies)])

    @property
    def is_chemically_accurate(self) -> bool:
        """Whether every point is within 1.6 millihartree of the exact energy."""
        return all(point.is_chemically_accurate for point in self.points)


class DissociationCurve(PotentialCurve):
    """Energies, in hartree, over the length of a bond."""

    @property
    def distances(self) -> FloatArray:
        """`coordinates`: ascending lengths, in the unit of the molecules, angstrom by default."""
        return self.coordinates

    @property
    def equilibrium_distance(self) -> float:
        """The distance, among those computed, of the lowest variational energy."""
        return self.lowest_coordinate


def dissociation_curve(
    distances: ArrayLike,
    molecule_at: Callable[[float], Molecule],
    *,
    active_space: ActiveSpace = None,
    ansatz: AnsatzName | None = None,
    spin_adapted: bool = False,
    use_symmetry: bool = False,
    estimator: Estimator | None = None,
    mapping: str | FermionMapping = "jordan_wigner",
    optimizer: Optimizer | None = None,
    progress: Callable[[int, int], None] | None = None,
    seed: int | np.random.Generator | None = 0,
) -> DissociationCurve:
    """Solve a molecule at each bond length, ``functools.partial(diatomic, "H", "H")`` for instance; see `scan`.

    Args:
        distances: distinct positive lengths, shape (num_points,); solved and returned in ascending order.
        molecule_at: the molecule at a length.
        active_space: see `compute_integrals`.
        ansatz: see `ground_state`.
        spin_adapted: see `UCCSD`.
        use_symmetry: see `ground_state`.
        estimator: see `ground_state`.
        mapping: see `ground_state`.
        optimizer: see `ground_state`.
        progress: called after each point with the points done and their number.
        seed: see `ground_state`.

    Raises:
        InputError: if the distances are not distinct, positive and finite, or `molecule_at` returns no molecule.
        ConvergenceError: as for `scan`.
        InsufficientMemoryError: if there is no memory for a state; told before any integral is computed.
        MissingExtraError: if PySCF is not installed.
    """
    lengths = _checked(distances, "distances", "positive and finite", lambda value: value > 0)
    points, seconds = _solved(
        lengths,
        molecule_at,
        _Options(active_space, ansatz, spin_adapted, use_symmetry, estimator, mapping, optimizer, None, seed),
        progress,
    )
    return DissociationCurve(lengths, points, seconds)


def scan(
    coordinates: ArrayLike,
    molecule_at: Callable[[float], Molecule],
    *,
    active_space: ActiveSpace = None,
    reference: Reference = "auto",
    ansatz: AnsatzName | None = None,
    spin_adapted: bool = False,
    use_symmetry: bool = False,
    estimator: Estimator | None = None,
    mapping: str | FermionMapping = "jordan_wigner",
    optimizer: Optimizer | None = None,
    num_starts: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    seed: int | np.random.Generator | None = 0,
) -> PotentialCurve:
    """Solve a molecule at each value of a coordinate: a length, an angle, a mode.

    At each value the lowest Hartree–Fock solution is taken of those that the usual start and both neighbours lead to,
    so that the curve stays on the lowest one and does not jump off it and back. Each point then starts from the
    parameters of its neighbour below or from those of the ansatz, whichever are lower in energy; and where exact
    energies are searched, once more from its neighbour above, whose minimum is taken where it is lower.

    Args:
        coordinates: distinct finite values, shape (num_points,); solved and returned in ascending order.
        molecule_at: the molecule at a value.
        active_space: see `compute_integrals`.
        reference: see `compute_integrals`.
        ansatz: see `ground_state`; a name, because each point has orbitals of its own.
        spin_adapted: see `UCCSD`.
        use_symmetry: see `ground_state`.
        estimator: see `ground_state`.
        mapping: see `ground_state`.
        optimizer: see `ground_state`.
        num_starts: see `ground_state`.
        progress: called after each point with the points done and their number.
        seed: see `ground_state`.

    Raises:
        InputError: if the values are not distinct and finite, or `molecule_at` returns no molecule.
        ConvergenceError: if Hartree–Fock or the exact reference does not converge at a point, or a search ends in a
            state of another spin or below the exact energy.
        InsufficientMemoryError: if there is no memory for a state; told before any integral is computed.
        MissingExtraError: if PySCF is not installed.
    """
    check_starts(num_starts)
    values = _checked(coordinates, "coordinates", "finite", lambda value: True)
    options = _Options(
        active_space,
        ansatz,
        spin_adapted,
        use_symmetry,
        estimator,
        mapping,
        optimizer,
        num_starts,
        seed,
        reference,
    )
    points, seconds = _solved(values, molecule_at, options, progress)
    return PotentialCurve(values, points, seconds)


@dataclass(frozen=True, eq=False)
class _Options:
    active_space: ActiveSpace
    ansatz: AnsatzName | None
    spin_adapted: bool
    use_symmetry: bool
    estimator: Estimator | None
    mapping: str | FermionMapping
    optimizer: Optimizer | None
    num_starts: int | None
    seed: int | np.random.Generator | None
    reference: Reference = "auto"

    def ansatz_for(self, integrals: MolecularIntegrals) -> Ansatz:
        return ansatz_of(self.ansatz, integrals, spin_adapted=self.spin_adapted, use_symmetry=self.use_symmetry)

    def solve(
        self, integrals: MolecularIntegrals, ansatz: Ansatz, starts: list[FloatArray], num_starts: int
    ) -> GroundState:
        return lowest_energy(
            integrals,
            ansatz,
            starts=starts,
            num_starts=num_starts,
            estimator=self.estimator,
            mapping=self.mapping,
            optimizer=self.optimizer,
            seed=self.seed,
        )


def _solved(
    values: FloatArray,
    molecule_at: Callable[[float], Molecule],
    options: _Options,
    progress: Callable[[int, int], None] | None,
) -> tuple[tuple[GroundState, ...], float]:
    begin = time.perf_counter()
    if progress is not None:
        check_callable(progress, "progress")
    points: list[GroundState] = []
    for integrals in _along(values, molecule_at, options):
        ansatz = options.ansatz_for(integrals)
        num_starts = starts_of(options.num_starts, ansatz, options.estimator)
        starts = [start_of(ansatz, integrals)]
        if points and points[-1].num_parameters == ansatz.num_parameters:
            starts.append(points[-1].parameters)
        points.append(options.solve(integrals, ansatz, starts, num_starts))
        if progress is not None:
            progress(len(points), len(values))
    if options.estimator is None:
        for k in reversed(range(len(points) - 1)):
            points[k] = _lower_of(points[k], points[k + 1], options)
    return tuple(points), time.perf_counter() - begin


def _lower_of(point: GroundState, above: GroundState, options: _Options) -> GroundState:
    """A point, or what the minimum of its neighbour leads to where that is lower."""
    if not point.num_parameters or point.num_parameters != above.num_parameters:
        return point
    other = options.solve(point.integrals, point.ansatz, [above.parameters], 1)
    return other if other.energy < point.energy - _LOWER else point


def _along(values: FloatArray, molecule_at: Callable[[float], Molecule], options: _Options) -> list[MolecularIntegrals]:
    """Integrals at each value, in orbitals that neighbours share as far as they can."""
    if not callable(molecule_at):
        raise InputError(f"molecule_at must be a function of a number, got {shown(molecule_at)}")
    molecules = [molecule_at(value) for value in values.tolist()]
    for molecule in molecules:
        if not isinstance(molecule, Molecule):
            raise InputError(f"molecule_at must return a Molecule, got {type(molecule).__name__}")
    structures = [build_structure(molecule) for molecule in molecules]
    active = [active_orbitals(options.active_space, structure) for structure in structures]
    for structure, orbitals in zip(structures, active, strict=True):
        check_state(orbitals, structure.nelec, options.estimator)
    solutions: list[MeanField] = []
    for molecule, structure in zip(molecules, structures, strict=True):
        solutions.append(solve_mean_field(molecule, structure, solutions[-1] if solutions else None, options.reference))
    for k in reversed(range(len(solutions) - 1)):
        solutions[k] = lower_of(solutions[k], molecules[k], structures[k], solutions[k + 1])
    return [
        integrals_with(molecule, structure, solution, orbitals, options.active_space)
        for molecule, structure, solution, orbitals in zip(molecules, structures, solutions, active, strict=True)
    ]


def _checked(values: ArrayLike, name: str, rule: str, accept: Callable[[float], bool]) -> FloatArray:
    numbers = np.sort(real_numbers_of(values, name), axis=None)
    if not len(numbers):
        raise InputError(f"{name} must hold at least one number, got none")
    if not (math.isfinite(numbers.sum()) and accept(float(numbers[0]))):
        raise InputError(f"{name} must be {rule}, got {shown(numbers.tolist())}")
    if np.any(np.diff(numbers) == 0):
        raise InputError(f"{name} must be distinct, got {shown(numbers.tolist())}")
    numbers.setflags(write=False)
    return numbers
