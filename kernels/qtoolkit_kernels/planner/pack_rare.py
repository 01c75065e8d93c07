"""Rows of sweeps for nodes of rare kinds: matrices, tables and permutations."""

import numpy as np

from qtoolkit_kernels._bits import count_bits
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Floats, Integers
from qtoolkit_kernels.planner import pack_room as room
from qtoolkit_kernels.planner.merge import ACTION, NODE, START
from qtoolkit_kernels.planner.nodes import (
    CONTROLS,
    FIRST,
    KIND,
    MATRIX,
    OTHER,
    PERMUTE,
    PLACE,
    QUBIT,
    TABLE,
    TARGETS,
    ZEROS,
)
from qtoolkit_kernels.planner.pack_room import (
    add_controlled,
    add_write,
    count_of,
    extent_of,
    positions_of,
    reach,
    reserve,
    tiles_in_reach,
)
from qtoolkit_kernels.planner.transpose import FLIPS, MASK, STEP_COLUMNS, VALUE, reordered, transpositions
from qtoolkit_kernels.vector import isa, numbers

__all__ = ["add_rare_nodes", "is_rare"]


@njit
def is_rare(action: Integers, nodes: Integers, members: Integers) -> bool:
    """Whether an action is a node of a rare kind: MATRIX, TABLE or PERMUTE."""
    return bool(action[ACTION] == NODE and MATRIX <= nodes[members[action[START]], KIND] <= PERMUTE)


@njit
def add_rare_nodes(
    heap: Integers,
    registers: Floats,
    nodes: Integers,
    factors: Integers,
    operands: Integers,
    tables: Integers,
    actions: Integers,
    members: Integers,
    last: int,
    most_rows: int,
) -> None:
    """Add the rows for nodes of rare kinds from the action on whose turn it is, as long as there is no other.

    Args:
        heap, registers: changed, see `pack_room`.
        nodes, factors, operands, tables: see `nodes`.
        actions, members: see `merge`.
        last: the action past the last of the sweep.
        most_rows: how many rows there may be before the sweep is cut.
    """
    k = heap[room.ACTION]
    while k < last and count_of(heap, room.OPERATIONS) < most_rows and is_rare(actions[k], nodes, members):
        node = nodes[members[actions[k, START]]]
        reach(heap, extent_of(heap, node[TARGETS]))
        _add_rare(heap, registers, factors, operands, tables, node)
        k += 1
    heap[room.ACTION] = k


@njit
def _add_rare(
    heap: Integers, registers: Floats, factors: Integers, operands: Integers, tables: Integers, node: Integers
) -> None:
    factor = factors[node[FIRST]]
    qubits = operands[factor[QUBIT] : factor[QUBIT] + factor[OTHER]]
    controls = node[CONTROLS]
    if node[KIND] == MATRIX:
        _add_matrix(heap, qubits, factor[PLACE], controls, node[ZEROS])
    elif node[KIND] == TABLE:
        _add_table(heap, qubits, factor[PLACE], controls, node[ZEROS])
    else:
        table = tables[factor[PLACE] : factor[PLACE] + (1 << qubits.size)]
        _add_permutation(heap, registers, qubits, table, controls, node[ZEROS])


@njit
def _sort(heap: Integers, qubits: Integers) -> int:
    """Write to SORTED which of the qubits comes at each position; return the positions as a mask."""
    mask = 0
    for k in range(qubits.size):
        position = heap[room.POSITION + qubits[k]]
        heap[room.SORTED + position] = k
        mask |= 1 << position
    return mask


@njit
def _add_matrix(heap: Integers, qubits: Integers, source: int, controls: int, zeros: int) -> None:
    lane_bits = heap[room.LANE_BITS]
    low = (1 << lane_bits) - 1
    targets = _sort(heap, qubits)
    mask, value = positions_of(heap, controls), positions_of(heap, controls & ~zeros)
    order, count = qubits.size << 32, 0
    for position in range(heap[room.BLOCK_BITS]):
        if targets >> position & 1:
            order |= heap[room.SORTED + position] << 4 * count
            count += 1
    size = 2 << 2 * qubits.size
    by_lane = (targets | mask) & low != 0
    start = reserve(heap, size >> count_bits(targets & low) << lane_bits if by_lane else size)
    write = add_write(heap, numbers.WRITE_MATRIX, start, source, order)
    heap[write + 1], heap[write + 2], heap[write + 3] = targets & low, mask & low, value & low
    row = add_controlled(heap, isa.MATRIX, start, controls, zeros, mask, value)
    heap[row + isa.MATRIX_BY_LANE] = by_lane
    heap[row + isa.MATRIX_TILES], heap[row + isa.MATRIX_LANES] = targets >> lane_bits, targets & low


