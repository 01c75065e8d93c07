"""What commands of molecules found, with what their tables and pages ask of it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qtoolkit.applications.chemistry import (
    AdaptResult,
    Certificate,
    GroundState,
    MolecularIntegrals,
    PotentialCurve,
    StateProperties,
    fci_energy,
    state_properties,
)
from qtoolkit.applications.chemistry.resources import DoubleFactorisation, QubitisationCost
from qtoolkit.applications.qec import Footprint
from qtoolkit.errors import InputError, QToolkitError
from qtoolkit.simulators.fermion import FermionSector, lowest_states, spin_squared

__all__ = ["EnergyAnswer", "ExactState", "ResourcesAnswer", "ScanAnswer", "exact_answer", "molecule_name"]

_SAME = 1e-7
"""Hartree, between two iterations for one energy."""


@dataclass(frozen=True, eq=False)
class ExactState:
    """The state of lowest energy by diagonalisation.

    Attributes:
        integrals: the problem.
        certificate: of its energy.
        state: amplitudes, shape (alpha strings, beta strings).
        wall_time: seconds.
    """

    integrals: MolecularIntegrals
    certificate: Certificate
    state: NDArray[np.float64]
    wall_time: float


@dataclass(frozen=True, eq=False)
class EnergyAnswer:
    """One energy.

    Attributes:
        found: the state.
        grown: how its ansatz grew, if it did.
    """

    found: GroundState | ExactState
    grown: AdaptResult | None = None

    @property
    def integrals(self) -> MolecularIntegrals:
        """The problem."""
        return self.found.integrals

    @property
    def certificate(self) -> Certificate:
        """What is known of the energy."""
        return self.found.certificate

    @property
    def wall_time(self) -> float:
        """Seconds."""
        return self.found.wall_time if self.grown is None else self.grown.wall_time

    @property
    def method(self) -> str:
        """For people."""
        if isinstance(self.found, ExactState):
            return "exact diagonalisation"
        name = "ADAPT" if self.grown is not None else _ANSATZ_NAMES.get(type(self.found.ansatz).__name__, "ansatz")
        return f"{name} VQE"

    @cached_property
    def properties(self) -> StateProperties | None:
        """What the state tells; None where it cannot be looked at."""
        try:
            if isinstance(self.found, ExactState):
                return StateProperties(self.integrals, self.found.state)
            return state_properties(self.found)
        except QToolkitError:
            return None

    @cached_property
    def natural_occupations(self) -> NDArray[np.float64] | None:
        """Descending; None where there are none, as for orbitals that differ between spins."""
        if self.properties is None:
            return None
        try:
            return self.properties.natural_occupations
        except QToolkitError:
            return None

    @cached_property
    def dipole_debye(self) -> float | None:
        """Length of the dipole moment; None without its integrals, and of charged molecules, where it has an origin."""
        molecule = self.integrals.molecule
        if self.properties is None or molecule is None or molecule.charge:
            return None
        try:
            return float(np.linalg.norm(self.properties.dipole_debye))
        except QToolkitError:
            return None

    @property
    def exact_energy(self) -> float | None:
        """Of the same space and spin."""
        return self.certificate.exact_energy


_ANSATZ_NAMES = {
    "UCCSD": "UCCSD",
    "KUpCCGSD": "k-UpCCGSD",
    "PairUCCD": "pair UCCD",
    "UCJ": "UCJ",
    "LUCJ": "LUCJ",
    "HardwareEfficient": "hardware-efficient",
}


@dataclass(frozen=True, eq=False)
class ScanAnswer:
    """A curve.

    Attributes:
        curve: the points.
        ansatz: its name.
        unit: of lengths.
        geometry: with a place for the coordinate.
    """

    curve: PotentialCurve
    ansatz: str
    unit: str
    geometry: str

    @property
    def method(self) -> str:
        """For people."""
        return _ANSATZ_NAMES.get(type(self.curve.points[0].ansatz).__name__, self.ansatz)

    @property
    def minimum(self) -> tuple[float, float] | None:
        """Where a parabola through the three lowest neighbours has its lowest point, and the energy there; None where
        the lowest point is at an end."""
        x, y = self.curve.coordinates, self.curve.vqe_energies
        k = int(np.argmin(y))
        if k in (0, len(y) - 1):
            return None
        a, b, c = np.polyfit(x[k - 1 : k + 2], y[k - 1 : k + 2], 2)
        return float(-b / (2 * a)), float(c - b * b / (4 * a))


@dataclass(frozen=True, eq=False)
class ResourcesAnswer:
    """What phase estimation needs.

    Attributes:
        integrals: the problem.
        factorised: its repulsion.
        cost: logical.
        footprint: physical.
    """

    integrals: MolecularIntegrals
    factorised: DoubleFactorisation
    cost: QubitisationCost
    footprint: Footprint


def exact_answer(integrals: MolecularIntegrals) -> EnergyAnswer:
    """The lowest state of the spin asked for, by diagonalisation.

    Raises:
        InputError: if the orbitals of the spins differ, and the lowest state in them is of another spin.
        ConvergenceError: if the iteration does not converge.
        InsufficientMemoryError: if the vectors do not fit into free memory.
    """
    begin = time.perf_counter()
    spin = None if integrals.is_unrestricted else integrals.spin
    energies, states = lowest_states(integrals.hamiltonian, integrals.nelec, spin=spin)
    sector, energy = FermionSector(integrals.norb, integrals.nelec), float(energies[0])
    if integrals.is_unrestricted and energy < fci_energy(integrals) - _SAME:
        raise InputError(
            "exact states in orbitals that differ between spins are the lowest of any spin, and "
            f"S = {integrals.spin:g} was asked for; take RHF or ROHF, whose exact energy is the same in all orbitals"
        )
    certificate = Certificate(
        energy=energy,
        num_electrons=(float(integrals.nelec[0]), float(integrals.nelec[1])),
        spin_squared=math.nan if spin is None else spin_squared(sector, states[0]),
        spin_squared_target=None if spin is None else spin * (spin + 1.0),
        variance=None,
        exact_energy=energy,
        exact_ground_energy=energy,
        converged=True,
        message="diagonalised by Davidson's iteration",
        num_evaluations=0,
        gradient_norm=None,
        seed=None,
    )
    return EnergyAnswer(ExactState(integrals, certificate, states[0], time.perf_counter() - begin))


def molecule_name(integrals: MolecularIntegrals) -> str:
    """For people."""
    molecule = integrals.molecule
    if molecule is None:
        return integrals.active_space_summary
    charge = "" if not molecule.charge else f" ({molecule.charge:+d})"
    return f"{molecule.formula}{charge}, {molecule.basis}"
