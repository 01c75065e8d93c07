"""H|ψ⟩ in a sector."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.errors import InputError
from qtoolkit.operators import ElectronicHamiltonian
from qtoolkit.simulators.fermion.pairs import string_pairs
from qtoolkit.simulators.fermion.sector import FermionSector

__all__ = ["HamiltonianAction"]


class HamiltonianAction:
    """A Hamiltonian on the states of a sector.

    Args:
        hamiltonian: its integrals.
        sector: with as many orbitals.

    Raises:
        InputError: if the numbers of orbitals differ.
    """

    def __init__(self, hamiltonian: ElectronicHamiltonian, sector: FermionSector) -> None:
        if hamiltonian.norb != sector.norb:
            raise InputError(f"a Hamiltonian of {hamiltonian.norb} orbitals does not fit a sector of {sector.norb}")
        self._hamiltonian = hamiltonian
        self._sector = sector

    def apply(self, state: NDArray[Any]) -> NDArray[Any]:
        """H|ψ⟩, of the state's shape and dtype."""
        hamiltonian, norb = self._hamiltonian, self._sector.norb
        images = [self._excited(state, spin) for spin in (0, 1)]
        result = hamiltonian.constant * state
        names = ("alpha", "beta")
        for spin, name in enumerate(names):
            one_body = hamiltonian.one_body(name)
            repulsion = hamiltonian.two_body(name, name)
            if repulsion is not None:
                one_body = one_body - 0.5 * np.einsum("prrq->pq", repulsion)
            weighted = np.tensordot(one_body, images[spin], axes=([0, 1], [0, 1]))
            result = result + weighted
            for other, other_name in enumerate(names):
                repulsion = hamiltonian.two_body(name, other_name)
                if repulsion is not None:
                    inner = np.tensordot(repulsion.reshape(norb**2, -1), images[other].reshape(norb**2, -1), 1)
                    result = result + 0.5 * self._summed(inner.reshape(norb, norb, *state.shape), spin)
        return result

    def _excited(self, state: NDArray[Any], spin: int) -> NDArray[Any]:
        """E_pq ψ of one spin, shape (norb, norb, *shape)."""
        norb = self._sector.norb
        found = np.zeros((norb, norb, *state.shape), state.dtype)
        for p in range(norb):
            for q in range(norb):
                self._add_excited(found[p, q], state, spin, p, q)
        return found

    def _summed(self, images: NDArray[Any], spin: int) -> NDArray[Any]:
        """Σ_pq E_pq images[p, q]."""
        norb = self._sector.norb
        found = np.zeros(images.shape[2:], images.dtype)
        for p in range(norb):
            for q in range(norb):
                self._add_excited(found, images[p, q], spin, p, q)
        return found

    def _add_excited(self, out: NDArray[Any], state: NDArray[Any], spin: int, p: int, q: int) -> None:
        strings = self._sector.alpha_strings if spin == 0 else self._sector.beta_strings
        pairs = string_pairs(strings, (p,), (q,))
        if spin == 0:
            out[pairs.target] += pairs.sign[:, None] * state[pairs.source]
        else:
            out[:, pairs.target] += pairs.sign * state[:, pairs.source]
