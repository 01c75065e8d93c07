"""Energies of single determinants."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_instance
from qtoolkit._memory import reserved
from qtoolkit.operators import ElectronicHamiltonian
from qtoolkit.simulators.fermion.hamiltonian_action import HamiltonianAction
from qtoolkit.simulators.fermion.sector import FermionSector

__all__ = ["determinant_energies"]


def determinant_energies(hamiltonian: ElectronicHamiltonian, sector: FermionSector) -> NDArray[np.float64]:
    """⟨IJ|H|IJ⟩ of every determinant, float64 of the sector's shape.

    Raises:
        InputError: if the numbers of orbitals differ.
        InsufficientMemoryError: if the energies do not fit into free memory.
    """
    check_instance(hamiltonian, ElectronicHamiltonian, "hamiltonian must be an ElectronicHamiltonian")
    check_instance(sector, FermionSector, "sector must be a FermionSector")
    with reserved(16 * sector.size, f"the energies of {sector.size} determinants", "use fewer orbitals"):
        return HamiltonianAction(hamiltonian, sector).diagonal()
