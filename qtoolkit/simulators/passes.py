"""How many operations a tape comes to without a plan."""

from __future__ import annotations

import numpy as np

from qtoolkit.circuit import STANDARD_GATES
from qtoolkit.circuit.tape import Tape, gate_numbers

__all__ = ["num_passes"]

_QUBITS_IN = np.array([*(0 if r.name == "id" else r.num_qubits for r in STANDARD_GATES.values()), 0, 0, 0])
"""Of each standard gate; of what is none, whose codes are negative, not known here."""


def num_passes(tape: Tape) -> int:
    """How often all amplitudes change: for all one-qubit gates in a row together, and for each other gate."""
    rows = tape.rows()
    counts = _QUBITS_IN[gate_numbers(rows)]
    places, qubits = [], []
    for k in range(counts.max(initial=0)):
        found = np.flatnonzero(counts > k)
        places.append(found)
        qubits.append(rows[found, k + 1])
    if not places:
        return len(tape.others)
    place, qubit = np.concatenate(places), np.concatenate(qubits)
    order = np.argsort(qubit * len(rows) + place)
    is_single, qubit = (counts == 1)[place[order]], qubit[order]
    follows = is_single[1:] & is_single[:-1] & (qubit[1:] == qubit[:-1])
    joined = int(np.count_nonzero(follows))
    return int(np.count_nonzero(counts)) - joined + len(tape.others)
