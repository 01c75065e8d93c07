"""Sample-based quantum diagonalisation with self-consistent recovery of configurations."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_callable, check_flag, check_instance, check_integer, check_number, seeded, shown
from qtoolkit._checks import require_array, require_number
from qtoolkit.applications.chemistry.integrals import MolecularIntegrals
from qtoolkit.applications.chemistry.molecule import checked_electrons
from qtoolkit.applications.chemistry.sqd.configurations import Configurations, configurations_of, drawn, recovered
from qtoolkit.applications.chemistry.sqd.result import SampledDiagonalisation, SampledIteration
from qtoolkit.applications.chemistry.sqd.subspace import Selected, lowest_selected, own_lowest
from qtoolkit.errors import ConvergenceError, InputError
from qtoolkit.operators import ElectronicHamiltonian
from qtoolkit.primitives import Result
from qtoolkit.simulators.fermion import FermionSector, FermionSimulator, spin_squared

__all__ = ["sample_based_diagonalisation"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_SMALL_SECTOR = 5_000
_LARGEST_SECTOR = 100_000
_BELOW = 1e-7
"""In the Hamiltonian's units: what an energy may lie below the exact one by rounding and convergence."""


def sample_based_diagonalisation(
    hamiltonian: MolecularIntegrals | ElectronicHamiltonian,
    samples: Result | Mapping[str, int],
    nelec: tuple[int, int] | None = None,
    *,
    samples_per_batch: int = 200,
    num_batches: int = 5,
    max_iterations: int = 10,
    symmetric: bool | None = None,
    initial_occupancies: FloatArray | None = None,
    carry_over: float | None = 1e-4,
    tolerance: float = 1e-8,
    exact_energy: float | None = None,
    progress: Callable[[SampledIteration], object] | None = None,
    seed: int | np.random.Generator | None = None,
) -> SampledDiagonalisation:
    """The ground state in the space of configurations that a quantum computer, however noisy, samples.

    The first round takes the samples with the right numbers of electrons, or all, where occupancies are given. Batches
    of distinct configurations are drawn by their counts; the Hamiltonian is diagonalised on all pairs of their alpha
    and beta strings; the mean occupancies repair the samples with wrong numbers for the next round. Since each energy
    is the lowest eigenvalue of a projection, all are upper bounds of the exact one.

    Source: J. Robledo-Moreno et al., Sci. Adv. 11, eadu9991 (2025), arXiv:2405.05068.

    Args:
        hamiltonian: integrals of a molecule, or any electronic Hamiltonian.
        samples: bitstrings of Jordan–Wigner qubits, alpha orbitals in the lower half: a `Result`, or counts.
        nelec: alpha and beta electrons; those of the integrals by default.
        samples_per_batch: distinct configurations in each batch.
        num_batches: of each round.
        max_iterations: rounds at most.
        symmetric: whether strings of both spins are joined and used for both, so that the subspace is closed under
            their exchange; for as many alpha as beta electrons only, and then the default.
        initial_occupancies: mean occupation of each orbital, shape (2, norb), for the first round's recovery; needed
            where no sample has the right numbers.
        carry_over: strings of the best state so far whose weight, summed over the strings of the other spin, is at
            least this join every later batch; None for none.
        tolerance: of energy and occupancies between rounds.
        exact_energy: the lowest of the sector; computed for small sectors where it is not given.
        progress: called after each round.
        seed: makes the run reproducible.

    Raises:
        InputError: if samples or another argument do not fit, or no sample has the right numbers of electrons and no
            occupancies are given.
        ConvergenceError: if a diagonalisation does not converge, or an energy lies below `exact_energy`.
        InsufficientMemoryError: if a subspace does not fit into free memory.
    """
    started = time.perf_counter()
    electronic, electrons = _checked(hamiltonian, nelec)
    norb = electronic.norb
    per_batch = check_integer(samples_per_batch, "samples_per_batch", 1, 1 << 24)
    batches = check_integer(num_batches, "num_batches", 1, 1 << 10)
    rounds = check_integer(max_iterations, "max_iterations", 1, 1 << 10)
    tolerance = check_number(tolerance, "tolerance", kind="a positive number", accept=lambda x: 0.0 < x < 1.0)
    closed = electrons[0] == electrons[1] if symmetric is None else check_flag(symmetric, "symmetric")
    if closed and electrons[0] != electrons[1]:
        raise InputError(f"a symmetric subspace needs as many alpha as beta electrons, got {shown(electrons)}")
    if carry_over is not None:
        rule = "a number from 0 to 1, or None"
        carry_over = check_number(carry_over, "carry_over", kind=rule, accept=lambda x: 0.0 <= x <= 1.0)
    if progress is not None:
        check_callable(progress, "progress")
    if exact_energy is not None:
        exact_energy = require_number("exact_energy", exact_energy)
    means: FloatArray | None = None
    if initial_occupancies is not None:
        means = np.clip(require_array("initial_occupancies", initial_occupancies, (2, norb)), 0.0, 1.0)
    measured = configurations_of(samples, norb)
    is_right = measured.has_electrons(electrons)
    if means is None and not is_right.any():
        raise InputError(
            f"a sample must have {electrons[0]} alpha and {electrons[1]} beta electrons, got none of "
            f"{len(measured)} that has; give initial_occupancies"
        )
    number, rng = seeded(seed)
    history: list[SampledIteration] = []
    best: Selected | None = None
    converged = False
    while len(history) < rounds and not converged:
        pool = measured.chosen(is_right) if means is None else recovered(measured, means, electrons, rng)
        kept = _heavy(best, carry_over)
        found = [_solved(electronic, drawn(pool, per_batch, rng), electrons, closed, kept) for _ in range(batches)]
        lowest = min(found, key=lambda item: item.energy)
        previous, change = means, None
        means = np.mean([item.occupancies(norb) for item in found], axis=0)
        if previous is not None:
            change = float(np.abs(means - previous).max())
        gain = np.inf if best is None else best.energy - lowest.energy
        best = lowest if best is None or gain > 0 else best
        energies, sizes = zip(*((item.energy, item.amplitudes.size) for item in found), strict=True)
        history.append(SampledIteration(energies, sizes, len(pool), change))
        converged = bool(change is not None and change <= np.sqrt(tolerance) and abs(gain) <= tolerance)
        if progress is not None:
            progress(history[-1])
    assert best is not None
    exact_energy = _exact(electronic, electrons, exact_energy)
    if exact_energy is not None and best.energy < exact_energy - _BELOW:
        raise ConvergenceError(
            f"an energy of a subspace cannot lie below the exact one, got {best.energy:.9f} and {exact_energy:.9f}; "
            "check exact_energy and the convergence of what it came from"
        )
    variance, spin = _certified(electronic, electrons, best)
    return SampledDiagonalisation(
        energy=best.energy,
        amplitudes=best.amplitudes,
        alpha_strings=best.alpha,
        beta_strings=best.beta,
        occupancies=best.occupancies(norb),
        variance=variance,
        spin_squared=spin,
        exact_energy=exact_energy,
        correct_share=float(measured.weights[is_right].sum() / measured.weights.sum()),
        history=tuple(history),
        converged=converged,
        message="energy and occupancies are steady" if converged else f"ended after {rounds} rounds",
        shots=int(measured.weights.sum()),
        seed=number,
        wall_time=time.perf_counter() - started,
    )


