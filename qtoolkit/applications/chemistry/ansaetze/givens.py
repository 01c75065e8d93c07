"""Orbital rotations and determinants as rotations of neighbouring orbitals."""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["GivensNetwork", "GivensRotation", "determinant_network", "rotation_network"]

ComplexArray = NDArray[np.complex128]

_NEGLIGIBLE = 1e-14


@dataclass(frozen=True)
class GivensRotation:
    """exp(θ (e^{iφ} a†_{p+1} a_p − e^{−iφ} a†_p a_{p+1})).

    Attributes:
        orbital: p.
        theta, phi: angles in radians.
    """

    orbital: int
    theta: float
    phi: float


@dataclass(frozen=True)
class GivensNetwork:
    """Rotations in the order in which they act, then phases.

    Attributes:
        rotations: of neighbouring orbitals.
        phases: of an electron in each orbital, in radians, shape (norb,).
        global_phase: of the whole state.
    """

    rotations: tuple[GivensRotation, ...]
    phases: NDArray[np.float64]
    global_phase: float = 0.0


def rotation_network(unitary: NDArray[Any]) -> GivensNetwork:
    """The orbital rotation a†_q → Σ_p U_pq a†_p, in the least depth for neighbours.

    Clements et al., Optica 3, 1460 (2016): entries are cleared along antidiagonals, from the right and from the left in
    turn, and the phases that are left are brought to the end.

    Args:
        unitary: U, shape (norb, norb).
    """
    work = np.array(unitary, np.complex128)
    norb = len(work)
    right: list[GivensRotation] = []
    left: list[GivensRotation] = []
    for diagonal in range(norb - 1):
        for step in range(diagonal + 1):
            if diagonal % 2 == 0:
                _clear_from_right(work, norb - 1 - step, diagonal - step, right)
            else:
                _clear_from_left(work, norb - 1 - diagonal + step, step, left)
    phases = np.angle(np.diag(work))
    # U = L_1 … L_m D R_k … R_1, and L D = D L' where L' has another phase
    moved = [
        GivensRotation(turn.orbital, turn.theta, turn.phi + phases[turn.orbital] - phases[turn.orbital + 1])
        for turn in reversed(left)
    ]
    return GivensNetwork((*right, *moved), phases)


def determinant_network(columns: NDArray[Any]) -> GivensNetwork:
    """What turns the determinant of the lowest orbitals into that of given ones, Π_q Σ_p C_pq a†_p.

    Rotations among filled or among empty orbitals are left out, so that there are occupied times empty ones at most
    (Jiang et al., Phys. Rev. Applied 9, 044036 (2018)).

    Args:
        columns: C, orthonormal, shape (norb, electrons).
    """
    from scipy.linalg import rq

    norb, count = columns.shape
    work = np.array(columns, np.complex128)
    global_phase = 0.0
    if count:
        _, mixing = rq(work[norb - count :])
        work = work @ mixing.conj().T
        global_phase = cmath.phase(complex(np.linalg.det(mixing)))
    turns: list[GivensRotation] = []
    for column in range(count):
        for row in range(norb - count + column, column, -1):
            _clear_from_left(work, row, column, turns)
        global_phase += cmath.phase(complex(work[column, column]))
    return GivensNetwork(tuple(reversed(turns)), np.zeros(norb), global_phase)


def _clear_from_left(work: ComplexArray, row: int, column: int, turns: list[GivensRotation]) -> None:
    """Make an entry zero by the row above: work = G work', G noted."""
    above, entry = complex(work[row - 1, column]), complex(work[row, column])
    if abs(entry) <= _NEGLIGIBLE:
        return
    theta = math.atan2(abs(entry), abs(above))
    phi = cmath.phase(entry) - (cmath.phase(above) if abs(above) > _NEGLIGIBLE else 0.0)
    turns.append(GivensRotation(row - 1, theta, phi))
    cos, sin = math.cos(theta), math.sin(theta) * cmath.exp(1j * phi)
    upper, lower = work[row - 1].copy(), work[row].copy()
    work[row - 1], work[row] = cos * upper + sin.conjugate() * lower, cos * lower - sin * upper
    work[row, column] = 0.0


def _clear_from_right(work: ComplexArray, row: int, column: int, turns: list[GivensRotation]) -> None:
    """Make an entry zero by the column after it: work = work' G, G noted."""
    entry, after = complex(work[row, column]), complex(work[row, column + 1])
    if abs(entry) <= _NEGLIGIBLE:
        return
    theta = math.atan2(abs(entry), abs(after))
    phi = cmath.phase(entry) - (cmath.phase(after) if abs(after) > _NEGLIGIBLE else 0.0)
    turns.append(GivensRotation(column, theta, phi))
    cos, sin = math.cos(theta), math.sin(theta) * cmath.exp(1j * phi)
    first, second = work[:, column].copy(), work[:, column + 1].copy()
    work[:, column] = cos * first - sin * second
    work[:, column + 1] = cos * second + sin.conjugate() * first
    work[row, column] = 0.0