@njit
def _add_table(heap: Integers, qubits: Integers, source: int, controls: int, zeros: int) -> None:
    lane_bits, block_bits = heap[room.LANE_BITS], heap[room.BLOCK_BITS]
    low = (1 << lane_bits) - 1
    positions = _sort(heap, qubits)
    mask, value = positions_of(heap, controls), positions_of(heap, controls & ~zeros)
    strides = count = outer = 0
    for position in range(64):
        if not positions >> position & 1:
            continue
        k = heap[room.SORTED + position]
        if position < lane_bits:
            strides |= 1 << k + 16 * position
        elif position < block_bits - heap[room.UNREACHED] or position >= block_bits:
            # Bits out of reach are 0.
            heap[room.SORTED + count] = k
            count += 1
        if position >= block_bits:
            outer |= 1 << qubits[k]
    start = reserve(heap, (2 << count) << lane_bits)
    for i in range(1 << count):
        entry = source
        for j in range(count):
            entry += (i >> j & 1) << heap[room.SORTED + j]
        write = add_write(heap, numbers.WRITE_TABLE, start + (2 * i << lane_bits), entry, strides)
        heap[write + 1], heap[write + 2] = mask & low, value & low
    row = add_controlled(heap, isa.TABLE, start, controls, zeros, mask, value)
    tile = (positions & ((1 << block_bits) - 1)) >> lane_bits
    heap[row + isa.TABLE_TILES], heap[row + isa.TABLE_OUTER] = tile & tiles_in_reach(heap), outer


@njit
def _chosen(qubits: Integers, order: Integers, bits: int) -> int:
    """The qubits ``order[k]`` for the bits k of a number, as a mask."""
    chosen = 0
    for k in range(order.size):
        chosen |= (bits >> k & 1) << qubits[order[k]]
    return chosen


@njit
def _add_permutation(
    heap: Integers, registers: Floats, qubits: Integers, table: Integers, controls: int, zeros: int
) -> None:
    """Add rows for exchanges of pairs of values; bits of values are in ascending order of position."""
    size = qubits.size
    order, renamed = np.empty(size, np.int64), np.empty(table.size, np.int64)
    steps = np.empty((table.size, STEP_COLUMNS), np.int64)
    positions, count = _sort(heap, qubits), 0
    for position in range(64):
        if positions >> position & 1:
            order[count] = heap[room.SORTED + position]
            count += 1
    reordered(table, order, renamed)
    for s in range(transpositions(renamed, steps)):
        flipped, fixed = _chosen(qubits, order, steps[s, FLIPS]), _chosen(qubits, order, steps[s, MASK])
        ones = _chosen(qubits, order, steps[s, VALUE])
        _add_transposition(heap, registers, flipped, fixed | controls, zeros | (fixed & ~ones))


@njit
def _add_transposition(heap: Integers, registers: Floats, flipped: int, controls: int, zeros: int) -> None:
    lane_bits = heap[room.LANE_BITS]
    lanes = 1 << lane_bits
    low = lanes - 1
    mask, value = positions_of(heap, controls), positions_of(heap, controls & ~zeros)
    flips = positions_of(heap, flipped & ~heap[room.OUTSIDE])
    tile, lane_flips = flips >> lane_bits, flips & low
    start = reserve(heap, 2 * lanes if tile else lanes)
    for lane in range(lanes):
        here = 1.0 if lane & mask & low == value & low else 0.0
        there = 1.0 if (lane ^ lane_flips) & mask & low == value & low else 0.0
        registers[start + lane] = here if tile else here + there
        if tile:
            registers[start + lanes + lane] = there
    row = add_controlled(heap, isa.TRANSPOSE, start, controls, zeros, mask, value)
    heap[row + isa.TRANSPOSE_TILES], heap[row + isa.TRANSPOSE_LANES] = tile, lane_flips
