"""Rotations of a qubit by an angle of its own for each value of a register."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit.circuit.circuit import Circuit
from qtoolkit.circuit.library._tables import read_table
from qtoolkit.errors import InputError

__all__ = ["lookup_rotation", "uniformly_controlled_ry"]


def uniformly_controlled_ry(angles: ArrayLike) -> Circuit:
    """RY of qubit n by ``angles[i]`` where the qubits 0 to n - 1 hold i: 2^n rotations and as many CX, no ancilla.

    Source: Möttönen, Vartiainen, Bergholm and Salomaa, Quantum Inf. Comput. 5, 467 (2005), arXiv:quant-ph/0407010,
    section 2: between CX in the order of a Gray code, rotations by the Walsh–Hadamard transform of the angles.

    Args:
        angles: radians, shape ``(2**n,)``, n from 0 to 20.

    Raises:
        InputError: if they are not real and finite, or their number is no such power of 2.
    """
    table, num_controls = read_table(angles, "angles", 0)
    circuit = Circuit(num_controls + 1, name=f"uniformly controlled RY({num_controls})")
    if not num_controls:
        return circuit.ry(float(table[0]), 0)
    places = np.arange(table.size)
    turns = (_walsh_hadamard(table) / table.size)[places ^ places >> 1].tolist()
    for step, turn in enumerate(turns, 1):
        circuit.ry(turn, num_controls)
        # the bit in which the next word of the Gray code differs; the last step closes the cycle
        circuit.cx(min((step & -step).bit_length(), num_controls) - 1, num_controls)
    return circuit


def lookup_rotation(values: ArrayLike) -> Circuit:
    """The rotation after which qubit n, from 0, is 1 with the probability ``values[i]`` where the others hold i.

    The angles are ``2 arcsin √values``, so that nothing is approximated; the circuit has 2^n rotations.

    Args:
        values: probabilities, shape ``(2**n,)``, n from 0 to 20.

    Raises:
        InputError: if one lies outside [0, 1] or their number is no such power of 2.
    """
    table, num_controls = read_table(values, "values", 0)
    outside = (table < 0.0) | (table > 1.0)
    if outside.any():
        raise InputError(f"values are probabilities, from 0 to 1, got {table[outside][0]}; scale the function")
    circuit = uniformly_controlled_ry(2.0 * np.arcsin(np.sqrt(table)))
    circuit.name = f"lookup rotation({num_controls})"
    return circuit


def _walsh_hadamard(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums of the values with the signs ``(-1)^popcount(i & j)``."""
    out = values.copy()
    for bit in range(int(out.size).bit_length() - 1):
        pairs = out.reshape(-1, 2, 1 << bit)
        out = np.stack((pairs[:, 0] + pairs[:, 1], pairs[:, 0] - pairs[:, 1]), axis=1).reshape(-1)
    return out
