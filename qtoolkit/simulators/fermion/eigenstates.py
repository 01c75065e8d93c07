"""Exact eigenstates in a sector, of one total spin if wanted."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_callable, check_instance, check_integer, check_number, shown
from qtoolkit._memory import free_bytes, reserved
from qtoolkit.errors import ConvergenceError, InputError
from qtoolkit.operators import ElectronicHamiltonian
from qtoolkit.simulators.fermion.davidson import Progress, lowest_pairs
from qtoolkit.simulators.fermion.hamiltonian_action import HamiltonianAction
from qtoolkit.simulators.fermion.sector import FermionSector
from qtoolkit.simulators.fermion.spin import SpinLadder, TotalSpin, most_spin
from qtoolkit.simulators.options import threads_of
from qtoolkit_kernels.team import Team

__all__ = ["lowest_states"]

FloatArray = NDArray[np.float64]

_DENSE = 400
"""Determinants up to which a matrix is diagonalised."""

_MORE_STARTS = 3
"""Start vectors beside the states that are wanted."""

_NOISE = 0.03
"""Norm of what is random in a start vector, so that no symmetry is missing."""

_IMPURITY = 1e-10
"""Norm of what a direction may have of other spins, times the differences of S(S + 1)."""

_SPIN_TOLERANCE = 1e-6


def lowest_states(
    hamiltonian: ElectronicHamiltonian,
    nelec: tuple[int, int],
    count: int = 1,
    spin: float | None = None,
    *,
    tolerance: float = 1e-7,
    max_iterations: int = 200,
    num_threads: int | None = None,
    callback: Progress | None = None,
) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """The lowest eigenvalues and eigenstates with given electrons and, if wanted, total spin S.

    States of spin S are sought where S_z = S, where no smaller spin is, and lowered to the sector. All that the
    iteration does there keeps the spin: start vectors are projected, residuals are divided by energies of orbital
    occupations, which all their spin states share, and what rounding brings of larger spins is projected out.

    Args:
        hamiltonian: its integrals.
        nelec: alpha and beta electrons.
        count: how many states.
        spin: S of all of them: 0 for singlets, 0.5 for doublets; None takes any.
        tolerance: for the norms of residuals, in the Hamiltonian's units; energies are more accurate by far, unless
            levels lie closer together than this.
        max_iterations: after which it fails.
        num_threads: all cores by default.
        callback: called after each step with its number, the energies, and the norms of residuals; if it returns
            True, the iteration ends with a `ConvergenceError`.

    Returns:
        Energies, ascending, shape (count,), and states, shape (count, alpha strings, beta strings).

    Raises:
        InputError: if electrons do not fit, there are not so many states (of this spin), or a spin is asked for and the
            integrals depend on it.
        ConvergenceError: if the iteration does not converge; it says what was reached.
        InsufficientMemoryError: if the vectors do not fit into free memory.
    """
    check_instance(hamiltonian, ElectronicHamiltonian, "hamiltonian must be an ElectronicHamiltonian")
    sector = FermionSector(hamiltonian.norb, nelec)
    tolerance = check_number(tolerance, "tolerance")
    if tolerance <= 0.0:
        raise InputError(f"tolerance must be greater than 0, got {tolerance:g}")
    max_iterations = check_integer(max_iterations, "max_iterations", 1)
    if callback is not None:
        check_callable(callback, "callback")
    team = Team(threads_of(num_threads))
    most = sector.size
    if spin is not None:
        spin = _checked_spin(hamiltonian, sector, spin)
        most = _num_spin_states(sector, spin)
    count = check_integer(count, "count", 1)
    if count > most:
        kind = "states" if spin is None else f"states of spin {spin:g}"
        raise InputError(
            f"{sector.nelec} electrons in {sector.norb} orbitals have {most} {kind}, got count={shown(count)}"
        )
    if spin is None or spin == sector.spin_z:
        return _Search(hamiltonian, sector, spin, team).lowest(count, tolerance, max_iterations, callback)
    electrons = sum(sector.nelec)
    top = FermionSector(sector.norb, (round(electrons / 2 + spin), round(electrons / 2 - spin)))
    energies, states = _Search(hamiltonian, top, spin, team).lowest(count, tolerance, max_iterations, callback)
    return energies, np.stack([_lowered(sector, top.nelec, state, team) for state in states])


class _Search:
    """The lowest states of a sector, of total spin S_z if a spin is given."""

    def __init__(
        self, hamiltonian: ElectronicHamiltonian, sector: FermionSector, spin: float | None, team: Team
    ) -> None:
        self._hamiltonian, self._sector, self._spin, self._team = hamiltonian, sector, spin, team

    @cached_property
    def _action(self) -> HamiltonianAction:
        return HamiltonianAction(self._hamiltonian, self._sector, self._team)

    @cached_property
    def _squared(self) -> TotalSpin | None:
        return None if self._spin is None else TotalSpin(self._sector.norb, self._sector.nelec, self._team)

    def lowest(
        self, count: int, tolerance: float, max_iterations: int, callback: Progress | None
    ) -> tuple[FloatArray, FloatArray]:
        size = self._sector.size
        if size <= _DENSE or (8 * count > size and size <= 8 * _DENSE):
            return self._from_matrix(count)
        kept = count + _MORE_STARTS
        fewest, most = kept + 2 * count, kept + max(4 * count, 12)
        # with their images; the diagonal, residuals and what is made on the way
        needs = [8 * size * (2 * vectors + count + 5) for vectors in range(fewest, most + 1)]
        free = free_bytes()
        fitting = sum(free is None or need <= free for need in needs)
        need = needs[max(0, fitting - 1)]
        with reserved(need, f"{count} eigenstates of {size} determinants", "use fewer orbitals", 8 * size * count):
            energies, vectors = self._iterated(count, fewest + max(0, fitting - 1), tolerance, max_iterations, callback)
        states = vectors.reshape(count, *self._sector.shape)
        self._check_spin(states)
        return energies, states

    def _from_matrix(self, count: int) -> tuple[FloatArray, FloatArray]:
        sector = self._sector
        units = np.eye(sector.size).reshape(-1, *sector.shape)
        matrix = np.stack([self._action.apply(unit).ravel() for unit in units])
        basis = np.eye(sector.size)
        if self._squared is not None and self._spin is not None:
            squares = np.stack([self._squared.apply(unit).ravel() for unit in units])
            values, vectors = np.linalg.eigh(0.5 * (squares + squares.T))
            basis = vectors[:, np.abs(values - self._spin * (self._spin + 1.0)) < 0.5]
        energies, vectors = np.linalg.eigh(basis.T @ (0.5 * (matrix + matrix.T)) @ basis)
        states = (basis @ vectors[:, :count]).T.reshape(count, *sector.shape)
        return energies[:count], np.ascontiguousarray(states)

    def _iterated(
        self, count: int, most_vectors: int, tolerance: float, max_iterations: int, callback: Progress | None
    ) -> tuple[FloatArray, FloatArray]:
        sector, squared = self._sector, self._squared
        diagonal = self._action.diagonal() if squared is None else _shared_diagonal(self._hamiltonian, sector)

        def apply(vector: FloatArray, out: FloatArray) -> None:
            self._action.apply(vector.reshape(sector.shape), out.reshape(sector.shape))

        starts = self._starts(diagonal, count + _MORE_STARTS)
        reachable = max(tolerance, 64.0 * float(np.finfo(float).eps * np.abs(diagonal).max(initial=1.0)))
        return lowest_pairs(
            apply, diagonal.ravel(), starts, count, most_vectors, reachable, max_iterations, callback,
            None if squared is None else self._purified,
        )  # fmt: skip

    def _purified(self, vector: FloatArray) -> FloatArray:
        """A direction without what rounding adds of other spins: a lower state of these would grow step by step."""
        assert self._squared is not None
        assert self._spin is not None
        state = vector.reshape(self._sector.shape)
        rest = self._squared.apply(state) - self._spin * (self._spin + 1.0) * state
        if np.linalg.norm(rest) < _IMPURITY:
            return vector
        return self._squared.project(state, self._spin).ravel()

    def _starts(self, diagonal: FloatArray, number: int) -> list[FloatArray]:
        """Determinants of low energy, of one per occupation of orbitals if the spin matters, with some noise."""
        sector, rng = self._sector, np.random.default_rng(0)
        flat = diagonal.ravel()
        candidates = min(flat.size, 256 * number)
        lowest = np.argpartition(flat, candidates - 1)[:candidates]
        # determinants that rounding alone tells apart come in their own order
        lowest = lowest[np.lexsort((lowest, np.round(flat[lowest] - flat.min(), 9)))]
        rows, columns = np.divmod(lowest, sector.shape[1])
        if self._squared is not None:
            occupations = sector.alpha_occupations[rows] + sector.beta_occupations[columns]
            _, first = np.unique(occupations, axis=0, return_index=True)
            lowest = lowest[np.sort(first)]
        starts = []
        for k in range(number):
            start = rng.standard_normal(sector.size)
            start *= _NOISE / np.linalg.norm(start)
            if k < len(lowest):
                start[lowest[k]] += 1.0
            if self._squared is not None and self._spin is not None:
                start = self._squared.project(start.reshape(sector.shape), self._spin).ravel()
            starts.append(start)
        return starts

    def _check_spin(self, states: FloatArray) -> None:
        if self._squared is None or self._spin is None:
            return
        found = [self._squared.value(state) for state in states]
        worst = max(abs(value - self._spin * (self._spin + 1.0)) for value in found)
        if worst > _SPIN_TOLERANCE:
            raise ConvergenceError(
                f"states of spin {self._spin:g} came out with S² off by {worst:.1e}; ask for a smaller tolerance"
            )


def _checked_spin(hamiltonian: ElectronicHamiltonian, sector: FermionSector, spin: float) -> float:
    spin = check_number(spin, "spin")
    least = abs(sector.spin_z)
    if spin < least or (2 * (spin - least)) % 2:
        raise InputError(f"spin must be {least:g} or more by whole steps, got {spin:g}")
    if hamiltonian.is_spin_dependent:
        raise InputError("integrals that depend on the spin have no states of a total spin; leave spin out")
    if spin > most_spin(sector.norb, sector.nelec):
        raise InputError(
            f"{sector.nelec} electrons in {sector.norb} orbitals have a spin of at most "
            f"{most_spin(sector.norb, sector.nelec):g}, got {spin:g}"
        )
    return spin


def _num_spin_states(sector: FermionSector, spin: float) -> int:
    """States of spin S and one S_z: those with S_z = S less those with S_z = S + 1."""
    norb, electrons = sector.norb, sum(sector.nelec)
    alpha, beta = round(electrons / 2 + spin), round(electrons / 2 - spin)
    found = math.comb(norb, alpha) * math.comb(norb, beta)
    return found - (math.comb(norb, alpha + 1) * math.comb(norb, beta - 1) if beta else 0)


def _shared_diagonal(hamiltonian: ElectronicHamiltonian, sector: FermionSector) -> FloatArray:
    """Energies of orbital occupations, with exchange averaged over the spins of electrons that are alone."""
    one_body, repulsion = np.diagonal(hamiltonian.one_body("alpha")), hamiltonian.two_body("alpha", "beta")
    between = on_site = np.zeros((sector.norb,) * 2)
    if repulsion is not None:
        direct, exchange = np.einsum("pprr->pr", repulsion), np.einsum("prrp->pr", repulsion)
        on_site = np.diag(np.diagonal(direct))
        between = direct - 0.5 * exchange
        between = between - np.diag(np.diagonal(between))
    alpha, beta = sector.alpha_occupations, sector.beta_occupations
    sides = [
        occupations @ one_body + 0.5 * np.einsum("Ip,Ip->I", occupations @ between, occupations)
        for occupations in (alpha, beta)
    ]
    found: FloatArray = alpha @ (between + on_site) @ beta.T
    found += sides[0][:, None] + sides[1] + hamiltonian.constant
    return found


def _lowered(sector: FermionSector, nelec: tuple[int, int], state: FloatArray, team: Team) -> FloatArray:
    """A state of the largest S_z, brought to a sector by S₋."""
    while nelec != sector.nelec:
        ladder = SpinLadder(sector.norb, nelec, -1, team)
        state, nelec = ladder.apply(state), ladder.nelec
        state = state / np.linalg.norm(state)
    return state
