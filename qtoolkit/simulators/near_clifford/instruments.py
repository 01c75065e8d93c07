"""Kraus operators written in Pauli operators."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from qtoolkit.simulators.near_clifford.items import Instrument

__all__ = ["instrument_of"]

MOST_QUBITS = 4


def instrument_of(operators: Sequence[NDArray[np.complex128]]) -> Instrument:
    """Kraus operators, each of shape ``(2**k, 2**k)``, in Pauli operators; see `Instrument`."""
    strings = _strings(len(operators[0]).bit_length() - 1)
    side = len(operators[0])
    coefficients = np.array([[np.vdot(string, operator) / side for string in strings] for operator in operators])
    weights = np.array(
        [[np.vdot(string, operator.conj().T @ operator).real / side for string in strings] for operator in operators]
    )
    coefficients[np.abs(coefficients) < 1e-15] = 0.0
    weights[np.abs(weights) < 1e-15] = 0.0
    return Instrument(coefficients, weights, confusion=_confusion(operators))


def _confusion(operators: Sequence[NDArray[np.complex128]]) -> NDArray[np.float64] | None:
    """Where basis states of one qubit go, if none becomes a superposition."""
    stacked = np.abs(np.stack(operators)) ** 2
    if stacked.shape[1] != 2 or ((stacked > 0.0).sum(axis=1) > 1).any():
        return None
    moved = stacked.sum(axis=0).T
    confusion: NDArray[np.float64] = moved / moved.sum(axis=1, keepdims=True)
    return confusion


@lru_cache(maxsize=MOST_QUBITS)
def _strings(num_qubits: int) -> tuple[NDArray[np.complex128], ...]:
    """Matrices of all products of letters, in the order of `Instrument`."""
    letters = {
        0: np.eye(2, dtype=np.complex128),
        1: np.array([[0, 1], [1, 0]], np.complex128),
        2: np.diag([1.0 + 0j, -1.0]),
        3: np.array([[0, -1j], [1j, 0]]),
    }
    found = []
    for number in range(4**num_qubits):
        string = np.eye(1, dtype=np.complex128)
        for q in range(num_qubits):
            string = np.kron(letters[number >> 2 * q & 3], string)
        found.append(string)
    return tuple(found)
