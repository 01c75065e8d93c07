"""States whose measured values follow given probabilities."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit.circuit.circuit import Circuit
from qtoolkit.circuit.library._tables import read_table
from qtoolkit.circuit.library.rotations import uniformly_controlled_ry
from qtoolkit.errors import InputError

__all__ = ["load_amplitudes", "load_probabilities"]

_TOLERANCE = 1e-8
"""By which a sum of probabilities or squares may differ from 1."""


def load_probabilities(probabilities: ArrayLike) -> Circuit:
    """The circuit that turns ``|0…0⟩`` into ``Σ √p[i] |i⟩``, exactly: 2^n - 1 rotations and 2^n - 2 CX, no ancilla.

    Several registers are one table, that of the first running fastest.

    Source: Möttönen et al., Quantum Inf. Comput. 5, 467 (2005), arXiv:quant-ph/0407010, section 3: from the highest
    qubit down, each is turned by an angle for each value of those above it.

    Args:
        probabilities: shape ``(2**n,)``, n from 1 to 20, of sum 1.

    Raises:
        InputError: if one is negative, their sum is not 1 to 1e-8, or their number is no such power of 2.
    """
    table, num_qubits = read_table(probabilities, "probabilities")
    if table.min() < 0.0:
        raise InputError(f"probabilities must be at least 0, got {table.min()}")
    _check_sum("probabilities", float(table.sum()), "them by their sum")
    return _tree(np.sqrt(table), num_qubits)


def load_amplitudes(amplitudes: ArrayLike) -> Circuit:
    """The circuit that turns ``|0…0⟩`` into ``Σ a[i] |i⟩`` for real amplitudes, negative ones included.

    Args:
        amplitudes: real, shape ``(2**n,)``, n from 1 to 20, of norm 1.

    Raises:
        InputError: if they are not real, their squares do not sum to 1 to 1e-8, or their number is no such power of 2.
    """
    table, num_qubits = read_table(amplitudes, "amplitudes")
    with np.errstate(over="ignore"):
        _check_sum("squares of amplitudes", float(np.sum(table**2)), "amplitudes by their norm")
    return _tree(table, num_qubits)


def _check_sum(what: str, total: float, remedy: str) -> None:
    if not abs(total - 1.0) <= _TOLERANCE:
        raise InputError(f"{what} must sum to 1 to {_TOLERANCE:g}, got {total}; divide {remedy}")


def _tree(amplitudes: NDArray[np.float64], num_qubits: int) -> Circuit:
    circuit = Circuit(num_qubits, name=f"load({num_qubits})")
    # The norms of the halves that each qubit chooses between; those of the lowest qubit keep the amplitudes' signs.
    levels = [amplitudes]
    for _ in range(num_qubits):
        levels.append(np.hypot(levels[-1][0::2], levels[-1][1::2]))
    for qubit in range(num_qubits - 1, -1, -1):
        zeros, ones = levels[qubit][0::2], levels[qubit][1::2]
        angles = 2.0 * np.arctan2(ones, zeros)
        controls = range(qubit + 1, num_qubits)
        if np.ptp(angles) < math.ulp(4.0):  # the halves are alike whatever the qubits above hold
            circuit.ry(float(angles[0]), qubit)
        else:
            circuit.extend(uniformly_controlled_ry(angles), (*controls, qubit))
    return circuit
