"""What a fault-tolerant computer would need for the energy of a molecule by phase estimation."""

from qtoolkit.applications.chemistry.resources.factorisation import DoubleFactorisation, double_factorisation
from qtoolkit.applications.chemistry.resources.qubitisation import (
    QubitisationCost,
    double_factorised_cost,
    hypercontraction_cost,
)

__all__ = [
    "DoubleFactorisation",
    "double_factorisation",
    "QubitisationCost",
    "double_factorised_cost",
    "hypercontraction_cost",
]
