"""`to_qasm`: circuits to OpenQASM text."""

from __future__ import annotations

import numpy as np

from qtoolkit._arguments import shown
from qtoolkit.circuit import Circuit
from qtoolkit.errors import ConversionError
from qtoolkit.interop.openqasm.version2 import OpenQasm2
from qtoolkit.interop.openqasm.version3 import OpenQasm3

__all__ = ["to_qasm"]


def to_qasm(circuit: Circuit, version: int = 3) -> str:
    """Write a circuit as OpenQASM.

    Angles keep all digits. Bits are declared in the circuit's order: registers keep their names where their bits
    follow one another and do not overlap, and other names and parameters are bent to what the grammar allows. Gates
    without a name in the version's standard library come with a definition: their record's decomposition, or for
    arrays a synthesis to ``u`` and ``cx`` (up to 10 qubits). A preparation becomes resets and a synthesised gate.

    Args:
        circuit: what to write.
        version: 2 or 3.

    Raises:
        ConversionError: naming what the version cannot say: free parameters, else, nested conditions and
            conditions on some bits of a register for version 2; branches more than 64 deep, which no reader takes.
    """
    if not isinstance(circuit, Circuit):
        raise ConversionError(f"to_qasm takes a Circuit, got {type(circuit).__name__}")
    if not isinstance(version, int | np.integer) or version not in (2, 3):
        raise ConversionError(f"OpenQASM versions are 2 and 3, got {shown(version)}; take one of them")
    return (OpenQasm2 if version == 2 else OpenQasm3)(circuit).text()
