"""Gates on one and two qubits merged into small matrices.

A 4x4 matrix costs 16 fused multiply-adds an amplitude whatever it holds, so it takes in every neighbour on its two
qubits, but exists only where some gate needs it, or where it replaces two rotations by strings. One-qubit gates are
multiplied together and stay apart otherwise: as phase · real rotation · phase they cost 2 fused multiply-adds.
"""

import numpy as np

from qtoolkit_kernels._bits import count_bits, lowest_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Integers
from qtoolkit_kernels.planner.nodes import (
    CONTROLS,
    DENSE,
    DIAGONAL,
    EXCHANGE,
    FIRST,
    FORM,
    GATES,
    KIND,
    LAST,
    LOCAL,
    NEXT,
    PAULI,
    PHASES,
    TARGETS,
    ZEROS,
    Y,
    close_gaps,
    set_factor,
)
from qtoolkit_kernels.vector.numbers import CONTROLLED_MATRIX, PAULI_2Q

__all__ = ["append_node", "fuse", "give_factors", "has_factors", "prepend_node"]


@njit
def has_factors(row: Integers, factors: Integers) -> bool:
    """Whether a node is a small matrix, or can be one."""
    if count_bits(row[TARGETS] | row[DIAGONAL]) > 2:
        return False
    if row[KIND] in (LOCAL, DENSE, PHASES, EXCHANGE):
        return True
    is_string: bool = row[KIND] == PAULI and row[CONTROLS] == 0 and factors[row[FIRST], FORM] == PAULI_2Q
    return is_string


@njit
def give_factors(row: Integers, factors: Integers, num_factors: int, x_place: int) -> int:
    """See to it that a node that is a small matrix has factors; how many factors there are then."""
    if row[KIND] != EXCHANGE or row[FIRST] >= 0:
        return num_factors
    target, control = lowest_index(row[TARGETS]), lowest_index(row[CONTROLS])
    on = 0 if row[ZEROS] else 1
    set_factor(factors, num_factors, CONTROLLED_MATRIX, x_place, target, control, on)
    row[FIRST] = row[LAST] = num_factors
    return num_factors + 1


@njit
def append_node(row: Integers, other: Integers, factors: Integers) -> None:
    """Let the factors and gates of another node follow those of one."""
    factors[row[LAST], NEXT] = other[FIRST]
    row[LAST] = other[LAST]
    row[GATES] += other[GATES]


@njit
def prepend_node(row: Integers, other: Integers, factors: Integers) -> None:
    """Let the factors and gates of another node precede those of one."""
    factors[other[LAST], NEXT] = row[FIRST]
    row[FIRST] = other[FIRST]
    row[GATES] += other[GATES]


@njit
def fuse(nodes: Integers, factors: Integers, num_factors: int, x_place: int) -> tuple[int, int]:
    """Merge nodes into their predecessors where nothing on their qubits comes between.

    Args:
        nodes: int64[:, 10]; those that are left move to the beginning.
        factors: int64[:, 6], with room for one more for each exchange.
        num_factors: how many there are.
        x_place: where the matrix of X stands among the coefficients.

    Returns:
        How many nodes are left, and how many factors there are.
    """
    last = np.full(64, -1, np.int64)
    size = nodes.shape[0]
    for k in range(size):
        row = nodes[k]
        qubits = row[TARGETS] | row[DIAGONAL]
        first = last[lowest_index(qubits)] if qubits else -1
        second, number = first, count_bits(qubits)
        if number == 2:
            second = last[lowest_index(qubits & (qubits - 1))]
        if number <= 2 and has_factors(row, factors):
            before = first if first == second else -1
            kind = nodes[before, KIND] if before >= 0 else -1
            if kind == DENSE or (kind == LOCAL and number == 1):
                num_factors = give_factors(row, factors, num_factors, x_place)
                append_node(nodes[before], row, factors)
                row[KIND] = -1
                continue
            if row[KIND] == PAULI and kind == PAULI and has_factors(nodes[before], factors):
                row[KIND], row[TARGETS], row[DIAGONAL], row[Y] = DENSE, qubits, 0, 0
            follows_phase = before >= 0 and kind == PHASES and count_bits(nodes[before, DIAGONAL]) == 1
            if row[KIND] == DENSE or (row[KIND] == LOCAL and follows_phase):
                num_factors = _take_in(nodes, k, min(first, second), max(first, second), factors, num_factors, x_place)
        while qubits:
            last[lowest_index(qubits)] = k
            qubits &= qubits - 1
    return close_gaps(nodes), num_factors


@njit
def _take_in(
    nodes: Integers, k: int, first: int, second: int, factors: Integers, num_factors: int, x_place: int
) -> int:
    """Let a node take in those before it that are on its qubits alone; how many factors there are then."""
    row = nodes[k]
    qubits = row[TARGETS] | row[DIAGONAL]
    for turn in range(1 if first == second else 2):
        place = second if turn else first
        if place < 0:
            continue
        earlier = nodes[place]
        its = earlier[TARGETS] | earlier[DIAGONAL]
        if its & ~qubits or not has_factors(earlier, factors) or (first != second and count_bits(its) > 1):
            continue
        num_factors = give_factors(earlier, factors, num_factors, x_place)
        prepend_node(row, earlier, factors)
        earlier[KIND] = -1
    return num_factors
