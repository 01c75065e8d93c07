"""Ansätze of chemistry: states with parameters, each one object for the sector engine and for circuits."""

from qtoolkit.applications.chemistry.ansaetze.adaptive import AdaptAnsatz
from qtoolkit.applications.chemistry.ansaetze.amplitudes import Amplitudes, ccsd_amplitudes, mp2_amplitudes
from qtoolkit.applications.chemistry.ansaetze.base import Ansatz
from qtoolkit.applications.chemistry.ansaetze.compact import append_compact_excitation
from qtoolkit.applications.chemistry.ansaetze.excitations import Excitation, single_and_double_excitations
from qtoolkit.applications.chemistry.ansaetze.hardware_efficient import HardwareEfficient
from qtoolkit.applications.chemistry.ansaetze.jastrow import LUCJ, UCJ
from qtoolkit.applications.chemistry.ansaetze.pair_hamiltonian import pair_hamiltonian
from qtoolkit.applications.chemistry.ansaetze.pairs import KUpCCGSD, PairUCCD
from qtoolkit.applications.chemistry.ansaetze.pools import PoolOperator, fermionic_pool, qubit_pool
from qtoolkit.applications.chemistry.ansaetze.rotations import append_excitation, hartree_fock_circuit
from qtoolkit.applications.chemistry.ansaetze.uccsd import UCCSD

__all__ = [
    # ansätze
    "Ansatz",
    "UCCSD",
    "KUpCCGSD",
    "PairUCCD",
    "UCJ",
    "LUCJ",
    "AdaptAnsatz",
    "HardwareEfficient",
    # what they are made of
    "Excitation",
    "single_and_double_excitations",
    "PoolOperator",
    "fermionic_pool",
    "qubit_pool",
    "append_excitation",
    "append_compact_excitation",
    "hartree_fock_circuit",
    "pair_hamiltonian",
    # where optimisers start
    "Amplitudes",
    "ccsd_amplitudes",
    "mp2_amplitudes",
]
