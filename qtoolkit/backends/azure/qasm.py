"""OpenQASM 2 as Quantinuum's targets take it: gates of the first ``qelib1.inc`` alone, without definitions."""

from __future__ import annotations

import re

from qtoolkit.backends.cloud.bits import BitMap
from qtoolkit.backends.compiling.basis import in_basis, written_clbits
from qtoolkit.circuit import Circuit
from qtoolkit.errors import ConversionError

__all__ = ["BASIS", "read_qasm", "registers_of", "written_qasm"]

BASIS = frozenset({"x", "y", "z", "h", "s", "sdg", "t", "tdg", "rx", "ry", "rz", "cx", "cz", "ccx"})

_REGISTER = re.compile(r"^creg (\w+)\[(\d+)\];$", re.MULTILINE)


def written_qasm(circuit: Circuit) -> tuple[str, BitMap]:
    """The circuit as text, and where its classical bits are in the text's registers.

    Raises:
        ConversionError: naming what the format cannot say.
        UnboundParameterError: if a parameter has no value.
    """
    from qtoolkit.interop.openqasm import to_qasm

    lowered = in_basis(circuit, BASIS)
    text = to_qasm(lowered, version=2)
    places: list[tuple[str, int]] = []
    for name, size in registers_of(text).items():
        places += [(name, index) for index in range(size)]
    return text, BitMap.of(circuit, {clbit: places[clbit] for clbit in written_clbits(circuit)})


def registers_of(text: str) -> dict[str, int]:
    """The classical registers of a text and their sizes, in order; they hold the circuit's bits one after the other."""
    return {name: int(size) for name, size in _REGISTER.findall(text)}


def read_qasm(text: str, bits: BitMap) -> Circuit:
    """The circuit of a text, with the registers of a map.

    Raises:
        ConversionError: if it is no OpenQASM, or has other bits.
    """
    from qtoolkit.interop.openqasm import from_qasm

    read = from_qasm(text)
    if read.num_clbits != bits.num_clbits:
        raise ConversionError(f"the text has {read.num_clbits} classical bits, {bits.num_clbits} were sent")
    return bits.blank(read.num_qubits).extend(read)
