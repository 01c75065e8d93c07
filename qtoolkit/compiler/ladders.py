"""What transpilers made of rotations about ZZ, on the rows of a tape."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import STANDARD_GATES
from qtoolkit.circuit.tape import GATE_NUMBERS, SYMBOLIC
from qtoolkit_kernels._jit import compile_ordered, runner
from qtoolkit_kernels.planner import ladders as kernel

__all__ = ["kinds_of_gates", "with_rotations"]

MOST_QUBITS = 64

_CX, _RZ, _RZZ = (GATE_NUMBERS[name] for name in ("cx", "rz", "rzz"))


def with_rotations(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows with one RZZ for each CX, RZ at an angle with symbols, and CX again.

    Args:
        rows: float64[:, 5], of a tape on up to 64 qubits; overwritten.
    """
    codes = rows[:, 0]
    if not (codes == _RZ + SYMBOLIC).any() or np.count_nonzero(codes == _CX) < 2:
        return rows
    last = np.empty((MOST_QUBITS, 2), np.int64)
    count = runner(len(rows))(kernel.find_rotations, rows, *kinds_of_gates(), last)
    compile_ordered()
    return rows[:count]


@cache
def kinds_of_gates() -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """What the kernel must know of the standard gates: kinds, numbers of qubits, and which is RZZ."""
    records = STANDARD_GATES.values()
    kinds = np.array([kernel.DIAGONAL_GATE if r.is_diagonal else kernel.OTHER_GATE for r in records])
    kinds[_CX], kinds[_RZ] = kernel.CX_GATE, kernel.RZ_GATE
    return kinds, np.array([record.num_qubits for record in records]), _RZZ
