"""Operations at given parameters, acting on states in place, and the derivatives by their angles."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from qtoolkit.simulators.fermion.density_matrices import one_rdm
from qtoolkit.simulators.fermion.operations import (
    DiagonalCoulomb,
    ExcitationRotation,
    FermionOperation,
    OrbitalRotation,
)
from qtoolkit.simulators.fermion.pairs import StringPairs, excitation_pairs
from qtoolkit.simulators.fermion.program import FermionProgram
from qtoolkit.simulators.fermion.sector import FermionSector

__all__ = ["Action", "actions_of"]

FloatArray = NDArray[np.float64]
State = NDArray[Any]


class Action(Protocol):
    """One or several operations of a program; `forward` prepares |ψ⟩, `backward` undoes it."""

    def forward(self, parameters: FloatArray, state: State) -> None:
        """Act on a state of the sector's shape, in place."""
        ...

    def backward(self, parameters: FloatArray, ket: State, bra: State, gradient: FloatArray) -> None:
        """Undo the operation on |ψ⟩ and on |λ⟩ = H|ψ⟩, and add the derivatives of ⟨ψ|H|ψ⟩ by its parameters."""
        ...


def actions_of(program: FermionProgram) -> list[Action]:
    """The program as actions."""
    return [_action(program.sector, operation) for operation in program.operations]


def _action(sector: FermionSector, operation: FermionOperation) -> Action:
    if isinstance(operation, ExcitationRotation):
        return _Rotation(sector, operation)
    if isinstance(operation, OrbitalRotation):
        return _Orbitals(sector, operation)
    return _Phases(sector, operation)


class _Rotation:
    def __init__(self, sector: FermionSector, operation: ExcitationRotation) -> None:
        self._angle = operation.angle
        alpha, beta = excitation_pairs(sector, operation.excitation, operation.fermionic)
        alpha = _everything(sector.shape[0]) if alpha is None else alpha
        beta = _everything(sector.shape[1]) if beta is None else beta
        self._source = np.ix_(alpha.source, beta.source)
        self._target = np.ix_(alpha.target, beta.target)
        self._sign = np.outer(alpha.sign, beta.sign)

    def forward(self, parameters: FloatArray, state: State) -> None:
        self._turn(state, self._angle.value(parameters))

    def backward(self, parameters: FloatArray, ket: State, bra: State, gradient: FloatArray) -> None:
        slope = np.vdot(bra[self._target], self._sign * ket[self._source])
        slope -= np.vdot(bra[self._source], self._sign * ket[self._target])
        for index, coefficient in zip(self._angle.indices, self._angle.coefficients, strict=True):
            gradient[index] += 2.0 * coefficient * slope.real
        angle = self._angle.value(parameters)
        self._turn(ket, -angle)
        self._turn(bra, -angle)

    def _turn(self, state: State, angle: float) -> None:
        source, target = state[self._source], self._sign * state[self._target]
        state[self._source] = np.cos(angle) * source - np.sin(angle) * target
        state[self._target] = self._sign * (np.cos(angle) * target + np.sin(angle) * source)


class _Orbitals:
    def __init__(self, sector: FermionSector, operation: OrbitalRotation) -> None:
        self._sector = sector
        self._operation = operation

    def forward(self, parameters: FloatArray, state: State) -> None:
        self._turn(state, self._unitary(parameters, self._operation.inverse))

    def backward(self, parameters: FloatArray, ket: State, bra: State, gradient: FloatArray) -> None:
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


class _Phases:
    def __init__(self, sector: FermionSector, operation: DiagonalCoulomb) -> None:
        self._alpha, self._beta = sector.alpha_occupations, sector.beta_occupations
        self._operation = operation

    def forward(self, parameters: FloatArray, state: State) -> None:
        state *= np.exp(1j * self._angles(parameters))

    def backward(self, parameters: FloatArray, ket: State, bra: State, gradient: FloatArray) -> None:
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


def _everything(length: int) -> StringPairs:
    return StringPairs(np.arange(length), np.arange(length), np.ones(length))


def _compound(unitary: NDArray[Any], occupations: FloatArray) -> NDArray[Any]:
    """Determinants of the minors of U by the orbitals of each pair of strings."""
    count = int(occupations[0].sum())
    orbitals = np.nonzero(occupations)[1].reshape(len(occupations), count)
    minors = unitary[orbitals[:, None, :, None], orbitals[None, :, None, :]]
    found: NDArray[Any] = np.linalg.det(minors) if count else np.ones((1, 1))
    return found
