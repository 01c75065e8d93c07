"""Qubits that are measured and nothing else, simulated apart from the others and a few at a time.

A simulator of a device with hundreds of qubits holds the states of those that a circuit uses, and counts measured ones
among them. Noise makes even these read 1 at times, but each on its own account.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from qiskit import QuantumCircuit
from qiskit.primitives import SamplerPubResult
from qiskit.primitives.containers import DataBin

__all__ = ["joined", "split_measured"]

MOST_TOGETHER = 20
"""Circuits that use no more qubits are left as they are."""


def split_measured(circuit: QuantumCircuit) -> list[QuantumCircuit]:
    """Circuits that together measure what one does, into the same classical bits."""
    measured: dict[Any, list[Any]] = {}
    used: set[Any] = set()
    uses_of_bit: Counter[Any] = Counter()
    for instruction in circuit.data:
        uses_of_bit.update(instruction.clbits)
        if instruction.name == "measure":
            measured.setdefault(instruction.qubits[0], []).append(instruction)
        elif instruction.name != "barrier":
            used.update(instruction.qubits)
    alone = [
        qubit
        for qubit, measurements in measured.items()
        if qubit not in used and all(uses_of_bit[item.clbits[0]] == 1 for item in measurements)
    ]
    if len(used.union(measured)) <= MOST_TOGETHER or not alone:
        return [circuit]
    parts = [
        _holding(circuit, [item for qubit in alone[first : first + MOST_TOGETHER] for item in measured[qubit]])
        for first in range(0, len(alone), MOST_TOGETHER)
    ]
    apart = set(alone)
    rest = [item for item in circuit.data if item.name == "barrier" or not apart.intersection(item.qubits)]
    return [_holding(circuit, rest), *parts] if any(item.clbits for item in rest) else parts


def joined(parts: Sequence[Any]) -> Any:
    """The result of the circuit that was split; bits that a part does not measure are 0 in it."""
    if len(parts) == 1:
        return parts[0]
    return SamplerPubResult(
        DataBin(**{name: reduce(or_, (part.data[name] for part in parts)) for name in parts[0].data})
    )


def _holding(circuit: QuantumCircuit, instructions: Sequence[Any]) -> QuantumCircuit:
    held = circuit.copy_empty_like()
    for instruction in instructions:
        held.append(instruction)
    return held
