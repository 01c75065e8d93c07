"""Charges on atoms that make the electrostatic potential of a molecule outside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from qtoolkit._arguments import shown
from qtoolkit._memory import reserved
from qtoolkit._optional import require
from qtoolkit.applications.chemistry.energies.ground_state import GroundState
from qtoolkit.applications.chemistry.geometry import BOHR_IN_ANGSTROM, FloatArray
from qtoolkit.applications.chemistry.integrals import MolecularIntegrals, compute_integrals
from qtoolkit.applications.chemistry.molecule import Molecule
from qtoolkit.applications.chemistry.point_charges import PointCharges
from qtoolkit.applications.chemistry.properties.state_properties import state_properties
from qtoolkit.applications.chemistry.structure import build_structure
from qtoolkit.errors import InputError

__all__ = ["ChargeFit", "fit_charges"]

_SHELLS = (1.4, 1.6, 1.8, 2.0)
"""In van der Waals radii."""
_POINTS_PER_AREA = 3.0
"""On each square angstrom of a shell."""
_BLOCK = 256


@dataclass(frozen=True, eq=False)
class ChargeFit:
    """Charges on the nuclei, fitted to a potential.

    Attributes:
        point_charges: at the nuclei, in the molecule's unit.
        root_mean_square_error: of the potential at the points, in hartree per elementary charge.
        relative_error: the same over the root mean square of the potential.
        num_points: that the potential was taken at.
        source: of the density: ``"Hartree–Fock"`` or the ansatz's class.
    """

    point_charges: PointCharges
    root_mean_square_error: float
    relative_error: float
    num_points: int
    source: str


def fit_charges(source: Molecule | MolecularIntegrals | GroundState) -> ChargeFit:
    """Charges by least squares of the potential on four shells around the molecule, with the right total.

    Shells lie at 1.4, 1.6, 1.8 and 2 van der Waals radii (U. C. Singh and P. A. Kollman, J. Comput. Chem. 5, 129
    (1984)). Charges of atoms that lie deep inside are ill-determined, as with all such fits.

    Args:
        source: a molecule or its integrals, whose Hartree–Fock density counts, or a ground state, whose own does.

    Raises:
        InputError: if it is none of these, has no molecule, or that has ghosts, an environment or core potentials.
        ConvergenceError: if Hartree–Fock does not converge.
        InsufficientMemoryError: if integrals do not fit into free memory.
        MissingExtraError: if PySCF is not installed.
    """
    if isinstance(source, Molecule):
        structure = _structure_of(source)
        source = compute_integrals(source, _smallest_space(structure.nelec))
    density, molecule, name = _density_of(source)
    structure = _structure_of(molecule)
    points = _shells(molecule)
    potential = _potential(structure, density, points)
    nuclei = molecule.coordinates
    columns = 1.0 / np.linalg.norm(points[:, None, :] - nuclei, axis=2)
    count = len(nuclei)
    matrix = np.ones((count + 1, count + 1))
    matrix[:count, :count], matrix[count, count] = columns.T @ columns, 0.0
    charges = np.linalg.lstsq(matrix, np.append(columns.T @ potential, float(molecule.charge)), rcond=None)[0][:count]
    error = float(np.sqrt(np.mean((columns @ charges - potential) ** 2)))
    places = np.array([place for _, place in molecule.geometry])
    return ChargeFit(
        point_charges=PointCharges(places, charges, molecule.unit),
        root_mean_square_error=error,
        relative_error=error / float(np.sqrt(np.mean(potential**2))),
        num_points=len(points),
        source=name,
    )


def _structure_of(molecule: Molecule) -> Any:
    """As PySCF has it, without symmetry, or an error if its potential is not that of a molecule by itself."""
    structure = build_structure(molecule, symmetric=False)
    if (
        molecule.ghosts
        or molecule.environment is not None
        or any(map(structure.atom_nelec_core, range(structure.natm)))
    ):
        raise InputError(
            "charges are fitted to a molecule by itself with all its electrons, got one with ghosts, an environment or "
            "core potentials"
        )
    return structure


def _density_of(source: MolecularIntegrals | GroundState) -> tuple[FloatArray, Molecule, str]:
    """Of all electrons over basis functions, and what it is of."""
    if isinstance(source, GroundState):
        properties = state_properties(source)
        density = properties.atomic_density.sum(axis=0)
        integrals, name = source.integrals, type(source.ansatz).__name__
    else:
        if not isinstance(source, MolecularIntegrals):
            raise InputError(f"source must be a Molecule, MolecularIntegrals or GroundState, got {shown(source)}")
        orbitals, occupations = source.orbital_coefficients, source.orbital_occupations
        if orbitals is None or occupations is None:
            raise InputError("charges need integrals that know their orbitals, got some from elsewhere")
        spins = [(orbitals, occupations)] if orbitals.ndim == 2 else list(zip(orbitals, occupations, strict=True))
        density = np.asarray(sum((columns * filled) @ columns.T for columns, filled in spins))
        integrals, name = source, "Hartree–Fock"
    if integrals.molecule is None:
        raise InputError("charges need integrals of a molecule, got some from elsewhere")
    return density, integrals.molecule, name


def _smallest_space(nelec: tuple[int, int]) -> list[int]:
    """Orbitals that must be active: those with one electron, or the highest with two."""
    n_alpha, n_beta = (int(count) for count in nelec)
    return list(range(n_beta, n_alpha)) or [n_alpha - 1]


def _shells(molecule: Molecule) -> FloatArray:
    """Points on the shells that lie in no atom's, in bohr, shape (num_points, 3)."""
    radii = require("pyscf.data.radii", extra="chemistry").VDW
    nuclei, numbers = molecule.coordinates, molecule.nuclear_charges
    kept = []
    for scale in _SHELLS:
        sizes = np.array([scale * float(radii[number]) for number in numbers])
        for place, size in zip(nuclei, sizes, strict=True):
            area = 4.0 * np.pi * (size * BOHR_IN_ANGSTROM) ** 2
            points = place + size * _sphere(max(12, round(_POINTS_PER_AREA * area)))
            distances = np.linalg.norm(points[:, None, :] - nuclei, axis=2)
            kept.append(points[(distances > sizes - 1e-9).all(axis=1)])
    return np.concatenate(kept)


def _sphere(count: int) -> FloatArray:
    """Even points on the unit sphere, on a spiral by the golden angle (A. González, Math. Geosci. 42, 49 (2010))."""
    steps = np.arange(count)
    heights = 1.0 - (2.0 * steps + 1.0) / count
    angles = np.pi * (3.0 - np.sqrt(5.0)) * steps
    widths = np.sqrt(1.0 - heights**2)
    return np.stack([widths * np.cos(angles), widths * np.sin(angles), heights], axis=1)


def _potential(structure: Any, density: FloatArray, points: FloatArray) -> FloatArray:
    """Of nuclei and electrons at points, in hartree per elementary charge."""
    distances = np.linalg.norm(points[:, None, :] - structure.atom_coords(), axis=2)
    potential: FloatArray = (1.0 / distances) @ np.asarray(structure.atom_charges(), dtype=np.float64)
    size = min(_BLOCK, len(points))
    with reserved(2 * 8 * size * len(density) ** 2, f"potentials at {size} points", "use a smaller basis"):
        for start in range(0, len(points), size):
            block = structure.intor("int1e_grids", hermi=1, grids=points[start : start + size])
            potential[start : start + size] -= np.einsum("kmn,mn->k", block, density)
    return potential
