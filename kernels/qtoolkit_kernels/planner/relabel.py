"""Swaps cost nothing where the qubits before them can take other names."""

from qtoolkit_kernels._bits import lowest_index, map_bits
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Integers
from qtoolkit_kernels.planner.nodes import (
    CONTROLS,
    DIAGONAL,
    FIRST,
    KIND,
    MATRIX,
    NEXT,
    OTHER,
    PERMUTE,
    QUBIT,
    SWAP,
    TABLE,
    TARGETS,
    ZEROS,
    Y,
    copy_node,
    set_node,
)

__all__ = ["add_swaps", "relabel_swaps"]


@njit
def _rename(row: Integers, factors: Integers, operands: Integers, names: Integers) -> None:
    for column in (TARGETS, DIAGONAL, ZEROS, CONTROLS, Y):
        row[column] = map_bits(row[column], names)
    place = row[FIRST]
    while place >= 0:
        factor = factors[place]
        if row[KIND] in (MATRIX, TABLE, PERMUTE):
            for k in range(factor[QUBIT], factor[QUBIT] + factor[OTHER]):
                operands[k] = names[operands[k]]
        else:
            for column in (QUBIT, OTHER):
                if factor[column] >= 0:
                    factor[column] = names[factor[column]]
        place = factor[NEXT]


@njit
def relabel_swaps(nodes: Integers, factors: Integers, operands: Integers, names: Integers) -> int:
    """Move all swaps to the beginning, where ``|0…0⟩`` does not feel them.

    Args:
        nodes: int64[:, 10]; those that are no swaps move to the end, those before a swap under new names.
        factors, operands: of the nodes, changed likewise.
        names: int64[num_qubits], receives for each qubit the name under which its input state must be found: input bit
            q belongs at ``names[q]``.

    Returns:
        The number of the first node that is left.
    """
    for q in range(names.size):
        names[q] = q
    place: int = nodes.shape[0]
    is_changed = False
    for k in range(nodes.shape[0] - 1, -1, -1):
        row = nodes[k]
        if row[KIND] == SWAP:
            first = lowest_index(row[TARGETS])
            second = lowest_index(row[TARGETS] & (row[TARGETS] - 1))
            names[first], names[second] = names[second], names[first]
            is_changed = True
            continue
        if is_changed:
            _rename(row, factors, operands, names)
        place -= 1
        copy_node(row, nodes[place])
    return place


@njit
def add_swaps(names: Integers, nodes: Integers) -> int:
    """Write the swaps that carry every input bit q to ``names[q]``; how many there are, one less than qubits at most.

    Args:
        names: as of `relabel_swaps`; ascending afterwards.
        nodes: receives them.
    """
    count = 0
    for q in range(names.size):
        while names[q] != q:
            other = names[q]
            set_node(nodes, count, SWAP, 1 << q | 1 << other, 0)
            names[q], names[other] = names[other], names[q]
            count += 1
    return count
