"""Exact eigenstates in a sector."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_instance, check_integer, check_number
from qtoolkit.errors import ConvergenceError, InputError
from qtoolkit.operators import ElectronicHamiltonian
from qtoolkit.simulators.fermion.density_matrices import spin_squared
from qtoolkit.simulators.fermion.hamiltonian_action import HamiltonianAction
from qtoolkit.simulators.fermion.sector import FermionSector

__all__ = ["lowest_states"]

_DENSE = 600
_SPIN_TOLERANCE = 1e-5


def lowest_states(
    hamiltonian: ElectronicHamiltonian, nelec: tuple[int, int], count: int = 1, spin: float | None = None
) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """The lowest eigenvalues and eigenstates with given electrons and, if wanted, total spin S.

    Args:
        hamiltonian: its integrals.
        nelec: alpha and beta electrons.
        count: how many states.
        spin: S of all of them: 0 for singlets, 0.5 for doublets; None takes any.

    Returns:
        Energies, ascending, shape (count,), and states, shape (count, alpha strings, beta strings).

    Raises:
        InputError: if electrons do not fit, there are not so many states, or no state of this spin.
        ConvergenceError: if the iteration does not converge.
        InsufficientMemoryError: if the vectors do not fit into free memory.
    """
    check_instance(hamiltonian, ElectronicHamiltonian, "hamiltonian must be an ElectronicHamiltonian")
    sector = FermionSector(hamiltonian.norb, nelec)
    count = check_integer(count, "count", 1, sector.size)
    if spin is not None:
        spin = check_number(spin, "spin")
        if spin < abs(sector.spin_z) or (2 * (spin - sector.spin_z)) % 2:
            raise InputError(f"spin must be {abs(sector.spin_z):g} or more by whole steps, got {spin:g}")
    energies, states = _eigenstates(HamiltonianAction(hamiltonian, sector), sector, sector.size)
    chosen = [
        k
        for k in range(len(energies))
        if spin is None or abs(spin_squared(sector, states[k]) - spin * (spin + 1)) < _SPIN_TOLERANCE
    ][:count]
    if len(chosen) < count:
        raise ConvergenceError(f"found {len(chosen)} states of spin {spin} among {len(energies)}, wanted {count}")
    return energies[chosen], states[chosen]


def _eigenstates(
    action: HamiltonianAction, sector: FermionSector, count: int
) -> tuple[NDArray[np.float64], NDArray[Any]]:
    from scipy.sparse.linalg import LinearOperator, eigsh

    def apply(vector: NDArray[Any]) -> NDArray[Any]:
        return action.apply(vector.reshape(sector.shape)).ravel()

    if sector.size <= _DENSE:
        matrix = np.stack([apply(row) for row in np.eye(sector.size)])
        energies, vectors = np.linalg.eigh(matrix)
    else:
        operator = LinearOperator((sector.size,) * 2, matvec=apply, dtype=np.float64)
        energies, vectors = eigsh(operator, k=min(count, 40), which="SA", tol=1e-10)
        order = np.argsort(energies)
        energies, vectors = energies[order], vectors[:, order]
    return energies, vectors.T.reshape(-1, *sector.shape)
