"""Sample-based quantum diagonalisation: ground states in subspaces of sampled configurations, noisy ones repaired."""

from qtoolkit.applications.chemistry.sqd.diagonalisation import sample_based_diagonalisation
from qtoolkit.applications.chemistry.sqd.result import SampledDiagonalisation, SampledIteration

__all__ = ["sample_based_diagonalisation", "SampledDiagonalisation", "SampledIteration"]
