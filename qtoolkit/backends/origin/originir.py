"""OriginIR, Origin Quantum's dialect, both ways: gates, barriers, and measurements at the end."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

from qtoolkit._arguments import check_instance, shown
from qtoolkit.backends.compiling.device import CompiledCircuit, compiled
from qtoolkit.circuit import Barrier, Circuit, StandardGate
from qtoolkit.errors import ConversionError

__all__ = ["GATES", "from_originir", "to_originir", "written"]

GATES = {
    "id": "I",
    "x": "X",
    "y": "Y",
    "z": "Z",
    "h": "H",
    "s": "S",
    "t": "T",
    "sx": "X1",
    "rx": "RX",
    "ry": "RY",
    "rz": "RZ",
    "p": "U1",
    "u": "U3",
    "cx": "CNOT",
    "cz": "CZ",
    "cp": "CR",
    "swap": "SWAP",
    "iswap": "ISWAP",
    "ccx": "TOFFOLI",
    "rxx": "RXX",
    "ryy": "RYY",
    "rzz": "RZZ",
}
"""This toolkit's name of a gate to OriginIR's, for those of the same matrix up to a phase."""

BASIS = ("u", "cz")
"""What gates become that OriginIR lacks."""

_OURS = {theirs: ours for ours, theirs in GATES.items()}
_QUBIT = re.compile(r"q\[(\d{1,6})\]")
_STATEMENT = re.compile(r"([A-Z][A-Z0-9]*) (q\[\d{1,6}\](?:,\s?q\[\d{1,6}\])*)(?:,\s?\(([^()]*)\))?")
_MEASURE = re.compile(r"MEASURE q\[(\d{1,6})\],\s?c\[(\d{1,6})\]")
_MOST_QUBITS = 4096


def to_originir(circuit: Circuit) -> str:
    """Write a circuit; its measured qubits, lowest first, become the bits ``c[0]``, ``c[1]`` and so on.

    Gates that OriginIR lacks are compiled; global phases are left out.

    Args:
        circuit: gates, `initialize` on qubits not used before, measurements at its end; every parameter bound.

    Raises:
        InputError: if it is no circuit.
        ConversionError: naming what the dialect cannot hold.
        UnboundParameterError: if a parameter has no value.
    """
    check_instance(circuit, Circuit, "OriginIR is written from a Circuit")
    circuit.check_bound()
    return written(compiled(circuit, GATES, basis=BASIS))


def written(circuit: CompiledCircuit) -> str:
    """A circuit of `GATES` as text."""
    lines = [f"QINIT {circuit.num_qubits}", f"CREG {max(1, len(circuit.measured))}"]
    for operation in circuit.operations:
        targets = ",".join(f"q[{qubit}]" for qubit in operation.qubits)
        if isinstance(operation.gate, Barrier):
            lines.append(f"BARRIER {targets}")
            continue
        assert isinstance(operation.gate, StandardGate)
        angles = ",".join(_angle(float(angle)) for angle in operation.gate.params)
        lines.append(f"{GATES[operation.gate.name]} {targets}" + (f",({angles})" if angles else ""))
    lines += [f"MEASURE q[{qubit}],c[{column}]" for column, qubit in enumerate(circuit.measured)]
    return "\n".join(lines) + "\n"


def from_originir(text: str) -> Circuit:
    """Read the part of OriginIR that `to_originir` writes: its gates, barriers and measurements.

    Raises:
        InputError: if it is no string.
        ConversionError: naming the line that is none of this.
    """
    check_instance(text, str, "OriginIR is a string")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    circuit = Circuit(_size(lines, 0, "QINIT"), _size(lines, 1, "CREG"))
    for number, line in enumerate(lines[2:], 3):
        try:
            _read(circuit, line)
        except (ConversionError, ValueError, LookupError) as error:
            raise ConversionError(f"cannot read line {number} of OriginIR, {shown(line)}: {error}") from error
    return circuit


def _read(circuit: Circuit, line: str) -> None:
    if found := _MEASURE.fullmatch(line):
        circuit.measure(int(found[1]), int(found[2]))
        return
    found = _STATEMENT.fullmatch(line)
    if found is None:
        raise ConversionError("it is no gate, barrier or measurement")
    qubits = [int(number) for number in _QUBIT.findall(found[2])]
    if found[1] == "BARRIER":
        circuit.barrier(*qubits)
        return
    if found[1] not in _OURS:
        raise ConversionError(f"gate {found[1]} is not known")
    angles = tuple(float(angle) for angle in found[3].split(",")) if found[3] else ()
    if not all(math.isfinite(angle) for angle in angles):
        raise ConversionError("angles are finite")
    circuit.append(StandardGate(_OURS[found[1]], angles), qubits)


def _size(lines: Sequence[str], index: int, word: str) -> int:
    found = re.fullmatch(rf"{word} (\d{{1,6}})", lines[index]) if index < len(lines) else None
    if found is None or int(found[1]) > _MOST_QUBITS:
        raise ConversionError(f"line {index + 1} of OriginIR is {word} and a number up to {_MOST_QUBITS}")
    return int(found[1])


def _angle(value: float) -> str:
    """All digits, without an exponent, which the service is not known to read."""
    return np.format_float_positional(value, trim="0")
