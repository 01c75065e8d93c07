"""Exchanges and swaps among tile bits, several in a row as one operation."""

from qtoolkit_kernels._bits import highest_bit, lowest_index
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Integers
from qtoolkit_kernels.planner import pack_room as room
from qtoolkit_kernels.planner.merge import ACTION, NODE, START
from qtoolkit_kernels.planner.nodes import CONTROLS, DIAGONAL, EXCHANGE, KIND, SWAP, TARGETS, ZEROS
from qtoolkit_kernels.planner.pack_room import add_operation, position_of, positions_of, reach
from qtoolkit_kernels.vector import isa
from qtoolkit_kernels.vector.reorder import IMAGE_BITS, IMAGES_TOGETHER

__all__ = ["add_reorder", "exchanges_together"]

LEAST_EXCHANGES = 6
"""Moving tiles along cycles takes about as long as so many exchanges of half of them, which run in order."""

IMAGE_COLUMNS = isa.UNREACHED - isa.REORDER_IMAGES


@njit
def _moves_tiles(heap: Integers, node: Integers) -> bool:
    """Whether a node is a swap, or an exchange with one control, among tile bits."""
    controls = node[CONTROLS]
    if controls & (controls - 1) or not (node[KIND] == SWAP or (node[KIND] == EXCHANGE and controls)):
        return False
    positions = positions_of(heap, node[TARGETS] | node[DIAGONAL])
    tiles = (1 << heap[room.BLOCK_BITS]) - (1 << heap[room.LANE_BITS])
    return bool(positions & ~tiles == 0)


@njit
def exchanges_together(
    heap: Integers, nodes: Integers, actions: Integers, members: Integers, start: int, end: int
) -> int:
    """How many actions from `start` on are one operation as they only move tiles; 0 where that saves nothing.

    Args:
        heap: where sweeps are packed.
        nodes: see `nodes`.
        actions, members: see `merge`.
        start, end: numbers of actions; those of a sweep end there.
    """
    k = start
    while k < end and actions[k, ACTION] == NODE and _moves_tiles(heap, nodes[members[actions[k, START]]]):
        k += 1
    return k - start if k - start >= LEAST_EXCHANGES else 0


@njit
def add_reorder(heap: Integers, nodes: Integers, actions: Integers, members: Integers, start: int, end: int) -> None:
    """Add the row for actions that only move tiles: it says which tile comes to each place in the end.

    Args:
        heap: changed.
        nodes, actions, members, start, end: as above.
    """
    lane_bits = heap[room.LANE_BITS]
    bits = heap[room.BLOCK_BITS] - lane_bits
    # By bit of a tile's number the bits of the place that make it, and the one above them all if it is flipped.
    for bit in range(bits):
        heap[room.SORTED + bit] = 1 << bit
    for k in range(end - 1, start - 1, -1):
        node = nodes[members[actions[k, START]]]
        targets = node[TARGETS]
        first = room.SORTED + position_of(heap, targets & -targets) - lane_bits
        if node[KIND] == SWAP:
            second = room.SORTED + position_of(heap, targets & (targets - 1)) - lane_bits
            heap[first], heap[second] = heap[second], heap[first]
        else:
            control = room.SORTED + position_of(heap, node[CONTROLS]) - lane_bits
            heap[first] ^= heap[control] ^ (1 << bits if node[ZEROS] & node[CONTROLS] else 0)
    offset = moved = 0
    images = room.SORTED + bits
    for packed in range(IMAGE_COLUMNS):
        heap[images + packed] = 0
    for bit in range(bits):
        offset |= (heap[room.SORTED + bit] >> bits & 1) << bit
        image = 0
        for other in range(bits):
            image |= (heap[room.SORTED + other] >> bit & 1) << other
        moved |= image ^ 1 << bit
        heap[images + bit // IMAGES_TOGETHER] |= image << IMAGE_BITS * (bit % IMAGES_TOGETHER)
    moved |= offset
    reach(heap, lane_bits + (lowest_index(highest_bit(moved)) + 1 if moved else 0))
    row = add_operation(heap, isa.REORDER, offset)
    for packed in range(IMAGE_COLUMNS):
        heap[row + isa.REORDER_IMAGES + packed] = heap[images + packed]
