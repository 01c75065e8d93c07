"""Channels of Cirq to this toolkit's."""

from __future__ import annotations

from typing import Any

import cirq
import numpy as np

from qtoolkit.circuit import KrausChannel
from qtoolkit.errors import ConversionError
from qtoolkit.noise import from_superoperator, pauli_channel

__all__ = ["channel_of"]

MOST_QUBITS = 4


def channel_of(gate: Any) -> KrausChannel:
    """A channel of Cirq on its qubits in reverse order: Cirq's first qubit is the highest bit.

    Raises:
        ConversionError: if it acts on more than 4 qubits.
        CircuitError: if it does not preserve the trace to 1e-6, which is as exact as some of Cirq's are.
    """
    size = cirq.num_qubits(gate)
    if size > MOST_QUBITS:
        raise ConversionError(f"a channel acts on at most {MOST_QUBITS} qubits, got {gate!r} on {size}")
    name = type(gate).__name__
    if isinstance(gate, cirq.AsymmetricDepolarizingChannel):
        errors = gate.error_probabilities
        return pauli_channel({label: p for label, p in errors.items() if p and set(label) != {"I"}})
    operators = np.stack(cirq.kraus(gate)).astype(np.complex128)
    total = np.einsum("mji,mjk->ik", operators.conj(), operators)
    if np.abs(total - np.eye(len(total))).max() < TRACE_TOLERANCE:
        # Cirq computes some channels in single precision; the square root makes up for what that leaves.
        weights, vectors = np.linalg.eigh(total)
        operators = operators @ (vectors / np.sqrt(weights)) @ vectors.conj().T
    channel = KrausChannel(operators, name=name)
    return channel if channel.mixture is not None else from_superoperator(channel.superoperator(), name=name)


TRACE_TOLERANCE = 1e-6
