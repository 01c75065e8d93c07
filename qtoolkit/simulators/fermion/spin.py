"""Total spin: S₊, S₋ and S² on states, without any matrix.

With the order of operators that a sector's states have, Π a†_α Π a†_β, a beta operator passes the alpha electrons.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.simulators.fermion.links import StringLinks, string_links
from qtoolkit.simulators.fermion.runs import Run, as_real, parts_of
from qtoolkit_kernels.fermion.ladders import Ladders, apply_ladders
from qtoolkit_kernels.team import Team

__all__ = ["SpinLadder", "TotalSpin", "ladders_of", "most_spin"]

FloatArray = NDArray[np.float64]
State = NDArray[Any]

_BLOCKS = 256
"""Of rows, for the threads."""


class SpinLadder:
    """S₊ = Σ_p a†_pα a_pβ, or its adjoint S₋, from a sector to the next one.

    Args:
        norb: number of orbitals.
        nelec: alpha and beta electrons before.
        step: 1 for S₊, −1 for S₋.
        team: runs the kernel; None is the calling thread alone.

    Attributes:
        nelec: alpha and beta electrons after.
        shape: of states after; there are none if the electrons do not fit.
    """

    def __init__(self, norb: int, nelec: tuple[int, int], step: int, team: Team | None = None) -> None:
        self.nelec = nelec[0] + step, nelec[1] - step
        self._team = team
        self.shape = len(string_links(norb, self.nelec[0])), len(string_links(norb, self.nelec[1]))
        self._tables = ladders_of(norb, nelec, step)

    def apply(self, state: State) -> State:
        """The image of a state in C order, of shape `shape`."""
        out = np.empty(self.shape, state.dtype)
        parts = parts_of(state)
        run = Run(self._team, 4.0 * parts * out.size)
        blocks = max(1, min(_BLOCKS, len(out)))
        run.blocks(apply_ladders, as_real(out), as_real(state), parts, self._tables, blocks)
        return out


class TotalSpin:
    """S² = S₋S₊ + S_z (S_z + 1) = S₊S₋ + S_z (S_z − 1) in a sector.

    Helgaker, Jørgensen and Olsen, Molecular Electronic-Structure Theory, section 2.4.

    Args:
        norb: number of orbitals.
        nelec: alpha and beta electrons.
        team: runs the kernels; None is the calling thread alone.
    """

    def __init__(self, norb: int, nelec: tuple[int, int], team: Team | None = None) -> None:
        self._norb, self._nelec = norb, nelec
        # The step that makes |S_z| larger leads to the smaller sector.
        step = 1 if nelec[0] >= nelec[1] else -1
        spin_z = abs(nelec[0] - nelec[1]) / 2
        self._rest = spin_z * (spin_z + 1.0)
        self._out = SpinLadder(norb, nelec, step, team)
        self._back = SpinLadder(norb, self._out.nelec, -step, team) if 0 not in self._out.shape else None

    def apply(self, state: State) -> State:
        """S² on a state."""
        found: State = self._rest * state
        if self._back is not None:
            found += self._back.apply(self._out.apply(state))
        return found

    def value(self, state: State) -> float:
        """⟨S²⟩ of a state of norm 1."""
        if self._back is None:
            return self._rest * float(np.vdot(state, state).real)
        image = self._out.apply(state)
        return float(np.vdot(image, image).real + self._rest * np.vdot(state, state).real)

    def project(self, state: State, spin: float) -> State:
        """The part of a state that has a total spin (P.-O. Löwdin, Phys. Rev. 97, 1509 (1955)).

        Args:
            state: of the sector.
            spin: S, which occurs in it.
        """
        found, wanted, most = state, spin * (spin + 1.0), most_spin(self._norb, self._nelec)
        if self._back is None:
            return found
        other = abs(self._nelec[0] - self._nelec[1]) / 2
        while other <= most:
            if other != spin:
                value = other * (other + 1.0)
                found = (self.apply(found) - value * found) / (wanted - value)
            other += 1.0
        return found


def most_spin(norb: int, nelec: tuple[int, int]) -> float:
    """The largest total spin of a sector's states."""
    electrons = sum(nelec)
    return min(electrons, 2 * norb - electrons) / 2


def ladders_of(norb: int, nelec: tuple[int, int], step: int) -> Ladders:
    """The tables of S₊ (step 1) or S₋ (step −1) on a sector."""
    alpha, beta = (string_links(norb, count) for count in nelec)
    after_alpha, after_beta = string_links(norb, nelec[0] + step), string_links(norb, nelec[1] - step)
    # The beta operator meets n_alpha electrons for S₊, and one less for S₋.
    passing = -1 if (nelec[0] if step > 0 else nelec[0] - 1) % 2 else 1
    row, row_orbital, before, sign = _ladder(after_alpha, alpha, step)
    order = np.argsort(row, kind="stable")
    rows = np.stack([before, row_orbital, passing * sign], axis=1)[order].astype(np.int32)
    row_start = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(after_alpha)))])
    column, orbital, source, sign = _ladder(after_beta, beta, -step)
    key = 2 * orbital + (sign < 0)
    order = np.argsort(key, kind="stable")
    cells = np.concatenate([[0], np.cumsum(np.bincount(key, minlength=2 * norb))])
    column_start = np.stack([cells[:-1:2], cells[1::2], cells[2::2]], axis=1)
    columns = np.stack([source, column], axis=1)[order].astype(np.int32)
    return Ladders(row_start, rows, column_start, columns)


def _ladder(after: StringLinks, before: StringLinks, step: int) -> tuple[NDArray[np.int64], ...]:
    """What a†_p (step 1) or a_p (step −1) connects: strings after, orbitals, strings before, and signs."""
    empty = before.occupations == 0.0
    source, orbital = np.nonzero(empty if step > 0 else ~empty)
    bit = np.int64(1) << orbital
    bits = before.strings[source]
    sign = 1 - 2 * (np.bitwise_count(bits & (bit - 1)) & 1).astype(np.int64)
    return np.searchsorted(after.strings, bits ^ bit), orbital, source, sign
