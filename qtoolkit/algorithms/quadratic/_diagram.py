"""The bits that obey some linear rows, as a decision diagram: counted, drawn and listed without looking at the others.

Variables are decided one after the other. A node is what the rows still ask of the rest; choices that leave the same
to be asked share a node. Source: Behle, "Binary decision diagrams and integer programming", Saarland University 2007.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.operators.binary_program import LinearRow

__all__ = ["Diagram", "build_diagram"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_MOST_NODES = 1 << 20
_MET = np.inf
"""In place of a sum of a row that holds whatever follows."""


class Diagram:
    """A layered decision diagram.

    Args:
        order: the variable that each layer decides.
        children: of each layer, the nodes of the next where the variable is 0 and where it is 1, shape ``(2, nodes)``;
            -1 for none.
    """

    def __init__(self, order: IntArray, children: list[NDArray[np.int32]]) -> None:
        self._order = order
        self._children = children
        counts: Any = np.ones(1, dtype=np.int64 if len(order) <= 62 else object)
        self._counts = [counts]
        for nodes in reversed(children):
            padded = np.append(counts, counts[:1] * 0)  # what -1 takes
            counts = padded[nodes[0]] + padded[nodes[1]]
            self._counts.append(counts)
        self._counts.reverse()

    @property
    def count(self) -> int:
        """How many bits obey the rows."""
        return int(self._counts[0][0])

    def draw(self, number: int, generator: np.random.Generator) -> NDArray[np.int8]:
        """So many uniformly drawn bits, shape ``(number, n)``; there must be one."""
        bits = np.empty((number, len(self._order)), dtype=np.int8)
        node = np.zeros(number, dtype=np.int64)
        for layer, (variable, nodes) in enumerate(zip(self._order, self._children, strict=True)):
            counts = self._counts[layer + 1]
            ones = np.append(counts, counts[:1] * 0)[nodes[1]]
            total = self._counts[layer]
            share = np.asarray(ones / np.where(total == 0, 1, total), dtype=np.float64)
            one = generator.random(number) < share[node]
            bits[:, variable] = one
            node = nodes[one.astype(np.intp), node].astype(np.int64)
        return bits

    def list(self, first: int, last: int) -> NDArray[np.int8]:
        """The bits of places `first` to `last` - 1 in an order of the diagram's own, shape ``(last - first, n)``."""
        bits = np.empty((last - first, len(self._order)), dtype=np.int8)
        node = np.zeros(last - first, dtype=np.int64)
        place = np.arange(first, last, dtype=np.int64)
        for layer, (variable, nodes) in enumerate(zip(self._order, self._children, strict=True)):
            counts = self._counts[layer + 1]
            zeros = np.append(counts, counts[:1] * 0)[nodes[0]].astype(np.int64)[node]
            one = place >= zeros
            place -= np.where(one, zeros, 0)
            bits[:, variable] = one
            node = nodes[one.astype(np.intp), node].astype(np.int64)
        return bits


def build_diagram(rows: Sequence[LinearRow], num_variables: int, most_nodes: int = _MOST_NODES) -> Diagram | None:
    """The diagram of some rows; None where it would have too many nodes."""
    matrix = np.array([row.coefficients for row in rows]).reshape(len(rows), num_variables)
    limits = np.array([row.limits() for row in rows]).reshape(len(rows), 2)
    order = _order(matrix)
    ordered = matrix[:, order].T
    # what the variables after each layer can still add
    least, most = (
        np.concatenate([np.cumsum(part[::-1], axis=0)[::-1], np.zeros((1, len(rows)))])
        for part in (np.minimum(ordered, 0.0), np.maximum(ordered, 0.0))
    )
    states, alive = _settled(np.zeros((1, len(rows))), least[0], most[0], limits)
    children: list[NDArray[np.int32]] = []
    total = 0
    for layer, column in enumerate(ordered):
        both = np.concatenate([states, states + column])
        both, alive_below = _settled(both, least[layer + 1], most[layer + 1], limits)
        alive_below &= np.tile(alive, 2)
        total += int(alive_below.sum())
        if total > most_nodes:
            return None
        nodes = np.full(len(both), -1, dtype=np.int32)
        states, nodes[alive_below] = _distinct(both[alive_below])
        children.append(nodes.reshape(2, -1))
        if not len(states):  # nothing obeys: one dead node stands for all that follow
            children[-1] = np.full((2, children[-1].shape[1]), -1, dtype=np.int32)
            states = np.zeros((1, len(rows)))
            alive = np.zeros(1, dtype=np.bool_)
        else:
            alive = np.ones(len(states), dtype=np.bool_)
    return Diagram(order, children)


def _order(matrix: FloatArray) -> IntArray:
    """An order of variables in which rows of few variables are done with early."""
    support = matrix != 0.0
    by_size = np.argsort(support.sum(axis=1), kind="stable")
    # variables that the shortest rows share come together; the longest rows decide last
    return np.lexsort(tuple(~support[row] for row in by_size[::-1])) if len(matrix) else np.arange(matrix.shape[1])


def _settled(
    states: FloatArray, least: FloatArray, most: FloatArray, limits: FloatArray
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """States with the rows marked that hold whatever follows, and which states can still obey all rows."""
    lower, upper = limits[:, 0], limits[:, 1]
    met = np.isinf(states)
    possible = met | ((states + most >= lower) & (states + least <= upper))
    sure = met | ((states + least >= lower) & (states + most <= upper))
    return np.where(sure, _MET, states), np.asarray(possible.all(axis=1))


def _distinct(states: FloatArray) -> tuple[FloatArray, NDArray[np.int32]]:
    """The distinct rows, and for each row which of them it is."""
    label = np.zeros(len(states), dtype=np.int64)
    for column in states.T:
        _, values = np.unique(column, return_inverse=True)
        _, label = np.unique(label * (int(values.max(initial=0)) + 1) + values, return_inverse=True)
    _, first = np.unique(label, return_index=True)
    return states[first], label.astype(np.int32)
