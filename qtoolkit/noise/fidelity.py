"""How near a channel is to a gate, and its Pauli twirl."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from qtoolkit._arguments import check_instance
from qtoolkit.circuit import Gate, KrausChannel, UnitaryGate
from qtoolkit.circuit.channel_forms import pauli_labels, pauli_matrices
from qtoolkit.circuit.gates import Matrix
from qtoolkit.errors import CircuitError
from qtoolkit.noise.standard import pauli_channel

__all__ = ["average_gate_fidelity", "entanglement_fidelity", "twirled"]

NEGLIGIBLE = 1e-30
"""A probability below is the square of rounding."""


def entanglement_fidelity(channel: KrausChannel, target: Gate | ArrayLike | None = None) -> float:
    """``Σ |tr(U†K)|² / d²``: how well half of a maximally entangled state fares; also called process fidelity.

    Args:
        channel: on k qubits, ``d = 2**k``.
        target: the gate U that it should be, or its matrix; the identity by default.

    Raises:
        CircuitError: if the target is none, or on another number of qubits.
    """
    check_instance(channel, KrausChannel, "a fidelity is that of a KrausChannel", CircuitError)
    side = 1 << channel.num_qubits
    unitary = np.eye(side) if target is None else _matrix_of(target, channel.num_qubits)
    traces = np.array([np.vdot(unitary, operator) for operator in channel.operators])
    return float((np.abs(traces) ** 2).sum() / side**2)


def average_gate_fidelity(channel: KrausChannel, target: Gate | ArrayLike | None = None) -> float:
    """``⟨ψ|U† E(|ψ⟩⟨ψ|) U|ψ⟩`` averaged over all pure states: ``(d F + 1) / (d + 1)`` of the entanglement fidelity F.

    Source: M. A. Nielsen, Phys. Lett. A 303, 249 (2002).

    Args:
        channel: on k qubits, ``d = 2**k``.
        target: the gate U that it should be, or its matrix; the identity by default.

    Raises:
        CircuitError: if the target is none, or on another number of qubits.
    """
    fidelity, side = entanglement_fidelity(channel, target), 1 << channel.num_qubits
    return (side * fidelity + 1.0) / (side + 1.0)


def twirled(channel: KrausChannel) -> KrausChannel:
    """The Pauli channel that is left when a random Pauli string is applied before a channel and again after it.

    The probability of a string P is ``Σ |tr(P K)|² / d²``. What is coherent in the channel is lost: predictions change,
    often by factors.

    Source: C. Dankert, R. Cleve, J. Emerson and E. Livine, Phys. Rev. A 80, 012304 (2009).

    Raises:
        CircuitError: if it is no channel.
    """
    check_instance(channel, KrausChannel, "what is twirled is a KrausChannel", CircuitError)
    paulis, side = pauli_matrices(channel.num_qubits), 1 << channel.num_qubits
    traces = np.einsum("aij,mji->am", paulis, np.array(channel.operators))
    weights = (np.abs(traces) ** 2).sum(axis=1) / side**2
    weights /= weights.sum()
    labels = pauli_labels(channel.num_qubits)
    found = pauli_channel({label: float(w) for label, w in zip(labels, weights, strict=True) if w > NEGLIGIBLE})
    return KrausChannel(found.operators, name=f"twirled {channel.name}")


def _matrix_of(target: Gate | ArrayLike, num_qubits: int) -> Matrix:
    gate = target if isinstance(target, Gate) else UnitaryGate(target)
    if gate.num_qubits != num_qubits:
        raise CircuitError(f"the target must act on the channel's {num_qubits} qubits, got {gate.num_qubits}")
    return gate.matrix()
