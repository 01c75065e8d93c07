"""Circuits in Quil (Smith, Curtis and Zeng, arXiv:1608.03355) as Rigetti's targets take them."""

from __future__ import annotations

import re

from qtoolkit.backends.cloud.bits import BitMap
from qtoolkit.backends.compiling.basis import in_basis
from qtoolkit.circuit import Barrier, Circuit, StandardGate
from qtoolkit.errors import ConversionError

__all__ = ["BASIS", "MEMORY", "num_bits", "read_quil", "written_quil"]

_GATES = {
    "x": "X",
    "y": "Y",
    "z": "Z",
    "h": "H",
    "s": "S",
    "t": "T",
    "p": "PHASE",
    "rx": "RX",
    "ry": "RY",
    "rz": "RZ",
    "cx": "CNOT",
    "cz": "CZ",
    "cp": "CPHASE",
    "swap": "SWAP",
    "iswap": "ISWAP",
    "ccx": "CCNOT",
    "cswap": "CSWAP",
}
_NAMES = {theirs: ours for ours, theirs in _GATES.items()}

BASIS = frozenset(_GATES)
"""This toolkit's names of Quil's standard gates, for those with the same matrix and angles."""

MEMORY = "ro"
"""The region of memory that measurements go to, one bit for each measured qubit."""

_DECLARED = re.compile(rf"DECLARE {MEMORY} BIT\[(\d+)\]")
_MEASURED = re.compile(rf"MEASURE (\d+) {MEMORY}\[(\d+)\]")
_CALLED = re.compile(r"([A-Z]+)(?:\(([^()\s]+)\))?((?: \d+)+)")


def written_quil(circuit: Circuit) -> tuple[str, BitMap]:
    """The circuit as text, and where its classical bits are in `MEMORY`.

    Args:
        circuit: measures at its end; every parameter bound.

    Raises:
        ConversionError: naming what the format cannot hold.
        UnboundParameterError: if a parameter has no value.
    """
    body, measured = circuit.split_final_measurements()
    qubits = sorted({qubit for qubit, _ in measured})
    lines = [f"DECLARE {MEMORY} BIT[{len(qubits)}]"]
    for operation in in_basis(body, BASIS).operations:
        gate = operation.gate
        if isinstance(gate, Barrier):
            continue
        if not isinstance(gate, StandardGate):
            raise ConversionError(f"circuits for Rigetti hold gates and final measurements only, got {gate.name}")
        angle = f"({float(gate.params[0])!r})" if gate.params else ""
        lines.append(f"{_GATES[gate.name]}{angle} {' '.join(map(str, operation.qubits))}")
    lines += [f"MEASURE {qubit} {MEMORY}[{index}]" for index, qubit in enumerate(qubits)]
    sources = {clbit: (MEMORY, qubits.index(qubit)) for qubit, clbit in measured}
    return "\n".join(lines) + "\n", BitMap.of(circuit, sources)


def num_bits(text: str) -> int:
    """How many bits of memory a text declares.

    Raises:
        ConversionError: if it declares none.
    """
    found = _DECLARED.match(text)
    if found is None:
        raise ConversionError(f"a text in Quil begins with DECLARE {MEMORY} BIT, got {text[:40]!r}")
    return int(found[1])


def read_quil(text: str, bits: BitMap) -> Circuit:
    """The circuit of a text, measured into the bits of a map.

    Raises:
        ConversionError: naming the line that is none of those that are written here.
    """
    num_bits(text)
    calls: list[tuple[StandardGate, list[int]]] = []
    measured: dict[int, int] = {}
    for line in text.splitlines()[1:]:
        if found := _MEASURED.fullmatch(line):
            measured[int(found[2])] = int(found[1])
            continue
        called = _CALLED.fullmatch(line)
        if called is None or called[1] not in _NAMES:
            raise ConversionError(f"cannot read the line {line!r} of Quil")
        try:
            angles = () if called[2] is None else (float(called[2]),)
            calls.append((StandardGate(_NAMES[called[1]], angles), [int(word) for word in called[3].split()]))
        except ValueError as error:
            raise ConversionError(f"cannot read the line {line!r} of Quil: {error}") from error
    touched = [qubit for _, qubits in calls for qubit in qubits]
    circuit = bits.blank(1 + max([*touched, *measured.values()], default=0))
    for gate, qubits in calls:
        circuit.append(gate, qubits)
    return bits.measure(circuit, measured)
