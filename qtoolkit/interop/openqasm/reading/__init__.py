"""Reads OpenQASM 2 and 3: tokens, statements, gates by name or definition, and the circuit they add up to.

Nothing here recurses or loops without counting: a text costs what its budget allows, whatever it says.
"""

from qtoolkit.interop.openqasm.reading.program import LocatedError, read
from qtoolkit.interop.openqasm.reading.tokens import version_of

__all__ = ["LocatedError", "read", "version_of"]
