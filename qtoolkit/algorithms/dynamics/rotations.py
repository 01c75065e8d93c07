"""Rotations about Pauli strings given by masks, as circuits."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import Circuit
from qtoolkit.operators import PauliString

__all__ = ["RotationWriter"]


class RotationWriter:
    """Writes rotations ``exp(−iθP/2)`` about some strings, or controlled ones.

    Args:
        x_masks, z_masks: of the strings, none of them the identity.
        num_qubits: of the strings.
        controlled: whether a further qubit, the last, switches them on.
    """

    def __init__(
        self, x_masks: NDArray[np.int64], z_masks: NDArray[np.int64], num_qubits: int, controlled: bool = False
    ) -> None:
        self._strings = [
            PauliString.from_masks(x, z, num_qubits) for x, z in zip(x_masks.tolist(), z_masks.tolist(), strict=True)
        ]
        self._num_qubits = num_qubits
        self._controlled = controlled

    def circuit(self, turns: Sequence[tuple[int, float]]) -> Circuit:
        """Rotations by ``(number of the string, θ)``, in time order."""
        circuit = Circuit(self._num_qubits + self._controlled)
        for number, theta in turns:
            self._append(circuit, self._strings[number], theta)
        return circuit

    def phase(self, circuit: Circuit, angle: float) -> Circuit:
        """The circuit with a factor ``e^{i angle}``, controlled where rotations are."""
        if angle:
            if self._controlled:
                circuit.p(angle, self._num_qubits)
            else:
                circuit.gphase(angle)
        return circuit

    def _append(self, circuit: Circuit, string: PauliString, theta: float) -> None:
        qubits = string.qubits
        if not self._controlled:
            label = "".join(string.letter(qubit) for qubit in reversed(qubits))
            circuit.pauli_rotation(label, theta, qubits)
            return
        # basis changes and the ladder of CX undo each other where the rotation between them is off
        letters = [string.letter(qubit) for qubit in qubits]
        for qubit, letter in zip(qubits, letters, strict=True):
            if letter == "X":
                circuit.h(qubit)
            elif letter == "Y":
                circuit.sx(qubit)
        ladder = list(itertools.pairwise(qubits))
        for lower, upper in ladder:
            circuit.cx(lower, upper)
        circuit.crz(theta, self._num_qubits, qubits[-1])
        for lower, upper in reversed(ladder):
            circuit.cx(lower, upper)
        for qubit, letter in zip(qubits, letters, strict=True):
            if letter == "X":
                circuit.h(qubit)
            elif letter == "Y":
                circuit.sxdg(qubit)
