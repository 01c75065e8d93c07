"""The quantum Fourier transform."""

from __future__ import annotations

import math

from qtoolkit._arguments import check_flag, check_integer
from qtoolkit.circuit.circuit import Circuit

__all__ = ["fourier_transform"]

_MOST_QUBITS = 1024
"""Phases of a turn over 2^1024 are no numbers any more."""


def fourier_transform(num_qubits: int, *, swaps: bool = True) -> Circuit:
    """The Fourier transform ``|x⟩ → 2^{-n/2} Σ_y e^{2πi xy/2^n} |y⟩``; its inverse undoes it.

    Source: Coppersmith, IBM Research Report RC 19642 (1994), arXiv:quant-ph/0201067; without approximation.

    Args:
        num_qubits: n.
        swaps: whether qubit 0 holds the lowest bit of y, as it does of x. Without, the bits of y come reversed, and
            the gates that would put them right are spared.

    Raises:
        InputError: if there is no qubit, or more than 1024.
    """
    size = check_integer(num_qubits, "num_qubits", 1, _MOST_QUBITS)
    circuit = Circuit(size, name=f"Fourier({size})")
    for qubit in range(size - 1, -1, -1):
        circuit.h(qubit)
        for lower in range(qubit - 1, -1, -1):
            circuit.cp(math.pi / (1 << qubit - lower), lower, qubit)
    if check_flag(swaps, "swaps"):
        for low in range(size // 2):
            circuit.swap(low, size - 1 - low)
    return circuit
