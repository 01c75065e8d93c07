"""Energy along a bond that is pulled apart."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from qtoolkit.algorithms import Optimizer
from qtoolkit.applications.chemistry.ansatz import UCCSD
from qtoolkit.applications.chemistry.ground_state import GroundState, lowest_energy
from qtoolkit.applications.chemistry.integrals import ActiveSpace, FloatArray, compute_integrals
from qtoolkit.applications.chemistry.molecule import Molecule
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
) -> DissociationCurve:
    """Solve a molecule at each bond length, ``functools.partial(diatomic, "H", "H")`` for instance.

    Each point starts from the amplitudes of its neighbour or from perturbation theory, whichever is lower in energy.

    Args:
        distances: distinct positive lengths, shape (num_points,); solved and returned in ascending order.
        molecule_at: the molecule at a length.
        active_space: see `compute_integrals`.
        spin_adapted: see `UCCSD`.
        use_symmetry: see `ground_state`.
        estimator: see `ground_state`.
        optimizer: see `ground_state`.
        progress: called after each point with the points done and their number.

    Raises:
        InputError: if the distances are not distinct, positive and finite.
        ConvergenceError: if Hartree–Fock or the exact reference does not converge at a point.
        MissingExtraError: if PySCF is not installed.
    """
    lengths = _checked_distances(distances)
    begin = time.perf_counter()
    points: list[GroundState] = []
    for length in lengths.tolist():
        integrals = compute_integrals(molecule_at(length), active_space)
        symmetries = integrals.orbital_symmetries if use_symmetry else None
        ansatz = UCCSD(integrals.norb, integrals.nelec, spin_adapted, symmetries)
        starts = [ansatz.perturbative_parameters(integrals)]
        if points and points[-1].ansatz == ansatz:
            starts.append(points[-1].parameters)
        points.append(lowest_energy(integrals, ansatz, starts=starts, estimator=estimator, optimizer=optimizer))
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
