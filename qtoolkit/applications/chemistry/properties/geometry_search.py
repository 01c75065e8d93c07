"""Where the forces vanish: a molecule's equilibrium through the variational wave function."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from qtoolkit._arguments import check_callable, check_instance
from qtoolkit._checks import require_integer, require_number
from qtoolkit.applications.chemistry.ansaetze import Ansatz
from qtoolkit.applications.chemistry.energies.ansatz_names import AnsatzName
from qtoolkit.applications.chemistry.energies.ground_state import GroundState, ground_state
from qtoolkit.applications.chemistry.integrals import ActiveSpace, FloatArray
from qtoolkit.applications.chemistry.molecule import Molecule
from qtoolkit.applications.chemistry.properties.forces import Forces, bohr_in, displaced, forces, solved_again
from qtoolkit.errors import InputError

__all__ = ["GeometryStep", "OptimisedGeometry", "optimise_geometry"]

Progress: TypeAlias = Callable[["GeometryStep"], bool | None]

_FIRST_TRUST, _LARGEST_TRUST, _SMALLEST_TRUST = 0.3, 0.6, 1e-5
_SOFT = 0.05
"""Hartree per bohr squared: the curvature of what no stretch of a bond changes, to begin with."""
_STRETCH, _RANGE, _REACH = 0.45, 0.4, 2.6
"""A stretch has the curvature 0.45 exp(0.4 (2.6² − r²)), after R. Lindh et al., Chem. Phys. Lett. 241, 423 (1995)."""
_SHARP = 0.8


@dataclass(frozen=True, eq=False)
class GeometryStep:
    """One geometry on the way.

    Attributes:
        molecule: the nuclei.
        energy: in hartree.
        largest_force: in hartree per bohr.
        accepted: whether the search went on from there.
    """

    molecule: Molecule = field(repr=False)
    energy: float
    largest_force: float
    accepted: bool


@dataclass(frozen=True, eq=False)
class OptimisedGeometry:
    """A geometry where forces vanish, and how it was found.

    Attributes:
        molecule: the nuclei, in the unit that they were given in.
        state: energy and certificate there.
        forces: what is left of them.
        steps: every geometry in order.
        converged: whether no force exceeds the tolerance.
        message: why the search ended.
        wall_time: seconds.
    """

    molecule: Molecule
    state: GroundState = field(repr=False)
    forces: Forces = field(repr=False)
    steps: tuple[GeometryStep, ...] = field(repr=False)
    converged: bool
    message: str
    wall_time: float

    @property
    def energy(self) -> float:
        """In hartree."""
        return self.state.energy

    @property
    def distances(self) -> FloatArray:
        """Between all pairs of nuclei, in the unit of the molecule, shape (num_atoms, num_atoms)."""
        places = np.array([place for _, place in self.molecule.geometry])
        found: FloatArray = np.linalg.norm(places[:, None] - places, axis=2)
        return found


def optimise_geometry(
    molecule: Molecule,
    *,
    active_space: ActiveSpace = None,
    ansatz: Ansatz | AnsatzName | None = None,
    spin_adapted: bool = False,
    method: Literal["auto", "analytic", "numerical"] = "auto",
    force_tolerance: float = 1e-5,
    max_steps: int = 50,
    progress: Progress | None = None,
    seed: int | np.random.Generator | None = 0,
) -> OptimisedGeometry:
    """Move the nuclei to where the forces of the variational wave function vanish.

    Quasi-Newton steps in Cartesian coordinates (BFGS; Nocedal and Wright, Numerical Optimization, 2nd ed., chapters 4
    and 6) within a trust radius, from a model of bonds. Forces come from `forces`, parameters from the geometry before.

    Args:
        molecule: where to start.
        active_space: see `compute_integrals`.
        ansatz: see `ground_state`.
        spin_adapted: see `UCCSD`.
        method: see `forces`.
        force_tolerance: of the largest force, in hartree per bohr.
        max_steps: geometries after the first.
        progress: called after each geometry; returning True ends the search.
        seed: see `ground_state`.

    Raises:
        InputError: if the molecule is none, has one atom, or an argument breaks the rule of the function it is for.
        ConvergenceError: if a geometry does not converge; see `ground_state`.
        InsufficientMemoryError: as for `ground_state` and `forces`.
        MissingExtraError: if PySCF is not installed.
    """
    begin = time.perf_counter()
    check_instance(molecule, Molecule, "molecule must be a Molecule")
    tolerance, max_steps = (
        require_number("force_tolerance", force_tolerance, 0.0),
        require_integer("max_steps", max_steps, 0, 10_000),
    )
    if len(molecule.geometry) < 2:
        raise InputError("a geometry of one atom has nothing to optimise; give a molecule of two or more")
    if progress is not None:
        check_callable(progress, "progress")
    state = ground_state(molecule, active_space=active_space, ansatz=ansatz, spin_adapted=spin_adapted, seed=seed)
    found = forces(state, method=method)
    search = _Search(molecule, found)
    message = f"there were {max_steps} steps"
    stopped = progress is not None and bool(progress(search.steps[-1]))
    while not stopped and search.current.largest > tolerance and len(search.steps) <= max_steps:
        if search.trust < _SMALLEST_TRUST:
            message = "no step, however short, lowers the energy"
            break
        shift = search.proposal()
        there = displaced(search.molecule, shift)
        search.take(there, shift, forces(solved_again(search.current.state, there), method=method))
        stopped = progress is not None and bool(progress(search.steps[-1]))
    converged = search.current.largest <= tolerance
    if converged:
        message = f"no force exceeds {tolerance:g} hartree per bohr"
    elif stopped:
        message = f"it was ended after {len(search.steps)} geometries"
    return OptimisedGeometry(
        molecule=search.molecule,
        state=search.current.state,
        forces=search.current,
        steps=tuple(search.steps),
        converged=converged,
        message=message,
        wall_time=time.perf_counter() - begin,
    )


class _Search:
    """The current geometry, what is known of curvatures, and how far they are trusted."""

    def __init__(self, molecule: Molecule, current: Forces) -> None:
        self.molecule, self.current = molecule, current
        self.trust = _FIRST_TRUST
        self.steps = [GeometryStep(molecule, current.state.energy, current.largest, True)]
        self._hessian = _model_hessian(molecule)

    def proposal(self) -> FloatArray:
        """The step of least predicted energy within the trust radius, shape (num_atoms, 3), in bohr."""
        values, modes = np.linalg.eigh(self._hessian)
        slopes = modes.T @ self.current.gradient.ravel()

        def step(shift: float) -> FloatArray:
            found: FloatArray = -modes @ (slopes / (values + shift))
            return found

        low = max(0.0, 1e-6 - float(values[0]))
        shift = step(low)
        if np.linalg.norm(shift) > self.trust:
            high = low + float(np.linalg.norm(slopes)) / self.trust + abs(float(values[0]))
            for _ in range(60):
                middle = (low + high) / 2.0
                low, high = (middle, high) if np.linalg.norm(step(middle)) > self.trust else (low, middle)
            shift = step(high)
        return shift.reshape(-1, 3)

    def take(self, molecule: Molecule, shift: FloatArray, there: Forces) -> None:
        """Learn from a geometry, and go there where it is lower."""
        step = shift.ravel()
        predicted = float(self.current.gradient.ravel() @ step + 0.5 * step @ self._hessian @ step)
        change = there.state.energy - self.current.state.energy
        self._update(step, (there.gradient - self.current.gradient).ravel())
        # near the minimum energies differ by rounding alone, and smaller forces tell
        accepted = change < 0.0 or (abs(change) < 1e-9 and there.largest < self.current.largest)
        length = float(np.linalg.norm(step))
        if not accepted or (change > 0.25 * predicted and abs(change) > 1e-9):
            self.trust = 0.25 * length if not accepted else 0.5 * length
        elif length > _SHARP * self.trust:
            self.trust = min(2.0 * self.trust, _LARGEST_TRUST)
        self.steps.append(GeometryStep(molecule, there.state.energy, there.largest, accepted))
        if accepted:
            self.molecule, self.current = molecule, there

    def _update(self, step: FloatArray, change: FloatArray) -> None:
        """BFGS, left out where the curvature along the step is not positive."""
        along = float(step @ change)
        if along > 1e-10 * float(step @ step):
            pulled = self._hessian @ step
            self._hessian += np.outer(change, change) / along - np.outer(pulled, pulled) / float(step @ pulled)


def _model_hessian(molecule: Molecule) -> FloatArray:
    """Curvatures of stretched bonds, in hartree per bohr squared, shape (3 num_atoms, 3 num_atoms)."""
    places = np.array([place for _, place in molecule.geometry]) / bohr_in(molecule)
    count = len(places)
    hessian = _SOFT * np.eye(3 * count)
    for first in range(count):
        for second in range(first):
            difference = places[first] - places[second]
            length = float(np.linalg.norm(difference))
            direction = np.zeros((count, 3))
            direction[first], direction[second] = difference / length, -difference / length
            curvature = _STRETCH * min(1.0, float(np.exp(_RANGE * (_REACH**2 - length**2))))
            hessian += curvature * np.outer(direction.ravel(), direction.ravel())
    return hessian
