"""What stands on a circuit's tape, and what it takes to run it gate by gate, in one look at its rows.

Cost: 2 ns a row.
"""

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Floats, Integers
from qtoolkit_kernels.vector.small.tape import MEASURE, OTHER, SYMBOLIC
from qtoolkit_kernels.vector.small.write import DIAGONAL, MATRIX, QUBIT_BITS, ROTATION

__all__ = ["survey", "weigh"]

KIND, NUM_TARGETS, TARGETS, CONTROLS = 0, 2, 3, 4
X_MASK, Z_MASK = 2, 3
"""Columns of details: of arrays, and of rotations by a Pauli string."""


@njit
def survey(rows: Floats, num_touched: Integers, details: Floats, used: Integers) -> tuple[int, int, int, int]:
    """Find the qubits that gates stand on, and count what is no gate that numbers tell all of.

    Args:
        rows: float64[:, 5], the tape.
        num_touched: int64[:], of each standard gate how many qubits it may change, its first ones.
        details: float64[:, 6], what numbers tell of other operations.
        used: int64[qubits], zeros; 1 where a gate stands.

    Returns:
        How many qubits are used, how many rows hold measurements, how many something else that is no such gate, and
        the first measurement's row; the number of rows if there is none.
    """
    measurements = specials = 0
    first: int = rows.shape[0]
    for i in range(rows.shape[0]):
        code = int(rows[i, 0])
        if code >= 0:
            for k in range(num_touched[code & (SYMBOLIC - 1)]):
                used[int(rows[i, 1 + k])] = 1
        elif code == MEASURE:
            measurements += 1
            first = min(first, i)
        elif not (code == OTHER and _add_detail(details[int(rows[i, 2])], used)):
            specials += 1
    num_used = 0
    for qubit in range(used.size):
        num_used += used[qubit]
    return num_used, measurements, specials, first


@njit
def _add_detail(detail: Floats, used: Integers) -> bool:
    """Mark the qubits of an operation, if it is a gate that numbers tell all of."""
    kind = int(detail[KIND])
    if kind in (MATRIX, DIAGONAL):
        mask, packed = int(detail[CONTROLS]), int(detail[TARGETS])
        for _ in range(int(detail[NUM_TARGETS])):
            mask |= 1 << (packed & ((1 << QUBIT_BITS) - 1))
            packed >>= QUBIT_BITS
    elif kind == ROTATION:
        mask = int(detail[X_MASK]) | int(detail[Z_MASK])
    else:
        return False
    qubit = 0
    while mask:
        used[qubit] |= mask & 1
        mask >>= 1
        qubit += 1
    return True


@njit
def weigh(rows: Floats, num_qubits: Integers, shares: Floats, is_open: Integers) -> float:
    """How often all amplitudes change if gates run one by one, those on one qubit in a row as one.

    Args:
        rows: float64[:, 5], the tape; rows that hold no standard gate count for nothing.
        num_qubits: int64[:], of each standard gate.
        shares: float64[:], of each which part of the amplitudes it changes.
        is_open: int64[qubits], zeros; overwritten.
    """
    total = 0.0
    for i in range(rows.shape[0]):
        code = int(rows[i, 0])
        if code < 0:
            continue
        number = code & (SYMBOLIC - 1)
        if num_qubits[number] != 1:
            total += shares[number]
            for k in range(num_qubits[number]):
                is_open[int(rows[i, 1 + k])] = 0
        elif shares[number] > 0.0:
            qubit = int(rows[i, 1])
            total += 0.0 if is_open[qubit] else shares[number]
            is_open[qubit] = 1
    return total
