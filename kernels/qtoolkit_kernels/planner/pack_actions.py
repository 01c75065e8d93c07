"""Rows of sweeps for rotations, polynomials and strings, and for actions that several make together."""

from qtoolkit_kernels._bits import count_bits, lowest_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Floats, Integers
from qtoolkit_kernels.planner import butterfly
from qtoolkit_kernels.planner import pack_room as room
from qtoolkit_kernels.planner.butterfly import are_two_stages, vanish_without
from qtoolkit_kernels.planner.merge import ACTION, END, NODE, START
from qtoolkit_kernels.planner.nodes import DETAIL, DIAGONAL, EXTRA, FIRST, FORM, NEXT, OTHER, PLACE, QUBIT, TARGETS
from qtoolkit_kernels.planner.pack_nodes import add_phase
from qtoolkit_kernels.planner.pack_room import (
    add_operation,
    add_write,
    count_of,
    new_row,
    position_of,
    positions_of,
    reach,
    reserve,
)
from qtoolkit_kernels.planner.reorder import add_reorder, exchanges_together
from qtoolkit_kernels.vector import isa, numbers

__all__ = ["add_polynomial", "add_rotations", "add_strings", "add_together"]

RENORMALISE = 100
"""After this many rotations the left-out cosines, up to 2^50 in all, are made up for."""

ROTATIONS_TOGETHER = 4
"""In one row."""


@njit
def add_rotations(heap: Integers, registers: Floats, nodes: Integers, members: Integers, start: int, end: int) -> None:
    """Add the rows for rotations: one for lanes, and others that are filled when the angles are known."""
    lane_bits = heap[room.LANE_BITS]
    width = 1 << lane_bits
    positions = 0
    for m in range(start, end):
        node = members[m]
        position = position_of(heap, nodes[node, TARGETS])
        reach(heap, position + 1)
        heap[room.SORTED + position] = nodes[node, EXTRA]
        positions |= 1 << position
    lanes, tiles = positions & (width - 1), positions & -width
    if lanes:
        place = reserve(heap, 2 * width * lane_bits)
        for k in range(2 * width * lane_bits):
            registers[place + k] = 0.0 if k & width else 1.0
        row = add_operation(heap, isa.ROTATE_LANES, place)
        if lanes & (lanes - 1) == 0:
            heap[row + isa.POSITIONS], heap[row + isa.ROTATE_LANES_ALONE] = lowest_index(lanes), 1
        for position in range(lane_bits):
            if lanes >> position & 1:
                product = heap[room.SORTED + position]
                add_write(heap, numbers.WRITE_LANES, place + 2 * width * position, product, position)
    if tiles:
        # Rotations with a small sine and those with a small cosine go into rows of their own, up to four in each.
        count = count_bits(tiles)
        rows = (count + ROTATIONS_TOGETHER - 1) // ROTATIONS_TOGETHER + (1 if count > 1 else 0)
        added = _add_set(heap, rows, count)
        for _ in range(rows):
            add_operation(heap, isa.ROTATE, 0)
        while tiles:
            position = lowest_index(tiles)
            _add_member(heap, position, heap[room.SORTED + position])
            tiles &= tiles - 1
        _count_rotations(heap, added, count)


@njit
def _add_member(heap: Integers, position: int, product: int) -> None:
    row = new_row(heap, room.MEMBERS)
    heap[row], heap[row + 1] = position, product


@njit
def _add_set(heap: Integers, rows: int, count: int) -> int:
    """Add a set of rotations whose rows and members follow; its place in the heap."""
    step = max(ROTATIONS_TOGETHER, 1 << heap[room.LANE_BITS])
    row, first = new_row(heap, room.SETS), count_of(heap, room.MEMBERS)
    heap[row], heap[row + 1] = count_of(heap, room.OPERATIONS), rows
    heap[row + 2], heap[row + 3] = first, first + count
    heap[row + 4], heap[row + 5] = reserve(heap, rows * step), step
    heap[row + 6] = -1
    return row


@njit
def _count_rotations(heap: Integers, added: int, count: int) -> None:
    """Make up for what rotations leave out, from time to time; `added` is the place of their set."""
    heap[room.ROTATED] += count
    if heap[room.ROTATED] > RENORMALISE:
        heap[room.ROTATED] = 0
        start = reserve(heap, 2 << heap[room.LANE_BITS])
        heap[added + 6] = start
        add_operation(heap, isa.PHASE, start)


@njit
def _add_terms(
    heap: Integers, nodes: Integers, factors: Integers, members: Integers, start: int, end: int, control: int
) -> None:
    """Add a polynomial."""
    number = count_of(heap, room.CONTROLS)
    for m in range(start, end):
        place = nodes[members[m], FIRST]
        while place >= 0:
            row = new_row(heap, room.TERMS)
            factor = factors[place]
            heap[row], heap[row + 1] = factor[FORM], number
            heap[row + 2], heap[row + 3] = factor[QUBIT], factor[OTHER]
            heap[row + 4], heap[row + 5] = factor[PLACE], factor[DETAIL]
            place = factor[NEXT]
    heap[new_row(heap, room.CONTROLS)] = control


