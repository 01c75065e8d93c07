"""Parts of a system in the field of the rest: density matrix embedding on any Hamiltonian of electrons."""

from qtoolkit.algorithms.embedding.bath import Impurity
from qtoolkit.algorithms.embedding.dmet import (
    DMETResult,
    FragmentResult,
    ImpuritySolver,
    ImpurityState,
    density_matrix_embedding,
    exact_solver,
)
from qtoolkit.algorithms.embedding.mean_field import LatticeMeanField, restricted_mean_field

__all__ = [
    "density_matrix_embedding",
    "DMETResult",
    "FragmentResult",
    "Impurity",
    "ImpuritySolver",
    "ImpurityState",
    "exact_solver",
    "LatticeMeanField",
    "restricted_mean_field",
]
