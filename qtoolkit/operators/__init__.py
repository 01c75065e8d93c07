"""Observables and Hamiltonians: Pauli strings and sums, fermionic operators, and the mappings between them.

Everything here is immutable and little-endian: qubit k is bit k of a mask and of a state index.
"""

from qtoolkit.operators.electronic_hamiltonian import ElectronicHamiltonian
from qtoolkit.operators.excitation import Excitation
from qtoolkit.operators.fermion_models import molecular_hamiltonian, number_operator
from qtoolkit.operators.fermion_operator import FermionOperator
from qtoolkit.operators.mappings import LinearEncoding, bravyi_kitaev, jordan_wigner, parity
from qtoolkit.operators.pauli_string import PauliString
from qtoolkit.operators.pauli_sum import PauliSum

__all__ = [
    "PauliString",
    "PauliSum",
    "FermionOperator",
    "ElectronicHamiltonian",
    "Excitation",
    "molecular_hamiltonian",
    "number_operator",
    "LinearEncoding",
    "bravyi_kitaev",
    "jordan_wigner",
    "parity",
]
