"""Diagonal Coulomb evolution at given parameters, and the derivatives by its matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.simulators.fermion.operations import DiagonalCoulomb
from qtoolkit.simulators.fermion.sector import FermionSector

__all__ = ["CoulombAction"]

FloatArray = NDArray[np.float64]
State = NDArray[Any]


class CoulombAction:
    """A diagonal Coulomb evolution on states of a sector (the protocol `Action`)."""

    def __init__(self, sector: FermionSector, operation: DiagonalCoulomb) -> None:
        self._alpha, self._beta = sector.alpha_occupations, sector.beta_occupations
        self._operation = operation

    def forward(self, parameters: FloatArray, state: State) -> None:
        """Act on a state, in place."""
        state *= np.exp(1j * self._angles(parameters))

    def backward(self, parameters: FloatArray, ket: State, bra: State, gradient: FloatArray) -> None:
        """Undo the operation on both states, and add the derivatives by its parameters."""
        operation = self._operation
        # ∂⟨ψ|H|ψ⟩/∂φ_IJ = 2 Re(i λ*_IJ ψ_IJ)
        current = -2.0 * (bra.conj() * ket).imag * (-1.0 if operation.inverse else 1.0)
        if operation.same_spin is not None:
            pairs = self._alpha.T @ (current.sum(axis=1)[:, None] * self._alpha)
            pairs += self._beta.T @ (current.sum(axis=0)[:, None] * self._beta)
            _add(gradient, operation.same_spin.indices, operation.same_spin.gradient(0.5 * pairs))
        if operation.opposite_spin is not None:
            pairs = self._alpha.T @ current @ self._beta
            _add(gradient, operation.opposite_spin.indices, operation.opposite_spin.gradient(pairs))
        phases = np.exp(-1j * self._angles(parameters))
        ket *= phases
        bra *= phases

    def _angles(self, parameters: FloatArray) -> FloatArray:
        operation = self._operation
        angles = np.zeros((len(self._alpha), len(self._beta)))
        if operation.same_spin is not None:
            matrix = operation.same_spin.value(parameters)
            for occupations, shape in ((self._alpha, (-1, 1)), (self._beta, (1, -1))):
                angles += 0.5 * np.sum((occupations @ matrix) * occupations, axis=1).reshape(shape)
        if operation.opposite_spin is not None:
            angles += self._alpha @ operation.opposite_spin.value(parameters) @ self._beta.T
        return -angles if operation.inverse else angles


def _add(gradient: FloatArray, indices: tuple[int, ...], values: FloatArray) -> None:
    np.add.at(gradient, list(indices), values)
