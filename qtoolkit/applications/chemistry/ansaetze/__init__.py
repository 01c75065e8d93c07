"""Ansätze of chemistry: states with parameters, each one object for the sector engine and for circuits."""

from qtoolkit.applications.chemistry.ansaetze.amplitudes import Amplitudes, ccsd_amplitudes, mp2_amplitudes
from qtoolkit.applications.chemistry.ansaetze.base import Ansatz
from qtoolkit.applications.chemistry.ansaetze.excitations import Excitation, single_and_double_excitations
from qtoolkit.applications.chemistry.ansaetze.rotations import append_excitation, hartree_fock_circuit
from qtoolkit.applications.chemistry.ansaetze.uccsd import UCCSD

__all__ = [
    # ansätze
    "Ansatz",
    "UCCSD",
    # what they are made of
    "Excitation",
    "single_and_double_excitations",
    "append_excitation",
    "hartree_fock_circuit",
    # where optimisers start
    "Amplitudes",
    "ccsd_amplitudes",
    "mp2_amplitudes",
]
