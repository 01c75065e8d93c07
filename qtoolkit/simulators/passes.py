"""How many operations a tape comes to without a plan."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import STANDARD_GATES, GateRecord
from qtoolkit.circuit.tape import Tape
from qtoolkit_kernels._jit import runner
from qtoolkit_kernels.planner.survey import weigh

__all__ = ["num_passes"]


def num_passes(tape: Tape, num_qubits: int) -> float:
    """How often all amplitudes change: for all one-qubit gates in a row together, and for each other gate.

    Gates that leave some of the amplitudes as they are, as those with controls do, count for the part that they change.

    Args:
        tape: the operations.
        num_qubits: of the circuit.
    """
    rows = tape.rows()
    found: float = runner(len(rows))(weigh, rows, *_kinds_of_gates(), np.zeros(num_qubits, np.int64))
    return found + len(tape.others)


@cache
def _kinds_of_gates() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Of the standard gates, the numbers of qubits and which part of the amplitudes they change."""
    records = STANDARD_GATES.values()
    return np.array([record.num_qubits for record in records]), np.array([share_of(record) for record in records])


def share_of(record: GateRecord) -> float:
    """Which part of the amplitudes a gate changes; 1 on one qubit, but 0 of the identity and of a phase of all."""
    if record.num_qubits < 2:
        return 0.0 if record.num_qubits == 0 or record.name == "id" else 1.0
    matrix = record.matrix(*(0.3 + 0.2 * k for k in range(record.num_params)))
    changed: float = np.any(np.abs(matrix - np.eye(len(matrix))) > 1e-12, axis=1).mean()
    return changed
