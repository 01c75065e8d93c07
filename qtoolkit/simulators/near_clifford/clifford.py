"""Which gates are Clifford gates, and what they make of Pauli operators."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import Gate, StandardGate
from qtoolkit.simulators.near_clifford.pauli import Pauli, pauli_of_matrix

__all__ = ["CliffordTable", "clifford_of_gate", "clifford_of_matrix"]

MOST_QUBITS = 3


@dataclass(frozen=True)
class CliffordTable:
    """A Clifford gate G by its images of X and Z, first those of the first qubit, on its own qubits.

    Attributes:
        back: ``G† P G`` for P = X_0, Z_0, X_1, Z_1, ...
        forth: ``G P G†``.
        pauli: the gate itself if it is a Pauli operator.
    """

    back: tuple[Pauli, ...]
    forth: tuple[Pauli, ...]
    pauli: Pauli | None


def clifford_of_matrix(matrix: NDArray[np.complex128]) -> CliffordTable | None:
    """The table of a unitary, shape ``(2**k, 2**k)``; None if it is no Clifford gate.

    Entries are compared to 1e-10. The global phase does not matter.
    """
    back, forth = [], []
    for generator in _generators(len(matrix).bit_length() - 1):
        pulled = pauli_of_matrix(matrix.conj().T @ generator @ matrix)
        pushed = pauli_of_matrix(matrix @ generator @ matrix.conj().T)
        if pulled is None or pushed is None:
            return None
        back.append(pulled)
        forth.append(pushed)
    largest = matrix.flat[int(np.abs(matrix).argmax())]
    return CliffordTable(tuple(back), tuple(forth), pauli_of_matrix(matrix / largest) if abs(largest) > 0.99 else None)


def clifford_of_gate(gate: Gate) -> CliffordTable | None:
    """The table of a gate on up to three qubits; None if it is no Clifford gate, or larger."""
    if not 0 < gate.num_qubits <= MOST_QUBITS:
        return None
    if isinstance(gate, StandardGate) and not gate.expressions:
        return _of_standard(gate)
    return clifford_of_matrix(gate.matrix())


@lru_cache(maxsize=4096)
def _of_standard(gate: StandardGate) -> CliffordTable | None:
    return clifford_of_matrix(gate.matrix())


@lru_cache(maxsize=MOST_QUBITS)
def _generators(num_qubits: int) -> tuple[NDArray[np.complex128], ...]:
    letters = np.array([[0, 1], [1, 0]], np.complex128), np.diag([1.0 + 0j, -1.0])
    found = []
    for q in range(num_qubits):
        for letter in letters:
            below = np.kron(letter, np.eye(1 << q))
            found.append(np.kron(np.eye(1 << num_qubits - q - 1), below).astype(np.complex128))
    return tuple(found)
