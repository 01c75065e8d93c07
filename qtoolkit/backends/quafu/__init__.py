"""Quafu, the cloud of the Beijing Academy of Quantum Information Sciences, over HTTP; it needs no SDK."""

from qtoolkit.backends.quafu.backend import QuafuBackend
from qtoolkit.backends.quafu.serializer import QuafuSerializer

__all__ = ["QuafuBackend", "QuafuSerializer"]
