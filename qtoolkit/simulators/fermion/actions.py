"""Operations at given parameters, acting on states in place, and the derivatives by their angles."""

from __future__ import annotations

import itertools
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from qtoolkit.simulators.fermion.coulomb_actions import CoulombAction
from qtoolkit.simulators.fermion.excitation_run import excitation_runs
from qtoolkit.simulators.fermion.operations import (
    DiagonalCoulomb,
    ExcitationRotation,
    FermionOperation,
    OrbitalRotation,
)
from qtoolkit.simulators.fermion.orbital_actions import OrbitalAction
from qtoolkit.simulators.fermion.program import FermionProgram
from qtoolkit.simulators.fermion.sector import FermionSector
from qtoolkit_kernels.team import Team

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


def actions_of(program: FermionProgram, team: Team) -> list[Action]:
    """The program as actions whose kernels a team runs; excitations that follow each other are one or few."""
    found: list[Action] = []
    for is_excitation, part in itertools.groupby(program.operations, _is_excitation):
        if is_excitation:
            rotations = [operation for operation in part if isinstance(operation, ExcitationRotation)]
            found.extend(excitation_runs(program.sector, rotations, team))
        else:
            found.extend(_action(program.sector, operation, team) for operation in part)
    return found


def _is_excitation(operation: FermionOperation) -> bool:
    return isinstance(operation, ExcitationRotation)


def _action(sector: FermionSector, operation: FermionOperation, team: Team) -> Action:
    if isinstance(operation, OrbitalRotation):
        return OrbitalAction(sector, operation, team)
    assert isinstance(operation, DiagonalCoulomb)
    return CoulombAction(sector, operation, team)
