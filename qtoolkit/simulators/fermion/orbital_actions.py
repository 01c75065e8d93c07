"""Rotations of orbitals at given parameters, and the derivatives by their generators."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.simulators.fermion.density_matrices import one_rdm
from qtoolkit.simulators.fermion.operations import OrbitalRotation
from qtoolkit.simulators.fermion.sector import FermionSector

__all__ = ["OrbitalAction"]

FloatArray = NDArray[np.float64]
State = NDArray[Any]


class OrbitalAction:
    """An orbital rotation on states of a sector (the protocol `Action`)."""

    def __init__(self, sector: FermionSector, operation: OrbitalRotation) -> None:
        self._sector = sector
        self._operation = operation

    def forward(self, parameters: FloatArray, state: State) -> None:
        """Act on a state, in place."""
        self._turn(state, self._unitary(parameters, self._operation.inverse))

    def backward(self, parameters: FloatArray, ket: State, bra: State, gradient: FloatArray) -> None:
        """Undo the operation on both states, and add the derivatives by its parameters."""
        from scipy.linalg import expm_frechet

        operation = self._operation
        density = one_rdm(self._sector, bra, ket)
        chosen = {"both": density[0] + density[1], "alpha": density[0], "beta": density[1]}[operation.spin]
        sign = -1.0 if operation.inverse else 1.0
        generator = sign * operation.generator.value(parameters)
        # d exp(K) = (Σ_pq X_pq a†_p a_q) exp(K) with X = dU U†, and ⟨λ|a†_p a_q|ψ⟩ is the transition density
        undone = self._unitary(parameters, not operation.inverse)
        for index, matrix in zip(operation.generator.indices, operation.generator.basis, strict=True):
            change = expm_frechet(generator, sign * matrix, compute_expm=False) @ undone
            gradient[index] += 2.0 * np.sum(change * chosen).real
        self._turn(ket, undone)
        self._turn(bra, undone)

    def _unitary(self, parameters: FloatArray, inverse: bool) -> NDArray[Any]:
        from scipy.linalg import expm

        generator = self._operation.generator.value(parameters)
        found: NDArray[Any] = expm(-generator if inverse else generator)
        return found

    def _turn(self, state: State, unitary: NDArray[Any]) -> None:
        sector, spin = self._sector, self._operation.spin
        if spin in ("both", "alpha"):
            state[:] = _compound(unitary, sector.alpha_occupations) @ state
        if spin in ("both", "beta"):
            state[:] = state @ _compound(unitary, sector.beta_occupations).T


def _compound(unitary: NDArray[Any], occupations: FloatArray) -> NDArray[Any]:
    """Determinants of the minors of U by the orbitals of each pair of strings."""
    count = int(occupations[0].sum())
    orbitals = np.nonzero(occupations)[1].reshape(len(occupations), count)
    minors = unitary[orbitals[:, None, :, None], orbitals[None, :, None, :]]
    found: NDArray[Any] = np.linalg.det(minors) if count else np.ones((1, 1))
    return found
