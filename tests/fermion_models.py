"""Random Hamiltonians and programs of fermions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.operators import ElectronicHamiltonian, Excitation
from qtoolkit.simulators.fermion import (
    DiagonalCoulomb,
    ExcitationRotation,
    FermionOperation,
    FermionProgram,
    LinearAngle,
    LinearMatrix,
    OrbitalRotation,
)

__all__ = ["random_hamiltonian", "random_program"]


def random_hamiltonian(norb: int, rng: np.random.Generator, spin_dependent: bool) -> ElectronicHamiltonian:
    """Integrals with the symmetry of real orbitals."""
    if not spin_dependent:
        return ElectronicHamiltonian(_symmetric(norb, rng), _repulsion(norb, rng, True), float(rng.normal()))
    one_body = np.stack([_symmetric(norb, rng), _symmetric(norb, rng)])
    two_body = np.stack([_repulsion(norb, rng, exchangeable) for exchangeable in (True, False, True)])
    return ElectronicHamiltonian(one_body, two_body, float(rng.normal()))


def random_program(norb: int, nelec: tuple[int, int], rng: np.random.Generator) -> FermionProgram:
    """Complex, with every kind of operation, and parameters that several of them share; of at least 4 orbitals."""

    def generator() -> NDArray[Any]:
        given = rng.normal(size=(norb, norb)) + 1j * rng.normal(size=(norb, norb))
        return given - given.conj().T

    same = LinearMatrix(_symmetric(norb, rng), (2,), _symmetric(norb, rng)[None])
    opposite = LinearMatrix(rng.normal(size=(norb, norb)), (3, 1), rng.normal(size=(2, norb, norb)))
    operations: list[FermionOperation] = [
        OrbitalRotation(LinearMatrix(generator(), (0, 1), np.stack([generator(), generator()]))),
        ExcitationRotation(Excitation((0,), (2,)), LinearAngle.parameter(4)),
        DiagonalCoulomb(same, opposite),
        ExcitationRotation(Excitation((0, norb + 1), (3, norb + 2)), LinearAngle((0, 4), (0.3, 2.0), 0.1)),
        ExcitationRotation(Excitation((norb + 1, norb), (norb + 2, norb + 3)), LinearAngle.parameter(6, -1.5)),
        ExcitationRotation(Excitation((1, norb + 1), (3, norb)), LinearAngle.parameter(2), fermionic=False),
        OrbitalRotation(LinearMatrix(generator(), (5,), generator()[None]), "beta", inverse=True),
        OrbitalRotation(LinearMatrix(_antisymmetric(norb, rng)), "alpha"),
        DiagonalCoulomb(None, opposite, inverse=True),
    ]
    return FermionProgram(norb, nelec, operations)


def _symmetric(norb: int, rng: np.random.Generator) -> NDArray[np.float64]:
    given = rng.normal(size=(norb, norb))
    return given + given.T


def _repulsion(norb: int, rng: np.random.Generator, exchangeable: bool) -> NDArray[np.float64]:
    given = rng.normal(size=(norb,) * 4)
    given = given + given.transpose(1, 0, 2, 3)
    given = given + given.transpose(0, 1, 3, 2)
    return given + given.transpose(2, 3, 0, 1) if exchangeable else given


def _antisymmetric(norb: int, rng: np.random.Generator) -> NDArray[np.float64]:
    given = rng.normal(size=(norb, norb))
    return given - given.T
