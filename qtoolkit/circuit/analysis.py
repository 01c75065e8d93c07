"""What can be read off a list of operations: its depth, its final measurements, its unitary."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qtoolkit.circuit.annotations import ANNOTATIONS
from qtoolkit.circuit.channel import KrausChannel
from qtoolkit.circuit.decode import Decode
from qtoolkit.circuit.gate import Gate
from qtoolkit.circuit.gates import Matrix
from qtoolkit.circuit.operation import Barrier, Measure, Operation
from qtoolkit.circuit.readout import ReadoutError
from qtoolkit.errors import CircuitError

__all__ = ["check_matrix_size", "depth_of", "split_final", "split_tail", "unitary_of"]

MAX_MATRIX_QUBITS = 12


def depth_of(operations: Sequence[Operation]) -> int:
    """Longest chain of operations that share qubits or classical bits.

    Barriers only order, and count nothing; annotations do neither.
    """
    levels: dict[tuple[str, int], int] = {}
    deepest = 0
    for operation in operations:
        if type(operation.gate) in ANNOTATIONS:
            continue
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

    A measurement is final when nothing but measurements, barriers and annotations follows on its qubit and its bit.
    Annotations on bits of final measurements go with these.
    """
    kept, final, _ = _split(operations, ())
    return kept, final


def split_tail(
    operations: Sequence[Operation],
) -> tuple[list[Operation], tuple[tuple[int, int], ...], tuple[Operation, ...]]:
    """As `split_final`, but readout errors and decoders may follow on the bits; they come last, in time order.

    What is left of the operations, the measurements, and then these give what all of them give in their order.
    """
    return _split(operations, (ReadoutError, Decode))


def _split(
    operations: Sequence[Operation], passing: tuple[type, ...]
) -> tuple[list[Operation], tuple[tuple[int, int], ...], tuple[Operation, ...]]:
    busy_qubits: set[int] = set()
    busy_clbits: set[int] = set()
    measured: dict[int, int] = {}
    kept: list[Operation] = []
    notes: dict[int, int] = {}
    final: list[tuple[int, int]] = []
    tail: list[Operation] = []
    for place, operation in enumerate(reversed(operations)):
        gate, clbits = operation.gate, operation.clbits
        kind = type(gate)
        if kind in ANNOTATIONS:
            notes[len(kept)] = place
            kept.append(operation)
            continue
        followed = bool(busy_qubits & set(operation.qubits) or busy_clbits & set(clbits))
        if kind is Measure and not followed:
            final.append((operation.qubits[0], clbits[0]))
            measured[clbits[0]] = place
        elif kind in passing and not followed and measured.keys().isdisjoint(clbits):
            tail.append(operation)
        elif kind is not Barrier:
            busy_qubits.update(operation.qubits)
            busy_clbits.update(clbits)
            kept.append(operation)
        elif followed:
            kept.append(operation)
    gone = {k for k, place in notes.items() if any(measured.get(clbit, -1) > place for clbit in kept[k].clbits)}
    left = [operation for k, operation in enumerate(kept) if k not in gone] if gone else kept
    return left[::-1], tuple(final[::-1]), tuple(tail[::-1])


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
        CircuitError: if an operation is no gate, nor a channel of one operator.
    """
    tensor = np.eye(1 << num_qubits, dtype=np.complex128).reshape((2,) * num_qubits + (1 << num_qubits,))
    for operation in operations:
        if type(operation.gate) in (Barrier, *ANNOTATIONS):
            continue
        if isinstance(operation.gate, KrausChannel) and operation.gate.is_unitary:
            matrix = operation.gate.operators[0]
        elif isinstance(operation.gate, Gate):
            matrix = operation.gate.matrix()
        else:
            raise CircuitError(f"only gates have a matrix, got {operation.gate.name}; leave it out")
        k = len(operation.qubits)
        axes = [num_qubits - 1 - q for q in reversed(operation.qubits)]
        gate = matrix.reshape((2,) * (2 * k))
        tensor = np.moveaxis(np.tensordot(gate, tensor, axes=(list(range(k, 2 * k)), axes)), list(range(k)), axes)
    return np.ascontiguousarray(tensor.reshape(1 << num_qubits, 1 << num_qubits))
