"""Quantum chemistry: molecules and their integrals, the Jordan–Wigner Hamiltonian, and UCCSD ground states by VQE,
each beside Hartree–Fock and the exact energy of the same orbitals."""

from qtoolkit.applications.chemistry.ansaetze import (
    UCCSD,
    Amplitudes,
    Ansatz,
    Excitation,
    append_excitation,
    ccsd_amplitudes,
    hartree_fock_circuit,
    mp2_amplitudes,
    single_and_double_excitations,
)
from qtoolkit.applications.chemistry.dissociation import DissociationCurve, dissociation_curve
from qtoolkit.applications.chemistry.fci import fci_energy
from qtoolkit.applications.chemistry.ground_state import (
    CHEMICAL_ACCURACY,
    HARTREE_IN_KCAL_PER_MOL,
    GroundState,
    ground_state,
)
from qtoolkit.applications.chemistry.hamiltonian import qubit_hamiltonian
from qtoolkit.applications.chemistry.integrals import ActiveSpace, MolecularIntegrals, compute_integrals
from qtoolkit.applications.chemistry.molecule import Atom, LengthUnit, Molecule, diatomic

__all__ = [
    # molecules
    "Molecule",
    "diatomic",
    "Atom",
    "LengthUnit",
    # integrals and what they define
    "MolecularIntegrals",
    "ActiveSpace",
    "compute_integrals",
    "qubit_hamiltonian",
    "fci_energy",
    # ansätze
    "Ansatz",
    "UCCSD",
    "Excitation",
    "single_and_double_excitations",
    "append_excitation",
    "hartree_fock_circuit",
    "Amplitudes",
    "ccsd_amplitudes",
    "mp2_amplitudes",
    # energies
    "GroundState",
    "ground_state",
    "DissociationCurve",
    "dissociation_curve",
    "CHEMICAL_ACCURACY",
    "HARTREE_IN_KCAL_PER_MOL",
]
