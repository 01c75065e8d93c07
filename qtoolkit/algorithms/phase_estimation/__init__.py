"""Phase estimation of energies: textbook and iterative, by exact or Trotterised evolution, with proven intervals."""

from qtoolkit.algorithms.phase_estimation.estimation import estimate_energy
from qtoolkit.algorithms.phase_estimation.problem import EnergyProblem
from qtoolkit.algorithms.phase_estimation.result import EnergyEstimate

__all__ = ["EnergyProblem", "estimate_energy", "EnergyEstimate"]
