"""Dicke states: the equal superposition of all bitstrings of one Hamming weight, by a circuit without ancillas."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from qtoolkit import _needs
from qtoolkit._arguments import MOST_ITEMS, check_integer, shown
from qtoolkit._memory import check_memory
from qtoolkit.circuit import Circuit
from qtoolkit.circuit.dicke import dicke_operations
from qtoolkit.errors import InputError

__all__ = ["dicke_circuit", "dicke_state"]

MAX_STATE_QUBITS = 62
"""Bit patterns are 64-bit integers."""


def dicke_circuit(num_qubits: int, weight: int) -> Circuit:
    """The circuit that turns ``|0…0⟩`` into the Dicke state of `num_qubits` qubits with `weight` ones.

    It takes O(num_qubits · weight) gates in depth O(num_qubits). Rotations controlled by two qubits appear as
    such; each takes four CX where the target machine has no such gate.

    Source: Bärtschi and Eidenbenz, FCT 2019, LNCS 11651, 126 (arXiv:1904.07358), lemma 2 and theorem 1: with
    ones on the last k qubits, a split-and-cyclic-shift for each prefix of the qubits, the longest first.

    Raises:
        InputError: if there is no qubit, or the weight lies outside [0, num_qubits].
    """
    num_qubits, weight = _checked(num_qubits, weight)
    circuit = Circuit(num_qubits, name=f"dicke({num_qubits}, {weight})")
    for operation in dicke_operations(num_qubits, weight):
        circuit.append(operation.gate, operation.qubits)
    return circuit


def dicke_state(num_qubits: int, weight: int) -> NDArray[np.complex128]:
    """The Dicke state itself, complex128 of shape ``(2**num_qubits,)``.

    Raises:
        InputError: if there is no qubit, or the weight lies outside [0, num_qubits].
        InsufficientMemoryError: if it does not fit into free memory.
    """
    num_qubits, weight = _checked(num_qubits, weight)
    if num_qubits > MAX_STATE_QUBITS:
        raise InputError(f"a Dicke state is written out for at most {MAX_STATE_QUBITS} qubits, got {num_qubits}")
    check_memory(
        _needs.dicke_state(num_qubits), f"a Dicke state of {num_qubits} qubits", "use dicke_circuit and SectorSimulator"
    )
    members = np.bitwise_count(np.arange(1 << num_qubits, dtype=np.uint64)) == weight
    return np.where(members, 1.0 / math.sqrt(math.comb(num_qubits, weight)), 0.0).astype(np.complex128)


def _checked(num_qubits: int, weight: int) -> tuple[int, int]:
    qubits = check_integer(num_qubits, "num_qubits", most=MOST_ITEMS)
    ones = check_integer(weight, "weight")
    if qubits < 1:
        raise InputError(f"a Dicke state needs at least one qubit, got num_qubits={shown(qubits)}")
    if not 0 <= ones <= qubits:
        raise InputError(f"the weight of a Dicke state on {qubits} qubits is 0 to {qubits}, got {shown(ones)}")
    return qubits, ones
