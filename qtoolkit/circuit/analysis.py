"""What can be read off a list of operations: its depth, its final measurements, its unitary."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qtoolkit.circuit.gate import Gate
from qtoolkit.circuit.gates import Matrix
from qtoolkit.circuit.operation import Barrier, Measure, Operation
from qtoolkit.errors import CircuitError

__all__ = ["check_matrix_size", "depth_of", "split_final", "unitary_of"]

MAX_MATRIX_QUBITS = 12


def depth_of(operations: Sequence[Operation]) -> int:
    """Longest chain of operations that share qubits or classical bits; barriers only order, and count nothing."""
    levels: dict[tuple[str, int], int] = {}
    deepest = 0
    for operation in operations:
        wires = [("q", q) for q in operation.qubits] + [("c", c) for c in operation.clbits]
        level = max((levels.get(wire, 0) for wire in wires), default=0)
        if wires and not isinstance(operation.gate, Barrier):
            level += 1
        for wire in wires:
            levels[wire] = level
        deepest = max(deepest, level)
    return deepest


def split_final(operations: Sequence[Operation]) -> tuple[list[Operation], tuple[tuple[int, int], ...]]:
    """The operations without the final measurements, and these measurements' qubits and classical bits in time order.

    A measurement is final when nothing but measurements and barriers follows on its qubit and its bit.
    """
    busy_qubits: set[int] = set()
    busy_clbits: set[int] = set()
    kept: list[Operation] = []
    final: list[tuple[int, int]] = []
    for operation in reversed(operations):
        followed = bool(busy_qubits & set(operation.qubits) or busy_clbits & set(operation.clbits))
        if isinstance(operation.gate, Measure) and not followed:
            final.append((operation.qubits[0], operation.clbits[0]))
        elif not isinstance(operation.gate, Barrier):
            busy_qubits.update(operation.qubits)
            busy_clbits.update(operation.clbits)
            kept.append(operation)
        elif followed:
            kept.append(operation)
    return kept[::-1], tuple(final[::-1])


def check_matrix_size(num_qubits: int) -> None:
    """Refuse circuits whose matrix would be too large.

    Raises:
        CircuitError: for more than 12 qubits.
    """
    if num_qubits > MAX_MATRIX_QUBITS:
        raise CircuitError(f"to_matrix takes at most {MAX_MATRIX_QUBITS} qubits, got {num_qubits}; simulate a state")


def unitary_of(operations: Sequence[Operation], num_qubits: int) -> Matrix:
    """The unitary, shape ``(2**num_qubits, 2**num_qubits)``, by plain NumPy.

    Raises:
        CircuitError: if an operation is no gate.
    """
    tensor = np.eye(1 << num_qubits, dtype=np.complex128).reshape((2,) * num_qubits + (1 << num_qubits,))
    for operation in operations:
        if isinstance(operation.gate, Barrier):
            continue
        if not isinstance(operation.gate, Gate):
            raise CircuitError(f"only gates have a matrix, got {operation.gate.name}; leave it out")
        k = len(operation.qubits)
        axes = [num_qubits - 1 - q for q in reversed(operation.qubits)]
        gate = operation.gate.matrix().reshape((2,) * (2 * k))
        tensor = np.moveaxis(np.tensordot(gate, tensor, axes=(list(range(k, 2 * k)), axes)), list(range(k)), axes)
    return np.ascontiguousarray(tensor.reshape(1 << num_qubits, 1 << num_qubits))
