"""Operations at given parameters, acting on states in place, and the derivatives by their angles."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from qtoolkit.simulators.fermion.coulomb_actions import CoulombAction
from qtoolkit.simulators.fermion.operations import ExcitationRotation, FermionOperation, OrbitalRotation
from qtoolkit.simulators.fermion.orbital_actions import OrbitalAction
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
        return OrbitalAction(sector, operation)
    return CoulombAction(sector, operation)


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


def _everything(length: int) -> StringPairs:
    return StringPairs(np.arange(length), np.arange(length), np.ones(length))
