"""Circuits out of Braket's dialect of OpenQASM 3, by the SDK's own parser."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from qtoolkit.backends.braket.openqasm import NATIVE_GATES
from qtoolkit.backends.braket.sdk import sdk
from qtoolkit.backends.cloud.bits import BitMap
from qtoolkit.circuit import Circuit, Gate, KrausChannel, StandardGate, UnitaryGate
from qtoolkit.errors import ConversionError, MissingExtraError

__all__ = ["measured_columns", "read_circuit"]

_MEASUREMENT = re.compile(r"^b\[(\d+)\] = measure (?:q\[(\d+)\]|\$(\d+));$", re.MULTILINE)
_WIDTH = re.compile(r"^qubit\[(\d+)\] q;$", re.MULTILINE)
_OURS = {theirs: ours for ours, theirs in NATIVE_GATES.items()}


def measured_columns(source: str) -> list[int]:
    """The number of the qubit that each bit of ``b`` holds: of the program, or of the device where it says places.

    Raises:
        ConversionError: if the bits are not written one by one, each once.
    """
    found = {int(bit): int(virtual or physical) for bit, virtual, physical in _MEASUREMENT.findall(source)}
    if sorted(found) != list(range(len(found))) or len(_MEASUREMENT.findall(source)) != len(found):
        raise ConversionError("a program for Braket writes each bit of b once, at its end")
    return [found[bit] for bit in range(len(found))]


def read_circuit(source: str, bits: BitMap) -> Circuit:
    """The circuit of a program, which measures into the bits of its map.

    Qubits of a program that says places are numbered anew, in their order.

    Raises:
        ConversionError: if it is no program of this dialect.
        MissingExtraError: if amazon-braket-sdk is not installed.
    """
    columns = measured_columns(source)
    try:
        instructions = list(sdk("braket.circuits").Circuit.from_ir(source).instructions)
    except MissingExtraError:
        raise
    except Exception as error:
        raise ConversionError(f"the program cannot be parsed: {type(error).__name__}: {error}") from error
    width = _WIDTH.search(source)
    named = {int(qubit) for step in instructions for qubit in (*step.control, *step.target)}
    numbers = range(int(width[1])) if width else sorted({*named, *columns})
    place = {number: k for k, number in enumerate(numbers)}
    circuit = bits.blank(len(place))
    circuits = sdk("braket.circuits")
    for step in instructions:
        targets = [place[int(qubit)] for qubit in step.target]
        if isinstance(step.operator, circuits.Gate):
            _append(circuit, step, targets, [place[int(qubit)] for qubit in step.control])
        elif isinstance(step.operator, circuits.Noise):
            # As for a matrix, the first qubit is the highest bit.
            circuit.append(KrausChannel(step.operator.to_matrix()), targets[::-1])
        elif step.operator.name == "Barrier":
            circuit.barrier(*targets)
    return bits.measure(circuit, [place[column] for column in columns])


def _append(circuit: Circuit, step: Any, targets: list[int], controls: list[int]) -> None:
    operator = step.operator
    if step.power != 1:
        raise ConversionError(f"a power of {operator.name} is none of the dialect that is written here")
    if not targets:
        return  # a global phase
    ours = _OURS.get(operator.name.lower())
    gate: Gate
    if ours is not None:
        gate = StandardGate(ours, [float(angle) for angle in getattr(operator, "parameters", ())])
    else:
        # Braket takes the first qubit as the highest bit of the matrix index.
        gate = UnitaryGate(np.asarray(operator.to_matrix(), dtype=np.complex128))
        targets = targets[::-1]
    if controls:
        state = sum(int(bit) << k for k, bit in enumerate(step.control_state.as_tuple))
        gate = gate.controlled(len(controls), ctrl_state=state)
    circuit.append(gate, [*controls, *targets])
