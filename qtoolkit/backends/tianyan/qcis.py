"""QCIS, Tianyan's dialect, both ways: quarter turns, RZ, CZ, barriers, and measurements at the end."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

import numpy as np

from qtoolkit._arguments import check_instance, shown
from qtoolkit.backends.compiling.device import CompiledCircuit, compiled
from qtoolkit.circuit import Barrier, Circuit, StandardGate
from qtoolkit.errors import ConversionError

__all__ = ["BASIS", "GATES", "from_qcis", "to_qcis", "written"]

_Steps = list[tuple[str, int, float | None]]
"""Name, position of the qubit among the gate's, and angle; a CZ is on both."""

_HALF = math.pi / 2


def _turn(angle: float) -> _Steps:
    return [("RZ", 0, angle)]


GATES: dict[str, Callable[..., _Steps]] = {
    "x": lambda: [("X2P", 0, None)] * 2,
    "y": lambda: [("Y2P", 0, None)] * 2,
    "z": lambda: _turn(math.pi),
    "h": lambda: [("RZ", 0, math.pi), ("Y2P", 0, None)],
    "s": lambda: _turn(_HALF),
    "sdg": lambda: _turn(-_HALF),
    "t": lambda: _turn(_HALF / 2),
    "tdg": lambda: _turn(-_HALF / 2),
    "sx": lambda: [("X2P", 0, None)],
    "sxdg": lambda: [("X2M", 0, None)],
    "rz": _turn,
    "p": _turn,
    "rx": lambda theta: [("Y2M", 0, None), ("RZ", 0, theta), ("Y2P", 0, None)],
    "ry": lambda theta: [("X2P", 0, None), ("RZ", 0, theta), ("X2M", 0, None)],
    "u": lambda theta, phi, lam: [
        ("RZ", 0, lam),
        ("X2P", 0, None),
        ("RZ", 0, theta),
        ("X2M", 0, None),
        ("RZ", 0, phi),
    ],
    "cz": lambda: [("CZ", 0, None)],
    "cx": lambda: [("Y2M", 1, None), ("CZ", 0, None), ("Y2P", 1, None)],
}
"""This toolkit's gates in steps of QCIS, equal up to a phase."""

BASIS = ("rz", "sx", "x", "cz")
"""What other gates become."""

_READ: dict[str, tuple[str, tuple[float, ...]]] = {
    "X2P": ("rx", (_HALF,)),
    "X2M": ("rx", (-_HALF,)),
    "Y2P": ("ry", (_HALF,)),
    "Y2M": ("ry", (-_HALF,)),
    "CZ": ("cz", ()),
}
_LINE = re.compile(r"([A-Z][A-Z0-9]*)((?: Q\d{1,5})+)(?: (-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?))?")
_MOST_QUBITS = 4096


def to_qcis(circuit: Circuit) -> str:
    """Write a circuit; its measured qubits are measured last, the lowest first.

    Other gates than quarter turns, RZ and CZ are decomposed; global phases are left out.

    Args:
        circuit: gates, `initialize` on qubits not used before, measurements at its end; every parameter bound.

    Raises:
        InputError: if it is no circuit.
        ConversionError: naming what the dialect cannot hold.
        UnboundParameterError: if a parameter has no value.
    """
    check_instance(circuit, Circuit, "QCIS is written from a Circuit")
    circuit.check_bound()
    return written(compiled(circuit, GATES, basis=BASIS))


def written(circuit: CompiledCircuit, places: Sequence[int] | None = None) -> str:
    """A circuit of `GATES` as text.

    Args:
        circuit: compiled.
        places: the number of each of its qubits on the device; the same by default.
    """
    names = [f"Q{qubit}" for qubit in (range(circuit.num_qubits) if places is None else places)]
    lines = []
    for operation in circuit.operations:
        qubits = [names[qubit] for qubit in operation.qubits]
        if isinstance(operation.gate, Barrier):
            lines.append(" ".join(["B", *qubits]))
            continue
        assert isinstance(operation.gate, StandardGate)
        for name, position, angle in GATES[operation.gate.name](*(float(value) for value in operation.gate.params)):
            targets = qubits if name == "CZ" else [qubits[position]]
            lines.append(" ".join([name, *targets, *([] if angle is None else [_angle(angle)])]))
    lines += [f"M {names[qubit]}" for qubit in circuit.measured]
    return "\n".join(lines)


def from_qcis(text: str) -> Circuit:
    """Read the part of QCIS that `to_qcis` writes; the k-th measurement is classical bit k.

    Raises:
        InputError: if it is no string.
        ConversionError: naming the line that is none of this.
    """
    check_instance(text, str, "QCIS is a string")
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    steps = []
    for number, line in lines:
        found = _LINE.fullmatch(line)
        if found is None:
            raise ConversionError(f"cannot read line {number} of QCIS, {shown(line)}: it is no instruction")
        qubits = [int(word[1:]) for word in found[2].split()]
        if max(qubits) >= _MOST_QUBITS:
            raise ConversionError(f"cannot read line {number} of QCIS, {shown(line)}: there are {_MOST_QUBITS} qubits")
        steps.append((number, line, found[1], qubits, found[3]))
    width = 1 + max((qubit for *_, qubits, _ in steps for qubit in qubits), default=0)
    circuit = Circuit(width, sum(len(qubits) for _, _, name, qubits, _ in steps if name == "M"))
    measured = 0
    for number, line, name, qubits, angle in steps:
        try:
            if name == "M":
                circuit.measure(qubits, range(measured, measured + len(qubits)))
                measured += len(qubits)
            elif name == "B":
                circuit.barrier(*qubits)
            elif name == "RZ" and angle is not None:
                circuit.append(StandardGate("rz", (float(angle),)), qubits)
            elif name in _READ and angle is None:
                circuit.append(StandardGate(*_READ[name]), qubits)
            else:
                raise ConversionError(f"{name} is not known, or has another number of angles")
        except (ConversionError, ValueError, LookupError) as error:
            raise ConversionError(f"cannot read line {number} of QCIS, {shown(line)}: {error}") from error
    return circuit


def _angle(value: float) -> str:
    """From −π to π, all digits, without an exponent: the SDK's own writer spoils numbers that have one."""
    return np.format_float_positional(math.remainder(value, math.tau), trim="0")
