"""A circuit of ours as text that two circuits share exactly if they do the same things in the same order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np

from qtoolkit.circuit import (
    Circuit,
    Decode,
    Detector,
    Gate,
    IfElse,
    Initialize,
    Instruction,
    KrausChannel,
    Observable,
    PauliRotationGate,
    ReadoutError,
    StandardGate,
)
from qtoolkit.circuit.operation import everything_in

__all__ = ["circuit_text", "has_decoders"]


def circuit_text(circuit: Circuit) -> str:
    """A line for each operation, with all digits of angles and hashes of matrices; names of registers are left out."""
    lines = [f"{circuit.num_qubits} qubits, {circuit.num_clbits} bits"]
    told: dict[Instruction, str] = {}
    lines.extend(_lines(circuit, told))
    return "\n".join(lines)


def has_decoders(circuit: Circuit) -> bool:
    """Whether a decoder is called in it, of which text cannot tell what it does."""
    return any(isinstance(operation.gate, Decode) for operation in everything_in(circuit.operations))


def _lines(circuit: Circuit, told: dict[Instruction, str]) -> Iterator[str]:
    for operation in circuit.operations:
        gate = operation.gate
        if isinstance(gate, IfElse):
            for number, branch in enumerate(gate.branches):
                yield f"{'else' if number else 'if'} {gate.condition}"
                yield from _lines(branch, told)
            yield "end"
            continue
        if gate not in told:
            told[gate] = _told(gate)
        places = ",".join(f"q{qubit}" for qubit in operation.qubits)
        bits = ",".join(f"c{clbit}" for clbit in operation.clbits)
        yield " ".join(part for part in (told[gate], places, bits) if part)


def _told(gate: Instruction) -> str:
    if isinstance(gate, KrausChannel):
        return f"channel {_hash(np.array(gate.operators))}"
    if isinstance(gate, ReadoutError):
        return f"readout {_hash(gate.confusion)}"
    if isinstance(gate, Initialize):
        return f"initialize {_hash(gate.state_vector)}"
    if isinstance(gate, Detector | Observable | Decode):
        return repr(gate)
    if isinstance(gate, StandardGate | PauliRotationGate):
        label = f" {gate.label}" if isinstance(gate, PauliRotationGate) else ""
        return " ".join([gate.name + label, *[float(angle).hex() for angle in gate.params]])
    if isinstance(gate, Gate):
        return f"gate {_hash(gate.matrix())}"
    return f"{gate.name} {gate.num_qubits}"


def _hash(array: np.ndarray) -> str:
    return hashlib.sha256(f"{array.shape}".encode() + np.ascontiguousarray(array).tobytes()).hexdigest()[:32]
