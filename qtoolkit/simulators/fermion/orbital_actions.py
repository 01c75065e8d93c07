"""Rotations of orbitals at given parameters, and the derivatives by their generators."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.simulators.fermion.density_matrices import densities
from qtoolkit.simulators.fermion.links import StringLinks
from qtoolkit.simulators.fermion.operations import OrbitalRotation
from qtoolkit.simulators.fermion.runs import Run, as_real, lanes, parts_of
from qtoolkit.simulators.fermion.sector import FermionSector
from qtoolkit_kernels.fermion import tiles
from qtoolkit_kernels.fermion.givens import decompose
from qtoolkit_kernels.team import Team

__all__ = ["OrbitalAction", "turn_orbitals"]

FloatArray = NDArray[np.float64]
State = NDArray[Any]


class OrbitalAction:
    """An orbital rotation on states of a sector (the protocol `Action`).

    Args:
        sector: of the states.
        operation: the rotation.
        team: runs the kernels; None is the calling thread alone.
    """

    def __init__(self, sector: FermionSector, operation: OrbitalRotation, team: Team | None = None) -> None:
        self._sector, self._operation, self._team = sector, operation, team

    def forward(self, parameters: FloatArray, state: State) -> None:
        """Act on a state, in place."""
        self._turn(state, _Exponential(self._generator(parameters)).unitary)

    def backward(self, parameters: FloatArray, ket: State, bra: State, gradient: FloatArray) -> None:
        """Undo the operation on both states, and add the derivatives by its parameters."""
        operation = self._operation
        exponential = _Exponential(self._generator(parameters))
        if operation.generator.indices:
            alpha, beta = (operation.spin in ("both", spin) for spin in ("alpha", "beta"))
            density = densities(self._sector, bra, ket, self._team, alpha, beta).sum(axis=0)
            by_entry = exponential.derivative(density)
            sign = -2.0 if operation.inverse else 2.0
            np.add.at(gradient, list(operation.generator.indices), sign * operation.generator.gradient(by_entry))
        undone = exponential.unitary.conj().T
        self._turn(ket, undone)
        self._turn(bra, undone)

    def _generator(self, parameters: FloatArray) -> NDArray[Any]:
        generator = self._operation.generator.value(parameters)
        return -generator if self._operation.inverse else generator

    def _turn(self, state: State, unitary: NDArray[Any]) -> None:
        turn_orbitals(self._sector, state, unitary, self._operation.spin, self._team)


class _Exponential:
    """U = exp(K) of an anti-Hermitian K, real if K is.

    Attributes:
        unitary: U.
    """

    def __init__(self, generator: NDArray[Any]) -> None:
        self._angles, self._vectors = np.linalg.eigh(-1j * generator)
        unitary = (self._vectors * np.exp(1j * self._angles)) @ self._vectors.conj().T
        self.unitary: NDArray[Any] = unitary if np.iscomplexobj(generator) else unitary.real

    def derivative(self, density: NDArray[Any]) -> NDArray[Any]:
        """Q with Σ_pq Q_pq dK_pq = Σ_pq X_pq density_pq, where dU = X U.

        In the eigenbasis of K, dU has the entries of dK times (e^{iα} − e^{iβ}) / (iα − iβ) for eigenvalues iα, iβ
        (Daleckii and Krein; Higham, Functions of Matrices, theorem 3.11).
        """
        vectors, angles = self._vectors, self._angles
        half = 0.5 * (angles[:, None] - angles[None, :])
        # (e^{iα} − e^{iβ}) / (iα − iβ) e^{−iβ}, since X = dU U†
        factors = np.exp(1j * half) * np.sinc(half / np.pi)
        inside = vectors.T @ density @ vectors.conj()
        found: NDArray[Any] = vectors.conj() @ (factors * inside) @ vectors.T
        return found


def turn_orbitals(
    sector: FermionSector, state: State, unitary: NDArray[Any], spin: str = "both", team: Team | None = None
) -> None:
    """Turn each a†_q into Σ_p U_pq a†_p for one or both spins, in place.

    Args:
        sector: of the state.
        state: in C order; complex128 if `unitary` is complex.
        unitary: U, shape (norb, norb).
        spin: ``"both"``, ``"alpha"`` or ``"beta"``.
        team: runs the kernel.
    """
    norb = sector.norb
    angles, orbital_phases = np.empty((norb * (norb - 1) // 2, 3)), np.empty(norb, np.complex128)
    orbitals = np.empty(len(angles), np.int64)
    decompose(unitary.astype(np.complex128), orbitals, angles, orbital_phases)
    turning = (angles[:, 1:] != 0.0).any(axis=1)
    orbitals, angles = orbitals[turning], angles[turning]
    for is_beta, links in enumerate((sector.alpha_links, sector.beta_links)):
        if spin == ("alpha", "beta")[1 - is_beta]:
            continue
        side = tiles.Side(is_beta, parts_of(state))
        turns = _turns(links, orbitals, angles, orbital_phases)
        run = Run(team, state.size * (2 * len(angles) + 2) * side.parts)
        run.blocks(
            tiles.turn_orbitals, as_real(state), lanes(), side, links.pairs, turns, run.scratch(len(links))
        )  # fmt: skip


def _turns(links: StringLinks, orbitals: NDArray[np.int64], angles: FloatArray, phases: NDArray[Any]) -> tiles.Turns:
    """Rotations of orbitals p and p + 1, for one spin's tables."""
    # the pair (p + 1, p) stands at p (p + 1) / 2 + p, and no electron lies between
    number = orbitals * (orbitals + 1) // 2 + orbitals
    stretches = np.ascontiguousarray(links.pairs.start[number][:, [0, 2]])
    of_strings = np.exp(links.occupations @ (1j * np.angle(phases)))
    return tiles.Turns(stretches, angles, of_strings.view(np.float64).reshape(-1, 2))
