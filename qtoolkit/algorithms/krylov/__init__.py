"""Quantum Krylov spaces: lowest energies from a state at several times, by exact states or by Hadamard tests."""

from qtoolkit.algorithms.krylov.result import KrylovEnergies
from qtoolkit.algorithms.krylov.sampled import sampled_krylov
from qtoolkit.algorithms.krylov.states import electronic_krylov, exact_krylov

__all__ = ["exact_krylov", "electronic_krylov", "sampled_krylov", "KrylovEnergies"]
