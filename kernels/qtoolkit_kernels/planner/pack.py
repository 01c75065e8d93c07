"""Sweeps as arrays: rows of operations, and recipes for the numbers in them.

Cost: some 50 ns a node.
"""

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Floats, Integers
from qtoolkit_kernels.planner import pack_room as room
from qtoolkit_kernels.planner.merge import ACTION, END, NODE, POLYNOMIAL, ROTATIONS, START
from qtoolkit_kernels.planner.nodes import DETAIL, FORM, NEXT, PLACE, TARGETS
from qtoolkit_kernels.planner.pack_actions import add_polynomial, add_rotations, add_strings, add_together
from qtoolkit_kernels.planner.pack_nodes import add_node
from qtoolkit_kernels.planner.pack_rare import is_rare
from qtoolkit_kernels.planner.pack_room import count_of, extent_of, new_row, reach
from qtoolkit_kernels.planner.split import PARTS, PRODUCT_FIRST

__all__ = ["IS_RARE", "MOST_ROWS", "pack_sweeps"]

MOST_ROWS = 1 << 11
"""A sweep with more is cut: a thread stays with a block for a tenth of a second at most, and can then be stopped."""

DONE, IS_RARE = range(2)
"""What `pack_sweeps` returns."""


@njit
def _add_products(heap: Integers, factors: Integers, products: Integers) -> None:
    heap[new_row(heap, room.PRODUCT_START)] = 0
    for k in range(products.shape[0]):
        place = products[k, PRODUCT_FIRST]
        while place >= 0:
            row = new_row(heap, room.PRODUCT_FACTORS)
            factor = factors[place]
            heap[row], heap[row + 1] = factor[FORM], factor[PLACE]
            heap[row + 2], heap[row + 3] = factor[DETAIL], products[k, PARTS]
            place = factor[NEXT]
        heap[new_row(heap, room.PRODUCT_START)] = count_of(heap, room.PRODUCT_FACTORS)


@njit
def _begin_sweep(heap: Integers, bits: Integers, unreached: int) -> None:
    heap[room.UNREACHED] = unreached
    heap[room.OUTSIDE] = 0
    for position in range(bits.size):
        heap[room.POSITION + bits[position]] = position
        if position >= heap[room.BLOCK_BITS]:
            heap[room.OUTSIDE] |= 1 << bits[position]


@njit
def _end_sweep(heap: Integers, bits: Integers) -> int:
    """End a sweep; where in the heap its number of gates goes."""
    row = new_row(heap, room.BITS)
    for position in range(bits.size):
        heap[row + position] = bits[position]
    heap[room.SWEEP_START] = count_of(heap, room.OPERATIONS)
    heap[new_row(heap, room.OPERATION_START)] = heap[room.SWEEP_START]
    heap[room.MOST_DIAGONALS] = max(heap[room.MOST_DIAGONALS], heap[room.NUM_DIAGONALS])
    heap[room.NUM_DIAGONALS] = 0
    return new_row(heap, room.GATES)


@njit
def _add_action(
    heap: Integers,
    registers: Floats,
    nodes: Integers,
    factors: Integers,
    forms: Floats,
    action: Integers,
    members: Integers,
) -> None:
    """Add the rows for one action."""
    start, end = action[START], action[END]
    if action[ACTION] == NODE:
        node = nodes[members[start]]
        reach(heap, extent_of(heap, node[TARGETS]))
        add_node(heap, registers, factors, forms, node)
    elif action[ACTION] == ROTATIONS:
        add_rotations(heap, registers, nodes, members, start, end)
    elif action[ACTION] == POLYNOMIAL:
        add_polynomial(heap, nodes, factors, members, start, end)
    else:
        add_strings(heap, nodes, factors, members, start, end)


@njit
def pack_sweeps(
    nodes: Integers,
    factors: Integers,
    forms: Floats,
    actions: Integers,
    action_start: Integers,
    members: Integers,
    bits: Integers,
    unreached: Integers,
    gates: Integers,
    products: Integers,
    heap: Integers,
    registers: Floats,
) -> int:
    """Encode sweeps, up to the next node of a rare kind, which `add_rare_nodes` encodes.

    Args:
        nodes, factors, forms: see `nodes`.
        actions, members: see `merge`.
        action_start: int64[sweeps + 1], the actions of each sweep.
        bits: int64[sweeps, num_bits], index bits by position.
        unreached: int64[sweeps], how many of the block's highest bits are out of reach before it.
        gates: int64[sweeps], how many gates of the program it stands for.
        products: see `split`.
        heap: int64[:], its numbers set up; receives the tables, see `pack_room`.
        registers: float64[:], zeros; receives what no parameter changes.

    Returns:
        DONE, or IS_RARE, and the kernel goes on when it is called again. In the end only the counts are right if any
        table has less room than rows.
    """
    if count_of(heap, room.OPERATION_START) == 0:
        _add_products(heap, factors, products)
        heap[new_row(heap, room.DENSE_START)] = 0
        heap[new_row(heap, room.OPERATION_START)] = 0
    while heap[room.SWEEP] < bits.shape[0]:
        s = heap[room.SWEEP]
        k, last = heap[room.ACTION], action_start[s + 1]
        if k == action_start[s]:
            _begin_sweep(heap, bits[s], unreached[s])
        while k < last:
            if count_of(heap, room.OPERATIONS) - heap[room.SWEEP_START] >= MOST_ROWS:
                heap[_end_sweep(heap, bits[s])] = 0
            if is_rare(actions[k], nodes, members):
                heap[room.ACTION] = k
                return IS_RARE
            count = 0
            if heap[room.FORWARD_ONLY]:
                count = add_together(heap, nodes, factors, products, actions, members, k, last)
            if count == 0:
                _add_action(heap, registers, nodes, factors, forms, actions[k], members)
                count = 1
            k += count
        heap[_end_sweep(heap, bits[s])] = gates[s]
        heap[room.SWEEP], heap[room.ACTION] = s + 1, last
    return DONE
