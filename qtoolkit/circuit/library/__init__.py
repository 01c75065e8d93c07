"""Ready circuits: states with given probabilities, rotations by a function of a register, sums and comparisons.

All are made of gates alone, so that each has an inverse, and give ancillas back as they came: in 0.
"""

from qtoolkit.circuit.library.adders import constant_adder, fourier_adder, ripple_adder, weighted_sum
from qtoolkit.circuit.library.comparators import fourier_comparator, register_comparator, ripple_comparator
from qtoolkit.circuit.library.fourier import fourier_transform
from qtoolkit.circuit.library.loading import load_amplitudes, load_probabilities
from qtoolkit.circuit.library.piecewise import linear_rotation, piecewise_linear_rotation
from qtoolkit.circuit.library.rotations import lookup_rotation, uniformly_controlled_ry

__all__ = [
    # states
    "load_probabilities",
    "load_amplitudes",
    # rotations by a function of a register
    "uniformly_controlled_ry",
    "lookup_rotation",
    "linear_rotation",
    "piecewise_linear_rotation",
    # sums
    "ripple_adder",
    "fourier_adder",
    "constant_adder",
    "weighted_sum",
    # comparisons
    "ripple_comparator",
    "fourier_comparator",
    "register_comparator",
    # transforms
    "fourier_transform",
]
