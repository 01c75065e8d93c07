"""Channels of Qiskit and Aer, as instructions of circuits, to this toolkit's."""

from __future__ import annotations

from typing import Any

from qiskit.quantum_info import SuperOp

from qtoolkit.circuit import KrausChannel
from qtoolkit.errors import ConversionError
from qtoolkit.noise import from_superoperator

__all__ = ["channel_of", "read_channel"]

MOST_QUBITS = 4


def read_channel(operation: Any) -> KrausChannel | None:
    """The channel that an instruction is: ``kraus``, ``superop``, or a quantum error of Aer; None for others.

    Raises:
        ConversionError: if it acts on more than 4 qubits.
        CircuitError: if it does not preserve the trace.
    """
    if operation.name == "kraus":
        return KrausChannel(operation.params)
    if operation.name == "superop":
        return from_superoperator(operation.params[0])
    if operation.name == "quantum_channel":
        return channel_of(operation._quantum_error)
    return None


def channel_of(error: Any, name: str = "channel") -> KrausChannel:
    """A quantum error of Aer, or a channel of Qiskit's `quantum_info`, as a channel.

    Mixtures of Paulis stay such, whatever they were made of.

    Raises:
        ConversionError: if it acts on more than 4 qubits.
    """
    if error.num_qubits > MOST_QUBITS:
        raise ConversionError(f"a channel acts on at most {MOST_QUBITS} qubits, got one on {error.num_qubits}")
    return from_superoperator(SuperOp(error).data, name=name)
