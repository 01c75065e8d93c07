"""The state of Qiskit's `Initialize` instruction."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.quantum_info import Statevector

__all__ = ["read_state", "write_state"]


def read_state(instruction: Any) -> NDArray[np.complex128]:
    """Amplitudes, shape ``(2**k,)``, of an `Initialize` given by amplitudes, by a label or by a basis state's index."""
    params = instruction.params
    if all(isinstance(letter, str) for letter in params):
        return np.asarray(Statevector.from_label("".join(params)).data, dtype=np.complex128)
    amplitudes = np.array(params, dtype=np.complex128)
    if amplitudes.size == 1:
        index = round(amplitudes[0].real)
        amplitudes = np.zeros(1 << instruction.num_qubits, dtype=np.complex128)
        amplitudes[index] = 1.0
    return amplitudes / np.linalg.norm(amplitudes)


def write_state(amplitudes: NDArray[np.complex128]) -> list[complex]:
    """Amplitudes with norm 1 to rounding, which Qiskit demands more strictly than this toolkit."""
    norm = np.linalg.norm(amplitudes)
    return list(amplitudes if abs(norm - 1.0) < 1e-12 else amplitudes / norm)
