"""Google: the noise of its processors, simulations of them, and its Quantum Engine."""

from qtoolkit.backends.google.noise import GoogleNoise

__all__ = ["GoogleNoise"]
