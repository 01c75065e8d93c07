"""Models of solids: lattices, Hubbard, t-J, Heisenberg and Ising models, spectral functions and quenches."""

from qtoolkit.applications.materials.electrons import hubbard_model, tj_model
from qtoolkit.applications.materials.lattices import Lattice, chain, ladder, square
from qtoolkit.applications.materials.quenches import Quench, quench
from qtoolkit.applications.materials.spectra import SpectralFunction, spectral_function
from qtoolkit.applications.materials.spins import heisenberg_model, ising_model

__all__ = [
    # lattices
    "Lattice",
    "chain",
    "ladder",
    "square",
    # models
    "hubbard_model",
    "tj_model",
    "heisenberg_model",
    "ising_model",
    # dynamics
    "SpectralFunction",
    "spectral_function",
    "Quench",
    "quench",
]
