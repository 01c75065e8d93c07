"""Evolution in time: product formulas and qDRIFT as circuits, with proven error bounds, and exact propagation.

Circuits go to the simulator or to a cloud alike; electrons evolve in their sector too.
"""

from qtoolkit.algorithms.dynamics.bounds import TrotterBound, product_formula_bound
from qtoolkit.algorithms.dynamics.electrons import electronic_trotter_program, evolve_electrons
from qtoolkit.algorithms.dynamics.evolve import evolve
from qtoolkit.algorithms.dynamics.product_formula import ProductFormula, trotter_circuit
from qtoolkit.algorithms.dynamics.qdrift import QDrift, qdrift_circuit
from qtoolkit.algorithms.dynamics.result import TimeEvolution

__all__ = [
    # circuits
    "ProductFormula",
    "trotter_circuit",
    "QDrift",
    "qdrift_circuit",
    "electronic_trotter_program",
    # bounds
    "TrotterBound",
    "product_formula_bound",
    # values over time
    "evolve",
    "evolve_electrons",
    "TimeEvolution",
]
