"""OpenQASM 2 and 3: circuits read from text and written to it.

Reading goes through Qiskit's parsers; writing is done here from the gate records.
"""

from qtoolkit.interop.openqasm.reader import from_qasm
from qtoolkit.interop.openqasm.writer import to_qasm

__all__ = ["from_qasm", "to_qasm"]
