"""OpenQASM 2 and 3: circuits read from text and written to it, without another toolkit's parser or exporter."""

from qtoolkit.interop.openqasm.reader import from_qasm
from qtoolkit.interop.openqasm.writer import to_qasm

__all__ = ["from_qasm", "to_qasm"]
