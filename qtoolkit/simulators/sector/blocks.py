"""Small unitaries that conserve the Hamming weight, as exchanges of two basis states each and phases."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import ParameterValue
from qtoolkit.simulators.sector.steps import PairPattern, PairStep, PhaseLayer, PhaseTerm, SectorStep

__all__ = ["CONSERVING", "block_steps", "conserves_weight"]

CONSERVING = frozenset({"swap", "iswap", "xx_plus_yy", "fsim"})
"""Standard gates that exchange and conserve the weight at every angle."""

_ROUNDING = 1e-9
_ZERO = 1e-14


def conserves_weight(matrix: NDArray[np.complex128]) -> bool:
    """Whether no entry beyond rounding connects basis states of different weights."""
    weights = np.bitwise_count(np.arange(len(matrix)))
    return bool(np.abs(matrix[weights[:, None] != weights[None, :]]).max(initial=0.0) < _ROUNDING)


def block_steps(
    matrix: NDArray[np.complex128], qubits: Sequence[int], control_mask: int, control_value: int
) -> list[SectorStep]:
    """Steps of a unitary that conserves the weight.

    Basis states that the matrix connects form groups; a group of two is one exchange, a larger one is brought to
    diagonal form by exchanges (Givens rotations from the left), which are then undone in reverse.

    Args:
        matrix: shape ``(2**k, 2**k)``; the first qubit is the lowest bit.
        qubits: the k qubits.
        control_mask, control_value: only states with these bits take part.
    """
    block = _Block(qubits, control_mask, control_value)
    for group in _groups(matrix):
        small = matrix[np.ix_(group, group)]
        if len(group) == 2:
            block.exchange(group[0], group[1], small)
            continue
        block.diagonalise(group, small.copy())
    return [*([PhaseLayer(block.phases)] if block.phases else []), *block.exchanges]


def _groups(matrix: NDArray[np.complex128]) -> list[list[int]]:
    """Sets of basis states that nonzero entries connect, each ascending."""
    connected = np.abs(matrix) > _ZERO
    left = set(range(len(matrix)))
    groups = []
    while left:
        group, front = set[int](), {min(left)}
        while front:
            group |= front
            near = connected[sorted(front)].any(axis=0) | connected[:, sorted(front)].any(axis=1)
            front = set(np.flatnonzero(near).tolist()) - group
        groups.append(sorted(group))
        left -= group
    return groups


class _Block:
    def __init__(self, qubits: Sequence[int], control_mask: int, control_value: int) -> None:
        self._qubits = qubits
        self._mask, self._value = control_mask, control_value
        self.exchanges: list[PairStep] = []
        self.phases: list[tuple[PhaseTerm, ParameterValue]] = []

    def _spread(self, index: int) -> int:
        return sum(1 << q for place, q in enumerate(self._qubits) if index >> place & 1)

    def exchange(self, a: int, b: int, matrix: NDArray[np.complex128]) -> None:
        """Add a 2x2 matrix on two basis states."""
        everything = (1 << len(self._qubits)) - 1
        pattern = PairPattern(
            self._spread(a ^ b),
            self._spread(a & ~b),
            self._mask | self._spread(everything & ~(a ^ b)),
            self._value | self._spread(a & b),
        )
        entries = [complex(entry) for entry in matrix.ravel()]
        self.exchanges.append(PairStep(pattern, (entries[0], entries[1], entries[2], entries[3])))

    def diagonalise(self, group: list[int], matrix: NDArray[np.complex128]) -> None:
        """Add a unitary on a group of basis states: first phases, then exchanges."""
        undone: list[tuple[int, int, NDArray[np.complex128]]] = []
        for column in range(len(group) - 1):
            for row in range(column + 1, len(group)):
                top, low = matrix[column, column], matrix[row, column]
                if abs(low) < _ZERO:
                    continue
                norm = np.hypot(abs(top), abs(low))
                givens = np.array([[np.conj(top), np.conj(low)], [-low, top]]) / norm
                matrix[[column, row]] = givens @ matrix[[column, row]]
                undone.append((group[column], group[row], givens.conj().T))
        everything = self._spread((1 << len(self._qubits)) - 1)
        for place, state in enumerate(group):
            angle = float(np.angle(matrix[place, place]))
            if abs(angle) > _ZERO:
                self.phases.append((PhaseTerm(self._mask | everything, self._value | self._spread(state)), angle))
        for a, b, givens in reversed(undone):
            self.exchange(a, b, givens)
