"""States of given numbers of alpha and beta electrons: exact excitations, orbital rotations, and their gradients."""

from qtoolkit.simulators.fermion.adjoint import ProgramAdjoint
from qtoolkit.simulators.fermion.density_matrices import one_rdm, spin_squared, two_rdm
from qtoolkit.simulators.fermion.determinants import determinant_energies
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
from qtoolkit.simulators.fermion.total_spin import SpinSquared

__all__ = [
    "FermionSimulator",
    "FermionSector",
    "FermionProgram",
    "ProgramAdjoint",
    "FermionOperation",
    "ExcitationRotation",
    "OrbitalRotation",
    "DiagonalCoulomb",
    "LinearAngle",
    "LinearMatrix",
    "one_rdm",
    "two_rdm",
    "spin_squared",
    "SpinSquared",
    "determinant_energies",
    "lowest_states",
    "changed_by_one",
    "operator_matrix",
]