@njit
def _common_control(heap: Integers, nodes: Integers, factors: Integers, members: Integers, start: int, end: int) -> int:
    """A qubit that must be 1 for any of the phases to differ from 1, if it lies where blocks can be halved."""
    for m in range(start, end):
        place = nodes[members[m], FIRST]
        while place >= 0:
            if factors[place, OTHER] >= 0:
                for column in (QUBIT, OTHER):
                    qubit: int = factors[place, column]
                    if heap[room.POSITION + qubit] >= heap[room.LOW_BITS] and vanish_without(
                        nodes, factors, members, start, end, qubit
                    ):
                        return qubit
                return -1
            place = factors[place, NEXT]
    return -1


@njit
def add_polynomial(heap: Integers, nodes: Integers, factors: Integers, members: Integers, start: int, end: int) -> None:
    """Add the row for a polynomial, whose nodes stand among `members` from `start` to `end`."""
    factor = factors[nodes[members[start], FIRST]]
    form = factor[FORM]
    if (
        end - start == 1
        and factor[NEXT] < 0
        and form in (numbers.PHASE_1Q, numbers.PHASE_2Q, numbers.BEFORE_ROTATION, numbers.AFTER_ROTATION)
    ):
        # One phase alone is cheaper where it acts than everywhere.
        zeros = 0
        if form in (numbers.PHASE_1Q, numbers.PHASE_2Q):
            zeros |= 0 if factor[DETAIL] & 1 else 1 << factor[QUBIT]
            zeros |= 0 if factor[DETAIL] & 2 or factor[OTHER] < 0 else 1 << factor[OTHER]
        add_phase(heap, factor, nodes[members[start], DIAGONAL], zeros)
        return
    add_operation(heap, isa.DIAGONAL, count_of(heap, room.CONTROLS))
    control = _common_control(heap, nodes, factors, members, start, end)
    _add_terms(heap, nodes, factors, members, start, end, control)
    heap[room.NUM_DIAGONALS] += 1


@njit
def add_strings(heap: Integers, nodes: Integers, factors: Integers, members: Integers, start: int, end: int) -> None:
    """Add the row for many strings of Z."""
    first = count_of(heap, room.STRINGS)
    for m in range(start, end):
        node = nodes[members[m]]
        row = new_row(heap, room.STRINGS)
        heap[row] = positions_of(heap, node[DIAGONAL] & ~heap[room.OUTSIDE])
        heap[row + 1] = node[DIAGONAL] & heap[room.OUTSIDE]
        heap[new_row(heap, room.STRING_PLACES)] = factors[node[FIRST], PLACE]
    row = add_operation(heap, isa.STRINGS, 0)
    heap[row + isa.STRINGS_FIRST], heap[row + isa.STRINGS_END] = first, count_of(heap, room.STRINGS)
    heap[row + isa.UNREACHED] = 0


@njit
def _add_stages(
    heap: Integers, nodes: Integers, factors: Integers, actions: Integers, members: Integers, k: int
) -> None:
    """Add the row for two stages, the actions from number `k` on."""
    number = count_of(heap, room.CONTROLS)
    for stage in range(butterfly.STAGES):
        rotation, polynomial = actions[k + 2 * stage], actions[k + 2 * stage + 1]
        target = nodes[members[rotation[START]], TARGETS]
        reach(heap, position_of(heap, target) + 1)
        _add_terms(heap, nodes, factors, members, polynomial[START], polynomial[END], lowest_index(target))
    added = _add_set(heap, butterfly.STAGES // 2, butterfly.STAGES)
    row = add_operation(heap, isa.BUTTERFLIES, heap[added + 4])
    heap[row + isa.BUTTERFLIES_POLYNOMIALS] = number
    for stage in range(butterfly.STAGES):
        node = nodes[members[actions[k + 2 * stage, START]]]
        position = position_of(heap, node[TARGETS])
        heap[row + isa.POSITIONS + stage] = position
        _add_member(heap, position, node[EXTRA])
    _count_rotations(heap, added, butterfly.STAGES)


@njit
def add_together(
    heap: Integers,
    nodes: Integers,
    factors: Integers,
    products: Integers,
    actions: Integers,
    members: Integers,
    k: int,
    end: int,
) -> int:
    """Add the row for several actions if those from number `k` on are such; how many they are, else 0."""
    if actions[k, ACTION] == NODE:
        count = exchanges_together(heap, nodes, actions, members, k, end)
        if count:
            add_reorder(heap, nodes, actions, members, k, k + count)
        return count
    if k + 2 * butterfly.STAGES > end or not heap[room.HAS_ROOM_FOR_BUTTERFLIES]:
        return 0
    if not are_two_stages(heap, nodes, factors, products, actions, members, k):
        return 0
    _add_stages(heap, nodes, factors, actions, members, k)
    return 2 * butterfly.STAGES
