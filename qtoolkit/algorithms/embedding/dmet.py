"""Density matrix embedding: fragments solved exactly or by a quantum computer, each with its bath.

G. Knizia and G. K.-L. Chan, Phys. Rev. Lett. 109, 186404 (2012) and J. Chem. Theory Comput. 9, 1428 (2013); in the form
with one shot and a chemical potential of S. Wouters, C. A. Jiménez-Hoyos, Q. Sun and G. K.-L. Chan, J. Chem. Theory
Comput. 12, 2706 (2016).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import (
    check_callable,
    check_instance,
    check_integer,
    check_number,
    items_of,
    real_numbers_of,
    shown,
)
from qtoolkit.algorithms.embedding.bath import Impurity, impurity_of
from qtoolkit.algorithms.embedding.mean_field import LatticeMeanField, integrals_of, restricted_mean_field
from qtoolkit.errors import ConvergenceError, InputError
from qtoolkit.operators import ElectronicHamiltonian
from qtoolkit.simulators.fermion import FermionSector, lowest_states, one_rdm, two_rdm

__all__ = [
    "DMETResult",
    "FragmentResult",
    "ImpuritySolver",
    "ImpurityState",
    "density_matrix_embedding",
    "exact_solver",
]

FloatArray = NDArray[np.float64]

_BATH = 1e-8
_MAX_EVALUATIONS = 40


@dataclass(frozen=True, eq=False)
class ImpurityState:
    """What a solver finds of an impurity.

    Attributes:
        energy: of the impurity's Hamiltonian.
        one_rdm: spin-summed ⟨a†_p a_q⟩, shape (size, size).
        two_rdm: spin-summed ⟨a†_pσ a†_rτ a_sτ a_qσ⟩ as [p, q, r, s], shape (size, size, size, size).
        standard_error: of the energy; None where it is exact or variational without noise.
    """

    energy: float
    one_rdm: FloatArray = field(repr=False)
    two_rdm: FloatArray = field(repr=False)
    standard_error: float | None = None


ImpuritySolver: TypeAlias = Callable[[ElectronicHamiltonian, tuple[int, int]], ImpurityState]
"""Solves a Hamiltonian with so many alpha and beta electrons."""


@dataclass(frozen=True, eq=False)
class FragmentResult:
    """One fragment of the answer.

    Attributes:
        impurity: its orbitals and Hamiltonian.
        energy: its share of the total.
        num_electrons: on the fragment.
        state: what the solver found.
    """

    impurity: Impurity = field(repr=False)
    energy: float
    num_electrons: float
    state: ImpurityState = field(repr=False)


@dataclass(frozen=True, eq=False)
class DMETResult:
    """The energy of the whole, put together from its fragments; not variational.

    Attributes:
        energy: with the Hamiltonian's constant.
        fragments: in the order given.
        chemical_potential: on all fragments, that makes the electrons add up.
        electron_error: Σ of electrons on the fragments, less what there are.
        mean_field: the determinant that the baths come from.
        num_evaluations: how often all fragments were solved.
        wall_time: seconds.
    """

    energy: float
    fragments: tuple[FragmentResult, ...] = field(repr=False)
    chemical_potential: float
    electron_error: float
    mean_field: LatticeMeanField = field(repr=False)
    num_evaluations: int
    wall_time: float

    @property
    def correlation_energy(self) -> float:
        """``energy - mean_field.energy``."""
        return self.energy - self.mean_field.energy


def exact_solver(hamiltonian: ElectronicHamiltonian, nelec: tuple[int, int]) -> ImpurityState:
    """The exact singlet ground state of an impurity.

    Raises:
        InputError: if the electrons do not fit.
        ConvergenceError: if the iteration does not converge.
        InsufficientMemoryError: if the vectors do not fit into free memory.
    """
    check_instance(hamiltonian, ElectronicHamiltonian, "hamiltonian must be an ElectronicHamiltonian")
    sector = FermionSector(hamiltonian.norb, nelec)
    energies, states = lowest_states(hamiltonian, sector.nelec, spin=abs(sector.spin_z))
    one, two = one_rdm(sector, states[0]), two_rdm(sector, states[0])
    return ImpurityState(float(energies[0]), one.sum(axis=0), two[0] + two[1] + two[1].transpose(2, 3, 0, 1) + two[2])


def density_matrix_embedding(
    hamiltonian: ElectronicHamiltonian,
    num_electrons: int,
    fragments: Sequence[Sequence[int]],
    solver: ImpuritySolver = exact_solver,
    *,
    density: ArrayLike | None = None,
    electron_tolerance: float = 1e-6,
    progress: Callable[[int, float], None] | None = None,
) -> DMETResult:
    """Solve each fragment with its bath, and fit a chemical potential until the electrons add up.

    Args:
        hamiltonian: in orthonormal orbitals that belong to fragments, such as the sites of a lattice or a molecule's
            orbitals after Löwdin's orthogonalisation; the same for both spins.
        num_electrons: of the whole, even.
        fragments: numbers of orbitals; together all of them, each once.
        solver: of an impurity; the exact one by default.
        density: start of the mean field, spin-summed, shape (norb, norb).
        electron_tolerance: by how much the electrons may miss.
        progress: called after each evaluation with its number and the error of the electrons.

    Raises:
        InputError: if fragments do not cover the orbitals, the number of electrons is odd, or the solver returns
            something else.
        ConvergenceError: if the mean field, a solver or the chemical potential does not converge.
        InsufficientMemoryError: if an impurity does not fit into free memory.
    """
    begin = time.perf_counter()
    check_instance(hamiltonian, ElectronicHamiltonian, "hamiltonian must be an ElectronicHamiltonian")
    check_callable(solver, "solver")
    if progress is not None:
        check_callable(progress, "progress")
    tolerance = check_number(electron_tolerance, "electron_tolerance")
    if tolerance <= 0:
        raise InputError(f"electron_tolerance must be positive, got {tolerance:g}")
    parts = _partition(fragments, hamiltonian.norb)
    mean_field = restricted_mean_field(hamiltonian, num_electrons, density)
    one_body, two_body = integrals_of(hamiltonian)
    impurities = [impurity_of(one_body, two_body, mean_field.density, part, _BATH) for part in parts]
    attempts: list[tuple[float, float, tuple[FragmentResult, ...]]] = []

    def missing(potential: float) -> float:
        found = tuple(_solved(impurity, solver, potential) for impurity in impurities)
        error = sum(fragment.num_electrons for fragment in found) - num_electrons
        attempts.append((abs(error), potential, found))
        if progress is not None:
            progress(len(attempts), error)
        return error

    _find_root(missing, tolerance)
    error, potential, found = min(attempts, key=lambda attempt: attempt[0])
    if error > tolerance:
        raise ConvergenceError(
            f"no chemical potential makes the electrons of the fragments add up to {num_electrons}: they miss by "
            f"{error:.2g} at best after {len(attempts)} evaluations; take larger fragments or a larger "
            "electron_tolerance"
        )
    return DMETResult(
        energy=hamiltonian.constant + sum(fragment.energy for fragment in found),
        fragments=found,
        chemical_potential=potential,
        electron_error=sum(fragment.num_electrons for fragment in found) - num_electrons,
        mean_field=mean_field,
        num_evaluations=len(attempts),
        wall_time=time.perf_counter() - begin,
    )


def _solved(impurity: Impurity, solver: ImpuritySolver, potential: float) -> FragmentResult:
    state = check_instance(
        solver(impurity.with_potential(potential), impurity.nelec), ImpurityState, "a solver returns an ImpurityState"
    )
    size, inside = impurity.size, slice(len(impurity.fragment))
    one, two = (real_numbers_of(getattr(state, name), f"a solver's {name}") for name in ("one_rdm", "two_rdm"))
    if one.shape != (size,) * 2 or two.shape != (size,) * 4:
        raise InputError(
            f"a solver's density matrices have shapes {(size,) * 2} and {(size,) * 4}, got {one.shape} and {two.shape}"
        )
    if not (np.isfinite(one).all() and np.isfinite(two).all()):
        raise InputError("a solver's density matrices must be finite, got an entry that is not")
    electrons = sum(impurity.nelec)
    if abs(np.trace(one) - electrons) > 1e-4 * max(electrons, 1):
        raise InputError(f"a solver's one_rdm has trace {electrons}, the electrons, got {float(np.trace(one)):.6f}")
    repulsion: Any = impurity.hamiltonian.two_body_tensor
    energy = np.sum(impurity.projected_one_body[inside] * one[inside]) + 0.5 * np.sum(repulsion[inside] * two[inside])
    return FragmentResult(impurity, float(energy), float(np.trace(one[inside, inside])), state)


def _find_root(missing: Callable[[float], float], tolerance: float) -> None:
    """Evaluate a rising function until it is small, or out of hope: secant steps within a bracket that grows."""
    left, right = 0.0, 0.0
    low = high = missing(0.0)
    if abs(low) <= tolerance:
        return
    step = 0.05
    for _ in range(_MAX_EVALUATIONS):
        if low > 0:
            right, high, left = left, low, left - step
            low = missing(left)
        elif high < 0:
            left, low, right = right, high, right + step
            high = missing(right)
        else:
            break
        if min(abs(low), abs(high)) <= tolerance:
            return
        step *= 2.0
    if low * high > 0:
        return
    for attempt in range(_MAX_EVALUATIONS):
        secant = (left * high - right * low) / (high - low)
        middle = 0.5 * (left + right)
        point = secant if attempt % 3 < 2 and left < secant < right else middle
        value = missing(point)
        if abs(value) <= tolerance:
            return
        if value < 0:
            left, low = point, value
        else:
            right, high = point, value


def _partition(fragments: Sequence[Sequence[int]], norb: int) -> list[tuple[int, ...]]:
    parts = []
    for fragment in items_of(fragments, "fragments are a sequence of sequences of orbitals"):
        orbitals = items_of(fragment, "a fragment is a sequence of orbitals")
        parts.append(tuple(check_integer(orbital, "an orbital of a fragment", 0, norb - 1) for orbital in orbitals))
    together = sorted(orbital for part in parts for orbital in part)
    if together != list(range(norb)) or not all(parts):
        raise InputError(f"fragments must hold each of the orbitals 0 to {norb - 1} once, got {shown(fragments)}")
    return parts
