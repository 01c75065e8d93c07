"""Channels of Qiskit and Aer, as instructions of circuits, to this toolkit's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.quantum_info import SuperOp

from qtoolkit.circuit import KrausChannel
from qtoolkit.circuit.channel_forms import pauli_labels, pauli_matrices, superoperator_of_operators
from qtoolkit.circuit.gates import Matrix
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
    return from_superoperator(_superoperator(error), name=name)


def _superoperator(error: Any) -> Matrix:
    """Of a mixture of short circuits on up to two qubits in a twentieth of the time that Qiskit takes."""
    circuits = getattr(error, "circuits", None)
    if circuits is None or error.num_qubits > 2:
        return _by_qiskit(error)
    side, found = 1 << error.num_qubits, []
    for circuit, p in zip(circuits, error.probabilities, strict=True):
        index = {qubit: place for place, qubit in enumerate(circuit.qubits)}
        operators: list[Matrix] = [np.sqrt(p) * np.eye(side, dtype=np.complex128)]
        for item in circuit.data:
            factors = _operators_of(item.operation)
            if factors is None:
                return _by_qiskit(error)
            places = [index[qubit] for qubit in item.qubits]
            wide = [_widened(factor, places, error.num_qubits) for factor in factors]
            operators = [factor @ operator for operator in operators for factor in wide]
        found.extend(operators)
    return superoperator_of_operators(np.array(found))


def _by_qiskit(error: Any) -> Matrix:
    matrix: Matrix = SuperOp(error).data
    return matrix


def _operators_of(operation: Any) -> Sequence[NDArray[np.complex128]] | None:
    """Kraus operators of what errors of Aer are made of; None of other things."""
    if operation.name == "kraus":
        return [np.asarray(operator, np.complex128) for operator in operation.params]
    if operation.name == "reset":
        return [np.array([[1, 0], [0, 0]], np.complex128), np.array([[0, 1], [0, 0]], np.complex128)]
    if operation.name == "pauli":
        label = operation.params[0]
        return [pauli_matrices(len(label))[pauli_labels(len(label)).index(label)]]
    return [np.asarray(operation.to_matrix(), np.complex128)] if hasattr(operation, "to_matrix") else None


def _widened(matrix: NDArray[np.complex128], places: Sequence[int], num_qubits: int) -> Matrix:
    """A matrix on some of one or two qubits, as one on all of them."""
    if len(places) < num_qubits:
        wide = np.zeros((4, 4), np.complex128)
        if places[0] == 0:
            wide[:2, :2] = wide[2:, 2:] = matrix
        else:
            wide[::2, ::2] = wide[1::2, 1::2] = matrix
        return wide
    return matrix if places[0] == 0 else matrix.reshape((2,) * 4).transpose(1, 0, 3, 2).reshape(4, 4)
