"""A quantum-computing toolkit: circuits, operators, a fast simulator, and applications that show their evidence."""

from qtoolkit._version import __version__

__all__ = ["__version__"]
