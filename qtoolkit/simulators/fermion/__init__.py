"""States of given numbers of alpha and beta electrons: exact excitations, orbital rotations, and their gradients."""

from qtoolkit.simulators.fermion.density_matrices import one_rdm, spin_squared, two_rdm
from qtoolkit.simulators.fermion.eigenstates import lowest_states
from qtoolkit.simulators.fermion.ladder_operators import changed_by_one
from qtoolkit.simulators.fermion.operations import (
    DiagonalCoulomb,
    ExcitationRotation,
    FermionOperation,
    LinearAngle,
    LinearMatrix,
    OrbitalRotation,
)
from qtoolkit.simulators.fermion.operator_matrix import operator_matrix
from qtoolkit.simulators.fermion.program import FermionProgram
from qtoolkit.simulators.fermion.sector import FermionSector
from qtoolkit.simulators.fermion.simulator import FermionSimulator

__all__ = [
    "FermionSimulator",
    "FermionSector",
    "FermionProgram",
    "FermionOperation",
    "ExcitationRotation",
    "OrbitalRotation",
    "DiagonalCoulomb",
    "LinearAngle",
    "LinearMatrix",
    "one_rdm",
    "two_rdm",
    "spin_squared",
    "lowest_states",
    "changed_by_one",
    "operator_matrix",
]
