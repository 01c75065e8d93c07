"""How large a circuit is on a machine: its depth, and its gates on two qubits."""

from __future__ import annotations

from qtoolkit.circuit import Circuit

__all__ = ["two_qubit_gates"]

_TOFFOLI = 5
"""Gates on two qubits: lemma 6.1."""


def two_qubit_gates(circuit: Circuit) -> int:
    """How many gates on two qubits a machine runs that has no larger ones.

    A rotation about Y under two controls takes four (Bärtschi and Eidenbenz, FCT 2019). Any other gate on more qubits
    is counted as a gate under controls without ancillas: Barenco et al., Phys. Rev. A 52, 3457 (1995), lemmas 7.2, 7.3
    and 7.5.
    """
    total = 0
    for operation in circuit:
        controls = len(operation.qubits) - 1
        if controls == 2 and operation.gate.name == "ccry":
            total += 4
        elif controls > 0:
            total += _controlled(controls)
    return total


def _controlled(controls: int) -> int:
    """A gate on one qubit under controls: a root of it and its inverse, two flips, and the root under one fewer."""
    return 1 + sum(2 + 2 * _flip(fewer) for fewer in range(1, controls))


def _flip(controls: int) -> int:
    """An X under controls beside one more qubit, which is borrowed."""
    if controls < 3:
        return (1, _TOFFOLI)[controls - 1]
    first = (controls + 1) // 2
    return 2 * _flip_with_room(first) + 2 * _flip_with_room(controls - first + 1) if controls > 3 else 4 * _TOFFOLI


def _flip_with_room(controls: int) -> int:
    """The same beside as many borrowed qubits as there are controls, less two."""
    return _TOFFOLI * (4 * (controls - 2) if controls > 2 else 1)
