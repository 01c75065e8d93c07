"""Krylov spaces of exact states: of qubits, and of electrons in their sector."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_instance, check_integer, check_number, real_numbers_of
from qtoolkit._memory import reserved
from qtoolkit.algorithms.dynamics.electrons import checked_state
from qtoolkit.algorithms.dynamics.ordering import check_hamiltonian
from qtoolkit.algorithms.dynamics.propagation import propagated
from qtoolkit.algorithms.krylov.result import KrylovEnergies
from qtoolkit.algorithms.krylov.subspace import thresholded_eigenvalues
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError
from qtoolkit.operators import ElectronicHamiltonian, PauliSum
from qtoolkit.simulators.fermion import FermionSimulator

__all__ = ["checked_energies", "electronic_krylov", "exact_krylov"]

MOST_STATES = 256
_TOLERANCE = 1e-12
_THRESHOLD = 1e-12
"""Of the overlap matrix, whose largest eigenvalue is at least 1: below it there is rounding."""


def exact_krylov(
    hamiltonian: PauliSum,
    preparation: Circuit,
    num_states: int,
    time_step: float,
    *,
    num_energies: int = 1,
    exact_energies: ArrayLike | None = None,
) -> KrylovEnergies:
    """Lowest energies in the space of ``e^{−iHkτ}|ψ⟩``, k from 0, by exact states: what circuits can reach at best.

    Source: R. M. Parrish and P. L. McMahon, arXiv:1909.08925; N. H. Stair, R. Huang and F. A. Evangelista, J. Chem.
    Theory Comput. 16, 2236 (2020).

    Args:
        hamiltonian: H.
        preparation: circuit that prepares |ψ⟩, without free parameters.
        num_states: how many states.
        time_step: τ; π over the width of the spectrum is a good one.
        num_energies: how many energies.
        exact_energies: kept in the result.

    Raises:
        OperatorError: if the Hamiltonian is no Hermitian sum.
        InputError: if another argument does not fit.
        InsufficientMemoryError: if the states do not fit into free memory.
    """
    from qtoolkit.simulators import StatevectorSimulator

    check_hamiltonian(hamiltonian)
    check_instance(preparation, Circuit, "what prepares the state must be a Circuit")
    if preparation.num_qubits != hamiltonian.num_qubits:
        raise InputError(
            f"the preparation must have the Hamiltonian's {hamiltonian.num_qubits} qubits, got {preparation.num_qubits}"
        )
    state = StatevectorSimulator().state_vector(preparation)
    return _energies(hamiltonian.apply, state, num_states, time_step, num_energies, exact_energies)


def electronic_krylov(
    hamiltonian: ElectronicHamiltonian,
    nelec: tuple[int, int],
    initial_state: ArrayLike,
    num_states: int,
    time_step: float,
    *,
    num_energies: int = 1,
    exact_energies: ArrayLike | None = None,
    simulator: FermionSimulator | None = None,
) -> KrylovEnergies:
    """The same for electrons in their sector, see `exact_krylov`.

    Args:
        hamiltonian: H.
        nelec: alpha and beta electrons.
        initial_state: |ψ⟩, shape (alpha strings, beta strings), of norm 1.
        num_states, time_step, num_energies, exact_energies: see `exact_krylov`.
        simulator: a `FermionSimulator` with all cores by default.

    Raises:
        InputError: if the state has another shape or norm, or another argument does not fit.
        InsufficientMemoryError: if the states do not fit into free memory.
    """
    sector, state = checked_state(hamiltonian, nelec, initial_state)
    engine = FermionSimulator() if simulator is None else simulator
    check_instance(engine, FermionSimulator, "simulator must be a FermionSimulator")
    return _energies(
        lambda vector: engine.apply(hamiltonian, sector, vector),
        state,
        num_states,
        time_step,
        num_energies,
        exact_energies,
    )


def checked_energies(energies: ArrayLike | None) -> NDArray[np.float64] | None:
    """Exact energies as an ascending vector.

    Raises:
        InputError: if they are none, or not finite.
    """
    if energies is None:
        return None
    found = np.sort(np.atleast_1d(real_numbers_of(energies, "exact_energies")))
    if found.ndim != 1 or not found.size or not np.isfinite(found).all():
        raise InputError("exact_energies must be one finite number or several")
    return found


def _energies(
    apply: Callable[[NDArray[Any]], NDArray[Any]],
    state: NDArray[Any],
    num_states: int,
    time_step: float,
    num_energies: int,
    exact_energies: ArrayLike | None,
) -> KrylovEnergies:
    started = time.perf_counter()
    count = check_integer(num_states, "num_states", 1, MOST_STATES)
    wanted = check_integer(num_energies, "num_energies", 1, MOST_STATES)
    rule = "a number other than 0, of magnitude up to 1e6"
    step = check_number(time_step, "time_step", kind=rule, accept=lambda x: 1e-9 <= abs(x) <= 1e6)
    exact = checked_energies(exact_energies)
    with reserved(32 * count * state.size, f"{count} states and their images", "take fewer states"):
        states = np.empty((count, state.size), np.complex128)
        images = np.empty_like(states)
        current = np.asarray(state, np.complex128)
        for k in range(count):
            if k:
                current = propagated(apply, current, step, _TOLERANCE).state
            states[k], images[k] = current.ravel(), apply(current).ravel()
        overlaps, matrix = states.conj() @ states.T, states.conj() @ images.T
    history = [
        thresholded_eigenvalues(matrix[:size, :size], overlaps[:size, :size], _THRESHOLD * size)[0][0]
        for size in range(1, count + 1)
    ]
    energies, dimension = thresholded_eigenvalues(matrix, overlaps, _THRESHOLD * count)
    return KrylovEnergies(
        energies=energies[:wanted],
        history=np.array(history),
        dimension=dimension,
        threshold=_THRESHOLD * count,
        time_step=step,
        num_states=count,
        standard_errors=None,
        exact_energies=exact,
        evolution_error=0.0,
        method="exact states",
        shots=0,
        num_circuits=0,
        seed=None,
        wall_time=time.perf_counter() - started,
    )
