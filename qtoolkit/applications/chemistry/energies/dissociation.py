"""Energy along a bond that is pulled apart."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from qtoolkit._arguments import shown
from qtoolkit.algorithms import Optimizer
from qtoolkit.applications.chemistry.ansaetze.uccsd import UCCSD
from qtoolkit.applications.chemistry.energies.ground_state import GroundState, check_state, lowest_energy
from qtoolkit.applications.chemistry.integrals import (
    ActiveSpace,
    FloatArray,
    MolecularIntegrals,
    active_orbitals,
    integrals_with,
)
from qtoolkit.applications.chemistry.mean_field import MeanField, lower_of, solve_mean_field
from qtoolkit.applications.chemistry.molecule import Molecule
from qtoolkit.applications.chemistry.structure import build_structure
from qtoolkit.errors import InputError
from qtoolkit.primitives import Estimator

__all__ = ["DissociationCurve", "dissociation_curve"]


@dataclass(frozen=True, eq=False)
class DissociationCurve:
    """Energies, in hartree, over the length of a bond.

    Attributes:
        distances: ascending, shape (num_points,), in the unit of the molecules, angstrom by default.
        hartree_fock_energies: energy of the reference determinant, shape (num_points,).
        vqe_energies: variational energy, shape (num_points,).
        fci_energies: exact energy, shape (num_points,).
        points: the full result at each distance.
        wall_time: seconds.
    """

    distances: FloatArray
    hartree_fock_energies: FloatArray
    vqe_energies: FloatArray
    fci_energies: FloatArray
    points: tuple[GroundState, ...] = field(repr=False)
    wall_time: float

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
    def equilibrium_distance(self) -> float:
        """The distance, among those computed, of the lowest variational energy."""
        return float(self.distances[np.argmin(self.vqe_energies)])

    @property
    def is_chemically_accurate(self) -> bool:
        """Whether every point is within 1.6 millihartree of the exact energy."""
        return all(point.is_chemically_accurate for point in self.points)


def dissociation_curve(
    distances: ArrayLike,
    molecule_at: Callable[[float], Molecule],
    *,
    active_space: ActiveSpace = None,
    spin_adapted: bool = False,
    use_symmetry: bool = False,
    estimator: Estimator | None = None,
    optimizer: Optimizer | None = None,
    progress: Callable[[int, int], None] | None = None,
    seed: int | np.random.Generator | None = 0,
) -> DissociationCurve:
    """Solve a molecule at each bond length, ``functools.partial(diatomic, "H", "H")`` for instance.

    At each length the lowest Hartree–Fock solution is taken of those that the usual start and both neighbours lead to,
    so that the curve stays on the lowest one and does not jump off it and back. Each point then starts from the
    amplitudes of its neighbour or from perturbation theory, whichever is lower in energy.

    Args:
        distances: distinct positive lengths, shape (num_points,); solved and returned in ascending order.
        molecule_at: the molecule at a length.
        active_space: see `compute_integrals`.
        spin_adapted: see `UCCSD`.
        use_symmetry: see `ground_state`.
        estimator: see `ground_state`.
        optimizer: see `ground_state`.
        progress: called after each point with the points done and their number.
        seed: see `ground_state`.

    Raises:
        InputError: if the distances are not distinct, positive and finite, or `molecule_at` returns no molecule.
        ConvergenceError: if Hartree–Fock or the exact reference does not converge at a point, or a search ends in a
            state of another spin.
        InsufficientMemoryError: if there is no memory for a state; told before any integral is computed.
        MissingExtraError: if PySCF is not installed.
    """
    lengths = _checked_distances(distances)
    begin = time.perf_counter()
    points: list[GroundState] = []
    for integrals in _along(lengths, molecule_at, active_space, estimator):
        symmetries = integrals.orbital_symmetries if use_symmetry else None
        ansatz = UCCSD(integrals.norb, integrals.nelec, spin_adapted, symmetries)
        starts = [ansatz.perturbative_parameters(integrals)]
        if points and points[-1].ansatz == ansatz:
            starts.append(points[-1].parameters)
        points.append(
            lowest_energy(integrals, ansatz, starts=starts, estimator=estimator, optimizer=optimizer, seed=seed)
        )
        if progress is not None:
            progress(len(points), len(lengths))
    return DissociationCurve(
        distances=lengths,
        hartree_fock_energies=np.array([point.hartree_fock_energy for point in points]),
        vqe_energies=np.array([point.energy for point in points]),
        fci_energies=np.array([point.fci_energy for point in points]),
        points=tuple(points),
        wall_time=time.perf_counter() - begin,
    )


def _along(
    lengths: FloatArray,
    molecule_at: Callable[[float], Molecule],
    active_space: ActiveSpace,
    estimator: Estimator | None,
) -> Iterator[MolecularIntegrals]:
    """Integrals at each length, in orbitals that neighbours share as far as they can."""
    if not callable(molecule_at):
        raise InputError(f"molecule_at must be a function of a length, got {shown(molecule_at)}")
    molecules = [molecule_at(length) for length in lengths.tolist()]
    for molecule in molecules:
        if not isinstance(molecule, Molecule):
            raise InputError(f"molecule_at must return a Molecule, got {type(molecule).__name__}")
    structures = [build_structure(molecule) for molecule in molecules]
    active = [active_orbitals(active_space, structure) for structure in structures]
    for orbitals in active:
        check_state(orbitals, estimator)
    solutions: list[MeanField] = []
    for molecule, structure in zip(molecules, structures, strict=True):
        solutions.append(solve_mean_field(molecule, structure, solutions[-1] if solutions else None))
    for k in reversed(range(len(solutions) - 1)):
        solutions[k] = lower_of(solutions[k], molecules[k], structures[k], solutions[k + 1])
    for molecule, structure, solution, orbitals in zip(molecules, structures, solutions, active, strict=True):
        yield integrals_with(molecule, structure, solution, orbitals, active_space)


def _checked_distances(distances: ArrayLike) -> FloatArray:
    try:
        lengths = np.sort(np.asarray(distances, dtype=np.float64), axis=None)
    except (TypeError, ValueError):
        raise InputError(f"distances must be numbers, got {distances!r}") from None
    if not len(lengths):
        raise InputError("distances must hold at least one length, got none")
    if not (math.isfinite(lengths.sum()) and lengths[0] > 0):
        raise InputError(f"distances must be positive and finite, got {lengths.tolist()}")
    if np.any(np.diff(lengths) == 0):
        raise InputError(f"distances must be distinct, got {lengths.tolist()}")
    lengths.setflags(write=False)
    return lengths
