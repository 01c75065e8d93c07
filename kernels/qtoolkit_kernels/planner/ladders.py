"""CX, RZ and CX again as one RZZ, on the rows of a tape: what transpilers make of it, at an angle not known yet.

Gates at known angles become phases later, as products of matrices (`pairs`).
"""

import numpy as np

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Floats, Integers
from qtoolkit_kernels.vector.small.tape import SYMBOLIC

__all__ = ["DIAGONAL_GATE", "OTHER_GATE", "find_rotations"]

DROPPED = -1000.0

OTHER_GATE, DIAGONAL_GATE, CX_GATE, RZ_GATE = range(4)
"""What is asked of a standard gate: whether it is diagonal, and which it is."""


@njit
def find_rotations(rows: Floats, kinds: Integers, num_qubits: Integers, rzz: int, last: Integers) -> int:
    """Write one RZZ for each CX, RZ at an angle with symbols, and CX on the same qubits.

    On the control, gates that are diagonal and other CX that it controls may stand in between.

    Args:
        rows: float64[:, 5]; those that are left move to the beginning. Those of no standard gate touch all qubits.
        kinds, num_qubits: int64[:], of the standard gates.
        rzz: the number of that gate.
        last: int64[qubits, 2], overwritten.

    Returns:
        How many rows are left.
    """
    size = rows.shape[0]
    # Of each qubit: the row that touched it last, and the last one that was not diagonal there.
    last[:] = -1
    before = np.full(size, -1, np.int64)  # of rows with a target: the row that touched that before
    for i in range(size):
        code = int(rows[i, 0])
        if code < 0:
            last[:] = i
            continue
        kind = kinds[code & (SYMBOLIC - 1)]
        if kind == CX_GATE:
            control, target = int(rows[i, 1]), int(rows[i, 2])
            middle = last[target, 0]
            first = before[middle] if middle >= 0 else -1
            if first >= 0 and _is_between(rows, kinds, first, middle, control, target, last):
                rows[middle, 0] = rzz + SYMBOLIC
                rows[middle, 1], rows[middle, 2] = control, target
                rows[first, 0] = rows[i, 0] = DROPPED
                last[target, 0], last[target, 1] = middle, before[first]
                before[middle] = -1
                if last[control, 0] < middle:
                    last[control, 0] = middle
                continue
            before[i] = middle
            last[target, 0] = last[target, 1] = i
            last[control, 0] = i
            continue
        touched = num_qubits[code & (SYMBOLIC - 1)]
        if kind == RZ_GATE:
            before[i] = last[int(rows[i, 1]), 0]
        for k in range(touched):
            qubit = int(rows[i, 1 + k])
            last[qubit, 0] = i
            if kind == OTHER_GATE:
                last[qubit, 1] = i
    place = 0
    for i in range(size):
        if rows[i, 0] != DROPPED:
            for k in range(rows.shape[1]):
                rows[place, k] = rows[i, k]
            place += 1
    return place


@njit
def _is_between(
    rows: Floats, kinds: Integers, first: int, middle: int, control: int, target: int, last: Integers
) -> bool:
    """Whether a row is a rotation with symbols on the target between that CX and the one that comes next."""
    code = int(rows[middle, 0])
    if code < SYMBOLIC or kinds[code - SYMBOLIC] != RZ_GATE or int(rows[middle, 1]) != target:
        return False
    if rows[first, 0] < 0.0 or kinds[int(rows[first, 0]) & (SYMBOLIC - 1)] != CX_GATE:
        return False
    return int(rows[first, 1]) == control and int(rows[first, 2]) == target and last[control, 1] < first
