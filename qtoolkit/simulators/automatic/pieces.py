"""The pieces of a circuit: sets of qubits and classical bits that no operation joins, simulated apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import Barrier, Circuit, Operation
from qtoolkit.circuit.annotations import ANNOTATIONS
from qtoolkit.circuit.tape import MEASURE, OTHER, gate_numbers
from qtoolkit.simulators.automatic.features import NUM_QUBITS, measures

__all__ = ["joined", "measured_pieces", "pieces_of", "with_operations"]


def pieces_of(circuit: Circuit) -> list[Circuit]:
    """The circuit's pieces, each on all of its qubits and bits, without annotations and barriers.

    Their states have no correlations, and shots of one tell nothing of those of another, so that the bits of shots
    drawn apart and added have the circuit's distribution.
    """
    rows = circuit.operations.rows()
    numbers = gate_numbers(rows)
    labels, first = _labels(circuit, rows, numbers)
    places = np.flatnonzero(first >= 0)
    found: dict[int, list[int]] = {}
    for place, label in zip(places.tolist(), labels[first[places]].tolist(), strict=True):
        found.setdefault(label, []).append(place)
    if len(found) < 2:
        return [circuit]
    return [with_operations(circuit, [circuit.operations[place] for place in chosen]) for chosen in found.values()]


def joined(pieces: Sequence[Circuit]) -> Circuit:
    """One circuit of pieces, which may come in any order."""
    return with_operations(pieces[0], [operation for piece in pieces for operation in piece.operations])


def measured_pieces(circuit: Circuit) -> list[Circuit]:
    """The pieces that write classical bits; what only changes bits that are never measured goes with the first."""
    pieces = pieces_of(circuit)
    if len(pieces) == 1:
        return pieces
    measured, idle = [], []
    for piece in pieces:
        if measures(piece.operations):
            measured.append(piece)
        elif any(operation.clbits for operation in piece.operations.others):
            idle.append(piece)
    return [joined([measured[0], *idle]), *measured[1:]] if idle and measured else measured


def _labels(
    circuit: Circuit, rows: NDArray[np.float64], numbers: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The piece of each qubit and, behind these, classical bit; and one of these for each row, -1 where it has none."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    num_qubits = circuit.num_qubits
    size = num_qubits + circuit.num_clbits
    first = np.where(numbers == OTHER, -1, rows[:, 1].astype(np.int64))
    here = numbers == MEASURE
    ends = [(rows[here, 1].astype(np.int64), num_qubits + rows[here, 2].astype(np.int64))]
    for k in range(1, int(NUM_QUBITS.max())):
        here = (numbers >= 0) & (NUM_QUBITS[np.maximum(numbers, 0)] > k)
        ends.append((rows[here, 1].astype(np.int64), rows[here, 1 + k].astype(np.int64)))
    chained: list[tuple[int, int]] = []
    for place in np.flatnonzero(numbers == OTHER).tolist():
        nodes = _nodes(circuit.operations.others[int(rows[place, 1])], num_qubits)
        if nodes:
            first[place] = nodes[0]
            chained += [(nodes[0], node) for node in nodes[1:]]
    if chained:
        left, right = np.array(chained).T
        ends.append((left, right))
    left, right = (np.concatenate(column) for column in zip(*ends, strict=True))
    graph = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(size, size))
    labels: NDArray[np.int64] = connected_components(graph, directed=False)[1].astype(np.int64)
    return labels, first


def _nodes(operation: Operation, num_qubits: int) -> list[int]:
    if isinstance(operation.gate, Barrier) or type(operation.gate) in ANNOTATIONS:
        return []
    return [*operation.qubits, *(num_qubits + clbit for clbit in operation.clbits)]


def with_operations(circuit: Circuit, operations: Sequence[Operation]) -> Circuit:
    """A circuit on the same qubits and bits."""
    result = Circuit(circuit.num_qubits, circuit.num_clbits)
    for operation in operations:
        result.operations.append(operation)
    return result
