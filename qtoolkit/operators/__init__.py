"""Observables and Hamiltonians: Pauli strings and sums, fermionic operators, and the mappings between them.

Everything here is immutable and little-endian: qubit k is bit k of a mask and of a state index.
"""

from qtoolkit.operators.electronic_hamiltonian import ElectronicHamiltonian
from qtoolkit.operators.excitation import Excitation
from qtoolkit.operators.fermion_models import molecular_hamiltonian, number_operator
from qtoolkit.operators.fermion_operator import FermionOperator
from qtoolkit.operators.mappings import (
    FermionMapping,
    LinearEncoding,
    bravyi_kitaev,
    fermion_mapping,
    jordan_wigner,
    parity,
    ternary_tree,
)
from qtoolkit.operators.pauli_string import PauliString
from qtoolkit.operators.pauli_sum import PauliSum
from qtoolkit.operators.tapering import Tapering, z2_symmetries

__all__ = [
    "PauliString",
    "PauliSum",
    "FermionOperator",
    "ElectronicHamiltonian",
    "Excitation",
    "molecular_hamiltonian",
    "number_operator",
    "fermion_mapping",
    "FermionMapping",
    "LinearEncoding",
    "jordan_wigner",
    "parity",
    "bravyi_kitaev",
    "ternary_tree",
    "Tapering",
    "z2_symmetries",
]
