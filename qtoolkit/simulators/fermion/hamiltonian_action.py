"""H|ψ⟩ in a sector: one-spin matrices on strings, and one matrix product for the repulsion between the spins."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.errors import InputError
from qtoolkit.operators import ElectronicHamiltonian
from qtoolkit.simulators.fermion.couplings import CouplingTables, coupling_of
from qtoolkit.simulators.fermion.one_spin import OneSpin
from qtoolkit.simulators.fermion.runs import Run, as_real, lanes, parts_of
from qtoolkit.simulators.fermion.sector import FermionSector
from qtoolkit_kernels.fermion import coupling as coupling_kernels
from qtoolkit_kernels.fermion import tiles
from qtoolkit_kernels.team import Team
from qtoolkit_kernels.vector.lanes import native_vector_bytes

__all__ = ["HamiltonianAction"]

FloatArray = NDArray[np.float64]

IMAGES = 1 << 15
"""Numbers that a matrix product makes before they are moved: half of a second-level cache, with their factors."""

BLOCK_WORK = 1 << 20
"""Multiplications worth a block of their own."""


class HamiltonianAction:
    """A Hamiltonian on the states of a sector.

    Integrals of at most 1e-13 of the largest are taken for zeros: symmetry makes many of them so, up to rounding.

    Args:
        hamiltonian: its integrals.
        sector: with as many orbitals.
        team: runs the kernels; None is the calling thread alone.

    Raises:
        InputError: if the numbers of orbitals differ.
        InsufficientMemoryError: if the tables do not fit into free memory.
    """

    def __init__(self, hamiltonian: ElectronicHamiltonian, sector: FermionSector, team: Team | None = None) -> None:
        if hamiltonian.norb != sector.norb:
            raise InputError(f"a Hamiltonian of {hamiltonian.norb} orbitals does not fit a sector of {sector.norb}")
        self._hamiltonian, self._sector, self._team = hamiltonian, sector, team
        self._sides = [
            OneSpin(links, hamiltonian.one_body(name), hamiltonian.two_body(name, name), constant)
            for links, name, constant in (
                (sector.alpha_links, "alpha", hamiltonian.constant), (sector.beta_links, "beta", 0.0)
            )
        ]  # fmt: skip
        self._coupling = coupling_of(sector, hamiltonian.two_body("alpha", "beta"))

    def apply(self, state: NDArray[Any], out: NDArray[Any] | None = None) -> NDArray[Any]:
        """H|ψ⟩, of the state's shape and dtype.

        Args:
            state: in C order, float64 or complex128.
            out: where to write it, other memory than the state's.
        """
        found = np.empty_like(state) if out is None else out
        given, image, parts = as_real(state), as_real(found), parts_of(state)
        for is_beta, one_spin in enumerate(self._sides):
            side, strings = tiles.Side(is_beta, parts), one_spin.num_strings
            run = Run(self._team, given.size * (2.0 + one_spin.entries_per_string))
            for first, rows in one_spin.pieces():
                arguments = image, given, lanes(), side, rows, first, bool(is_beta)
                run.blocks(tiles.apply_one_spin, *arguments, run.scratch(strings + len(rows.start) - 1))
        if self._coupling is not None:
            self._add_coupling(self._coupling, given, image, parts)
        return found

    def diagonal(self) -> FloatArray:
        """⟨I|H|I⟩ of all determinants, of the sector's shape."""
        sector, hamiltonian = self._sector, self._hamiltonian
        found: FloatArray = self._sides[0].diagonal()[:, None] + self._sides[1].diagonal()[None, :]
        repulsion = hamiltonian.two_body("alpha", "beta")
        if repulsion is not None:
            direct = np.einsum("pprr->pr", repulsion)
            found += sector.alpha_occupations @ direct @ sector.beta_occupations.T
        return found

    def _add_coupling(self, coupling: CouplingTables, state: FloatArray, out: FloatArray, parts: int) -> None:
        most_rows, width = coupling.most_rows, coupling.tables.values.shape[1]
        columns = max(8, min(IMAGES // width // 8 * 8, state.shape[1] + -state.shape[1] % 8))
        each = float(state.shape[1] * coupling.work_per_column)
        run = Run(self._team, each * len(state))
        per_block = max(1, int(BLOCK_WORK // each))
        room = run.scratch(columns + most_rows, width)
        register = native_vector_bytes() // 8
        run.blocks(
            coupling_kernels.add_coupling, out, state, lanes(), register, parts, coupling.tables, per_block,
            room[:, :columns], room[:, columns:],
        )  # fmt: skip
