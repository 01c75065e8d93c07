"""What operations that are no rows of a tape are, in numbers that compiled code reads.

| kind | numbers behind it |
|---|---|
| `OPAQUE` | none: only the operation itself tells |
| `NOTHING` | none: a barrier or an annotation |
| `MATRIX`, `DIAGONAL` | first entry, number of targets, these in `QUBIT_BITS` bits each, masks of controls and values |
| `ROTATION` | its angle, masks of the letters X and Y and of the letters Z and Y |
"""

from __future__ import annotations

from array import array
from functools import lru_cache
from struct import Struct

from qtoolkit.circuit.annotations import ANNOTATIONS
from qtoolkit.circuit.gate import ControlledGate, Gate, StandardGate, UnitaryGate
from qtoolkit.circuit.gates import Matrix
from qtoolkit.circuit.operation import Barrier, Operation
from qtoolkit.circuit.structured_gates import DiagonalGate, PauliRotationGate, PermutationGate

__all__ = [
    "DETAIL_WIDTH",
    "DIAGONAL",
    "MATRIX",
    "NOTHING",
    "OPAQUE",
    "OPAQUE_DETAIL",
    "QUBIT_BITS",
    "ROTATION",
    "detail_of",
    "masks_of",
]

OPAQUE, NOTHING, MATRIX, DIAGONAL, ROTATION = range(5)

DETAIL_WIDTH = 6
"""Numbers of an operation, float64; integers among them are below 2^53."""

QUBIT_BITS = 5
"""A qubit whose number takes more makes an operation opaque."""

MOST_MATRIX_QUBITS, MOST_DIAGONAL_QUBITS = 4, 10
"""Larger arrays are not held twice."""

MOST_MATRICES = 1 << 8
"""Of controlled standard gates, that are kept."""

_pack = Struct(f"{DETAIL_WIDTH}d").pack
OPAQUE_DETAIL = _pack(OPAQUE, 0.0, 0.0, 0.0, 0.0, 0.0)
_NOTHING = _pack(NOTHING, 0.0, 0.0, 0.0, 0.0, 0.0)
_OF_ARRAYS = frozenset({UnitaryGate, ControlledGate, DiagonalGate, PermutationGate})


def detail_of(operation: Operation, entries: array[float]) -> bytes:
    """The numbers of an operation.

    Args:
        operation: no standard gate, measurement or reset.
        entries: receives the entries of its matrix, row by row, or of its diagonal: real and imaginary parts.
    """
    gate, qubits = operation.gate, operation.qubits
    kind = type(gate)  # asking for an instance of an abstract class takes half a microsecond
    if kind is Barrier or kind in ANNOTATIONS:
        return _NOTHING
    if kind in _OF_ARRAYS and max(qubits, default=0) >> QUBIT_BITS == 0 and not gate.expressions:
        assert isinstance(gate, Gate)
        return _array_detail(gate, qubits, entries)
    if kind is PauliRotationGate and isinstance(gate, PauliRotationGate) and max(qubits) >> QUBIT_BITS == 0:
        (angle,) = gate.params
        if isinstance(angle, float):
            return _pack(ROTATION, angle, *masks_of(gate, qubits), 0.0, 0.0)
    return OPAQUE_DETAIL


def masks_of(gate: PauliRotationGate, qubits: tuple[int, ...]) -> tuple[int, int]:
    """Masks over a circuit's qubits of the letters X and Y, and of the letters Z and Y."""
    x_mask = z_mask = 0
    for qubit, letter in zip(qubits, reversed(gate.label), strict=True):
        x_mask |= (letter in "XY") << qubit
        z_mask |= (letter in "ZY") << qubit
    return x_mask, z_mask


def _array_detail(gate: Gate, qubits: tuple[int, ...], entries: array[float]) -> bytes:
    base, num_controls, ctrl_state = gate.control_structure()
    kind, targets = type(base), qubits[num_controls:]
    if kind is DiagonalGate and isinstance(base, DiagonalGate) and len(targets) <= MOST_DIAGONAL_QUBITS:
        form, values = DIAGONAL, base.entries
    elif len(targets) > MOST_MATRIX_QUBITS or (kind is not StandardGate and kind not in _OF_ARRAYS):
        return OPAQUE_DETAIL
    else:
        form = MATRIX if targets else DIAGONAL  # a phase
        values = _standard_matrix(base) if isinstance(base, StandardGate) else base.matrix()
    first = len(entries) // 2
    entries.frombytes(values.tobytes())
    controls = states = packed = 0
    for k in range(num_controls):
        controls |= 1 << qubits[k]
        states |= (ctrl_state >> k & 1) << qubits[k]
    for k, qubit in enumerate(targets):
        packed |= qubit << QUBIT_BITS * k
    return _pack(form, first, len(targets), packed, controls, states)


@lru_cache(maxsize=MOST_MATRICES)
def _standard_matrix(gate: StandardGate) -> Matrix:
    return gate.matrix()
