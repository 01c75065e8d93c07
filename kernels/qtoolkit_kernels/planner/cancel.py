"""Neighbouring nodes that undo each other."""

import numpy as np

from qtoolkit_kernels._bits import count_bits, lowest_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Integers
from qtoolkit_kernels.planner.nodes import (
    CONTROLS,
    DIAGONAL,
    EXCHANGE,
    FIRST,
    KIND,
    OTHER,
    PERMUTE,
    PLACE,
    QUBIT,
    TARGETS,
    ZEROS,
    close_gaps,
)

__all__ = ["cancel_inverses"]


@njit
def _are_inverse(first: Integers, second: Integers, factors: Integers, operands: Integers, tables: Integers) -> bool:
    if first[KIND] != second[KIND] or first[TARGETS] != second[TARGETS] or first[ZEROS] != second[ZEROS]:
        return False
    if first[CONTROLS] != second[CONTROLS]:
        return False
    if first[KIND] == EXCHANGE:
        return True
    one, other = factors[first[FIRST]], factors[second[FIRST]]
    if one[OTHER] != other[OTHER]:
        return False
    different = 0
    for k in range(one[OTHER]):
        different += operands[one[QUBIT] + k] != operands[other[QUBIT] + k]
    if different:
        return False
    for before in range(1 << one[OTHER]):
        different += tables[other[PLACE] + tables[one[PLACE] + before]] != before
    return different == 0


@njit
def cancel_inverses(nodes: Integers, factors: Integers, operands: Integers, tables: Integers) -> int:
    """Drop pairs of equal exchanges (CX, CCX, ...), and of a permutation and its inverse, between which nothing touches
    their qubits.

    Args:
        nodes: int64[:, 10]; those that are left move to the beginning.
        factors, operands, tables: of the nodes.

    Returns:
        How many are left.
    """
    size = nodes.shape[0]
    total = 0
    for k in range(size):
        total += count_bits(nodes[k, TARGETS] | nodes[k, DIAGONAL])
    # What touched each qubit so far, as lists that go back in time.
    last = np.full(64, -1, np.int64)
    touched, earlier = np.empty(total, np.int64), np.empty(total, np.int64)
    used = 0
    for k in range(size):
        row = nodes[k]
        rest = row[TARGETS] | row[DIAGONAL]
        twin = -1
        if row[KIND] in (EXCHANGE, PERMUTE):
            twin = _common(rest, last, touched)
            if twin >= 0 and not _are_inverse(nodes[twin], row, factors, operands, tables):
                twin = -1
        while rest:
            q = lowest_index(rest)
            rest &= rest - 1
            if twin >= 0:
                last[q] = earlier[last[q]]
                continue
            touched[used], earlier[used] = k, last[q]
            last[q] = used
            used += 1
        if twin >= 0:
            row[KIND] = nodes[twin, KIND] = -1
    return close_gaps(nodes)


@njit
def _common(qubits: int, last: Integers, touched: Integers) -> int:
    """The node that touched all of these qubits last; -1 if there is none."""
    common = -2
    while qubits:
        entry = last[lowest_index(qubits)]
        node = touched[entry] if entry >= 0 else -1
        if common != -2 and node != common:
            return -1
        common = node
        qubits &= qubits - 1
    return common
