"""Matrices on one qubit and two merged into fewer, by cost.

A matrix on two qubits takes 16 multiplications an entry, whatever it holds; one that sends every Pauli string to one
string, as Clifford gates and Pauli channels do, takes one, and 4 more for a matrix on each of its qubits before it. So
a gate and the noise behind it are one matrix, those on one qubit join the two-qubit ones beside them, and what comes
before a qubit first meets another is done on its own 4 numbers, as long as the state is a product.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit.simulators.density.lowering import Item
from qtoolkit.simulators.density.transfer import swapped

__all__ = ["Node", "fused"]

FloatArray: TypeAlias = NDArray[np.float64]

LOW_DIGITS = 2
"""Qubits whose digits lie inside a cell, where no matrix is cheaper than a full one."""

DENSE = 16
"""What a full matrix on two qubits costs."""


@dataclass(eq=False)
class Node:
    """A map on one qubit or two, which are ascending.

    Attributes:
        qubits: on which.
        matrix: shape ``(4, 4)`` or ``(16, 16)``; None of a product.
        before: of a product, what comes first on each of its qubits, if anything does.
        places, factors: of a product, where each of 16 entries goes then, and its factor.
    """

    qubits: tuple[int, ...]
    matrix: FloatArray | None
    before: tuple[FloatArray | None, FloatArray | None] = (None, None)
    places: NDArray[np.int64] = field(default_factory=lambda: np.arange(16))
    factors: FloatArray = field(default_factory=lambda: np.ones(16))

    @property
    def cost(self) -> int:
        """Multiplications an entry."""
        if self.matrix is not None:
            return len(self.matrix)
        return 1 + 4 * sum(matrix is not None for matrix in self.before)

    def full(self) -> FloatArray:
        """The one matrix that it amounts to."""
        if self.matrix is not None:
            return self.matrix
        before = _pair(self.before)
        full = np.zeros((16, 16))
        full[self.places] = self.factors[:, None] * before
        return full


def _pair(before: tuple[FloatArray | None, FloatArray | None]) -> FloatArray:
    first, second = (np.eye(4) if matrix is None else matrix for matrix in before)
    return np.multiply.outer(second, first).transpose(0, 2, 1, 3).reshape(16, 16)


def fused(items: Iterable[Item], num_qubits: int, vectors: FloatArray | None) -> list[Node]:
    """Merge matrices.

    Args:
        items: in time order.
        num_qubits: of the state.
        vectors: shape ``(num_qubits, 4)`` where the state is the product of these; receives what happens to each qubit
            before it first meets another.

    Returns:
        The nodes that are left, in time order.
    """
    merger = _Merger(num_qubits, vectors)
    for qubits, matrix in items:
        if len(qubits) == 1:
            merger.add_one(qubits[0], matrix)
        else:
            merger.add_two(qubits, matrix)
    return merger.finish()


class _Merger:
    def __init__(self, num_qubits: int, vectors: FloatArray | None) -> None:
        self._vectors = vectors
        self._alone = [vectors is not None] * num_qubits
        self._pending: list[FloatArray | None] = [None] * num_qubits
        self._last: list[Node | None] = [None] * num_qubits
        self._nodes: list[Node] = []

    def add_one(self, qubit: int, matrix: FloatArray) -> None:
        """Add a matrix on one qubit."""
        if self._alone[qubit] and self._vectors is not None:
            self._vectors[qubit] = matrix @ self._vectors[qubit]
            return
        last = self._last[qubit]
        if last is not None and last.matrix is not None:
            # A full matrix takes it in for nothing.
            blocks = last.matrix.reshape(4, 4, 16)
            last.matrix = (matrix @ blocks if qubit == last.qubits[0] else np.tensordot(matrix, blocks, 1)).reshape(
                16, 16
            )
            return
        pending = self._pending[qubit]
        self._pending[qubit] = matrix if pending is None else matrix @ pending

    def add_two(self, qubits: tuple[int, ...], matrix: FloatArray) -> None:
        """Add a matrix on two qubits."""
        if qubits[0] > qubits[1]:
            qubits, matrix = (qubits[1], qubits[0]), swapped(matrix)
        first, second = qubits
        before = self._pending[first], self._pending[second]
        monomial = _monomial(matrix)
        single = sum(waiting is not None for waiting in before)
        last = self._last[first]
        if last is not None and last is self._last[second]:
            if last.matrix is None and monomial is not None and not single:
                places, factors = monomial
                last.factors = last.factors * factors[last.places]
                last.places = places[last.places]
                return
            if last.matrix is not None or monomial is None or last.cost + 1 + 4 * single >= DENSE:
                last.matrix = matrix @ (_pair(before) @ last.full() if single else last.full())
                self._pending[first] = self._pending[second] = None
                return
        self._pending[first] = self._pending[second] = None
        self._alone[first] = self._alone[second] = False
        if monomial is not None and first >= LOW_DIGITS:
            node = Node(qubits, None, before, *monomial)
        else:
            node = Node(qubits, matrix @ _pair(before) if single else matrix)
        self._nodes.append(node)
        self._last[first] = self._last[second] = node

    def finish(self) -> list[Node]:
        """Write what still waits, two qubits at a time."""
        waiting = [q for q, matrix in enumerate(self._pending) if matrix is not None]
        low = [q for q in waiting if q < LOW_DIGITS]
        high = waiting[len(low) :]
        single = low + high[len(high) // 2 * 2 :]
        self._nodes += [Node((q,), self._pending[q]) for q in single]
        for first, second in zip(high[::2], high[1::2], strict=False):
            self._nodes.append(Node((first, second), None, (self._pending[first], self._pending[second])))
        return self._nodes


def _monomial(matrix: FloatArray) -> tuple[NDArray[np.int64], FloatArray] | None:
    """Where each column's only entry stands, and what it is; None if a row or a column has more than one."""
    filled = matrix != 0.0
    if np.count_nonzero(filled) > 16 or filled.sum(0).max() > 1 or filled.sum(1).max() > 1:
        return None
    places = np.where(filled.any(0), filled.argmax(0), -1)
    places[places < 0] = np.flatnonzero(~filled.any(1))
    return places, matrix[places, np.arange(16)]
