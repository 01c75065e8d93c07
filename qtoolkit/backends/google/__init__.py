"""Google: the noise of its processors."""

from qtoolkit.backends.google.noise import GoogleNoise

__all__ = ["GoogleNoise"]
