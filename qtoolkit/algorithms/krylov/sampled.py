"""Krylov spaces from Hadamard tests: overlaps of a state with itself at later times, measured with shots."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_integer, check_number, seeded
from qtoolkit.algorithms.dynamics.ordering import Ordering, check_hamiltonian
from qtoolkit.algorithms.krylov.result import KrylovEnergies
from qtoolkit.algorithms.krylov.states import MOST_STATES, checked_energies
from qtoolkit.algorithms.krylov.subspace import thresholded_eigenvalues
from qtoolkit.algorithms.phase_estimation.problem import EnergyProblem, Evolution, energy_range_of
from qtoolkit.backends import Backend
from qtoolkit.backends.sampler import sampler_or_simulator
from qtoolkit.circuit import Circuit
from qtoolkit.errors import BackendError
from qtoolkit.operators import PauliSum
from qtoolkit.primitives import Result, Sampler

__all__ = ["sampled_krylov"]

_NOISE = 2.0
"""Of the threshold, in units of the scatter of the overlap matrix."""


def sampled_krylov(
    hamiltonian: PauliSum,
    preparation: Circuit,
    num_states: int,
    shots: int,
    *,
    energy_range: tuple[float, float] | None = None,
    evolution: Evolution = "exact",
    steps: int = 4,
    order: int = 2,
    ordering: Ordering = "given",
    num_energies: int = 1,
    threshold: float | None = None,
    num_resamples: int = 200,
    sampler: Sampler | Backend | None = None,
    exact_energies: ArrayLike | None = None,
    seed: int | np.random.Generator | None = None,
) -> KrylovEnergies:
    """Lowest energies in the space of ``U^k|ψ⟩``, ``U = e^{−i(H−c)τ}``, from ``⟨ψ|U^k|ψ⟩`` alone.

    Two Hadamard tests for each k up to `num_states` give the overlaps ``S_jk = g_{k−j}`` and the matrix of
    ``sin((H−c)τ) = i(U − U†)/2``, which grows with H as long as ``|H − c| τ ≤ π/2``; energies are the arcsines of its
    eigenvalues in the space, c is the middle of the range of energies, and τ is π over its width. Without noise they
    are upper bounds, as every eigenvalue of a projection; standard errors do not tell how far above the exact energies.

    Source: R. M. Parrish and P. L. McMahon, arXiv:1909.08925; with a function of U in place of H, as J. Cohn, M. Motta
    and R. M. Parrish, PRX Quantum 2, 040352 (2021); threshold: E. N. Epperly, L. Lin and Y. Nakatsukasa, SIAM J. Matrix
    Anal. Appl. 43, 1263 (2022).

    Args:
        hamiltonian: H.
        preparation: circuit of gates that prepares |ψ⟩, without free parameters.
        num_states: how many states.
        shots: of each of the ``2 num_states`` circuits.
        energy_range: ``(low, high)`` that holds the whole spectrum: the narrower, the longer the time step and the
            larger the space; energies outside are folded back. By default what the coefficients bound, and 1/16 more.
        evolution, steps, order, ordering: of one U, see `EnergyProblem`.
        num_energies: how many energies.
        threshold: eigenvalues of S up to this are left out; ``2 √(num_states / shots)``, at most
            1/2, by default.
        num_resamples: of the bootstrap.
        sampler: simulator, `BackendSampler` or backend; the local state-vector simulator by default.
        exact_energies: kept in the result.
        seed: makes the run reproducible.

    Raises:
        OperatorError: if the Hamiltonian is no Hermitian sum.
        InputError: if another argument does not fit.
        ConvergenceError: if no eigenvalue of S exceeds the threshold.
        BackendError: if the sampler returns other bits than were measured, or the backend refuses a circuit.
    """
    started = time.perf_counter()
    check_hamiltonian(hamiltonian)
    count = check_integer(num_states, "num_states", 1, MOST_STATES)
    shots = check_integer(shots, "shots", 2, 1 << 40)
    wanted = check_integer(num_energies, "num_energies", 1, MOST_STATES)
    resamples = check_integer(num_resamples, "num_resamples", 2, 1 << 16)
    ends = energy_range_of(hamiltonian, energy_range)
    center, step = (ends[0] + ends[1]) / 2.0, math.pi / (ends[1] - ends[0])
    limit = min(0.5, _NOISE * math.sqrt(count / shots))
    if threshold is not None:
        rule = "a number of at least 0"
        limit = check_number(threshold, "threshold", kind=rule, accept=lambda x: 0.0 <= x < math.inf)
    exact = checked_energies(exact_energies)
    problem = EnergyProblem(
        hamiltonian,
        preparation,
        evolution=evolution,
        steps=steps,
        order=order,
        ordering=ordering,
        energy_range=(center, center + 2.0 * math.pi / step),
    )
    number, rng = seeded(seed)
    chances = _measured(problem, preparation, count, shots, sampler_or_simulator(sampler), rng)
    history = [_solved(chances[:, :size], limit, center, step)[0][0] for size in range(1, count + 1)]
    energies, dimension = _solved(chances, limit, center, step)
    energies = energies[:wanted]
    drawn = np.full((resamples, len(energies)), np.nan)
    for row in drawn:
        again, _ = _solved(rng.binomial(shots, chances) / shots, limit, center, step)
        row[: len(again)] = again[: len(row)]
    return KrylovEnergies(
        energies=energies,
        history=np.array(history),
        dimension=dimension,
        threshold=limit,
        time_step=step,
        num_states=count,
        standard_errors=np.nanstd(drawn, axis=0, ddof=1),
        exact_energies=exact,
        evolution_error=problem.evolution_error,
        method=f"Hadamard tests, {evolution} evolution",
        shots=2 * count * shots,
        num_circuits=2 * count,
        seed=number,
        wall_time=time.perf_counter() - started,
    )


def _measured(
    problem: EnergyProblem,
    preparation: Circuit,
    count: int,
    shots: int,
    sampler: Sampler,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Shares of 0 in the tests of the real and the imaginary part, shape (2, count), for powers from 1."""
    size = problem.num_qubits
    circuits = []
    for imaginary in (False, True):
        for power in range(1, count + 1):
            circuit = Circuit(size + 1, 1, name=f"Hadamard test of U^{power}").extend(preparation).h(size)
            circuit.extend(problem.controlled_evolution(power))
            if imaginary:
                circuit.sdg(size)
            circuits.append(circuit.h(size).measure(size, 0))
    batch: Any = getattr(sampler, "run_batch", None)
    results: list[Result]
    if callable(batch):
        results = list(batch(circuits, shots, int(rng.integers(1 << 32))))
    else:
        results = [sampler.run(circuit, shots, seed=int(rng.integers(1 << 32))) for circuit in circuits]
    shares = []
    for result in results:
        if set(result.counts) - {"0", "1"} or result.shots != shots:
            raise BackendError(f"the sampler must return one bit for each of {shots} shots, got others")
        shares.append(result.counts.get("0", 0) / shots)
    if len(shares) != 2 * count:
        raise BackendError(f"the sampler must return {2 * count} results, got {len(shares)}")
    return np.array(shares).reshape(2, count)


def _solved(
    chances: NDArray[np.float64], threshold: float, center: float, step: float
) -> tuple[NDArray[np.float64], int]:
    """Energies from the shares of 0."""
    count = chances.shape[1]
    later = (2.0 * chances[0] - 1.0) + 1j * (2.0 * chances[1] - 1.0)
    values = np.concatenate((later[::-1].conj(), [1.0], later))  # g from −count to count
    places = np.arange(count) - np.arange(count)[:, None] + count
    overlaps, sines = values[places], 0.5j * (values[places + 1] - values[places - 1])
    found, dimension = thresholded_eigenvalues(sines, overlaps, threshold)
    return center + np.arcsin(np.clip(found, -1.0, 1.0)) / step, dimension
