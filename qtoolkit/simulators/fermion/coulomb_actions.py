"""Diagonal Coulomb evolution at given parameters, and the derivatives by its matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.simulators.fermion.operations import DiagonalCoulomb
from qtoolkit.simulators.fermion.runs import Run, as_real
from qtoolkit.simulators.fermion.sector import FermionSector
from qtoolkit_kernels.fermion import coulomb as kernels
from qtoolkit_kernels.team import Team

__all__ = ["CoulombAction", "cut_of"]

FloatArray = NDArray[np.float64]
State = NDArray[Any]

_BLOCKS = 64
"""Of alpha strings whose sums are kept apart, so that they do not depend on the threads."""

_LOW_PART = 0.625
"""Of the orbitals that are low ones: long runs of strings, against short tables for each alpha string."""


class CoulombAction:
    """A diagonal Coulomb evolution on complex states of a sector (the protocol `Action`).

    Args:
        sector: of the states.
        operation: the evolution.
        team: runs the kernels; None is the calling thread alone.
    """

    def __init__(self, sector: FermionSector, operation: DiagonalCoulomb, team: Team | None = None) -> None:
        self._sector, self._operation, self._team = sector, operation, team
        self._cut = cut_of(sector)
        self._blocks = min(_BLOCKS, sector.shape[0])

    def forward(self, parameters: FloatArray, state: State) -> None:
        """Act on a state, in place."""
        run = Run(self._team, 12.0 * state.size)
        room = run.scratch(2 * len(self._cut.parts), 1)[:, :, 0]
        phases = self._phases(parameters, self._operation.inverse)
        run.blocks(kernels.turn_phases, as_real(state), self._cut, phases, self._blocks, room)

    def backward(self, parameters: FloatArray, ket: State, bra: State, gradient: FloatArray) -> None:
        """Undo the operation on both states, and add the derivatives by its parameters."""
        sector, operation = self._sector, self._operation
        by_row = np.empty((len(ket), sector.norb + 1))
        by_column = np.zeros((self._blocks, ket.shape[1]))
        run = Run(self._team, 30.0 * ket.size)
        room = run.scratch(3 * len(self._cut.parts), 1)[:, :, 0]
        phases = self._phases(parameters, not operation.inverse)
        run.blocks(kernels.turn_phases_back, as_real(ket), as_real(bra), self._cut, phases, by_row, by_column, room)
        # ∂⟨ψ|H|ψ⟩/∂φ_IK = 2 Re(i λ*_IK ψ_IK)
        factor = 2.0 if operation.inverse else -2.0
        alpha, beta = sector.alpha_occupations, sector.beta_occupations
        if operation.same_spin is not None:
            pairs = alpha.T @ (by_row[:, -1:] * alpha) + beta.T @ (by_column.sum(axis=0)[:, None] * beta)
            _add(gradient, operation.same_spin.indices, operation.same_spin.gradient(0.5 * factor * pairs))
        if operation.opposite_spin is not None:
            pairs = alpha.T @ by_row[:, :-1]
            _add(gradient, operation.opposite_spin.indices, operation.opposite_spin.gradient(factor * pairs))

    def _phases(self, parameters: FloatArray, inverse: bool) -> kernels.Phases:
        sector, operation = self._sector, self._operation
        alpha, beta = sector.alpha_occupations, sector.beta_occupations
        sign = -1.0 if inverse else 1.0
        angles = [np.zeros(len(alpha)), np.zeros(len(beta)), np.zeros(alpha.shape)]
        if operation.same_spin is not None:
            matrix = sign * operation.same_spin.value(parameters)
            for k, occupations in enumerate((alpha, beta)):
                angles[k] = 0.5 * np.einsum("Ip,Ip->I", occupations @ matrix, occupations)
        if operation.opposite_spin is not None:
            angles[2] = alpha @ (sign * operation.opposite_spin.value(parameters))
        return kernels.Phases(*(np.exp(1j * values).view(np.float64) for values in angles))


def cut_of(sector: FermionSector) -> kernels.Cut:
    """Beta strings in high and low orbitals."""
    norb, count, strings = sector.norb, sector.nelec[1], sector.beta_strings
    num_low = round(_LOW_PART * norb)
    mask = np.int64((1 << num_low) - 1)
    high, first, lengths = np.unique(strings & ~mask, return_index=True, return_counts=True)
    low = np.unique(strings & mask)
    low = low[np.argsort(np.bitwise_count(low), kind="stable")]
    patterns = np.concatenate([high, low])
    predecessors = np.full(len(patterns), -1)
    for begin, part in ((0, high), (len(high), low)):
        order = np.argsort(part)
        before = part & (part - 1)
        found = order[np.minimum(np.searchsorted(part[order], before), len(part) - 1)]
        # what the table of products holds already; the empty pattern comes from nowhere
        known = (part[found] == before) & (part != 0) & (found < np.arange(len(part)))
        predecessors[begin : begin + len(part)] = np.where(known, begin + found, -1)
    weights = np.bitwise_count(low)
    start = len(high) + np.searchsorted(weights, count - np.bitwise_count(high).astype(np.int64))
    bits = (patterns[None, :] >> np.arange(norb)[:, None] & 1).astype(np.float64)
    return kernels.Cut(np.stack([patterns, predecessors], axis=1), np.stack([first, lengths, start], axis=1), bits)


def _add(gradient: FloatArray, indices: tuple[int, ...], values: FloatArray) -> None:
    np.add.at(gradient, list(indices), values)