def _checked(
    hamiltonian: MolecularIntegrals | ElectronicHamiltonian, nelec: tuple[int, int] | None
) -> tuple[ElectronicHamiltonian, tuple[int, int]]:
    if isinstance(hamiltonian, MolecularIntegrals):
        nelec = hamiltonian.nelec if nelec is None else nelec
        hamiltonian = hamiltonian.hamiltonian
    check_instance(hamiltonian, ElectronicHamiltonian, "hamiltonian must be integrals or an ElectronicHamiltonian")
    if nelec is None:
        raise InputError("an ElectronicHamiltonian does not say how many electrons there are; give nelec")
    electrons = checked_electrons(nelec)
    if not all(0 <= count <= hamiltonian.norb for count in electrons):
        raise InputError(f"nelec must lie in [0, {hamiltonian.norb}] for each spin, got {shown(electrons)}")
    return hamiltonian, electrons


def _heavy(state: Selected | None, least: float | None) -> tuple[IntArray, IntArray]:
    """Strings of a state with at least so much weight."""
    if state is None or least is None:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    weights = state.amplitudes**2
    return state.alpha[weights.sum(axis=1) >= least], state.beta[weights.sum(axis=0) >= least]


def _solved(
    hamiltonian: ElectronicHamiltonian,
    batch: Configurations,
    nelec: tuple[int, int],
    closed: bool,
    kept: tuple[IntArray, IntArray],
) -> Selected:
    alpha, beta = np.union1d(batch.alpha, kept[0]), np.union1d(batch.beta, kept[1])
    if closed:
        alpha = beta = np.union1d(alpha, beta)
    return lowest_selected(hamiltonian, alpha, beta, nelec)


def _exact(hamiltonian: ElectronicHamiltonian, nelec: tuple[int, int], given: float | None) -> float | None:
    if given is not None:
        return given
    sector = FermionSector(hamiltonian.norb, nelec)
    if sector.size > _SMALL_SECTOR:
        return None
    return own_lowest(hamiltonian, sector.alpha_strings, sector.beta_strings).energy


def _certified(
    hamiltonian: ElectronicHamiltonian, nelec: tuple[int, int], found: Selected
) -> tuple[float | None, float | None]:
    """Variance and ⟨S²⟩ in the whole sector, where that is small enough."""
    sector = FermionSector(hamiltonian.norb, nelec)
    if sector.size > _LARGEST_SECTOR:
        return None, None
    state = np.zeros(sector.shape)
    rows, columns = (
        np.searchsorted(all_strings, strings)
        for all_strings, strings in ((sector.alpha_strings, found.alpha), (sector.beta_strings, found.beta))
    )
    state[np.ix_(rows, columns)] = found.amplitudes
    image = FermionSimulator().apply(hamiltonian, sector, state)
    image = image - float(np.vdot(state, image)) * state
    return float(np.vdot(image, image)), spin_squared(sector, state)
